/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/ledger.h"

#include <stdlib.h>

enum { FIRST_BALANCES = 64, FIRST_TRANSACTIONS = 4096 };

void
bank_ledger_init(struct bank_ledger *ledger)
{
    *ledger = (struct bank_ledger){0};
    bank_accounts_init(&ledger->accounts);
}

void
bank_ledger_fini(struct bank_ledger *ledger)
{
    bank_accounts_fini(&ledger->accounts);
    free(ledger->opening_cents);
    free(ledger->closing_cents);
    free(ledger->transactions);
}

static bool
reserve_balance(struct bank_ledger *ledger)
{
    size_t capacity = ledger->balances_capacity == 0
                          ? FIRST_BALANCES
                          : ledger->balances_capacity * 2;
    int64_t *opening;
    int64_t *closing;

    if (ledger->accounts.count < ledger->balances_capacity) {
        return true;
    }
    opening = realloc(ledger->opening_cents, capacity * sizeof(*opening));
    if (opening == NULL) {
        return false;
    }
    ledger->opening_cents = opening;
    closing = realloc(ledger->closing_cents, capacity * sizeof(*closing));
    if (closing == NULL) {
        return false;
    }
    ledger->closing_cents = closing;
    ledger->balances_capacity = capacity;
    return true;
}

enum bank_ledger_added
bank_ledger_open(
    struct bank_ledger *ledger, const char *name, size_t length, int64_t cents)
{
    uint32_t account;

    if (!reserve_balance(ledger)) {
        return BANK_LEDGER_NO_MEMORY;
    }
    account = bank_accounts_add(&ledger->accounts, name, length);
    if (account == BANK_NOBODY) {
        return BANK_LEDGER_NO_MEMORY;
    }
    ledger->opening_cents[account] = cents;
    ledger->closing_cents[account] = cents;
    return BANK_LEDGER_ADDED;
}

static bool
reserve_transaction(struct bank_ledger *ledger)
{
    size_t capacity = ledger->transactions_capacity == 0
                          ? FIRST_TRANSACTIONS
                          : ledger->transactions_capacity * 2;
    struct bank_transaction *transactions;

    if (ledger->transactions_count < ledger->transactions_capacity) {
        return true;
    }
    transactions =
        realloc(ledger->transactions, capacity * sizeof(*transactions));
    if (transactions == NULL) {
        return false;
    }
    ledger->transactions = transactions;
    ledger->transactions_capacity = capacity;
    return true;
}

/* Adds to the balance of an account, or of nobody. */
static bool
try_change(struct bank_ledger *ledger, uint32_t account, int64_t cents)
{
    return account == BANK_NOBODY ||
           bank_money_try_add(&ledger->closing_cents[account], cents);
}

enum bank_ledger_added
bank_ledger_post(struct bank_ledger *ledger,
    const struct bank_transaction *transaction, uint32_t *overflowing)
{
    if (!reserve_transaction(ledger)) {
        return BANK_LEDGER_NO_MEMORY;
    }
    if (!try_change(ledger, transaction->from, -transaction->cents)) {
        *overflowing = transaction->from;
        return BANK_LEDGER_OVERFLOWS;
    }
    if (!try_change(ledger, transaction->to, transaction->cents)) {
        if (transaction->from != BANK_NOBODY) {
            ledger->closing_cents[transaction->from] += transaction->cents;
        }
        *overflowing = transaction->to;
        return BANK_LEDGER_OVERFLOWS;
    }
    ledger->transactions[ledger->transactions_count++] = *transaction;
    return BANK_LEDGER_ADDED;
}

void
bank_ledger_shrink(struct bank_ledger *ledger)
{
    size_t size = ledger->transactions_count * sizeof(*ledger->transactions);
    struct bank_transaction *transactions;

    if (size == 0) {
        return;
    }
    transactions = realloc(ledger->transactions, size);
    if (transactions != NULL) {
        ledger->transactions = transactions;
        ledger->transactions_capacity = ledger->transactions_count;
    }
}
