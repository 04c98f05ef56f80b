/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "mailbox/scan.h"
#include "rpc/message.h"

/* Reads a copy of exactly these bytes, so that a read behind them is seen.
 * Views are into the copy, the caller's to free. */
static troupe_err
read_copy(const char *bytes, size_t size, struct tp_rpc_message *message,
    uint8_t **copy)
{
    *copy = malloc(size);
    memcpy(*copy, bytes, size);
    return tp_rpc_message_read(*copy, size, message);
}

#define READ(bytes, message, copy)                                             \
    read_copy(bytes, sizeof(bytes) - 1, (message), (copy))

static void
assert_str(struct troupe_str str, const char *text)
{
    assert_int_equal(str.length, strlen(text));
    assert_memory_equal(str.data, text, str.length);
}

static void
assert_raw(struct troupe_raw raw, const char *bytes, size_t size)
{
    assert_int_equal(raw.size, size);
    assert_memory_equal(raw.data, bytes, size);
}

static void
a_request_has_an_id_a_method_and_params(void **state)
{
    struct tp_rpc_message message;
    uint8_t *copy;

    (void)state;
    assert_int_equal(
        READ("\x94\x00\xcd\x01\x00\xa3xyz\x92\x01\x02", &message, &copy),
        TROUPE_OK);
    assert_int_equal(message.kind, TP_RPC_REQUEST);
    assert_true(message.has_id);
    assert_int_equal(message.id, 256);
    assert_str(message.method, "xyz");
    assert_raw(message.params, "\x92\x01\x02", 3);
    free(copy);
}

static void
a_notify_has_no_id(void **state)
{
    struct tp_rpc_message message;
    uint8_t *copy;

    (void)state;
    assert_int_equal(READ("\x93\x02\xa1m\x90", &message, &copy), TROUPE_OK);
    assert_int_equal(message.kind, TP_RPC_NOTIFY);
    assert_false(message.has_id);
    assert_str(message.method, "m");
    assert_raw(message.params, "\x90", 1);
    free(copy);
}

static void
a_response_has_an_error_or_a_result(void **state)
{
    struct tp_rpc_message message;
    uint8_t *copy;

    (void)state;
    assert_int_equal(
        READ("\x94\x01\x07\xc0\x81\xa1k\x05", &message, &copy), TROUPE_OK);
    assert_int_equal(message.kind, TP_RPC_RESPONSE);
    assert_int_equal(message.id, 7);
    assert_true(tp_rpc_message_is_ok(&message));
    assert_raw(message.result, "\x81\xa1k\x05", 4);
    free(copy);
    assert_int_equal(
        READ("\x94\x01\x07\xa2no\xc0", &message, &copy), TROUPE_OK);
    assert_false(tp_rpc_message_is_ok(&message));
    free(copy);
}

/* As real clients write them: a method as bin, integers in the widest form,
 * an array with a long header. */
static void
other_encodings_are_taken(void **state)
{
    struct tp_rpc_message message;
    uint8_t *copy;

    (void)state;
    assert_int_equal(READ("\xdd\x00\x00\x00\x04\xd3\x00\x00\x00\x00\x00\x00\x00"
                          "\x00\xcf\x00\x00\x00\x00\xff\xff\xff\xff\xc4\x02"
                          "ab\xdc\x00\x00",
                         &message, &copy),
        TROUPE_OK);
    assert_int_equal(message.kind, TP_RPC_REQUEST);
    assert_int_equal(message.id, UINT32_MAX);
    assert_str(message.method, "ab");
    free(copy);
}

