/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/printed_form.h"
#include "mailbox/schema.h"

#define DEPOSIT(FIELD) FIELD(int64, amount_cents) FIELD(str, memo)
TROUPE_SCHEMA(deposit, DEPOSIT)
TROUPE_SCHEMA(get_balance, TROUPE_NO_FIELDS)

static uint32_t dynamic_number;

static int
set_up(void **state)
{
    (void)state;
    return troupe_schema_intern(&deposit_schema) == TROUPE_OK &&
                   troupe_schema_intern(&get_balance_schema) == TROUPE_OK &&
                   tp_schema_intern_name("dynamic", 7, &dynamic_number) ==
                       TROUPE_OK
               ? 0
               : -1;
}

static void
assert_prints(
    uint32_t number, const uint8_t *payload, size_t size, const char *expected)
{
    char out[2000];

    assert_int_equal(
        tp_printed_form_write(out, sizeof(out), number, payload, size),
        strlen(expected));
    assert_string_equal(out, expected);
}

#define ASSERT_PRINTS(number, expected, ...)                                   \
    do {                                                                       \
        const uint8_t payload_[] = {__VA_ARGS__};                              \
        assert_prints(number, payload_, sizeof(payload_), expected);           \
    } while (0)

static void
a_message_prints_its_fields_by_name(void **state)
{
    struct deposit message = {5000, troupe_str_of("rent")};
    struct get_balance request = {0};
    uint8_t out[64];
    uint8_t *end = deposit_encode(out, &message);

    (void)state;
    assert_prints(deposit_schema.number, out, (size_t)(end - out),
        "deposit{amount_cents: 5000, memo: \"rent\"}");
    end = get_balance_encode(out, &request);
    assert_prints(
        get_balance_schema.number, out, (size_t)(end - out), "get_balance{}");
}

static void
values_beyond_the_fields_have_no_label(void **state)
{
    (void)state;
    ASSERT_PRINTS(deposit_schema.number,
        "deposit{amount_cents: 1, memo: \"\", 2, nil}", 0x94, 1, 0xa0, 2, 0xc0);
    ASSERT_PRINTS(get_balance_schema.number, "get_balance{true}", 0x91, 0xc3);
}

static void
what_is_missing_or_broken_shows_in_its_place(void **state)
{
    (void)state;
    ASSERT_PRINTS(deposit_schema.number,
        "deposit{amount_cents: 1, memo: <missing>}", 0x91, 1);
    ASSERT_PRINTS(deposit_schema.number,
        "deposit{amount_cents: 1, memo: <cut short>}", 0x92, 1, 0xa3, 'h');
    ASSERT_PRINTS(deposit_schema.number,
        "deposit{amount_cents: [1, <no value>]}", 0x92, 0x92, 1, 0xc1);
    ASSERT_PRINTS(deposit_schema.number, "deposit 7", 7);
    assert_prints(
        deposit_schema.number, (const uint8_t *)"", 0, "deposit <cut short>");
}

static void
without_a_description_the_bare_payload_is_printed(void **state)
{
    (void)state;
    ASSERT_PRINTS(
        dynamic_number, "dynamic [5000, -1]", 0x92, 0xcd, 0x13, 0x88, 0xff);
    ASSERT_PRINTS(65000, "schema 65000 false", 0xc2);
}

