/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lone: workers beside the pool, each a thread that runs the tasks bound to it
 * and nothing else, so that these may block.
 *
 * A lone worker is a tp_worker of which its bound tasks, its timeouts, its
 * clock and its parker are used. It steals from nobody and nobody steals from
 * it; it does not search, and the pool does not count it. What a task makes
 * ready there is handed to the pool as by a thread outside, for it may be a
 * long time until that task returns. It runs one message of an actor at a time,
 * so that it looks whether to end before each, and reads the clock before each,
 * and whenever a deadline is set: a handler that blocks would set it from a
 * time long past.
 *
 * Its index is the pool's size and its place, so that `bound` of a task names
 * it like any other worker. Places are taken one after the other and never
 * given back before the scheduler is destroyed: who has a task bound to a
 * place finds its worker. Its thread is started with the pool, or at once if
 * that runs, and kept until the halt; who uses it when is its maker's
 * (actors/own_thread.h).
 *
 * Sleeping. The word `awake` counts the lone workers that are not asleep. A
 * lone worker sleeps by the same steps as one of the pool (scheduler.h): it
 * counts itself out of `awake`, sets its `asleep`, full fence, looks at its own
 * bound tasks once more, parks. Who makes a task ready for it pushes, full
 * fence, looks at its `asleep`: one of the two sees the other. Who clears
 * `asleep` counts it into `awake` before it wakes its parker, and it goes on
 * only when woken; so it never runs uncounted.
 *
 * Draining. Nothing is left when all of the pool sleep, no lone worker is
 * awake, and there is no task and no awaited timeout anywhere. The words are
 * two, `idle` and `awake`; each also counts the wake-ups, so that it is never
 * the same again after one. Who sleeps last reads both, looks everywhere, and
 * reads both again: if neither has changed, all slept from the later first
 * reading to the earlier second one, and what was looked at between is true
 * then. Each sleeper, lone or not, counts itself, full fence, and then looks;
 * so the last of them sees all others counted. A thread that is started counts
 * as awake before it exists, and whoever starts it is awake meanwhile.
 *
 * A task that blocks for ever. A thread cannot be ended by another one. The
 * halt waits for lone workers until a deadline, and no longer:
 * tp_lone_join() then says that some still run, and the memory of the
 * scheduler, and of all that their tasks know, has to stay. One that returns
 * later sees that it is to end, and ends.
 *
 *     tp_lone_add, _start         one thread at a time, and not during a start
 *                                 or a halt of the scheduler
 *     tp_lone_count_awake, _count_asleep, tp_lone_leave    scheduler.c
 *     tp_lone_join                who halts the scheduler
 *
 * Not chosen: a lone worker as one of the pool that declines all but one task:
 * the pool would always have a sleeper that cannot help, and each task that is
 * displaced would go to look for it. A thread for each life: to end one, its
 * blocks, slots and timeouts would have to be moved. Handing a worker's queue
 * to a spare thread when a handler blocks, as Go does: only the program knows
 * what blocks, and it can say so before.
 */
#ifndef TROUPE_SCHEDULER_LONE_H
#define TROUPE_SCHEDULER_LONE_H

#include "scheduler/worker.h"
#include "troupe/err.h"

/* Steps of `awake`; see its definition. */
#define TP_LONE_AWAKE UINT64_C(1)
#define TP_LONE_WAKE_UP (UINT64_C(1) << 16)
#define TP_LONE_AWAKE_OF(awake) ((awake)&0xffff)

enum { TP_LONE_COUNT_MAX = 1024 };

struct tp_lone {
    /*
     * The places, of which the first `count` are taken. Each is written once,
     * before `count` is raised with release; whoever has a task that is bound
     * to a place got that by a message that was sent later. Stale: none is.
     */
    struct tp_worker **workers;
    unsigned count_max;
    /*
     * Written by who adds one, with release after its place; read by any
     * thread, with acquire. Stale: the new one is awake, or has no thread, and
     * needs no waking; who looks whether all is done sees `awake` change.
     */
    uint32_t count;
    /*
     * Lone workers awake in the low 16 bits, wake-ups above. Written by them
     * and by wakers, as told above, by read-modify-writes, with the fences of
     * scheduler.c. Stale: as argued above.
     */
    uint64_t awake __attribute__((aligned(64)));
};

/* Room for so many; NO_MEMORY. */
TROUPE_MUST_USE troupe_err tp_lone_init(
    struct tp_scheduler *scheduler, unsigned count_max);

/* No thread runs. */
void tp_lone_fini(struct tp_scheduler *scheduler);

/*
 * Takes the next place, of which there is one. The worker has no thread yet.
 * *worker is written before anybody else can find it, and so is its local.
 * NO_MEMORY.
 */
TROUPE_MUST_USE troupe_err tp_lone_add(
    struct tp_scheduler *scheduler, void *local, struct tp_worker **worker);

/* Starts its thread, unless it has one. SYSTEM. */
TROUPE_MUST_USE troupe_err tp_lone_start(struct tp_worker *worker);

/* The same for all that were added before the start; SYSTEM: the first ones may
 * have been started. */
TROUPE_MUST_USE troupe_err tp_lone_start_all(struct tp_scheduler *scheduler);

/* Its thread goes to sleep, or somebody ends its sleep. */
void tp_lone_count_asleep(struct tp_worker *worker);
void tp_lone_count_awake(struct tp_worker *worker);

/* The last thing that its thread does. */
void tp_lone_leave(struct tp_worker *worker);

/*
 * Waits until the threads have ended, which the halt has told them to, but not
 * after deadline_ns, and joins those that have. True: none runs any more.
 */
TROUPE_MUST_USE bool tp_lone_join(
    struct tp_scheduler *scheduler, uint64_t deadline_ns);

#endif
