/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/load/histogram.h"

enum { HALF_LOG2 = 7, MILLION = 1000000 };

/* How many low bits of a value its bucket does not tell apart. */
static unsigned
shift_of(uint64_t value)
{
    unsigned bits = 64u - (unsigned)__builtin_clzll(value | 1);

    return bits <= HALF_LOG2 + 1 ? 0 : bits - (HALF_LOG2 + 1);
}

/* Above the first two halves each shift has the upper half of its own. */
static uint64_t
bucket_of(uint64_t value)
{
    unsigned shift = shift_of(value);

    return (uint64_t)shift * BANK_HISTOGRAM_HALF + (value >> shift);
}

/* The largest value in a bucket. */
static uint64_t
end_of(uint64_t bucket)
{
    uint64_t shift =
        bucket < 2 * BANK_HISTOGRAM_HALF ? 0 : bucket / BANK_HISTOGRAM_HALF - 1;
    uint64_t upper = bucket - shift * BANK_HISTOGRAM_HALF;

    return (upper << shift) + ((UINT64_C(1) << shift) - 1);
}

void
bank_histogram_add(struct bank_histogram *histogram, uint64_t value)
{
    histogram->counts[bucket_of(value)]++;
    histogram->count++;
    if (value > histogram->max) {
        histogram->max = value;
    }
}

uint64_t
bank_histogram_at(
    const struct bank_histogram *histogram, uint32_t share_millionths)
{
    uint64_t rank =
        (uint64_t)(((unsigned __int128)histogram->count * share_millionths +
                       MILLION - 1) /
                   MILLION);
    uint64_t passed = 0;

    for (uint64_t i = 0; i < BANK_HISTOGRAM_BUCKETS_COUNT; i++) {
        passed += histogram->counts[i];
        if (passed >= rank && passed > 0) {
            uint64_t end = end_of(i);

            return end < histogram->max ? end : histogram->max;
        }
    }
    return 0;
}
