/* SPDX-License-Identifier: BSD-2-Clause */
#include "rpc/serve.h"

#include "rpc/introspection.h"
#include "rpc/params.h"
#include "troupe/memory.h"
#include "troupe/name.h"

enum { RETRY_MS = 100 }; /* a mailbox is full: say when to try again */

static void
refuse(struct troupe_self *self, const struct tp_rpc_message *message,
    uint32_t code, const char *text)
{
    if (message->kind == TP_RPC_REQUEST) {
        tp_rpc_connection_refuse(self, &message->id, code, text, 0);
    }
}

/* ---- answers ------------------------------------------------------------- */

static void
write_result(
    struct troupe_self *self, uint32_t id, const uint8_t *value, size_t size)
{
    uint8_t head[TP_RPC_RESULT_HEAD_SIZE_MAX];
    size_t head_size = (size_t)(tp_rpc_result_head_put(head, id) - head);
    troupe_err err =
        tp_rpc_connection_write(self, head, head_size, value, size);

    if (err != TROUPE_OK) {
        char text[160];

        snprintf(text, sizeof(text), "the answer has %zu bytes: %s", size,
            troupe_err_text(err));
        tp_rpc_connection_refuse(self, &id, TP_RPC_UNAVAILABLE, text, 0);
    }
}

/* A payload is an array; what it is as a result, rpc.h says. */
static void
write_reply(
    struct troupe_self *self, uint32_t id, const struct troupe_message *reply)
{
    static const uint8_t nil = 0xc0;
    size_t size = 0;
    const uint8_t *payload = troupe_message_payload_view(reply, &size);
    uint32_t count = 0;
    const uint8_t *first =
        troupe_wire_get_array_header(payload, payload + size, &count);

    if (count == 0) {
        write_result(self, id, &nil, 1);
    } else if (count == 1) {
        write_result(self, id, first, (size_t)(payload + size - first));
    } else {
        write_result(self, id, payload, size);
    }
}

static const struct {
    troupe_err err;
    uint32_t code;
    uint64_t retry_ms;
} codes[] = {
    {TROUPE_E_NO_SUCH_ACTOR, TP_RPC_GONE, 0},
    {TROUPE_E_MAILBOX_FULL, TP_RPC_UNAVAILABLE, RETRY_MS},
    {TROUPE_E_NO_MEMORY, TP_RPC_UNAVAILABLE, RETRY_MS},
    {TROUPE_E_NOT_RUNNING, TP_RPC_UNAVAILABLE, 0},
    {TROUPE_E_TIMED_OUT, TP_RPC_TIMED_OUT, 0},
    {TROUPE_E_NO_HANDLER, TP_RPC_NO_SUCH_METHOD, 0},
    {TROUPE_E_DECODE, TP_RPC_BAD_PARAMETERS, 0},
    {TROUPE_E_MESSAGE_TOO_LARGE, TP_RPC_BAD_PARAMETERS, 0},
};

static void
write_failure(
    struct troupe_self *self, uint32_t id, const char *service, troupe_err why)
{
    uint32_t code = TP_RPC_FAILED;
    uint64_t retry_ms = 0;
    char text[200];

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i].err == why) {
            code = codes[i].code;
            retry_ms = codes[i].retry_ms;
        }
    }
    snprintf(text, sizeof(text), "%.64s: %s", service, troupe_err_text(why));
    tp_rpc_connection_refuse(self, &id, code, text, retry_ms);
}

static void
write_error(
    struct troupe_self *self, uint32_t id, const struct troupe_rpc_error *error)
{
    char text[512];

    snprintf(
        text, sizeof(text), "%.*s", (int)error->text.length, error->text.data);
    tp_rpc_connection_refuse(self, &id, error->code, text, error->retry_ms);
}

/* What an ask is given: the request's id, and which service it was for. */
static uint64_t
context_of(const struct tp_rpc_connection *connection, uint32_t id,
    const struct troupe_rpc_service *service)
{
    size_t index = (size_t)(service - connection->settings.services.items);

    return (uint64_t)index << 32 | id;
}

