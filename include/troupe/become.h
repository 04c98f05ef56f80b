/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Behaviours upon behaviours: what an actor is for a while.
 *
 * troupe_become() (troupe/actor.h) swaps the behaviour: the one before is
 * forgotten. Here it is kept below, and troupe_unbecome() goes back to it,
 * whichever it was: an actor that waits for something in one of several
 * behaviours need not know in which.
 *
 *     troupe_become            a         ->  b
 *     troupe_become_stacked    a         ->  b over a
 *     troupe_unbecome          b over a  ->  a
 *
 * The state stays in all cases. The behaviours belong to a life: what a
 * supervisor starts again begins with its first one, and nothing below.
 *
 * Every function here is for handlers.
 */
#ifndef TROUPE_BECOME_H
#define TROUPE_BECOME_H

#include "troupe/actor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An actor has at most so many behaviours at a time, one over the other. */
#define TROUPE_BEHAVIOURS_MAX 8

/**
 * From the next message on the actor behaves as `name` says, until
 * troupe_unbecome() brings the behaviour back that it has now.
 *
 * Errors: as troupe_become(), and TOO_MANY_BEHAVIOURS.
 */
#define troupe_become_stacked(self, name)                                      \
    troupe_become_stacked_behaviour((self), &name##_behaviour)
TROUPE_API TROUPE_MUST_USE troupe_err troupe_become_stacked_behaviour(
    struct troupe_self *self, struct troupe_behaviour *behaviour);

/** From the next message on the actor behaves as it did before the last
 * troupe_become_stacked(). False: there is no behaviour below, and the actor
 * keeps the one that it has; or the caller is no handler. */
TROUPE_API bool troupe_unbecome(struct troupe_self *self);

#ifdef __cplusplus
}
#endif

#endif
