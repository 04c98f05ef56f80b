/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/number.h"

static void
thousands_are_set_apart(void **state)
{
    char text[CLI_NUMBER_SIZE];

    (void)state;
    assert_string_equal(cli_number_format(text, 0), "0");
    assert_string_equal(cli_number_format(text, 999), "999");
    assert_string_equal(cli_number_format(text, 1000), "1,000");
    assert_string_equal(cli_number_format(text, 1234567), "1,234,567");
    assert_string_equal(
        cli_number_format(text, UINT64_MAX), "18,446,744,073,709,551,615");
}

static void
whole_numbers_are_read_to_the_end(void **state)
{
    int64_t number = 7;

    (void)state;
    assert_true(cli_number_parse("42", &number));
    assert_int_equal(number, 42);
    assert_true(cli_number_parse("-42", &number));
    assert_int_equal(number, -42);
    assert_true(cli_number_parse("9223372036854775807", &number));
    assert_int_equal(number, INT64_MAX);
}

static void
what_is_no_whole_number_is_refused(void **state)
{
    static const char *const texts[] = {"", "-", "4 2", "42x", "1.5", "+1",
        "0x10", "9223372036854775808", "99999999999999999999"};
    int64_t number;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_false(cli_number_parse(texts[i], &number));
    }
}

static void
decimals_are_kept_in_millionths(void **state)
{
    int64_t millionths;

    (void)state;
    assert_true(cli_number_parse_decimal("1", &millionths));
    assert_int_equal(millionths, 1000000);
    assert_true(cli_number_parse_decimal("0.1", &millionths));
    assert_int_equal(millionths, 100000);
    assert_true(cli_number_parse_decimal("-2.000001", &millionths));
    assert_int_equal(millionths, -2000001);
}

static void
what_is_no_decimal_is_refused(void **state)
{
    static const char *const texts[] = {
        "", ".", ".5", "5.", "1.0000001", "1e3", "1.2.3", "9223372036855"};
    int64_t millionths;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_false(cli_number_parse_decimal(texts[i], &millionths));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thousands_are_set_apart),
        cmocka_unit_test(whole_numbers_are_read_to_the_end),
        cmocka_unit_test(what_is_no_whole_number_is_refused),
        cmocka_unit_test(decimals_are_kept_in_millionths),
        cmocka_unit_test(what_is_no_decimal_is_refused),
    };
    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
