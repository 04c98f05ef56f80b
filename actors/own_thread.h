/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * own_thread: the threads on which actors run that have one each, so that their
 * handlers may block.
 *
 * Such a thread is a lone worker (scheduler/lone.h) with a self. The runtime
 * has so many at most as its options say. One is made when an actor is spawned
 * and none is free, and kept: when its actor has ended, the next one takes it.
 * A restart of the actor leaves it where it is.
 *
 *     FREE --take--> TAKEN --put_back--> FREE
 *                      |
 *                      +--- abandon ---> ABANDONED
 *
 * The runtime ends, and an actor has not returned from its handler: its thread
 * is ABANDONED then, with all that it may still touch. Nobody looks into the
 * slot of that actor, its mailbox or its timeouts; the report of the stop names
 * it. If the thread has ended when the runtime is destroyed, all of that is
 * made good; else the runtime is left in memory, and a line of the log says
 * so. A thread that returns later finds the runtime stopped, but there: what it
 * sends lies in mailboxes that nobody empties, and then it ends.
 *
 * In a simulation there are no threads. The actor runs like all others, but is
 * counted here, so that the bound is the same.
 *
 * Who may call what:
 *     init fini start        who makes, starts and destroys the runtime
 *     take settle            who spawns, on any thread
 *     put_back               the owner of the actor
 *     close abandon reclaim  who stops or destroys the runtime
 *     has_abandoned          the same, after that
 *
 * A mutex guards all: it is held for as long as it takes to make a thread.
 */
#ifndef TROUPE_ACTORS_OWN_THREAD_H
#define TROUPE_ACTORS_OWN_THREAD_H

#include "actors/actor.h"
#include "troupe/runtime.h"

#include <pthread.h>

struct tp_own_thread {
    struct troupe_self *self; /* NULL: in a simulation, or not made yet */
    bool is_taken;
    bool is_abandoned;
    troupe_pid pid; /* who has it, or had it last */
    const char *behaviour;
};

struct tp_own_threads {
    pthread_mutex_t mutex;
    struct tp_own_thread *threads; /* NULL until one is needed */
    unsigned count;                /* made */
    unsigned count_max;
    bool is_running; /* what is made is started */
    bool is_closed;
    bool contains_crashes;
};

void tp_own_threads_init(
    struct troupe_runtime *runtime, const struct troupe_options *options);

/* No thread runs. */
void tp_own_threads_fini(struct troupe_runtime *runtime);

/* Starts the scheduler, and from then on threads as soon as they are made. */
TROUPE_MUST_USE troupe_err tp_own_threads_start(struct troupe_runtime *runtime);

/* A thread for the caller's new actor: *bound is what its task is bound to.
 * TOO_MANY_THREADS, NO_MEMORY, SYSTEM, NOT_RUNNING. */
TROUPE_MUST_USE troupe_err tp_own_threads_take(
    struct troupe_runtime *runtime, uint32_t *bound);

/* Notes whose it is now. */
void tp_own_threads_settle(struct troupe_runtime *runtime, uint32_t bound,
    troupe_pid pid, const char *behaviour);

/* Whether a task that is bound there has a thread of its own. */
bool tp_own_threads_has(const struct troupe_runtime *runtime, uint32_t bound);

void tp_own_threads_put_back(struct troupe_runtime *runtime, uint32_t bound);

/* From here on none is given out. */
void tp_own_threads_close(struct troupe_runtime *runtime);

/* Waits for the threads until deadline_ns; those that still run are abandoned,
 * and named in report. */
void tp_own_threads_abandon(struct troupe_runtime *runtime,
    uint64_t deadline_ns, struct troupe_stop_report *report);

/* Takes those back that have ended since. False: others still run. */
TROUPE_MUST_USE bool tp_own_threads_reclaim(struct troupe_runtime *runtime);

/* Whether the slot, or the worker, is an abandoned thread's. */
bool tp_own_threads_has_abandoned(
    const struct troupe_runtime *runtime, const struct tp_actor *actor);
bool tp_own_threads_has_abandoned_worker(
    const struct troupe_runtime *runtime, unsigned index);

#endif
