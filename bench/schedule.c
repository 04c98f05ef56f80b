/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/schedule.h"

#include "base/random.h"

#include <ck_pr.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

uint64_t *
bench_schedule_create(uint64_t seed, uint64_t count, uint64_t gap_ns_mean)
{
    enum { STEPS = 1 << 30 };
    uint64_t *due_ns = calloc(count, sizeof(*due_ns));
    struct tp_random random;
    uint64_t at_ns = 0;

    TROUPE_CHECK(due_ns == NULL ? TROUPE_E_NO_MEMORY : TROUPE_OK);
    tp_random_init(&random, seed);
    for (uint64_t i = 0; i < count; i++) {
        double share = (double)(1 + tp_random_below(&random, STEPS)) / STEPS;

        at_ns += (uint64_t)((double)gap_ns_mean * -log(share));
        due_ns[i] = at_ns;
    }
    return due_ns;
}

void
bench_schedule_spin_until(uint64_t due_ns)
{
    while (bench_now_ns() < due_ns) {
        ck_pr_stall();
    }
}

void
bench_schedule_sleep_until(uint64_t due_ns)
{
    struct timespec due = {.tv_sec = (time_t)(due_ns / 1000000000),
        .tv_nsec = (long)(due_ns % 1000000000)};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) != 0) {
    }
}
