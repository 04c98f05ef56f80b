/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filters: what a channel of the filter bank is made of, without actors.
 *
 * A delay hands out what it was given so many steps before. A filter of a
 * length adds up the last so many values, each times a coefficient, and says
 * nothing before it has had as many. A sampler lets every so many-th value pass
 * and makes the others 0. Each actor of the bank holds one of them, and the
 * computation that it is compared with holds them all.
 */
#ifndef TROUPE_BENCH_SAVINA_FILTERS_H
#define TROUPE_BENCH_SAVINA_FILTERS_H

#include <stdbool.h>
#include <stddef.h>

enum { BENCH_CHANNELS_COUNT = 8 };

struct bench_delay {
    double *values; /* a ring, zeros at first */
    size_t length;
    size_t at;
};

void bench_delay_init(struct bench_delay *delay, size_t columns);
void bench_delay_fini(struct bench_delay *delay);
double bench_delay_step(struct bench_delay *delay, double value);

struct bench_filter {
    double *values;       /* a ring */
    double *coefficients; /* the first one is for the latest value */
    size_t length;
    size_t at;
    bool is_full;
};

/* The first of the two of a channel, 0 .. BENCH_CHANNELS_COUNT - 1, and the
 * second: their coefficients differ. */
void bench_filter_init_first(
    struct bench_filter *filter, size_t columns, unsigned channel);
void bench_filter_init_second(
    struct bench_filter *filter, size_t columns, unsigned channel);
void bench_filter_fini(struct bench_filter *filter);

/* False: it is not full yet. */
bool bench_filter_step(
    struct bench_filter *filter, double value, double *filtered);

struct bench_sampler {
    size_t rate;
    size_t at;
};

double bench_sampler_step(struct bench_sampler *sampler, double value);

#endif
