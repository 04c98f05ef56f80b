/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/ask.h"

#include "actors/answer.h"
#include "actors/forward.h"
#include "actors/outside.h"
#include "actors/post.h"
#include "actors/process.h"
#include "base/assert.h"
#include "base/clock.h"
#include "base/err.h"
#include "mailbox/schema.h"

#include <string.h>

static void
drop_unsent(struct troupe_self *self, struct troupe_message *message)
{
    message->kind = TP_MESSAGE_TELL; /* nobody waits for an answer */
    tp_post_free(self, message);
}

static struct tp_ask_timeout *
make_timeout(struct troupe_self *self)
{
    size_t bytes = sizeof(struct tp_ask_timeout);

    return tp_block_take(&self->blocks, tp_block_class_of(bytes), bytes);
}

static void
free_timeout(struct troupe_self *self, struct tp_ask_timeout *timeout)
{
    tp_block_give(&self->blocks, tp_block_class_of(sizeof(*timeout)), timeout);
}

/* Puts ask, without what it keeps, into the actor's table. 0: no memory. */
static uint64_t
enter(struct troupe_self *self, struct tp_ask *ask, const struct tp_call *call)
{
    struct tp_extension *extension = tp_extension_get(self, self->actor);
    uint64_t request = 0;

    if (extension == NULL || (ask->timeout = make_timeout(self)) == NULL) {
        return 0;
    }
    ask->call = call == NULL ? NULL : tp_call_keep(self, call);
    if (call == NULL || ask->call != NULL) {
        request = tp_asks_open(&extension->asks, ask);
    }
    if (request == 0) {
        tp_call_release(self, &ask->call);
        free_timeout(self, ask->timeout);
        return 0;
    }
    ask->timeout->asker = self->pid;
    ask->timeout->request = request;
    ask->timeout->timeout.purpose = TP_MESSAGE_EXPIRED;
    return request;
}

static void
forget(struct troupe_self *self, uint64_t request)
{
    struct tp_ask ask;

    if (tp_asks_close(&self->actor->extension->asks, request, &ask)) {
        tp_call_release(self, &ask.call);
        free_timeout(self, ask.timeout);
    }
}

/* Enters the ask and sends its request; on behalf of call, unless NULL. */
static troupe_err
open_on_behalf(struct troupe_self *self, struct tp_ask *ask,
    const struct tp_call *call, struct troupe_message **message,
    uint64_t *request)
{
    troupe_err err = tp_call_attach(self, message, ask->deadline_ns, call);

    if (err != TROUPE_OK) {
        return err;
    }
    *request = enter(self, ask, call);
    if (*request == 0) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory to keep an ask");
    }
    (*message)->request = *request;
    err = tp_post(self, ask->to, message);
    if (err != TROUPE_OK) {
        forget(self, *request);
        return err;
    }
    tp_worker_add_timeout(self->worker, &ask->timeout->timeout,
        ask->deadline_ns, TP_TIMEOUT_AWAITED);
    tp_call_look_for_cycle(self, call, ask->to, ask->schema);
    return TROUPE_OK;
}

/* That of the call, if it is sooner, holds too. */
static uint64_t
deadline_of(struct troupe_self *self, const struct tp_ask_options *options,
    const struct tp_call *call)
{
    uint64_t own_ns =
        tp_clock_after_ns(tp_worker_now_ns(self->worker), options->timeout_ns);

    return call != NULL && call->deadline_ns < own_ns ? call->deadline_ns
                                                      : own_ns;
}

troupe_err
tp_ask_open(struct troupe_self *self, const struct tp_ask_options *options,
    struct troupe_message **message, uint64_t *request)
{
    struct tp_call call;
    bool has_call = tp_call_read(self, &call);
    struct tp_ask ask = {
        .then = options->then,
        .context = options->context,
        .to = options->to,
        .schema = (*message)->schema,
    };

    if (self->worker == NULL) {
        return tp_err_set(TROUPE_E_WRONG_THREAD,
            "troupe_ask_then() is for handlers; a thread outside has "
            "troupe_ask()");
    }
    if (options->then == NULL) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "an ask without a function that takes the answer; give one");
    }
    ask.deadline_ns = deadline_of(self, options, has_call ? &call : NULL);
    return open_on_behalf(
        self, &ask, has_call ? &call : NULL, message, request);
}

