/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scheduler: workers that run ready tasks, and sleep when there are none.
 *
 * It has two back ends behind one interface. Threads: one worker a processor,
 * each with its own queue, stealing from each other; this is the pool, and
 * beside it there may be lone workers, for tasks that block (lone.h).
 * Simulation: one worker and no thread; a seed picks who runs next and time is
 * virtual (simulation.h).
 *
 * Sleeping. A worker that finds nothing searches for a moment, then sleeps. The
 * word `idle` counts who searches and who sleeps.
 *
 *     who                  does, in this order
 *     a maker of work      1 puts the task where others see it
 *                          2 full fence
 *                          3 if nobody searches and somebody sleeps, wakes one:
 *                            clears that worker's `asleep`, counts it as
 *                            searching, wakes its parker
 *     a worker, to sleep   1 counts itself from searching to sleeping
 *                          2 sets its `asleep`
 *                          3 full fence
 *                          4 looks everywhere once more; then parks
 *     a worker that has    1 counts itself out of searching
 *     found a task         2 full fence
 *                          3 if it was the last to search and sees more work,
 *                            wakes one
 *
 * No wake-up is lost. Let a maker put a task where others see it and wake
 * nobody. Either it saw somebody search: that one later counts itself out, by
 * sleeping or by finding, and then looks, after the maker's first step, so it
 * sees the task (or somebody has taken it). Or it saw nobody sleep: then all
 * workers are awake, and each looks everywhere before it sleeps. Or it saw the
 * count of a sleeper whose `asleep` was not set yet: that worker's last look
 * comes after. In each case the full fences on both sides order "write mine,
 * read theirs", so that one of the two sees the other.
 *
 * To drain and to halt are like making work: set the word, full fence, wake all
 * who sleep. A parker is woken only by whoever has cleared `asleep`, and after
 * counting; a worker whose `asleep` somebody else has cleared waits for that
 * wake. So no worker goes on uncounted.
 *
 * A task in a worker's `next`, or among the bound tasks that it has taken, is
 * seen by nobody else; the worker that put it there is awake and runs it when
 * the handler at hand returns. A task that is bound is made ready by the same
 * steps as others, but that the one to be woken is known: push to its stack,
 * full fence, wake it if it is `asleep`; and its last look is at that stack,
 * too.
 *
 * Who may call what:
 *     tp_scheduler_ready      any thread that is not a worker
 *     tp_scheduler_drain      one thread that is not a worker
 *     tp_scheduler_hurry      any thread
 *     tp_scheduler_worker_at  any thread
 *     create start halt destroy   one thread
 */
#ifndef TROUPE_SCHEDULER_SCHEDULER_H
#define TROUPE_SCHEDULER_SCHEDULER_H

#include "base/clock.h"
#include "scheduler/lone.h"
#include "scheduler/thread.h"
#include "scheduler/worker.h"
#include "troupe/err.h"

struct tp_scheduler_hooks {
    /* Runs a ready task on worker. */
    void (*run)(struct tp_worker *worker, struct tp_task *task);
    /* Has the timeout, which is EXPIRED, from here on. */
    void (*expire)(struct tp_worker *worker, struct tp_timeout *timeout);
    /* Has the memory of a cancelled timeout back. */
    void (*release)(struct tp_worker *worker, struct tp_timeout *timeout);
    /* First and last on each worker's thread. */
    void (*enter)(struct tp_worker *worker);
    void (*leave)(struct tp_worker *worker);
    /*
     * Calls body(worker), which runs tasks, until it has returned. It may leave
     * it by a jump out of the run hook and call it again: body has nothing at
     * hand while a task runs. NULL: body is called once.
     */
    void (*enclose)(
        struct tp_worker *worker, void (*body)(struct tp_worker *worker));
    /* Before and after a worker's thread sleeps; NULL: nobody is told. */
    void (*park)(struct tp_worker *worker);
    void (*unpark)(struct tp_worker *worker);
};

struct tp_scheduler_options {
    unsigned workers_count; /* at least 1; a simulation has 1 */
    unsigned lone_max;      /* lone workers beside them, at most */
    bool pin_workers;
    bool simulate;
    uint64_t seed;
    const struct tp_parking
        *parking;           /* of the workers, unless io has its own */
    const struct tp_io *io; /* NULL: none; not in a simulation */
    struct tp_scheduler_hooks hooks;
};

struct tp_scheduler {
    struct tp_worker *workers; /* of the pool */
    unsigned workers_count;
    struct tp_lone lone;
    bool pin_workers;
    cpu_set_t processors; /* that who started it may use */
    const struct tp_parking *parking;
    struct tp_scheduler_hooks hooks;
    const struct tp_io *io; /* NULL: none */
    struct tp_clock clock;
    struct tp_simulation *simulation; /* NULL: threads */

