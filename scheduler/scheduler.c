/* SPDX-License-Identifier: BSD-2-Clause */
#include "scheduler/scheduler.h"

#include "base/assert.h"
#include "base/err.h"
#include "base/memory.h"
#include "scheduler/simulation.h"

#include <ck_pr.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
    SPINS_COUNT = 8,
    /* Between two looks, some microseconds: each takes from a busy worker the
     * lines of its queue, which it is about to write again. */
    SPIN_STALLS_COUNT = 128,
};

/* Steps of `idle`; see its definition. */
#define SLEEPER UINT64_C(1)
#define SEARCHER (UINT64_C(1) << 16)
#define WAKE_UP (UINT64_C(1) << 32)
#define SLEEPERS_OF(idle) ((idle)&0xffff)
#define SEARCHERS_OF(idle) ((idle) >> 16 & 0xffff)

/* ---- waking -------------------------------------------------------------- */

/* True: this call, and no other, ended the worker's sleep, and counted it. */
static bool
claim(struct tp_worker *worker)
{
    if (ck_pr_load_32(&worker->asleep) == 0 ||
        !ck_pr_cas_32(&worker->asleep, 1, 0)) {
        return false;
    }
    ck_pr_add_64(&worker->scheduler->idle, WAKE_UP + SEARCHER - SLEEPER);
    return true;
}

/* Ends the worker's sleep. False: it is awake, or woken already. */
static bool
wake(struct tp_worker *worker)
{
    if (!claim(worker)) {
        return false;
    }
    tp_parker_wake(&worker->parker);
    return true;
}

void
tp_scheduler_wake_one(struct tp_scheduler *scheduler)
{
    uint64_t idle = ck_pr_load_64(&scheduler->idle);

    if (SEARCHERS_OF(idle) > 0 || SLEEPERS_OF(idle) == 0) {
        return;
    }
    for (unsigned i = 0; i < scheduler->workers_count; i++) {
        if (wake(&scheduler->workers[i])) {
            return;
        }
    }
}

/* After a full fence: who is about to sleep looks once more. */
static void
wake_all(struct tp_scheduler *scheduler)
{
    for (unsigned i = 0; i < scheduler->workers_count; i++) {
        (void)wake(&scheduler->workers[i]);
    }
}

static void
ready_bound(struct tp_scheduler *scheduler, struct tp_task *task)
{
    struct tp_worker *worker = &scheduler->workers[task->bound - 1];

    tp_task_stack_push(&worker->bound, task);
    ck_pr_fence_memory();
    (void)wake(worker);
}

static void
inject(struct tp_scheduler *scheduler, struct tp_task *task)
{
    tp_task_stack_push(&scheduler->injected, task);
    ck_pr_fence_memory();
    tp_scheduler_wake_one(scheduler);
}

void
tp_scheduler_ready(struct tp_scheduler *scheduler, struct tp_task *task)
{
    if (scheduler->simulation != NULL) {
        tp_simulation_ready(scheduler->simulation, task);
    } else if (task->bound != TP_TASK_ANYWHERE) {
        ready_bound(scheduler, task);
    } else {
        inject(scheduler, task);
    }
}

/* ---- sleeping ------------------------------------------------------------ */

/* Whether others have cancelled timeouts that are still in its wheel. */
static bool
has_cancelled(struct tp_worker *worker)
{
    return ck_pr_load_ptr(&worker->timeouts.cancelled) != NULL;
}

static bool
is_halting(struct tp_scheduler *scheduler)
{
    return ck_pr_load_32(&scheduler->is_halting) != 0;
}

/* Whether, with all workers asleep, nothing will wake one. */
static bool
is_all_done(struct tp_scheduler *scheduler)
{
    for (unsigned i = 0; i < scheduler->workers_count; i++) {
        struct tp_worker *worker = &scheduler->workers[i];

        if (tp_worker_sees_work(worker) || has_cancelled(worker) ||
            ck_pr_load_64(&worker->awaited_count) != 0) {
            return false;
        }
    }
    return true;
}

static bool
is_draining(uint64_t drain)
{
    return drain % 2 != 0;
}

