/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "mailbox/schema.h"
#include "tests/support/check.h"

#define THREADS_COUNT 4
#define NAMES_COUNT 600

#define DEPOSIT(FIELD) FIELD(int64, amount_cents)
#define DEPOSIT_WITH_MEMO(FIELD) FIELD(int64, amount_cents) FIELD(str, memo)
#define WITHDRAW(FIELD) FIELD(uint8, amount)
#define EVERYTHING(FIELD)                                                      \
    FIELD(int8, a)                                                             \
    FIELD(int16, b)                                                            \
    FIELD(int32, c)                                                            \
    FIELD(int64, d)                                                            \
    FIELD(uint8, e)                                                            \
    FIELD(uint16, f)                                                           \
    FIELD(uint32, g)                                                           \
    FIELD(uint64, h)                                                           \
    FIELD(boolean, i)                                                          \
    FIELD(bool, j)                                                             \
    FIELD(float, k)                                                            \
    FIELD(double, l)                                                           \
    FIELD(pid, m)                                                              \
    FIELD(str, n)                                                              \
    FIELD(bin, o)                                                              \
    FIELD(raw, p)

TROUPE_SCHEMA(deposit, DEPOSIT)
TROUPE_SCHEMA(deposit_with_memo, DEPOSIT_WITH_MEMO)
TROUPE_SCHEMA(withdraw, WITHDRAW)
TROUPE_SCHEMA(get_balance, TROUPE_NO_FIELDS)
TROUPE_SCHEMA(everything, EVERYTHING)

/* What the same list gives in another translation unit. */
static struct troupe_schema
twin_of(const struct troupe_schema *schema)
{
    struct troupe_schema twin = *schema;

    twin.number = 0;
    return twin;
}

static void
a_payload_is_an_array_of_the_fields_by_position(void **state)
{
    static const uint8_t expected[] = {0x92, 0xcd, 0x13, 0x88, 0xa2, 'h', 'i'};
    struct deposit_with_memo message = {5000, {"hi", 2}};
    uint8_t out[32];

    (void)state;
    assert_int_equal(
        deposit_with_memo_encode(out, &message) - out, sizeof(expected));
    assert_memory_equal(out, expected, sizeof(expected));
}

static void
every_type_of_field_reads_back_the_same(void **state)
{
    static const uint8_t list[] = {0x92, 1, 2};
    const struct everything message = {.a = -8,
        .b = -1600,
        .c = -320000,
        .d = INT64_MIN,
        .e = 8,
        .f = 1600,
        .g = 320000,
        .h = UINT64_MAX,
        .i = true,
        .j = true,
        .k = 0.5f,
        .l = 0.1,
        .m = 77,
        .n = troupe_str_of("text"),
        .o = {"\0\1", 2},
        .p = {list, sizeof(list)}};
    struct everything read = {0};
    uint8_t out[128];
    const uint8_t *end = everything_encode(out, &message);

    (void)state;
    assert_true((size_t)(end - out) <= everything_size_max(&message));
    assert_int_equal(everything_decode(out, end, &read), 0);
    assert_true(read.a == -8 && read.b == -1600 && read.c == -320000);
    assert_true(read.d == INT64_MIN && read.e == 8 && read.f == 1600);
    assert_true(read.g == 320000 && read.h == UINT64_MAX && read.m == 77);
    assert_true(read.i && read.j && read.k == 0.5f && read.l == 0.1);
    assert_int_equal(read.n.length, 4);
    assert_memory_equal(read.n.data, "text", 4);
    assert_memory_equal(read.o.data, "\0\1", 2);
    assert_memory_equal(read.p.data, list, sizeof(list));
    assert_in_range(read.p.data - out, 0, end - out);
}

