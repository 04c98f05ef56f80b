/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * values: what the sorting programs sort, and the actor that checks it.
 *
 * All sort the same numbers below 2^60, drawn from one seed. A sequence has a
 * seal, a number that depends on each value and on the order; the seal of what
 * came out is compared with that of the same numbers sorted by the C library.
 */
#ifndef TROUPE_BENCH_SAVINA_VALUES_H
#define TROUPE_BENCH_SAVINA_VALUES_H

#include "base/random.h"
#include "bench/savina/play.h"

/* input: which of its inputs a joiner gets this from; nothing to others. */
#define SORT_VALUE(FIELD) FIELD(uint32, input) FIELD(uint64, value)
TROUPE_MESSAGE(sort_value, SORT_VALUE)

void bench_values_init(struct tp_random *random);

uint64_t bench_values_draw(struct tp_random *random);

/* The seal of a sequence (0: an empty one) with a value more. */
uint64_t bench_values_seal(uint64_t seal, uint64_t value);

void bench_values_sort(uint64_t *values, size_t count);

/* Of the first so many that are drawn, when they are sorted. */
uint64_t bench_values_sorted_seal(size_t count);

/* An actor that takes so many sort_values, tells the collector their seal, and
 * stops. */
troupe_pid bench_values_spawn_checker(
    struct troupe_self *self, troupe_pid collector, uint64_t count);

#endif
