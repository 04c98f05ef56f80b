/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "troupe/wire.h"

/* Checks that the bytes from out to end are these. */
#define ASSERT_BYTES(out, end, ...)                                            \
    do {                                                                       \
        const uint8_t expected_[] = {__VA_ARGS__};                             \
        assert_int_equal((end) - (out), sizeof(expected_));                    \
        assert_memory_equal(out, expected_, sizeof(expected_));                \
    } while (0)

/* The bytes in memory of their own, so that asan sees a read past the end. */
static uint8_t *
copy_of(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);

    assert_non_null(copy);
    memcpy(copy, bytes, size);
    return copy;
}

static void
whole_numbers_take_the_fewest_bytes(void **state)
{
    uint8_t out[16];

    (void)state;
    ASSERT_BYTES(out, troupe_wire_put_int64(out, 0), 0x00);
    ASSERT_BYTES(out, troupe_wire_put_int64(out, 127), 0x7f);
    ASSERT_BYTES(out, troupe_wire_put_int64(out, 128), 0xcc, 0x80);
    ASSERT_BYTES(out, troupe_wire_put_int64(out, 255), 0xcc, 0xff);
    ASSERT_BYTES(out, troupe_wire_put_int64(out, 256), 0xcd, 0x01, 0x00);
    ASSERT_BYTES(out, troupe_wire_put_int64(out, 65535), 0xcd, 0xff, 0xff);
    ASSERT_BYTES(out, troupe_wire_put_int64(out, 65536), 0xce, 0, 1, 0, 0);
    ASSERT_BYTES(out, troupe_wire_put_int64(out, UINT32_MAX), 0xce, 0xff, 0xff,
        0xff, 0xff);
    ASSERT_BYTES(out, troupe_wire_put_int64(out, (int64_t)1 << 32), 0xcf, 0, 0,
        0, 1, 0, 0, 0, 0);
    ASSERT_BYTES(out, troupe_wire_put_uint64(out, UINT64_MAX), 0xcf, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
    ASSERT_BYTES(out, troupe_wire_put_int64(out, -1), 0xff);
    ASSERT_BYTES(out, troupe_wire_put_int64(out, -32), 0xe0);
    ASSERT_BYTES(out, troupe_wire_put_int64(out, -33), 0xd0, 0xdf);
    ASSERT_BYTES(out, troupe_wire_put_int64(out, -129), 0xd1, 0xff, 0x7f);
    ASSERT_BYTES(
        out, troupe_wire_put_int64(out, -32769), 0xd2, 0xff, 0xff, 0x7f, 0xff);
    ASSERT_BYTES(out, troupe_wire_put_int64(out, INT64_MIN), 0xd3, 0x80, 0, 0,
        0, 0, 0, 0, 0);
    ASSERT_BYTES(out, troupe_wire_put_int8(out, -1), 0xff);
    ASSERT_BYTES(out, troupe_wire_put_uint8(out, 200), 0xcc, 200);
}

static void
whole_numbers_at_every_power_of_two_read_back_the_same(void **state)
{
    (void)state;
    for (int bit = 0; bit < 64; bit++) {
        for (int delta = -1; delta <= 1; delta++) {
            uint64_t number = ((uint64_t)1 << bit) + (uint64_t)delta;
            uint8_t out[9];
            uint64_t read_unsigned = 0;
            int64_t read_signed = 0;
            uint8_t *end = troupe_wire_put_uint64(out, number);

            assert_ptr_equal(
                troupe_wire_get_uint64(out, end, &read_unsigned), end);
            assert_true(read_unsigned == number);
            end = troupe_wire_put_int64(out, (int64_t)number);
            assert_ptr_equal(
                troupe_wire_get_int64(out, end, &read_signed), end);
            assert_true(read_signed == (int64_t)number);
        }
    }
}

static void
a_number_is_read_from_an_encoding_wider_than_it_needs(void **state)
{
    static const uint8_t fives[][9] = {{0x05}, {0xcc, 5}, {0xcd, 0, 5},
        {0xce, 0, 0, 0, 5}, {0xcf, 0, 0, 0, 0, 0, 0, 0, 5}, {0xd0, 5},
        {0xd1, 0, 5}, {0xd2, 0, 0, 0, 5}, {0xd3, 0, 0, 0, 0, 0, 0, 0, 5}};

    (void)state;
    for (size_t i = 0; i < sizeof(fives) / sizeof(fives[0]); i++) {
        const uint8_t *end = fives[i] + sizeof(fives[i]);
        uint8_t as_uint8 = 0;
        int64_t as_int64 = 0;

        assert_non_null(troupe_wire_get_uint8(fives[i], end, &as_uint8));
        assert_int_equal(as_uint8, 5);
        assert_non_null(troupe_wire_get_int64(fives[i], end, &as_int64));
        assert_int_equal(as_int64, 5);
    }
}

/* What each type makes of number: 1 if it reads it, else 0. */
static void
assert_fits(int64_t number, int in_int8, int in_uint8, int in_int16,
    int in_uint16, int in_int32, int in_uint32, int in_uint64)
{
    uint8_t out[9];
    const uint8_t *end = troupe_wire_put_int64(out, number);
    int8_t int8 = 0;
    uint8_t uint8 = 0;
    int16_t int16 = 0;
    uint16_t uint16 = 0;
    int32_t int32 = 0;
    uint32_t uint32 = 0;
    uint64_t uint64 = 0;

    assert_int_equal(troupe_wire_get_int8(out, end, &int8) == end, in_int8);
    assert_int_equal(troupe_wire_get_uint8(out, end, &uint8) == end, in_uint8);
    assert_int_equal(troupe_wire_get_int16(out, end, &int16) == end, in_int16);
    assert_int_equal(
        troupe_wire_get_uint16(out, end, &uint16) == end, in_uint16);
    assert_int_equal(troupe_wire_get_int32(out, end, &int32) == end, in_int32);
    assert_int_equal(
        troupe_wire_get_uint32(out, end, &uint32) == end, in_uint32);
    assert_int_equal(
        troupe_wire_get_uint64(out, end, &uint64) == end, in_uint64);
}

static void
a_number_outside_its_type_is_refused(void **state)
{
    uint8_t out[9];
    int64_t value;

    (void)state;
    assert_fits(INT8_MIN, 1, 0, 1, 0, 1, 0, 0);
    assert_fits(INT8_MIN - 1, 0, 0, 1, 0, 1, 0, 0);
    assert_fits(INT8_MAX, 1, 1, 1, 1, 1, 1, 1);
    assert_fits(INT8_MAX + 1, 0, 1, 1, 1, 1, 1, 1);
    assert_fits(UINT8_MAX + 1, 0, 0, 1, 1, 1, 1, 1);
    assert_fits(INT16_MIN - 1, 0, 0, 0, 0, 1, 0, 0);
    assert_fits(INT16_MAX + 1, 0, 0, 0, 1, 1, 1, 1);
    assert_fits(UINT16_MAX + 1, 0, 0, 0, 0, 1, 1, 1);
    assert_fits((int64_t)INT32_MIN - 1, 0, 0, 0, 0, 0, 0, 0);
    assert_fits((int64_t)INT32_MAX + 1, 0, 0, 0, 0, 0, 1, 1);
    assert_fits((int64_t)UINT32_MAX + 1, 0, 0, 0, 0, 0, 0, 1);
    assert_null(troupe_wire_get_int64(
        out, troupe_wire_put_uint64(out, (uint64_t)INT64_MAX + 1), &value));
}

static void
a_float_reads_as_a_double_and_not_the_other_way(void **state)
{
    uint8_t out[9];
    const uint8_t *end;
    float narrow = 0;
    double wide = 0;

    (void)state;
    end = troupe_wire_put_float(out, 1.5f);
    ASSERT_BYTES(out, end, 0xca, 0x3f, 0xc0, 0, 0);
    assert_ptr_equal(troupe_wire_get_float(out, end, &narrow), end);
    assert_true(narrow == 1.5f);
    assert_ptr_equal(troupe_wire_get_double(out, end, &wide), end);
    assert_true(wide == 1.5);
    end = troupe_wire_put_double(out, -2.25);
    ASSERT_BYTES(out, end, 0xcb, 0xc0, 0x02, 0, 0, 0, 0, 0, 0);
    assert_ptr_equal(troupe_wire_get_double(out, end, &wide), end);
    assert_true(wide == -2.25);
    assert_null(troupe_wire_get_float(out, end, &narrow));
}

static void
a_pid_is_an_extension_of_eight_bytes(void **state)
{
    uint8_t out[10];
    troupe_pid pid = TROUPE_NO_PID;
    const uint8_t *end = troupe_wire_put_pid(out, 0x0000000720000005);

    (void)state;
    ASSERT_BYTES(out, end, 0xd7, 1, 0, 0, 0, 7, 0x20, 0, 0, 5);
    assert_ptr_equal(troupe_wire_get_pid(out, end, &pid), end);
    assert_int_equal(troupe_pid_incarnation(pid), 7);
    assert_int_equal(troupe_pid_runtime(pid), 2);
    assert_int_equal(troupe_pid_slot(pid), 5);
    out[1] = 2;
    assert_null(troupe_wire_get_pid(out, end, &pid));
}

static void
a_pid_is_read_with_its_size_in_any_form(void **state)
{
    static const uint8_t forms[][14] = {
        {0xc7, 8, 1, 0, 0, 0, 7, 0x20, 0, 0, 5},
        {0xc8, 0, 8, 1, 0, 0, 0, 7, 0x20, 0, 0, 5},
        {0xc9, 0, 0, 0, 8, 1, 0, 0, 0, 7, 0x20, 0, 0, 5},
    };
    static const size_t sizes[] = {11, 12, 14};
    static const uint8_t larger[] = {0xc7, 9, 1, 0, 0, 0, 7, 0x20, 0, 0, 5, 0};

    (void)state;
    for (int i = 0; i < 3; i++) {
        const uint8_t *end = forms[i] + sizes[i];
        troupe_pid pid = TROUPE_NO_PID;

        assert_ptr_equal(troupe_wire_get_pid(forms[i], end, &pid), end);
        assert_true(pid == 0x0000000720000005);
        for (const uint8_t *cut = forms[i]; cut != end; cut++) {
            assert_null(troupe_wire_get_pid(forms[i], cut, &pid));
        }
    }
    assert_null(
        troupe_wire_get_pid(larger, larger + sizeof(larger), &(troupe_pid){0}));
}

static void
booleans_are_not_numbers(void **state)
{
    uint8_t out[1];
    bool value = false;

    (void)state;
    ASSERT_BYTES(out, troupe_wire_put_bool(out, true), 0xc3);
    assert_non_null(troupe_wire_get_bool(out, out + 1, &value));
    assert_true(value);
    ASSERT_BYTES(out, troupe_wire_put_boolean(out, false), 0xc2);
    assert_non_null(troupe_wire_get_boolean(out, out + 1, &value));
    assert_false(value);
    out[0] = 1;
    assert_null(troupe_wire_get_boolean(out, out + 1, &value));
}

static void
text_and_bytes_of_every_length_read_back_as_views(void **state)
{
    static const uint32_t lengths[] = {0, 1, 31, 32, 255, 256, 65535, 65536};
    static const uint32_t str_heads[] = {1, 1, 1, 2, 2, 3, 3, 5};
    static const uint32_t bin_heads[] = {2, 2, 2, 2, 2, 3, 3, 5};
    char *text = calloc(1, 65536);
    uint8_t *out = malloc(65536 + 5);

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct troupe_str str = {text, lengths[i]};
        struct troupe_bin bin = {text, lengths[i]};
        const uint8_t *end = troupe_wire_put_str(out, str);

        assert_int_equal(end - out, str_heads[i] + lengths[i]);
        assert_ptr_equal(troupe_wire_get_str(out, end, &str), end);
        assert_ptr_equal(str.data, out + str_heads[i]);
        assert_int_equal(str.length, lengths[i]);
        assert_null(troupe_wire_get_bin(out, end, &bin));
        assert_null(troupe_wire_get_str(out, end - 1, &str));
        bin = (struct troupe_bin){text, lengths[i]};
        end = troupe_wire_put_bin(out, bin);
        assert_int_equal(end - out, bin_heads[i] + lengths[i]);
        assert_ptr_equal(troupe_wire_get_bin(out, end, &bin), end);
        assert_ptr_equal(bin.data, out + bin_heads[i]);
        assert_int_equal(bin.size, lengths[i]);
        assert_null(troupe_wire_get_str(out, end, &str));
        assert_null(troupe_wire_get_bin(out, end - 1, &bin));
    }
    free(text);
    free(out);
}

