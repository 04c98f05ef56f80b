/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watchdog: a thread that notices handlers which do not return.
 *
 * Four times in the limit it looks what each worker of the pool runs: the word
 * that a dump reads, too (troupe_self.actor). Another actor than last time, or
 * none: all is well, and that is all that a look costs. The same one may be in
 * another turn, or another handler of the same turn. No word of the hot path
 * would tell, so the worker is asked: by a signal to its thread, whose handler
 * writes down how many handlers it has run. The same number twice, and the
 * limit between: it is in that one still. Then it is asked once more, for its
 * stack, and the log says who it is, once.
 *
 *     look:    same actor? --no--> forget
 *                | yes
 *              ask: same mark? --no--> remember the mark and the time
 *                | yes
 *              for longer than the limit, and not told yet?
 *                | yes
 *              ask with a stack: same mark? --yes--> tell
 *
 * The signal is SIGURG: its default is to be ignored, so one that comes late
 * harms nobody. It is let through by workers of the pool only, if there is a
 * watchdog; one that is not ours goes to the handler that was there before.
 * System calls that it interrupts are begun anew (SA_RESTART), but those that
 * never are, such as poll() and nanosleep(), end early with EINTR.
 *
 * Why the handler is safe. It reads its own thread's words, which nobody else
 * writes, at a point between two instructions of that thread: pointers of self
 * and of the worker are valid all the time; the message in hand only while the
 * thread is in user code, so only then is it looked at. Answers are handed over
 * by the word `state` and a parker's wake, which is atomic operations and a
 * futex. backtrace() allocates and loads a library the first time, so the first
 * time is when the watchdog is made; after that it reads tables of loaded code,
 * which glibc finds without a lock since 2.35. It is not called on the stack of
 * a body in sequential style, which has no end that it knows: there the log has
 * the place in the body alone. It runs on the worker's alternate stack, if it
 * has one.
 *
 * While the runtime stops the watchdog looks until all has drained, and not
 * while the workers end: a signal to a thread that has been joined is an error.
 *
 * Who may call what:
 *     init fini    who makes and destroys the runtime; fini after the workers
 *     start look stop   who starts and stops it; stop before the workers end
 *     enter        a worker, first
 *
 * Not chosen: a word that is written for each message (the hot path); a timer
 * of each worker's processor time (a handler that sleeps would not be seen);
 * the rank of the turn in the actor (a long turn of short handlers is well).
 */
#ifndef TROUPE_ACTORS_WATCHDOG_H
#define TROUPE_ACTORS_WATCHDOG_H

#include "troupe/runtime.h"

#include "scheduler/parker.h"

#include <pthread.h>

struct tp_watch; /* what is known of a worker */

struct tp_watchdog {
    uint64_t limit_ns; /* 0: there is none */
    struct troupe_runtime *runtime;
    struct tp_watch *watches; /* one a worker of the pool */
    pthread_t thread;
    bool has_thread;
    /* 1: the thread is to end. Written by stop, before it wakes `parker`; read
     * by the thread after each park. It orders nothing. Stale: one look more.
     */
    uint32_t is_ending;
    /* 1: all workers have their threads. Written by tp_watchdog_look() with
     * release, before it wakes `parker`; pairs with the acquire in run(). A
     * stale 0: the wake is still to come. */
    uint32_t is_looking;
    struct tp_parker parker; /* of the thread */
};

TROUPE_MUST_USE troupe_err tp_watchdog_init(
    struct troupe_runtime *runtime, const struct troupe_options *options);
void tp_watchdog_fini(struct tp_watchdog *watchdog);

/* Before the workers, so that nothing has to be undone if the system gives no
 * thread (SYSTEM); it looks at nothing until they are there. */
TROUPE_MUST_USE troupe_err tp_watchdog_start(struct troupe_runtime *runtime);
void tp_watchdog_look(struct tp_watchdog *watchdog);
void tp_watchdog_stop(struct tp_watchdog *watchdog);

/* The calling worker can be asked from here on. */
void tp_watchdog_enter(const struct tp_watchdog *watchdog);

#endif
