/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * collector: an actor that adds numbers up and quits when it has them all.
 *
 * Most benchmarks end in one: when its last outcome has come, the measuring
 * thread returns from its wait, and then asks for the sum to check it.
 */
#ifndef TROUPE_BENCH_COLLECTOR_H
#define TROUPE_BENCH_COLLECTOR_H

#include "bench/bench.h"

#define OUTCOME(FIELD) FIELD(uint64, value)
TROUPE_MESSAGE(outcome, OUTCOME)

/* One that quits after so many outcomes, at least one. */
troupe_pid bench_collector_spawn(
    const struct bench_case *bench, uint64_t outcomes_count);

/* The sum of the outcomes that have come. */
uint64_t bench_collector_sum(
    const struct bench_case *bench, troupe_pid collector);

#endif
