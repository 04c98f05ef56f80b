/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: each task runs exactly as often as it was made ready, on one worker at
 * a time, and no wake-up is lost, by workers or from outside.
 *
 * Method: every job has a count of what it has to do. Whoever adds to a count
 * that was 0 makes the job ready, as an actor's inbox would; a run takes the
 * count and passes on one less to other jobs. Some jobs are bound. In the
 * trickle tests a single job goes round or comes from outside, so that the
 * workers fall asleep all the time. A lost wake-up hangs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "tests/support/jobs.h"
#include "tests/support/sanitized.h"

enum {
    WORKERS = 4,
    JOBS = 64,
    HOPS = FEWER(20000), /* in all, from each of the seeds */
    SEEDS = 16,
    INJECTORS = 2,
    INJECTIONS = FEWER(10000),
};

struct counted_job {
    struct job job;
    _Atomic(int) owed_count; /* > 0: it is ready or runs */
    int done_count;          /* the job's own, while it runs */
};

static struct tp_scheduler *scheduler;
static struct counted_job jobs[JOBS];
static _Atomic(int) hops_left;
static _Atomic(int) done_count;
static sem_t done;

static void
start(void (*run)(struct tp_worker *, struct job *))
{
    struct tp_scheduler_options options = jobs_options(WORKERS);

    for (int i = 0; i < JOBS; i++) {
        job_init(&jobs[i].job, run);
        jobs[i].job.number = i;
        atomic_store(&jobs[i].owed_count, 0);
        jobs[i].done_count = 0;
        if (i % 4 == 3) {
            jobs[i].job.task.bound = 1 + (uint32_t)(i / 4 % WORKERS);
        }
    }
    atomic_store(&done_count, 0);
    assert_int_equal(tp_scheduler_create(&options, &scheduler), TROUPE_OK);
    assert_int_equal(tp_scheduler_start(scheduler), TROUPE_OK);
}

static void
halt(void)
{
    tp_scheduler_halt(scheduler);
    tp_scheduler_destroy(&scheduler);
}

static void
owe(struct tp_worker *worker, struct counted_job *counted)
{
    if (atomic_fetch_add(&counted->owed_count, 1) > 0) {
        return;
    }
    if (worker != NULL) {
        tp_worker_ready(worker, &counted->job.task);
    } else {
        tp_scheduler_ready(scheduler, &counted->job.task);
    }
}

/* Does one thing that is owed; if there are more, it yields. */
static void
settle_one(struct tp_worker *worker, struct counted_job *counted)
{
    counted->done_count++;
    atomic_fetch_add(&done_count, 1);
    if (atomic_fetch_sub(&counted->owed_count, 1) > 1) {
        tp_worker_yield(worker, &counted->job.task);
    }
}

static int
total_done(void)
{
    int total = 0;

    for (int i = 0; i < JOBS; i++) {
        assert_int_equal(atomic_load(&jobs[i].owed_count), 0);
        assert_int_equal(jobs[i].done_count, job_runs_count(&jobs[i].job));
        total += jobs[i].done_count;
    }
    return total;
}

static void
hop(struct tp_worker *worker, struct job *job)
{
    struct counted_job *counted = (struct counted_job *)job;
    int left = atomic_fetch_sub(&hops_left, 1);

    if (left > 0) {
        owe(worker, &jobs[(job->number * 7 + left) % JOBS]);
    }
    settle_one(worker, counted);
}

static void
tasks_that_make_each_other_ready_run_as_often_as_they_were(void **state)
{
    (void)state;
    start(hop);
    atomic_store(&hops_left, HOPS);
    for (int i = 0; i < SEEDS; i++) {
        owe(NULL, &jobs[i]);
    }
    assert_true(tp_scheduler_drain(scheduler, UINT64_MAX));
    assert_int_equal(total_done(), HOPS + SEEDS);
    halt();
}

static void
settle_and_tell(struct tp_worker *worker, struct job *job)
{
    settle_one(worker, (struct counted_job *)job);
    sem_post(&done);
}

static void *
inject_all(void *arg)
{
    for (int i = 0; i < INJECTIONS; i++) {
        owe(NULL, &jobs[(i * 5 + (int)(intptr_t)arg) % JOBS]);
    }
    return NULL;
}

static void
what_two_threads_inject_at_once_is_all_run(void **state)
{
    pthread_t threads[INJECTORS];

    (void)state;
    start(settle_and_tell);
    CHECK(sem_init(&done, 0, 0) == 0);
    for (intptr_t i = 0; i < INJECTORS; i++) {
        CHECK(pthread_create(&threads[i], NULL, inject_all, (void *)i) == 0);
    }
    for (int i = 0; i < INJECTORS * INJECTIONS; i++) {
        CHECK(sem_wait(&done) == 0);
    }
    for (int i = 0; i < INJECTORS; i++) {
        pthread_join(threads[i], NULL);
    }
    halt();
    assert_int_equal(total_done(), INJECTORS * INJECTIONS);
}

/* The next is injected when the last has run: the workers doze off between. */
static void
one_task_after_the_other_wakes_a_worker(void **state)
{
    (void)state;
    start(settle_and_tell);
    CHECK(sem_init(&done, 0, 0) == 0);
    for (int i = 0; i < INJECTIONS; i++) {
        owe(NULL, &jobs[i % JOBS]);
        CHECK(sem_wait(&done) == 0);
    }
    halt();
    assert_int_equal(total_done(), INJECTIONS);
}

/* From a bound job of one worker to that of the next: nobody else may run it.
 */
static void
pass_to_the_next_worker(struct tp_worker *worker, struct job *job)
{
    if (atomic_fetch_sub(&hops_left, 1) > 0) {
        owe(worker, &jobs[(job->number + 4) % JOBS]);
    }
    settle_one(worker, (struct counted_job *)job);
}

static void
a_bound_task_wakes_its_own_worker(void **state)
{
    (void)state;
    start(pass_to_the_next_worker);
    atomic_store(&hops_left, HOPS);
    owe(NULL, &jobs[3]);
    assert_true(tp_scheduler_drain(scheduler, UINT64_MAX));
    halt();
    assert_int_equal(total_done(), HOPS + 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            tasks_that_make_each_other_ready_run_as_often_as_they_were),
        cmocka_unit_test(what_two_threads_inject_at_once_is_all_run),
        cmocka_unit_test(one_task_after_the_other_wakes_a_worker),
        cmocka_unit_test(a_bound_task_wakes_its_own_worker),
    };
    return cmocka_run_group_tests_name("scheduler", tests, NULL, NULL);
}
