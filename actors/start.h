/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * start: what a START message carries to the slot that it is for.
 *
 * The spawner makes all that needs memory, so that a spawn that has none says
 * so; the worker that handles START puts it into the slot. The envelope's
 * `request` holds the extension, its `err` the actor's first flags.
 */
#ifndef TROUPE_ACTORS_START_H
#define TROUPE_ACTORS_START_H

#include "actors/behaviour.h"
#include "actors/self.h"

#include <string.h>

struct tp_start {
    const struct tp_behaviour_table *table;
    union tp_actor_state state;
};

_Static_assert(sizeof(struct troupe_message) + sizeof(struct tp_start) ==
                   TP_BLOCK_BYTES_MIN,
    "a start takes one cache line");

static inline struct tp_start *
tp_start_of(struct troupe_message *message)
{
    return (struct tp_start *)(void *)message->payload;
}

static inline bool
tp_start_is_large(const struct troupe_message *message)
{
    return (message->err & TP_ACTOR_HAS_LARGE_STATE) != 0;
}

static inline struct tp_extension *
tp_start_extension(const struct troupe_message *message)
{
    return (struct tp_extension *)(uintptr_t)message->request;
}

/*
 * Gives START or RUN a first state: value, or zeros if that is NULL; in a block
 * of its own unless the slot has room for it. NO_MEMORY.
 */
TROUPE_MUST_USE troupe_err tp_start_make_state(struct troupe_self *self,
    const struct tp_behaviour_table *table, const void *value,
    struct troupe_message *start);

/* Spawns an actor with these first flags. As troupe_spawn_behaviour(). */
TROUPE_MUST_USE troupe_err tp_spawn(struct troupe_self *self,
    const struct tp_behaviour_table *table,
    const struct troupe_spawn_options *options, unsigned flags,
    troupe_pid *pid);

/*
 * As troupe_spawn_behaviour(), and the actor begins with this socket of
 * runtime->io, which is taken, spawned or not.
 */
TROUPE_MUST_USE troupe_err tp_spawn_with_socket(struct troupe_self *self,
    const struct tp_behaviour_table *table,
    const struct troupe_spawn_options *given, void *socket, troupe_pid *pid);

/* As troupe_spawn_behaviour(), with these first flags, and the actor begins
 * with this extension, in which only memory is. Takes *extension in any case.
 */
TROUPE_MUST_USE troupe_err tp_spawn_with_extension(struct troupe_self *self,
    const struct tp_behaviour_table *table,
    const struct troupe_spawn_options *given, unsigned flags,
    struct tp_extension **extension, troupe_pid *pid);

/* Frees a start that no slot takes, with all that it carries. */
void tp_start_release(struct troupe_self *self, struct troupe_message *message);

/* All zeros; NULL: no memory. */
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