troupe_err
tp_ask_expect(struct troupe_self *self, const struct tp_ask_options *options,
    uint32_t schema, uint64_t *request, uint64_t *deadline_ns)
{
    struct tp_call call;
    bool has_call = tp_call_read(self, &call);
    struct tp_ask ask = {
        .then = options->then,
        .context = options->context,
        .to = options->to,
        .schema = schema,
        .deadline_ns = deadline_of(self, options, has_call ? &call : NULL),
    };

    *request = enter(self, &ask, has_call ? &call : NULL);
    if (*request == 0) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory to keep an ask");
    }
    *deadline_ns = ask.deadline_ns;
    tp_worker_add_timeout(self->worker, &ask.timeout->timeout, ask.deadline_ns,
        TP_TIMEOUT_AWAITED);
    return TROUPE_OK;
}

troupe_err
troupe_ask_then_closed(struct troupe_self *self, troupe_pid to,
    uint64_t timeout_ns, troupe_continuation *then, uint64_t context,
    struct troupe_message *message, const uint8_t *end)
{
    TP_RUNTIME_CALL();
    struct tp_ask_options options = {to, timeout_ns, then, context};
    uint64_t request;
    troupe_err err;

    troupe_message_close(message, end);
    err = tp_process_refuse(self, "troupe_ask_then");
    if (err == TROUPE_OK) {
        err = tp_ask_open(self, &options, &message, &request);
    }
    if (err != TROUPE_OK) {
        drop_unsent(self, message);
    }
    return err;
}

troupe_err
troupe_ask_closed(struct troupe_self *self, troupe_pid to, uint64_t timeout_ns,
    struct troupe_message *message, const uint8_t *end)
{
    TP_RUNTIME_CALL();
    troupe_err err;

    troupe_message_close(message, end);
    if (self->process != NULL) {
        err = tp_process_ask(self, to, timeout_ns, &message);
    } else if (self->worker != NULL) {
        err = tp_err_set(TROUPE_E_WRONG_THREAD,
            "troupe_ask() would wait inside a handler; use troupe_ask_then()");
    } else {
        err = tp_outside_ask(self, to, timeout_ns, &message);
    }
    if (message != NULL) {
        drop_unsent(self, message);
    }
    return err;
}

/* ---- replying ------------------------------------------------------------ */

static bool
is_unanswered(const struct troupe_message *message)
{
    return message != NULL && message->kind == TP_MESSAGE_REQUEST &&
           message->request != 0;
}

static troupe_err
no_request(void)
{
    return tp_err_set(TROUPE_E_NO_REQUEST,
        "the message in hand was told, not asked, or is answered already");
}

/* Sends reply as the answer to request; takes reply in any case. */
static troupe_err
answer(struct troupe_self *self, struct troupe_message *request,
    struct troupe_message *reply, const uint8_t *end)
{
    troupe_err err;

    troupe_message_close(reply, end);
    reply->kind = TP_MESSAGE_REPLY;
    reply->request = request->request;
    err = tp_post(self, request->sender, &reply);
    if (err != TROUPE_OK) {
        tp_post_free(self, reply);
        return err;
    }
    tp_call_end(self, request->sender, request->request);
    request->request = 0;
    return TROUPE_OK;
}

troupe_err
troupe_reply_closed(struct troupe_self *self, struct troupe_message *message,
    const uint8_t *end)
{
    TP_RUNTIME_CALL();
    if (!is_unanswered(self->in_hand)) {
        tp_post_free(self, message);
        return no_request();
    }
    return answer(self, self->in_hand, message, end);
}

/* A request is the message; the name of its own is for those who hold one. */
static struct troupe_message *
message_of(struct troupe_request *request)
{
    return (struct troupe_message *)(void *)request;
}

troupe_err
troupe_request_keep(struct troupe_self *self, struct troupe_request **request)
{
    TP_RUNTIME_CALL();
    struct troupe_message *message = self->in_hand;
    struct tp_extension *extension;

    if (!is_unanswered(message) || self->is_kept) {
        return no_request();
    }
    extension = tp_extension_get(self, self->actor);
    if (extension == NULL || !tp_kept_add(&extension->kept, message)) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory to keep a request");
    }
    self->is_kept = true;
    *request = (struct troupe_request *)(void *)message;
    return TROUPE_OK;
}

/* The actor keeps it no more. A handler that still has it in hand puts it down
 * when it returns. */
