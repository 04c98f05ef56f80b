/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting actors, and what a handler may ask of itself. */
#include "actors/outside.h"
#include "actors/owned.h"
#include "actors/post.h"
#include "actors/start.h"
#include "base/err.h"

#include <string.h>

troupe_err
tp_start_make_state(struct troupe_self *self,
    const struct tp_behaviour_table *table, const void *value,
    struct troupe_message *start)
{
    union tp_actor_state *state = &tp_start_of(start)->state;

    memset(state, 0, sizeof(*state));
    if (table->state_size > TP_ACTOR_STATE_INLINE_BYTES) {
        struct tp_state *large = tp_state_make(self, table->state_size);

        if (large == NULL) {
            return tp_err_set(TROUPE_E_NO_MEMORY,
                "no memory for %zu bytes of state of a %s", table->state_size,
                table->name);
        }
        start->err |= TP_ACTOR_HAS_LARGE_STATE;
        state->large = large;
    }
    if (value != NULL) {
        memcpy(tp_start_is_large(start) ? state->large->bytes : state->bytes,
            value, table->state_size);
    }
    return TROUPE_OK;
}

/* A child keeps its token in its extension. */
static troupe_err
make_bare(struct troupe_self *self, struct troupe_message *start)
{
    memset(&tp_start_of(start)->state, 0, sizeof(union tp_actor_state));
    start->request = (uintptr_t)tp_extension_make(self);
    return start->request != 0
               ? TROUPE_OK
               : tp_err_set(TROUPE_E_NO_MEMORY, "no memory for a child");
}

static troupe_err
make_start(struct troupe_self *self, const struct tp_behaviour_table *table,
    const struct troupe_spawn_options *options, unsigned flags,
    struct troupe_message **message)
{
    struct troupe_message *made = tp_post_block(self, sizeof(struct tp_start));
    troupe_err err;

    if (made == NULL) {
        return tp_err_set(
            TROUPE_E_NO_MEMORY, "no memory to start a %s", table->name);
    }
    made->kind = TP_MESSAGE_START;
    made->err = (uint16_t)(flags | (options->ends_on_decode_error
                                           ? TP_ACTOR_ENDS_ON_DECODE_ERROR
                                           : 0));
    tp_start_of(made)->table = table;
    /* What is born suspended gets its state with its first life. */
    err = (flags & TP_ACTOR_IS_SUSPENDED) != 0
              ? make_bare(self, made)
              : tp_start_make_state(self, table, options->state, made);
    if (err != TROUPE_OK) {
        tp_start_release(self, made);
        return err;
    }
    *message = made;
    return TROUPE_OK;
}

void
tp_start_release(struct troupe_self *self, struct troupe_message *message)
{
    struct tp_extension *extension = tp_start_extension(message);

    if (tp_start_is_large(message)) {
        tp_state_free(self, tp_start_of(message)->state.large);
    }
    if (extension != NULL) {
        tp_bond_release_all(self, &extension->bonds);
        tp_owned_free_all(&extension->owned);
        tp_extension_destroy(self, &extension);
    }
    tp_post_free(self, message);
}

static troupe_err
resolve(struct troupe_self *self, const struct troupe_spawn_options *given,
    struct troupe_spawn_options *options)
{
    *options = troupe_spawn_options_default();
    if (given != NULL) {
        if (given->size < sizeof(size_t) || given->size > sizeof(*options)) {
            return tp_err_set(TROUPE_E_ABI_MISMATCH,
                "spawn options of %zu bytes, this library knows %zu: make them "
                "by TROUPE_SPAWN_OPTIONS",
                given->size, sizeof(*options));
        }
        memcpy(options, given, given->size);
    }
    if (options->link && (self->worker == NULL || self->actor == NULL)) {
        return tp_err_set(TROUPE_E_WRONG_THREAD,
            "a link is between actors: only a handler can spawn with one");
    }
    return TROUPE_OK;
}

/* What only some actors begin with. */
static troupe_err
add_extension(struct troupe_self *self,
    const struct troupe_spawn_options *options, troupe_pid pid,
    struct troupe_message *start)
{
    struct tp_extension *extension;

    if (!options->link) {
        return TROUPE_OK;
    }
    if (tp_start_extension(start) == NULL) {
        start->request = (uintptr_t)tp_extension_make(self);
    }
    extension = tp_start_extension(start);
    if (extension == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory for a link");
    }
    return tp_bond_link_unborn(self, &extension->bonds, pid);
}

/* The slot is the actor's from here on, but that START is not sent yet. */
static troupe_err
settle_in(struct troupe_self *self, struct tp_actor *actor,
    const struct troupe_spawn_options *options, struct troupe_message *start,
    troupe_pid *pid)
{
    struct tp_profiles *profiles = &self->runtime->profiles;
    uint32_t profile;
    troupe_err err =
        tp_profiles_find(profiles, actor, &options->mailbox, &profile);

    if (err != TROUPE_OK) {
        return err;
    }
    *pid = tp_registry_issue(&self->runtime->registry, actor);
    if ((start->err & TP_ACTOR_ROUTES) != 0) {
        profile |= TP_PROFILE_ROUTES;
    }
    tp_profiles_assign(profiles, actor, profile);
    return add_extension(self, options, *pid, start);
}

