/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: whatever is made ready runs once, where it may, however busy others
 * are; drain tells the truth; halt ends.
 *
 * Method: jobs on real workers. With one worker the order is the scheduler's
 * own and is checked. Waiting is by drain or by a job that ends the wait.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tests/support/jobs.h"

enum {
    MANY = 5000,      /* more than fit in a run queue */
    TURNS_MAX = 20000 /* a job that must be seen to is, by then */
};

#define HOUR_NS (UINT64_C(3600) * 1000000000)
#define FOREVER UINT64_MAX

static struct tp_scheduler *scheduler;
static struct job *jobs;
static _Atomic(int) order_length;
static int order[MANY];
static _Atomic(int) expired_count;
static _Atomic(int) released_count;
static struct tp_timeout timeouts[2];

static int
setup(void **state)
{
    (void)state;
    jobs = calloc(MANY, sizeof(*jobs));
    for (int i = 0; i < MANY; i++) {
        job_init(&jobs[i], NULL);
        jobs[i].number = i;
    }
    atomic_store(&order_length, 0);
    atomic_store(&expired_count, 0);
    atomic_store(&released_count, 0);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    tp_scheduler_destroy(&scheduler);
    free(jobs);
    return tp_memory_blocks_count() == 0 ? 0 : -1;
}

static void
create(const struct tp_scheduler_options *options)
{
    assert_int_equal(tp_scheduler_create(options, &scheduler), TROUPE_OK);
}

static void
start(unsigned workers_count)
{
    struct tp_scheduler_options options = jobs_options(workers_count);

    create(&options);
    assert_int_equal(tp_scheduler_start(scheduler), TROUPE_OK);
}

static void
ready(struct job *job)
{
    tp_scheduler_ready(scheduler, &job->task);
}

static void
drain_and_halt(void)
{
    assert_true(tp_scheduler_drain(scheduler, FOREVER));
    tp_scheduler_halt(scheduler);
}

static void
note_order(struct tp_worker *worker, struct job *job)
{
    (void)worker;
    order[atomic_fetch_add(&order_length, 1)] = job->number;
}

static void
assert_order(int length, const int *expected)
{
    assert_int_equal(atomic_load(&order_length), length);
    for (int i = 0; i < length; i++) {
        assert_int_equal(order[i], expected[i]);
    }
}

/* ---- life ---------------------------------------------------------------- */

static _Atomic(int) entered[4];
static _Atomic(int) left[4];

static void
check_entry(struct tp_worker *worker)
{
    char name[16];
    char expected[16];
    sigset_t blocked;

    snprintf(expected, sizeof(expected), "troupe/%u", worker->index);
    CHECK(pthread_getname_np(pthread_self(), name, sizeof(name)) == 0);
    CHECK(strcmp(name, expected) == 0);
    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &blocked) == 0);
    CHECK(sigismember(&blocked, SIGTERM) == 1);
    CHECK(sigismember(&blocked, SIGSEGV) == 0);
    CHECK(pthread_equal(pthread_self(), worker->thread));
    atomic_fetch_add(&entered[worker->index], 1);
}

static void
note_leaving(struct tp_worker *worker)
{
    CHECK(pthread_equal(pthread_self(), worker->thread));
    atomic_fetch_add(&left[worker->index], 1);
}

