/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fifo: numbers, taken out in the order in which they were put in.
 *
 * What an actor cannot serve yet waits here: values, or pids, which are numbers
 * too. A ring that doubles when it is full. All zeros is an empty one; its
 * actor's stop handler has to end it. To run out of memory ends the program.
 */
#ifndef TROUPE_BENCH_SAVINA_FIFO_H
#define TROUPE_BENCH_SAVINA_FIFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench_fifo {
    uint64_t *items;
    size_t first;
    size_t count;
    size_t capacity; /* a power of two, or 0 */
};

void bench_fifo_fini(struct bench_fifo *fifo);

void bench_fifo_push(struct bench_fifo *fifo, uint64_t item);

/* False: it is empty, and *item untouched. */
bool bench_fifo_pop(struct bench_fifo *fifo, uint64_t *item);

#endif
