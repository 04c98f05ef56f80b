/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * observer: tells a runtime's observers what happens (troupe/observe.h).
 *
 * The observers are known before the runtime has a thread and stay the same, so
 * nothing here is shared but what is never written: each self has a flag,
 * is_observed, in a line that each message needs anyhow. Where it is looked at:
 *
 *     what                 where                                  without one
 *     a send by a handler  tp_post_try_chain() refuses to chain   nothing: the
 *                          what is larger than                    bound is a
 *                          self->chained_class_max, which is 0    constant no
 *                                                                 more
 *     any other send       push() in post.c                       a branch
 *     begin, end of        dispatch() in actor.c                  a branch
 *     tells and requests
 *     of other handlers    tp_post_begin_handler(), ..._end_...   a branch each
 *     start, stop, pause   their functions, which are rare        a branch
 *     park, unpark         hooks of the scheduler                 a branch
 *
 * Being watched changes nothing: a message is chained all the same, only later
 * on the way. So the turns of a simulation, their order and their signature are
 * those of the run that nobody watches; time is read from the clock, and not
 * kept, so that deadlines are the same, too.
 *
 * A message is sent when nothing can refuse it any more and before the receiver
 * can see it, so that the send comes before the begin, whatever threads do.
 *
 * Events speak of pids and schemas, which is why they are here and not below,
 * where the scheduler and the mailbox could tell of tasks and blocks.
 *
 * All functions are for self's thread.
 */
#ifndef TROUPE_ACTORS_OBSERVER_H
#define TROUPE_ACTORS_OBSERVER_H

#include "actors/self.h"
#include "troupe/observe.h"

struct tp_dead_letter;

/* ABI_MISMATCH: one of them is of another size. */
TROUPE_MUST_USE troupe_err tp_observer_check(
    const struct troupe_observer *observer);

/* Lets a new self tell the observers of its runtime, if there are any. */
void tp_observer_watch(struct troupe_self *self);

/* ---- only where self->is_observed ---------------------------------------- */

/* Before the message is pushed to the slot, for its incarnation. What is no
 * message to users is not told. */
void tp_observer_send(struct troupe_self *self, const struct tp_actor *actor,
    const struct troupe_message *message);

/* Around a handler. */
void tp_observer_begin(
    struct troupe_self *self, const struct troupe_message *message);
void tp_observer_end(struct troupe_self *self);

/* message: the letter itself; NULL: it was never made. */
void tp_observer_lose(struct troupe_self *self,
    const struct tp_dead_letter *letter, const struct troupe_message *message);

/* A life begins, made by somebody; a life has ended by self->exit. */
void tp_observer_start(
    struct troupe_self *self, const struct tp_actor *actor, troupe_pid by);
void tp_observer_stop(struct troupe_self *self, const struct tp_actor *actor);

/* The actor is paused on actor->paused_on, or is not any more. */
void tp_observer_pause(struct troupe_self *self, const struct tp_actor *actor);
void tp_observer_resume(struct troupe_self *self, const struct tp_actor *actor);

/* The scheduler's hooks. */
void tp_observer_park(struct tp_worker *worker);
void tp_observer_unpark(struct tp_worker *worker);

#endif
