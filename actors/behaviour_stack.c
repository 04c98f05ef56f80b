/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/behaviour_stack.h"

#include "actors/actor.h"
#include "actors/order.h"
#include "actors/process.h"
#include "actors/self.h"
#include "base/err.h"

_Static_assert(sizeof(struct tp_behaviour_stack) == TP_BLOCK_BYTES_MIN,
    "what is below takes one cache line");

static unsigned
size_class(void)
{
    return tp_block_class_of(sizeof(struct tp_behaviour_stack));
}

void
tp_behaviour_stack_release(
    struct troupe_self *self, struct tp_extension *extension)
{
    if (extension->behaviours != NULL) {
        tp_block_give(&self->blocks, size_class(), extension->behaviours);
        extension->behaviours = NULL;
    }
}

/* The actor's, made if it has none. NULL: there is no memory. */
static struct tp_behaviour_stack *
get(struct troupe_self *self)
{
    struct tp_extension *extension = tp_extension_get(self, self->actor);

    if (extension == NULL) {
        return NULL;
    }
    if (extension->behaviours == NULL) {
        extension->behaviours = tp_block_take(
            &self->blocks, size_class(), sizeof(struct tp_behaviour_stack));
        if (extension->behaviours != NULL) {
            extension->behaviours->count = 0;
        }
    }
    return extension->behaviours;
}

/* How large a state the actor has room for. */
static size_t
state_room(const struct tp_actor *actor)
{
    return (actor->flags & TP_ACTOR_HAS_LARGE_STATE) != 0
               ? actor->state.large->bytes_count
               : TP_ACTOR_STATE_INLINE_BYTES;
}

static bool
is_handler(const struct troupe_self *self)
{
    return self != NULL && self->worker != NULL && self->actor != NULL;
}

/* Finds the table for a behaviour that the calling actor can have. */
static troupe_err
find(struct troupe_self *self, struct troupe_behaviour *behaviour,
    const struct tp_behaviour_table **table)
{
    troupe_err err;
    size_t room;

    if (!is_handler(self)) {
        return tp_err_set(TROUPE_E_WRONG_THREAD,
            "only an actor behaves: troupe_become() is for handlers");
    }
    err = tp_process_refuse(self, "troupe_become");
    if (err == TROUPE_OK) {
        err = tp_behaviour_register(behaviour, table);
    }
    if (err == TROUPE_OK && (*table)->body != NULL) {
        err = tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "%s is a process: it has a body and no handlers", (*table)->name);
    }
    if (err != TROUPE_OK) {
        return err;
    }
    room = state_room(self->actor);
    if ((*table)->state_size > room) {
        return tp_err_set(TROUPE_E_STATE_TOO_SMALL,
            "behaviour %s needs %zu bytes of state, the actor has %zu; give "
            "its first behaviour the largest state",
            (*table)->name, (*table)->state_size, room);
    }
    return TROUPE_OK;
}

troupe_err
troupe_become_behaviour(
    struct troupe_self *self, struct troupe_behaviour *behaviour)
{
    TP_RUNTIME_CALL();
    const struct tp_behaviour_table *table;
    troupe_err err = find(self, behaviour, &table);

    if (err == TROUPE_OK) {
        tp_order_switch(self, self->actor, table);
    }
    return err;
}

troupe_err
troupe_become_stacked_behaviour(
    struct troupe_self *self, struct troupe_behaviour *behaviour)
{
    TP_RUNTIME_CALL();
    const struct tp_behaviour_table *table;
    struct tp_behaviour_stack *stack;
    troupe_err err = find(self, behaviour, &table);

    if (err != TROUPE_OK) {
        return err;
    }
    stack = get(self);
    if (stack == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY,
            "no memory to keep behaviour %s below %s", self->actor->table->name,
            table->name);
    }
    if (stack->count == TROUPE_BEHAVIOURS_MAX - 1) {
        return tp_err_set(TROUPE_E_TOO_MANY_BEHAVIOURS,
            "a %s is over %d others already; troupe_unbecome() goes back, "
            "troupe_become() swaps",
            self->actor->table->name, TROUPE_BEHAVIOURS_MAX - 1);
    }
    stack->below[stack->count++] = self->actor->table;
    tp_order_switch(self, self->actor, table);
    return TROUPE_OK;
}

bool
troupe_unbecome(struct troupe_self *self)
{
    TP_RUNTIME_CALL();
    struct tp_behaviour_stack *stack;

    if (!is_handler(self) || self->actor->extension == NULL) {
        return false;
    }
    stack = self->actor->extension->behaviours;
    if (stack == NULL || stack->count == 0) {
        return false;
    }
    tp_order_switch(self, self->actor, stack->below[--stack->count]);
    return true;
}