static void
let_go(struct troupe_self *self, struct troupe_message *message)
{
    tp_kept_remove(&self->actor->extension->kept, message);
    if (message == self->in_hand) {
        self->is_kept = false;
    } else if (message->request != 0) {
        tp_post_refusal(self, &message, TROUPE_E_NO_REPLY);
    } else {
        tp_post_free(self, message);
    }
}

troupe_err
troupe_reply_to_closed(struct troupe_self *self,
    struct troupe_request **request, struct troupe_message *message,
    const uint8_t *end)
{
    TP_RUNTIME_CALL();
    troupe_err err;

    if (!is_unanswered(message_of(*request))) {
        tp_post_free(self, message);
        return no_request();
    }
    err = answer(self, message_of(*request), message, end);
    if (err == TROUPE_OK) {
        let_go(self, message_of(*request));
        *request = NULL;
    }
    return err;
}

void
troupe_request_release(
    struct troupe_self *self, struct troupe_request **request)
{
    TP_RUNTIME_CALL();
    if (*request != NULL) {
        tp_call_end(
            self, message_of(*request)->sender, message_of(*request)->request);
        let_go(self, message_of(*request));
        *request = NULL;
    }
}

/* While it is on its way the request is in no table: its place there is where
 * the envelope has the incarnation. */
troupe_err
troupe_request_forward(
    struct troupe_self *self, struct troupe_request **request, troupe_pid to)
{
    TP_RUNTIME_CALL();
    struct troupe_message *message = message_of(*request);
    bool is_in_hand = message == self->in_hand;
    troupe_pid sender;
    uint64_t number;
    troupe_err err;

    if (!is_unanswered(message)) {
        return no_request();
    }
    sender = message->sender;
    number = message->request;
    tp_kept_remove(&self->actor->extension->kept, message);
    err = tp_forward_message(self, to, &message);
    if (err != TROUPE_OK) {
        bool is_kept = tp_kept_add(&self->actor->extension->kept, message);

        TP_ASSERT(is_kept); /* in the room that it had */
        return err;
    }
    if (is_in_hand) {
        self->in_hand = NULL; /* is_kept stays: there is nothing to put down */
    }
    tp_call_end(self, sender, number);
    *request = NULL;
    return TROUPE_OK;
}

/* ---- reading answers ----------------------------------------------------- */

troupe_err
troupe_answer_err(const struct troupe_answer *answer)
{
    return answer->err;
}

const struct troupe_message *
troupe_answer_message_view(const struct troupe_answer *answer)
{
    return answer->message;
}

static troupe_err
view_payload(const struct troupe_message *message,
    const struct troupe_schema *schema, const uint8_t **payload,
    const uint8_t **end)
{
    const struct troupe_schema *known;

    if (message->schema != troupe_schema_number(schema)) {
        known = troupe_schema_by_number_view(message->schema);
        if (known == NULL || strcmp(known->name, schema->name) != 0) {
            return tp_err_set(TROUPE_E_UNEXPECTED_REPLY,
                "the reply is a %s, not a %s", known ? known->name : "?",
                schema->name);
        }
    }
    *payload = message->payload;
    *end = message->payload + message->payload_size;
    return TROUPE_OK;
}

bool
troupe_message_is(const struct troupe_message *message,
    struct troupe_schema *schema, const uint8_t **payload, const uint8_t **end)
{
    *payload = tp_message_payload_view(message);
    *end = *payload + message->payload_size;
    return (troupe_schema_number(schema) != 0 ||
               troupe_schema_intern(schema) == TROUPE_OK) &&
           message->schema == troupe_schema_number(schema);
}

troupe_err
troupe_answer_payload_view(const struct troupe_answer *answer,
    const struct troupe_schema *schema, const uint8_t **payload,
    const uint8_t **end)
{
    if (answer->err != TROUPE_OK) {
        return tp_err_set(answer->err, "no %s: %s", schema->name,
            troupe_err_text(answer->err));
    }
    return view_payload(answer->message, schema, payload, end);
}

troupe_err
troupe_receive_view(struct troupe_self *self,
    const struct troupe_schema *schema, const uint8_t **payload,
    const uint8_t **end)
{
    return view_payload(self->answer, schema, payload, end);
}

troupe_err
troupe_decode_failed(const struct troupe_schema *schema, const uint8_t *payload,
    const uint8_t *end, int fault)
{
    return tp_schema_decode_error(schema, payload, end, fault);
}