static void
lists_and_extensions_are_not_text_or_bytes(void **state)
{
    static const uint8_t zeros[9] = {0};
    uint8_t bytes[9];
    struct troupe_str str;
    struct troupe_bin bin;

    (void)state;
    for (int tag = 0; tag < 256; tag++) {
        memcpy(bytes, zeros, sizeof(bytes));
        bytes[0] = (uint8_t)tag;
        assert_int_equal(troupe_wire_get_str(bytes, bytes + 9, &str) != NULL,
            (tag >= 0xa0 && tag <= 0xa8) || (tag >= 0xd9 && tag <= 0xdb));
        assert_int_equal(troupe_wire_get_bin(bytes, bytes + 9, &bin) != NULL,
            tag >= 0xc4 && tag <= 0xc6);
    }
}

static void
an_array_header_takes_the_fewest_bytes(void **state)
{
    uint8_t out[5];
    uint32_t count = 0;

    (void)state;
    ASSERT_BYTES(out, troupe_wire_put_array_header(out, 15), 0x9f);
    ASSERT_BYTES(out, troupe_wire_put_array_header(out, 16), 0xdc, 0, 16);
    ASSERT_BYTES(
        out, troupe_wire_put_array_header(out, 65536), 0xdd, 0, 1, 0, 0);
    assert_non_null(troupe_wire_get_array_header(out, out + 5, &count));
    assert_int_equal(count, 65536);
    assert_null(troupe_wire_get_array_header(out, out + 4, &count));
    assert_int_equal(troupe_wire_size_array_header(15), 1);
    assert_int_equal(troupe_wire_size_array_header(65535), 3);
    assert_int_equal(troupe_wire_size_array_header(65536), 5);
}

