/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * worker: one thread that runs ready tasks, and where it keeps them.
 *
 *  - next: the task it made ready last. It runs next, while what it needs is in
 *    this core's caches. Nobody steals it; when another one has its turn before
 *    it, it goes to the queue.
 *  - newborns: tasks that have never run (deque.h). The newest runs when there
 * is no next. Idle workers steal the oldest. What is too many goes to the
 * queue.
 *  - queue: bounded, first in first out; idle workers steal from it what has
 *    waited for a while (run_queue.h). It has its
 *    turn when there is nothing else, and after NEWEST_USES_MAX of the above,
 *    which is as often as is fair to an actor that handles QUANTUM messages in
 *    a turn. Now and then the oldest newborn is moved to it, so that none waits
 *    for ever.
 *  - bound: tasks that only this worker may run, first in first out. Never
 *    stolen. They have every other turn that the queue would have. Others push
 *    them to a stack; the worker itself appends those that it makes ready.
 *  - taken: what it took from the scheduler's stack of injected tasks, which is
 *    unbounded; some of it is moved to the queue at a time, so that others can
 *    steal it.
 *
 * Time is read once in at most CLOCK_PERIOD_MAX handlers, less often where they
 * are quick and each time where they take 50 us, and kept in now_ns: to read
 * the clock costs more than to handle a message.
 *
 * Functions here are for the worker's own thread.
 */
#ifndef TROUPE_SCHEDULER_WORKER_H
#define TROUPE_SCHEDULER_WORKER_H

#include "scheduler/deque.h"
#include "scheduler/io.h"
#include "scheduler/parker.h"
#include "scheduler/run_queue.h"
#include "scheduler/task_stack.h"
#include "scheduler/timeout.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct tp_scheduler;
struct tp_simulation;

struct tp_worker {
    struct tp_scheduler *scheduler;
    struct tp_simulation *simulation; /* NULL: a thread */
    void *local;                      /* the hooks' own */
    uint32_t index;
    bool is_lone;  /* not of the pool: lone.h */
    bool hands_on; /* what it makes ready is not its own: lone, or simulated */
    bool has_thread; /* a lone one's; who starts and joins it */

    /* The worker's thread only. */
    unsigned newest_uses; /* of next and of newborns, in a row */
    struct tp_task *next;
    struct tp_task *taken;
    struct tp_task *bound_oldest; /* taken from `bound`, or its own */
    struct tp_task *bound_newest; /* defined while bound_oldest is not NULL */
    bool is_turn_of_bound;
    unsigned ticks;
    unsigned handlers_left; /* until the clock is read */
    unsigned clock_period;  /* handlers between two readings */
    bool is_tick_due;       /* timeouts are to be looked at */
    uint64_t now_ns;
    struct tp_timeouts timeouts;
    pthread_t thread;
    void *io;                  /* scheduler/io.h; NULL: none */
    uint64_t io_awaited_count; /* what of it a drain waits for */
    uint64_t io_due_ns; /* polled then, if it is busy; poll may put it off */

    /* Shared. */
    struct tp_run_queue queue __attribute__((aligned(64)));
    struct tp_deque newborns __attribute__((aligned(64)));
    struct tp_task_stack bound __attribute__((aligned(64)));
    /*
     * 1 while the worker sleeps or is about to. Written to 1 by it, between the
     * fence after it has counted itself and the full fence before its last
     * look; to 0 by compare-and-swap, by it or by whoever wakes it, who then
     * counts it in the scheduler's `idle`. A stale 0 is made good by that last
     * look.
     */
    uint32_t asleep;
    /*
     * How many timeouts in its wheel a drain waits for, and what io adds.
     * Written by the worker
     * before it counts itself as asleep, which releases it; read by whoever has
     * found all asleep, after a full fence (scheduler.c). Stale: somebody has
     * been awake meanwhile, and the answer is void.
     */
    uint64_t awaited_count;
    /*
     * 1: the thread of a lone worker is about to end. Written by it, with
     * release, before it wakes the scheduler's `drainer`; read by who joins it.
     * Stale: it waits for that wake, or for its deadline.
     */
    uint32_t has_left;
    struct tp_parker parker;
};

enum {
    TP_WORKER_QUANTUM = 64,
    TP_WORKER_CLOCK_PERIOD_MAX = 16,
};

/* As tp_worker_ready(), of a task that has never run. */
void tp_worker_ready_newborn(struct tp_worker *worker, struct tp_task *task);

void tp_worker_displace(struct tp_worker *worker, struct tp_task *task);
void tp_worker_ready_specially(struct tp_worker *worker, struct tp_task *task);
void tp_worker_read_clock(struct tp_worker *worker);

/* Makes task run soon, on this worker or another. */
static inline void
tp_worker_ready(struct tp_worker *worker, struct tp_task *task)
{
    struct tp_task *displaced = worker->next;

    if (__builtin_expect(
            task->bound != TP_TASK_ANYWHERE || worker->hands_on, 0)) {
        tp_worker_ready_specially(worker, task);
        return;
    }
    worker->next = task;
    if (displaced != NULL) {
        tp_worker_displace(worker, displaced);
    }
}

/* Whose parker the word is of. */
static inline struct tp_worker *
tp_worker_of_parker(uint32_t *word)
{
    size_t offset = offsetof(struct tp_worker, parker.word);

    return (struct tp_worker *)(void *)((char *)word - offset);
}

/* The running task has had its turn and has more to do: it goes to the back. */
void tp_worker_yield(struct tp_worker *worker, struct tp_task *task);

/* The oldest task that is bound to this worker; NULL: there is none. */
struct tp_task *tp_worker_find_bound(struct tp_worker *worker);

/* A task that is this worker's to run, or was injected; NULL: there is none. */
struct tp_task *tp_worker_find_own(struct tp_worker *worker);

/* A task of another worker, or as before; NULL: there is none. */
struct tp_task *tp_worker_find_elsewhere(struct tp_worker *worker);

/* Whether a worker that is about to sleep should not. Any thread. */
bool tp_worker_sees_work(struct tp_worker *worker);

/* Polls worker->io; there is one. */
void tp_worker_poll_io(struct tp_worker *worker);

/* How many messages a task may handle in one turn. */
unsigned tp_worker_quantum(struct tp_worker *worker);

/* The time from which a deadline is counted. A task of a lone worker may have
 * blocked since the clock was read. */
static inline uint64_t
tp_worker_now_ns(struct tp_worker *worker)
{
    if (__builtin_expect(worker->is_lone, 0)) {
        tp_worker_read_clock(worker);
    }
    return worker->now_ns;
}

/* To be called once a handler, so that time goes on. */
static inline void
tp_worker_count_handler(struct tp_worker *worker)
{
    if (--worker->handlers_left == 0) {
        tp_worker_read_clock(worker);
    }
}

#endif
