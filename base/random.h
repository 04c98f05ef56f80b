/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random: chance that can be repeated.
 *
 * The same seed gives the same numbers on every machine, so a run that failed
 * is run again from the seed it printed. The generator is xoshiro256** and its
 * state is filled by splitmix64, so that any seed will do, 0 too. Neither is
 * for secrets.
 *
 * Who may call what: a generator belongs to one thread at a time;
 * tp_random_seed() any thread.
 *
 * Not chosen: rand() and random() (a hidden shared state, another sequence on
 * another libc).
 */
#ifndef TROUPE_BASE_RANDOM_H
#define TROUPE_BASE_RANDOM_H

#include <stdint.h>

struct tp_random {
    uint64_t state[4]; /* never all zero */
};

void tp_random_init(struct tp_random *random, uint64_t seed);

/* A seed that nobody chose, from the system; for when none is given. */
uint64_t tp_random_seed(void);

/* Uniform over all 64-bit numbers. */
uint64_t tp_random_u64(struct tp_random *random);

/* Uniform over 0 .. n - 1, without bias; n is at least 1. */
uint64_t tp_random_below(struct tp_random *random, uint64_t n);

#endif
