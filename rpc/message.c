/* SPDX-License-Identifier: BSD-2-Clause */
#include "rpc/message.h"

#include "base/err.h"
#include "mailbox/value.h"

#include <inttypes.h>
#include <stdio.h>

/* A message of which the elements up to at have been read. */
struct reading {
    const uint8_t *at;
    const uint8_t *end;
    struct tp_rpc_message *message;
};

static const char *const names[] = {
    [TP_RPC_REQUEST] = "request",
    [TP_RPC_RESPONSE] = "response",
    [TP_RPC_NOTIFY] = "notify",
};

/* The sentence for an element that is not what it should be. */
static troupe_err
unfit(const struct reading *reading, const char *what, const char *wanted)
{
    struct tp_value value;
    char is[64];

    (void)tp_value_read(reading->at, reading->end, &value);
    tp_value_describe(is, sizeof(is), &value);
    return tp_err_set(
        TROUPE_E_MALFORMED, "%s is %s, and should be %s", what, is, wanted);
}

/* The array and its first element, which says how long it is. */
static troupe_err
read_kind(struct reading *reading)
{
    const uint8_t *at;
    uint32_t count = 0;
    uint32_t kind = 0;

    at = troupe_wire_get_array_header(reading->at, reading->end, &count);
    if (at == NULL) {
        return unfit(reading, "a message", "an array of 3 or 4");
    }
    reading->at = at;
    at = troupe_wire_get_uint32(at, reading->end, &kind);
    if (count == 0 || at == NULL || kind > TP_RPC_NOTIFY) {
        return count == 0
                   ? tp_err_set(TROUPE_E_MALFORMED,
                         "a message is an array of 0, and should have 3 "
                         "or 4 elements")
                   : unfit(reading, "the type of a message", "0, 1 or 2");
    }
    reading->at = at;
    reading->message->kind = (enum tp_rpc_kind)kind;
    if (count != (kind == TP_RPC_NOTIFY ? 3 : 4)) {
        return tp_err_set(TROUPE_E_MALFORMED,
            "a %s is an array of %" PRIu32 ", and should have %d elements",
            names[kind], count, kind == TP_RPC_NOTIFY ? 3 : 4);
    }
    return TROUPE_OK;
}

static troupe_err
read_id(struct reading *reading)
{
    const uint8_t *at = troupe_wire_get_uint32(
        reading->at, reading->end, &reading->message->id);

    if (at == NULL) {
        return unfit(
            reading, "the id of a message", "an unsigned 32-bit integer");
    }
    reading->at = at;
    reading->message->has_id = true;
    return TROUPE_OK;
}

static troupe_err
read_method(struct reading *reading)
{
    struct tp_value value;
    const uint8_t *after = tp_value_read(reading->at, reading->end, &value);

    if (value.kind != TP_VALUE_STR && value.kind != TP_VALUE_BIN) {
        return unfit(reading, "the method", "a str");
    }
    reading->at = after;
    reading->message->method.data = (const char *)value.data;
    reading->message->method.length = (uint32_t)value.size;
    return TROUPE_OK;
}

static struct troupe_raw
take_value(struct reading *reading)
{
    const uint8_t *begin = reading->at;

    reading->at = troupe_wire_skip(begin, reading->end);
    return (struct troupe_raw){begin, (uint32_t)(reading->at - begin)};
}

troupe_err
tp_rpc_message_read(
    const uint8_t *bytes, size_t size, struct tp_rpc_message *message)
{
    struct reading reading = {bytes, bytes + size, message};
    troupe_err err;

    *message = (struct tp_rpc_message){.kind = TP_RPC_REQUEST};
    err = read_kind(&reading);
    if (err == TROUPE_OK && message->kind != TP_RPC_NOTIFY) {
        err = read_id(&reading);
    }
    if (err == TROUPE_OK && message->kind != TP_RPC_RESPONSE) {
        err = read_method(&reading);
    }
    if (err != TROUPE_OK) {
        return err;
    }
    if (message->kind == TP_RPC_RESPONSE) {
        message->error = take_value(&reading);
        message->result = take_value(&reading);
    } else {
        message->params = take_value(&reading);
    }
    return TROUPE_OK;
}

