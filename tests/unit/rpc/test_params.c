/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "rpc/params.h"

#define PAY(FIELD) FIELD(str, account) FIELD(int64, cents) FIELD(raw, key)
TROUPE_SCHEMA(pay, PAY)
#define MIX(FIELD)                                                             \
    FIELD(double, ratio)                                                       \
    FIELD(float, share) FIELD(bool, is_on) FIELD(uint8, small) FIELD(bin, bytes)
TROUPE_SCHEMA(mix, MIX)
TROUPE_SCHEMA(ping, TROUPE_NO_FIELDS)
#define ANY(FIELD) FIELD(raw, value)
TROUPE_SCHEMA(any, ANY)
#define MEET(FIELD) FIELD(pid, who)
TROUPE_SCHEMA(meet, MEET)

/* The payload, a block of its own of exactly so many bytes; NULL: refused. */
static uint8_t *
bind_copy(const struct troupe_schema *schema, const char *params, size_t size,
    const uint8_t **end)
{
    uint8_t *copy = malloc(size);
    struct troupe_raw raw = {copy, (uint32_t)size};
    uint8_t *payload = malloc(tp_rpc_params_size_max(schema, raw));
    const uint8_t *written = payload;
    troupe_err err;

    memcpy(copy, params, size);
    err = tp_rpc_params_bind(schema, raw, payload, &written);
    free(copy);
    if (err != TROUPE_OK) {
        assert_int_equal(err, TROUPE_E_DECODE);
        free(payload);
        return NULL;
    }
    *end = written;
    return payload;
}

