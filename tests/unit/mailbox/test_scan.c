/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "mailbox/scan.h"

static const struct tp_scan_bounds bounds = TP_SCAN_BOUNDS_DEFAULT;

/* Holds a map, texts, an extension and numbers of several widths. */
static const uint8_t sample[] = {0x83, 0xa1, 'a', 0x94, 0x01, 0xcc, 0x80, 0xd1,
    0x80, 0x00, 0xcb, 0, 0, 0, 0, 0, 0, 0, 0, 0xa1, 'b', 0xdc, 0, 2, 0xc4, 2, 1,
    2, 0xd5, 9, 1, 2, 0xa1, 'c', 0x81, 0xc0, 0xc7, 3, 9, 1, 2, 3};

static void
assert_malformed(const uint8_t *bytes, size_t size,
    const struct tp_scan_bounds *within, size_t needed, const char *detail)
{
    size_t value_size = 77;

    assert_int_equal(
        tp_scan_value(bytes, size, within, &value_size), TROUPE_E_MALFORMED);
    assert_int_equal(value_size, needed);
    assert_string_equal(troupe_err_detail(), detail);
}

static void
a_whole_value_is_accepted_with_its_size(void **state)
{
    uint8_t followed[sizeof(sample) + 3];
    size_t value_size = 0;

    (void)state;
    memcpy(followed, sample, sizeof(sample));
    memset(followed + sizeof(sample), 0xc1, 3);
    assert_int_equal(
        tp_scan_value(followed, sizeof(followed), &bounds, &value_size),
        TROUPE_OK);
    assert_int_equal(value_size, sizeof(sample));
}

static void
a_value_cut_at_any_byte_says_that_it_needs_more(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof(sample); size++) {
        uint8_t *cut = malloc(size + 1);
        size_t needed = 0;

        memcpy(cut + 1, sample, size);
        assert_int_equal(
            tp_scan_value(cut + 1, size, &bounds, &needed), TROUPE_E_MALFORMED);
        assert_in_range(needed, size + 1, sizeof(sample));
        free(cut);
    }
}

/* At another address each time, as in a buffer that grows. */
static void
a_value_may_come_byte_by_byte(void **state)
{
    struct tp_scan scan;
    size_t value_size = 0;

    (void)state;
    tp_scan_begin(&scan, &bounds);
    for (size_t size = 0; size < sizeof(sample); size++) {
        uint8_t *begun = malloc(size + 1);

        memcpy(begun + 1, sample, size);
        assert_int_equal(tp_scan_go_on(&scan, begun + 1, size, &value_size),
            TROUPE_E_MALFORMED);
        assert_in_range(value_size, size + 1, sizeof(sample));
        free(begun);
    }
    assert_int_equal(
        tp_scan_go_on(&scan, sample, sizeof(sample), &value_size), TROUPE_OK);
    assert_int_equal(value_size, sizeof(sample));
}

/* One byte more at a time, and never back. */
static void
what_was_looked_at_is_not_looked_at_again(void **state)
{
    enum { LISTS_COUNT = 0xffff, SIZE = 3 + 2 * LISTS_COUNT };
    uint8_t *lists = malloc(SIZE);
    struct tp_scan scan;
    size_t value_size = 0;

    (void)state;
    memcpy(lists, "\xdc\xff\xff", 3);
    for (size_t at = 3; at < SIZE; at += 2) {
        lists[at] = 0x91;
        lists[at + 1] = 0x01;
    }
    tp_scan_begin(&scan, &bounds);
    for (size_t here = 3 + LISTS_COUNT; here < SIZE; here++) {
        size_t before = scan.at;

        assert_int_equal(
            tp_scan_go_on(&scan, lists, here, &value_size), TROUPE_E_MALFORMED);
        assert_in_range(scan.at, before, here);
    }
    assert_int_equal(tp_scan_go_on(&scan, lists, SIZE, &value_size), TROUPE_OK);
    assert_int_equal(value_size, SIZE);
    free(lists);
}

