/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/savina/filters.h"
#include "bench/savina/memory.h"

void
bench_delay_init(struct bench_delay *delay, size_t columns)
{
    delay->length = columns - 1;
    delay->values = bench_memory(delay->length, sizeof(double));
    delay->at = 0;
}

void
bench_delay_fini(struct bench_delay *delay)
{
    free(delay->values);
}

double
bench_delay_step(struct bench_delay *delay, double value)
{
    double delayed = delay->values[delay->at];

    delay->values[delay->at] = value;
    delay->at = (delay->at + 1) % delay->length;
    return delayed;
}

static void
init_filter(struct bench_filter *filter, size_t columns)
{
    filter->values = bench_memory(columns, sizeof(double));
    filter->coefficients = bench_memory(columns, sizeof(double));
    filter->length = columns;
    filter->at = 0;
    filter->is_full = false;
}

void
bench_filter_init_first(
    struct bench_filter *filter, size_t columns, unsigned channel)
{
    init_filter(filter, columns);
    for (size_t i = 0; i < columns; i++) {
        filter->coefficients[i] =
            (double)(i * columns + channel + channel * BENCH_CHANNELS_COUNT +
                     i + 1);
    }
}

void
bench_filter_init_second(
    struct bench_filter *filter, size_t columns, unsigned channel)
{
    init_filter(filter, columns);
    for (size_t i = 0; i < columns; i++) {
        filter->coefficients[i] =
            (double)(i * channel + channel * channel + channel + i);
    }
}

void
bench_filter_fini(struct bench_filter *filter)
{
    free(filter->values);
    free(filter->coefficients);
}

bool
bench_filter_step(struct bench_filter *filter, double value, double *filtered)
{
    size_t at = filter->at;
    double sum = 0;

    filter->values[at] = value;
    filter->at = (at + 1) % filter->length;
    filter->is_full |= filter->at == 0;
    if (!filter->is_full) {
        return false;
    }
    for (size_t i = 0; i < filter->length; i++) {
        sum += filter->coefficients[i] * filter->values[at];
        at = (at > 0 ? at : filter->length) - 1;
    }
    *filtered = sum;
    return true;
}

double
bench_sampler_step(struct bench_sampler *sampler, double value)
{
    double sampled = sampler->at == 0 ? value : 0;

    sampler->at = (sampler->at + 1) % sampler->rate;
    return sampled;
}