static void
a_raw_value_goes_through_as_it_is_and_an_empty_one_is_nil(void **state)
{
    static const uint8_t map[] = {0x81, 0xa1, 'k', 0x92, 1, 2};
    struct troupe_raw raw = {map, sizeof(map)};
    uint8_t out[8];
    const uint8_t *end = troupe_wire_put_raw(out, raw);

    (void)state;
    ASSERT_BYTES(out, end, 0x81, 0xa1, 'k', 0x92, 1, 2);
    assert_ptr_equal(troupe_wire_get_raw(out, end, &raw), end);
    assert_ptr_equal(raw.data, out);
    assert_int_equal(raw.size, sizeof(map));
    assert_null(troupe_wire_get_raw(out, end - 1, &raw));
    raw.size = 0;
    ASSERT_BYTES(out, troupe_wire_put_raw(out, raw), 0xc0);
    assert_int_equal(troupe_wire_size_raw(raw), 1);
}

/* Every get of the wire on one value: how many take it. */
static int
gets_count(const uint8_t *at, const uint8_t *end)
{
    int count = 0;

#define X(type, c_type, bytes_max)                                             \
    if (TROUPE_TYPE_##type != TROUPE_TYPE_nothing) {                           \
        c_type value;                                                          \
        const uint8_t *after = troupe_wire_get_##type(at, end, &value);        \
                                                                               \
        assert_true(after == NULL || (after > at && after <= end));            \
        count += after != NULL;                                                \
    }
    TROUPE_TYPE_MAP(X)
#undef X
    return count;
}

