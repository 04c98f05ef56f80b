/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a lone worker runs what is bound to it and nothing else, holds up
 * nobody, takes part in a drain, and is waited for no longer than is said.
 *
 * Method: jobs on real workers, of which one is lone. A job that blocks waits
 * for a word of the test's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sched.h>
#include <string.h>

#include "base/memory.h"
#include "tests/support/jobs.h"

enum { JOBS = 200, WORKERS = 2, LONE = WORKERS };

#define FOREVER UINT64_MAX

static struct tp_scheduler *scheduler;
static struct tp_worker *lone;
static struct job jobs[JOBS];
static struct tp_timeout timeout;
static atomic_bool is_blocking, may_return;
static atomic_int expired_count, lone_runs_count;

static void
note_expiry(struct tp_worker *worker, struct tp_timeout *expired)
{
    CHECK(worker == lone && expired == &timeout);
    atomic_fetch_add(&expired_count, 1);
}

static void
check_name(struct tp_worker *worker)
{
    char name[16];

    if (worker->is_lone) {
        CHECK(pthread_getname_np(pthread_self(), name, sizeof(name)) == 0);
        CHECK(strcmp(name, "troupe/own0") == 0);
    }
}

static void
begin(bool is_started_first)
{
    struct tp_scheduler_options options = jobs_options(WORKERS);

    options.lone_max = 1;
    options.hooks.expire = note_expiry;
    options.hooks.enter = check_name;
    assert_int_equal(tp_scheduler_create(&options, &scheduler), TROUPE_OK);
    for (int i = 0; i < JOBS; i++) {
        job_init(&jobs[i], NULL);
        jobs[i].number = i;
    }
    atomic_store(&is_blocking, false);
    atomic_store(&may_return, false);
    atomic_store(&expired_count, 0);
    atomic_store(&lone_runs_count, 0);
    if (is_started_first) {
        assert_int_equal(tp_scheduler_start(scheduler), TROUPE_OK);
    }
    assert_int_equal(tp_lone_add(scheduler, NULL, &lone), TROUPE_OK);
    if (is_started_first) {
        assert_int_equal(tp_lone_start(lone), TROUPE_OK);
    } else {
        assert_int_equal(tp_scheduler_start(scheduler), TROUPE_OK);
    }
}

static void
end(void)
{
    assert_true(tp_scheduler_drain(scheduler, FOREVER));
    tp_scheduler_halt(scheduler);
    assert_true(tp_lone_join(scheduler, FOREVER));
    tp_scheduler_destroy(&scheduler);
}

static void
ready(int i, bool is_for_lone)
{
    jobs[i].task.bound = is_for_lone ? 1 + lone->index : TP_TASK_ANYWHERE;
    tp_scheduler_ready(scheduler, &jobs[i].task);
}

/* Each makes the next one ready; by turns bound and not. */
static void
hand_on(struct tp_worker *worker, struct job *job)
{
    int next = job->number + 1;

    CHECK(worker->is_lone == (job->number % 2 == 0));
    if (next < JOBS) {
        jobs[next].run = hand_on;
        jobs[next].task.bound =
            next % 2 == 0 ? 1 + lone->index : TP_TASK_ANYWHERE;
        tp_worker_ready(worker, &jobs[next].task);
    }
}

static void
what_is_bound_to_it_runs_there_and_what_it_makes_ready_in_the_pool(void **state)
{
    (void)state;
    for (int is_started_first = 0; is_started_first < 2; is_started_first++) {
        begin(is_started_first != 0);
        jobs[0].run = hand_on;
        ready(0, true);
        end();
        for (int i = 0; i < JOBS; i++) {
            assert_int_equal(job_runs_count(&jobs[i]), 1);
        }
    }
}

static void
block(struct tp_worker *worker, struct job *job)
{
    (void)worker, (void)job;
    atomic_store(&is_blocking, true);
    while (!atomic_load(&may_return)) {
        sched_yield();
    }
}

