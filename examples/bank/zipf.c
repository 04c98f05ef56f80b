/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/zipf.h"

#include <stdlib.h>

/*
 * Binary fractions: of an exponent, and of a number between 1 and 2. A number
 * has so many more that squaring it once for each bit of the exponent leaves
 * those right that the exponent has.
 */
enum { EXPONENT_BITS = 40, NUMBER_BITS = 62, WEIGHT_BITS = 38 };

#define NUMBER_ONE (UINT64_C(1) << NUMBER_BITS)
#define MILLION 1000000

static uint64_t
multiply(uint64_t left, uint64_t right)
{
    return (uint64_t)((unsigned __int128)left * right >> NUMBER_BITS);
}

/* The binary logarithm of a number above 0. */
static uint64_t
log2_of(uint64_t k)
{
    unsigned whole = 63u - (unsigned)__builtin_clzll(k);
    uint64_t number = k << (NUMBER_BITS - whole);
    uint64_t result = whole;

    for (int i = 0; i < EXPONENT_BITS; i++) {
        unsigned has_doubled;

        number = multiply(number, number);
        has_doubled = number >= 2 * NUMBER_ONE;
        number >>= has_doubled;
        result = result << 1 | has_doubled;
    }
    return result;
}

/* The square root of a number below 2. */
static uint64_t
square_root(uint64_t number)
{
    unsigned __int128 square = (unsigned __int128)number << NUMBER_BITS;
    uint64_t root = 0;

    for (uint64_t bit = NUMBER_ONE; bit > 0; bit >>= 1) {
        uint64_t higher = root | bit;

        if ((unsigned __int128)higher * higher <= square) {
            root = higher;
        }
    }
    return root;
}

/* factors[i]: 2 to the power of minus 2^-(i + 1), each the root of the last. */
static void
find_factors(uint64_t factors[EXPONENT_BITS])
{
    uint64_t factor = NUMBER_ONE / 2;

    for (int i = 0; i < EXPONENT_BITS; i++) {
        factor = square_root(factor);
        factors[i] = factor;
    }
}

/* 2 to the power of minus a fraction: the product of its bits' factors. */
static uint64_t
power_of_half(uint64_t fraction, const uint64_t factors[EXPONENT_BITS])
{
    uint64_t result = NUMBER_ONE;

    for (int i = 0; i < EXPONENT_BITS; i++) {
        if ((fraction >> (EXPONENT_BITS - 1 - i) & 1) != 0) {
            result = multiply(result, factors[i]);
        }
    }
    return result;
}

/* k to the power of minus skew, with WEIGHT_BITS behind the point. */
static uint64_t
weight_of(
    uint32_t k, int64_t skew_millionths, const uint64_t factors[EXPONENT_BITS])
{
    unsigned __int128 exponent =
        (unsigned __int128)log2_of(k) * (uint64_t)skew_millionths / MILLION;
    uint64_t whole = (uint64_t)(exponent >> EXPONENT_BITS);
    uint64_t fraction =
        (uint64_t)exponent & ((UINT64_C(1) << EXPONENT_BITS) - 1);

    return whole > WEIGHT_BITS ? 0
                               : power_of_half(fraction, factors) >>
                                     (NUMBER_BITS - WEIGHT_BITS) >> whole;
}

/*
 * Fills own_shares with each rank's share before any is given away: its weight
 * times the number of ranks, so that the height is the sum of the weights. The
 * weights have as many bits as keep a share of all 2^24 ranks below 2^63.
 */
static void
weigh(struct bank_zipf *zipf, int64_t skew_millionths)
{
    uint64_t factors[EXPONENT_BITS];

    find_factors(factors);
    zipf->height = 0;
    for (uint32_t i = 0; i < zipf->ranks_count; i++) {
        uint64_t weight = weight_of(i + 1, skew_millionths, factors);

        zipf->height += weight;
        zipf->own_shares[i] = weight * zipf->ranks_count;
    }
}

/*
 * Fills up every column that is too low from one that is too high. worklist
 * holds the low ones from its front and the high ones from its back.
 */
static void
level(struct bank_zipf *zipf, uint32_t *worklist)
{
    uint32_t low = 0;
    uint32_t high = zipf->ranks_count;

    for (uint32_t i = 0; i < zipf->ranks_count; i++) {
        bool is_low = zipf->own_shares[i] < zipf->height;

        zipf->aliases[i] = i;
        worklist[is_low ? low++ : --high] = i;
    }
    while (low > 0 && high < zipf->ranks_count) {
        uint32_t filled = worklist[--low];
        uint32_t giver = worklist[high];

        zipf->aliases[filled] = giver;
        zipf->own_shares[giver] -= zipf->height - zipf->own_shares[filled];
        if (zipf->own_shares[giver] < zipf->height) {
            high++;
            worklist[low++] = giver;
        }
    }
}

bool
bank_zipf_init(
    struct bank_zipf *zipf, uint32_t ranks_count, int64_t skew_millionths)
{
    uint32_t *worklist = malloc(ranks_count * sizeof(*worklist));

    zipf->ranks_count = ranks_count;
    zipf->own_shares = malloc(ranks_count * sizeof(*zipf->own_shares));
    zipf->aliases = malloc(ranks_count * sizeof(*zipf->aliases));
    if (worklist == NULL || zipf->own_shares == NULL || zipf->aliases == NULL) {
        free(worklist);
        bank_zipf_fini(zipf);
        return false;
    }
    weigh(zipf, skew_millionths);
    level(zipf, worklist);
    free(worklist);
    return true;
}

void
bank_zipf_fini(struct bank_zipf *zipf)
{
    free(zipf->own_shares);
    free(zipf->aliases);
}

/* A random number below limit: the product's upper half. */
static uint64_t
below(uint64_t limit, uint64_t random)
{
    return (uint64_t)((unsigned __int128)random * limit >> 64);
}

uint32_t
bank_zipf_draw(const struct bank_zipf *zipf, uint64_t column, uint64_t height)
{
    uint32_t rank = (uint32_t)below(zipf->ranks_count, column);

    return below(zipf->height, height) < zipf->own_shares[rank]
               ? rank
               : zipf->aliases[rank];
}
