/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/interleavings.h"

#include <string.h>

enum { THREADS_MAX = 256 };

bool
interleaving_init(struct interleaving *order, const size_t *steps_counts,
    size_t threads_count)
{
    order->length = 0;
    if (threads_count > THREADS_MAX) {
        return false;
    }
    for (size_t i = 0; i < threads_count; i++) {
        if (steps_counts[i] > INTERLEAVING_LENGTH_MAX - order->length) {
            return false;
        }
        memset(&order->threads[order->length], (int)i, steps_counts[i]);
        order->length += steps_counts[i];
    }
    return true;
}

static void
swap(unsigned char *left, unsigned char *right)
{
    unsigned char kept = *left;

    *left = *right;
    *right = kept;
}

/*
 * The tail that only falls is the last of its orders. The step before it goes
 * to the next higher thread of the tail, and the tail starts over, rising.
 */
bool
interleaving_next(struct interleaving *order)
{
    unsigned char *threads = order->threads;
    size_t tail = order->length;
    size_t higher = order->length;

    while (tail > 1 && threads[tail - 2] >= threads[tail - 1]) {
        tail--;
    }
    if (tail <= 1) {
        return false;
    }
    tail--;
    while (threads[higher - 1] <= threads[tail - 1]) {
        higher--;
    }
    swap(&threads[tail - 1], &threads[higher - 1]);
    for (size_t last = order->length; last > tail + 1; tail++, last--) {
        swap(&threads[tail], &threads[last - 1]);
    }
    return true;
}

/* The ways to place each thread's steps among those placed before: a product
 * of binomials, each built up factor by factor and whole at every step. */
uint64_t
interleavings_count(const size_t *steps_counts, size_t threads_count)
{
    unsigned __int128 count = 1;
    size_t placed = 0;

    for (size_t i = 0; i < threads_count; i++) {
        unsigned __int128 ways = 1;

        for (size_t step = 1; step <= steps_counts[i]; step++) {
            ways = ways * ++placed / step;
            if (ways > UINT64_MAX) {
                return UINT64_MAX;
            }
        }
        count *= ways;
        if (count > UINT64_MAX) {
            return UINT64_MAX;
        }
    }
    return (uint64_t)count;
}
