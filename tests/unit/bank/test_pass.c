/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/bank/pass.h"

#include <string.h>

static struct bank_ledger ledger;

/* Two accounts of 10; a deposit of 1, a withdrawal of 2, a transfer of 3. */
static int
make_ledger(void **state)
{
    static const struct bank_transaction transactions[] = {
        {BANK_NOBODY, 0, 1}, {0, BANK_NOBODY, 2}, {0, 1, 3}};
    uint32_t overflowing;

    (void)state;
    bank_ledger_init(&ledger);
    assert_int_equal(bank_ledger_open(&ledger, "a", 1, 10), BANK_LEDGER_ADDED);
    assert_int_equal(bank_ledger_open(&ledger, "b", 1, 10), BANK_LEDGER_ADDED);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(
            bank_ledger_post(&ledger, &transactions[i], &overflowing),
            BANK_LEDGER_ADDED);
    }
    return 0;
}

static int
free_ledger(void **state)
{
    (void)state;
    bank_ledger_fini(&ledger);
    return 0;
}

/* What a pass that left these balances is worth. */
static struct bank_pass
check(int64_t a, int64_t b, uint64_t updates_count, bool *is_declined)
{
    int64_t cents[] = {a, b};
    struct bank_job job = {&ledger, 1, is_declined != NULL};
    struct bank_outcome outcome = {cents, is_declined, updates_count};
    struct bank_pass pass;

    memset(&pass, 0, sizeof(pass));
    assert_true(bank_pass_check(&job, &outcome, &pass));
    return pass;
}

static void
right_balances_and_counters_are_exact(void **state)
{
    struct bank_pass pass = check(6, 13, 4, NULL);

    (void)state;
    assert_true(pass.is_exact);
    assert_int_equal(pass.updates_applied_count, 4);
    assert_int_equal(pass.expected_total, 19);
    assert_int_equal(pass.observed_total, 19);
}

static void
each_wrong_balance_is_counted_even_if_the_total_is_right(void **state)
{
    struct bank_pass pass = check(5, 14, 4, NULL);

    (void)state;
    assert_false(pass.is_exact);
    assert_int_equal(pass.wrong_accounts_count, 2);
    assert_int_equal(pass.expected_total, pass.observed_total);
}

static void
an_update_that_no_counter_has_is_lost_even_if_balances_are_right(void **state)
{
    struct bank_pass pass = check(6, 13, 3, NULL);

    (void)state;
    assert_false(pass.is_exact);
    assert_int_equal(pass.updates_lost_count, 1);
    assert_int_equal(pass.wrong_accounts_count, 0);
}

static void
an_update_counted_twice_is_not_exact_and_not_lost(void **state)
{
    struct bank_pass pass = check(6, 13, 5, NULL);

    (void)state;
    assert_false(pass.is_exact);
    assert_int_equal(pass.updates_lost_count, 0);
}

static void
declined_transactions_are_left_out_of_what_is_expected(void **state)
{
    bool is_declined[] = {false, true, false};
    struct bank_pass pass = check(8, 13, 3, is_declined);

    (void)state;
    assert_true(pass.is_exact);
    assert_int_equal(pass.declined_count, 1);
    assert_int_equal(pass.updates_applied_count, 3);
    assert_int_equal(pass.expected_total, 21);
    pass = check(6, 13, 3, is_declined);
    assert_int_equal(pass.wrong_accounts_count, 1);
}

static void
a_negative_balance_is_not_exact_where_overdraft_is_refused(void **state)
{
    bool is_declined[] = {false, false, false};

    (void)state;
    assert_true(check(6, 13, 4, is_declined).is_exact);
    ledger.opening_cents[0] = 3;
    assert_int_equal(check(-1, 13, 4, is_declined).wrong_accounts_count, 0);
    assert_false(check(-1, 13, 4, is_declined).is_exact);
}

static void
totals_may_be_beyond_64_bits(void **state)
{
    struct bank_pass pass = check(INT64_MAX, INT64_MAX, 4, NULL);

    (void)state;
    assert_true(pass.observed_total == (bank_total)INT64_MAX * 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            right_balances_and_counters_are_exact, make_ledger, free_ledger),
        cmocka_unit_test_setup_teardown(
            each_wrong_balance_is_counted_even_if_the_total_is_right,
            make_ledger, free_ledger),
        cmocka_unit_test_setup_teardown(
            an_update_that_no_counter_has_is_lost_even_if_balances_are_right,
            make_ledger, free_ledger),
        cmocka_unit_test_setup_teardown(
            an_update_counted_twice_is_not_exact_and_not_lost, make_ledger,
            free_ledger),
        cmocka_unit_test_setup_teardown(
            declined_transactions_are_left_out_of_what_is_expected, make_ledger,
            free_ledger),
        cmocka_unit_test_setup_teardown(
            a_negative_balance_is_not_exact_where_overdraft_is_refused,
            make_ledger, free_ledger),
        cmocka_unit_test_setup_teardown(
            totals_may_be_beyond_64_bits, make_ledger, free_ledger),
    };
    return cmocka_run_group_tests_name("pass", tests, NULL, NULL);
}
