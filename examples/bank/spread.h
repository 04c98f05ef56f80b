/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spread: where the middle of some measurements lies, and how wide it is.
 *
 * Median and quartiles, because the slowest of many passes says more about the
 * machine's other work than about the variant.
 *
 *     bank_spread_of    any thread
 */
#ifndef TROUPE_BANK_SPREAD_H
#define TROUPE_BANK_SPREAD_H

#include <stddef.h>

struct bank_spread {
    double lower_quartile;
    double median;
    double upper_quartile;
};

/* Sorts the numbers, of which there is at least one. */
struct bank_spread bank_spread_of(double *numbers, size_t numbers_count);

#endif
