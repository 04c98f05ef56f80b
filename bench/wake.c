/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long until a message is handled when all workers sleep?
 *
 * A thread tells an actor now and then, with gaps in which the workers go to
 * sleep. It sleeps too, so the wait counts from the tell.
 */
#include "bench/distribution.h"
#include "bench/floor.h"
#include "bench/probe.h"
#include "bench/schedule.h"

#include <stdlib.h>

enum { GAP_NS_MEAN = 1000000, GAP_NS_MIN = 500000 };

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    uint64_t *due_ns =
        bench_schedule_create(bench->seed, bench->count, GAP_NS_MEAN);
    uint64_t start_ns = bench_now_ns();
    struct bench_probe probe;

    bench_probe_open(bench, &probe, bench->count, 0);
    for (uint64_t i = 0; i < bench->count; i++) {
        bench_schedule_sleep_until(start_ns + due_ns[i] + (i + 1) * GAP_NS_MIN);
        TROUPE_CHECK(troupe_tell(bench->self, probe.pid, notice,
            .due_ns = bench_now_ns(), .number = i));
    }
    result->is_right = bench_probe_wait(bench, &probe);
    bench_distribution_tell(probe.waits_ns, probe.count, 1, result);
    result->parts[0].floor = bench->floor->part_ns[BENCH_FLOOR_WAKE];
    bench_probe_close(&probe);
    free(due_ns);
    return true;
}

const struct bench bench_wake = {
    .name = "wake",
    .question = "tell to handle, all asleep",
    .unit = "ns",
    .count = 400,
    .parts = bench_distribution_parts,
    .is_random = true,
    .run = run,
};