static void
the_largest_size_counts_every_byte_that_may_be_written(void **state)
{
    struct deposit deposit = {INT64_MIN};
    struct get_balance get_balance = {0};
    struct deposit_with_memo memo = {INT64_MIN, {"hi", 2}};
    uint8_t out[16];

    (void)state;
    assert_int_equal(deposit_size_max(&deposit), 10);
    assert_int_equal(deposit_encode(out, &deposit) - out, 10);
    assert_int_equal(get_balance_size_max(&get_balance), 1);
    assert_int_equal(deposit_with_memo_size_max(&memo), 1 + 9 + 5 + 2);
}

static void
a_message_without_fields_is_an_empty_array(void **state)
{
    struct get_balance message = {0};
    uint8_t out[4];

    (void)state;
    assert_int_equal(get_balance_encode(out, &message) - out, 1);
    assert_int_equal(out[0], 0x90);
    assert_int_equal(get_balance_decode(out, out + 1, &message), 0);
    assert_int_equal(get_balance_schema.fields_count, 0);
    assert_int_equal(sizeof(struct get_balance), 1);
}

static void
the_description_tells_names_types_and_places(void **state)
{
    const struct troupe_field *memo = &deposit_with_memo_schema.fields[1];

    (void)state;
    assert_string_equal(deposit_with_memo_schema.name, "deposit_with_memo");
    assert_int_equal(deposit_with_memo_schema.fields_count, 2);
    assert_int_equal(
        deposit_with_memo_schema.struct_size, sizeof(struct deposit_with_memo));
    assert_string_equal(memo->name, "memo");
    assert_int_equal(memo->type, TROUPE_TYPE_str);
    assert_int_equal(memo->offset, offsetof(struct deposit_with_memo, memo));
    assert_string_equal(troupe_type_name(TROUPE_TYPE_bool), "boolean");
    assert_string_equal(troupe_type_name(TROUPE_TYPES_COUNT), "unknown");
}

static void
unknown_trailing_fields_are_skipped(void **state)
{
    struct deposit_with_memo newer = {5000, {"hi", 2}};
    struct deposit older = {0};
    uint8_t out[32];
    const uint8_t *end = deposit_with_memo_encode(out, &newer);

    (void)state;
    assert_int_equal(deposit_decode(out, end, &older), 0);
    assert_int_equal(older.amount_cents, 5000);
}

static void
a_missing_field_is_named(void **state)
{
    struct deposit older = {5000};
    struct deposit_with_memo newer;
    uint8_t out[16];
    const uint8_t *end = deposit_encode(out, &older);
    int code = deposit_with_memo_decode(out, end, &newer);

    (void)state;
    assert_int_equal(code, 2);
    assert_int_equal(
        tp_schema_decode_error(&deposit_with_memo_schema, out, end, code),
        TROUPE_E_DECODE);
    assert_string_equal(troupe_err_detail(),
        "deposit_with_memo.memo (str, field 2 of 2) is missing: the payload "
        "has 1 fields");
}

static void
a_field_is_not_looked_for_behind_the_array(void **state)
{
    static const uint8_t bytes[] = {0x91, 5, 0xa2, 'h', 'i'};
    struct deposit_with_memo message;

    (void)state;
    assert_int_equal(
        deposit_with_memo_decode(bytes, bytes + sizeof(bytes), &message), 2);
}

static void
assert_decode_error(const uint8_t *bytes, size_t size, const char *detail)
{
    struct withdraw message;
    int code = withdraw_decode(bytes, bytes + size, &message);

    assert_int_not_equal(code, 0);
    assert_int_equal(
        tp_schema_decode_error(&withdraw_schema, bytes, bytes + size, code),
        TROUPE_E_DECODE);
    assert_string_equal(troupe_err_detail(), detail);
}

