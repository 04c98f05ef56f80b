/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long does a quiet actor wait beside a flood?
 *
 * Eight actors flood a ninth as fast as they can, on all workers, all the time.
 * Meanwhile a thread tells a tenth something now and then. The thread sleeps in
 * between, and it is the system that wakes it; so the wait counts from the
 * tell.
 */
#include "bench/distribution.h"
#include "bench/probe.h"
#include "bench/schedule.h"

#include <stdlib.h>

enum { FLOODERS_COUNT = 8, STEP_COUNT = 1000, GAP_NS_MEAN = 500000 };

#define RECEIVER(FIELD) FIELD(pid, to) /* TROUPE_NO_PID: no more */
TROUPE_MESSAGE(pour, RECEIVER)
TROUPE_MESSAGE(go_on_pouring, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(drop, TROUPE_NO_FIELDS)

static void
pour_step(struct troupe_self *self, troupe_pid to)
{
    for (int i = 0; i < STEP_COUNT; i++) {
        (void)troupe_tell(self, to, drop);
    }
    (void)troupe_tell(self, troupe_self_pid(self), go_on_pouring);
}

static void
on_pour(struct troupe_self *self, void *state, const struct pour *pour)
{
    troupe_pid *to = state;

    *to = pour->to;
    if (*to != TROUPE_NO_PID) {
        pour_step(self, *to);
    }
}

static void
on_go_on_pouring(
    struct troupe_self *self, void *state, const struct go_on_pouring *go_on)
{
    const troupe_pid *to = state;

    (void)go_on;
    if (*to != TROUPE_NO_PID) {
        pour_step(self, *to);
    }
}

TROUPE_BEHAVIOUR(flooder, sizeof(troupe_pid), TROUPE_ON(pour, on_pour),
    TROUPE_ON(go_on_pouring, on_go_on_pouring));

static void
on_drop(struct troupe_self *self, void *state, const struct drop *drop)
{
    (void)self, (void)state, (void)drop;
}

TROUPE_BEHAVIOUR(drain, 0, TROUPE_ON(drop, on_drop));

static void
begin(const struct bench_case *bench, troupe_pid flooders[FLOODERS_COUNT])
{
    troupe_pid to;

    TROUPE_CHECK(troupe_spawn(bench->self, drain, &to));
    for (int i = 0; i < FLOODERS_COUNT; i++) {
        TROUPE_CHECK(troupe_spawn(bench->self, flooder, &flooders[i]));
        TROUPE_CHECK(troupe_tell(bench->self, flooders[i], pour, .to = to));
    }
}

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    uint64_t *due_ns =
        bench_schedule_create(bench->seed, bench->count, GAP_NS_MEAN);
    troupe_pid flooders[FLOODERS_COUNT];
    uint64_t start_ns = bench_now_ns();
    struct bench_probe probe;

    bench_probe_open(bench, &probe, bench->count, 0);
    begin(bench, flooders);
    for (uint64_t i = 0; i < bench->count; i++) {
        bench_schedule_sleep_until(start_ns + due_ns[i]);
        TROUPE_CHECK(troupe_tell(bench->self, probe.pid, notice,
            .due_ns = bench_now_ns(), .number = i));
    }
    result->is_right = bench_probe_wait(bench, &probe);
    for (int i = 0; i < FLOODERS_COUNT; i++) {
        TROUPE_CHECK(
            troupe_tell(bench->self, flooders[i], pour, .to = TROUPE_NO_PID));
    }
    bench_distribution_tell(probe.waits_ns, probe.count, 1000, result);
    bench_probe_close(&probe);
    free(due_ns);
    return true;
}

const struct bench bench_fair = {
    .name = "fair",
    .question = "a quiet actor beside a flood",
    .unit = "us",
    .count = 2000,
    .parts = bench_distribution_parts,
    .is_random = true,
    .run = run,
};
