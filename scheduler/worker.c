/* SPDX-License-Identifier: BSD-2-Clause */
#include "scheduler/worker.h"

#include "scheduler/scheduler.h"
#include "scheduler/simulation.h"

#include <ck_pr.h>

enum {
    NEWEST_USES_MAX = 64,
    NEWBORN_PERIOD = 1024, /* turns until the oldest newborn has its turn */
    INJECTED_PERIOD = 64,  /* turns between two looks at injected tasks */
    SHARED_COUNT = 64,     /* of the taken tasks, in the queue at a time */
    SLOW_NS = 50000,       /* between two readings of the clock */
};

/* ---- making ready -------------------------------------------------------- */

/* first to last, linked by next, are the newest of the worker's own bound
 * tasks. */
static void
append_bound(
    struct tp_worker *worker, struct tp_task *first, struct tp_task *last)
{
    last->next = NULL;
    if (worker->bound_oldest == NULL) {
        worker->bound_oldest = first;
    } else {
        worker->bound_newest->next = first;
    }
    worker->bound_newest = last;
}

/* The worker, which is awake, comes to what is its own without being told. */
void
tp_worker_ready_specially(struct tp_worker *worker, struct tp_task *task)
{
    if (task->bound == 1 + worker->index && worker->simulation == NULL) {
        append_bound(worker, task, task);
    } else {
        tp_scheduler_ready(worker->scheduler, task);
    }
}

/* Puts task where others see it. */
static void
enqueue(struct tp_worker *worker, struct tp_task *task)
{
    if (!tp_run_queue_try_push(&worker->queue, task)) {
        tp_task_stack_push(&worker->scheduler->injected, task);
    }
}

/* There is something that others see. */
static void
call_others(struct tp_worker *worker)
{
    if (worker->scheduler->workers_count > 1) {
        ck_pr_fence_memory();
        tp_scheduler_wake_one(worker->scheduler);
    }
}

void
tp_worker_displace(struct tp_worker *worker, struct tp_task *task)
{
    enqueue(worker, task);
    call_others(worker);
}

static void
enqueue_oldest_newborn(struct tp_worker *worker)
{
    struct tp_task *task = tp_deque_try_steal(&worker->newborns);

    if (task != NULL) {
        enqueue(worker, task);
    }
}

void
tp_worker_ready_newborn(struct tp_worker *worker, struct tp_task *task)
{
    if (task->bound != TP_TASK_ANYWHERE || worker->hands_on) {
        tp_worker_ready_specially(worker, task);
        return;
    }
    while (!tp_deque_try_push(&worker->newborns, task)) {
        enqueue_oldest_newborn(worker);
    }
    call_others(worker);
}

void
tp_worker_yield(struct tp_worker *worker, struct tp_task *task)
{
    bool is_alone = worker->next == NULL &&
                    tp_run_queue_is_empty(&worker->queue) &&
                    tp_deque_is_empty(&worker->newborns);

    if (task->bound != TP_TASK_ANYWHERE || worker->hands_on) {
        tp_worker_ready_specially(worker, task);
        return;
    }
    enqueue(worker, task);
    if (!is_alone) {
        call_others(worker);
    }
}

/* A lone worker's: the next message may have to wait for hours. */
static unsigned __attribute__((cold)) special_quantum(struct tp_worker *worker)
{
    struct tp_simulation *simulation = worker->simulation;

    return simulation == NULL
               ? 1
               : 1 + (unsigned)tp_random_below(
                         &simulation->random, simulation->messages_max);
}

unsigned
tp_worker_quantum(struct tp_worker *worker)
{
    if (__builtin_expect(worker->hands_on, 0)) {
        return special_quantum(worker);
    }
    return TP_WORKER_QUANTUM;
}

/* ---- finding ------------------------------------------------------------- */

/* What others have made ready, oldest first, comes after what is there. */
static void
take_bound(struct tp_worker *worker)
{
    struct tp_task *newest = tp_task_stack_take(&worker->bound);
    struct tp_task *oldest = NULL;
    struct tp_task *rest = newest;

    while (rest != NULL) {
        struct tp_task *task = rest;

        rest = task->next;
        task->next = oldest;
        oldest = task;
    }
    append_bound(worker, oldest, newest);
}

