/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/distribution.h"

#include <math.h>
#include <stdlib.h>

const char *const bench_distribution_parts[] = {
    "p50", "p99", "p99.9", "max", NULL};

static const double shares[BENCH_DISTRIBUTION_PARTS_COUNT] = {
    0.5, 0.99, 0.999, 1};

static int
by_length(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

void
bench_distribution_sort(uint64_t *waits, size_t count)
{
    qsort(waits, count, sizeof(waits[0]), by_length);
}

uint64_t
bench_distribution_at(const uint64_t *waits, size_t count, double share)
{
    size_t rank = (size_t)ceil(share * (double)count);

    return waits[rank == 0 ? 0 : rank - 1];
}

void
bench_distribution_tell(
    uint64_t *waits, size_t count, double unit, struct bench_result *result)
{
    bench_distribution_sort(waits, count);
    for (int i = 0; i < BENCH_DISTRIBUTION_PARTS_COUNT; i++) {
        result->parts[i].value =
            (double)bench_distribution_at(waits, count, shares[i]) / unit;
    }
}