static void
each_worker_enters_and_leaves_on_a_thread_of_its_own(void **state)
{
    struct tp_scheduler_options options = jobs_options(4);
    sigset_t before;
    sigset_t after;

    (void)state;
    options.hooks.enter = check_entry;
    options.hooks.leave = note_leaving;
    create(&options);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    assert_int_equal(tp_scheduler_start(scheduler), TROUPE_OK);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    assert_int_equal(
        sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
    drain_and_halt();
    for (int i = 0; i < 4; i++) {
        assert_int_equal(atomic_load(&entered[i]), 1);
        assert_int_equal(atomic_load(&left[i]), 1);
    }
}

static void
without_memory_no_scheduler_is_made_and_nothing_lost(void **state)
{
    struct tp_scheduler_options options = jobs_options(1);
    uint64_t before = tp_memory_blocks_count();

    (void)state;
    for (int simulate = 0; simulate < 2; simulate++) {
        options.simulate = simulate != 0;
        for (uint64_t n = 1; n <= (simulate != 0 ? 3 : 2); n++) {
            tp_memory_fail_at(n);
            assert_int_equal(
                tp_scheduler_create(&options, &scheduler), TROUPE_E_NO_MEMORY);
            assert_true(tp_memory_blocks_count() == before);
        }
    }
    create(&options);
}

static void
halt_does_not_wait_for_what_is_ready(void **state)
{
    (void)state;
    start(1);
    for (int i = 0; i < MANY; i++) {
        ready(&jobs[i]);
    }
    tp_scheduler_halt(scheduler);
    for (int i = 0; i < MANY; i++) {
        assert_true(job_runs_count(&jobs[i]) <= 1);
    }
}

/* ---- running ------------------------------------------------------------- */

static void
assert_each_ran_once(int first, int count)
{
    for (int i = first; i < first + count; i++) {
        assert_int_equal(job_runs_count(&jobs[i]), 1);
    }
}

static void
a_jump_out_of_a_task_skips_nothing_else(void **state)
{
    struct tp_scheduler_options options = jobs_options(3);

    (void)state;
    options.hooks.enclose = jobs_enclose;
    options.hooks.leave = note_leaving;
    memset(left, 0, sizeof(left));
    create(&options);
    for (int i = 0; i < MANY; i += 10) {
        jobs[i].run = jobs_jump_out;
    }
    for (int i = 0; i < MANY; i++) {
        ready(&jobs[i]);
    }
    assert_int_equal(tp_scheduler_start(scheduler), TROUPE_OK);
    drain_and_halt();
    assert_each_ran_once(0, MANY);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(atomic_load(&left[i]), 1);
    }
}

static void
every_task_made_ready_from_outside_runs_once(void **state)
{
    (void)state;
    start(3);
    for (int i = 0; i < MANY; i++) {
        ready(&jobs[i]);
    }
    drain_and_halt();
    assert_each_ran_once(0, MANY);
}

static void
ready_all_others(struct tp_worker *worker, struct job *job)
{
    (void)job;
    for (int i = 1; i < MANY; i++) {
        tp_worker_ready(worker, &jobs[i].task);
    }
}

static void
more_tasks_than_a_queue_holds_all_run_once(void **state)
{
    (void)state;
    for (unsigned workers_count = 1; workers_count <= 3; workers_count++) {
        for (int i = 0; i < MANY; i++) {
            atomic_store(&jobs[i].runs_count, 0);
        }
        jobs[0].run = ready_all_others;
        start(workers_count);
        ready(&jobs[0]);
        drain_and_halt();
        assert_each_ran_once(0, MANY);
        if (workers_count < 3) {
            tp_scheduler_destroy(&scheduler);
        }
    }
}

static void
bind(int first, int count, unsigned worker_index)
{
    for (int i = first; i < first + count; i++) {
        jobs[i].task.bound = 1 + worker_index;
    }
}

/* jobs_run() checks where. */
static void
bound_tasks_run_on_their_worker_alone(void **state)
{
    (void)state;
    start(3);
    bind(1, 2000, 0);
    bind(2001, 1000, 1);
    bind(3001, 1000, 2);
    jobs[0].run = ready_all_others;
    ready(&jobs[0]);
    drain_and_halt();
    assert_each_ran_once(0, MANY);

    tp_scheduler_destroy(&scheduler);
    start(3);
    for (int i = 1; i < MANY; i++) {
        ready(&jobs[i]);
    }
    drain_and_halt();
    for (int i = 1; i < MANY; i++) {
        assert_int_equal(job_runs_count(&jobs[i]), 2);
    }
}

enum { ROUNDS = 1000 };

/* The first ROUNDS turns are noted. */
static void
note_and_yield(struct tp_worker *worker, struct job *job)
{
    int at = atomic_fetch_add(&order_length, 1);

    if (at < ROUNDS) {
        order[at] = job->number;
        tp_worker_yield(worker, &job->task);
    }
}

/* Three that are bound and three that are not, on a worker that is never idle:
 * each of them has a fair share, and the bound ones are run in order. */