static void
the_sentence_names_the_byte_and_the_reason(void **state)
{
    static const uint8_t reserved[] = {0x92, 0x01, 0xc1};
    static const uint8_t promises[] = {0x91, 0xdd, 0xff, 0, 0, 0};
    static const uint8_t more[] = {0xdc, 0, 100, 1, 2};
    static const uint8_t text[] = {0x92, 0xa5, 'h', 'i'};

    (void)state;
    assert_malformed(reserved, sizeof(reserved), &bounds, 0,
        "byte 2: the byte c1 begins no MessagePack value");
    assert_malformed(promises, sizeof(promises), &bounds, 4278190086,
        "byte 6: cut short: 6 bytes are here and the value takes 4278190086 "
        "or more");
    assert_malformed(more, sizeof(more), &bounds, 103,
        "byte 3: cut short: 5 bytes are here and the value takes 103 or more");
    assert_malformed(text, sizeof(text), &bounds, 8,
        "byte 1: cut short: 4 bytes are here and the value takes 8 or more");
}

static void
nesting_is_accepted_up_to_the_bound(void **state)
{
    uint8_t bytes[200];
    size_t value_size = 0;
    struct tp_scan_bounds deepest = {TP_SCAN_DEPTH_LIMIT, SIZE_MAX};

    (void)state;
    memset(bytes, 0x91, sizeof(bytes));
    bytes[32] = 0xc0;
    assert_int_equal(
        tp_scan_value(bytes, sizeof(bytes), &bounds, &value_size), TROUPE_OK);
    assert_int_equal(value_size, 33);
    bytes[32] = 0x90;
    assert_malformed(bytes, sizeof(bytes), &bounds, 0,
        "byte 32: nested deeper than the 32 levels allowed");
    bytes[32] = 0x91;
    bytes[TP_SCAN_DEPTH_LIMIT] = 0xc0;
    assert_int_equal(
        tp_scan_value(bytes, sizeof(bytes), &deepest, &value_size), TROUPE_OK);
    bytes[TP_SCAN_DEPTH_LIMIT] = 0x91;
    assert_malformed(bytes, sizeof(bytes), &deepest, 0,
        "byte 128: nested deeper than the 128 levels allowed");
}

static void
a_bound_of_no_levels_takes_plain_values_only(void **state)
{
    static const uint8_t plain[] = {0x05};
    static const uint8_t list[] = {0x91, 0x05};
    struct tp_scan_bounds flat = {0, SIZE_MAX};
    size_t value_size = 0;

    (void)state;
    assert_int_equal(tp_scan_value(plain, 1, &flat, &value_size), TROUPE_OK);
    assert_malformed(list, sizeof(list), &flat, 0,
        "byte 0: nested deeper than the 0 levels allowed");
}

static void
a_value_larger_than_allowed_is_refused_before_it_has_come(void **state)
{
    static const uint8_t text[] = {0xdb, 0, 0, 1, 0};
    static const uint8_t list[] = {0xdc, 0, 30};
    static const uint8_t numbers[] = {0x93, 1, 2, 3};
    struct tp_scan_bounds small = {32, 20};
    struct tp_scan_bounds smaller = {32, 3};
    struct tp_scan_bounds enough = {32, 4};
    size_t value_size = 0;

    (void)state;
    assert_malformed(text, sizeof(text), &small, 0,
        "byte 0: the value takes 261 bytes or more, and 20 are allowed");
    assert_malformed(list, sizeof(list), &small, 0,
        "byte 3: the value takes 33 bytes or more, and 20 are allowed");
    assert_malformed(numbers, sizeof(numbers), &smaller, 0,
        "byte 1: the value takes 4 bytes or more, and 3 are allowed");
    assert_int_equal(
        tp_scan_value(numbers, sizeof(numbers), &enough, &value_size),
        TROUPE_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_value_is_accepted_with_its_size),
        cmocka_unit_test(a_value_cut_at_any_byte_says_that_it_needs_more),
        cmocka_unit_test(a_value_may_come_byte_by_byte),
        cmocka_unit_test(what_was_looked_at_is_not_looked_at_again),
        cmocka_unit_test(the_sentence_names_the_byte_and_the_reason),
        cmocka_unit_test(nesting_is_accepted_up_to_the_bound),
        cmocka_unit_test(a_bound_of_no_levels_takes_plain_values_only),
        cmocka_unit_test(
            a_value_larger_than_allowed_is_refused_before_it_has_come),
    };
    return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
