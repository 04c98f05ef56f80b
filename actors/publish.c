/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Publishing: the public calls.
 *
 * Each receiver gets a message of its own by tp_post(), so order, limits,
 * policies and dead letters are those of a tell. What they have in common is
 * the payload (mailbox/shared.h), unless it is so small that it fits the block
 * that the message takes anyway: then each gets a copy, which is a tell in
 * every respect.
 */
#include "actors/isolation.h"
#include "actors/outside.h"
#include "actors/post.h"
#include "actors/process.h"
#include "base/err.h"

#include <string.h>

enum {
    COPIED_BYTES_MAX = TP_BLOCK_BYTES_MIN - (int)sizeof(struct troupe_message),
};

/* What is published, and to how many so far. */
struct publishing {
    struct troupe_message *content;
    bool is_shared;
    uint64_t envelopes_count;
    size_t taken_count;
};

static struct troupe_message *
copy(struct troupe_self *self, const struct troupe_message *content)
{
    struct troupe_message *made = tp_post_block(self, content->payload_size);

    if (made != NULL) {
        made->schema = content->schema;
        made->payload_size = content->payload_size;
        memcpy(made->payload, content->payload, content->payload_size);
    }
    return made;
}

static struct troupe_message *
make(struct troupe_self *self, struct publishing *publishing)
{
    struct troupe_message *made;

    if (!publishing->is_shared) {
        return copy(self, publishing->content);
    }
    made = tp_shared_make(&self->blocks, publishing->content);
    publishing->envelopes_count += made != NULL;
    return made;
}

static void __attribute__((cold)) bury_unmade(struct troupe_self *self,
    troupe_pid to, const struct publishing *publishing)
{
    struct tp_dead_letter letter = {
        .cause = TROUPE_DEAD_LETTER_NO_MEMORY,
        .schema = publishing->content->schema,
        .receiver = to,
        .sender = self->pid,
    };

    tp_dead_letters_record(self, &letter);
}

static void
tell(struct troupe_self *self, troupe_pid to, struct publishing *publishing)
{
    struct troupe_message *message = make(self, publishing);
    troupe_err err;

    if (message == NULL) {
        bury_unmade(self, to, publishing);
        return;
    }
    err = tp_post(self, to, &message);
    if (err == TROUPE_OK) {
        publishing->taken_count++;
    } else {
        tp_post_dead(self, &message, to, tp_dead_letters_cause_of(err), err);
    }
}

/* Takes *message, which may get so many envelopes. */
static void
begin(struct publishing *publishing, struct troupe_message **message,
    uint64_t envelopes_max)
{
    *publishing = (struct publishing){
        .content = *message,
        .is_shared = (*message)->payload_size > COPIED_BYTES_MAX,
    };
    *message = NULL;
    publishing->content->kind = TP_MESSAGE_TELL;
    tp_shared_begin(publishing->content, envelopes_max);
}

static size_t
end(struct troupe_self *self, struct publishing *publishing,
    uint64_t envelopes_max)
{
    tp_shared_end(&self->blocks, &publishing->content,
        envelopes_max - publishing->envelopes_count);
    return publishing->taken_count;
}

static size_t
tell_list(struct troupe_self *self, const struct troupe_audience *audience,
    struct troupe_message **message)
{
    struct publishing publishing;

    begin(&publishing, message, audience->actors_count);
    for (size_t i = 0; i < audience->actors_count; i++) {
        tell(self, audience->actors[i], &publishing);
    }
    return end(self, &publishing, audience->actors_count);
}

static size_t
tell_members(struct troupe_self *self, const struct tp_members *members,
    struct troupe_message **message)
{
    uint32_t used = tp_members_used(members);
    struct publishing publishing;

    begin(&publishing, message, used);
    for (uint32_t i = 0; i < used; i++) {
        troupe_pid pid = tp_members_at(members, i);

        if (pid != TROUPE_NO_PID) {
            tell(self, pid, &publishing);
        }
    }
    return end(self, &publishing, used);
}

static size_t
tell_group(struct troupe_self *self, const char *group,
    struct troupe_message **message)
{
    uint64_t was = tp_directory_enter(self);
    const struct tp_word *word = tp_directory_find(self, group);
    const struct tp_members *members =
        word == NULL ? NULL : tp_members_of(word);
    size_t taken_count = 0;

    if (members != NULL) {
        taken_count = tell_members(self, members, message);
    }
    tp_directory_leave(self, was);
    troupe_message_release(self, message); /* if there is no such group */
    return taken_count;
}

/* As after a tell: a thread and a process wait here, all others when their
 * handler has returned. */
static void __attribute__((cold)) wait_for_congested(struct troupe_self *self)
{
    if (self->worker == NULL) {
        tp_outside_pause(self);
    } else {
        tp_process_wait_with(self, TROUPE_NO_PID, NULL);
    }
}

/* Takes *message, unless there is an error. */
static troupe_err
publish(struct troupe_self *self, const struct troupe_audience *audience,
    size_t *taken_count, struct troupe_message **message)
{
    troupe_err err = tp_outside_check(self);
    size_t count;

    if (err == TROUPE_OK && audience->group != NULL) {
        err = tp_words_check(audience->group);
    }
    if (err != TROUPE_OK) {
        return err;
    }
    count = audience->group != NULL ? tell_group(self, audience->group, message)
                                    : tell_list(self, audience, message);
    if (taken_count != NULL) {
        *taken_count = count;
    }
    if (self->congested != NULL) {
        wait_for_congested(self);
    }
    return TROUPE_OK;
}

troupe_err
troupe_publish_closed(struct troupe_self *self,
    const struct troupe_audience *audience, size_t *taken_count,
    struct troupe_message *message, const uint8_t *end_of_payload)
{
    TP_RUNTIME_CALL();
    troupe_err err;

    troupe_message_close(message, end_of_payload);
    err = publish(self, audience, taken_count, &message);
    if (err != TROUPE_OK) {
        message->sender = self->pid;
        tp_post_dead(
            self, &message, TROUPE_NO_PID, tp_dead_letters_cause_of(err), err);
    }
    return err;
}

troupe_err
troupe_publish_message(struct troupe_self *self, const char *group,
    size_t *taken_count, struct troupe_message **message)
{
    TP_RUNTIME_CALL();
    const struct troupe_audience audience = troupe_audience_of_group(group);
    struct troupe_message *const moved =
        tp_isolation_begin_move(self, *message);
    struct troupe_message *taken = moved;
    troupe_err err = publish(self, &audience, taken_count, &taken);

    tp_isolation_end_move(self, TROUPE_NO_PID, *message, moved, err);
    if (err == TROUPE_OK) {
        *message = NULL;
    }
    return err;
}
