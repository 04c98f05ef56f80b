/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flood: producers that send numbers to one consumer, as fast as they can.
 *
 * A producer sends STEP numbers in a handler, then a message to itself, so that
 * it can be paused. The consumer adds the numbers up and quits when it has them
 * all.
 */
#ifndef TROUPE_BENCH_FLOOD_H
#define TROUPE_BENCH_FLOOD_H

#include "bench/bench.h"

/* Each of producers_count sends 0 .. count / producers_count - 1. */
bool bench_flood(const struct bench_case *bench, uint64_t producers_count,
    struct bench_result *result);

/* Who stands before the consumer, and hands on to it what it gets. */
typedef troupe_pid bench_flood_way(
    const struct bench_case *bench, troupe_pid consumer);

/* The same by way of somebody. */
bool bench_flood_by_way_of(const struct bench_case *bench,
    uint64_t producers_count, bench_flood_way *way,
    struct bench_result *result);

#endif