static void
every_kind_of_value_has_a_form(void **state)
{
    (void)state;
    ASSERT_PRINTS(dynamic_number, "dynamic {1: \"x\", nil: [true, -128]}", 0x82,
        1, 0xa1, 'x', 0xc0, 0x92, 0xc3, 0xd0, 0x80);
    ASSERT_PRINTS(dynamic_number, "dynamic [0.5, 0.1]", 0x92, 0xca, 0x3f, 0, 0,
        0, 0xcb, 0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a);
    ASSERT_PRINTS(dynamic_number, "dynamic 0.30000000000000004", 0xcb, 0x3f,
        0xd3, 0x33, 0x33, 0x33, 0x33, 0x33, 0x34);
    ASSERT_PRINTS(dynamic_number, "dynamic [0x00ff, ext(-1) 0x0a]", 0x92, 0xc4,
        2, 0, 0xff, 0xd4, 0xff, 10);
    ASSERT_PRINTS(
        dynamic_number, "dynamic <2.5.7>", 0xd7, 1, 0, 0, 0, 7, 0x20, 0, 0, 5);
    ASSERT_PRINTS(dynamic_number, "dynamic 18446744073709551615", 0xcf, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
}

static void
text_reaches_no_terminal_as_control_characters(void **state)
{
    (void)state;
    ASSERT_PRINTS(dynamic_number, "dynamic \"\\\"\\\\\\x1b[\\x00\\x7f\"", 0xa6,
        '"', '\\', 0x1b, '[', 0, 0x7f);
    ASSERT_PRINTS(dynamic_number, "dynamic \"\xc3\xa9\\xc2\\x9b\\xff\\xe2\"",
        0xa6, 0xc3, 0xa9, 0xc2, 0x9b, 0xff, 0xe2);
    ASSERT_PRINTS(dynamic_number,
        "dynamic \"\xe2\x82\xac\xf0\x9f\x98\x80\\xed\\xa0\\x80\\xc0\\xaf\"",
        0xac, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0xed, 0xa0, 0x80, 0xc0,
        0xaf);
}

/* Text of so many bytes, none of which begins a character. */
static void
assert_prints_bytes(const char *text, uint8_t size)
{
    uint8_t payload[8] = {(uint8_t)(0xa0 | size)};
    char wanted[64] = "dynamic \"";
    char *end = wanted + strlen(wanted);

    memcpy(payload + 1, text, size);
    for (uint8_t i = 0; i < size; i++) {
        end += sprintf(end, "\\x%02x", (uint8_t)text[i]);
    }
    strcpy(end, "\"");
    assert_prints(dynamic_number, payload, size + 1u, wanted);
}

static void
bytes_that_are_no_character_are_printed_as_bytes(void **state)
{
    (void)state;
    assert_prints_bytes("\xe0\x9f\xbf", 3);     /* overlong */
    assert_prints_bytes("\xed\xa0\x80", 3);     /* a surrogate */
    assert_prints_bytes("\xf0\x8f\xbf\xbf", 4); /* overlong */
    assert_prints_bytes("\xf4\x90\x80\x80", 4); /* beyond the last */
    assert_prints_bytes("\xf5\x80\x80\x80", 4); /* no first byte */
    assert_prints_bytes("\x80\x80\x80\x80", 4);
    assert_prints_bytes("\xf0\x9f\x98", 3); /* cut short */
    assert_prints_bytes("\xe2\x82", 2);
    ASSERT_PRINTS(dynamic_number, "dynamic \"\xf0\x9f\x98\x80\"", 0xa4, 0xf0,
        0x9f, 0x98, 0x80);
    ASSERT_PRINTS(dynamic_number, "dynamic \"\\xf0\\x9f\\x98x\"", 0xa4, 0xf0,
        0x9f, 0x98, 'x');
    ASSERT_PRINTS(dynamic_number, "dynamic \"\xe0\xa0\x80\xed\x9f\xbf\"", 0xa6,
        0xe0, 0xa0, 0x80, 0xed, 0x9f, 0xbf);
    ASSERT_PRINTS(dynamic_number,
        "dynamic \"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"", 0xa8, 0xf0, 0x90, 0x80,
        0x80, 0xf4, 0x8f, 0xbf, 0xbf);
}

static void
values_of_containers_that_are_cut_short_end_them(void **state)
{
    (void)state;
    ASSERT_PRINTS(
        dynamic_number, "dynamic [1, <cut short>]", 0x93, 1, 0xa3, 'h');
    ASSERT_PRINTS(
        dynamic_number, "dynamic {1: <cut short>}", 0x82, 1, 0xa3, 'h');
    ASSERT_PRINTS(dynamic_number, "dynamic ext(1) 0x0a", 0xd4, 1, 10);
}

static void
long_text_and_bytes_are_shortened(void **state)
{
    uint8_t payload[102];
    char out[400];

    (void)state;
    memset(payload, 'a', sizeof(payload));
    payload[0] = 0xd9;
    payload[1] = 100;
    (void)tp_printed_form_write(
        out, sizeof(out), dynamic_number, payload, sizeof(payload));
    assert_int_equal(strlen(out), strlen("dynamic \"\"... (100 bytes)") + 64);
    assert_string_equal(out + 8 + 1 + 64, "\"... (100 bytes)");
    payload[0] = 0xc4;
    (void)tp_printed_form_write(
        out, sizeof(out), dynamic_number, payload, sizeof(payload));
    assert_string_equal(out + 8 + 2 + 128, "... (100 bytes)");
}

static void
long_lists_are_shortened(void **state)
{
    uint8_t payload[103] = {0xdc, 0, 100};

    (void)state;
    assert_prints(dynamic_number, payload, sizeof(payload),
        "dynamic [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ... 84 "
        "more]");
    payload[0] = 0xde;
    payload[2] = 50;
    assert_prints(dynamic_number, payload, sizeof(payload),
        "dynamic {0: 0, 0: 0, 0: 0, 0: 0, 0: 0, 0: 0, 0: 0, 0: 0, 0: 0, 0: 0, "
        "0: 0, 0: 0, 0: 0, 0: 0, 0: 0, 0: 0, ... 34 more}");
}

static void
deep_nesting_is_shortened_and_takes_no_stack(void **state)
{
    size_t depth = (size_t)1 << 20;
    uint8_t *payload = malloc(depth + 2);

    (void)state;
    memset(payload, 0x91, depth);
    payload[0] = 0x92;
    payload[depth] = 0xc0;
    payload[depth + 1] = 3;
    assert_prints(dynamic_number, payload, depth + 2,
        "dynamic [[[[[[[[[... 1 more]]]]]]]], 3]");
    free(payload);
}

static void
a_form_that_does_not_fit_is_cut_and_its_length_told(void **state)
{
    static const uint8_t payload[] = {0x92, 0xcd, 0x13, 0x88, 0xa1, 'x'};
    const char *whole = "deposit{amount_cents: 5000, memo: \"x\"}";

    (void)state;
    for (size_t size = 0; size <= strlen(whole) + 1; size++) {
        char *out = malloc(size + 1);

        memset(out, '#', size + 1);
        assert_int_equal(tp_printed_form_write(out, size, deposit_schema.number,
                             payload, sizeof(payload)),
            strlen(whole));
        assert_int_equal(out[size], '#');
        assert_true(size == 0 || (strlen(out) == size - 1 &&
                                     memcmp(out, whole, size - 1) == 0));
        free(out);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_prints_its_fields_by_name),
        cmocka_unit_test(values_beyond_the_fields_have_no_label),
        cmocka_unit_test(what_is_missing_or_broken_shows_in_its_place),
        cmocka_unit_test(without_a_description_the_bare_payload_is_printed),
        cmocka_unit_test(every_kind_of_value_has_a_form),
        cmocka_unit_test(text_reaches_no_terminal_as_control_characters),
        cmocka_unit_test(bytes_that_are_no_character_are_printed_as_bytes),
        cmocka_unit_test(values_of_containers_that_are_cut_short_end_them),
        cmocka_unit_test(long_text_and_bytes_are_shortened),
        cmocka_unit_test(long_lists_are_shortened),
        cmocka_unit_test(deep_nesting_is_shortened_and_takes_no_stack),
        cmocka_unit_test(a_form_that_does_not_fit_is_cut_and_its_length_told),
    };
    return cmocka_run_group_tests_name("printed_form", tests, set_up, NULL);
}
