/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sequence: the numbers that Savina's benchmarks draw.
 *
 * Every peer draws the same ones (bench/peers), so all do the same work and can
 * check the same result. As a computation on a number the step also stands for
 * the work of a message: too cheap to matter, and not folded away by a
 * compiler.
 */
#ifndef TROUPE_BENCH_SEQUENCE_H
#define TROUPE_BENCH_SEQUENCE_H

#include <stdint.h>

/* The number after value, 0 .. 65535. */
static inline uint64_t
bench_sequence_next(uint64_t value)
{
    return (value * 1309 + 13849) & 65535;
}

/* Steps *value on; the new one, brought below limit. */
static inline uint64_t
bench_sequence_below(uint64_t *value, uint64_t limit)
{
    *value = bench_sequence_next(*value);
    return *value % limit;
}

/* The number that so many steps lead to: work of that length. */
static inline uint64_t
bench_sequence_after(uint64_t value, uint64_t steps)
{
    while (steps-- > 0) {
        value = bench_sequence_next(value);
    }
    return value;
}

/* The sum of what follows 0 .. count - 1. */
static inline uint64_t
bench_sequence_sum(uint64_t count)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < count; i++) {
        sum += bench_sequence_next(i);
    }
    return sum;
}

#endif