static void
no_get_reads_past_the_end_whatever_the_bytes(void **state)
{
    uint8_t zeros[20] = {0};

    (void)state;
    for (int tag = 0; tag < 256; tag++) {
        for (size_t size = 0; size <= sizeof(zeros); size++) {
            uint8_t *bytes = copy_of(zeros, size);

            if (size > 0) {
                bytes[0] = (uint8_t)tag;
            }
            assert_true(size > 0 || gets_count(bytes, bytes) == 0);
            (void)gets_count(bytes, bytes + size);
            free(bytes);
        }
    }
}

/* Each value is taken by its own type and by raw at least. */
static void
a_value_cut_at_any_byte_is_refused(void **state)
{
    static const uint8_t values[][10] = {{0xcc, 200}, {0xcd, 1, 0},
        {0xce, 1, 0, 0, 0}, {0xcf, 1, 0, 0, 0, 0, 0, 0, 0}, {0xd0, 0x80},
        {0xd1, 0x80, 0}, {0xd2, 0x80, 0, 0, 0},
        {0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0}, {0xca, 0, 0, 0, 0},
        {0xcb, 0, 0, 0, 0, 0, 0, 0, 0}, {0xd7, 1, 0, 0, 0, 0, 0, 0, 0, 0},
        {0xa2, 'h', 'i'}, {0xd9, 1, 'x'}, {0xda, 0, 1, 'x'},
        {0xdb, 0, 0, 0, 1, 'x'}, {0xc4, 1, 9}, {0xc5, 0, 1, 9},
        {0xc6, 0, 0, 0, 1, 9}};
    static const size_t sizes[] = {
        2, 3, 5, 9, 2, 3, 5, 9, 5, 9, 10, 3, 3, 4, 6, 3, 4, 6};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        assert_in_range(gets_count(values[i], values[i] + sizes[i]), 2, 16);
        for (size_t size = 0; size < sizes[i]; size++) {
            uint8_t *cut = copy_of(values[i], size);

            assert_int_equal(gets_count(cut, cut + size), 0);
            free(cut);
        }
    }
}