static void
a_decode_error_tells_what_was_found(void **state)
{
    static const uint8_t text[] = {0x91, 0xa2, 'h', 'i'};
    static const uint8_t number[] = {0x91, 0xcd, 1, 44};
    static const uint8_t cut[] = {0x91, 0xcd, 1};
    static const uint8_t map[] = {0x81, 1, 2};

    (void)state;
    assert_decode_error(text, sizeof(text),
        "withdraw.amount (field 1 of 1) should be uint8 and is a str of 2 "
        "bytes");
    assert_decode_error(number, sizeof(number),
        "withdraw.amount (field 1 of 1) should be uint8 and is the integer "
        "300");
    assert_decode_error(cut, sizeof(cut),
        "withdraw.amount (field 1 of 1) should be uint8 and is the end of the "
        "bytes");
    assert_decode_error(map, sizeof(map),
        "withdraw: the payload should be an array of its 1 fields and is a "
        "map of 1");
    assert_decode_error(map, 0,
        "withdraw: the payload should be an array of its 1 fields and is the "
        "end of the bytes");
}

static void
each_kind_of_value_is_named_in_an_error(void **state)
{
    static const struct {
        uint8_t bytes[10];
        uint8_t size;
        const char *named;
    } found[] = {
        {{0x91, 0xc1}, 2, "the byte c1, which begins no value"},
        {{0x91, 0xc0}, 2, "nil"},
        {{0x91, 0xc2}, 2, "the boolean false"},
        {{0x91, 0xc3}, 2, "the boolean true"},
        {{0x91, 0xff}, 2, "the integer -1"},
        {{0x91, 0xca, 0x3f, 0, 0, 0}, 6, "the float 0.5"},
        {{0x91, 0xcb, 0x3f, 0xe0}, 10, "the double 0.5"},
        {{0x91, 0xc4, 0}, 3, "a bin of 0 bytes"},
        {{0x91, 0xd4, 5, 0}, 4, "an extension of type 5"},
        {{0x91, 0x93, 0, 0, 0}, 5, "an array of 3"},
        {{0x91, 0x81, 0, 0}, 4, "a map of 1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++) {
        char wanted[128];

        snprintf(wanted, sizeof(wanted),
            "withdraw.amount (field 1 of 1) should be uint8 and is %s",
            found[i].named);
        assert_decode_error(found[i].bytes, found[i].size, wanted);
    }
}

static void
a_later_field_is_found_behind_those_before_it(void **state)
{
    static const uint8_t bytes[] = {0x92, 0xcd, 0x13, 0x88, 0xc3};
    struct deposit_with_memo message;
    int code = deposit_with_memo_decode(bytes, bytes + sizeof(bytes), &message);

    (void)state;
    assert_int_equal(code, 2);
    (void)tp_schema_decode_error(
        &deposit_with_memo_schema, bytes, bytes + sizeof(bytes), code);
    assert_string_equal(troupe_err_detail(),
        "deposit_with_memo.memo (field 2 of 2) should be str and is the "
        "boolean true");
}

static void
descriptions_of_one_name_get_one_number(void **state)
{
    struct troupe_schema twin = twin_of(&deposit_schema);

    (void)state;
    assert_int_equal(troupe_schema_intern(&deposit_schema), TROUPE_OK);
    assert_int_equal(troupe_schema_intern(&twin), TROUPE_OK);
    assert_int_equal(troupe_schema_intern(&withdraw_schema), TROUPE_OK);
    assert_int_not_equal(troupe_schema_number(&deposit_schema), 0);
    assert_int_equal(
        troupe_schema_number(&twin), troupe_schema_number(&deposit_schema));
    assert_int_not_equal(troupe_schema_number(&withdraw_schema),
        troupe_schema_number(&deposit_schema));
    assert_int_equal(tp_schema_find_name("deposit", 7),
        troupe_schema_number(&deposit_schema));
}

static void
one_name_with_other_fields_is_an_error_that_shows_both(void **state)
{
    struct troupe_schema other = twin_of(&deposit_with_memo_schema);

    (void)state;
    other.name = "deposit";
    assert_int_equal(troupe_schema_intern(&deposit_schema), TROUPE_OK);
    assert_int_equal(troupe_schema_intern(&other), TROUPE_E_SCHEMA_CONFLICT);
    assert_string_equal(troupe_err_detail(),
        "the schema deposit is both {int64 amount_cents} and {int64 "
        "amount_cents, str memo}: field 2 differs; rename one");
    assert_int_equal(troupe_schema_number(&other), 0);
}

static void
a_field_of_another_name_or_type_is_a_conflict(void **state)
{
    struct troupe_field field = deposit_schema.fields[0];
    struct troupe_schema other = twin_of(&deposit_schema);

    (void)state;
    other.fields = &field;
    assert_int_equal(troupe_schema_intern(&deposit_schema), TROUPE_OK);
    field.name = "amount_euros";
    assert_int_equal(troupe_schema_intern(&other), TROUPE_E_SCHEMA_CONFLICT);
    field.name = "amount_cents";
    field.type = TROUPE_TYPE_uint64;
    assert_int_equal(troupe_schema_intern(&other), TROUPE_E_SCHEMA_CONFLICT);
    other.fields_count = 0;
    assert_int_equal(troupe_schema_intern(&other), TROUPE_E_SCHEMA_CONFLICT);
}

static void
long_lists_are_shortened_in_the_sentence(void **state)
{
    struct troupe_schema one = twin_of(&everything_schema);
    struct troupe_schema other = twin_of(&everything_schema);

    (void)state;
    one.name = "long";
    other.name = "long";
    other.fields_count--;
    assert_int_equal(troupe_schema_intern(&one), TROUPE_OK);
    assert_int_equal(troupe_schema_intern(&other), TROUPE_E_SCHEMA_CONFLICT);
    assert_string_equal(troupe_err_detail(),
        "the schema long is both {int8 a, int16 b, int32 c, int64 d, uint8 e, "
        "uint16 f, uint32 g, ...} and {int8 a, int16 b, int32 c, int64 d, "
        "uint8 e, uint16 f, uint32 g, ...}: field 16 differs; rename one");
}

static void
a_list_of_any_length_fits_the_sentence(void **state)
{
    char name[101];
    struct troupe_field fields[2] = {
        {0, TROUPE_TYPE_int8, name}, {1, TROUPE_TYPE_int8, "b"}};
    struct troupe_schema schema = {"any", fields, 0, 2, 0};

    (void)state;
    assert_int_equal(troupe_schema_intern(&schema), TROUPE_OK);
    for (size_t length = 1; length < sizeof(name); length++) {
        memset(name, 'n', length);
        name[length] = '\0';
        schema = (struct troupe_schema){"any", fields, 2, 2, 0};
        assert_int_equal(
            troupe_schema_intern(&schema), TROUPE_E_SCHEMA_CONFLICT);
        assert_non_null(
            strstr(troupe_err_detail(), "}: field 1 differs; rename one"));
    }
}

static void
a_name_without_fields_is_filled_in_later(void **state)
{
    struct troupe_schema later = twin_of(&withdraw_schema);
    const struct troupe_schema *view;
    uint32_t number = 0;

    (void)state;
    assert_int_equal(tp_schema_find_name("later", 5), 0);
    assert_int_equal(tp_schema_intern_name("later on", 5, &number), TROUPE_OK);
    view = troupe_schema_by_number_view(number);
    assert_string_equal(view->name, "later");
    assert_null(view->fields);
    later.name = "later";
    assert_int_equal(troupe_schema_intern(&later), TROUPE_OK);
    assert_int_equal(troupe_schema_number(&later), number);
    view = troupe_schema_by_name_view("later");
    assert_int_equal(view->number, number);
    assert_int_equal(view->fields_count, 1);
    assert_string_equal(view->fields[0].name, "amount");
    assert_int_equal(tp_schema_intern_name("later", 5, &number), TROUPE_OK);
    assert_int_equal(number, troupe_schema_number(&later));
}

static void
a_description_may_vanish_once_it_is_interned(void **state)
{
    char name[] = "unloaded";
    char field_name[] = "count";
    struct troupe_field field = {8, TROUPE_TYPE_uint32, field_name};
    struct troupe_schema schema = {name, &field, 1, 12, 0};
    const struct troupe_schema *view;

    (void)state;
    assert_int_equal(troupe_schema_intern(&schema), TROUPE_OK);
    memset(name, 'x', sizeof(name) - 1);
    memset(field_name, 'x', sizeof(field_name) - 1);
    memset(&field, 0, sizeof(field));
    view = troupe_schema_by_number_view(schema.number);
    assert_string_equal(view->name, "unloaded");
    assert_string_equal(view->fields[0].name, "count");
    assert_int_equal(view->fields[0].type, TROUPE_TYPE_uint32);
    assert_int_equal(view->fields[0].offset, 8);
    assert_int_equal(view->struct_size, 12);
}

static void
numbers_and_names_that_nobody_gave_are_not_found(void **state)
{
    (void)state;
    assert_null(troupe_schema_by_number_view(0));
    assert_null(troupe_schema_by_number_view(60000));
    assert_null(troupe_schema_by_number_view(UINT32_MAX));
    assert_null(troupe_schema_by_name_view("nobody"));
    assert_int_equal(tp_schema_find_name("nobody", 6), 0);
}

static void
a_name_that_is_not_fit_is_refused(void **state)
{
    char longest[TP_SCHEMA_NAME_BYTES_MAX + 1];
    uint32_t number = 77;

    (void)state;
    memset(longest, 'n', sizeof(longest));
    assert_int_equal(
        tp_schema_intern_name("", 0, &number), TROUPE_E_INVALID_ARGUMENT);
    assert_int_equal(
        tp_schema_intern_name("a\nb", 3, &number), TROUPE_E_INVALID_ARGUMENT);
    assert_string_equal(troupe_err_detail(),
        "byte 1 of the name of a schema is the control character 0a");
    assert_int_equal(
        tp_schema_intern_name("a\0b", 3, &number), TROUPE_E_INVALID_ARGUMENT);
    assert_int_equal(tp_schema_intern_name(longest, sizeof(longest), &number),
        TROUPE_E_INVALID_ARGUMENT);
    assert_string_equal(troupe_err_detail(),
        "the name of a schema has 1 to 128 bytes, not 129");
    assert_int_equal(number, 77);
    assert_int_equal(
        tp_schema_intern_name(longest, sizeof(longest) - 1, &number),
        TROUPE_OK);
}

static void
a_description_with_an_unknown_type_is_refused(void **state)
{
    struct troupe_field field = {0, TROUPE_TYPES_COUNT, "odd"};
    struct troupe_schema schema = {"odd", &field, 1, 8, 0};
    struct troupe_schema nameless = {NULL, &field, 0, 8, 0};

    (void)state;
    assert_int_equal(troupe_schema_intern(&schema), TROUPE_E_INVALID_ARGUMENT);
    field.type = TROUPE_TYPE_nothing;
    assert_int_equal(troupe_schema_intern(&schema), TROUPE_E_INVALID_ARGUMENT);
    assert_int_equal(tp_schema_find_name("odd", 3), 0);
    assert_int_equal(
        troupe_schema_intern(&nameless), TROUPE_E_INVALID_ARGUMENT);
}

static void
without_memory_nothing_is_interned_and_the_next_try_works(void **state)
{
    struct troupe_schema schema = twin_of(&withdraw_schema);
    uint64_t requests_count = 0;

    (void)state;
    schema.name = "hungry";
    do {
        tp_memory_fail_at(++requests_count);
    } while (troupe_schema_intern(&schema) == TROUPE_E_NO_MEMORY &&
             schema.number == 0 && requests_count < 10);
    tp_memory_fail_at(0);
    assert_in_range(requests_count, 2, 4);
    assert_int_not_equal(schema.number, 0);
    assert_int_equal(
        troupe_schema_by_number_view(schema.number)->fields_count, 1);
}

/* Interns the same names as all other threads and reads each back. */
static void *
intern_names(void *arg)
{
    uint32_t *numbers = arg;

    for (int i = 0; i < NAMES_COUNT; i++) {
        struct troupe_schema schema = twin_of(&deposit_schema);
        char name[32];

        snprintf(name, sizeof(name), "shared_%d", i);
        schema.name = name;
        CHECK(tp_schema_find_name(name, strlen(name)) <= NAMES_COUNT * 2);
        CHECK(troupe_schema_intern(&schema) == TROUPE_OK);
        numbers[i] = troupe_schema_number(&schema);
        CHECK(
            strcmp(troupe_schema_by_number_view(numbers[i])->name, name) == 0);
        CHECK(troupe_schema_by_name_view(name)->fields_count == 1);
    }
    return NULL;
}

static void
threads_that_intern_one_name_get_one_number(void **state)
{
    static uint32_t numbers[THREADS_COUNT][NAMES_COUNT];
    pthread_t threads[THREADS_COUNT];

    (void)state;
    for (int i = 0; i < THREADS_COUNT; i++) {
        CHECK(pthread_create(&threads[i], NULL, intern_names, numbers[i]) == 0);
    }
    for (int i = 0; i < THREADS_COUNT; i++) {
        pthread_join(threads[i], NULL);
        assert_memory_equal(numbers[0], numbers[i], sizeof(numbers[0]));
    }
}

/* Runs last: nothing fits any more. */
static void
a_full_table_refuses_new_names_and_keeps_the_old(void **state)
{
    troupe_err err = TROUPE_OK;
    uint32_t number = 0;
    char name[32];

    (void)state;
    for (int i = 0; err == TROUPE_OK && i < 70000; i++) {
        int length = snprintf(name, sizeof(name), "filler_%d", i);

        err = tp_schema_intern_name(name, (size_t)length, &number);
    }
    assert_int_equal(err, TROUPE_E_NO_MEMORY);
    assert_string_equal(troupe_err_detail(),
        "65536 schemas are known and the table holds no more; are names made "
        "up at run time?");
    assert_int_equal(number, 65536);
    assert_non_null(troupe_schema_by_number_view(65536));
    assert_null(troupe_schema_by_number_view(65537));
    assert_int_equal(tp_schema_intern_name("deposit", 7, &number), TROUPE_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_payload_is_an_array_of_the_fields_by_position),
        cmocka_unit_test(every_type_of_field_reads_back_the_same),
        cmocka_unit_test(
            the_largest_size_counts_every_byte_that_may_be_written),
        cmocka_unit_test(a_message_without_fields_is_an_empty_array),
        cmocka_unit_test(the_description_tells_names_types_and_places),
        cmocka_unit_test(unknown_trailing_fields_are_skipped),
        cmocka_unit_test(a_missing_field_is_named),
        cmocka_unit_test(a_field_is_not_looked_for_behind_the_array),
        cmocka_unit_test(a_decode_error_tells_what_was_found),
        cmocka_unit_test(each_kind_of_value_is_named_in_an_error),
        cmocka_unit_test(a_later_field_is_found_behind_those_before_it),
        cmocka_unit_test(descriptions_of_one_name_get_one_number),
        cmocka_unit_test(
            one_name_with_other_fields_is_an_error_that_shows_both),
        cmocka_unit_test(a_field_of_another_name_or_type_is_a_conflict),
        cmocka_unit_test(long_lists_are_shortened_in_the_sentence),
        cmocka_unit_test(a_list_of_any_length_fits_the_sentence),
        cmocka_unit_test(a_name_without_fields_is_filled_in_later),
        cmocka_unit_test(a_description_may_vanish_once_it_is_interned),
        cmocka_unit_test(numbers_and_names_that_nobody_gave_are_not_found),
        cmocka_unit_test(a_name_that_is_not_fit_is_refused),
        cmocka_unit_test(a_description_with_an_unknown_type_is_refused),
        cmocka_unit_test(
            without_memory_nothing_is_interned_and_the_next_try_works),
        cmocka_unit_test(threads_that_intern_one_name_get_one_number),
        cmocka_unit_test(a_full_table_refuses_new_names_and_keeps_the_old),
    };
    return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