static void
bound_tasks_take_turns_with_the_queue(void **state)
{
    struct tp_scheduler_options options = jobs_options(1);
    int turns[6] = {0};
    int last_bound = -1;

    (void)state;
    create(&options);
    bind(0, 3, 0);
    for (int i = 0; i < 6; i++) {
        jobs[i].run = note_and_yield;
        ready(&jobs[i]);
    }
    assert_int_equal(tp_scheduler_start(scheduler), TROUPE_OK);
    drain_and_halt();
    for (int i = 0; i < ROUNDS; i++) {
        turns[order[i]]++;
        if (order[i] < 3) {
            assert_true(last_bound < 0 || order[i] == (last_bound + 1) % 3);
            last_bound = order[i];
        }
    }
    for (int i = 0; i < 6; i++) {
        assert_true(turns[i] > ROUNDS / 12);
    }
}

static void
yield_ten_times(struct tp_worker *worker, struct job *job)
{
    if (job_runs_count(job) <= 10) {
        tp_worker_yield(worker, &job->task);
    }
}

static void
a_task_that_yields_runs_again(void **state)
{
    (void)state;
    start(2);
    bind(0, 10, 1);
    for (int i = 0; i < 20; i++) {
        jobs[i].run = yield_ten_times;
        ready(&jobs[i]);
    }
    drain_and_halt();
    for (int i = 0; i < 20; i++) {
        assert_int_equal(job_runs_count(&jobs[i]), 11);
    }
}

static void
ready_one_to_three(struct tp_worker *worker, struct job *job)
{
    note_order(worker, job);
    for (int i = 1; i <= 3; i++) {
        tp_worker_ready(worker, &jobs[i].task);
    }
}

static void
the_task_made_ready_last_runs_next_and_the_others_in_order(void **state)
{
    static const int expected[] = {0, 3, 1, 2};

    (void)state;
    start(1);
    jobs[0].run = ready_one_to_three;
    for (int i = 1; i <= 3; i++) {
        jobs[i].run = note_order;
    }
    ready(&jobs[0]);
    drain_and_halt();
    assert_order(4, expected);
}

static void
ready_one_then_yield_once(struct tp_worker *worker, struct job *job)
{
    note_order(worker, job);
    if (job_runs_count(job) == 1) {
        tp_worker_ready(worker, &jobs[1].task);
        tp_worker_yield(worker, &job->task);
    }
}

static void
a_task_that_yields_goes_behind_the_others(void **state)
{
    static const int expected[] = {0, 1, 0};

    (void)state;
    start(1);
    jobs[0].run = ready_one_then_yield_once;
    jobs[1].run = note_order;
    ready(&jobs[0]);
    drain_and_halt();
    assert_order(3, expected);
}

static void
ready_three_newborns(struct tp_worker *worker, struct job *job)
{
    note_order(worker, job);
    for (int i = 1; i <= 3; i++) {
        tp_worker_ready_newborn(worker, &jobs[i].task);
    }
    tp_worker_ready(worker, &jobs[5].task);
    tp_worker_ready(worker, &jobs[6].task);
}

static void
ready_a_newborn(struct tp_worker *worker, struct job *job)
{
    note_order(worker, job);
    tp_worker_ready_newborn(worker, &jobs[4].task);
}

static void
newborns_run_the_newest_first_after_next_and_before_the_queue(void **state)
{
    static const int expected[] = {0, 6, 3, 4, 2, 1, 5};

    (void)state;
    start(1);
    for (int i = 1; i <= 6; i++) {
        jobs[i].run = i == 3 ? ready_a_newborn : note_order;
    }
    jobs[0].run = ready_three_newborns;
    ready(&jobs[0]);
    drain_and_halt();
    assert_order(7, expected);
}

static void
ready_many_newborns(struct tp_worker *worker, struct job *job)
{
    (void)job;
    for (int i = 1; i < MANY; i++) {
        tp_worker_ready_newborn(worker, &jobs[i].task);
    }
}

static void
run_many_newborns(unsigned workers_count)
{
    start(workers_count);
    jobs[0].run = ready_many_newborns;
    ready(&jobs[0]);
    drain_and_halt();
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(job_runs_count(&jobs[i]), 1);
    }
}

static void
more_newborns_than_a_deque_holds_all_run_once(void **state)
{
    (void)state;
    run_many_newborns(1);
}

static void
newborns_that_are_stolen_all_run_once(void **state)
{
    (void)state;
    run_many_newborns(3);
}

/* ---- fairness, on one worker --------------------------------------------- */

/* Jobs 0 and 1 keep the worker busy until job 2 has run, or for too long. */
static bool
is_busy(void)
{
    return job_runs_count(&jobs[2]) == 0 &&
           job_runs_count(&jobs[0]) < TURNS_MAX;
}

