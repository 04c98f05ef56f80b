/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/supervised.h"

#include "actors/child.h"
#include "actors/post.h"
#include "actors/start.h"
#include "actors/supervisor.h"
#include "base/assert.h"
#include "base/err.h"
#include "base/memory.h"
#include "troupe/placement.h"

#include <string.h>

/* ---- descriptions -------------------------------------------------------- */

enum { DEPTH_MAX = 64, RESTARTS_MAX = 1000000 };

static troupe_err
contradicts(const char *name, const char *what)
{
    return tp_err_set(TROUPE_E_INVALID_ARGUMENT, "child %s: %s", name, what);
}

static troupe_err
check_size(size_t size, size_t known, const char *macro)
{
    if (size < sizeof(size_t) || size > known) {
        return tp_err_set(TROUPE_E_ABI_MISMATCH,
            "a description of %zu bytes, this library knows %zu: make it by %s",
            size, known, macro);
    }
    return TROUPE_OK;
}

/* A copy with all fields that this library knows. */
static troupe_err
read_child(const struct troupe_child *given, struct troupe_child *child)
{
    static const struct troupe_mailbox_options none;
    const char *name;
    troupe_err err = check_size(given->size, sizeof(*child), "TROUPE_CHILD");

    if (err != TROUPE_OK) {
        return err;
    }
    memset(child, 0, sizeof(*child));
    memcpy(child, given, given->size);
    name = child->name;
    if (name == NULL) {
        return contradicts("without a name", "give it one");
    }
    if ((child->behaviour == NULL) == (child->supervisor == NULL)) {
        return contradicts(name, "give it either a behaviour or a supervisor");
    }
    if (child->supervisor != NULL &&
        (child->state != NULL || child->ends_on_decode_error ||
            memcmp(&child->mailbox, &none, sizeof(none)) != 0)) {
        return contradicts(name,
            "a supervisor's state and mailbox are its own; leave state, "
            "mailbox and ends_on_decode_error out");
    }
    if (child->supervisor != NULL &&
        (child->worker != 0 || child->own_thread)) {
        return contradicts(name,
            "a supervisor runs anywhere; leave worker and own_thread out");
    }
    if (child->worker == TROUPE_SPAWNERS_WORKER) {
        return contradicts(name,
            "who spawns it is nobody in particular; give it a worker by index");
    }
    if (child->is_registered && tp_words_check(name) != TROUPE_OK) {
        return TROUPE_E_INVALID_ARGUMENT; /* the detail says why */
    }
    if (child->restart > TROUPE_TEMPORARY) {
        return contradicts(name, "there is no such restart");
    }
    return TROUPE_OK;
}

static troupe_err
check(const struct troupe_supervisor *description, int depth)
{
    troupe_err err = check_size(
        description->size, sizeof(*description), "TROUPE_SUPERVISOR");

    if (err == TROUPE_OK && depth > DEPTH_MAX) {
        err = tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "supervisors %d deep: does one contain itself?", depth);
    }
    if (err == TROUPE_OK && description->restarts_max != TROUPE_NO_RESTARTS &&
        description->restarts_max > RESTARTS_MAX) {
        err = tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "restarts_max is %u; at most %d are counted",
            description->restarts_max, RESTARTS_MAX);
    }
    if (err == TROUPE_OK && description->children == NULL &&
        description->children_count > 0) {
        err = tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "children is NULL and children_count %u; use TROUPE_CHILDREN",
            description->children_count);
    }
    if (err == TROUPE_OK && description->strategy > TROUPE_REST_FOR_ONE) {
        err =
            tp_err_set(TROUPE_E_INVALID_ARGUMENT, "there is no such strategy");
    }
    for (unsigned i = 0; err == TROUPE_OK && i < description->children_count;
         i++) {
        struct troupe_child child;

        err = read_child(tp_supervised_described(description, i), &child);
        if (err == TROUPE_OK && child.supervisor != NULL) {
            err = check(child.supervisor, depth + 1);
        } else if (err == TROUPE_OK) {
            const struct tp_behaviour_table *table;

            err = tp_behaviour_register(child.behaviour, &table);
        }
    }
    return err;
}

troupe_err
tp_supervised_check(const struct troupe_supervisor *description)
{
    return check(description, 1);
}

/* ---- making -------------------------------------------------------------- */

static void
free_message(struct troupe_self *self, struct troupe_message **message)
{
    if (*message != NULL) {
        tp_post_free(self, *message);
        *message = NULL;
    }
}

static void
free_record(struct troupe_self *self, struct tp_supervised *child)
{
    free_message(self, &child->token);
    free_message(self, &child->echo);
    free_message(self, &child->stop);
    free_message(self, &child->kill);
    free_message(self, &child->finish);
    free_message(self, &child->adopt);
    tp_exit_release(self, &child->why);
    tp_memory_free(child->state);
    tp_memory_free(child);
}

static troupe_err
no_memory(const char *name)
{
    return tp_err_set(TROUPE_E_NO_MEMORY, "no memory for child %s", name);
}

static bool
fill_message(struct troupe_self *self, struct troupe_message **message)
{
    if (*message == NULL) {
        *message = tp_post_block(self, sizeof(struct tp_start));
    }
    return *message != NULL;
}

