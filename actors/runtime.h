/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runtime: all that one set of workers and actors shares.
 *
 *     CREATED --start--> RUNNING --stop--> STOPPING --> STOPPED
 *
 * and from any of them FORKED, in the child of a fork: there every call returns
 * NOT_RUNNING and nothing is cleaned up.
 */
#ifndef TROUPE_ACTORS_RUNTIME_H
#define TROUPE_ACTORS_RUNTIME_H

#include "actors/dead_letters.h"
#include "actors/directory.h"
#include "actors/faults.h"
#include "actors/log.h"
#include "actors/own_thread.h"
#include "actors/pid_text.h"
#include "actors/profile.h"
#include "actors/registry.h"
#include "actors/roots.h"
#include "actors/self.h"
#include "actors/watchdog.h"
#include "base/random.h"
#include "mailbox/block_cache.h"
#include "mailbox/limit.h"
#include "scheduler/scheduler.h"

#include <pthread.h>

enum tp_runtime_state {
    TP_RUNTIME_CREATED,
    TP_RUNTIME_RUNNING,
    TP_RUNTIME_STOPPING,
    TP_RUNTIME_STOPPED,
    TP_RUNTIME_FORKED,
};

/* Actors that are still there at the end. */
struct tp_life_remains {
    uint64_t alive_count;
    uint64_t waiting_count; /* of them, for an answer */
};

struct troupe_runtime {
    struct tp_scheduler *scheduler;
    const struct troupe_io *io;  /* NULL: no network */
    struct troupe_self *workers; /* one a worker of the pool */
    struct tp_own_threads own_threads;
    struct tp_registry registry;
    struct tp_block_depot depot;
    struct tp_limit_marks marks; /* of TP_PROFILE_USUAL, at hand */
    struct tp_profiles profiles;
    struct tp_dead_letters dead_letters;
    struct tp_log log;
    struct tp_watchdog watchdog;
    const struct troupe_observer *observer; /* NULL: nobody watches */
    /* Asks that closed a cycle. Added to by any worker; orders nothing, and is
     * read by that alone, so never stale. */
    uint64_t cycles_count;
    /* Calls of troupe_fail(). Added to by any worker; as cycles_count, it
     * orders nothing and is never stale. */
    uint64_t failures_count;
    /* Lives of supervisors; numbers them. Added to by any worker; as
     * cycles_count, it orders nothing and is never stale. */
    uint32_t supervisors_count;
    struct tp_roots roots;
    struct tp_directory directory;
    uint64_t seed;
    bool is_simulated;
    struct tp_faults faults; /* of a simulation */
    uint32_t ended_count;    /* slots that the end has come to */
    struct tp_life_remains remains;
    pthread_t creator; /* the only thread to call, under simulation */

    /* The selves of threads outside; `key` finds a thread's own. */
    pthread_key_t key;
    bool has_key;
    pthread_mutex_t outside_mutex;
    struct troupe_self *outside; /* all, linked by next_outside; by the mutex */

    /*
     * A tp_runtime_state. Written by create, start, stop and the child of a
     * fork; read by threads outside before each call, and by workers. It orders
     * nothing: threads are made after the start and joined before the end.
     * Stale: a call that began before the stop ends as if it had come before
     * it.
     */
    uint32_t state;
    /*
     * 1: an actor has called troupe_runtime_quit(). Written by its worker with
     * release, before it wakes `waiter`; pairs with the acquire in
     * troupe_runtime_wait(). A stale 0: the wake is still to come.
     */
    uint32_t is_quitting;
    struct tp_parker waiter;
};

/* Makes a self of zeroed memory; its worker is the caller's to set. */
void tp_runtime_init_self(
    struct troupe_runtime *runtime, struct troupe_self *self, unsigned number);

/* Those that have a worker, of the pool or a lone one: there are
 * tp_scheduler_all_count() by now. */
static inline struct troupe_self *
tp_runtime_self_at(const struct troupe_runtime *runtime, unsigned index)
{
    return tp_scheduler_worker_at(runtime->scheduler, index)->local;
}

static inline enum tp_runtime_state
tp_runtime_state_of(struct troupe_runtime *runtime)
{
    return (enum tp_runtime_state)ck_pr_load_32(&runtime->state);
}

#endif