static void
assert_job_2_had_its_turn(void)
{
    drain_and_halt();
    assert_int_equal(job_runs_count(&jobs[2]), 1);
    assert_true(job_runs_count(&jobs[0]) < TURNS_MAX);
}

static void
ready_the_other(struct tp_worker *worker, struct job *job)
{
    if (is_busy()) {
        tp_worker_ready(worker, &jobs[1 - job->number].task);
    }
}

static void
ready_one_and_two(struct tp_worker *worker, struct job *job)
{
    (void)job;
    tp_worker_ready(worker, &jobs[2].task);
    tp_worker_ready(worker, &jobs[0].task);
}

static void
two_tasks_that_call_each_other_do_not_starve_the_queue(void **state)
{
    (void)state;
    start(1);
    jobs[0].run = ready_the_other;
    jobs[1].run = ready_the_other;
    jobs[3].run = ready_one_and_two;
    ready(&jobs[3]);
    assert_job_2_had_its_turn();
}

static void
inject_two_then_ready_one(struct tp_worker *worker, struct job *job)
{
    if (job_runs_count(job) == 1) {
        ready(&jobs[2]);
    }
    ready_the_other(worker, job);
}

static void
ready_the_other_as_a_newborn(struct tp_worker *worker, struct job *job)
{
    if (is_busy()) {
        tp_worker_ready_newborn(worker, &jobs[1 - job->number].task);
    }
}

static void
ready_all_as_newborns(struct tp_worker *worker, struct job *job)
{
    (void)job;
    tp_worker_ready_newborn(worker, &jobs[2].task);
    tp_worker_ready_newborn(worker, &jobs[0].task);
}

static void
ready_two_and_a_newborn(struct tp_worker *worker, struct job *job)
{
    (void)job;
    tp_worker_ready(worker, &jobs[2].task);
    tp_worker_ready(worker, &jobs[4].task);
    tp_worker_ready_newborn(worker, &jobs[0].task);
}

static void
starve_job_2(void (*begin)(struct tp_worker *worker, struct job *job))
{
    jobs[0].run = ready_the_other_as_a_newborn;
    jobs[1].run = ready_the_other_as_a_newborn;
    jobs[3].run = begin;
    start(1);
    ready(&jobs[3]);
    assert_job_2_had_its_turn();
}

static void
newborns_that_make_newborns_do_not_starve_the_oldest(void **state)
{
    (void)state;
    starve_job_2(ready_all_as_newborns);
}

static void
newborns_that_make_newborns_do_not_starve_the_queue(void **state)
{
    (void)state;
    starve_job_2(ready_two_and_a_newborn);
}

static void
busy_tasks_do_not_starve_one_from_outside(void **state)
{
    (void)state;
    start(1);
    jobs[0].run = inject_two_then_ready_one;
    jobs[1].run = ready_the_other;
    ready(&jobs[0]);
    assert_job_2_had_its_turn();
}

static void
busy_tasks_do_not_starve_a_bound_one(void **state)
{
    (void)state;
    start(1);
    bind(2, 1, 0);
    jobs[0].run = inject_two_then_ready_one;
    jobs[1].run = ready_the_other;
    ready(&jobs[0]);
    assert_job_2_had_its_turn();
}

static void
inject_two_then_yield(struct tp_worker *worker, struct job *job)
{
    if (job_runs_count(job) == 1) {
        ready(&jobs[2]);
    }
    if (is_busy()) {
        tp_worker_yield(worker, &job->task);
    }
}

static void
a_busy_bound_task_does_not_starve_one_from_outside(void **state)
{
    (void)state;
    start(1);
    bind(0, 1, 0);
    jobs[0].run = inject_two_then_yield;
    ready(&jobs[0]);
    assert_job_2_had_its_turn();
}

static void
a_task_that_yields_does_not_starve_one_from_outside(void **state)
{
    (void)state;
    start(1);
    jobs[0].run = inject_two_then_yield;
    ready(&jobs[0]);
    assert_job_2_had_its_turn();
}

/* ---- time and drain ------------------------------------------------------ */

