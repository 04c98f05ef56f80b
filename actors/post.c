/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/post.h"

#include "actors/isolation.h"
#include "actors/observer.h"
#include "actors/process.h"
#include "base/err.h"

void
tp_post_free_slow(struct troupe_self *self, struct troupe_message *message)
{
    if (message->size_class == TP_SHARED_CLASS) {
        tp_shared_free(&self->blocks, message);
    } else {
        tp_block_give_slow(&self->blocks, message->size_class, message);
    }
}

static inline void
make_ready(struct troupe_self *self, struct tp_actor *actor, bool is_newborn)
{
    if (__builtin_expect(
            ck_pr_load_32(&actor->task.bound) == TP_TASK_ELSEWHERE, 0)) {
        tp_parker_wake(actor->parker);
    } else if (__builtin_expect(self->worker == NULL, 0)) {
        tp_scheduler_ready(self->runtime->scheduler, &actor->task);
    } else if (__builtin_expect(is_newborn, 0)) {
        tp_worker_ready_newborn(self->worker, &actor->task);
    } else {
        tp_worker_ready(self->worker, &actor->task);
    }
}

static void
push(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message **message)
{
    struct troupe_message *pushed = *message;
    bool is_newborn = pushed->kind == TP_MESSAGE_START;

    *message = NULL;
    if (__builtin_expect(self->is_observed, 0)) {
        tp_observer_send(self, actor, pushed);
    }
    if (tp_inbox_push(&actor->inbox, pushed, pushed)) {
        make_ready(self, actor, is_newborn);
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
    return tp_err_set(TROUPE_E_MAILBOX_FULL, "the mailbox of %s is full",
        tp_pid_text(text, to));
}

static troupe_err __attribute__((cold)) no_such_actor(troupe_pid to)
{
    char text[TP_PID_TEXT_BYTES];

    if (to == TROUPE_NO_PID) {
        return tp_err_set(
            TROUPE_E_NO_SUCH_ACTOR, "TROUPE_NO_PID names no actor");
    }
    return tp_err_set(TROUPE_E_NO_SUCH_ACTOR,
        "this runtime never made an actor %s", tp_pid_text(text, to));
}

static inline void
flush(struct troupe_self *self)
{
    struct tp_actor *actor = self->chain.actor;
    struct troupe_message *newest = self->chain.newest;
    bool is_newborn = self->chain.oldest->kind == TP_MESSAGE_START;

    self->chain.newest = NULL;
    self->pushes_count++;
    if (self->chain.held > 0 &&
        tp_limit_add_granted(
            &actor->limit, &self->runtime->marks, self->chain.held) &&
        actor != self->actor) {
        self->congested = actor;
    }
    if (tp_inbox_push(&actor->inbox, newest, self->chain.oldest)) {
        make_ready(self, actor, is_newborn);
    }
}

void
tp_post_flush(struct troupe_self *self)
{
    flush(self);
}

bool
tp_post_try_chain_anew(
    struct troupe_self *self, troupe_pid to, struct troupe_message *message)
{
    flush(self);
    /* A message that is moved has a second block, so who sends it waits when
     * that is done. */
    if (__builtin_expect(self->congested != NULL, 0) && !tp_isolation_moves()) {
        tp_process_wait_with(self, to, message);
    }
    return tp_post_try_begin_chain(self, to, message);
}

/* Counts a limited message and pushes it. False: there is no room for it. */
static bool
try_push(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message, const struct tp_profile *profile)
{
    enum tp_limit_verdict verdict =
        tp_limit_add(&actor->limit, &profile->marks, tp_post_bytes_of(message));

    if (verdict == TP_LIMIT_REFUSED) {
        return false;
    }
    if (verdict == TP_LIMIT_TAKEN_BUT_CONGESTED && actor != self->actor &&
        profile->policy == TROUPE_MAILBOX_PAUSE) {
        self->congested = actor;
    }
    push(self, actor, &message);
    return true;
}

static void
drop(struct troupe_self *self, troupe_pid to, struct troupe_message *message)
{
    tp_post_dead(
        self, &message, to, TROUPE_DEAD_LETTER_DROPPED, TROUPE_E_MAILBOX_FULL);
}

static void
redirect(struct troupe_self *self, troupe_pid to,
    struct troupe_message *message, troupe_pid redirect_to)
{
    struct tp_actor *actor =
        tp_registry_find(&self->runtime->registry, redirect_to);
    struct tp_profile copy;

    message->incarnation = troupe_pid_incarnation(redirect_to);
    if (actor == NULL ||
        !try_push(self, actor, message,
            tp_profiles_read(&self->runtime->profiles, actor, &copy))) {
        drop(self, to, message);
    }
}

/* The pid is of a life that has ended, and the slot has begun another. Read
 * after the profile: actors/profile.h says why. */
static bool
is_outlived(struct tp_actor *actor, troupe_pid to)
{
    ck_pr_fence_acquire();
    return ck_pr_load_32(&actor->issued) != troupe_pid_incarnation(to);
}

/* There is no room for the message: its receiver's policy has the word. */
static troupe_err __attribute__((cold))
overflow(struct troupe_self *self, struct tp_actor *actor, troupe_pid to,
    struct troupe_message *message, const struct tp_profile *profile)
{
    if (is_outlived(actor, to)) {
        tp_post_dead(self, &message, to, TROUPE_DEAD_LETTER_NO_SUCH_ACTOR,
            TROUPE_E_NO_SUCH_ACTOR);
        return TROUPE_OK;
    }
    switch ((enum troupe_mailbox_policy)profile->policy) {
    case TROUPE_MAILBOX_DROP_NEWEST:
        drop(self, to, message);
        return TROUPE_OK;
    case TROUPE_MAILBOX_REDIRECT:
        redirect(self, to, message, profile->redirect_to);
        return TROUPE_OK;
    case TROUPE_MAILBOX_DEFAULT:
    case TROUPE_MAILBOX_PAUSE:
    case TROUPE_MAILBOX_REJECT:
    case TROUPE_MAILBOX_DROP_OLDEST:
    case TROUPE_MAILBOX_UNBOUNDED:
        break;
    }
    return refuse(actor, to);
}

/* Pushes one message now. */
static troupe_err __attribute__((noinline)) post_alone(struct troupe_self *self,
    struct tp_actor *actor, troupe_pid to, struct troupe_message *message)
{
    const struct tp_profile *profile;
    struct tp_profile copy;

    self->pushes_count++;
    if (!tp_message_is_limited(message)) {
        push(self, actor, &message);
        return TROUPE_OK;
    }
    profile = tp_profiles_read(&self->runtime->profiles, actor, &copy);
    return try_push(self, actor, message, profile)
               ? TROUPE_OK
               : overflow(self, actor, to, message, profile);
}

/* As tp_post_try_chain(), which has refused because self is observed. */
static bool __attribute__((cold)) try_chain_observed(
    struct troupe_self *self, troupe_pid to, struct troupe_message *message)
{
    bool is_chained;

    self->chained_class_max = self->unobserved_class_max;
    is_chained = tp_post_try_chain(self, to, message);
    self->chained_class_max = 0;
    if (is_chained) {
        tp_observer_send(self, self->chain.actor, message);
    }
    return is_chained;
}

static troupe_err
post(struct troupe_self *self, troupe_pid to, struct troupe_message *message)
{
    struct tp_actor *actor;

    if (tp_post_try_chain(self, to, message)) {
        return TROUPE_OK;
    }
    if (__builtin_expect(self->is_observed, 0) &&
        try_chain_observed(self, to, message)) {
        return TROUPE_OK;
    }
    if (self->chain.newest != NULL) {
        tp_post_flush(self);
    }
    message->incarnation = troupe_pid_incarnation(to);
    actor = tp_registry_find(&self->runtime->registry, to);
    if (actor == NULL) {
        return no_such_actor(to);
    }
    return post_alone(self, actor, to, message);
}

troupe_err
tp_post_on(
    struct troupe_self *self, troupe_pid to, struct troupe_message **message)
{
    struct troupe_message *moved = tp_isolation_begin_move(self, *message);
    troupe_err err = post(self, to, moved);

    tp_isolation_end_move(self, to, *message, moved, err);
    if (__builtin_expect(err == TROUPE_OK, 1)) {
        *message = NULL;
    }
    return err;
}

troupe_err
tp_post_check(struct troupe_self *self, troupe_pid to)
{
    struct tp_actor *actor = tp_registry_find(&self->runtime->registry, to);
    char text[TP_PID_TEXT_BYTES];

    if (actor == NULL) {
        return no_such_actor(to);
    }
    if (ck_pr_load_32(&actor->task.bound) == TP_TASK_ELSEWHERE &&
        ck_pr_load_32(&actor->issued) == troupe_pid_incarnation(to)) {
        return tp_err_set(TROUPE_E_NO_SUCH_ACTOR,
            "%s is a thread outside the runtime, which cannot be linked with, "
            "watched, stopped, given children or told later",
            tp_pid_text(text, to));
    }
    return TROUPE_OK;
}

troupe_err
tp_post(
    struct troupe_self *self, troupe_pid to, struct troupe_message **message)
{
    (*message)->sender = self->pid;
    return tp_post_on(self, to, message);
}

void
tp_post_from(struct troupe_self *self, troupe_pid from, troupe_pid to,
    struct troupe_message *message)
{
    struct tp_actor *actor = tp_registry_find(&self->runtime->registry, to);

    if (self->chain.newest != NULL) {
        tp_post_flush(self);
    }
    message->sender = from;
    message->incarnation = troupe_pid_incarnation(to);
    push(self, actor, &message);
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

/* Not by tp_post(), which may come here itself when it drops a request: what
 * calls itself is not inlined, and it costs every message some nanoseconds. */
void
tp_post_refusal(
    struct troupe_self *self, struct troupe_message **request, troupe_err err)
{
    troupe_pid asker = (*request)->sender;
    struct troupe_message *moved;

    if (tp_registry_find(&self->runtime->registry, asker) == NULL) {
        tp_post_free(self, *request);
        *request = NULL;
        return;
    }
    (*request)->kind = TP_MESSAGE_REPLY;
    (*request)->err = (uint16_t)err;
    (*request)->payload_size = 0;
    moved = tp_isolation_begin_move(self, *request);
    tp_post_from(self, self->pid, asker, moved);
    tp_isolation_end_move(self, asker, *request, moved, TROUPE_OK);
    *request = NULL;
}

void
tp_post_dead(struct troupe_self *self, struct troupe_message **message,
    troupe_pid receiver, enum troupe_dead_letter_cause cause, troupe_err err)
{
    tp_dead_letters_record_message(self, *message, receiver, cause);
    if ((*message)->kind == TP_MESSAGE_REQUEST && (*message)->request != 0) {
        tp_post_refusal(self, message, err);
    } else {
        tp_post_free(self, *message);
        *message = NULL;
    }
}
