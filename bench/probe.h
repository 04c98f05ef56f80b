/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe: an actor that notes how late each message finds it.
 *
 * A message says since when it counts as due; the probe reads the clock as the
 * first thing in its handler and keeps the difference. Then it may work for a
 * while, as an actor would that does something. The measuring thread asks when
 * all have come, and reads the waits, which lie in memory that the probe was
 * given.
 */
#ifndef TROUPE_BENCH_PROBE_H
#define TROUPE_BENCH_PROBE_H

#include "bench/bench.h"

#define NOTICE(FIELD) FIELD(uint64, due_ns) FIELD(uint64, number)
TROUPE_MESSAGE(notice, NOTICE)

struct bench_probe {
    troupe_pid pid;
    uint64_t *waits_ns; /* by number; whole after bench_probe_wait() */
    uint64_t count;
};

/* For notices 0 .. count - 1, in that order, each worked on for work_ns. */
void bench_probe_open(const struct bench_case *bench, struct bench_probe *probe,
    uint64_t count, uint64_t work_ns);

/* Waits until all have come. False: not each came once and in order. */
bool bench_probe_wait(
    const struct bench_case *bench, const struct bench_probe *probe);

void bench_probe_close(struct bench_probe *probe);

#endif