static void
count_expired(struct tp_worker *worker, struct tp_timeout *timeout)
{
    CHECK(timeout->state == TP_TIMEOUT_EXPIRED);
    CHECK(timeout->worker_index == worker->index);
    atomic_fetch_add(&expired_count, 1);
    tp_worker_ready(worker, &jobs[1].task);
}

static void
count_released(struct tp_worker *worker, struct tp_timeout *timeout)
{
    CHECK(timeout->worker_index == worker->index);
    atomic_fetch_add(&released_count, 1);
}

static void
start_with_timeouts(unsigned workers_count)
{
    struct tp_scheduler_options options = jobs_options(workers_count);

    options.hooks.expire = count_expired;
    options.hooks.release = count_released;
    create(&options);
    assert_int_equal(tp_scheduler_start(scheduler), TROUPE_OK);
}

static void
time_out_soon(struct tp_worker *worker, struct job *job)
{
    (void)job;
    tp_worker_add_timeout(
        worker, &timeouts[0], worker->now_ns + 1000000, TP_TIMEOUT_AWAITED);
}

static void
time_out_in_an_hour(struct tp_worker *worker, struct job *job)
{
    (void)job;
    tp_worker_add_timeout(
        worker, &timeouts[0], worker->now_ns + HOUR_NS, TP_TIMEOUT_AWAITED);
}

static void
ring_in_an_hour(struct tp_worker *worker, struct job *job)
{
    (void)job;
    tp_worker_add_timeout(
        worker, &timeouts[1], worker->now_ns + HOUR_NS, TP_TIMEOUT_UNAWAITED);
}

static void
ring_in_an_hour_and_time_out_soon(struct tp_worker *worker, struct job *job)
{
    ring_in_an_hour(worker, job);
    time_out_soon(worker, job);
}

static void
cancel(struct tp_worker *worker, struct job *job)
{
    enum tp_timeout_cancel expected =
        worker->index == job->task.bound - 1 &&
                timeouts[0].worker_index == worker->index
            ? TP_TIMEOUT_IS_YOURS
            : TP_TIMEOUT_HANDED_ON;

    CHECK(tp_worker_cancel_timeout(worker, &timeouts[0]) == expected);
}

static void
time_out_and_let_cancel(struct tp_worker *worker, struct job *job)
{
    time_out_in_an_hour(worker, job);
    tp_worker_ready(worker, &jobs[1].task);
}

static void
drain_waits_for_a_timeout_and_what_it_starts(void **state)
{
    (void)state;
    start_with_timeouts(2);
    jobs[0].run = time_out_soon;
    ready(&jobs[0]);
    drain_and_halt();
    assert_int_equal(atomic_load(&expired_count), 1);
    assert_int_equal(job_runs_count(&jobs[1]), 1);
    assert_int_equal(atomic_load(&released_count), 0);
}

static void
drain_gives_up_at_its_deadline(void **state)
{
    (void)state;
    start_with_timeouts(2);
    bind(0, 1, 0);
    jobs[0].run = time_out_in_an_hour;
    ready(&jobs[0]);
    while (job_runs_count(&jobs[0]) == 0) {
        sched_yield();
    }
    assert_false(tp_scheduler_drain(scheduler, 0));
    assert_false(tp_scheduler_drain(
        scheduler, tp_clock_now_ns(&scheduler->clock) + 1000000));
    tp_scheduler_halt(scheduler);
    assert_int_equal(atomic_load(&expired_count), 0);
    tp_worker_release_timeouts(&scheduler->workers[0]);
    tp_worker_release_timeouts(&scheduler->workers[1]);
    assert_int_equal(atomic_load(&released_count), 1);
}

static void
drain_does_not_wait_for_a_timeout_that_is_not_awaited(void **state)
{
    (void)state;
    start_with_timeouts(2);
    jobs[0].run = ring_in_an_hour_and_time_out_soon;
    ready(&jobs[0]);
    drain_and_halt();
    assert_int_equal(atomic_load(&expired_count), 1); /* the awaited one */
    tp_worker_release_timeouts(&scheduler->workers[0]);
    tp_worker_release_timeouts(&scheduler->workers[1]);
    assert_int_equal(atomic_load(&released_count), 1);
}

static void
a_timeout_cancelled_where_it_is_does_not_hold_up_drain(void **state)
{
    (void)state;
    start_with_timeouts(2);
    bind(0, 2, 0);
    jobs[0].run = time_out_and_let_cancel;
    jobs[1].run = cancel;
    ready(&jobs[0]);
    drain_and_halt();
    assert_int_equal(atomic_load(&released_count), 0); /* it is the caller's */
}

