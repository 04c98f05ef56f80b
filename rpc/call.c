/* SPDX-License-Identifier: BSD-2-Clause */
#include "rpc/call.h"

#include "mailbox/value.h"
#include "rpc/params.h"
#include "troupe/log.h"
#include "troupe/memory.h"

#include <errno.h>

/* Of who connects with a token: calls have other ids. */
enum { AUTH_ID = 0 };

/* ---- giving answers ------------------------------------------------------ */

static void
answer_error(struct troupe_self *self, struct troupe_request **request,
    uint32_t code, struct troupe_str text, uint64_t retry_ms)
{
    if (troupe_reply_to(self, request, troupe_rpc_error, .code = code,
            .text = text, .retry_ms = retry_ms) != TROUPE_OK) {
        troupe_request_release(self, request);
    }
}

static void
answer_foreign_error(struct troupe_self *self, struct troupe_request **request,
    struct troupe_raw raw)
{
    const uint8_t *end = raw.data + raw.size;
    struct tp_rpc_error error;
    struct tp_value value;
    struct troupe_str text;
    char is[128];

    if (tp_rpc_error_read(raw, &error)) {
        answer_error(self, request, error.code, error.text, error.retry_ms);
        return;
    }
    if (troupe_wire_get_str(raw.data, end, &text) == NULL) {
        int count = snprintf(is, sizeof(is), "the peer's error is ");

        (void)tp_value_read(raw.data, end, &value);
        tp_value_describe(is + count, sizeof(is) - (size_t)count, &value);
        text = troupe_str_of(is);
    }
    answer_error(self, request, TP_RPC_FAILED, text, 0);
}

/* The result as the message that the service's method answers. */
static troupe_err
answer_typed(struct troupe_self *self, struct tp_rpc_call *call,
    struct troupe_raw result)
{
    struct troupe_message *message = NULL;
    uint8_t *payload;
    const uint8_t *end = NULL;
    troupe_err err = troupe_message_open(self, call->answer,
        tp_rpc_params_size_max(call->answer, result), &message, &payload);

    if (err == TROUPE_OK) {
        err = tp_rpc_result_bind(call->answer, result, payload, &end);
        if (err != TROUPE_OK) {
            troupe_message_release(self, &message);
        }
    }
    return err != TROUPE_OK
               ? err
               : troupe_reply_to_closed(self, &call->request, message, end);
}

static void
answer_result(struct troupe_self *self, struct tp_rpc_call *call,
    struct troupe_raw result)
{
    char text[512];
    troupe_err err = call->answer != NULL
                         ? answer_typed(self, call, result)
                         : troupe_reply_to(self, &call->request,
                               troupe_rpc_result, .value = result);

    if (err != TROUPE_OK) {
        snprintf(text, sizeof(text), "the result: %s", troupe_err_detail());
        answer_error(
            self, &call->request, TP_RPC_FAILED, troupe_str_of(text), 0);
    }
}

void
tp_rpc_call_answered(struct troupe_self *self,
    struct tp_rpc_connection *connection, const struct tp_rpc_message *message)
{
    struct tp_rpc_call call;

    if (tp_rpc_calls_take(&connection->calls, message->id, &call)) {
        if (tp_rpc_message_is_ok(message)) {
            answer_result(self, &call, message->result);
        } else {
            answer_foreign_error(self, &call.request, message->error);
        }
        if (connection->calls.count == 0) {
            (void)troupe_timer_cancel(self, &connection->calls_timer);
        }
    } else if (message->id == AUTH_ID && !tp_rpc_message_is_ok(message)) {
        troupe_fail(self, EACCES, "the peer does not take the token");
    } /* else: the answer to a call that was given up */
}

/* ---- calls that are not answered ----------------------------------------- */

static void
on_calls_timer(struct troupe_self *self, void *state, uint64_t context)
{
    struct tp_rpc_connection *connection = state;
    struct tp_rpc_call call;

    (void)context;
    while (tp_rpc_calls_take_late(
        &connection->calls, troupe_now_ns(self), &call)) {
        answer_error(self, &call.request, TP_RPC_TIMED_OUT,
            troupe_str_of("the peer has not answered in time"), 0);
    }
    if (connection->calls.count == 0) {
        (void)troupe_timer_cancel(self, &connection->calls_timer);
    }
}

static bool
set_timer(struct troupe_self *self, struct tp_rpc_connection *connection)
{
    return connection->calls_timer != TROUPE_NO_TIMER ||
           troupe_every(self, connection->settings.call_ns / 4 + 1,
               on_calls_timer, 0, &connection->calls_timer) == TROUPE_OK;
}

/* ---- making calls -------------------------------------------------------- */

struct outgoing_call {
    struct troupe_str method;
    struct troupe_raw params;
    struct troupe_schema *answer; /* NULL: a troupe_rpc_result */
};

