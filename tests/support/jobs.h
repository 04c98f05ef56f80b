/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jobs: tasks for tests of the scheduler, which call a function of the test's.
 *
 * A job counts how often it ran, and notices if two workers run it at once.
 * jobs_options() gives the scheduler hooks that know jobs.
 *
 *     jobs_options, job_init      before the scheduler starts
 *     job_runs_count              any thread
 *     jobs_jump_out               a job's run, if jobs_enclose is a hook
 */
#ifndef TROUPE_TESTS_SUPPORT_JOBS_H
#define TROUPE_TESTS_SUPPORT_JOBS_H

#include "scheduler/scheduler.h"
#include "tests/support/check.h"

#include <setjmp.h>
#include <stdatomic.h>

struct job {
    struct tp_task task;
    void (*run)(struct tp_worker *worker, struct job *job); /* or NULL */
    _Atomic(int) runs_count;
    _Atomic(int) running_count;
    int number; /* the test's own */
};

static inline void
job_init(struct job *job, void (*run)(struct tp_worker *, struct job *))
{
    job->task = (struct tp_task){.bound = TP_TASK_ANYWHERE};
    job->run = run;
    job->number = 0;
    atomic_init(&job->runs_count, 0);
    atomic_init(&job->running_count, 0);
}

static inline int
job_runs_count(struct job *job)
{
    return atomic_load(&job->runs_count);
}

/* From the job's own run on, it may be made ready again, and by others. */
static inline void
jobs_run(struct tp_worker *worker, struct tp_task *task)
{
    struct job *job = (struct job *)(void *)task;

    CHECK(atomic_fetch_add(&job->running_count, 1) == 0);
    CHECK(task->bound == TP_TASK_ANYWHERE || task->bound == worker->index + 1);
    atomic_fetch_add(&job->runs_count, 1);
    atomic_fetch_sub(&job->running_count, 1);
    if (job->run != NULL) {
        job->run(worker, job);
    }
}

static inline void
jobs_no_timeout(struct tp_worker *worker, struct tp_timeout *timeout)
{
    (void)worker;
    CHECK(timeout == NULL); /* the test never made one */
}

static inline void
jobs_no_entry(struct tp_worker *worker)
{
    (void)worker;
}

/* Where this thread's innermost body began. */
static _Thread_local sigjmp_buf *jobs_start;

/* An enclose hook whose jobs may leave it by jobs_jump_out(). */
static inline void
jobs_enclose(struct tp_worker *worker, void (*body)(struct tp_worker *worker))
{
    sigjmp_buf start;

    (void)sigsetjmp(start, 0);
    jobs_start = &start;
    body(worker);
    jobs_start = NULL;
}

static inline void
jobs_jump_out(struct tp_worker *worker, struct job *job)
{
    (void)worker, (void)job;
    siglongjmp(*jobs_start, 1);
}

static inline struct tp_scheduler_options
jobs_options(unsigned workers_count)
{
    return (struct tp_scheduler_options){
        .workers_count = workers_count,
        .parking = &tp_parking_futex,
        .hooks =
            {
                .run = jobs_run,
                .expire = jobs_no_timeout,
                .release = jobs_no_timeout,
                .enter = jobs_no_entry,
                .leave = jobs_no_entry,
            },
    };
}

#endif
