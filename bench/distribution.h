/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * distribution: how long many waits were, told by a few of them.
 *
 * A mean hides the few who waited long, who are the point of measuring waits.
 * So the waits are kept, sorted, and read off at a share: at 0.99 is what 99 in
 * a hundred did not exceed.
 */
#ifndef TROUPE_BENCH_DISTRIBUTION_H
#define TROUPE_BENCH_DISTRIBUTION_H

#include "bench/bench.h"

#include <stddef.h>

/* The parts of a benchmark that measures waits, and how many there are. */
extern const char *const bench_distribution_parts[];
enum { BENCH_DISTRIBUTION_PARTS_COUNT = 4 };

void bench_distribution_sort(uint64_t *waits, size_t count);

/* Of sorted waits, at least one; 0 < share <= 1. */
uint64_t bench_distribution_at(
    const uint64_t *waits, size_t count, double share);

/* Sorts waits and fills the parts, each divided by `unit`. */
void bench_distribution_tell(
    uint64_t *waits, size_t count, double unit, struct bench_result *result);

#endif