/*
 * The last worker to sleep finds out that all is done: all are counted as
 * asleep, nothing is left, and no wake-up was counted meanwhile, so that all
 * three held at one moment.
 */
static void
notice_drained(struct tp_scheduler *scheduler)
{
    uint64_t drain = ck_pr_load_64(&scheduler->drain);
    uint64_t before;

    if (!is_draining(drain)) {
        return;
    }
    before = ck_pr_load_64(&scheduler->idle);
    ck_pr_fence_memory();
    if (SLEEPERS_OF(before) != scheduler->workers_count ||
        !is_all_done(scheduler)) {
        return;
    }
    ck_pr_fence_memory();
    if (ck_pr_load_64(&scheduler->idle) == before &&
        ck_pr_cas_64(&scheduler->drain, drain, drain + 1)) {
        tp_parker_wake(&scheduler->drainer);
    }
}

/* A searching worker sleeps until there may be work, then searches again. */
static void
sleep_until_woken(struct tp_worker *worker)
{
    struct tp_scheduler *scheduler = worker->scheduler;
    uint64_t expiry_ns = tp_timer_wheel_next_ns(&worker->timeouts.wheel);
    bool is_woken = false;

    ck_pr_store_64(&worker->awaited_count, worker->timeouts.awaited_count);
    ck_pr_fence_release(); /* whoever counts this sleeper reads the count */
    ck_pr_add_64(&scheduler->idle, SLEEPER - SEARCHER);
    ck_pr_fence_atomic_store(); /* who finds it asleep finds it counted */
    ck_pr_store_32(&worker->asleep, 1);
    ck_pr_fence_memory();
    if (!tp_worker_sees_work(worker) && !has_cancelled(worker) &&
        !is_halting(scheduler)) {
        notice_drained(scheduler);
        is_woken = tp_parker_park(&worker->parker, expiry_ns);
    }
    /* Who has claimed this worker counts it, then wakes it: to go on before
     * would be to count itself out before it was counted in. A park may return
     * without a wake, so it waits for that one. */
    is_woken |= claim(worker);
    while (!is_woken) {
        is_woken = tp_parker_park(&worker->parker, UINT64_MAX);
    }
    ck_pr_fence_acquire(); /* counted as awake before it takes anything */
}

static void
sleep_observed(struct tp_worker *worker)
{
    const struct tp_scheduler_hooks *hooks = &worker->scheduler->hooks;

    if (hooks->park != NULL) {
        hooks->park(worker);
    }
    sleep_until_woken(worker);
    if (hooks->unpark != NULL) {
        hooks->unpark(worker);
    }
}

static struct tp_task *
spin(struct tp_worker *worker)
{
    for (int i = 0; i < SPINS_COUNT; i++) {
        struct tp_task *task = tp_worker_find_elsewhere(worker);

        if (task != NULL) {
            return task;
        }
        for (int stall = 0; stall < SPIN_STALLS_COUNT; stall++) {
            ck_pr_stall();
        }
    }
    return NULL;
}

static void
end_search(struct tp_worker *worker)
{
    uint64_t was = ck_pr_faa_64(&worker->scheduler->idle, -SEARCHER);

    ck_pr_fence_memory();
    if (SEARCHERS_OF(was) == 1 && SLEEPERS_OF(was) > 0 &&
        tp_worker_sees_work(worker)) {
        tp_scheduler_wake_one(worker->scheduler);
    }
}

/* A task from elsewhere, however long it takes; NULL when halting. */
static struct tp_task *
search(struct tp_worker *worker)
{
    struct tp_task *task = NULL;

    ck_pr_add_64(&worker->scheduler->idle, SEARCHER);
    while (task == NULL && !is_halting(worker->scheduler)) {
        task = spin(worker);
        if (task == NULL) {
            if (!tp_worker_sees_work(worker)) {
                sleep_observed(worker);
            }
            tp_worker_read_clock(worker);
            tp_worker_tick(worker);
            task = tp_worker_find_own(worker);
        }
    }
    end_search(worker);
    return task;
}

