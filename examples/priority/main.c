/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * priority: a printer has six jobs waiting when its operator cancels one. Were
 * the command to wait its turn, it would come when the job is printed.
 *
 * Simulated, so that the printer does not run before all is sent.
 */
#include <inttypes.h>
#include <stdio.h>
#include <troupe/troupe.h>

enum { JOBS_MAX = 16 };

#define JOB(FIELD) FIELD(uint64, number)
TROUPE_MESSAGE(job, JOB)
TROUPE_MESSAGE(cancel, JOB)

struct printer {
    bool is_cancelled[JOBS_MAX];
};

static void
on_job(struct troupe_self *self, void *state, const struct job *job)
{
    const struct printer *printer = state;

    (void)self;
    printf("job %" PRIu64 " is %s\n", job->number,
        printer->is_cancelled[job->number % JOBS_MAX] ? "left out" : "printed");
}

static void
on_cancel(struct troupe_self *self, void *state, const struct cancel *cancel)
{
    struct printer *printer = state;

    (void)self;
    printf("job %" PRIu64 " is cancelled\n", cancel->number);
    printer->is_cancelled[cancel->number % JOBS_MAX] = true;
}

TROUPE_BEHAVIOUR(printer, sizeof(struct printer), TROUPE_ON(job, on_job),
    TROUPE_ON_URGENT(cancel, on_cancel));

int
main(void)
{
    struct troupe_runtime *runtime = NULL;
    struct troupe_self *self;
    troupe_pid pid;

    TROUPE_CHECK(
        troupe_runtime_create(&TROUPE_OPTIONS(.simulate = true), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, printer, &pid));
    for (uint64_t i = 1; i <= 6; i++) {
        troupe_tell(self, pid, job, .number = i);
    }
    troupe_tell(self, pid, cancel, .number = 5);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(10), NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}