bool
tp_rpc_message_is_ok(const struct tp_rpc_message *response)
{
    return response->error.size == 1 && response->error.data[0] == 0xc0;
}

/* The one pair that an error may end with. */
static const uint8_t *
read_retry(const uint8_t *at, const uint8_t *end, uint64_t *retry_ms)
{
    struct tp_value map;
    struct troupe_str key = {NULL, 0};

    at = tp_value_read(at, end, &map);
    if (at == NULL || map.kind != TP_VALUE_MAP || map.values_count != 2) {
        return NULL;
    }
    at = troupe_wire_get_str(at, end, &key);
    if (at == NULL || key.length != 8 || memcmp(key.data, "retry_ms", 8) != 0) {
        return NULL;
    }
    return troupe_wire_get_uint64(at, end, retry_ms);
}

bool
tp_rpc_error_read(struct troupe_raw raw, struct tp_rpc_error *error)
{
    const uint8_t *end = raw.data + raw.size;
    uint32_t count = 0;
    const uint8_t *at = troupe_wire_get_array_header(raw.data, end, &count);

    *error = (struct tp_rpc_error){.code = 0};
    if (at == NULL || count < 2 || count > 3) {
        return false;
    }
    at = troupe_wire_get_uint32(at, end, &error->code);
    at = at == NULL ? NULL : troupe_wire_get_str(at, end, &error->text);
    if (at != NULL && count == 3) {
        at = read_retry(at, end, &error->retry_ms);
    }
    return at != NULL;
}

size_t
tp_rpc_request_head_size_max(struct troupe_str method)
{
    return 1 + 1 + troupe_wire_size_uint32(0) + troupe_wire_size_str(method);
}

uint8_t *
tp_rpc_request_head_put(uint8_t *out, uint32_t id, struct troupe_str method)
{
    out = troupe_wire_put_array_header(out, 4);
    out = troupe_wire_put_uint32(out, TP_RPC_REQUEST);
    out = troupe_wire_put_uint32(out, id);
    return troupe_wire_put_str(out, method);
}

uint8_t *
tp_rpc_notify_head_put(uint8_t *out, struct troupe_str method)
{
    out = troupe_wire_put_array_header(out, 3);
    out = troupe_wire_put_uint32(out, TP_RPC_NOTIFY);
    return troupe_wire_put_str(out, method);
}

static uint8_t *
put_nil(uint8_t *out)
{
    return troupe_wire_put_raw(out, (struct troupe_raw){NULL, 0});
}

static uint8_t *
put_response_head(uint8_t *out, const uint32_t *id)
{
    out = troupe_wire_put_array_header(out, 4);
    out = troupe_wire_put_uint32(out, TP_RPC_RESPONSE);
    return id == NULL ? put_nil(out) : troupe_wire_put_uint32(out, *id);
}

uint8_t *
tp_rpc_result_head_put(uint8_t *out, uint32_t id)
{
    return put_nil(put_response_head(out, &id));
}

size_t
tp_rpc_error_size_max(const struct tp_rpc_error *error)
{
    return TP_RPC_RESULT_HEAD_SIZE_MAX + 1 + troupe_wire_size_uint32(0) +
           troupe_wire_size_str(error->text) + 1 + sizeof("retry_ms") +
           troupe_wire_size_uint64(0);
}

uint8_t *
tp_rpc_error_put(
    uint8_t *out, const uint32_t *id, const struct tp_rpc_error *error)
{
    out = put_response_head(out, id);
    out = troupe_wire_put_array_header(out, error->retry_ms == 0 ? 2 : 3);
    out = troupe_wire_put_uint32(out, error->code);
    out = troupe_wire_put_str(out, error->text);
    if (error->retry_ms != 0) {
        *out++ = 0x81; /* a map of one pair */
        out = troupe_wire_put_str(out, troupe_str_of("retry_ms"));
        out = troupe_wire_put_uint64(out, error->retry_ms);
    }
    return put_nil(out);
}
