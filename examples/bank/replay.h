/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay: the textbook race, step by step.
 *
 * An account holds $100; one thread adds 50 and one takes 20, each by reading
 * the balance, computing, and writing it back. Nothing here runs in parallel:
 * all interleavings of the six steps are gone through one after the other, so
 * what is printed is the same on every run and every machine. Then the same
 * two changes as messages to an account actor.
 *
 *     bank_replay    the main thread
 */
#ifndef TROUPE_BANK_REPLAY_H
#define TROUPE_BANK_REPLAY_H

#include <stddef.h>
#include <stdio.h>

/* The command: prints on stdout; no options, no operands. */
int bank_replay(
    const void *options, char *const *operands, size_t operands_count);

/* The part about shared memory. */
void bank_replay_shared(FILE *stream);

/* The same two changes as messages to an account, in every order in which they
 * can arrive. The actors run in a simulation. */
void bank_replay_actor(FILE *stream);

#endif