struct tp_task *
tp_worker_find_bound(struct tp_worker *worker)
{
    struct tp_task *task;

    if (!tp_task_stack_is_empty(&worker->bound)) {
        take_bound(worker);
    }
    task = worker->bound_oldest;
    if (task != NULL) {
        worker->bound_oldest = task->next;
    }
    return task;
}

/* Lets others steal some of what this worker has taken. */
static void
share_taken(struct tp_worker *worker)
{
    unsigned shared = 0;

    while (worker->taken != NULL && shared < SHARED_COUNT) {
        struct tp_task *task = worker->taken;
        struct tp_task *rest = task->next;

        if (!tp_run_queue_try_push(&worker->queue, task)) {
            break;
        }
        worker->taken = rest;
        shared++;
    }
    if (shared > 0) {
        call_others(worker);
    }
}

static struct tp_task *
pop_injected(struct tp_worker *worker)
{
    struct tp_task *task;

    if (worker->taken == NULL) {
        worker->taken = tp_task_stack_take(&worker->scheduler->injected);
    }
    task = worker->taken;
    if (task != NULL) {
        worker->taken = task->next;
        share_taken(worker);
    }
    return task;
}

static struct tp_task *
pop_next(struct tp_worker *worker)
{
    struct tp_task *task = worker->next;

    worker->next = NULL;
    return task;
}

/* Bound and injected tasks, which a busy worker would never come to; neither
 * kind first each time, or the other would not have its turn. */
static struct tp_task *
find_neglected(struct tp_worker *worker)
{
    bool is_bound_first = worker->ticks / INJECTED_PERIOD % 2 == 0;
    struct tp_task *task =
        is_bound_first ? tp_worker_find_bound(worker) : pop_injected(worker);

    if (task == NULL) {
        task = is_bound_first ? pop_injected(worker)
                              : tp_worker_find_bound(worker);
    }
    return task;
}

static struct tp_task *
pop_newest(struct tp_worker *worker)
{
    return worker->next != NULL ? pop_next(worker)
                                : tp_deque_try_pop(&worker->newborns);
}

/* While another task has its turn, which may be long, next is where others see
 * it. */
static void
give_up_next(struct tp_worker *worker)
{
    if (worker->next != NULL) {
        tp_worker_displace(worker, pop_next(worker));
    }
}

static struct tp_task *
pop_oldest(struct tp_worker *worker)
{
    struct tp_task *task = NULL;

    worker->newest_uses = 0;
    worker->is_turn_of_bound = !worker->is_turn_of_bound;
    if (worker->is_turn_of_bound) {
        task = tp_worker_find_bound(worker);
    }
    if (task == NULL) {
        task = tp_run_queue_try_pop(&worker->queue);
    }
    if (task == NULL) {
        return pop_newest(worker);
    }
    give_up_next(worker);
    return task;
}

struct tp_task *
tp_worker_find_own(struct tp_worker *worker)
{
    struct tp_task *task = NULL;

    if (++worker->ticks % NEWBORN_PERIOD == 0) {
        enqueue_oldest_newborn(worker);
    }
    if (worker->ticks % INJECTED_PERIOD == 0 &&
        (task = find_neglected(worker)) != NULL) {
        give_up_next(worker);
        return task;
    }
    if (worker->newest_uses++ < NEWEST_USES_MAX) {
        task = pop_newest(worker);
    }
    if (task == NULL) {
        task = pop_oldest(worker);
    }
    return task != NULL ? task : find_neglected(worker);
}

static struct tp_task *
steal(struct tp_worker *worker)
{
    struct tp_scheduler *scheduler = worker->scheduler;
    uint64_t now_ns = tp_clock_now_ns(&scheduler->clock);

    for (unsigned i = 1; i < scheduler->workers_count; i++) {
        unsigned victim = (worker->index + i) % scheduler->workers_count;
        struct tp_worker *other = &scheduler->workers[victim];
        struct tp_task *task = tp_run_queue_try_steal(&other->queue, now_ns);

        if (task == NULL) {
            task = tp_deque_try_steal(&other->newborns);
        }
        if (task != NULL) {
            return task;
        }
    }
    return NULL;
}

