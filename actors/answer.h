/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * answer: how an ask ends.
 *
 * An ask is open in its actor's table (actors/asks.h) and has a timeout in the
 * wheel of the worker that it was made on. It ends exactly once, by what comes
 * first: a reply, a refusal, or the expiry. The actor's owner decides, because
 * all three are messages in its mailbox: the first one closes the ask and runs
 * the continuation; later ones find it closed.
 *
 * All functions are for the actor's owner, or, when no worker runs, the sweep.
 */
#ifndef TROUPE_ACTORS_ANSWER_H
#define TROUPE_ACTORS_ANSWER_H

#include "actors/asks.h"
#include "actors/self.h"

struct troupe_answer {
    troupe_err err;
    const struct troupe_message *message; /* NULL if err is not TROUPE_OK */
};

/* Takes a reply or an expiry to an occupant that may have asked for it. */
void tp_answer_handle(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message, void *state);

/* Takes a reply or an expiry to somebody who is gone. */
void tp_answer_drop(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message);

/* Closes an ask that is open, without running its continuation: what comes of
 * it is late. */
void tp_answer_withdraw(
    struct troupe_self *self, struct tp_actor *actor, uint64_t request);

/* Closes all asks of an actor that dies, without running continuations, and
 * refuses the requests that it kept. It has an extension. */
void tp_answer_abandon_all(struct troupe_self *self, struct tp_actor *actor);

/* The scheduler's expire hook: the block becomes the message that reports it.
 */
void tp_answer_expire(struct tp_worker *worker, struct tp_timeout *timeout);

/* The scheduler's release hook. */
void tp_answer_release(struct tp_worker *worker, struct tp_timeout *timeout);

#endif