enum tp_timeout_cancel
tp_worker_cancel_timeout(struct tp_worker *worker, struct tp_timeout *timeout)
{
    struct tp_worker *its = &worker->scheduler->workers[timeout->worker_index];
    enum tp_timeout_cancel done =
        tp_timeout_cancel(&worker->timeouts, &its->timeouts, timeout);

    if (done == TP_TIMEOUT_HANDED_ON) {
        /* A drain may wait for it; else it can wait for its owner. */
        ck_pr_fence_memory();
        if (is_draining(ck_pr_load_64(&worker->scheduler->drain))) {
            (void)wake(its);
        }
    }
    return done;
}

/* ---- threads ------------------------------------------------------------- */

/* Binds the calling thread to the index-th processor that it may run on. */
static void
pin(unsigned index)
{
    cpu_set_t allowed;
    cpu_set_t one;

    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) {
        return;
    }
    index %= (unsigned)CPU_COUNT(&allowed);
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &allowed) && index-- == 0) {
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            sched_setaffinity(0, sizeof(one), &one);
            return;
        }
    }
}

static void
name_thread(unsigned index)
{
    char name[16];

    snprintf(name, sizeof(name), "troupe/%u", index % 100000);
    pthread_setname_np(pthread_self(), name);
}

static void
run_until_halted(struct tp_worker *worker)
{
    struct tp_scheduler *scheduler = worker->scheduler;

    while (!is_halting(scheduler)) {
        struct tp_task *task = tp_worker_find_own(worker);

        if (task == NULL) {
            task = search(worker);
        }
        if (task != NULL) {
            scheduler->hooks.run(worker, task);
        }
        if (worker->is_tick_due) {
            tp_worker_tick(worker);
        }
    }
}

static void *
worker_main(void *arg)
{
    struct tp_worker *worker = arg;
    struct tp_scheduler *scheduler = worker->scheduler;

    name_thread(worker->index);
    if (scheduler->pin_workers) {
        pin(worker->index);
    }
    scheduler->hooks.enter(worker);
    tp_worker_enclose(worker, run_until_halted);
    scheduler->hooks.leave(worker);
    return NULL;
}

/* Signals are the program's: workers take only those that they raise. */
static void
block_signals(sigset_t *before)
{
    sigset_t blocked;

    sigfillset(&blocked);
    sigdelset(&blocked, SIGSEGV);
    sigdelset(&blocked, SIGBUS);
    sigdelset(&blocked, SIGFPE);
    sigdelset(&blocked, SIGILL);
    sigdelset(&blocked, SIGTRAP);
    sigdelset(&blocked, SIGABRT);
    sigdelset(&blocked, SIGSYS);
    pthread_sigmask(SIG_SETMASK, &blocked, before);
}

static void
join_workers(struct tp_scheduler *scheduler, unsigned count)
{
    ck_pr_store_32(&scheduler->is_halting, 1);
    ck_pr_fence_memory();
    wake_all(scheduler);
    for (unsigned i = 0; i < count; i++) {
        pthread_join(scheduler->workers[i].thread, NULL);
    }
}