/* id NULL: a notification. */
static troupe_err
write_call(struct troupe_self *self, const struct outgoing_call *out,
    const uint32_t *id)
{
    static const uint8_t no_params = 0x90; /* an array of 0 */
    uint8_t small[256];
    size_t size_max = tp_rpc_request_head_size_max(out->method);
    uint8_t *head =
        size_max <= sizeof(small) ? small : troupe_alloc(self, size_max);
    bool is_nil = out->params.size == 0 ||
                  (out->params.size == 1 && out->params.data[0] == 0xc0);
    const uint8_t *end;
    troupe_err err;

    if (head == NULL) {
        return TROUPE_E_NO_MEMORY;
    }
    end = id == NULL ? tp_rpc_notify_head_put(head, out->method)
                     : tp_rpc_request_head_put(head, *id, out->method);
    err = tp_rpc_connection_write(self, head, (size_t)(end - head),
        is_nil ? &no_params : out->params.data, is_nil ? 1 : out->params.size);
    if (head != small) {
        troupe_free(self, head);
    }
    return err;
}

static void
notify(struct troupe_self *self, const struct outgoing_call *out)
{
    troupe_err err = write_call(self, out, NULL);

    if (err != TROUPE_OK && err != TROUPE_E_NOT_CONNECTED) {
        troupe_fail(self, ENOBUFS, "a notification cannot be written: %s",
            troupe_err_text(err));
    }
}

/* NULL: there is no room for it, or no memory. */
static struct tp_rpc_call *
add(struct troupe_self *self, struct tp_rpc_connection *connection)
{
    return connection->calls.count < connection->settings.calls_max &&
                   set_timer(self, connection)
               ? tp_rpc_calls_add(self, &connection->calls)
               : NULL;
}

static void
request(struct troupe_self *self, struct tp_rpc_connection *connection,
    const struct outgoing_call *out, struct troupe_request *asked)
{
    struct tp_rpc_call *call = add(self, connection);
    struct tp_rpc_call taken;
    troupe_err err;

    if (call == NULL) {
        answer_error(self, &asked, TP_RPC_UNAVAILABLE,
            troupe_str_of("too many calls of this connection are not answered "
                          "yet, or there is no memory"),
            0);
        return;
    }
    call->request = asked;
    call->answer = out->answer;
    call->deadline_ns = troupe_now_ns(self) + connection->settings.call_ns;
    err = write_call(self, out, &call->id);
    if (err != TROUPE_OK &&
        tp_rpc_calls_take(&connection->calls, call->id, &taken)) {
        answer_error(self, &taken.request, TP_RPC_UNAVAILABLE,
            troupe_str_of(troupe_err_text(err)), 0);
    }
}

/* The message in hand is that call. */
static void
make_call(struct troupe_self *self, struct tp_rpc_connection *connection,
    const struct outgoing_call *out)
{
    struct troupe_request *asked = NULL;
    troupe_err err = troupe_request_keep(self, &asked);

    if (err == TROUPE_OK) {
        request(self, connection, out, asked);
    } else if (err == TROUPE_E_NO_REQUEST) {
        notify(self, out);
    } else {
        (void)troupe_reply(self, troupe_rpc_error, .code = TP_RPC_UNAVAILABLE,
            .text = troupe_str_of(troupe_err_text(err)));
    }
}

void
tp_rpc_on_call(
    struct troupe_self *self, void *state, const struct troupe_rpc_call *call)
{
    make_call(
        self, state, &(struct outgoing_call){call->method, call->params, NULL});
}

/* A message of the peer's service, by position as its payload is. */
void
tp_rpc_on_any(
    struct troupe_self *self, void *state, const struct troupe_message *message)
{
    struct tp_rpc_connection *connection = state;
    const struct troupe_rpc_service *peer = connection->settings.peer;
    const char *name = troupe_message_name_view(message);
    const struct troupe_rpc_method *method =
        peer == NULL ? NULL : tp_rpc_service_find(peer, name);
    size_t size = 0;
    const uint8_t *payload = troupe_message_payload_view(message, &size);
    char path[256];

    if (method == NULL) {
        if (troupe_reply(self, troupe_rpc_error, .code = TP_RPC_NO_SUCH_METHOD,
                .text = troupe_str_of("no message of the peer's service")) ==
            TROUPE_E_NO_REQUEST) {
            troupe_log(self, TROUPE_LOG_WARNING,
                "%s was told, and is no message of the peer's service", name);
        }
        return;
    }
    snprintf(path, sizeof(path), "%s.%s", peer->name, name);
    make_call(self, connection,
        &(struct outgoing_call){
            troupe_str_of(path), {payload, (uint32_t)size}, method->answer});
}

void
tp_rpc_call_auth(struct troupe_self *self, struct tp_rpc_connection *connection)
{
    struct troupe_str token = troupe_str_of(connection->settings.token);
    uint8_t *params = troupe_alloc(self, 1 + troupe_wire_size_str(token));
    const uint32_t id = AUTH_ID;
    const uint8_t *end;

    if (params == NULL) {
        troupe_fail(self, ENOMEM, "no memory for the token");
        return;
    }
    end = troupe_wire_put_str(troupe_wire_put_array_header(params, 1), token);
    if (write_call(self,
            &(struct outgoing_call){troupe_str_of("troupe.auth"),
                {params, (uint32_t)(end - params)}, NULL},
            &id) != TROUPE_OK) {
        troupe_fail(self, ENOBUFS, "%s", troupe_err_detail());
    }
    troupe_free(self, params);
}
