/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/savina/fifo.h"
#include "bench/savina/memory.h"

enum { CAPACITY_AT_FIRST = 16 };

void
bench_fifo_fini(struct bench_fifo *fifo)
{
    free(fifo->items);
    *fifo = (struct bench_fifo){0};
}

static void
grow(struct bench_fifo *fifo)
{
    size_t capacity =
        fifo->capacity > 0 ? 2 * fifo->capacity : CAPACITY_AT_FIRST;
    uint64_t *items = bench_memory(capacity, sizeof(items[0]));

    for (size_t i = 0; i < fifo->count; i++) {
        items[i] = fifo->items[(fifo->first + i) & (fifo->capacity - 1)];
    }
    free(fifo->items);
    fifo->items = items;
    fifo->first = 0;
    fifo->capacity = capacity;
}

void
bench_fifo_push(struct bench_fifo *fifo, uint64_t item)
{
    if (fifo->count == fifo->capacity) {
        grow(fifo);
    }
    fifo->items[(fifo->first + fifo->count++) & (fifo->capacity - 1)] = item;
}

bool
bench_fifo_pop(struct bench_fifo *fifo, uint64_t *item)
{
    if (fifo->count == 0) {
        return false;
    }
    *item = fifo->items[fifo->first];
    fifo->first = (fifo->first + 1) & (fifo->capacity - 1);
    fifo->count--;
    return true;
}
