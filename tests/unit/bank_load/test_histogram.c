/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/bank/load/histogram.h"

static struct bank_histogram histogram; /* all zeros, and large */

static void
clear(void)
{
    histogram = (struct bank_histogram){.count = 0};
}

static void
without_values_every_share_is_0(void **state)
{
    (void)state;
    clear();
    assert_int_equal(bank_histogram_at(&histogram, 1), 0);
    assert_int_equal(bank_histogram_at(&histogram, 1000000), 0);
}

static void
short_values_are_told_exactly(void **state)
{
    (void)state;
    clear();
    for (uint64_t value = 1; value <= 200; value++) {
        bank_histogram_add(&histogram, value);
    }
    assert_int_equal(histogram.count, 200);
    assert_int_equal(bank_histogram_at(&histogram, 500000), 100);
    assert_int_equal(bank_histogram_at(&histogram, 990000), 198);
    assert_int_equal(bank_histogram_at(&histogram, 999000), 200);
    assert_int_equal(bank_histogram_at(&histogram, 1), 1);
}

/* A second, larger one shows the bucket's end, which the maximum would cut. */
static uint64_t
told(uint64_t value)
{
    clear();
    bank_histogram_add(&histogram, value);
    bank_histogram_add(&histogram, UINT64_MAX);
    return bank_histogram_at(&histogram, 500000);
}

static void
what_is_told_is_never_less_and_at_most_a_128th_more(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 63; bits++) {
        const uint64_t power = UINT64_C(1) << bits;
        const uint64_t values[] = {power - 1, power, power + 1, power / 2 * 3};

        for (size_t i = 0; i < 4; i++) {
            assert_true(told(values[i]) >= values[i]);
            assert_true(told(values[i]) - values[i] <= values[i] / 128);
        }
    }
}

static void
the_largest_is_kept_exactly_and_nothing_is_told_above_it(void **state)
{
    (void)state;
    clear();
    bank_histogram_add(&histogram, 1000003);
    assert_int_equal(bank_histogram_at(&histogram, 1000000), 1000003);
    bank_histogram_add(&histogram, UINT64_MAX);
    assert_int_equal(histogram.max, UINT64_MAX);
    assert_int_equal(bank_histogram_at(&histogram, 1000000), UINT64_MAX);
}

static void
one_slow_value_of_a_thousand_is_seen_behind_its_share(void **state)
{
    (void)state;
    clear();
    for (unsigned i = 0; i < 999; i++) {
        bank_histogram_add(&histogram, 10);
    }
    bank_histogram_add(&histogram, 250);
    assert_int_equal(bank_histogram_at(&histogram, 999000), 10);
    assert_int_equal(bank_histogram_at(&histogram, 999001), 250);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_values_every_share_is_0),
        cmocka_unit_test(short_values_are_told_exactly),
        cmocka_unit_test(what_is_told_is_never_less_and_at_most_a_128th_more),
        cmocka_unit_test(
            the_largest_is_kept_exactly_and_nothing_is_told_above_it),
        cmocka_unit_test(one_slow_value_of_a_thousand_is_seen_behind_its_share),
    };
    return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
