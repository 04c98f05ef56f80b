/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The accounts are tested in a simulation, each case under many seeds: many
 * orders in which the same messages are handled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/bank/account_actor.h"

#include <string.h>

enum { SEEDS = 50 };

#define PATIENCE_NS TROUPE_SECONDS(5)

static struct troupe_runtime *runtime;
static struct troupe_self *self;

static void
begin(uint64_t seed)
{
    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = seed), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
}

static void
end(void)
{
    troupe_runtime_destroy(&runtime);
}

static troupe_pid
open_with(int64_t cents)
{
    troupe_pid account;
    struct balance balance;

    TROUPE_CHECK(troupe_spawn(self, account, &account));
    TROUPE_CHECK(troupe_ask(self, account, PATIENCE_NS, balance, &balance,
        open_account, .cents = cents));
    assert_int_equal(balance.cents, cents);
    return account;
}

/* Lets everything happen that is going to. */
static void
settle(void)
{
    troupe_runtime_wait(runtime);
}

static void
expect_balance(troupe_pid account, int64_t cents, uint64_t updates_count)
{
    struct balance balance;

    TROUPE_CHECK(
        troupe_ask(self, account, PATIENCE_NS, balance, &balance, get_balance));
    assert_int_equal(balance.cents, cents);
    assert_int_equal(balance.updates_count, updates_count);
}

/* The sum of the numbers declined, which the account tells once. */
static uint64_t
sum_of_declined(troupe_pid account)
{
    struct declined declined;
    uint64_t sum = 0;

    do {
        TROUPE_CHECK(troupe_ask(
            self, account, PATIENCE_NS, declined, &declined, get_declined));
        for (size_t at = 0; at < declined.numbers.size;
             at += sizeof(uint64_t)) {
            uint64_t number;

            memcpy(&number, (const char *)declined.numbers.data + at,
                sizeof(number));
            sum += number;
        }
    } while (declined.numbers.size > 0);
    return sum;
}

static void
deposits_and_withdrawals_need_no_cover(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        troupe_pid account;

        begin(seed);
        account = open_with(10);
        TROUPE_CHECK(troupe_tell(self, account, withdraw, .cents = 25));
        TROUPE_CHECK(troupe_tell(self, account, deposit, .cents = 4));
        expect_balance(account, -11, 2);
        end();
    }
}

static void
a_withdrawal_beyond_the_balance_is_declined(void **state)
{
    troupe_pid account;

    (void)state;
    begin(1);
    account = open_with(10);
    TROUPE_CHECK(troupe_tell(
        self, account, request_withdrawal, .number = 5, .cents = 11));
    TROUPE_CHECK(troupe_tell(
        self, account, request_withdrawal, .number = 6, .cents = 10));
    TROUPE_CHECK(troupe_tell(
        self, account, request_withdrawal, .number = 7, .cents = 1));
    expect_balance(account, 0, 1);
    assert_int_equal(sum_of_declined(account), 5 + 7);
    assert_int_equal(sum_of_declined(account), 0);
    end();
}

static void
a_transfer_moves_money_between_two_accounts(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        troupe_pid giver;
        troupe_pid taker;

        begin(seed);
        giver = open_with(10);
        taker = open_with(0);
        TROUPE_CHECK(troupe_tell(self, giver, request_withdrawal, .number = 1,
            .cents = 4, .to = taker));
        settle();
        expect_balance(giver, 6, 1);
        expect_balance(taker, 4, 1);
        end();
    }
}

static void
what_the_taker_has_no_room_for_comes_back(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        troupe_pid giver;
        troupe_pid taker;

        begin(seed);
        giver = open_with(10);
        taker = open_with(INT64_MAX - 3);
        TROUPE_CHECK(troupe_tell(self, giver, request_withdrawal, .number = 9,
            .cents = 4, .to = taker));
        settle();
        expect_balance(giver, 10, 0);
        expect_balance(taker, INT64_MAX - 3, 0);
        assert_int_equal(sum_of_declined(giver), 9);
        assert_int_equal(sum_of_declined(taker), 0);
        end();
    }
}

/* A deposit meets a transfer on its way that will come back: taken, it would
 * leave no room for the refund. */
static void
a_deposit_that_a_refund_needs_the_room_of_is_declined(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        troupe_pid giver;
        troupe_pid taker;

        begin(seed);
        giver = open_with(100);
        taker = open_with(INT64_MAX);
        TROUPE_CHECK(troupe_tell(self, giver, request_withdrawal, .number = 1,
            .cents = 100, .to = taker));
        TROUPE_CHECK(troupe_tell(self, giver, request_deposit, .number = 2,
            .cents = INT64_MAX - 50));
        settle();
        expect_balance(giver, 100, 0);
        assert_int_equal(sum_of_declined(giver), 1 + 2);
        end();
    }
}

static void
more_declined_than_a_page_holds_are_all_told(void **state)
{
    enum { NUMBERS = 2 * BANK_DECLINED_PAGE + 100 };
    troupe_pid account;

    (void)state;
    begin(1);
    account = open_with(0);
    for (uint64_t i = 1; i <= NUMBERS; i++) {
        TROUPE_CHECK(troupe_tell(
            self, account, request_withdrawal, .number = i, .cents = 1));
    }
    assert_int_equal(
        sum_of_declined(account), (uint64_t)NUMBERS * (NUMBERS + 1) / 2);
    end();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deposits_and_withdrawals_need_no_cover),
        cmocka_unit_test(a_withdrawal_beyond_the_balance_is_declined),
        cmocka_unit_test(a_transfer_moves_money_between_two_accounts),
        cmocka_unit_test(what_the_taker_has_no_room_for_comes_back),
        cmocka_unit_test(a_deposit_that_a_refund_needs_the_room_of_is_declined),
        cmocka_unit_test(more_declined_than_a_page_holds_are_all_told),
    };
    return cmocka_run_group_tests_name("account_actor", tests, NULL, NULL);
}
