/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a seed decides everything, each ready task runs once, and time goes
 * only where the simulation lets it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "scheduler/simulation.h"
#include "tests/support/jobs.h"

enum { JOBS = 1000 };

#define TICK ((uint64_t)TP_TIMER_TICK_NS)
#define NEVER UINT64_MAX

static struct tp_scheduler *scheduler;
static struct tp_worker *worker;
static struct job jobs[JOBS];
static struct tp_timeout timeout;
static struct tp_timeout later;
static uint64_t expired_at_ns; /* the first */
static int order[2 * JOBS];
static int order_length;

static void
note(struct tp_worker *on, struct job *job)
{
    order[order_length++] = job->number;
    tp_simulation_note(on->simulation, (uint64_t)job->number);
}

static void
expire(struct tp_worker *on, struct tp_timeout *expired)
{
    CHECK(expired == &later || expired == &timeout);
    if (expired == &later) {
        return;
    }
    expired_at_ns = on->now_ns;
}

static void
create(uint64_t seed)
{
    struct tp_scheduler_options options = jobs_options(1);

    options.simulate = true;
    options.seed = seed;
    options.hooks.expire = expire;
    assert_int_equal(tp_scheduler_create(&options, &scheduler), TROUPE_OK);
    assert_int_equal(tp_scheduler_start(scheduler), TROUPE_OK);
    worker = &scheduler->workers[0];
    expired_at_ns = 0;
    order_length = 0;
    for (int i = 0; i < JOBS; i++) {
        job_init(&jobs[i], note);
        jobs[i].number = i;
    }
}

static int
teardown(void **state)
{
    (void)state;
    tp_scheduler_halt(scheduler);
    tp_scheduler_destroy(&scheduler);
    return tp_memory_blocks_count() == 0 ? 0 : -1;
}

static uint64_t
now_ns(void)
{
    return tp_clock_now_ns(&scheduler->clock);
}

static void
ready_all(void)
{
    for (int i = 0; i < JOBS; i++) {
        tp_scheduler_ready(scheduler, &jobs[i].task);
    }
}

/* The signature of running all jobs. */
static uint64_t
signature_of(uint64_t seed)
{
    uint64_t signature;

    create(seed);
    ready_all();
    while (tp_simulation_step(scheduler, NEVER)) {
    }
    signature = scheduler->simulation->order_signature;
    tp_scheduler_destroy(&scheduler);
    return signature;
}

static void
one_seed_gives_one_order(void **state)
{
    int first_order[JOBS];

    (void)state;
    assert_true(signature_of(7) == signature_of(7));
    memcpy(first_order, order, sizeof(first_order));
    signature_of(7);
    assert_memory_equal(order, first_order, sizeof(first_order));
    create(0);
}

static void
other_seeds_give_other_orders(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 20; seed++) {
        assert_true(signature_of(seed) != signature_of(seed + 1));
    }
    create(0);
}

static void
the_signature_is_of_what_was_noted_and_its_order(void **state)
{
    struct tp_simulation ab;
    struct tp_simulation ba;

    (void)state;
    create(0);
    tp_simulation_init(&ab, 1);
    tp_simulation_init(&ba, 1);
    tp_simulation_note(&ab, 1);
    tp_simulation_note(&ab, 2);
    tp_simulation_note(&ba, 2);
    tp_simulation_note(&ba, 1);
    assert_true(ab.order_signature != ba.order_signature);
}

static void
each_ready_task_runs_once_a_step(void **state)
{
    (void)state;
    create(1);
    ready_all();
    for (int i = 0; i < JOBS; i++) {
        assert_int_equal(order_length, i);
        assert_true(tp_simulation_step(scheduler, NEVER));
    }
    assert_false(tp_simulation_step(scheduler, NEVER));
    for (int i = 0; i < JOBS; i++) {
        assert_int_equal(job_runs_count(&jobs[i]), 1);
    }
}

static void
yield_twice(struct tp_worker *on, struct job *job)
{
    if (job_runs_count(job) <= 2) {
        tp_worker_yield(on, &job->task);
    }
}

static void
ready_the_next(struct tp_worker *on, struct job *job)
{
    if (job->number + 1 < JOBS) {
        tp_worker_ready(on, &jobs[job->number + 1].task);
    }
}

static void
tasks_that_yield_or_ready_others_are_not_lost(void **state)
{
    (void)state;
    create(1);
    jobs[0].run = yield_twice;
    jobs[0].task.bound = 1;
    for (int i = 1; i < JOBS; i++) {
        jobs[i].run = ready_the_next;
    }
    tp_scheduler_ready(scheduler, &jobs[0].task);
    tp_scheduler_ready(scheduler, &jobs[1].task);
    assert_true(tp_scheduler_drain(scheduler, NEVER));
    assert_int_equal(job_runs_count(&jobs[0]), 3);
    for (int i = 1; i < JOBS; i++) {
        assert_int_equal(job_runs_count(&jobs[i]), 1);
    }
}

static void
a_turn_is_of_one_to_eight_messages(void **state)
{
    unsigned seen = 0;

    (void)state;
    create(1);
    for (int i = 0; i < 1000; i++) {
        unsigned quantum = tp_worker_quantum(worker);

        assert_in_range(quantum, 1, 8);
        seen |= 1u << quantum;
    }
    assert_int_equal(seen, 0x1fe);
}

