/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * waits: who waits for whose answer, all over a runtime.
 *
 * What an actor waits for is in its own table of asks, which nobody else may
 * read. So a thread that wants to know sends each slot that has ever been lived
 * in a PROBE, a control message, and the run that takes it sends back a WAITS
 * with all open asks, or with nobody's name if the slot is vacant by then. Both
 * are messages, so nothing is shared, and an actor that is paused or has a full
 * mailbox tells too. One that does not return from its handler does not; after
 * a moment it is listed as busy.
 *
 *     the thread     a batch of PROBEs -> waits for as many WAITS, a second at
 *                    most -> the next batch
 *     the owner      tp_waits_answer(), between two messages
 *
 * A WAITS that comes too late is told by the number of its probe and dropped.
 * If there is no memory for the list, the PROBE's own block goes back and says
 * so. What threads outside wait for is read from their selves; a thread's three
 * words may belong to two asks, if it asks again just then.
 *
 * The picture is not of one moment: each actor tells when it is its turn, and a
 * cycle that is found may be one that has been answered meanwhile. One that
 * stands still is found every time.
 *
 *     tp_waits_answer    the actor's owner
 *     tp_waits_note      the sweep, when no worker runs
 */
#ifndef TROUPE_ACTORS_WAITS_H
#define TROUPE_ACTORS_WAITS_H

#include "actors/self.h"
#include "actors/wait_graph.h"

/* The payload of a WAITS. */
struct tp_waits_report {
    troupe_pid pid;   /* TROUPE_NO_PID: the slot is vacant */
    const char *name; /* of its behaviour; valid for ever */
    uint32_t count;
    uint32_t missing_count; /* for want of memory */
    struct tp_wait waits[];
};

_Static_assert(sizeof(struct tp_waits_report) <= 24,
    "without waits it fits the block of the PROBE");

/* Turns the PROBE, which it takes, into the answer to it, and sends that. */
void tp_waits_answer(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *probe);

/* Adds what the actor waits for to the report, if anything and if there is
 * room. When no worker runs. */
void tp_waits_note(
    const struct tp_actor *actor, struct troupe_stop_report *report);

/* A line for each of those. */
void tp_waits_print_stopped(
    FILE *stream, const struct troupe_stop_report *report);

#endif
