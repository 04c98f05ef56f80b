/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * placement: on which worker an actor runs, if it is not to be any.
 *
 * The spawn options say so: a worker of the pool, or a thread of the actor's
 * own (own_thread.h). From then on until the actor is gone its task is bound
 * (scheduler/task.h): whoever makes it ready gives it to that worker, and
 * nobody steals it.
 *
 * `bound` is the owner's to write, like all that senders look at when they find
 * the slot asleep; but a free slot has no owner, and mail for an earlier life
 * may come and be run at any time. So the spawner becomes the owner for a
 * moment:
 *
 *     take     takes a free slot and its inbox from ASLEEP to AWAKE; where
 *              stale mail is run just now it takes another slot
 *     settle   writes `bound`, then lets the inbox sleep. If that fails, stale
 *              mail has come; its sender found the slot awake and made nothing
 *              ready, so the spawner does
 *
 * and then sends START as to any other slot. Whoever finds the inbox asleep
 * after that sees `bound`, which the sleep has released. So START is run where
 * the actor belongs, and stale mail, too, from then on.
 *
 * The end of the actor, in its last turn, writes ANYWHERE again, released by
 * the sleep that ends that turn, and gives its thread back.
 *
 *     tp_placement_take _give_up _settle     who spawns
 *     tp_placement_leave                     the owner
 *
 * Not chosen: to write `bound` when START is handled, and hand the turn on: a
 * branch for each control message of all actors. A word in the pid: there is no
 * room.
 */
#ifndef TROUPE_ACTORS_PLACEMENT_H
#define TROUPE_ACTORS_PLACEMENT_H

#include "actors/self.h"

/* Whether the options ask for a place. */
static inline bool
tp_placement_is_wanted(const struct troupe_spawn_options *options)
{
    return options->own_thread || options->worker != 0;
}

/*
 * A slot for an actor with such options, and what its task will be bound to.
 * INVALID_ARGUMENT, WRONG_THREAD, TOO_MANY_THREADS, SYSTEM, NO_MEMORY,
 * TOO_MANY_ACTORS, NOT_RUNNING.
 */
TROUPE_MUST_USE troupe_err tp_placement_take(struct troupe_self *self,
    const struct troupe_spawn_options *options, struct tp_actor **actor,
    uint32_t *bound);

/* The actor will not be, after all. */
void tp_placement_give_up(
    struct troupe_self *self, struct tp_actor *actor, uint32_t bound);

/* The slot is the actor's with that pid from here on; START is to be sent. */
void tp_placement_settle(struct troupe_self *self, struct tp_actor *actor,
    uint32_t bound, troupe_pid pid, const char *behaviour);

/* The actor is gone; the turn goes on. */
void tp_placement_leave(struct troupe_self *self, struct tp_actor *actor);

#endif
