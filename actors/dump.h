/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dump: what all actors of a runtime do, collected (troupe/dump.h).
 *
 * Three sources:
 *
 *     the actors    a portrait of each, by its own hand (actors/portrait.h)
 *     first lines   of those that have not answered: how much waits, from the
 *                   limit word, and the name of the behaviour
 *     the selves    what a worker runs, whether it sleeps, what a thread
 *                   outside waits for
 *
 * In a simulation nobody is asked, since to wait is to run actors: no handler
 * runs while its one thread is here, so the portraits are drawn at once, and
 * the run goes on as if there had been no dump.
 *
 * A supervisor's portrait names its children, which makes the tree.
 *
 * Whoever prints reads a tp_dump and changes only is_printed. All functions are
 * for one thread.
 */
#ifndef TROUPE_ACTORS_DUMP_H
#define TROUPE_ACTORS_DUMP_H

#include "actors/portrait.h"
#include "troupe/dump.h"
#include "troupe/name.h"

enum { TP_DUMP_NAME_BYTES = TROUPE_NAME_BYTES_MAX + 1 };

struct tp_dump_actor {
    troupe_pid pid;
    const char *behaviour; /* NULL: not known */
    /* Its answer, owned, and what is in it; NULL: it has not answered. */
    struct troupe_message *report;
    const struct tp_portrait *portrait;
    uint64_t messages_count;
    uint64_t bytes_count;
    bool is_congested;
    bool is_running; /* by a worker, when that was looked at */
    bool is_printed;
    /* How its supervisor knows it; NULL: nobody in the dump is that. */
    const struct tp_portrait_item *as_child;
    troupe_pid parent;
};

struct tp_dump_worker {
    bool is_own; /* the thread of one actor (actors/own_thread.h) */
    bool is_asleep;
    troupe_pid runs; /* TROUPE_NO_PID: nobody just now */
};

struct tp_dump_thread {
    troupe_pid pid;
    troupe_pid to; /* TROUPE_NO_PID: it waits for no answer */
    uint64_t deadline_ns;
    uint32_t schema;
};

/* Zeroed memory is an empty one. */
struct tp_dump {
    struct troupe_self *self; /* whose thread it is */
    uint32_t runtime_number;
    uint64_t now_ns;
    struct tp_dump_actor *actors; /* by slot, then life */
    size_t actors_count;
    size_t actors_capacity;
    struct tp_dump_worker *workers;
    unsigned workers_count; /* with threads of actors */
    struct tp_dump_thread *threads;
    size_t threads_count;
};

/* The actor of that pid; NULL: it is not in the dump. */
struct tp_dump_actor *tp_dump_find(const struct tp_dump *dump, troupe_pid pid);

/* Copies the name that the pid has in the runtime to name, of
 * TP_DUMP_NAME_BYTES. False: it has none. */
bool tp_dump_find_name(const struct tp_dump *dump, troupe_pid pid, char *name);

/* "asleep", "ready", "running", "paused", "suspended" or "stopping"; or what
 * the body of one in sequential style waits in. */
const char *tp_dump_state_name(const struct tp_dump_actor *actor);

/* NO_MEMORY. */
TROUPE_MUST_USE troupe_err tp_dump_print_text(
    FILE *stream, struct tp_dump *dump);

void tp_dump_print_json(FILE *stream, const struct tp_dump *dump);

#endif