static void
a_fault_says_what_is_wrong(void **state)
{
#define FAULT(bytes, detail)                                                   \
    {                                                                          \
        bytes, sizeof(bytes) - 1, detail                                       \
    }
    static const struct {
        const char *bytes;
        size_t size;
        const char *detail;
    } faults[] = {
        FAULT("\x05",
            "a message is the integer 5, and should be an array of 3 or 4"),
        FAULT("\x90", "a message is an array of 0, and should have 3 or 4 "
                      "elements"),
        FAULT("\x91\x03",
            "the type of a message is the integer 3, and should be 0, 1 or 2"),
        FAULT("\x91\xa1g", "the type of a message is a str of 1 bytes, and "
                           "should be 0, 1 or 2"),
        FAULT("\x93\x00\x01\xa1m",
            "a request is an array of 3, and should have 4 elements"),
        FAULT("\x94\x02\xa1m\x90\x90",
            "a notify is an array of 4, and should have 3 elements"),
        FAULT("\x94\x00\xff\xa1m\x90", "the id of a message is the integer -1, "
                                       "and should be an unsigned 32-bit "
                                       "integer"),
        FAULT("\x94\x00\xcf\x00\x00\x00\x01\x00\x00\x00\x00\xa1m\x90",
            "the id of a message is the integer 4294967296, and should be an "
            "unsigned 32-bit integer"),
        FAULT("\x94\x00\x01\x07\x90",
            "the method is the integer 7, and should be a str"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct tp_rpc_message message;
        uint8_t *copy;

        assert_int_equal(
            read_copy(faults[i].bytes, faults[i].size, &message, &copy),
            TROUPE_E_MALFORMED);
        assert_string_equal(troupe_err_detail(), faults[i].detail);
        free(copy);
    }
}

/* So that the answer to a fault can name it. */
static void
a_fault_behind_the_id_leaves_the_id(void **state)
{
    struct tp_rpc_message message;
    uint8_t *copy;

    (void)state;
    assert_int_equal(
        READ("\x94\x00\x09\xc0\x90", &message, &copy), TROUPE_E_MALFORMED);
    assert_true(message.has_id);
    assert_int_equal(message.id, 9);
    free(copy);
    assert_int_equal(
        READ("\x94\x00\xc0\xa1m\x90", &message, &copy), TROUPE_E_MALFORMED);
    assert_false(message.has_id);
    free(copy);
}

static void
what_is_written_is_read(void **state)
{
    uint8_t bytes[128];
    struct tp_rpc_message message;
    struct troupe_str method = troupe_str_of("bank.deposit");
    uint8_t *end = tp_rpc_request_head_put(bytes, 70000, method);

    (void)state;
    assert_true((size_t)(end - bytes) <= tp_rpc_request_head_size_max(method));
    *end++ = 0x90;
    assert_int_equal(
        tp_rpc_message_read(bytes, (size_t)(end - bytes), &message), TROUPE_OK);
    assert_int_equal(message.kind, TP_RPC_REQUEST);
    assert_int_equal(message.id, 70000);
    assert_str(message.method, "bank.deposit");

    end = tp_rpc_notify_head_put(bytes, method);
    *end++ = 0x90;
    assert_int_equal(
        tp_rpc_message_read(bytes, (size_t)(end - bytes), &message), TROUPE_OK);
    assert_int_equal(message.kind, TP_RPC_NOTIFY);

    end = tp_rpc_result_head_put(bytes, UINT32_MAX);
    assert_true((size_t)(end - bytes) <= TP_RPC_RESULT_HEAD_SIZE_MAX);
    *end++ = 0x05;
    assert_int_equal(
        tp_rpc_message_read(bytes, (size_t)(end - bytes), &message), TROUPE_OK);
    assert_int_equal(message.id, UINT32_MAX);
    assert_true(tp_rpc_message_is_ok(&message));
}

static void
assert_error_returns(const struct tp_rpc_error *error)
{
    uint8_t *bytes = malloc(tp_rpc_error_size_max(error));
    uint32_t id = UINT32_MAX;
    uint8_t *end = tp_rpc_error_put(bytes, &id, error);
    struct tp_rpc_message message;
    struct tp_rpc_error read;

    assert_true((size_t)(end - bytes) <= tp_rpc_error_size_max(error));
    assert_int_equal(
        tp_rpc_message_read(bytes, (size_t)(end - bytes), &message), TROUPE_OK);
    assert_false(tp_rpc_message_is_ok(&message));
    assert_true(tp_rpc_error_read(message.error, &read));
    assert_int_equal(read.code, error->code);
    assert_int_equal(read.retry_ms, error->retry_ms);
    assert_int_equal(read.text.length, error->text.length);
    free(bytes);
}

static void
an_error_is_a_code_a_text_and_when_to_try_again(void **state)
{
    (void)state;
    assert_error_returns(&(struct tp_rpc_error){
        TP_RPC_NOT_FOUND, troupe_str_of("no such account"), 0});
    assert_error_returns(&(struct tp_rpc_error){
        TP_RPC_UNAVAILABLE, troupe_str_of(""), UINT64_MAX});
}

static void
an_error_of_another_form_is_known_as_such(void **state)
{
    static const char *const others[] = {"\xc0", "\xa2no", "\x91\x05",
        "\x92\xa1x\xa1y", "\x93\x01\xa1x\xc0", "\x93\x01\xa1x\x81\xa1y\x05",
        "\x94\x01\xa1x\xc0\xc0"};

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct tp_rpc_error error;
        struct troupe_raw raw = {
            (const uint8_t *)others[i], (uint32_t)strlen(others[i])};

        assert_false(tp_rpc_error_read(raw, &error));
    }
}

static void
who_cannot_be_named_is_nil(void **state)
{
    uint8_t bytes[64];
    struct tp_rpc_error error = {TP_RPC_BAD_PARAMETERS, troupe_str_of("no"), 0};
    uint8_t *end = tp_rpc_error_put(bytes, NULL, &error);

    (void)state;
    assert_raw((struct troupe_raw){bytes, (uint32_t)(end - bytes)},
        "\x94\x01\xc0\x92\xcd\x01\x90\xa2no\xc0", 11);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_has_an_id_a_method_and_params),
        cmocka_unit_test(a_notify_has_no_id),
        cmocka_unit_test(a_response_has_an_error_or_a_result),
        cmocka_unit_test(other_encodings_are_taken),
        cmocka_unit_test(a_fault_says_what_is_wrong),
        cmocka_unit_test(a_fault_behind_the_id_leaves_the_id),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(an_error_is_a_code_a_text_and_when_to_try_again),
        cmocka_unit_test(an_error_of_another_form_is_known_as_such),
        cmocka_unit_test(who_cannot_be_named_is_nil),
    };
    return cmocka_run_group_tests_name("rpc message", tests, NULL, NULL);
}
