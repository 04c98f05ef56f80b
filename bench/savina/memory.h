/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory: what a benchmark works with, zeroed, or the end of the program.
 *
 * A benchmark that finds no memory has nothing to measure. What is made here
 * ends by free(); an actor's does in its stop handler, which runs for whoever
 * is left when the runtime stops too.
 */
#ifndef TROUPE_BENCH_SAVINA_MEMORY_H
#define TROUPE_BENCH_SAVINA_MEMORY_H

#include <stdlib.h>

static inline void *
bench_memory(size_t count, size_t size)
{
    void *memory = calloc(count, size);

    if (memory == NULL) {
        abort();
    }
    return memory;
}

#endif
