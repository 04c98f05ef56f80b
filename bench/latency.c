/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long from a tell until it is handled, when the receiver is busy for a
 * tenth, a half, nine tenths of the time?
 *
 * A thread tells an actor that works WORK_NS on each message, at times drawn in
 * advance (schedule.h). Even if nothing else took any time, messages would wait
 * for those before them. How long is computed from the same times, and that,
 * with one line handed over, is the floor of each figure. The thread spins, so
 * it takes a processor besides those of the workers.
 */
#include "bench/distribution.h"
#include "bench/floor.h"
#include "bench/probe.h"
#include "bench/schedule.h"

#include <stdlib.h>

enum { WORK_NS = 5000, LEAD_NS = 1000000 };

/* The waits in a queue that costs nothing; the caller's to free. */
static uint64_t *
ideal_waits(const uint64_t *due_ns, uint64_t count)
{
    uint64_t *waits_ns = calloc(count, sizeof(*waits_ns));
    uint64_t free_ns = 0;

    TROUPE_CHECK(waits_ns == NULL ? TROUPE_E_NO_MEMORY : TROUPE_OK);
    for (uint64_t i = 0; i < count; i++) {
        waits_ns[i] = free_ns > due_ns[i] ? free_ns - due_ns[i] : 0;
        free_ns = due_ns[i] + waits_ns[i] + WORK_NS;
    }
    return waits_ns;
}

static void
tell_floors(const struct bench_case *bench, const uint64_t *due_ns,
    struct bench_result *result)
{
    uint64_t *ideal_ns = ideal_waits(due_ns, bench->count);
    struct bench_result ideal;

    bench_distribution_tell(ideal_ns, bench->count, 1, &ideal);
    for (int i = 0; i < BENCH_DISTRIBUTION_PARTS_COUNT; i++) {
        result->parts[i].floor =
            ideal.parts[i].value + bench->floor->part_ns[BENCH_FLOOR_HANDOVER];
    }
    free(ideal_ns);
}

static bool
run_at(const struct bench_case *bench, unsigned load_percent,
    struct bench_result *result)
{
    uint64_t *due_ns = bench_schedule_create(
        bench->seed, bench->count, (uint64_t)WORK_NS * 100 / load_percent);
    uint64_t start_ns = bench_now_ns() + LEAD_NS;
    struct bench_probe probe;

    bench_probe_open(bench, &probe, bench->count, WORK_NS);
    for (uint64_t i = 0; i < bench->count; i++) {
        bench_schedule_spin_until(start_ns + due_ns[i]);
        TROUPE_CHECK(troupe_tell(bench->self, probe.pid, notice,
            .due_ns = start_ns + due_ns[i], .number = i));
    }
    result->is_right = bench_probe_wait(bench, &probe);
    bench_distribution_tell(probe.waits_ns, probe.count, 1, result);
    tell_floors(bench, due_ns, result);
    bench_probe_close(&probe);
    free(due_ns);
    return true;
}

#define LATENCY(load)                                                          \
    static bool run_at_##load(                                                 \
        const struct bench_case *bench, struct bench_result *result)           \
    {                                                                          \
        return run_at(bench, load, result);                                    \
    }                                                                          \
    const struct bench bench_latency_##load = {                                \
        .name = "latency-" #load,                                              \
        .question = "tell to handle, busy for " #load " %",                    \
        .unit = "ns",                                                          \
        .count = 20000,                                                        \
        .parts = bench_distribution_parts,                                     \
        .is_random = true,                                                     \
        .run = run_at_##load,                                                  \
    };
LATENCY(10)
LATENCY(50)
LATENCY(90)
