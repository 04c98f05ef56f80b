/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger: the accounts and transactions of one file, packed and checked.
 *
 * A transaction is 16 bytes: who gives, who takes, how much. A deposit has
 * nobody who gives and a withdrawal nobody who takes, so no kind is kept; ids
 * are for people and are not kept either. Ten million transactions take
 * 153 MiB.
 *
 * Entries are added in file order, and each must leave every balance an amount
 * (money.h). So closing_cents is at any time what the accounts hold after the
 * entries so far, and at the end it is what every exact variant must find.
 *
 *     init, open, post, fini    one thread
 *     reading the members       any thread, once nothing is added any more
 */
#ifndef TROUPE_BANK_LEDGER_H
#define TROUPE_BANK_LEDGER_H

#include "examples/bank/accounts.h"
#include "examples/bank/money.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bank_transaction {
    uint32_t from; /* BANK_NOBODY: a deposit */
    uint32_t to;   /* BANK_NOBODY: a withdrawal */
    int64_t cents; /* more than 0 */
};

struct bank_ledger {
    struct bank_accounts accounts;
    int64_t *opening_cents; /* of each account */
    int64_t *closing_cents;
    size_t balances_capacity;

    struct bank_transaction *transactions;
    size_t transactions_count;
    size_t transactions_capacity;
};

enum bank_ledger_added {
    BANK_LEDGER_ADDED,
    BANK_LEDGER_OVERFLOWS, /* a balance would be no amount; nothing is added */
    BANK_LEDGER_NO_MEMORY,
};

/* Cannot fail; takes no memory yet. */
void bank_ledger_init(struct bank_ledger *ledger);
void bank_ledger_fini(struct bank_ledger *ledger);

/* Opens an account whose name is new. Never overflows. */
enum bank_ledger_added bank_ledger_open(
    struct bank_ledger *ledger, const char *name, size_t length, int64_t cents);

/*
 * Adds a transaction between open accounts. When it overflows, *overflowing is
 * the account whose balance does.
 */
enum bank_ledger_added bank_ledger_post(struct bank_ledger *ledger,
    const struct bank_transaction *transaction, uint32_t *overflowing);

/* Gives back the room that no transaction needed. */
void bank_ledger_shrink(struct bank_ledger *ledger);

/* How many accounts a transaction changes: 1, or 2 for a transfer. */
static inline unsigned
bank_transaction_updates(const struct bank_transaction *transaction)
{
    bool is_transfer =
        transaction->from != BANK_NOBODY && transaction->to != BANK_NOBODY;

    return is_transfer ? 2 : 1;
}

#endif