static void
a_turn_takes_virtual_time(void **state)
{
    uint64_t before;

    (void)state;
    create(1);
    before = now_ns();
    ready_all();
    while (tp_simulation_step(scheduler, NEVER)) {
        assert_true(now_ns() >= before);
        assert_true(worker->now_ns == now_ns());
    }
    assert_true(now_ns() > before);
}

static void
with_nothing_ready_time_jumps_to_the_next_timeout(void **state)
{
    (void)state;
    create(1);
    tp_worker_add_timeout(worker, &timeout, 5 * TICK, TP_TIMEOUT_AWAITED);
    while (expired_at_ns == 0) {
        assert_true(tp_simulation_step(scheduler, NEVER));
    }
    assert_true(expired_at_ns == 5 * TICK);
    assert_true(now_ns() == 5 * TICK);
    assert_false(tp_simulation_step(scheduler, NEVER));
    assert_true(now_ns() == 5 * TICK);
}

static void
what_is_ready_runs_before_time_jumps(void **state)
{
    (void)state;
    create(1);
    tp_worker_add_timeout(worker, &timeout, 1000000 * TICK, TP_TIMEOUT_AWAITED);
    tp_scheduler_ready(scheduler, &jobs[0].task);
    assert_true(tp_simulation_step(scheduler, NEVER));
    assert_int_equal(order_length, 1);
    assert_true(expired_at_ns == 0);
}

static void
time_stops_before_a_timeout_that_is_not_before_until(void **state)
{
    (void)state;
    create(1);
    tp_worker_add_timeout(worker, &timeout, 5 * TICK, TP_TIMEOUT_AWAITED);
    while (tp_simulation_step(scheduler, 5 * TICK)) {
    }
    assert_true(expired_at_ns == 0);
    assert_true(now_ns() == 5 * TICK);
    while (tp_simulation_step(scheduler, 5 * TICK + 1)) {
    }
    assert_true(expired_at_ns == 5 * TICK);
    assert_true(now_ns() == 5 * TICK + 1);
    assert_true(worker->now_ns == now_ns());
}

static void
time_never_goes_back(void **state)
{
    (void)state;
    create(1);
    assert_false(tp_simulation_step(scheduler, 9 * TICK));
    assert_false(tp_simulation_step(scheduler, 3 * TICK));
    assert_true(now_ns() == 9 * TICK);
}

static void
drain_is_false_if_a_timeout_is_left_at_the_deadline(void **state)
{
    (void)state;
    create(1);
    tp_worker_add_timeout(worker, &timeout, 5 * TICK, TP_TIMEOUT_AWAITED);
    assert_false(tp_scheduler_drain(scheduler, 4 * TICK));
    assert_true(expired_at_ns == 0);
    assert_true(tp_scheduler_drain(scheduler, 6 * TICK));
    assert_true(expired_at_ns == 5 * TICK);
}

static void
drain_does_not_wait_for_a_timeout_that_is_not_awaited(void **state)
{
    (void)state;
    create(1);
    tp_worker_add_timeout(worker, &timeout, 5 * TICK, TP_TIMEOUT_UNAWAITED);
    tp_scheduler_ready(scheduler, &jobs[0].task);
    assert_true(tp_scheduler_drain(scheduler, NEVER));
    assert_int_equal(order_length, 1);
    assert_true(expired_at_ns == 0);
    assert_true(now_ns() < 5 * TICK);
}

static void
what_is_not_awaited_expires_while_drain_waits_for_others(void **state)
{
    (void)state;
    create(1);
    tp_worker_add_timeout(worker, &timeout, 2 * TICK, TP_TIMEOUT_UNAWAITED);
    tp_worker_add_timeout(worker, &later, 5 * TICK, TP_TIMEOUT_AWAITED);
    assert_false(tp_scheduler_drain(scheduler, 3 * TICK));
    assert_true(expired_at_ns == 2 * TICK);
    assert_true(tp_scheduler_drain(scheduler, NEVER));
    assert_true(now_ns() == 5 * TICK);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
    const struct CMUnitTest tests[] = {
        TEST(one_seed_gives_one_order),
        TEST(other_seeds_give_other_orders),
        TEST(the_signature_is_of_what_was_noted_and_its_order),
        TEST(each_ready_task_runs_once_a_step),
        TEST(tasks_that_yield_or_ready_others_are_not_lost),
        TEST(a_turn_is_of_one_to_eight_messages),
        TEST(a_turn_takes_virtual_time),
        TEST(with_nothing_ready_time_jumps_to_the_next_timeout),
        TEST(what_is_ready_runs_before_time_jumps),
        TEST(time_stops_before_a_timeout_that_is_not_before_until),
        TEST(time_never_goes_back),
        TEST(drain_is_false_if_a_timeout_is_left_at_the_deadline),
        TEST(drain_does_not_wait_for_a_timeout_that_is_not_awaited),
        TEST(what_is_not_awaited_expires_while_drain_waits_for_others),
    };
#undef TEST
    return cmocka_run_group_tests_name("simulation", tests, NULL, NULL);
}
