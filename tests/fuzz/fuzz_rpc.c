/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: whatever a peer sends by MessagePack-RPC is a message or a fault, and
 * its parameters are a payload that the decoder takes, or refused.
 *
 * The first byte chooses the message type that is called, the others are what
 * came. For all bytes that the scan accepts:
 *
 * - nothing is read but these, and nothing written behind the room asked for;
 * - a fault and a refusal give a sentence for a terminal;
 * - parameters that are taken are decoded without a fault, and are, as
 *   parameters by position, the same once more;
 * - an error that is read, written again, is read as the same.
 */
#include "tests/fuzz/fuzz.h"

#include "mailbox/scan.h"
#include "rpc/message.h"
#include "rpc/params.h"
#include "tests/fuzz/schemas.h"

#define FUZZ_PAY(FIELD)                                                        \
    FIELD(str, account)                                                        \
    FIELD(int64, cents) FIELD(double, rate) FIELD(bin, note) FIELD(raw, key)
TROUPE_SCHEMA(fuzz_pay, FUZZ_PAY)

static int
decode_pay(const uint8_t *payload, const uint8_t *end)
{
    struct fuzz_pay value;

    return fuzz_pay_decode(payload, end, &value);
}

static int
decode_numbers(const uint8_t *payload, const uint8_t *end)
{
    struct fuzz_numbers value;

    return fuzz_numbers_decode(payload, end, &value);
}

static int
decode_mixed(const uint8_t *payload, const uint8_t *end)
{
    struct fuzz_mixed value;

    return fuzz_mixed_decode(payload, end, &value);
}

static int
decode_nothing(const uint8_t *payload, const uint8_t *end)
{
    struct fuzz_nothing value;

    return fuzz_nothing_decode(payload, end, &value);
}

static const struct {
    const struct troupe_schema *schema;
    int (*decode)(const uint8_t *payload, const uint8_t *end);
} methods[] = {
    {&fuzz_pay_schema, decode_pay},
    {&fuzz_numbers_schema, decode_numbers},
    {&fuzz_mixed_schema, decode_mixed},
    {&fuzz_nothing_schema, decode_nothing},
};

static void
check_sentence(void)
{
    const char *detail = troupe_err_detail();

    CHECK(detail[0] != '\0');
    CHECK(fuzz_is_printable(detail, strlen(detail)));
}

/* What was bound, bound again: the same. A lone map would be taken for names,
 * and no type here has a lone field that may hold one. */
static void
check_payload(unsigned method, const uint8_t *payload, size_t size)
{
    struct troupe_raw raw = {payload, (uint32_t)size};
    uint8_t *again =
        malloc(tp_rpc_params_size_max(methods[method].schema, raw));
    const uint8_t *end;

    CHECK(again != NULL);
    CHECK(methods[method].decode(payload, payload + size) == 0);
    CHECK(tp_rpc_params_bind(methods[method].schema, raw, again, &end) ==
          TROUPE_OK);
    CHECK((size_t)(end - again) == size && memcmp(again, payload, size) == 0);
    free(again);
}

static void
check_params(unsigned method, struct troupe_raw params)
{
    size_t room = tp_rpc_params_size_max(methods[method].schema, params);
    uint8_t *payload = malloc(room);
    const uint8_t *end;

    CHECK(payload != NULL);
    if (tp_rpc_params_bind(methods[method].schema, params, payload, &end) ==
        TROUPE_OK) {
        CHECK((size_t)(end - payload) <= room);
        check_payload(method, payload, (size_t)(end - payload));
    } else {
        check_sentence();
    }
    free(payload);
}

static void
check_error(struct troupe_raw raw)
{
    struct tp_rpc_error error;
    struct tp_rpc_error again;
    struct tp_rpc_message message;
    uint8_t *response;
    uint8_t *end;

    if (!tp_rpc_error_read(raw, &error)) {
        return;
    }
    response = malloc(tp_rpc_error_size_max(&error));
    CHECK(response != NULL);
    end = tp_rpc_error_put(response, &error.code, &error);
    CHECK(tp_rpc_message_read(response, (size_t)(end - response), &message) ==
          TROUPE_OK);
    CHECK(tp_rpc_error_read(message.error, &again));
    CHECK(again.code == error.code && again.retry_ms == error.retry_ms);
    CHECK(again.text.length == error.text.length);
    free(response);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const struct tp_scan_bounds bounds = TP_SCAN_BOUNDS_DEFAULT;
    struct tp_rpc_message message;
    unsigned method;
    size_t value_size;

    if (size == 0) {
        return 0;
    }
    method = bytes[0] % (sizeof(methods) / sizeof(methods[0]));
    bytes++;
    if (tp_scan_value(bytes, size - 1, &bounds, &value_size) != TROUPE_OK) {
        return 0;
    }
    if (tp_rpc_message_read(bytes, value_size, &message) != TROUPE_OK) {
        check_sentence();
    } else if (message.kind == TP_RPC_RESPONSE) {
        check_error(message.error);
    } else {
        check_params(method, message.params);
    }
    return 0;
}
