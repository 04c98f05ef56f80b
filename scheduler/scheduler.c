/* SPDX-License-Identifier: BSD-2-Clause */
#include "scheduler/scheduler.h"

#include "base/assert.h"
#include "base/err.h"
#include "base/memory.h"
#include "scheduler/simulation.h"

#include <ck_pr.h>
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

static void
count_awake(struct tp_worker *worker)
{
    if (worker->is_lone) {
        tp_lone_count_awake(worker);
    } else {
        ck_pr_add_64(&worker->scheduler->idle, WAKE_UP + SEARCHER - SLEEPER);
    }
}

static void
count_asleep(struct tp_worker *worker)
{
    if (worker->is_lone) {
        tp_lone_count_asleep(worker);
    } else {
        ck_pr_add_64(&worker->scheduler->idle, SLEEPER - SEARCHER);
    }
}

/* True: this call, and no other, ended the worker's sleep, and counted it. */
static bool
claim(struct tp_worker *worker)
{
    if (ck_pr_load_32(&worker->asleep) == 0 ||
        !ck_pr_cas_32(&worker->asleep, 1, 0)) {
        return false;
    }
    count_awake(worker);
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
    for (unsigned i = 0; i < tp_scheduler_all_count(scheduler); i++) {
        (void)wake(tp_scheduler_worker_at(scheduler, i));
    }
}

static void
ready_bound(struct tp_scheduler *scheduler, struct tp_task *task)
{
    struct tp_worker *worker =
        tp_scheduler_worker_at(scheduler, task->bound - 1);

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
    for (unsigned i = 0; i < tp_scheduler_all_count(scheduler); i++) {
        struct tp_worker *worker = tp_scheduler_worker_at(scheduler, i);

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

/* Who sleeps, in the pool and beside it. */
struct rest {
    uint64_t idle;
    uint64_t awake;
};

static struct rest
read_rest(struct tp_scheduler *scheduler)
{
    return (struct rest){
        ck_pr_load_64(&scheduler->idle), ck_pr_load_64(&scheduler->lone.awake)};
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
    struct rest before;
    struct rest after;

    if (!is_draining(drain)) {
        return;
    }
    before = read_rest(scheduler);
    ck_pr_fence_memory();
    if (SLEEPERS_OF(before.idle) != scheduler->workers_count ||
        TP_LONE_AWAKE_OF(before.awake) != 0 || !is_all_done(scheduler)) {
        return;
    }
    ck_pr_fence_memory();
    after = read_rest(scheduler);
    if (after.idle == before.idle && after.awake == before.awake &&
        ck_pr_cas_64(&scheduler->drain, drain, drain + 1)) {
        tp_parker_wake(&scheduler->drainer);
    }
}

/* A searching worker, or a lone one, sleeps until there may be work. */
static void
sleep_until_woken(struct tp_worker *worker)
{
    struct tp_scheduler *scheduler = worker->scheduler;
    uint64_t expiry_ns = tp_timer_wheel_next_ns(&worker->timeouts.wheel);
    bool is_woken = false;

    tp_worker_tell(worker, scheduler->hooks.park);
    ck_pr_store_64(&worker->awaited_count,
        worker->timeouts.awaited_count + worker->io_awaited_count);
    ck_pr_fence_release(); /* whoever counts this sleeper reads the count */
    count_asleep(worker);
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
    tp_worker_tell(worker, scheduler->hooks.unpark);
}

/* What io brings is this worker's own. */
static struct tp_task *
poll_and_find(struct tp_worker *worker)
{
    if (worker->io == NULL) {
        return NULL;
    }
    tp_worker_poll_io(worker);
    return tp_worker_find_own(worker);
}

static struct tp_task *
spin(struct tp_worker *worker)
{
    for (int i = 0; i < SPINS_COUNT; i++) {
        struct tp_task *task = poll_and_find(worker);

        if (task == NULL) {
            task = tp_worker_find_elsewhere(worker);
        }
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
                sleep_until_woken(worker);
            }
            tp_worker_read_clock(worker);
            tp_worker_tick(worker);
            task = tp_worker_find_own(worker);
        }
    }
    end_search(worker);
    return task;
}

