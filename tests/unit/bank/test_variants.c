/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: every variant that promises exact balances keeps that promise.
 *
 * Method: each is put through the same ledgers: transfers both ways between
 * few hot accounts, balances that pass beyond 64 bits in another order than
 * the file's, and overdrafts to decline. unsafe promises nothing, so it takes
 * part with one thread only.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/bank/generate.h"
#include "examples/bank/ledger_reader.h"
#include "examples/bank/pass.h"

#include <stdlib.h>
#include <string.h>

enum { TRANSACTIONS = 20000, ACCOUNTS = 5 };

static void
make_ledger(struct bank_ledger *ledger)
{
    struct bank_generate_options options = {.transactions_count = TRANSACTIONS,
        .accounts_count = ACCOUNTS,
        .skew_millionths = 1000000,
        .seed = 5};
    struct bank_ledger_fault fault;
    FILE *stream = tmpfile();

    assert_non_null(stream);
    assert_true(bank_generate_on(&options, stream));
    rewind(stream);
    bank_ledger_init(ledger);
    assert_true(bank_ledger_read(ledger, stream, NULL, &fault));
    fclose(stream);
}

static void
expect_exact(const struct bank_variant *variant, const struct bank_job *job)
{
    const struct bank_ledger *ledger = job->ledger;
    struct bank_outcome outcome = {
        .cents = calloc(ledger->accounts.count, sizeof(int64_t)),
        .is_declined = job->refuses_overdraft
                           ? calloc(ledger->transactions_count, sizeof(bool))
                           : NULL,
    };
    struct bank_pass pass;

    assert_true(bank_pass_run(variant, job, &outcome, &pass));
    if (!pass.is_exact) {
        fail_msg("%s, %zu threads: %d accounts wrong, %d updates lost",
            variant->name, job->threads_count, (int)pass.wrong_accounts_count,
            (int)pass.updates_lost_count);
    }
    if (!job->refuses_overdraft) {
        assert_int_equal(pass.declined_count, 0);
        assert_memory_equal(outcome.cents, ledger->closing_cents,
            ledger->accounts.count * sizeof(int64_t));
    }
    free(outcome.cents);
    free(outcome.is_declined);
}

/* With as many threads as it can be asked to be exact with. */
static void
expect_all_exact(const struct bank_ledger *ledger, bool refuses_overdraft)
{
    for (size_t i = 0; bank_variants[i] != NULL; i++) {
        size_t threads_max = bank_variants[i]->is_safe ? 4 : 1;

        for (size_t threads = 1; threads <= threads_max; threads++) {
            struct bank_job job = {ledger, threads, refuses_overdraft};

            expect_exact(bank_variants[i], &job);
        }
    }
}

static void
balances_are_those_of_the_ledger(void **state)
{
    struct bank_ledger ledger;

    (void)state;
    make_ledger(&ledger);
    expect_all_exact(&ledger, false);
    bank_ledger_fini(&ledger);
}

static void
with_overdraft_refused_they_are_those_without_what_was_declined(void **state)
{
    struct bank_ledger ledger;

    (void)state;
    make_ledger(&ledger);
    memset(ledger.opening_cents, 0, ACCOUNTS * sizeof(int64_t));
    expect_all_exact(&ledger, true);
    bank_ledger_fini(&ledger);
}

/* The largest amount comes and goes: in the file's order it always fits. */
static void
sums_beyond_64_bits_on_the_way_do_no_harm(void **state)
{
    struct bank_ledger ledger;
    uint32_t overflowing;

    (void)state;
    bank_ledger_init(&ledger);
    assert_int_equal(bank_ledger_open(&ledger, "a", 1, 0), BANK_LEDGER_ADDED);
    for (int i = 0; i < 1000; i++) {
        struct bank_transaction in = {BANK_NOBODY, 0, INT64_MAX};
        struct bank_transaction out = {0, BANK_NOBODY, INT64_MAX};

        assert_int_equal(
            bank_ledger_post(&ledger, &in, &overflowing), BANK_LEDGER_ADDED);
        assert_int_equal(
            bank_ledger_post(&ledger, &out, &overflowing), BANK_LEDGER_ADDED);
    }
    expect_all_exact(&ledger, false);
    expect_all_exact(&ledger, true);
    bank_ledger_fini(&ledger);
}

/* In the file's order there is always room; in others some must be declined by
 * the receiver, after the sender has agreed. */