static void
a_timeout_cancelled_elsewhere_does_not_hold_up_drain(void **state)
{
    (void)state;
    start_with_timeouts(2);
    bind(0, 1, 0);
    bind(1, 1, 1);
    jobs[0].run = time_out_and_let_cancel;
    jobs[1].run = cancel;
    ready(&jobs[0]);
    drain_and_halt();
    assert_int_equal(atomic_load(&released_count), 1);
    assert_int_equal(atomic_load(&expired_count), 0);
}

static void
drain_of_an_idle_scheduler_is_true(void **state)
{
    (void)state;
    start(3);
    drain_and_halt();
}

static void
a_second_drain_looks_again(void **state)
{
    bool is_drained;

    (void)state;
    start_with_timeouts(2);
    assert_true(tp_scheduler_drain(scheduler, FOREVER));
    jobs[0].run = time_out_in_an_hour;
    ready(&jobs[0]);
    while (job_runs_count(&jobs[0]) == 0) {
        sched_yield();
    }
    is_drained = tp_scheduler_drain(
        scheduler, tp_clock_now_ns(&scheduler->clock) + 1000000);
    tp_scheduler_halt(scheduler);
    assert_false(is_drained);
}

static void
count_many_handlers(struct tp_worker *worker, struct job *job)
{
    int handlers_count = 0;

    (void)job;
    CHECK(tp_worker_quantum(worker) == TP_WORKER_QUANTUM);
    worker->is_tick_due = false;
    while (!worker->is_tick_due) {
        tp_worker_count_handler(worker);
        handlers_count++;
    }
    CHECK(handlers_count <= TP_WORKER_CLOCK_PERIOD_MAX);
    CHECK(worker->now_ns <= tp_clock_now_ns(&scheduler->clock));
}

static void
time_is_read_at_least_once_in_a_clock_period(void **state)
{
    (void)state;
    start(1);
    for (int i = 0; i < 20; i++) {
        jobs[i].run = count_many_handlers;
        ready(&jobs[i]);
    }
    drain_and_halt();
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(each_worker_enters_and_leaves_on_a_thread_of_its_own),
        TEST(without_memory_no_scheduler_is_made_and_nothing_lost),
        TEST(halt_does_not_wait_for_what_is_ready),
        TEST(a_jump_out_of_a_task_skips_nothing_else),
        TEST(every_task_made_ready_from_outside_runs_once),
        TEST(more_tasks_than_a_queue_holds_all_run_once),
        TEST(bound_tasks_run_on_their_worker_alone),
        TEST(bound_tasks_take_turns_with_the_queue),
        TEST(a_task_that_yields_runs_again),
        TEST(the_task_made_ready_last_runs_next_and_the_others_in_order),
        TEST(a_task_that_yields_goes_behind_the_others),
        TEST(newborns_run_the_newest_first_after_next_and_before_the_queue),
        TEST(more_newborns_than_a_deque_holds_all_run_once),
        TEST(newborns_that_are_stolen_all_run_once),
        TEST(two_tasks_that_call_each_other_do_not_starve_the_queue),
        TEST(newborns_that_make_newborns_do_not_starve_the_oldest),
        TEST(newborns_that_make_newborns_do_not_starve_the_queue),
        TEST(busy_tasks_do_not_starve_one_from_outside),
        TEST(busy_tasks_do_not_starve_a_bound_one),
        TEST(a_busy_bound_task_does_not_starve_one_from_outside),
        TEST(a_task_that_yields_does_not_starve_one_from_outside),
        TEST(drain_of_an_idle_scheduler_is_true),
        TEST(drain_waits_for_a_timeout_and_what_it_starts),
        TEST(drain_gives_up_at_its_deadline),
        TEST(drain_does_not_wait_for_a_timeout_that_is_not_awaited),
        TEST(a_timeout_cancelled_where_it_is_does_not_hold_up_drain),
        TEST(a_timeout_cancelled_elsewhere_does_not_hold_up_drain),
        TEST(a_second_drain_looks_again),
        TEST(time_is_read_at_least_once_in_a_clock_period),
    };
#undef TEST
    return cmocka_run_group_tests_name("scheduler", tests, NULL, NULL);
}