struct tp_task *
tp_worker_find_elsewhere(struct tp_worker *worker)
{
    struct tp_task *task = steal(worker);

    return task != NULL ? task : find_neglected(worker);
}

bool
tp_worker_sees_work(struct tp_worker *worker)
{
    struct tp_scheduler *scheduler = worker->scheduler;

    if (!tp_task_stack_is_empty(&worker->bound)) {
        return true;
    }
    if (worker->is_lone) {
        return false;
    }
    if (!tp_task_stack_is_empty(&scheduler->injected)) {
        return true;
    }
    for (unsigned i = 0; i < scheduler->workers_count; i++) {
        if (!tp_run_queue_is_empty(&scheduler->workers[i].queue) ||
            !tp_deque_is_empty(&scheduler->workers[i].newborns)) {
            return true;
        }
    }
    return false;
}

/* ---- running ------------------------------------------------------------- */

void
tp_worker_enclose(
    struct tp_worker *worker, void (*body)(struct tp_worker *worker))
{
    struct tp_scheduler_hooks *hooks = &worker->scheduler->hooks;

    if (hooks->enclose != NULL) {
        hooks->enclose(worker, body);
    } else {
        body(worker);
    }
}

/* ---- io ------------------------------------------------------------------ */

void
tp_worker_poll_io(struct tp_worker *worker)
{
    worker->io_due_ns = worker->now_ns + TP_IO_POLL_NS;
    worker->scheduler->io->poll(worker);
}

/* A worker that is busy polls now and then. */
static void __attribute__((noinline, cold))
poll_in_time(struct tp_worker *worker)
{
    if (worker->now_ns >= worker->io_due_ns) {
        tp_worker_poll_io(worker);
    }
}

/* ---- time ---------------------------------------------------------------- */

void
tp_worker_read_clock(struct tp_worker *worker)
{
    uint64_t now_ns = tp_clock_now_ns(&worker->scheduler->clock);

    if (now_ns - worker->now_ns > SLOW_NS) {
        worker->clock_period = (worker->clock_period + 1) / 2;
    } else if (worker->clock_period < TP_WORKER_CLOCK_PERIOD_MAX) {
        worker->clock_period *= 2;
    }
    worker->handlers_left = worker->clock_period;
    worker->now_ns = now_ns;
    worker->is_tick_due = true;
}

void
tp_worker_tick(struct tp_worker *worker)
{
    struct tp_scheduler_hooks *hooks = &worker->scheduler->hooks;
    struct tp_timeout *timeout;

    worker->is_tick_due = false;
    while ((timeout = tp_timeouts_take_cancelled(&worker->timeouts)) != NULL) {
        hooks->release(worker, timeout);
    }
    while ((timeout = tp_timeouts_pop_expired(
                &worker->timeouts, worker->now_ns)) != NULL) {
        hooks->expire(worker, timeout);
    }
    if (__builtin_expect(worker->io != NULL, 0)) {
        poll_in_time(worker);
    }
}

void
tp_worker_add_timeout(struct tp_worker *worker, struct tp_timeout *timeout,
    uint64_t expires_ns, enum tp_timeout_awaited awaited)
{
    tp_timeouts_add(&worker->timeouts, timeout, expires_ns, awaited);
}

bool
tp_worker_arm_timeout(struct tp_worker *worker, struct tp_timeout *timeout,
    uint64_t expires_ns, enum tp_timeout_awaited awaited)
{
    return tp_timeouts_arm(&worker->timeouts, timeout, expires_ns, awaited);
}

void
tp_worker_release_timeouts(struct tp_worker *worker)
{
    struct tp_timeout *timeout;

    while ((timeout = tp_timeouts_take_any(&worker->timeouts)) != NULL) {
        worker->scheduler->hooks.release(worker, timeout);
    }
}