static void
skip_passes_over_one_whole_value(void **state)
{
    static const uint8_t bytes[] = {0x82, 0xa1, 'a', 0x92, 0x01, 0xc7, 2, 5, 0,
        0, 0xa1, 'b', 0xde, 0, 1, 0xc0, 0xd4, 3, 0, 0x2a};
    static const uint8_t reserved[] = {0xc1};

    (void)state;
    assert_ptr_equal(
        troupe_wire_skip(bytes, bytes + sizeof(bytes)), bytes + 19);
    assert_null(troupe_wire_skip(bytes, bytes + 18));
    assert_null(troupe_wire_skip(reserved, reserved + 1));
}

static void
skip_believes_no_count_larger_than_the_bytes(void **state)
{
    static const uint8_t bytes[] = {0xdd, 0xff, 0xff, 0xff, 0xff, 1, 2};

    (void)state;
    assert_null(troupe_wire_skip(bytes, bytes + sizeof(bytes)));
}

static void
skip_takes_no_stack_for_what_is_nested(void **state)
{
    size_t depth = (size_t)1 << 22;
    uint8_t *bytes = calloc(1, depth + 1);

    (void)state;
    memset(bytes, 0x91, depth);
    bytes[depth] = 0xc0;
    assert_ptr_equal(
        troupe_wire_skip(bytes, bytes + depth + 1), bytes + depth + 1);
    assert_null(troupe_wire_skip(bytes, bytes + depth));
    free(bytes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_take_the_fewest_bytes),
        cmocka_unit_test(
            whole_numbers_at_every_power_of_two_read_back_the_same),
        cmocka_unit_test(a_number_is_read_from_an_encoding_wider_than_it_needs),
        cmocka_unit_test(a_number_outside_its_type_is_refused),
        cmocka_unit_test(a_float_reads_as_a_double_and_not_the_other_way),
        cmocka_unit_test(a_pid_is_an_extension_of_eight_bytes),
        cmocka_unit_test(a_pid_is_read_with_its_size_in_any_form),
        cmocka_unit_test(booleans_are_not_numbers),
        cmocka_unit_test(text_and_bytes_of_every_length_read_back_as_views),
        cmocka_unit_test(lists_and_extensions_are_not_text_or_bytes),
        cmocka_unit_test(an_array_header_takes_the_fewest_bytes),
        cmocka_unit_test(
            a_raw_value_goes_through_as_it_is_and_an_empty_one_is_nil),
        cmocka_unit_test(no_get_reads_past_the_end_whatever_the_bytes),
        cmocka_unit_test(a_value_cut_at_any_byte_is_refused),
        cmocka_unit_test(skip_passes_over_one_whole_value),
        cmocka_unit_test(skip_believes_no_count_larger_than_the_bytes),
        cmocka_unit_test(skip_takes_no_stack_for_what_is_nested),
    };
    return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
