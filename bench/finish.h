/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * finish: the line that a known number of arrivals crosses.
 *
 * An actor that adds up what arrives. The measuring thread asks it to say when
 * so many have come, and waits for the answer; then it may start the next lap,
 * which a runtime that has quit could not. So a system can be warmed up and
 * measured afterwards.
 */
#ifndef TROUPE_BENCH_FINISH_H
#define TROUPE_BENCH_FINISH_H

#include "bench/bench.h"

#define ARRIVED(FIELD) FIELD(uint64, value)
TROUPE_MESSAGE(arrived, ARRIVED)

troupe_pid bench_finish_spawn(const struct bench_case *bench);

/* Waits for so many arrivals since the last wait, at least one; the sum of
 * their values, or UINT64_MAX if they have not come within two minutes. */
uint64_t bench_finish_wait(
    const struct bench_case *bench, troupe_pid finish, uint64_t arrivals_count);

#endif
