/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/kept.h"

#include "base/assert.h"
#include "base/memory.h"

static bool
grow(struct tp_kept *kept)
{
    uint32_t capacity = kept->capacity == 0 ? 4 : 2 * kept->capacity;
    struct troupe_message **items = tp_memory_realloc(
        kept->items, capacity * sizeof(struct troupe_message *));

    if (items == NULL) {
        return false;
    }
    kept->items = items;
    kept->capacity = capacity;
    return true;
}

bool
tp_kept_add(struct tp_kept *kept, struct troupe_message *request)
{
    if (kept->count == kept->capacity && !grow(kept)) {
        return false;
    }
    request->incarnation = kept->count;
    kept->items[kept->count++] = request;
    return true;
}

/* The last one moves into the place that becomes free. */
void
tp_kept_remove(struct tp_kept *kept, struct troupe_message *request)
{
    uint32_t place = request->incarnation;
    struct troupe_message *last;

    TP_ASSERT(place < kept->count && kept->items[place] == request);
    last = kept->items[--kept->count];
    kept->items[place] = last;
    last->incarnation = place;
}

struct troupe_message *
tp_kept_remove_any(struct tp_kept *kept)
{
    return kept->count == 0 ? NULL : kept->items[--kept->count];
}

void
tp_kept_fini(struct tp_kept *kept)
{
    TP_ASSERT(kept->count == 0);
    tp_memory_free(kept->items);
    *kept = (struct tp_kept){NULL, 0, 0};
}
