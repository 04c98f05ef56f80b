/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * waits: who waits for whose answer, all over a runtime.
 *
 * What an actor waits for is in its own table of asks. A thread that wants to
 * know asks all (actors/probes.h), and each answers with all its open asks, or
 * with nobody's name if the slot is vacant by then; who does not answer is
 * listed as busy. What threads outside wait for is read from their selves; a
 * thread's three words may belong to two asks, if it asks again just then.
 *
 * The picture is not of one moment: each actor tells when it is its turn, and a
 * cycle that is found may be one that has been answered meanwhile. One that
 * stands still is found every time.
 *
 *     tp_waits_report    the actor's owner
 *     tp_waits_note      the sweep, when no worker runs
 */
#ifndef TROUPE_ACTORS_WAITS_H
#define TROUPE_ACTORS_WAITS_H

#include "actors/probes.h"
#include "actors/self.h"
#include "actors/wait_graph.h"

/* The payload of a REPORT of waits. */
struct tp_waits_report {
    troupe_pid pid;   /* TROUPE_NO_PID: the slot is vacant */
    const char *name; /* of its behaviour; valid for ever */
    uint32_t count;
    uint32_t missing_count; /* for want of memory */
    struct tp_wait waits[];
};

_Static_assert(sizeof(struct tp_waits_report) <= TP_PROBES_SHORT_BYTES,
    "without waits it fits the block of the PROBE");

/* The REPORT to the PROBE, which it takes. */
struct troupe_message *tp_waits_report(struct troupe_self *self,
    struct tp_actor *actor, struct troupe_message *probe);

/* Adds what the actor waits for to the report, if anything and if there is
 * room. When no worker runs. */
void tp_waits_note(
    const struct tp_actor *actor, struct troupe_stop_report *report);

/* A line for each of those. */
void tp_waits_print_stopped(
    FILE *stream, const struct troupe_stop_report *report);

#endif
