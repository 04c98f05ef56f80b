/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/account_actor.h"

#include "examples/bank/money.h"

#include <stdlib.h>

enum { FIRST_NUMBERS = 64 };

struct account {
    int64_t cents;
    uint64_t updates_count;
    uint64_t handled_count;
    uint64_t sent_count;

    /* Where overdraft is refused: what was ever sent on to others, all of which
     * may come back, and the numbers of what was declined. */
    int64_t sent_cents;
    uint64_t *declined;
    size_t declined_count;
    size_t declined_capacity;
};

static void
on_open_account(
    struct troupe_self *self, void *state, const struct open_account *open)
{
    struct account *account = state;

    account->cents = open->cents;
    TROUPE_CHECK(troupe_reply(self, balance, .cents = open->cents));
}

/* The same as what threads do to shared memory: balance and counter. */
static void
change(struct account *account, int64_t cents)
{
    account->cents = bank_money_add(account->cents, cents);
    account->updates_count++;
}

static void
on_deposit(struct troupe_self *self, void *state, const struct deposit *deposit)
{
    struct account *account = state;

    (void)self;
    account->handled_count++;
    change(account, deposit->cents);
}

static void
on_withdraw(
    struct troupe_self *self, void *state, const struct withdraw *withdraw)
{
    struct account *account = state;

    (void)self;
    account->handled_count++;
    change(account, -withdraw->cents);
}

static void
decline(struct account *account, uint64_t number)
{
    if (account->declined_count == account->declined_capacity) {
        size_t capacity = account->declined_capacity == 0
                              ? FIRST_NUMBERS
                              : account->declined_capacity * 2;
        uint64_t *declined =
            realloc(account->declined, capacity * sizeof(*declined));

        if (declined == NULL) {
            troupe_check_failed(
                "keeping a declined transaction", TROUPE_E_NO_MEMORY);
        }
        account->declined = declined;
        account->declined_capacity = capacity;
    }
    account->declined[account->declined_count++] = number;
}

static void
on_request_withdrawal(struct troupe_self *self, void *state,
    const struct request_withdrawal *request)
{
    struct account *account = state;

    account->handled_count++;
    if (account->cents < request->cents) {
        decline(account, request->number);
        return;
    }
    change(account, -request->cents);
    if (request->to != TROUPE_NO_PID) {
        account->sent_cents += request->cents;
        account->sent_count++;
        TROUPE_CHECK(troupe_tell(self, request->to, request_deposit,
            .number = request->number, .cents = request->cents,
            .is_transfer = true));
    }
}

/* Whether a deposit leaves an amount, and room for every refund. */
static bool
has_room(const struct account *account, int64_t cents)
{
    int64_t sum = account->cents;

    return bank_money_try_add(&sum, cents) &&
           bank_money_try_add(&sum, account->sent_cents);
}

static void
on_request_deposit(struct troupe_self *self, void *state,
    const struct request_deposit *request)
{
    struct account *account = state;

    account->handled_count++;
    if (has_room(account, request->cents)) {
        change(account, request->cents);
    } else if (request->is_transfer) {
        account->sent_count++;
        TROUPE_CHECK(troupe_tell(self, troupe_sender(self), refund,
            .number = request->number, .cents = request->cents));
    } else {
        decline(account, request->number);
    }
}

static void
on_refund(struct troupe_self *self, void *state, const struct refund *refund)
{
    struct account *account = state;

    (void)self;
    account->handled_count++;
    account->cents += refund->cents;
    account->sent_cents -= refund->cents;
    account->updates_count--;
    decline(account, refund->number);
}

static void
on_get_balance(
    struct troupe_self *self, void *state, const struct get_balance *request)
{
    struct account *account = state;

    (void)request;
    TROUPE_CHECK(troupe_reply(self, balance, .cents = account->cents,
        .updates_count = account->updates_count));
}

/* Takes the page off the end, and frees the numbers with the last of them. */
static void
on_get_declined(
    struct troupe_self *self, void *state, const struct get_declined *request)
{
    struct account *account = state;
    size_t count = account->declined_count < BANK_DECLINED_PAGE
                       ? account->declined_count
                       : BANK_DECLINED_PAGE;

    (void)request;
    account->declined_count -= count;
    TROUPE_CHECK(troupe_reply(self, declined,
        .numbers = {account->declined == NULL
                        ? NULL
                        : account->declined + account->declined_count,
            (uint32_t)(count * sizeof(*account->declined))}));
    if (account->declined_count == 0) {
        free(account->declined);
        account->declined = NULL;
        account->declined_capacity = 0;
    }
}

static void
on_count_handled(
    struct troupe_self *self, void *state, const struct count_handled *request)
{
    struct account *account = state;

    (void)request;
    TROUPE_CHECK(troupe_tell(self, troupe_sender(self), handled,
        .handled_count = account->handled_count,
        .sent_count = account->sent_count));
}

TROUPE_BEHAVIOUR(account, sizeof(struct account),
    TROUPE_ON(deposit, on_deposit), TROUPE_ON(withdraw, on_withdraw),
    TROUPE_ON(open_account, on_open_account),
    TROUPE_ON(request_deposit, on_request_deposit),
    TROUPE_ON(request_withdrawal, on_request_withdrawal),
    TROUPE_ON(refund, on_refund), TROUPE_ON(get_balance, on_get_balance),
    TROUPE_ON(get_declined, on_get_declined),
    TROUPE_ON(count_handled, on_count_handled));