#define BIND(name, params, end)                                                \
    bind_copy(&name##_schema, params, sizeof(params) - 1, (end))

#define ASSERT_REFUSED(name, params, detail)                                   \
    do {                                                                       \
        const uint8_t *end_;                                                   \
        assert_null(BIND(name, params, &end_));                                \
        assert_string_equal(troupe_err_detail(), detail);                      \
    } while (0)

static void
assert_pays(uint8_t *payload, const uint8_t *end, const char *account,
    int64_t cents, const char *key, size_t key_size)
{
    struct pay pay;

    assert_non_null(payload);
    assert_int_equal(pay_decode(payload, end, &pay), 0);
    assert_int_equal(pay.account.length, strlen(account));
    assert_memory_equal(pay.account.data, account, pay.account.length);
    assert_int_equal(pay.cents, cents);
    assert_int_equal(pay.key.size, key_size);
    assert_memory_equal(pay.key.data, key, key_size);
    free(payload);
}

static void
parameters_by_position_become_the_payload(void **state)
{
    const uint8_t *end = NULL;
    uint8_t *payload = BIND(pay, "\x93\xa2me\xcd\x01\x00\xa1k", &end);

    (void)state;
    assert_pays(payload, end, "me", 256, "\xa1k", 2);
}

static void
parameters_by_name_stand_in_any_order(void **state)
{
    const uint8_t *end = NULL;
    uint8_t *payload = BIND(pay,
        "\x91\x83\xa3key\x07\xa5"
        "cents\xff\xa7"
        "account\xa2me",
        &end);

    (void)state;
    assert_pays(payload, end, "me", -1, "\x07", 1);
}

static void
a_field_of_type_raw_may_be_left_out(void **state)
{
    const uint8_t *end = NULL;
    uint8_t *payload = BIND(pay, "\x92\xa2me\x05", &end);

    (void)state;
    assert_pays(payload, end, "me", 5, "\xc0", 1);
    payload = BIND(pay,
        "\x91\x82\xa5"
        "cents\x05\xa7"
        "account\xa2me",
        &end);
    assert_pays(payload, end, "me", 5, "\xc0", 1);
}

static void
callers_may_write_text_as_bytes_and_names_too(void **state)
{
    const uint8_t *end = NULL;
    uint8_t *payload = BIND(pay,
        "\x91\x82\xc4\x05"
        "cents\x05\xc4\x07"
        "account\xc4\x02me",
        &end);

    (void)state;
    assert_pays(payload, end, "me", 5, "\xc0", 1);
}

static void
numbers_become_what_the_field_wants(void **state)
{
    const uint8_t *end = NULL;
    uint8_t *payload = BIND(mix,
        "\x95\x05\xcb\x40\x04\x00\x00\x00\x00\x00\x00\xc3\xd3\x00\x00\x00\x00"
        "\x00\x00\x00\xff\xa2hi",
        &end);
    struct mix mix;

    (void)state;
    assert_non_null(payload);
    assert_int_equal(mix_decode(payload, end, &mix), 0);
    assert_true(mix.ratio == 5.0);
    assert_true(mix.share == 2.5f);
    assert_true(mix.is_on);
    assert_int_equal(mix.small, 255);
    assert_int_equal(mix.bytes.size, 2);
    free(payload);
    payload = BIND(mix, "\x95\xff\xd1\xff\x00\xc2\x00\xc4\x00", &end);
    assert_non_null(payload);
    assert_int_equal(mix_decode(payload, end, &mix), 0);
    assert_true(mix.ratio == -1.0);
    assert_true(mix.share == -256.0f);
    free(payload);
}

static void
who_takes_no_parameters_takes_none_either_way(void **state)
{
    const uint8_t *end = NULL;
    uint8_t *payload = BIND(ping, "\x90", &end);

    (void)state;
    assert_non_null(payload);
    assert_int_equal(end - payload, 1);
    free(payload);
    payload = BIND(ping, "\x91\x80", &end);
    assert_non_null(payload);
    free(payload);
    ASSERT_REFUSED(
        ping, "\x91\x05", "ping takes 0 parameters, and 1 are given");
}

static void
one_raw_parameter_is_never_by_name(void **state)
{
    const uint8_t *end = NULL;
    uint8_t *payload = BIND(any, "\x91\x81\xa5value\x01", &end);
    struct any any;

    (void)state;
    assert_non_null(payload);
    assert_int_equal(any_decode(payload, end, &any), 0);
    assert_int_equal(any.value.size, 8);
    free(payload);
}

static void
what_does_not_fit_is_named(void **state)
{
    (void)state;
    ASSERT_REFUSED(pay, "\x92\xa2me\xa3two",
        "pay.cents (int64, parameter 2 of 3) does not fit: it is a str of 3 "
        "bytes");
    ASSERT_REFUSED(
        pay, "\x91\xa2me", "pay.cents (int64, parameter 2 of 3) is missing");
    ASSERT_REFUSED(pay,
        "\x91\x81\xa5"
        "cents\x05",
        "pay.account (str, parameter 1 of 3) is missing");
    ASSERT_REFUSED(pay, "\x94\xa2me\x05\xc0\xc0",
        "pay takes 3 parameters, and 4 are given");
    ASSERT_REFUSED(
        pay, "\x91\x81\xa4sent\x05", "pay has no parameter \"sent\"");
    ASSERT_REFUSED(pay,
        "\x91\x82\xa5"
        "cents\x05\xa5"
        "cents\x06",
        "pay has twice the parameter \"cents\"");
    ASSERT_REFUSED(
        pay, "\x91\x81\x05\x05", "pay: the name of a parameter is not a str");
    ASSERT_REFUSED(pay, "\x05",
        "the parameters of pay are the integer 5, and should be an array");
    ASSERT_REFUSED(mix, "\x95\x05\x05\xc3\xcd\x01\x00\xa0",
        "mix.small (uint8, parameter 4 of 5) does not fit: it is the integer "
        "256");
    ASSERT_REFUSED(mix, "\x91\xc0",
        "mix.ratio (double, parameter 1 of 5) does not fit: it is nil");
}

/* It goes to logs, and to terminals. */
static void
a_name_of_any_bytes_is_shown_as_text(void **state)
{
    (void)state;
    ASSERT_REFUSED(pay,
        "\x91\x81\xa5"
        "a\x1b\n\xff"
        "b\x05",
        "pay has no parameter \"a???b\"");
}

static void
no_caller_from_outside_gives_a_pid(void **state)
{
    (void)state;
    ASSERT_REFUSED(meet, "\x91\xd7\x01\0\0\0\0\0\0\0\1",
        "meet.who is a pid, which no caller from outside can give");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_by_position_become_the_payload),
        cmocka_unit_test(parameters_by_name_stand_in_any_order),
        cmocka_unit_test(a_field_of_type_raw_may_be_left_out),
        cmocka_unit_test(callers_may_write_text_as_bytes_and_names_too),
        cmocka_unit_test(numbers_become_what_the_field_wants),
        cmocka_unit_test(who_takes_no_parameters_takes_none_either_way),
        cmocka_unit_test(one_raw_parameter_is_never_by_name),
        cmocka_unit_test(what_does_not_fit_is_named),
        cmocka_unit_test(a_name_of_any_bytes_is_shown_as_text),
        cmocka_unit_test(no_caller_from_outside_gives_a_pid),
    };
    return cmocka_run_group_tests_name("rpc params", tests, NULL, NULL);
}
