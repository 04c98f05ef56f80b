/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timers: what an actor wants to happen later, once or again and again.
 *
 * A timer belongs to the actor that sets it. When it is due its function runs
 * in that actor like a handler: alone, with the actor's state, in its turn
 * among the messages that wait. The actor's end cancels all its timers. What
 * somebody is to be told later, the actor itself or another one, is a message
 * with a delay, troupe_tell_after() (troupe/actor.h), and outlives its sender.
 *
 * Time is the runtime's clock (troupe_now_ns()), virtual in a simulation. It is
 * cut into ticks of about half a millisecond: a timer is never early, and late
 * by less than a tick plus what the actor and its worker have to do first.
 *
 * A stop of the runtime does not wait for timers; those that come due while it
 * drains still run.
 *
 * Every function here is for the holder of `self` and for no other thread.
 */
#ifndef TROUPE_TIMER_H
#define TROUPE_TIMER_H

#include "troupe/actor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A timer that its actor may cancel. Plain data, for that actor's state. */
typedef uint64_t troupe_timer;

/** No timer. */
#define TROUPE_NO_TIMER ((troupe_timer)0)

/**
 * Runs in the actor when its timer is due. state is the actor's, context what
 * the timer was given.
 */
typedef void troupe_timer_handler(
    struct troupe_self *self, void *state, uint64_t context);

/**
 * Runs `then` once, delay_ns after troupe_now_ns(), and sets *timer, which may
 * be NULL if nobody will cancel it. With a delay of 0 it runs as soon as the
 * worker looks at its clock.
 *
 * Errors, with *timer untouched: NO_MEMORY, INVALID_ARGUMENT (no `then`),
 * WRONG_THREAD (not inside a handler).
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_after(struct troupe_self *self,
    uint64_t delay_ns, troupe_timer_handler *then, uint64_t context,
    troupe_timer *timer);

/**
 * Runs `then` each period_ns, for the first time a period after now, until it
 * is cancelled. The rate is fixed: lateness does not add up. Periods that the
 * actor misses, because it is busy or because they are shorter than a tick, are
 * skipped: there is never more than one run to come.
 *
 * Errors: as troupe_after(), and INVALID_ARGUMENT for a period of 0.
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_every(struct troupe_self *self,
    uint64_t period_ns, troupe_timer_handler *then, uint64_t context,
    troupe_timer *timer);

/**
 * Cancels *timer, one of the caller's own, and sets it to TROUPE_NO_TIMER. When
 * this has returned, `then` does not run any more, be it due or not. True: it
 * would have run (again). A timer that has run, or TROUPE_NO_TIMER, is fine. A
 * periodic timer may cancel itself while it runs.
 *
 * Also of what troupe_tell_after() has delayed, in a handler of the actor or on
 * the thread that called that. True: it will not be told; false: it has been,
 * or the runtime has been stopped.
 */
TROUPE_API bool troupe_timer_cancel(
    struct troupe_self *self, troupe_timer *timer);

#ifdef __cplusplus
}
#endif

#endif