static enum tp_timeout_cancel
cancel_timeout(struct tp_scheduler *scheduler, struct tp_timeouts *mine,
    struct tp_timeout *timeout)
{
    struct tp_worker *its =
        tp_scheduler_worker_at(scheduler, timeout->worker_index);
    enum tp_timeout_cancel done =
        tp_timeout_cancel(mine, &its->timeouts, timeout);

    if (done == TP_TIMEOUT_HANDED_ON) {
        /* A drain may wait for it; else it can wait for its owner. */
        ck_pr_fence_memory();
        if (is_draining(ck_pr_load_64(&scheduler->drain))) {
            (void)wake(its);
        }
    }
    return done;
}

enum tp_timeout_cancel
tp_worker_cancel_timeout(struct tp_worker *worker, struct tp_timeout *timeout)
{
    return cancel_timeout(worker->scheduler, &worker->timeouts, timeout);
}

enum tp_timeout_cancel
tp_scheduler_cancel_timeout(
    struct tp_scheduler *scheduler, struct tp_timeout *timeout)
{
    return tp_timeout_cancel_unarmed(timeout)
               ? TP_TIMEOUT_HANDED_ON
               : cancel_timeout(scheduler, NULL, timeout);
}

/* ---- threads ------------------------------------------------------------- */

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

/* The clock before each task: the one before may have blocked. */
static void
run_lone_until_halted(struct tp_worker *worker)
{
    struct tp_scheduler *scheduler = worker->scheduler;

    while (!is_halting(scheduler)) {
        struct tp_task *task = tp_worker_find_bound(worker);

        if (task == NULL) {
            sleep_until_woken(worker);
        }
        tp_worker_read_clock(worker);
        tp_worker_tick(worker);
        if (task != NULL) {
            scheduler->hooks.run(worker, task);
        }
    }
}

static void
enter(struct tp_worker *worker)
{
    struct tp_scheduler *scheduler = worker->scheduler;

    if (worker->is_lone) {
        tp_thread_name("own", worker->index - scheduler->workers_count);
    } else {
        tp_thread_name("", worker->index);
    }
    if (scheduler->pin_workers && worker->is_lone) {
        tp_thread_spread(&scheduler->processors);
    } else if (scheduler->pin_workers) {
        tp_thread_pin(&scheduler->processors, worker->index);
    }
    scheduler->hooks.enter(worker);
}

void *
tp_scheduler_run_worker(void *arg)
{
    struct tp_worker *worker = arg;

    enter(worker);
    tp_worker_enclose(
        worker, worker->is_lone ? run_lone_until_halted : run_until_halted);
    worker->scheduler->hooks.leave(worker);
    if (worker->is_lone) {
        tp_lone_leave(worker);
    }
    return NULL;
}

static void
tell_to_end(struct tp_scheduler *scheduler)
{
    ck_pr_store_32(&scheduler->is_halting, 1);
    ck_pr_fence_memory();
    wake_all(scheduler);
}

static void
join_workers(struct tp_scheduler *scheduler, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        pthread_join(scheduler->workers[i].thread, NULL);
    }
}

/* The start has failed. A handler that runs already has to return first. */
static void
take_back_start(struct tp_scheduler *scheduler, unsigned started)
{
    bool are_joined;

    tell_to_end(scheduler);
    join_workers(scheduler, started);
    are_joined = tp_lone_join(scheduler, UINT64_MAX);
    TP_ASSERT(are_joined);
    ck_pr_store_32(&scheduler->is_halting, 0);
}

static troupe_err
start_workers(struct tp_scheduler *scheduler, unsigned *started)
{
    int refused = 0;

    while (*started < scheduler->workers_count && refused == 0) {
        struct tp_worker *worker = &scheduler->workers[*started];

        refused =
            tp_thread_start(&worker->thread, tp_scheduler_run_worker, worker);
        *started += refused == 0;
    }
    if (refused != 0) {
        return tp_err_set(TROUPE_E_SYSTEM,
            "worker %u of %u: no thread could be made: %s", *started + 1,
            scheduler->workers_count, strerror(refused));
    }
    return TROUPE_OK;
}

