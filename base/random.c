/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/random.h"

#include "base/assert.h"
#include "base/clock.h"

#include <sys/random.h>

/*
 * The step of splitmix64: Steele, Lea and Flood, "Fast splittable pseudorandom
 * number generators", OOPSLA 2014; constants as published by Vigna at
 * https://prng.di.unimi.it/splitmix64.c.
 */
static uint64_t
splitmix64(uint64_t *state)
{
    uint64_t mixed = *state += UINT64_C(0x9e3779b97f4a7c15);

    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

void
tp_random_init(struct tp_random *random, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        random->state[i] = splitmix64(&seed);
    }
}

uint64_t
tp_random_seed(void)
{
    struct tp_clock clock = tp_clock_monotonic();
    uint64_t seed;

    /* Early in boot or in a tight sandbox there may be none. The time will do:
     * a seed has to differ, not to be secret. */
    if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed)) {
        seed = tp_clock_now_ns(&clock);
    }
    return seed;
}

static uint64_t
rotated_left(uint64_t bits, int count)
{
    return bits << count | bits >> (64 - count);
}

/*
 * xoshiro256**: Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators", ACM TOMS 47 (4), 2021.
 */
uint64_t
tp_random_u64(struct tp_random *random)
{
    uint64_t *state = random->state;
    uint64_t result = rotated_left(state[1] * 5, 7) * 9;
    uint64_t shifted = state[1] << 17;

    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotated_left(state[3], 45);
    return result;
}

/*
 * A number of 64 bits times n, of which the upper half is the answer. Each
 * answer gets 2^64 / n products, rounded up or down; refusing the lowest
 * 2^64 mod n lower halves makes the shares equal. Lemire, "Fast random integer
 * generation in an interval", ACM TOMACS 29 (1), 2019.
 */
uint64_t
tp_random_below(struct tp_random *random, uint64_t n)
{
    __extension__ unsigned __int128 product;

    TP_ASSERT(n > 0);
    do {
        product = tp_random_u64(random);
        product *= n;
    } while ((uint64_t)product < n && (uint64_t)product < -n % n);
    return (uint64_t)(product >> 64);
}
