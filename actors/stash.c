/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/stash.h"

#include "actors/actor.h"
#include "actors/life.h"
#include "actors/post.h"
#include "actors/process.h"
#include "base/err.h"

#include <inttypes.h>
#include <string.h>

static unsigned
size_class(void)
{
    return tp_block_class_of(sizeof(struct tp_stash));
}

/* NULL: the actor has none. */
static struct tp_stash *
stash_of(const struct tp_actor *actor)
{
    return actor->extension == NULL ? NULL : actor->extension->stash;
}

/* The actor's, made if it has none. NULL: there is no memory. */
static struct tp_stash *
get(struct troupe_self *self)
{
    struct tp_extension *extension = tp_extension_get(self, self->actor);

    if (extension == NULL) {
        return NULL;
    }
    if (extension->stash == NULL) {
        extension->stash =
            tp_block_take(&self->blocks, size_class(), sizeof(struct tp_stash));
        if (extension->stash != NULL) {
            memset(extension->stash, 0, sizeof(struct tp_stash));
        }
    }
    return extension->stash;
}

static const struct tp_limit_marks *
marks_of(struct troupe_self *self, struct tp_actor *actor)
{
    return &tp_profiles_view(&self->runtime->profiles, actor)->marks;
}

static uint64_t
least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* ---- putting aside ------------------------------------------------------- */

static bool
is_full(struct troupe_self *self, const struct tp_stash *stash)
{
    const struct tp_limit_marks *marks = marks_of(self, self->actor);

    return stash->count >= least(marks->messages_high, TP_STASH_MESSAGES_MAX) ||
           stash->bytes >= least(marks->bytes_high, TP_STASH_BYTES_MAX);
}

static troupe_err
check(const struct troupe_self *self)
{
    if (self == NULL || self->worker == NULL || self->actor == NULL) {
        return tp_err_set(TROUPE_E_WRONG_THREAD,
            "only an actor has a stash: troupe_stash() is for handlers");
    }
    if (self->process != NULL) {
        return tp_process_refuse(self, "troupe_stash");
    }
    if (self->in_hand == NULL || !tp_message_is_limited(self->in_hand)) {
        return tp_err_set(TROUPE_E_NO_MESSAGE,
            "no message in hand was told or asked: there is nothing to stash");
    }
    if (self->is_kept && !self->is_stashed) {
        return tp_err_set(TROUPE_E_NO_MESSAGE,
            "the request in hand is kept: what is kept is not stashed");
    }
    return TROUPE_OK;
}

troupe_err
troupe_stash(struct troupe_self *self)
{
    TP_RUNTIME_CALL();
    struct tp_stash *stash;
    troupe_err err = check(self);

    if (err != TROUPE_OK || self->is_stashed) {
        return err;
    }
    stash = get(self);
    if (stash == NULL) {
        return tp_err_set(
            TROUPE_E_NO_MEMORY, "no memory to put a message aside");
    }
    if (is_full(self, stash)) {
        return tp_err_set(TROUPE_E_STASH_FULL,
            "the stash of a %s is full: %" PRIu64 " messages of %" PRIu64
            " bytes",
            self->actor->table->name, stash->count, stash->bytes);
    }
    self->is_stashed = true;
    self->is_kept = true;
    return TROUPE_OK;
}

void
tp_stash_put(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message)
{
    struct tp_stash *stash = actor->extension->stash;

    if (message == self->only) {
        tp_life_unlink_only(self, actor);
    }
    message->next = NULL;
    if (stash->oldest == NULL) {
        stash->oldest = message;
    } else {
        stash->newest->next = message;
    }
    stash->newest = message;
    stash->count++;
    stash->bytes += tp_post_bytes_of(message);
}

/* ---- taking back --------------------------------------------------------- */

static size_t
call_back(struct troupe_self *self, uint64_t count_max)
{
    struct tp_stash *stash;
    uint64_t count;

    if (self == NULL || self->worker == NULL || self->actor == NULL) {
        return 0;
    }
    stash = stash_of(self->actor);
    if (stash == NULL) {
        return 0;
    }
    count = least(stash->count - stash->due_count, count_max);
    stash->due_count += count;
    if (count > 0) {
        self->actor->flags |= TP_ACTOR_UNSTASHES;
    }
    return count;
}

size_t
troupe_unstash(struct troupe_self *self)
{
    TP_RUNTIME_CALL();
    return call_back(self, UINT64_MAX);
}

bool
troupe_unstash_one(struct troupe_self *self)
{
    TP_RUNTIME_CALL();
    return call_back(self, 1) > 0;
}

size_t
troupe_stashed_count(const struct troupe_self *self)
{
    const struct tp_stash *stash;

    if (self == NULL || self->worker == NULL || self->actor == NULL) {
        return 0;
    }
    stash = stash_of(self->actor);
    return stash == NULL ? 0 : stash->count - stash->due_count;
}

/* Takes the due ones out of the stash; there is one at least. They are linked
 * up to *newest. */
static struct troupe_message *
take_due(
    struct tp_stash *stash, struct troupe_message **newest, uint64_t *bytes)
{
    struct troupe_message *oldest = stash->oldest;
    struct troupe_message *last = oldest;

    *bytes = tp_post_bytes_of(last);
    for (uint64_t i = 1; i < stash->due_count; i++) {
        last = last->next;
        *bytes += tp_post_bytes_of(last);
    }
    stash->oldest = last->next;
    stash->count -= stash->due_count;
    stash->bytes -= *bytes;
    stash->due_count = 0;
    *newest = last;
    return oldest;
}

void
tp_stash_return_due(struct troupe_self *self, struct tp_actor *actor)
{
    struct tp_stash *stash = actor->extension->stash;
    uint64_t count = stash->due_count;
    struct troupe_message *oldest;
    struct troupe_message *newest;
    uint64_t bytes;

    actor->flags &= (uint16_t)~TP_ACTOR_UNSTASHES;
    if (count == 0) {
        return;
    }
    oldest = take_due(stash, &newest, &bytes);
    tp_mailbox_prepend(&actor->mailbox, oldest, newest);
    if (self->returned == NULL) {
        self->returned = newest;
    }
    (void)tp_limit_add_granted(
        &actor->limit, marks_of(self, actor), TP_LIMIT_OF(count, bytes));
}

void
tp_stash_return_all(struct troupe_self *self, struct tp_actor *actor)
{
    struct tp_stash *stash = actor->extension->stash;

    if (stash != NULL) {
        stash->due_count = stash->count;
        tp_stash_return_due(self, actor);
        tp_block_give(&self->blocks, size_class(), stash);
        actor->extension->stash = NULL;
    }
}
