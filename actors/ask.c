/* SPDX-License-Identifier: BSD-2-Clause */
/* Asking and replying: the public calls; actors/answer.h says how asks end. */
#include "actors/answer.h"
#include "actors/outside.h"
#include "actors/post.h"
#include "base/err.h"
#include "mailbox/schema.h"

#include <string.h>

static void
drop_unsent(struct troupe_self *self, struct troupe_message *message)
{
    message->kind = TP_MESSAGE_TELL; /* nobody waits for an answer */
    tp_post_free(self, message);
}

/* The earliest time after now that is a span away, or never. */
static uint64_t
after(uint64_t now_ns, uint64_t span_ns)
{
    return span_ns > UINT64_MAX - now_ns ? UINT64_MAX : now_ns + span_ns;
}

static struct tp_ask_timeout *
make_timeout(struct troupe_self *self)
{
    size_t bytes = sizeof(struct tp_ask_timeout);

    return tp_block_take(&self->blocks, tp_block_class_of(bytes), bytes);
}

/* Opens an ask for message; NO_MEMORY leaves nothing behind. */
static troupe_err
open_ask(struct troupe_self *self, troupe_continuation *then, uint64_t context,
    struct troupe_message *message, struct tp_ask_timeout **timeout)
{
    struct tp_extension *extension = tp_extension_get(self, self->actor);
    struct tp_ask_timeout *made = extension == NULL ? NULL : make_timeout(self);

    if (made != NULL) {
        message->request = tp_asks_open(&extension->asks, then, context, made);
        if (message->request != 0) {
            made->asker = self->pid;
            made->request = message->request;
            made->timeout.purpose = TP_MESSAGE_EXPIRED;
            *timeout = made;
            return TROUPE_OK;
        }
        tp_block_give(&self->blocks, tp_block_class_of(sizeof(*made)), made);
    }
    return tp_err_set(TROUPE_E_NO_MEMORY, "no memory to keep an ask");
}

static void
forget_ask(struct troupe_self *self, struct tp_ask_timeout *timeout)
{
    struct tp_ask ask;

    tp_asks_close(&self->actor->extension->asks, timeout->request, &ask);
    tp_block_give(&self->blocks, tp_block_class_of(sizeof(*timeout)), timeout);
}

troupe_err
troupe_ask_then_closed(struct troupe_self *self, troupe_pid to,
    uint64_t timeout_ns, troupe_continuation *then, uint64_t context,
    struct troupe_message *message, const uint8_t *end)
{
    TP_RUNTIME_CALL();
    struct tp_ask_timeout *timeout = NULL;
    troupe_err err;

    troupe_message_close(message, end);
    message->kind = TP_MESSAGE_REQUEST;
    if (self->worker == NULL) {
        err = tp_err_set(TROUPE_E_WRONG_THREAD,
            "troupe_ask_then() is for handlers; a thread outside has "
            "troupe_ask()");
    } else {
        err = open_ask(self, then, context, message, &timeout);
    }
    if (err == TROUPE_OK) {
        err = tp_post(self, to, &message);
    }
    if (err != TROUPE_OK) {
        if (timeout != NULL) {
            forget_ask(self, timeout);
        }
        drop_unsent(self, message);
        return err;
    }
    tp_worker_add_timeout(self->worker, &timeout->timeout,
        after(self->worker->now_ns, timeout_ns), TP_TIMEOUT_AWAITED);
    return TROUPE_OK;
}

troupe_err
troupe_ask_closed(struct troupe_self *self, troupe_pid to, uint64_t timeout_ns,
    struct troupe_message *message, const uint8_t *end)
{
    TP_RUNTIME_CALL();
    troupe_err err;

    troupe_message_close(message, end);
    message->kind = TP_MESSAGE_REQUEST;
    if (self->worker != NULL) {
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

    if (!is_unanswered(message)) {
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
        let_go(self, message_of(*request));
        *request = NULL;
    }
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