static void
the_pool_goes_on_while_a_lone_worker_blocks(void **state)
{
    (void)state;
    begin(true);
    jobs[0].run = block;
    ready(0, true);
    for (int i = 1; i < JOBS; i++) {
        ready(i, false);
    }
    for (int i = 1; i < JOBS; i++) {
        while (job_runs_count(&jobs[i]) == 0) {
            sched_yield();
        }
    }
    assert_false(tp_scheduler_drain(scheduler, 0)); /* nor is all done */
    atomic_store(&may_return, true);
    end();
}

static void
yield_and_count(struct tp_worker *worker, struct job *job)
{
    CHECK(worker == lone);
    CHECK(tp_worker_quantum(worker) == 1);
    atomic_fetch_add(&lone_runs_count, 1);
    if (job_runs_count(job) <= 10) {
        tp_worker_yield(worker, &job->task);
    }
}

static void
tasks_of_a_lone_worker_take_turns(void **state)
{
    (void)state;
    begin(true);
    for (int i = 0; i < 5; i++) {
        jobs[i].run = yield_and_count;
        ready(i, true);
    }
    end();
    assert_int_equal(lone_runs_count, 5 * 11);
}

static void
set_timeout(struct tp_worker *worker, struct job *job)
{
    (void)job;
    tp_worker_add_timeout(
        worker, &timeout, worker->now_ns + 3000000, TP_TIMEOUT_AWAITED);
}

static void
a_drain_waits_for_the_timeouts_of_a_lone_worker(void **state)
{
    (void)state;
    begin(true);
    jobs[0].run = set_timeout;
    ready(0, true);
    end();
    assert_int_equal(expired_count, 1);
}

static void
a_lone_worker_that_does_not_return_is_not_waited_for(void **state)
{
    (void)state;
    begin(true);
    jobs[0].run = block;
    ready(0, true);
    while (!atomic_load(&is_blocking)) {
        sched_yield();
    }
    assert_false(tp_scheduler_drain(scheduler, 0));
    tp_scheduler_halt(scheduler);
    assert_false(tp_lone_join(scheduler, 0));
    assert_true(lone->has_thread);
    atomic_store(&may_return, true);
    assert_true(tp_lone_join(scheduler, FOREVER));
    assert_false(lone->has_thread);
    tp_scheduler_destroy(&scheduler);
}

static void
without_memory_no_lone_worker_is_made(void **state)
{
    struct tp_scheduler_options options = jobs_options(WORKERS);
    uint64_t before = tp_memory_blocks_count();

    (void)state;
    options.lone_max = 1;
    tp_memory_fail_at(3);
    assert_int_equal(
        tp_scheduler_create(&options, &scheduler), TROUPE_E_NO_MEMORY);
    assert_true(tp_memory_blocks_count() == before);
    assert_int_equal(tp_scheduler_create(&options, &scheduler), TROUPE_OK);
    tp_memory_fail_at(1);
    assert_int_equal(tp_lone_add(scheduler, NULL, &lone), TROUPE_E_NO_MEMORY);
    assert_int_equal(tp_lone_add(scheduler, NULL, &lone), TROUPE_OK);
    assert_int_equal(lone->index, LONE);
    tp_scheduler_destroy(&scheduler);
    assert_true(tp_memory_blocks_count() == before);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            what_is_bound_to_it_runs_there_and_what_it_makes_ready_in_the_pool),
        cmocka_unit_test(the_pool_goes_on_while_a_lone_worker_blocks),
        cmocka_unit_test(tasks_of_a_lone_worker_take_turns),
        cmocka_unit_test(a_drain_waits_for_the_timeouts_of_a_lone_worker),
        cmocka_unit_test(a_lone_worker_that_does_not_return_is_not_waited_for),
        cmocka_unit_test(without_memory_no_lone_worker_is_made),
    };

    return cmocka_run_group_tests_name("lone", tests, NULL, NULL);
}
