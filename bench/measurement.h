/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * measurement: a benchmark run several times, and what came of it.
 *
 * Each run is a process of its own, so that none finds the memory of the one
 * before it warm or in pieces. The first ones do not count: they bring the
 * processor to its speed and the program into memory. Of the rest a figure
 * keeps the median, the least and the greatest. A run that dies is wrong.
 *
 *     every function    the main thread, while it has no runtime
 */
#ifndef TROUPE_BENCH_MEASUREMENT_H
#define TROUPE_BENCH_MEASUREMENT_H

#include "bench/bench.h"
#include "bench/floor.h"

enum { BENCH_RUNS_COUNT_MAX = 100 };

struct bench_plan {
    unsigned runs_count;    /* 1 to BENCH_RUNS_COUNT_MAX */
    unsigned warm_up_count; /* before them, not counted */
    uint64_t scale;         /* counts are divided by it */
    uint64_t seed;
    struct bench_floor floor;
};

/* One row. */
struct bench_figure {
    const struct bench *bench;
    const char *part; /* NULL: it has none */
    uint64_t at;      /* the point of the axis; 0: there is none */
    unsigned workers_count;
    uint64_t count;
    uint64_t seed; /* 0: nothing was drawn */
    double median;
    double min;
    double max;
    double floor; /* 0: there is none */
    unsigned runs_count;
    bool is_right;
};

/*
 * Measures at a point of the axis; a figure for each part, or one. Returns how
 * many.
 */
unsigned bench_measure(const struct bench *bench, uint64_t at,
    unsigned workers_count, const struct bench_plan *plan,
    struct bench_figure figures[BENCH_PARTS_MAX]);

/* How many rows a run has. */
unsigned bench_parts_count(const struct bench *bench);

/* What this machine's primitives cost; the plan's own floor is not used. */
struct bench_floor bench_measure_floor(const struct bench_plan *plan);

#endif
