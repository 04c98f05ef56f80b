/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * deque: a worker's ready tasks that have never run, which others may steal.
 *
 * The worker takes the newest, so that a tree of tasks that make tasks is run
 * depth first: as many wait as a path down the tree has branches, not as many
 * as the tree has leaves, and what runs next is what the caches still hold.
 * Others take the oldest, which is the root of the largest subtree and worth
 * the way. (A run queue, first in first out, is breadth first: a tree of a
 * million actors then is a million actors that wait, each a cache miss.)
 *
 * The deque of Chase and Lev (SPAA 2005), of a fixed length, with the fences of
 * Le, Pop, Cohen and Zappa Nardelli (PPoPP 2013). Tasks lie at the places
 * oldest to newest - 1. Only who raises `oldest` by compare-and-swap has taken
 * a task there; only the worker changes `newest`. Two may want the same task
 * only if it is the last one, or if a thief is slow:
 *
 *  - The worker lowers `newest`, then reads `oldest`, with a full fence
 *    between. A thief reads `oldest`, then `newest`, with a fence between. So
 *    either the thief sees the lower `newest` and leaves that task alone, or
 *    the worker sees the `oldest` that the thief started from. If that leaves
 *    more than the one task the thief is after another one; if it is the last,
 *    both compare-and-swap `oldest`, and one wins.
 *  - A place is written again only when `oldest` has passed it, and then the
 *    compare-and-swap of a thief that has read it before fails. A thief that
 *    succeeds has read it before, by a fence that x86 does not need.
 *
 * Both numbers only grow, by one a task, but for the worker's step down and
 * back up, and 64 bits do not wrap.
 *
 *     tp_deque_try_push        the worker
 *     tp_deque_try_pop         the worker; the newest
 *     tp_deque_try_steal       any thread; the oldest
 *     tp_deque_is_empty        any thread; stale at once
 *
 * Not chosen: Concurrency Kit's stack with many poppers. Thieves would take the
 * newest, too: leaves, one at a time.
 */
#ifndef TROUPE_SCHEDULER_DEQUE_H
#define TROUPE_SCHEDULER_DEQUE_H

#include "scheduler/task.h"

#include <ck_pr.h>
#include <stdbool.h>
#include <stddef.h>

enum { TP_DEQUE_LENGTH_MAX = 1024 }; /* a power of two */

struct tp_deque {
    /*
     * The number of tasks that have been taken from the old end. Raised by
     * compare-and-swap, by thieves and by the worker for its last task. The
     * worker's full fence in try_pop orders its read after its write of
     * `newest`. A stale read costs a failed compare-and-swap, or the worker a
     * push that is declined.
     */
    uint64_t oldest;
    /*
     * Where the next task goes. Written by the worker, with release after the
     * task was put there, which thieves acquire. A thief that reads a stale one
     * sees fewer tasks than there are, or one too many, for which it then loses
     * the compare-and-swap.
     */
    uint64_t newest __attribute__((aligned(64)));
    /*
     * Written by the worker before it releases `newest`, read by thieves before
     * the fence before their compare-and-swap, which fails if what they read is
     * stale.
     */
    struct tp_task *tasks[TP_DEQUE_LENGTH_MAX];
};

/* False: it is full. */
static inline bool
tp_deque_try_push(struct tp_deque *deque, struct tp_task *task)
{
    uint64_t newest = deque->newest;

    if (newest - ck_pr_load_64(&deque->oldest) >= TP_DEQUE_LENGTH_MAX) {
        return false;
    }
    ck_pr_store_ptr(&deque->tasks[newest % TP_DEQUE_LENGTH_MAX], task);
    ck_pr_fence_release();
    ck_pr_store_64(&deque->newest, newest + 1);
    return true;
}

static inline bool
tp_deque_is_empty(struct tp_deque *deque)
{
    uint64_t oldest = ck_pr_load_64(&deque->oldest);

    ck_pr_fence_load();
    return oldest >= ck_pr_load_64(&deque->newest);
}

/* The oldest task; NULL: there is none, or somebody else was quicker. */
static inline struct tp_task *
tp_deque_try_steal(struct tp_deque *deque)
{
    uint64_t oldest = ck_pr_load_64(&deque->oldest);
    struct tp_task *task;

    if (oldest >= ck_pr_load_64(&deque->newest)) {
        return NULL; /* most often; without a full fence */
    }
    ck_pr_fence_memory();
    if (oldest >= ck_pr_load_64(&deque->newest)) {
        return NULL;
    }
    ck_pr_fence_acquire();
    task = ck_pr_load_ptr(&deque->tasks[oldest % TP_DEQUE_LENGTH_MAX]);
    ck_pr_fence_load_atomic(); /* the place is the worker's again from here */
    if (!ck_pr_cas_64(&deque->oldest, oldest, oldest + 1)) {
        return NULL;
    }
    ck_pr_fence_acquire();
    return task;
}

/* The newest task; NULL: there is none. */
static inline struct tp_task *
tp_deque_try_pop(struct tp_deque *deque)
{
    uint64_t newest = deque->newest;
    uint64_t last = newest - 1;
    struct tp_task *task = NULL;
    uint64_t oldest;

    if (ck_pr_load_64(&deque->oldest) == newest) {
        return NULL;
    }
    ck_pr_store_64(&deque->newest, last);
    ck_pr_fence_memory();
    oldest = ck_pr_load_64(&deque->oldest);
    if (oldest < last) {
        return deque->tasks[last % TP_DEQUE_LENGTH_MAX];
    }
    if (oldest == last && ck_pr_cas_64(&deque->oldest, oldest, newest)) {
        task = deque->tasks[last % TP_DEQUE_LENGTH_MAX];
    }
    ck_pr_store_64(&deque->newest, newest);
    return task;
}

#endif
