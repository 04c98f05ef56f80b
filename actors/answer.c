/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/answer.h"

#include "actors/gather.h"
#include "actors/post.h"
#include "base/err.h"

static void
free_timeout(struct troupe_self *self, struct tp_ask_timeout *timeout)
{
    tp_block_give(&self->blocks, tp_block_class_of(sizeof(*timeout)), timeout);
}

/* An ask has ended by something else than its expiry. */
static void
cancel_timeout(struct troupe_self *self, struct tp_ask_timeout *timeout)
{
    /* HANDED_ON: the wheel's worker frees it. TOO_LATE: it is a message to this
     * very actor by now, which finds the ask closed. */
    if (tp_worker_cancel_timeout(self->worker, &timeout->timeout) ==
        TP_TIMEOUT_IS_YOURS) {
        free_timeout(self, timeout);
    }
}

static void
drop_late_reply(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message)
{
    if (message->kind == TP_MESSAGE_REPLY && message->err == TROUPE_OK) {
        tp_dead_letters_record_message(self, message,
            tp_registry_pid(
                &self->runtime->registry, actor, message->incarnation),
            TROUPE_DEAD_LETTER_LATE_REPLY);
    }
    tp_post_free(self, message);
}

/* Done with the answer, unless it is kept for a gathering. */
static void
put_down(struct troupe_self *self, struct troupe_message *message)
{
    tp_call_release(self, &self->call);
    if (self->is_kept) {
        self->is_kept = false;
    } else {
        tp_post_free(self, message);
    }
}

void
tp_answer_handle(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message, void *state)
{
    struct troupe_answer answer = {(troupe_err)message->err, NULL};
    struct tp_ask ask;

    if (actor->extension == NULL ||
        !tp_asks_close(&actor->extension->asks, message->request, &ask)) {
        drop_late_reply(self, actor, message);
        return;
    }
    if (message->kind == TP_MESSAGE_EXPIRED) {
        answer.err = TROUPE_E_TIMED_OUT;
    } else {
        cancel_timeout(self, ask.timeout);
    }
    if (answer.err == TROUPE_OK) {
        answer.message = message;
    }
    tp_post_begin_handler(self, message);
    message->request = 0; /* it is no request: there is nothing to reply to */
    self->call = ask.call;
    ask.then(self, state, ask.context, &answer);
    tp_post_end_handler(self);
    put_down(self, message);
}

void
tp_answer_drop(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message)
{
    drop_late_reply(self, actor, message);
}

void
tp_answer_withdraw(
    struct troupe_self *self, struct tp_actor *actor, uint64_t request)
{
    struct tp_ask ask;

    if (tp_asks_close(&actor->extension->asks, request, &ask)) {
        tp_call_release(self, &ask.call);
        cancel_timeout(self, ask.timeout);
    }
}

/* Once the runtime has stopped nobody takes an answer: who waited is told so by
 * the runtime's state. */
static void
refuse_kept(struct troupe_self *self, struct troupe_message *request)
{
    if (request->request == 0 ||
        tp_runtime_state_of(self->runtime) == TP_RUNTIME_STOPPED) {
        tp_post_free(self, request);
    } else {
        tp_post_refusal(self, &request, TROUPE_E_NO_SUCH_ACTOR);
    }
}

void
tp_answer_abandon_all(struct troupe_self *self, struct tp_actor *actor)
{
    struct troupe_message *request;
    struct tp_ask ask;

    while (tp_asks_close_any(&actor->extension->asks, &ask)) {
        tp_call_release(self, &ask.call);
        cancel_timeout(self, ask.timeout);
    }
    tp_gather_release_all(self, &actor->extension->gatherings);
    while ((request = tp_kept_remove_any(&actor->extension->kept)) != NULL) {
        refuse_kept(self, request);
    }
}

void
tp_answer_expire(struct tp_worker *worker, struct tp_timeout *timeout)
{
    struct troupe_self *self = worker->local;
    struct tp_ask_timeout *expired = (struct tp_ask_timeout *)timeout;
    troupe_pid asker = expired->asker;
    uint64_t request = expired->request;
    struct troupe_message *message = (struct troupe_message *)(void *)expired;

    /* Only the envelope is written: `state` behind it stays EXPIRED for the
     * asker that may try to cancel until it has this message in hand. */
    message->request = request;
    message->schema = 0;
    message->payload_size = 0;
    message->kind = TP_MESSAGE_EXPIRED;
    message->size_class = (uint8_t)tp_block_class_of(sizeof(*expired));
    message->err = TROUPE_OK;
    if (tp_post(self, asker, &message) != TROUPE_OK) {
        tp_post_free(self, message);
    }
}

void
tp_answer_release(struct tp_worker *worker, struct tp_timeout *timeout)
{
    struct troupe_self *self = worker->local;

    free_timeout(self, (struct tp_ask_timeout *)timeout);
}
