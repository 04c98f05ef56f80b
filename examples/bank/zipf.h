/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zipf: draws ranks, of which rank k (from 1) is as likely as 1 / k^skew.
 *
 * Skew 0 draws all alike; at 1 the first of a thousand is drawn about every
 * seventh time. A draw takes constant time by the alias method (Walker 1977,
 * with the tables built as Vose 1991 does): each rank is a column of one
 * height, filled by its own share and, above that, by at most one other rank.
 *
 * All in whole numbers. pow() may differ in the last digit between two maths
 * libraries, and one such digit would give another ledger for the same seed.
 *
 *     bank_zipf_draw    any thread
 *     the others        one thread
 */
#ifndef TROUPE_BANK_ZIPF_H
#define TROUPE_BANK_ZIPF_H

#include <stdbool.h>
#include <stdint.h>

/* What keeps the products of the tables within 64 bits. */
#define BANK_ZIPF_RANKS_MAX (UINT32_C(1) << 24)
#define BANK_ZIPF_SKEW_MAX_MILLIONTHS INT64_C(10000000)

struct bank_zipf {
    uint32_t ranks_count;
    uint64_t height;      /* of every column */
    uint64_t *own_shares; /* of a column's height; the rest is its alias's */
    uint32_t *aliases;
};

/* False: out of memory, and there is nothing to fini. */
bool bank_zipf_init(
    struct bank_zipf *zipf, uint32_t ranks_count, int64_t skew_millionths);
void bank_zipf_fini(struct bank_zipf *zipf);

/* A rank from 0 on, out of two random numbers of 64 bits. */
uint32_t bank_zipf_draw(
    const struct bank_zipf *zipf, uint64_t column, uint64_t height);

#endif
