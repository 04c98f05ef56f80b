/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probes: asks each actor of a runtime about itself.
 *
 * What an actor waits for, watches and holds is in its own fields, which nobody
 * else may read. So a thread that wants to know sends each slot that has ever
 * been lived in a PROBE, a control message, and the run that takes it sends
 * back a REPORT. Both are messages, so nothing is shared, and an actor that is
 * paused or has a full mailbox tells too. One that does not return from its
 * handler does not; after a moment it is busy.
 *
 *     the thread     a batch of PROBEs -> waits for as many REPORTs, for so
 *                    long at most -> the next batch
 *     the owner      tp_probes_answer(), between two messages
 *
 * A REPORT that comes too late is told by the number of its probe and dropped.
 * An answer that finds no memory goes back in the PROBE's own block, and says
 * what is missing.
 *
 * The picture is not of one moment: each actor tells when it is its turn.
 *
 *     tp_probes_answer   the actor's owner
 *     all others         a thread outside; not in a simulation that is to go on
 *                        as if nobody had asked: there to wait is to run actors
 */
#ifndef TROUPE_ACTORS_PROBES_H
#define TROUPE_ACTORS_PROBES_H

#include "actors/self.h"

/* What is asked; a PROBE has it in `err`. */
enum tp_probes_question {
    TP_PROBES_WAITS,    /* actors/waits.h */
    TP_PROBES_PORTRAIT, /* actors/portrait.h */
};

enum {
    /* What fits the block of a PROBE. */
    TP_PROBES_SHORT_BYTES = 24,
};

/* Who takes the answers. An error ends the asking. */
struct tp_probes_taker {
    void *context;
    /* Takes *report. */
    troupe_err (*take)(void *context, struct troupe_message **report);
    /* This actor has not answered. */
    troupe_err (*miss)(void *context, troupe_pid pid);
};

/* Asks all, a thousand at a time, for which it waits for patience_ns at most.
 * NO_MEMORY, or what the taker says. */
TROUPE_MUST_USE troupe_err tp_probes_ask_all(struct troupe_self *self,
    enum tp_probes_question question, uint64_t patience_ns,
    const struct tp_probes_taker *taker);

/* Whether self may ask: it is a thread outside, and the runtime runs. what: the
 * public function, for the sentence. WRONG_THREAD, NOT_RUNNING. */
TROUPE_MUST_USE troupe_err tp_probes_check(
    struct troupe_self *self, const char *what);

/* Answers the PROBE, which it takes. */
void tp_probes_answer(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *probe);

/* A REPORT to the PROBE of so many bytes, in another block if it must; NULL:
 * there is no memory, and the PROBE is as it was. */
struct troupe_message *tp_probes_make_report(
    struct troupe_self *self, struct troupe_message **probe, size_t bytes);

#endif
