/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/isolation.h"

#include "actors/pid_text.h"
#include "actors/post.h"
#include "actors/quarantine.h"
#include "actors/start.h"

#include <malloc.h>
#include <sanitizer/asan_interface.h>
#include <string.h>
#include <unistd.h>

enum { RUNTIMES_MAX = 16, NAME_BYTES = 160 };

/*
 * By the runtime's number. Written by who makes and who destroys it, with a
 * store fence before; read by a report on any thread, which reaches the rest by
 * way of the pointer. Stale: an address is not found.
 */
static struct troupe_runtime *watched[RUNTIMES_MAX];

static pthread_once_t callback_once = PTHREAD_ONCE_INIT;

/* ---- messages ------------------------------------------------------------ */

static bool
is_moved(const struct troupe_message *message)
{
    return message->kind == TP_MESSAGE_TELL ||
           message->kind == TP_MESSAGE_REQUEST ||
           message->kind == TP_MESSAGE_REPLY;
}

static bool
has_quarantine(struct troupe_self *self)
{
    if (self->quarantine == NULL) {
        struct tp_quarantine *made = tp_quarantine_make(&self->blocks);

        ck_pr_fence_store();
        ck_pr_store_ptr(&self->quarantine, made);
    }
    return self->quarantine != NULL;
}

/* The whole block: something may stand behind the payload. */
static struct troupe_message *
copy_of(struct troupe_self *self, struct troupe_message *message)
{
    size_t bytes = malloc_usable_size(message);
    struct troupe_message *copy =
        tp_block_take(&self->blocks, message->size_class, bytes);

    if (copy != NULL) {
        memcpy(copy, message, bytes);
    }
    return copy;
}

struct troupe_message *
tp_isolation_begin_move(
    struct troupe_self *self, struct troupe_message *message)
{
    struct troupe_message *copy = NULL;

    if (is_moved(message) && has_quarantine(self)) {
        copy = copy_of(self, message);
    }
    return copy != NULL ? copy : message;
}

/* Of the actor whose turn it is; NULL on a thread outside. */
static const char *
behaviour_name(const struct troupe_self *self)
{
    if (self->worker == NULL) {
        return NULL;
    }
    if (self->actor == NULL || self->actor->table == NULL) {
        return "gone";
    }
    return self->actor->table->name;
}

void
tp_isolation_end_move(struct troupe_self *self, troupe_pid to,
    struct troupe_message *message, struct troupe_message *copy, troupe_err err)
{
    struct tp_quarantined left = {
        .block = message,
        .sender = self->pid,
        .receiver = to,
        .behaviour = behaviour_name(self),
    };

    if (message == copy) {
        return;
    }
    if (err != TROUPE_OK) {
        tp_post_free(self, copy);
        return;
    }
    left.bytes = malloc_usable_size(message);
    left.schema = message->schema;
    tp_quarantine_add(self->quarantine, &left);
}

/* ---- states -------------------------------------------------------------- */

struct room {
    unsigned char *bytes;
    size_t count;
};

/* All bytes that the state could ever have, to the end of its block. */
static struct room
room_of(struct tp_actor *actor)
{
    struct tp_state *large;

    if ((actor->flags & TP_ACTOR_HAS_LARGE_STATE) == 0) {
        return (struct room){actor->state.bytes, sizeof(actor->state.bytes)};
    }
    large = actor->state.large;
    return (struct room){
        large->bytes, malloc_usable_size(large) - sizeof(*large)};
}

void
tp_isolation_close_state(struct tp_actor *actor)
{
    if (actor->table != NULL) {
        struct room room = room_of(actor);

        __asan_poison_memory_region(room.bytes, room.count);
    }
}

/* Closes first: unpoisoning a part of what was open leaves all of it open. */
void
tp_isolation_open_state(struct tp_actor *actor)
{
    tp_isolation_close_state(actor);
    __asan_unpoison_memory_region(
        room_of(actor).bytes, actor->table->state_size);
}

void
tp_isolation_release_state(struct tp_actor *actor)
{
    struct room room = room_of(actor);

    __asan_unpoison_memory_region(room.bytes, room.count);
}

/* ---- reports ------------------------------------------------------------- */

static const char *
actor_text(char *out, troupe_pid pid, const char *behaviour)
{
    char text[TP_PID_TEXT_BYTES];

    if (behaviour != NULL) {
        snprintf(out, NAME_BYTES, "actor %s (%s)", tp_pid_text(text, pid),
            behaviour);
    } else {
        snprintf(out, NAME_BYTES, "thread %s outside the runtime",
            tp_pid_text(text, pid));
    }
    return out;
}

/* Who is at it: this thread's actor, if it is one of the runtime's. */
static const char *
toucher_text(char *out, struct troupe_runtime *runtime)
{
    const struct troupe_self *self = pthread_getspecific(runtime->key);

    if (self == NULL) {
        return "a thread that the runtime does not know";
    }
    if (self->worker != NULL && self->actor == NULL) {
        return "a worker between two actors";
    }
    return actor_text(out, self->pid, behaviour_name(self));
}

