/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/asks.h"

#include "base/assert.h"
#include "base/memory.h"

static bool
grow(struct tp_asks *asks)
{
    uint32_t capacity = asks->capacity == 0 ? 2 : 2 * asks->capacity;
    struct tp_ask *items =
        tp_memory_realloc(asks->items, capacity * sizeof(*items));

    if (items == NULL) {
        return false;
    }
    for (uint32_t i = asks->capacity; i < capacity; i++) {
        items[i] = (struct tp_ask){.next_free = asks->free};
        asks->free = i + 1;
    }
    asks->items = items;
    asks->capacity = capacity;
    return true;
}

uint64_t
tp_asks_open(struct tp_asks *asks, const struct tp_ask *ask)
{
    struct tp_ask *opened;
    uint32_t generation;
    uint32_t place;

    TP_ASSERT(ask->then != NULL);
    if (asks->free == 0 && !grow(asks)) {
        return 0;
    }
    place = asks->free;
    opened = &asks->items[place - 1];
    asks->free = opened->next_free;
    asks->open_count++;
    generation = opened->generation;
    *opened = *ask;
    opened->generation = generation;
    return (uint64_t)generation << 32 | place;
}

static void
close_ask(struct tp_asks *asks, uint32_t place, struct tp_ask *copy)
{
    struct tp_ask *ask = &asks->items[place - 1];

    *copy = *ask;
    ask->then = NULL;
    ask->generation++;
    ask->next_free = asks->free;
    asks->free = place;
    asks->open_count--;
}

bool
tp_asks_close(struct tp_asks *asks, uint64_t request, struct tp_ask *ask)
{
    uint32_t place = (uint32_t)request;

    if (place == 0 || place > asks->capacity ||
        asks->items[place - 1].generation != (uint32_t)(request >> 32) ||
        asks->items[place - 1].then == NULL) {
        return false;
    }
    close_ask(asks, place, ask);
    return true;
}

bool
tp_asks_close_any(struct tp_asks *asks, struct tp_ask *ask)
{
    if (asks->open_count == 0) {
        return false;
    }
    for (uint32_t i = 0; i < asks->capacity; i++) {
        if (asks->items[i].then != NULL) {
            close_ask(asks, i + 1, ask);
            return true;
        }
    }
    return false;
}

void
tp_asks_fini(struct tp_asks *asks)
{
    TP_ASSERT(asks->open_count == 0);
    tp_memory_free(asks->items);
    *asks = (struct tp_asks){NULL, 0, 0, 0};
}
