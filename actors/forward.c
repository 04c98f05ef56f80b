/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/forward.h"

#include "actors/life.h"
#include "actors/post.h"
#include "base/assert.h"
#include "base/err.h"
#include "troupe/forward.h"

_Static_assert(
    TROUPE_HOPS_MAX == TP_MESSAGE_HOPS_MAX, "what the envelope can count");

static troupe_err
too_many_hops(const struct troupe_self *self)
{
    char text[TP_PID_TEXT_BYTES];

    return tp_err_set(TROUPE_E_TOO_MANY_HOPS,
        "a message was handed on %d times, the last time to %s: do actors "
        "forward to each other in a ring?",
        TROUPE_HOPS_MAX, tp_pid_text(text, self->pid));
}

troupe_err
tp_forward_message(
    struct troupe_self *self, troupe_pid to, struct troupe_message **message)
{
    struct troupe_message *forwarded = *message;
    uint32_t incarnation = forwarded->incarnation;
    uint16_t counted = forwarded->err;
    troupe_err err;

    if (tp_message_hops(forwarded) == TP_MESSAGE_HOPS_MAX) {
        return too_many_hops(self);
    }
    forwarded->err = (uint16_t)(counted + (1u << TP_MESSAGE_HOPS_SHIFT));
    err = tp_post_on(self, to, message);
    if (err != TROUPE_OK) {
        forwarded->err = counted;
        forwarded->incarnation = incarnation;
    }
    return err;
}

/* It may lie in the inbox that it came by. */
static struct troupe_message *
take_out(struct troupe_self *self)
{
    if (self->only != NULL) {
        tp_life_unlink_only(self, self->actor);
    }
    return self->in_hand;
}

troupe_err
tp_forward_in_hand(struct troupe_self *self, troupe_pid to)
{
    struct troupe_message *message = take_out(self);
    troupe_err err;

    self->is_kept = true; /* before: a process may wait, and end, in there */
    err = tp_forward_message(self, to, &message);
    if (err == TROUPE_OK) {
        self->in_hand = NULL;
    } else {
        self->is_kept = false;
    }
    return err;
}

void
tp_forward_bury(struct troupe_self *self, troupe_pid receiver, troupe_err err)
{
    struct troupe_message *message = take_out(self);

    tp_post_dead(self, &message, receiver, tp_dead_letters_cause_of(err), err);
    self->in_hand = NULL;
    self->is_kept = true; /* there is nothing to put down */
}

void
tp_forward_by_way_of(struct troupe_self *self, troupe_pid way, troupe_pid to,
    struct troupe_message **message)
{
    troupe_err err;

    (*message)->kind = TP_MESSAGE_RELAY;
    (*message)->request = to;
    err = tp_post(self, way, message);
    TP_ASSERT(err == TROUPE_OK);
}

void
tp_forward_relay(struct troupe_self *self, struct troupe_message *message)
{
    troupe_pid to = message->request;
    troupe_err err;

    message->kind = TP_MESSAGE_TELL;
    message->request = 0;
    err = tp_post_on(self, to, &message);
    if (err != TROUPE_OK) {
        tp_post_dead(self, &message, to, tp_dead_letters_cause_of(err), err);
    }
}

static troupe_err
check(const struct troupe_self *self)
{
    if (self == NULL || self->worker == NULL || self->actor == NULL) {
        return tp_err_set(TROUPE_E_WRONG_THREAD,
            "a message is in hand in a handler only: troupe_forward() is for "
            "those");
    }
    if (self->in_hand == NULL || !tp_message_is_limited(self->in_hand)) {
        return tp_err_set(TROUPE_E_NO_MESSAGE,
            "no message in hand was told or asked: there is nothing to "
            "forward");
    }
    if (self->is_kept) {
        return tp_err_set(TROUPE_E_NO_MESSAGE,
            "the message in hand is kept: a request goes on by "
            "troupe_request_forward()");
    }
    return TROUPE_OK;
}

/* Nobody waits for an answer to it any more. */
static void
forget_request(struct troupe_message *message)
{
    if (message->kind == TP_MESSAGE_REQUEST && message->request == 0) {
        message->kind = TP_MESSAGE_TELL;
        message->err &=
            (uint16_t)(TP_MESSAGE_HOPS_MAX << TP_MESSAGE_HOPS_SHIFT);
    }
}

troupe_err
troupe_forward(struct troupe_self *self, troupe_pid to)
{
    TP_RUNTIME_CALL();
    troupe_err err = check(self);

    if (err != TROUPE_OK) {
        return err;
    }
    forget_request(self->in_hand);
    return tp_forward_in_hand(self, to);
}
