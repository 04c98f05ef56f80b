/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * interleavings: every order in which the steps of some threads can happen.
 *
 * A thread's own steps keep their order; between threads everything is
 * possible. An order is therefore a row of thread numbers, one for each step:
 * 0 0 1 1 0 means that thread 0 takes two steps, then thread 1 both of its,
 * then thread 0 its last. They come in lexicographic order, each exactly once:
 * first the threads one after the other, last the same in reverse. What the
 * steps are, the caller knows:
 *
 *     interleaving_init(&order, steps_counts, threads_count);
 *     do {
 *         for each of order.length: the next step of thread order.threads[i]
 *     } while (interleaving_next(&order));
 *
 *     every function    one thread an interleaving
 *
 * Not chosen: a callback for each order (the caller's state would have to pass
 * through a void pointer, and stopping early would need a third outcome), and
 * recursion (an order could not be put aside and taken up again).
 */
#ifndef TROUPE_BANK_INTERLEAVINGS_H
#define TROUPE_BANK_INTERLEAVINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More steps than could ever be run in all their orders. */
enum { INTERLEAVING_LENGTH_MAX = 64 };

struct interleaving {
    size_t length;                                  /* steps in all */
    unsigned char threads[INTERLEAVING_LENGTH_MAX]; /* who takes each */
};

/*
 * The first order. steps_counts[i] is how many steps thread i takes, at most
 * INTERLEAVING_LENGTH_MAX together and by at most 256 threads: false if not.
 */
bool interleaving_init(struct interleaving *order, const size_t *steps_counts,
    size_t threads_count);

/* Moves on to the next order; false if there is none, and nothing changed. */
bool interleaving_next(struct interleaving *order);

/* How many orders there are; UINT64_MAX if there are that many or more. */
uint64_t interleavings_count(const size_t *steps_counts, size_t threads_count);

#endif
