/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * schedule: when things are to happen, fixed before any of them does.
 *
 * Who measures a wait from the moment at which the question was really asked
 * leaves out what made the asker late, which is often the very thing to be
 * measured. So the times are drawn in advance, each is kept to as well as the
 * machine can, and lateness counts from it. The gaps are exponential, as if
 * many who know nothing of each other asked, or even.
 */
#ifndef TROUPE_BENCH_SCHEDULE_H
#define TROUPE_BENCH_SCHEDULE_H

#include "bench/bench.h"

/* So many times, growing, the first one gap after 0, with exponential gaps of
 * that mean; the caller's to free. */
uint64_t *bench_schedule_create(
    uint64_t seed, uint64_t count, uint64_t gap_ns_mean);

/* Waits until due_ns. Spinning keeps the time to some nanoseconds and takes a
 * processor; sleeping takes none. */
void bench_schedule_spin_until(uint64_t due_ns);
void bench_schedule_sleep_until(uint64_t due_ns);

#endif
