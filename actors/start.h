/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * start: what a START message carries to the slot that it is for.
 *
 * The spawner makes the state, so that a spawn that has no memory says so; the
 * worker that handles START puts it into the slot.
 */
#ifndef TROUPE_ACTORS_START_H
#define TROUPE_ACTORS_START_H

#include "actors/behaviour.h"
#include "actors/self.h"

struct tp_start {
    const struct tp_behaviour_table *table;
    void *state; /* all zeros; NULL: it fits the slot */
    uint32_t state_size;
};

static inline struct tp_start *
tp_start_of(struct troupe_message *message)
{
    return (struct tp_start *)(void *)message->payload;
}

/* Frees a state that tp_start holds or an actor had. */
static inline void
tp_start_free_state(struct troupe_self *self, void *state, uint32_t state_size)
{
    tp_block_give(&self->blocks, tp_block_class_of(state_size), state);
}

#endif
