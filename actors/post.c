/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/post.h"

#include "base/err.h"

struct troupe_message *
tp_post_block(struct troupe_self *self, size_t payload_bytes)
{
    size_t bytes = sizeof(struct troupe_message) + payload_bytes;
    unsigned size_class = tp_block_class_of(bytes);
    struct troupe_message *message =
        tp_block_take(&self->blocks, size_class, bytes);

    if (message != NULL) {
        message->size_class = (uint8_t)size_class;
        message->request = 0;
        message->payload_size = 0;
        message->kind = TP_MESSAGE_TELL;
        message->err = TROUPE_OK;
    }
    return message;
}

uint64_t
tp_post_bytes_of(const struct troupe_message *message)
{
    if (message->size_class == TP_BLOCK_CLASS_LARGE) {
        return sizeof(*message) + message->payload_size;
    }
    return tp_block_bytes_of(message->size_class);
}

static void
make_ready(struct troupe_self *self, struct tp_actor *actor)
{
    if (__builtin_expect(
            ck_pr_load_32(&actor->task.bound) == TP_TASK_ELSEWHERE, 0)) {
        tp_parker_wake(actor->parker);
    } else if (__builtin_expect(self->worker != NULL, 1)) {
        tp_worker_ready(self->worker, &actor->task);
    } else {
        tp_scheduler_ready(self->runtime->scheduler, &actor->task);
    }
}

static void
push(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message **message)
{
    if (tp_inbox_push(&actor->inbox, message)) {
        make_ready(self, actor);
    }
}

static troupe_err __attribute__((cold))
refuse(struct tp_actor *actor, troupe_pid to)
{
    char text[TP_PID_TEXT_BYTES];

    if (ck_pr_load_32(&actor->task.bound) == TP_TASK_ELSEWHERE) {
        return tp_err_set(TROUPE_E_NO_HANDLER,
            "%s is a thread outside the runtime: it takes replies only",
            tp_pid_text(text, to));
    }
    return tp_err_set(TROUPE_E_MAILBOX_FULL,
        "the mailbox of %s is at its hard limit", tp_pid_text(text, to));
}

static troupe_err __attribute__((cold)) no_such_actor(troupe_pid to)
{
    char text[TP_PID_TEXT_BYTES];

    return tp_err_set(TROUPE_E_NO_SUCH_ACTOR,
        "this runtime never made an actor %s", tp_pid_text(text, to));
}

troupe_err
tp_post(
    struct troupe_self *self, troupe_pid to, struct troupe_message **message)
{
    struct tp_actor *actor = tp_registry_find(&self->runtime->registry, to);

    (*message)->sender = self->pid;
    if (__builtin_expect(actor == NULL, 0)) {
        return no_such_actor(to);
    }
    (*message)->incarnation = troupe_pid_incarnation(to);
    if (tp_message_is_limited(*message)) {
        bool relieved;
        enum tp_limit_verdict verdict = tp_limit_add(&actor->limit,
            &self->runtime->marks, tp_post_bytes_of(*message), &relieved);

        if (__builtin_expect(relieved, 0)) {
            tp_post_resume_paused(self, &actor->limit);
        }
        if (__builtin_expect(verdict == TP_LIMIT_REFUSED, 0)) {
            return refuse(actor, to);
        }
        if (verdict == TP_LIMIT_TAKEN_BUT_CONGESTED && actor != self->actor) {
            self->congested = actor;
        }
    }
    push(self, actor, message);
    return TROUPE_OK;
}

void
tp_post_resume_paused(struct troupe_self *self, struct tp_limit *limit)
{
    struct troupe_message *resume = tp_limit_take_paused(limit);

    while (resume != NULL) {
        struct troupe_message *next = resume->next;
        struct tp_actor *actor =
            tp_registry_find(&self->runtime->registry, resume->sender);

        push(self, actor, &resume);
        resume = next;
    }
}

void
tp_post_refusal(
    struct troupe_self *self, struct troupe_message **request, troupe_err err)
{
    troupe_pid asker = (*request)->sender;

    (*request)->kind = TP_MESSAGE_REPLY;
    (*request)->err = (uint16_t)err;
    (*request)->payload_size = 0;
    if (tp_post(self, asker, request) != TROUPE_OK) {
        tp_post_free(self, *request);
        *request = NULL;
    }
}

void
tp_post_dead(struct troupe_self *self, struct troupe_message **message,
    troupe_pid receiver, enum troupe_dead_letter_cause cause, troupe_err err)
{
    struct tp_dead_letter letter = {
        .cause = cause,
        .schema = (*message)->schema,
        .receiver = receiver,
        .sender = (*message)->sender,
    };

    tp_dead_letters_record(&self->runtime->dead_letters, &letter);
    if ((*message)->kind == TP_MESSAGE_REQUEST && (*message)->request != 0) {
        tp_post_refusal(self, message, err);
    } else {
        tp_post_free(self, *message);
        *message = NULL;
    }
}