/* Sends the start, which is taken, to a slot of its own. */
static troupe_err
spawn_by(struct troupe_self *self, const struct troupe_spawn_options *options,
    struct troupe_message *start, troupe_pid *pid)
{
    struct tp_registry *registry = &self->runtime->registry;
    troupe_pid made = TROUPE_NO_PID;
    struct tp_actor *actor;
    troupe_err err = tp_registry_take(registry, &self->slots, &actor);

    if (err != TROUPE_OK) {
        tp_start_release(self, start);
        return err;
    }
    err = settle_in(self, actor, options, start, &made);
    if (err != TROUPE_OK) {
        tp_registry_give(registry, &self->slots, actor);
        tp_start_release(self, start);
        return err;
    }
    ck_pr_store_64(&self->born_count, self->born_count + 1);
    *pid = made;
    /* A pid of ours, and no limit: it cannot be refused. */
    return tp_post(self, made, &start);
}

troupe_err
tp_spawn(struct troupe_self *self, const struct tp_behaviour_table *table,
    const struct troupe_spawn_options *options, unsigned flags, troupe_pid *pid)
{
    struct troupe_message *start = NULL;
    troupe_err err = make_start(self, table, options, flags, &start);

    return err == TROUPE_OK ? spawn_by(self, options, start, pid) : err;
}

troupe_err
tp_spawn_with_extension(struct troupe_self *self,
    const struct tp_behaviour_table *table,
    const struct troupe_spawn_options *given, unsigned flags,
    struct tp_extension **extension, troupe_pid *pid)
{
    struct troupe_spawn_options options;
    struct troupe_message *start = NULL;
    troupe_err err = resolve(self, given, &options);

    if (err == TROUPE_OK) {
        err = make_start(self, table, &options, flags, &start);
    }
    if (err != TROUPE_OK) {
        tp_owned_free_all(&(*extension)->owned);
        tp_extension_destroy(self, extension);
        return err;
    }
    start->request = (uintptr_t)*extension;
    *extension = NULL;
    return spawn_by(self, &options, start, pid);
}

troupe_err
troupe_spawn_behaviour(struct troupe_self *self,
    struct troupe_behaviour *behaviour,
    const struct troupe_spawn_options *given, troupe_pid *pid)
{
    TP_RUNTIME_CALL();
    const struct tp_behaviour_table *table;
    struct troupe_spawn_options options;
    troupe_err err = tp_outside_check(self);

    if (err == TROUPE_OK) {
        err = resolve(self, given, &options);
    }
    if (err == TROUPE_OK) {
        err = tp_behaviour_register(behaviour, &table);
    }
    return err == TROUPE_OK ? tp_spawn(self, table, &options, 0, pid) : err;
}

/* How large a state the actor has room for. */
static size_t
state_room(const struct tp_actor *actor)
{
    return (actor->flags & TP_ACTOR_HAS_LARGE_STATE) != 0
               ? actor->state.large->bytes_count
               : TP_ACTOR_STATE_INLINE_BYTES;
}

troupe_err
troupe_become_behaviour(
    struct troupe_self *self, struct troupe_behaviour *behaviour)
{
    TP_RUNTIME_CALL();
    const struct tp_behaviour_table *table;
    size_t room;
    troupe_err err;

    if (self->worker == NULL) {
        return tp_err_set(TROUPE_E_WRONG_THREAD,
            "only an actor behaves: troupe_become() is for handlers");
    }
    err = tp_behaviour_register(behaviour, &table);
    if (err != TROUPE_OK) {
        return err;
    }
    room = state_room(self->actor);
    if (table->state_size > room) {
        return tp_err_set(TROUPE_E_STATE_TOO_SMALL,
            "behaviour %s needs %zu bytes of state, the actor has %zu; give "
            "its first behaviour the largest state",
            table->name, table->state_size, room);
    }
    self->actor->table = table;
    return TROUPE_OK;
}

/* ---- what a caller knows of itself --------------------------------------- */

troupe_pid
troupe_self_pid(const struct troupe_self *self)
{
    return self->pid;
}

troupe_pid
troupe_sender(const struct troupe_self *self)
{
    return self->in_hand == NULL ? TROUPE_NO_PID : self->in_hand->sender;
}

uint64_t
troupe_now_ns(const struct troupe_self *self)
{
    return self->worker != NULL
               ? self->worker->now_ns
               : tp_clock_now_ns(&self->runtime->scheduler->clock);
}

uint64_t
troupe_random_below(struct troupe_self *self, uint64_t limit)
{
    return tp_random_below(&self->random, limit);
}