static bool
report_message_of(struct troupe_runtime *runtime, struct troupe_self *self,
    const void *address)
{
    struct tp_quarantine *quarantine = ck_pr_load_ptr(&self->quarantine);
    struct tp_quarantined left;
    char sender[NAME_BYTES];
    char toucher[NAME_BYTES];
    char receiver[TP_PID_TEXT_BYTES];

    if (quarantine == NULL || !tp_quarantine_find(quarantine, address, &left)) {
        return false;
    }
    dprintf(STDERR_FILENO,
        "troupe: this is the message %s that %s has sent to %s: it belongs to "
        "its receiver; touched by %s\n",
        troupe_schema_by_number_view(left.schema)->name,
        actor_text(sender, left.sender, left.behaviour),
        tp_pid_text(receiver, left.receiver), toucher_text(toucher, runtime));
    return true;
}

/* If a thread is being added just now, those outside are left out. */
static bool
report_message(struct troupe_runtime *runtime, const void *address)
{
    bool found = false;

    for (unsigned i = 0;
         i < tp_scheduler_all_count(runtime->scheduler) && !found; i++) {
        found =
            report_message_of(runtime, tp_runtime_self_at(runtime, i), address);
    }
    if (!found && pthread_mutex_trylock(&runtime->outside_mutex) == 0) {
        for (struct troupe_self *self = runtime->outside;
             self != NULL && !found; self = self->next_outside) {
            found = report_message_of(runtime, self, address);
        }
        pthread_mutex_unlock(&runtime->outside_mutex);
    }
    return found;
}

/* The start of the state if address is in it; NULL if it is not. block is what
 * the address was allocated with: a state's block is compared, never read. What
 * is read may become poisoned meanwhile. */
static const char *__attribute__((no_sanitize("address"))) state_around(
    const struct tp_actor *actor, const char *address, const void *block)
{
    if ((actor->flags & TP_ACTOR_HAS_LARGE_STATE) != 0) {
        return actor->state.large == block
                   ? (const char *)block + sizeof(struct tp_state)
                   : NULL;
    }
    return address >= (const char *)actor->state.bytes &&
                   address < (const char *)(&actor->state + 1)
               ? (const char *)actor->state.bytes
               : NULL;
}

static void
print_state(struct troupe_runtime *runtime, const struct tp_actor *actor,
    const struct tp_behaviour_table *table, size_t offset)
{
    char owner[NAME_BYTES];
    char toucher[NAME_BYTES];

    (void)actor_text(owner, actor->pid, table->name);
    (void)toucher_text(toucher, runtime);
    if (offset < table->state_size) {
        dprintf(STDERR_FILENO,
            "troupe: this is the state of %s, which is for its own handlers; "
            "touched by %s\n",
            owner, toucher);
    } else {
        dprintf(STDERR_FILENO,
            "troupe: this is behind the %zu bytes of state that %s has; "
            "touched by %s\n",
            table->state_size, owner, toucher);
    }
}

/* Reads the slots of actors that may be running: see the header. */
static bool
report_state(struct troupe_runtime *runtime, const char *address)
{
    uint32_t slots_count = tp_registry_count(&runtime->registry);
    void *block = NULL;
    size_t bytes = 0;

    (void)__asan_locate_address(
        (void *)(uintptr_t)address, NULL, 0, &block, &bytes);
    for (uint32_t i = 0; i < slots_count; i++) {
        const struct tp_actor *actor = tp_registry_at(&runtime->registry, i);
        const struct tp_behaviour_table *table = actor->table;
        const char *state =
            table == NULL ? NULL : state_around(actor, address, block);

        if (state != NULL && address >= state) {
            print_state(runtime, actor, table, (size_t)(address - state));
            return true;
        }
    }
    return false;
}

static void
report(const char *text)
{
    const char *address = __asan_get_report_address();

    (void)text;
    for (unsigned i = 0; i < RUNTIMES_MAX; i++) {
        struct troupe_runtime *runtime = ck_pr_load_ptr(&watched[i]);

        if (runtime != NULL && (report_message(runtime, address) ||
                                   report_state(runtime, address))) {
            return;
        }
    }
}

static void
set_callback(void)
{
    __asan_set_error_report_callback(report);
}

void
tp_isolation_watch(struct troupe_runtime *runtime)
{
    pthread_once(&callback_once, set_callback);
    ck_pr_fence_store();
    ck_pr_store_ptr(&watched[runtime->registry.runtime_number], runtime);
}

void
tp_isolation_forget(struct troupe_runtime *runtime)
{
    uint32_t number = runtime->registry.runtime_number;

    if (watched[number] != runtime) {
        return;
    }
    ck_pr_store_ptr(&watched[number], NULL);
    for (unsigned i = 0; i < tp_scheduler_all_count(runtime->scheduler); i++) {
        tp_quarantine_destroy(&tp_runtime_self_at(runtime, i)->quarantine);
    }
    for (struct troupe_self *self = runtime->outside; self != NULL;
         self = self->next_outside) {
        tp_quarantine_destroy(&self->quarantine);
    }
}
