/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/bank/load/mix.h"

static void
expect_fault(const char *text, const char *why)
{
    char said[BANK_MIX_WHY_SIZE];
    struct bank_mix mix;

    assert_false(bank_mix_parse(&mix, text, said));
    assert_string_equal(said, why);
}

static struct bank_mix
mix_of(const char *text)
{
    char why[BANK_MIX_WHY_SIZE];
    struct bank_mix mix;

    assert_true(bank_mix_parse(&mix, text, why));
    return mix;
}

static void
shares_are_by_name_and_the_rest_are_0(void **state)
{
    struct bank_mix mix = mix_of("transfer=2,deposit=1");

    (void)state;
    assert_int_equal(mix.shares[BANK_REQUEST_DEPOSIT], 1);
    assert_int_equal(mix.shares[BANK_REQUEST_TRANSFER], 2);
    assert_int_equal(mix.shares[BANK_REQUEST_BALANCE], 0);
    assert_int_equal(mix.sum, 3);
}

static void
of_a_kind_that_is_named_twice_the_last_counts(void **state)
{
    struct bank_mix mix = mix_of("deposit=7,balance=1,deposit=2");

    (void)state;
    assert_int_equal(mix.shares[BANK_REQUEST_DEPOSIT], 2);
    assert_int_equal(mix.sum, 3);
}

static void
what_is_wrong_is_said(void **state)
{
    (void)state;
    expect_fault("deposit", "\"deposit\" is no NAME=SHARE, such as transfer=2");
    expect_fault("deposit=1,", "\"\" is no NAME=SHARE, such as transfer=2");
    expect_fault("transfers=1",
        "there is no request \"transfers\"; the nearest is transfer");
    expect_fault("balance=-1",
        "the share \"-1\" of balance is no whole number from 0 to 1000000");
    expect_fault("balance=1000001", "the share \"1000001\" of balance is no "
                                    "whole number from 0 to 1000000");
    expect_fault("deposit=0", "all shares are 0, and nothing would be asked");
}

static void
draws_have_the_shares_and_none_has_a_share_of_0(void **state)
{
    struct bank_mix mix = mix_of("deposit=1,transfer=2,balance=1");
    unsigned counts[BANK_REQUEST_MIXED_COUNT] = {0};

    (void)state;
    for (uint64_t i = 0; i < 1000; i++) {
        counts[bank_mix_draw(&mix, i * (UINT64_MAX / 1000))]++;
    }
    assert_int_equal(counts[BANK_REQUEST_WITHDRAW], 0);
    assert_in_range(counts[BANK_REQUEST_DEPOSIT], 249, 251);
    assert_in_range(counts[BANK_REQUEST_TRANSFER], 499, 501);
    assert_in_range(counts[BANK_REQUEST_BALANCE], 249, 251);
    assert_int_equal(bank_mix_draw(&mix, UINT64_MAX), BANK_REQUEST_BALANCE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_by_name_and_the_rest_are_0),
        cmocka_unit_test(of_a_kind_that_is_named_twice_the_last_counts),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(draws_have_the_shares_and_none_has_a_share_of_0),
    };
    return cmocka_run_group_tests_name("mix", tests, NULL, NULL);
}
