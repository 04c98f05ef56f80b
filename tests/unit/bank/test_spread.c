/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/bank/spread.h"

static void
one_number_is_its_own_spread(void **state)
{
    double numbers[] = {3};
    struct bank_spread spread = bank_spread_of(numbers, 1);

    (void)state;
    assert_true(spread.lower_quartile == 3);
    assert_true(spread.median == 3);
    assert_true(spread.upper_quartile == 3);
}

static void
an_outlier_moves_neither_median_nor_quartiles(void **state)
{
    double numbers[] = {1000, 4, 2, 1, 3};
    struct bank_spread spread = bank_spread_of(numbers, 5);

    (void)state;
    assert_true(spread.lower_quartile == 2);
    assert_true(spread.median == 3);
    assert_true(spread.upper_quartile == 4);
}

static void
between_two_numbers_it_is_the_line_that_counts(void **state)
{
    double numbers[] = {4, 1, 2, 3};
    struct bank_spread spread = bank_spread_of(numbers, 4);

    (void)state;
    assert_true(spread.lower_quartile == 1.75);
    assert_true(spread.median == 2.5);
    assert_true(spread.upper_quartile == 3.25);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_number_is_its_own_spread),
        cmocka_unit_test(an_outlier_moves_neither_median_nor_quartiles),
        cmocka_unit_test(between_two_numbers_it_is_the_line_that_counts),
    };
    return cmocka_run_group_tests_name("spread", tests, NULL, NULL);
}
