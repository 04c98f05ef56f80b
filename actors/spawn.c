/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting actors, and what a handler may ask of itself. */
#include "actors/io.h"
#include "actors/order.h"
#include "actors/outside.h"
#include "actors/owned.h"
#include "actors/placement.h"
#include "actors/post.h"
#include "actors/process.h"
#include "actors/start.h"
#include "base/err.h"

#include <string.h>

troupe_err
tp_start_make_state(struct troupe_self *self,
    const struct tp_behaviour_table *table, const void *value,
    struct troupe_message *start)
{
    union tp_actor_state *state = &tp_start_of(start)->state;

    if (table->marks != NULL) {
        start->err |= TP_ACTOR_ORDERS_MAIL;
    }
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

/* What runs a body, in an extension, which is made if there is none. */
static troupe_err
make_process(struct troupe_self *self,
    const struct troupe_spawn_options *options, struct troupe_message *start)
{
    start->err |= TP_ACTOR_IS_SEQUENTIAL;
    if (start->request == 0) {
        start->request = (uintptr_t)tp_extension_make(self);
    }
    return start->request != 0
               ? tp_process_make(self, options->stack_bytes,
                     &tp_start_extension(start)->process)
               : tp_err_set(TROUPE_E_NO_MEMORY, "no memory for a process");
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
    if (err == TROUPE_OK && table->body != NULL) {
        err = make_process(self, options, made);
    }
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
        tp_io_drop(self, extension);
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
    if (options->name != NULL) {
        troupe_err err = tp_words_check(options->name);

        if (err != TROUPE_OK) {
            return err;
        }
    }
    if (options->link && (self->worker == NULL || self->actor == NULL)) {
        return tp_err_set(TROUPE_E_WRONG_THREAD,
            "a link is between actors: only a handler can spawn with one");
    }
    return TROUPE_OK;
}

/* The extension that the start brings, made if it has none; NULL: no memory. */
static struct tp_extension *
extension_of(struct troupe_self *self, struct troupe_message *start)
{
    if (tp_start_extension(start) == NULL) {
        start->request = (uintptr_t)tp_extension_make(self);
    }
    return tp_start_extension(start);
}

/* What only some actors begin with. */
static troupe_err
add_link(struct troupe_self *self, const struct troupe_spawn_options *options,
    troupe_pid pid, struct troupe_message *start)
{
    struct tp_extension *extension;

    if (!options->link) {
        return TROUPE_OK;
    }
    extension = extension_of(self, start);
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
    if (options->name != NULL) {
        err = tp_directory_reserve(self, options->name, *pid);
        if (err != TROUPE_OK) {
            return err;
        }
        start->err |= TP_ACTOR_IS_NAMED;
    }
    err = add_link(self, options, *pid, start);
    if (err != TROUPE_OK && options->name != NULL) {
        tp_directory_unregister(self, options->name, *pid);
    }
    return err;
}

/* Gives the actor its START. A pid of ours, and no limit: it cannot be refused.
 * With a name, at once: whoever finds it may tell the actor. */
static troupe_err
send_start(struct troupe_self *self, troupe_pid pid,
    const struct troupe_spawn_options *options, struct troupe_message *start)
{
    troupe_err err = tp_post(self, pid, &start);

    if (options->name != NULL) {
        if (self->chain.newest != NULL) {
            tp_post_flush(self);
        }
        tp_directory_show(self, pid);
    }
    return err;
}

/* Into any free slot. */
static troupe_err
move_in(struct troupe_self *self, const struct troupe_spawn_options *options,
    struct troupe_message *start, troupe_pid *pid)
{
    struct tp_registry *registry = &self->runtime->registry;
    struct tp_actor *actor;
    troupe_err err = tp_registry_take(registry, &self->slots, &actor);

    if (err != TROUPE_OK) {
        return err;
    }
    err = settle_in(self, actor, options, start, pid);
    if (err != TROUPE_OK) {
        tp_registry_give(registry, &self->slots, actor);
    }
    return err;
}

/* Into one that only one worker runs. */
static troupe_err __attribute__((cold, noinline)) move_in_there(
    struct troupe_self *self, const struct troupe_spawn_options *options,
    struct troupe_message *start, troupe_pid *pid)
{
    struct tp_actor *actor;
    uint32_t bound;
    troupe_err err = tp_placement_take(self, options, &actor, &bound);

    if (err != TROUPE_OK) {
        return err;
    }
    err = settle_in(self, actor, options, start, pid);
    if (err != TROUPE_OK) {
        tp_placement_give_up(self, actor, bound);
        return err;
    }
    tp_placement_settle(
        self, actor, bound, *pid, tp_start_of(start)->table->name);
    return TROUPE_OK;
}

/* Sends the start, which is taken, to a slot of its own. */
static troupe_err
spawn_by(struct troupe_self *self, const struct troupe_spawn_options *options,
    struct troupe_message *start, troupe_pid *pid)
{
    troupe_pid made = TROUPE_NO_PID;
    troupe_err err = tp_placement_is_wanted(options)
                         ? move_in_there(self, options, start, &made)
                         : move_in(self, options, start, &made);

    if (err != TROUPE_OK) {
        tp_start_release(self, start);
        return err;
    }
    ck_pr_store_64(&self->born_count, self->born_count + 1);
    *pid = made;
    return send_start(self, made, options, start);
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
tp_spawn_with_socket(struct troupe_self *self,
    const struct tp_behaviour_table *table,
    const struct troupe_spawn_options *given, void *socket, troupe_pid *pid)
{
    struct troupe_spawn_options options;
    struct troupe_message *start = NULL;
    troupe_err err = resolve(self, given, &options);

    if (err == TROUPE_OK) {
        err = make_start(self, table, &options, 0, &start);
    }
    if (err != TROUPE_OK) {
        self->runtime->io->drop(self, socket);
        return err;
    }
    if (extension_of(self, start) == NULL) {
        tp_start_release(self, start);
        self->runtime->io->drop(self, socket);
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory for a connection");
    }
    tp_start_extension(start)->socket = socket;
    return spawn_by(self, &options, start, pid);
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
               ? tp_worker_now_ns(self->worker)
               : tp_clock_now_ns(&self->runtime->scheduler->clock);
}

uint64_t
troupe_random_below(struct troupe_self *self, uint64_t limit)
{
    return tp_random_below(&self->random, limit);
}