    /* Tasks made ready by other threads, or too many for a queue. */
    struct tp_task_stack injected __attribute__((aligned(64)));
    /*
     * Sleepers in the low 16 bits, searchers in the next 16, wake-ups above.
     * Written by workers and wakers as in the table above, by
     * read-modify-writes, with the fences named there. Stale: as argued there.
     */
    uint64_t idle __attribute__((aligned(64)));
    /*
     * 1: workers are to end. Written by halt, before a full fence and before
     * all are woken; read by a worker before each task, and after the full
     * fence before it parks. Stale: it runs a task more.
     */
    uint32_t is_halting __attribute__((aligned(64)));
    /*
     * Odd: a drain is under way, and `drainer` is to be woken when nothing is
     * left. Written by drain, the next number, before a full fence and before
     * it wakes all; read by a worker after the full fence before it parks. One
     * more ends the drain: written, by compare-and-swap, by the worker that
     * finds nothing left, before it wakes `drainer`, or by the drain that has
     * waited for too long. So a worker that stood still between its look and
     * its word ends no later drain. A stale even number costs nothing, because
     * that worker is woken; nor does a stale odd one, because the drainer is.
     */
    uint64_t drain;
    /*
     * 1: drains wait for nothing any more. Written by whoever hurries them,
     * before it wakes `drainer`; read by the drain before each park. It
     * orders nothing. A stale 0: the wake is still to come.
     */
    uint32_t is_hurried;
    struct tp_parker drainer;
};

/* *scheduler is the caller's. NO_MEMORY. */
TROUPE_MUST_USE troupe_err tp_scheduler_create(
    const struct tp_scheduler_options *options,
    struct tp_scheduler **scheduler);

/* Gives back what io has, and waits for what it does; tp_scheduler_destroy()
 * does that, too. Not while threads run. */
void tp_scheduler_close_io(struct tp_scheduler *scheduler);

/* Not while threads run. */
void tp_scheduler_destroy(struct tp_scheduler **scheduler);

/* Starts the threads; a simulation needs none. SYSTEM: none is left running. */
TROUPE_MUST_USE troupe_err tp_scheduler_start(struct tp_scheduler *scheduler);

/* Makes task run soon. Under simulation: its one thread. */
void tp_scheduler_ready(struct tp_scheduler *scheduler, struct tp_task *task);

/*
 * Wakes a worker if one sleeps and none searches. After a full fence: see the
 * table above. Any thread.
 */
void tp_scheduler_wake_one(struct tp_scheduler *scheduler);

/*
 * Waits until no task is ready and no timeout awaited, or until deadline_ns.
 * True: nothing was left. Other timeouts that come due meanwhile expire. Nobody
 * may make tasks ready from outside meanwhile.
 */
bool tp_scheduler_drain(struct tp_scheduler *scheduler, uint64_t deadline_ns);

/* The drain that is under way, and each later one, is over at once. */
void tp_scheduler_hurry(struct tp_scheduler *scheduler);

/* How many workers there are by now: those of the pool, and lone ones. */
static inline unsigned
tp_scheduler_all_count(const struct tp_scheduler *scheduler)
{
    unsigned lone_count = ck_pr_load_32(&scheduler->lone.count);

    ck_pr_fence_acquire();
    return scheduler->workers_count + lone_count;
}

/* The worker with that index. Who has the index has it from somebody who has
 * seen the worker made. */
static inline struct tp_worker *
tp_scheduler_worker_at(const struct tp_scheduler *scheduler, unsigned index)
{
    return index < scheduler->workers_count
               ? &scheduler->workers[index]
               : ck_pr_load_ptr(
                     &scheduler->lone
                          .workers[index - scheduler->workers_count]);
}

/* Lets each worker end after the task it runs, and joins those of the pool. See
 * tp_lone_join(). */
void tp_scheduler_halt(struct tp_scheduler *scheduler);

/* Adds a timeout to worker's own wheel. The worker. */
void tp_worker_add_timeout(struct tp_worker *worker, struct tp_timeout *timeout,
    uint64_t expires_ns, enum tp_timeout_awaited awaited);

/* As tp_worker_add_timeout(), of one that is UNARMED. False: it was cancelled
 * on its way, and is the caller's. The worker. */
TROUPE_MUST_USE bool tp_worker_arm_timeout(struct tp_worker *worker,
    struct tp_timeout *timeout, uint64_t expires_ns,
    enum tp_timeout_awaited awaited);

/* See tp_timeout_cancel(); of one that was UNARMED, by the thread that made it,
 * which is no worker. */
enum tp_timeout_cancel tp_scheduler_cancel_timeout(
    struct tp_scheduler *scheduler, struct tp_timeout *timeout);

/* See tp_timeout_cancel(). The worker. */
enum tp_timeout_cancel tp_worker_cancel_timeout(
    struct tp_worker *worker, struct tp_timeout *timeout);

/* Gives what is left in worker's wheel to the release hook. No threads run. */
void tp_worker_release_timeouts(struct tp_worker *worker);

/* Makes a worker of uninitialized memory. */
void tp_scheduler_init_worker(
    struct tp_scheduler *scheduler, struct tp_worker *worker, unsigned index);

/* What a worker's thread runs: arg is the worker. */
void *tp_scheduler_run_worker(void *arg);

/* Calls body through the enclose hook. The worker. */
void tp_worker_enclose(
    struct tp_worker *worker, void (*body)(struct tp_worker *worker));

/* Calls a hook that there need not be. The worker. */
static inline void
tp_worker_tell(struct tp_worker *worker, void (*hook)(struct tp_worker *worker))
{
    if (hook != NULL) {
        hook(worker);
    }
}

/* Gives expired and cancelled timeouts to the hooks. The worker. */
void tp_worker_tick(struct tp_worker *worker);

#endif
