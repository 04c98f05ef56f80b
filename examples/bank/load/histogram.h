/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * histogram: how long many waits were, in little memory.
 *
 * A run measures millions of waits, too many to keep. They are counted in
 * buckets: one for each nanosecond up to 255, and 128 for each power of two
 * above, so that a bucket is never wider than 1/128 of what is in it. What is
 * read off is the upper end of a bucket: never less than the truth, and at most
 * 0.8 % more. All of 64 bits fits, and nothing is cut off.
 *
 *     every function    one thread at a time
 *
 * Not chosen: to sort the waits (bench/distribution.h), which are 80 MB for ten
 * million of them; buckets of one width, which are too wide for the short or
 * too many for the long.
 */
#ifndef TROUPE_BANK_LOAD_HISTOGRAM_H
#define TROUPE_BANK_LOAD_HISTOGRAM_H

#include <stdint.h>

enum { BANK_HISTOGRAM_HALF = 128, BANK_HISTOGRAM_BUCKETS_COUNT = 58 * 128 };

struct bank_histogram {
    uint64_t count;
    uint64_t max;
    uint64_t counts[BANK_HISTOGRAM_BUCKETS_COUNT];
};

/* All zeros is empty. */
void bank_histogram_add(struct bank_histogram *histogram, uint64_t value);

/* What a share of the values, in millionths from 1 to 1,000,000, does not
 * exceed. 0 if there are none. */
uint64_t bank_histogram_at(
    const struct bank_histogram *histogram, uint32_t share_millionths);

#endif
