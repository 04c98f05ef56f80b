/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/spread.h"

#include <stdlib.h>

static int
compare_numbers(const void *left, const void *right)
{
    double l = *(const double *)left;
    double r = *(const double *)right;

    return (l > r) - (l < r);
}

/* Linear between the two sorted numbers that the place lies between. */
static double
quantile(const double *sorted, size_t count, double part)
{
    double place = part * (double)(count - 1);
    size_t below = (size_t)place;
    size_t above = below + (below + 1 < count);

    return sorted[below] +
           (place - (double)below) * (sorted[above] - sorted[below]);
}

struct bank_spread
bank_spread_of(double *numbers, size_t numbers_count)
{
    qsort(numbers, numbers_count, sizeof(*numbers), compare_numbers);
    return (struct bank_spread){
        .lower_quartile = quantile(numbers, numbers_count, 0.25),
        .median = quantile(numbers, numbers_count, 0.5),
        .upper_quartile = quantile(numbers, numbers_count, 0.75),
    };
}