static void
a_transfer_without_room_at_its_end_is_declined_as_a_whole(void **state)
{
    struct bank_ledger ledger;
    uint32_t overflowing;

    (void)state;
    bank_ledger_init(&ledger);
    assert_int_equal(
        bank_ledger_open(&ledger, "a", 1, 1000), BANK_LEDGER_ADDED);
    assert_int_equal(
        bank_ledger_open(&ledger, "b", 1, INT64_MAX - 5), BANK_LEDGER_ADDED);
    for (int i = 0; i < 500; i++) {
        struct bank_transaction up = {0, 1, 5};
        struct bank_transaction down = {1, 0, 5};

        assert_int_equal(
            bank_ledger_post(&ledger, &up, &overflowing), BANK_LEDGER_ADDED);
        assert_int_equal(
            bank_ledger_post(&ledger, &down, &overflowing), BANK_LEDGER_ADDED);
    }
    expect_all_exact(&ledger, true);
    bank_ledger_fini(&ledger);
}

static void
many_accounts_and_many_declined_are_all_accounted_for(void **state)
{
    enum { MANY_ACCOUNTS = 1500, MANY_DECLINED = 9000 };
    struct bank_ledger ledger;
    uint32_t overflowing;
    char name[16];

    (void)state;
    bank_ledger_init(&ledger);
    for (uint32_t i = 0; i < MANY_ACCOUNTS; i++) {
        size_t length = (size_t)sprintf(name, "%u", i);

        assert_int_equal(
            bank_ledger_open(&ledger, name, length, 7), BANK_LEDGER_ADDED);
    }
    for (uint32_t i = 0; i < MANY_DECLINED; i++) {
        struct bank_transaction hopeless = {0, BANK_NOBODY, 8};
        struct bank_transaction fine = {i % MANY_ACCOUNTS, BANK_NOBODY, 1};

        assert_int_equal(bank_ledger_post(&ledger, &hopeless, &overflowing),
            BANK_LEDGER_ADDED);
        assert_int_equal(
            bank_ledger_post(&ledger, &fine, &overflowing), BANK_LEDGER_ADDED);
    }
    expect_all_exact(&ledger, false);
    expect_all_exact(&ledger, true);
    bank_ledger_fini(&ledger);
}

static void
more_threads_than_transactions_and_no_transactions_are_fine(void **state)
{
    struct bank_transaction deposit = {BANK_NOBODY, 0, 1};
    struct bank_ledger ledger;
    uint32_t overflowing;

    (void)state;
    bank_ledger_init(&ledger);
    assert_int_equal(bank_ledger_open(&ledger, "a", 1, 0), BANK_LEDGER_ADDED);
    expect_all_exact(&ledger, false);
    expect_all_exact(&ledger, true);
    assert_int_equal(
        bank_ledger_post(&ledger, &deposit, &overflowing), BANK_LEDGER_ADDED);
    expect_all_exact(&ledger, false);
    expect_all_exact(&ledger, true);
    bank_ledger_fini(&ledger);
}

static void
one_thread_declines_what_is_not_covered_and_nothing_else(void **state)
{
    static const bool expected[] = {true, false, true, false, true};
    struct bank_ledger ledger;
    bool is_declined[5];
    int64_t cents[2];
    uint32_t overflowing;

    (void)state;
    bank_ledger_init(&ledger);
    assert_int_equal(bank_ledger_open(&ledger, "a", 1, 5), BANK_LEDGER_ADDED);
    assert_int_equal(bank_ledger_open(&ledger, "b", 1, 0), BANK_LEDGER_ADDED);
    for (size_t i = 0; i < 5; i++) {
        static const struct bank_transaction transactions[] = {
            {0, BANK_NOBODY, 6}, {0, 1, 5}, {0, 1, 1}, {BANK_NOBODY, 0, 2},
            {0, BANK_NOBODY, 3}};

        assert_int_equal(
            bank_ledger_post(&ledger, &transactions[i], &overflowing),
            BANK_LEDGER_ADDED);
    }
    for (size_t i = 0; bank_variants[i] != NULL; i++) {
        struct bank_job job = {&ledger, 1, true};
        struct bank_outcome outcome = {cents, is_declined, 0};
        struct bank_pass pass;

        assert_true(bank_pass_run(bank_variants[i], &job, &outcome, &pass));
        assert_true(pass.is_exact);
        assert_memory_equal(is_declined, expected, sizeof(expected));
        assert_int_equal(cents[0], 2);
        assert_int_equal(cents[1], 5);
    }
    bank_ledger_fini(&ledger);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(balances_are_those_of_the_ledger),
        cmocka_unit_test(
            with_overdraft_refused_they_are_those_without_what_was_declined),
        cmocka_unit_test(sums_beyond_64_bits_on_the_way_do_no_harm),
        cmocka_unit_test(
            a_transfer_without_room_at_its_end_is_declined_as_a_whole),
        cmocka_unit_test(many_accounts_and_many_declined_are_all_accounted_for),
        cmocka_unit_test(
            more_threads_than_transactions_and_no_transactions_are_fine),
        cmocka_unit_test(
            one_thread_declines_what_is_not_covered_and_nothing_else),
    };
    return cmocka_run_group_tests_name("variants", tests, NULL, NULL);
}