troupe_err
tp_scheduler_start(struct tp_scheduler *scheduler)
{
    sigset_t before;
    int refused = 0;
    unsigned started = 0;

    if (scheduler->simulation != NULL) {
        return TROUPE_OK;
    }
    block_signals(&before);
    while (started < scheduler->workers_count && refused == 0) {
        struct tp_worker *worker = &scheduler->workers[started];

        refused = pthread_create(&worker->thread, NULL, worker_main, worker);
        started += refused == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (refused != 0) {
        join_workers(scheduler, started);
        ck_pr_store_32(&scheduler->is_halting, 0);
        return tp_err_set(TROUPE_E_SYSTEM,
            "worker %u of %u: no thread could be made: %s", started + 1,
            scheduler->workers_count, strerror(refused));
    }
    return TROUPE_OK;
}

void
tp_scheduler_halt(struct tp_scheduler *scheduler)
{
    if (scheduler->simulation == NULL) {
        join_workers(scheduler, scheduler->workers_count);
    }
}

static bool
is_simulation_done(const struct tp_scheduler *scheduler)
{
    return scheduler->simulation->ready_count == 0 &&
           scheduler->workers[0].timeouts.awaited_count == 0;
}

static bool
drain_simulation(struct tp_scheduler *scheduler, uint64_t deadline_ns)
{
    while (!is_simulation_done(scheduler) &&
           tp_clock_now_ns(&scheduler->clock) < deadline_ns &&
           tp_simulation_step(scheduler, deadline_ns)) {
    }
    return is_simulation_done(scheduler);
}

bool
tp_scheduler_drain(struct tp_scheduler *scheduler, uint64_t deadline_ns)
{
    uint64_t drain = ck_pr_load_64(&scheduler->drain) + 1;

    if (scheduler->simulation != NULL) {
        return drain_simulation(scheduler, deadline_ns);
    }
    ck_pr_store_64(&scheduler->drain, drain);
    ck_pr_fence_memory();
    wake_all(scheduler);
    while (ck_pr_load_64(&scheduler->drain) == drain &&
           tp_clock_now_ns(&scheduler->clock) < deadline_ns) {
        tp_parker_park(&scheduler->drainer, deadline_ns);
    }
    return !ck_pr_cas_64(&scheduler->drain, drain, drain + 1);
}

/* ---- life ---------------------------------------------------------------- */

static void
init_worker(struct tp_scheduler *scheduler, unsigned index,
    const struct tp_scheduler_options *options)
{
    struct tp_worker *worker = &scheduler->workers[index];

    worker->scheduler = scheduler;
    worker->simulation = scheduler->simulation;
    worker->index = index;
    worker->clock_period = 1;
    worker->handlers_left = 1;
    worker->now_ns = tp_clock_now_ns(&scheduler->clock);
    tp_run_queue_init(&worker->queue);
    tp_timeouts_init(&worker->timeouts, index, worker->now_ns);
    tp_parker_init(&worker->parker, options->parking);
}

static troupe_err
create_simulation(
    struct tp_scheduler *scheduler, const struct tp_scheduler_options *options)
{
    struct tp_simulation *simulation = tp_memory_alloc(sizeof(*simulation));

    if (simulation == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory for a simulation");
    }
    tp_simulation_init(simulation, options->seed);
    scheduler->simulation = simulation;
    scheduler->clock = tp_clock_virtual(&simulation->now_ns);
    return TROUPE_OK;
}

static troupe_err
create_workers(
    struct tp_scheduler *scheduler, const struct tp_scheduler_options *options)
{
    size_t bytes = options->workers_count * sizeof(struct tp_worker);

    scheduler->workers = tp_memory_alloc_aligned(64, bytes);
    if (scheduler->workers == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory for %u workers",
            options->workers_count);
    }
    memset(scheduler->workers, 0, bytes);
    scheduler->workers_count = options->workers_count;
    for (unsigned i = 0; i < options->workers_count; i++) {
        init_worker(scheduler, i, options);
    }
    return TROUPE_OK;
}

troupe_err
tp_scheduler_create(
    const struct tp_scheduler_options *options, struct tp_scheduler **scheduler)
{
    struct tp_scheduler *made = tp_memory_alloc_aligned(64, sizeof(*made));
    troupe_err err = TROUPE_OK;

    TP_ASSERT(options->workers_count >= 1 && options->workers_count < 0x8000);
    TP_ASSERT(!options->simulate || options->workers_count == 1);
    if (made == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory for a scheduler");
    }
    memset(made, 0, sizeof(*made));
    made->hooks = options->hooks;
    made->pin_workers = options->pin_workers;
    made->clock = tp_clock_monotonic();
    tp_parker_init(&made->drainer, options->parking);
    if (options->simulate) {
        err = create_simulation(made, options);
    }
    if (err == TROUPE_OK) {
        err = create_workers(made, options);
    }
    if (err != TROUPE_OK) {
        tp_scheduler_destroy(&made);
        return err;
    }
    *scheduler = made;
    return TROUPE_OK;
}

void
tp_scheduler_destroy(struct tp_scheduler **scheduler)
{
    tp_memory_free((*scheduler)->workers);
    tp_memory_free((*scheduler)->simulation);
    tp_memory_free(*scheduler);
    *scheduler = NULL;
}
