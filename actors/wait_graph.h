/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wait_graph: who waits for whom, as a list for people, with its cycles.
 *
 * Actors and asks are added in any order; printing sorts both, so that equal
 * graphs look the same, and then walks the asks depth first. Each cycle that
 * the walk closes is one line. A graph with many cycles that overlap shows some
 * of them: enough to see who is in it.
 *
 * All functions are for one thread. Zeroed memory is an empty graph.
 */
#ifndef TROUPE_ACTORS_WAIT_GRAPH_H
#define TROUPE_ACTORS_WAIT_GRAPH_H

#include "troupe/err.h"
#include "troupe/pid.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* An open ask. */
struct tp_wait {
    troupe_pid to;
    uint64_t deadline_ns; /* UINT64_MAX: never */
    uint32_t schema;      /* 0: there is no ask */
};

enum tp_waiter_kind {
    TP_WAITER_ALIVE,
    TP_WAITER_BUSY, /* its handler has not returned: nothing is known */
    TP_WAITER_THREAD,
};

struct tp_waiter {
    troupe_pid pid;
    enum tp_waiter_kind kind;
    const char *name; /* of an actor's behaviour */
};

struct tp_wait_edge {
    troupe_pid from;
    struct tp_wait wait;
};

struct tp_wait_graph {
    struct tp_waiter *actors;
    struct tp_wait_edge *edges;
    size_t actors_count;
    size_t actors_capacity;
    size_t edges_count;
    size_t edges_capacity;
    uint64_t missing_count; /* asks that could not be added */
};

/* NO_MEMORY. */
TROUPE_MUST_USE troupe_err tp_wait_graph_add_actor(struct tp_wait_graph *graph,
    troupe_pid pid, enum tp_waiter_kind kind, const char *name);

/* NO_MEMORY. */
TROUPE_MUST_USE troupe_err tp_wait_graph_add(
    struct tp_wait_graph *graph, troupe_pid from, struct tp_wait wait);

/* NO_MEMORY: the cycles are missing. */
TROUPE_MUST_USE troupe_err tp_wait_graph_print(
    FILE *stream, struct tp_wait_graph *graph, uint64_t now_ns);

/* A line for each cycle. NO_MEMORY. */
TROUPE_MUST_USE troupe_err tp_wait_graph_print_cycles(
    FILE *stream, struct tp_wait_graph *graph);

void tp_wait_graph_fini(struct tp_wait_graph *graph);

#endif
