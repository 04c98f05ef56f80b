/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/bank/money.h"

#include <string.h>

static enum bank_money_parsed
parse(const char *text, int64_t *cents)
{
    return bank_money_parse(text, strlen(text), cents);
}

static void
amounts_are_read_to_the_cent(void **state)
{
    static const struct {
        const char *text;
        int64_t cents;
    } cases[] = {{"0", 0}, {"12", 1200}, {"12.3", 1230}, {"12.34", 1234},
        {"0.01", 1}, {"007.50", 750}, {"-5", -500}, {"-0.5", -50},
        {"92233720368547758.07", INT64_MAX},
        {"-92233720368547758.07", -INT64_MAX}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t cents = -1;

        assert_int_equal(parse(cases[i].text, &cents), BANK_MONEY_OK);
        assert_int_equal(cents, cases[i].cents);
    }
}

static void
what_is_no_decimal_is_no_amount(void **state)
{
    static const char *const texts[] = {"", "-", ".", ".5", "5.", "+5", "1,000",
        " 5", "5 ", "1e3", "--5", "1.2.3", "five", "0x10", "\xd9\xa5"};
    int64_t cents;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(parse(texts[i], &cents), BANK_MONEY_NOT_A_NUMBER);
    }
}

static void
a_third_decimal_is_refused_even_if_zero(void **state)
{
    int64_t cents;

    (void)state;
    assert_int_equal(parse("1.234", &cents), BANK_MONEY_TOO_MANY_DECIMALS);
    assert_int_equal(parse("1.000", &cents), BANK_MONEY_TOO_MANY_DECIMALS);
}

static void
one_cent_above_the_largest_amount_is_too_large(void **state)
{
    static const char *const texts[] = {"92233720368547758.08",
        "-92233720368547758.08", "92233720368547759",
        "99999999999999999999999"};
    int64_t cents;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(parse(texts[i], &cents), BANK_MONEY_TOO_LARGE);
    }
}

static void
amounts_are_written_with_two_decimals(void **state)
{
    char text[BANK_MONEY_TEXT_SIZE];

    (void)state;
    assert_string_equal(bank_money_format(text, 0), "0.00");
    assert_string_equal(bank_money_format(text, 5), "0.05");
    assert_string_equal(bank_money_format(text, -5), "-0.05");
    assert_string_equal(bank_money_format(text, 123456), "1234.56");
    assert_string_equal(
        bank_money_format(text, -INT64_MAX), "-92233720368547758.07");
}

static void
totals_beyond_64_bits_are_exact(void **state)
{
    char text[BANK_MONEY_TEXT_SIZE];
    bank_total total = (bank_total)INT64_MAX * 1000 + 1;

    (void)state;
    assert_string_equal(
        bank_money_format_cents(text, total), "9223372036854775807001");
    assert_string_equal(
        bank_money_format_cents(text, -total), "-9223372036854775807001");
    assert_string_equal(
        bank_money_format(text, total), "92233720368547758070.01");
    assert_string_equal(bank_money_format_cents(text, 0), "0");
}

static void
a_sum_that_is_no_amount_is_not_added(void **state)
{
    int64_t cents = INT64_MAX - 1;

    (void)state;
    assert_true(bank_money_try_add(&cents, 1));
    assert_false(bank_money_try_add(&cents, 1));
    assert_int_equal(cents, INT64_MAX);
    cents = -INT64_MAX;
    assert_false(bank_money_try_add(&cents, -1));
    assert_int_equal(cents, -INT64_MAX);
}

static void
a_sum_that_wraps_around_comes_back(void **state)
{
    int64_t beyond = bank_money_add(INT64_MAX, 10);

    (void)state;
    assert_int_equal(bank_money_add(beyond, -10), INT64_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts_are_read_to_the_cent),
        cmocka_unit_test(what_is_no_decimal_is_no_amount),
        cmocka_unit_test(a_third_decimal_is_refused_even_if_zero),
        cmocka_unit_test(one_cent_above_the_largest_amount_is_too_large),
        cmocka_unit_test(amounts_are_written_with_two_decimals),
        cmocka_unit_test(totals_beyond_64_bits_are_exact),
        cmocka_unit_test(a_sum_that_is_no_amount_is_not_added),
        cmocka_unit_test(a_sum_that_wraps_around_comes_back),
    };
    return cmocka_run_group_tests_name("money", tests, NULL, NULL);
}