static void
on_answer(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct tp_rpc_connection *connection = state;
    const struct troupe_rpc_service *service =
        &connection->settings.services.items[context >> 32];
    uint32_t id = (uint32_t)context;
    troupe_err err = troupe_answer_err(answer);
    const struct troupe_message *reply = troupe_answer_message_view(answer);
    const uint8_t *payload;
    const uint8_t *end;
    struct troupe_rpc_error error;

    connection->in_flight--;
    if (err != TROUPE_OK) {
        write_failure(self, id, service->name, err);
    } else if (troupe_message_is(
                   reply, &troupe_rpc_error_schema, &payload, &end) &&
               troupe_rpc_error_decode(payload, end, &error) == 0) {
        write_error(self, id, &error);
    } else {
        write_reply(self, id, reply);
    }
    tp_rpc_connection_go_on(self, connection);
}

/* ---- calls of actors ----------------------------------------------------- */

/* The parameters as a message of that schema. DECODE: the detail says which
 * does not fit; or as troupe_message_open(). */
static troupe_err
make_message(struct troupe_self *self, struct troupe_schema *schema,
    struct troupe_raw params, struct troupe_message **message,
    const uint8_t **end)
{
    uint8_t *payload;
    troupe_err err = troupe_message_open(self, schema,
        tp_rpc_params_size_max(schema, params), message, &payload);

    if (err == TROUPE_OK) {
        err = tp_rpc_params_bind(schema, params, payload, end);
        if (err != TROUPE_OK) {
            troupe_message_release(self, message);
        }
    }
    return err;
}

static void
refuse_params(struct troupe_self *self, const struct tp_rpc_message *message,
    const char *service, troupe_err err)
{
    char text[512];

    if (err == TROUPE_E_DECODE) {
        snprintf(text, sizeof(text), "%s", troupe_err_detail());
        refuse(self, message, TP_RPC_BAD_PARAMETERS, text);
    } else if (message->kind == TP_RPC_REQUEST) {
        write_failure(self, message->id, service, err);
    }
}

static void
call_actor(struct troupe_self *self, struct tp_rpc_connection *connection,
    const struct tp_rpc_message *message, struct troupe_schema *schema,
    const struct troupe_rpc_service *service)
{
    troupe_pid actor = troupe_whereis(self, service->name);
    struct troupe_message *made = NULL;
    const uint8_t *end = NULL;
    troupe_err err;

    if (actor == TROUPE_NO_PID) {
        refuse_params(self, message, service->name, TROUPE_E_NO_SUCH_ACTOR);
        return;
    }
    err = make_message(self, schema, message->params, &made, &end);
    if (err != TROUPE_OK) {
        refuse_params(self, message, service->name, err);
        return;
    }
    if (message->kind == TP_RPC_NOTIFY) {
        (void)troupe_tell_closed(self, actor, made, end);
        return;
    }
    err = troupe_ask_then_closed(self, actor, connection->settings.request_ns,
        on_answer, context_of(connection, message->id, service), made, end);
    if (err != TROUPE_OK) {
        write_failure(self, message->id, service->name, err);
    } else {
        connection->in_flight++;
    }
}

/* ---- methods of the server itself ---------------------------------------- */

static bool
is_method(const struct tp_rpc_message *message, const char *name)
{
    return message->method.length == strlen(name) &&
           memcmp(message->method.data, name, message->method.length) == 0;
}

/* The only parameter, a text. False: there is none. */
static bool
read_text(const struct tp_rpc_message *message, struct troupe_str *text)
{
    const uint8_t *end = message->params.data + message->params.size;
    uint32_t count = 0;
    const uint8_t *at =
        troupe_wire_get_array_header(message->params.data, end, &count);
    struct troupe_bin bytes = {NULL, 0};

    if (at == NULL || count != 1) {
        return false;
    }
    if (troupe_wire_get_str(at, end, text) != NULL) {
        return true;
    }
    if (troupe_wire_get_bin(at, end, &bytes) == NULL) {
        return false;
    }
    *text = (struct troupe_str){(const char *)bytes.data, bytes.size};
    return true;
}

/* Takes as long for every wrong token of one length. */
static bool
is_token(const char *token, struct troupe_str given)
{
    volatile unsigned char difference = 0;

    if (strlen(token) != given.length) {
        return false;
    }
    for (uint32_t i = 0; i < given.length; i++) {
        difference |= (unsigned char)(token[i] ^ given.data[i]);
    }
    return difference == 0;
}

