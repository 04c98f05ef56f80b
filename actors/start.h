/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * start: what a START message carries to the slot that it is for.
 *
 * The spawner makes a state that does not fit the slot, so that a spawn that
 * has no memory says so; the worker that handles START puts it into the slot.
 */
#ifndef TROUPE_ACTORS_START_H
#define TROUPE_ACTORS_START_H

#include "actors/behaviour.h"
#include "actors/self.h"

#include <string.h>

/* A state too large for a slot, in a block of its own. */
struct tp_state {
    size_t bytes_count;
    unsigned char bytes[] __attribute__((aligned(16)));
};

struct tp_start {
    const struct tp_behaviour_table *table;
    struct tp_state *state; /* all zeros; NULL: it fits the slot */
};

static inline struct tp_start *
tp_start_of(struct troupe_message *message)
{
    return (struct tp_start *)(void *)message->payload;
}

/* NULL: no memory. */
static inline struct tp_state *
tp_state_make(struct troupe_self *self, size_t bytes_count)
{
    size_t bytes = sizeof(struct tp_state) + bytes_count;
    struct tp_state *state =
        tp_block_take(&self->blocks, tp_block_class_of(bytes), bytes);

    if (state != NULL) {
        state->bytes_count = bytes_count;
        memset(state->bytes, 0, bytes_count);
    }
    return state;
}

static inline void
tp_state_free(struct troupe_self *self, struct tp_state *state)
{
    size_t bytes = sizeof(struct tp_state) + state->bytes_count;

    tp_block_give(&self->blocks, tp_block_class_of(bytes), state);
}

#endif