/* Whether it has what each life needs; what is away is made anew. */
static bool
fill_messages(struct troupe_self *self, struct tp_supervised *child)
{
    return fill_message(self, &child->token) &&
           fill_message(self, &child->echo) &&
           fill_message(self, &child->stop) &&
           fill_message(self, &child->kill) &&
           fill_message(self, &child->finish);
}

static troupe_err
copy_state(struct tp_supervised *child)
{
    const void *value = child->description.state;
    struct tp_supervisor nested = {
        .description = child->description.supervisor};

    if (child->description.supervisor != NULL) {
        value = &nested;
    }
    if (value == NULL || child->table->state_size == 0) {
        return TROUPE_OK;
    }
    child->state = tp_memory_alloc(child->table->state_size);
    if (child->state == NULL) {
        return no_memory(child->description.name);
    }
    memcpy(child->state, value, child->table->state_size);
    return TROUPE_OK;
}

static troupe_err
spawn(struct troupe_self *self, struct tp_supervised *child)
{
    struct troupe_spawn_options options = troupe_spawn_options_default();
    bool supervises = child->description.supervisor != NULL;

    options.mailbox = child->description.mailbox;
    options.ends_on_decode_error = child->description.ends_on_decode_error;
    options.stack_bytes = child->description.stack_bytes;
    options.name =
        child->description.is_registered ? child->description.name : NULL;
    options.worker = child->description.worker;
    options.own_thread = child->description.own_thread;
    return tp_spawn(self, child->table, &options,
        supervises ? TP_ACTOR_IS_SUSPENDED | TP_ACTOR_SUPERVISES
                   : TP_ACTOR_IS_SUSPENDED,
        &child->pid);
}

static troupe_err
fill(struct troupe_self *self, struct tp_supervised *child)
{
    struct troupe_behaviour *behaviour = child->description.supervisor != NULL
                                             ? tp_supervisor_behaviour()
                                             : child->description.behaviour;
    troupe_err err = tp_behaviour_register(behaviour, &child->table);

    if (err == TROUPE_OK) {
        err = copy_state(child);
    }
    if (err == TROUPE_OK &&
        (!fill_messages(self, child) || !fill_message(self, &child->adopt))) {
        err = no_memory(child->description.name);
    }
    return err == TROUPE_OK ? spawn(self, child) : err;
}

troupe_err
tp_supervised_make(struct troupe_self *self,
    const struct troupe_child *description, struct tp_supervised **made)
{
    struct troupe_child known;
    struct tp_supervised *child;
    troupe_err err = read_child(description, &known);

    if (err == TROUPE_OK && known.supervisor != NULL) {
        err = tp_supervised_check(known.supervisor);
    }
    if (err != TROUPE_OK) {
        return err;
    }
    child = tp_memory_alloc_zeroed(1, sizeof(*child));
    if (child == NULL) {
        return no_memory(known.name);
    }
    child->description = known;
    child->wants_up = true;
    err = fill(self, child);
    if (err != TROUPE_OK) {
        free_record(self, child);
        return err;
    }
    *made = child;
    return TROUPE_OK;
}

/* ---- commanding ---------------------------------------------------------- */

/* The child has been made, and what is sent here is not limited. */
static void
send(struct troupe_self *self, struct tp_supervised *child,
    struct troupe_message **message, enum tp_message_kind kind)
{
    troupe_err err;

    (*message)->kind = (uint8_t)kind;
    err = tp_post(self, child->pid, message);
    TP_ASSERT(err == TROUPE_OK);
}

/* So that it is found again when the message comes home. */
static void
address(
    struct troupe_message *message, struct tp_supervised *child, uint32_t life)
{
    message->request = (uintptr_t)child;
    message->schema = life;
    message->err = 0;
}

troupe_err
tp_supervised_run(
    struct troupe_self *self, struct tp_supervised *child, uint32_t life)
{
    troupe_err err;

    if (!fill_messages(self, child)) {
        return no_memory(child->description.name);
    }
    address(child->token, child, life);
    address(child->echo, child, life);
    tp_start_of(child->token)->table = child->table;
    err = tp_start_make_state(self, child->table, child->state, child->token);
    if (err != TROUPE_OK) {
        return err;
    }
    child->phase = TP_SUPERVISED_STARTING;
    child->lives_count++;
    send(self, child, &child->token, TP_MESSAGE_RUN);
    send(self, child, &child->echo, TP_MESSAGE_ECHO);
    return TROUPE_OK;
}

void
tp_supervised_stop(struct troupe_self *self, struct tp_supervised *child)
{
    child->phase = TP_SUPERVISED_STOPPING;
    child->stop->err = TROUPE_EXIT_SHUTDOWN;
    send(self, child, &child->stop, TP_MESSAGE_STOP);
}

void
tp_supervised_kill(struct troupe_self *self, struct tp_supervised *child)
{
    if (child->kill != NULL) {
        send(self, child, &child->kill, TP_MESSAGE_KILL);
    }
}

void
tp_supervised_abandon(struct troupe_self *self, struct tp_supervised **child,
    const struct tp_exit *why)
{
    struct tp_supervised *abandoned = *child;

    *child = NULL;
    if (tp_runtime_state_of(self->runtime) != TP_RUNTIME_STOPPED) {
        *tp_child_exit_of(abandoned->finish) = tp_exit_share(why);
        send(self, abandoned, &abandoned->finish, TP_MESSAGE_FINISH);
    }
    free_record(self, abandoned);
}