static void
authorize(struct troupe_self *self, struct tp_rpc_connection *connection,
    const struct tp_rpc_message *message)
{
    static const uint8_t is_true = 0xc3;
    const char *token = connection->settings.token;
    struct troupe_str given = {NULL, 0};

    if (message->kind == TP_RPC_REQUEST && is_method(message, "troupe.auth") &&
        (token == NULL ||
            (read_text(message, &given) && is_token(token, given)))) {
        connection->is_let_in = true;
        write_result(self, message->id, &is_true, 1);
        return;
    }
    tp_rpc_connection_refuse(self,
        message->kind == TP_RPC_REQUEST ? &message->id : NULL,
        TP_RPC_UNAUTHORIZED,
        is_method(message, "troupe.auth")
            ? "this is not the token"
            : "the first request has to be troupe.auth(token)",
        0);
    tp_rpc_connection_close(self, connection);
}

static void
write_account(struct troupe_self *self, const struct tp_rpc_message *message,
    uint8_t *value, size_t size)
{
    if (value == NULL) {
        refuse(self, message, TP_RPC_UNAVAILABLE, "no memory for the answer");
        return;
    }
    write_result(self, message->id, value, size);
    troupe_free(self, value);
}

static bool
has_no_params(const struct tp_rpc_message *message)
{
    uint32_t count = 0;

    return troupe_wire_get_array_header(message->params.data,
               message->params.data + message->params.size, &count) != NULL &&
           count == 0;
}

/* All services, or the one that is named. */
static void
describe(struct troupe_self *self, const struct tp_rpc_connection *connection,
    const struct tp_rpc_message *message)
{
    struct tp_rpc_services told = connection->settings.services;
    struct troupe_str name;
    size_t size = 0;
    uint8_t *value;

    if (!has_no_params(message)) {
        if (!read_text(message, &name)) {
            refuse(self, message, TP_RPC_BAD_PARAMETERS,
                "troupe.describe takes the name of a service, or nothing");
            return;
        }
        told.items =
            tp_rpc_services_named(&connection->settings.services, name);
        told.count = 1;
        if (told.items == NULL) {
            refuse(self, message, TP_RPC_NOT_FOUND,
                "there is no service of that name; troupe.actors lists them");
            return;
        }
    }
    value = tp_rpc_description(self, &told, &size);
    write_account(self, message, value, size);
}

static void
list_actors(struct troupe_self *self,
    const struct tp_rpc_connection *connection,
    const struct tp_rpc_message *message)
{
    size_t size = 0;
    uint8_t *value;

    if (!has_no_params(message)) {
        refuse(self, message, TP_RPC_BAD_PARAMETERS,
            "troupe.actors takes no parameters");
        return;
    }
    value = tp_rpc_actors(self, &connection->settings.services, &size);
    write_account(self, message, value, size);
}

/* False: it is no such method. */
static bool
serve_own(struct troupe_self *self, struct tp_rpc_connection *connection,
    const struct tp_rpc_message *message)
{
    if (message->kind != TP_RPC_REQUEST) {
        return false;
    }
    if (is_method(message, "troupe.auth")) {
        authorize(self, connection, message);
    } else if (is_method(message, "troupe.describe")) {
        describe(self, connection, message);
    } else if (is_method(message, "troupe.actors")) {
        list_actors(self, connection, message);
    } else {
        return false;
    }
    return true;
}

static void
refuse_method(struct troupe_self *self, const struct tp_rpc_message *message)
{
    char text[160];

    snprintf(text, sizeof(text),
        "there is no method \"%.*s\"; troupe.describe lists them",
        (int)(message->method.length < 80 ? message->method.length : 80),
        message->method.data);
    refuse(self, message, TP_RPC_NO_SUCH_METHOD, text);
}

void
tp_rpc_serve(struct troupe_self *self, struct tp_rpc_connection *connection,
    const struct tp_rpc_message *message)
{
    const struct troupe_rpc_service *service = NULL;
    const struct troupe_rpc_method *method;

    if (!connection->is_let_in) {
        authorize(self, connection, message);
        return;
    }
    method = tp_rpc_services_find(
        &connection->settings.services, message->method, &service);
    if (method != NULL) {
        call_actor(self, connection, message, method->call, service);
    } else if (!serve_own(self, connection, message)) {
        refuse_method(self, message);
    }
}