troupe_err
tp_scheduler_start(struct tp_scheduler *scheduler)
{
    unsigned started = 0;
    troupe_err err;

    if (scheduler->simulation != NULL) {
        return TROUPE_OK;
    }
    tp_thread_processors(&scheduler->processors);
    err = start_workers(scheduler, &started);
    if (err == TROUPE_OK) {
        err = tp_lone_start_all(scheduler);
    }
    if (err != TROUPE_OK) {
        take_back_start(scheduler, started);
    }
    return err;
}

void
tp_scheduler_halt(struct tp_scheduler *scheduler)
{
    if (scheduler->simulation == NULL) {
        tell_to_end(scheduler);
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
           ck_pr_load_32(&scheduler->is_hurried) == 0 &&
           tp_clock_now_ns(&scheduler->clock) < deadline_ns) {
        tp_parker_park(&scheduler->drainer, deadline_ns);
    }
    return !ck_pr_cas_64(&scheduler->drain, drain, drain + 1);
}

void
tp_scheduler_hurry(struct tp_scheduler *scheduler)
{
    ck_pr_store_32(&scheduler->is_hurried, 1);
    tp_parker_wake(&scheduler->drainer);
}

/* ---- life ---------------------------------------------------------------- */

void
tp_scheduler_init_worker(
    struct tp_scheduler *scheduler, struct tp_worker *worker, unsigned index)
{
    memset(worker, 0, sizeof(*worker));
    worker->scheduler = scheduler;
    worker->simulation = scheduler->simulation;
    worker->hands_on = scheduler->simulation != NULL;
    worker->index = index;
    worker->clock_period = 1;
    worker->handlers_left = 1;
    worker->now_ns = tp_clock_now_ns(&scheduler->clock);
    tp_run_queue_init(&worker->queue);
    tp_timeouts_init(&worker->timeouts, index, worker->now_ns);
    tp_parker_init(&worker->parker, scheduler->parking);
}

/* The workers of the pool; a lone one waits for its tasks alone. */
static troupe_err
open_io(struct tp_scheduler *scheduler)
{
    troupe_err err = TROUPE_OK;

    if (scheduler->io == NULL) {
        return TROUPE_OK;
    }
    for (unsigned i = 0; i < scheduler->workers_count && err == TROUPE_OK;
         i++) {
        struct tp_worker *worker = &scheduler->workers[i];

        tp_parker_init(&worker->parker, &scheduler->io->parking);
        err = scheduler->io->open(worker);
    }
    return err;
}

void
tp_scheduler_close_io(struct tp_scheduler *scheduler)
{
    for (unsigned i = 0; i < scheduler->workers_count; i++) {
        if (scheduler->workers[i].io != NULL) {
            scheduler->io->close(&scheduler->workers[i]);
        }
    }
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
    troupe_err err;

    scheduler->workers = tp_memory_alloc_aligned(64, bytes);
    if (scheduler->workers == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory for %u workers",
            options->workers_count);
    }
    scheduler->workers_count = options->workers_count;
    for (unsigned i = 0; i < options->workers_count; i++) {
        tp_scheduler_init_worker(scheduler, &scheduler->workers[i], i);
    }
    err = open_io(scheduler);
    return err == TROUPE_OK ? tp_lone_init(scheduler, options->lone_max) : err;
}

troupe_err
tp_scheduler_create(
    const struct tp_scheduler_options *options, struct tp_scheduler **scheduler)
{
    struct tp_scheduler *made = tp_memory_alloc_aligned(64, sizeof(*made));
    troupe_err err = TROUPE_OK;

    TP_ASSERT(options->workers_count >= 1 && options->workers_count < 0x8000);
    TP_ASSERT(!options->simulate ||
              (options->workers_count == 1 && options->io == NULL));
    if (made == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory for a scheduler");
    }
    memset(made, 0, sizeof(*made));
    made->hooks = options->hooks;
    made->io = options->io;
    made->pin_workers = options->pin_workers;
    made->parking = options->parking;
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
    tp_scheduler_close_io(*scheduler);
    tp_lone_fini(*scheduler);
    tp_memory_free((*scheduler)->workers);
    tp_memory_free((*scheduler)->simulation);
    tp_memory_free(*scheduler);
    *scheduler = NULL;
}
