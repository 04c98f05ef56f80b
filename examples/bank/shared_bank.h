/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shared_bank: accounts in memory that every thread reads and writes.
 *
 * unsafe, mutex and locks differ in nothing but what they do around
 * bank_shared_settle(), so what is compared is the locking alone. Each account
 * has a cache line of its own, its lock included: threads that work on
 * different accounts do not slow each other down, and taking the lock of an
 * account brings its balance along.
 *
 *     create, apply, collect, destroy    as variant.h says
 *     bank_shared_settle                 the crew's threads; whether two may be
 *                                        in it at once is the variant's affair
 */
#ifndef TROUPE_BANK_SHARED_BANK_H
#define TROUPE_BANK_SHARED_BANK_H

#include "examples/bank/crew.h"
#include "examples/bank/variant.h"

#include <pthread.h>

enum { BANK_CACHE_LINE = 64 };

/* Plain memory on purpose: unsafe is what happens to it without a lock. */
struct bank_shared_account {
    _Alignas(BANK_CACHE_LINE) int64_t cents;
    uint64_t updates_count;
    pthread_mutex_t lock; /* used by locks only */
};

struct bank_shared {
    /* Used by mutex only; not beside the members that its waiters read. */
    _Alignas(BANK_CACHE_LINE) pthread_mutex_t lock;

    _Alignas(BANK_CACHE_LINE) struct bank_job job;
    struct bank_shared_account *accounts;
    struct bank_crew *crew;

    /* A byte a transaction, so that threads that write next to each other do
     * not share one. NULL unless overdraft is refused. */
    bool *is_declined;
};

/* work is called by each thread of the crew with the bank. */
struct bank_shared *bank_shared_create(
    const struct bank_job *job, bank_crew_work work);
void bank_shared_apply(void *bank);
void bank_shared_collect(void *bank, struct bank_outcome *outcome);
void bank_shared_destroy(void *bank);

/* One read, one addition and one write for each of the two figures. */
static inline void
bank_shared_change(struct bank_shared_account *account, int64_t cents)
{
    account->cents = bank_money_add(account->cents, cents);
    account->updates_count++;
}

/* Whether both sides stay amounts, and not below zero. */
static inline bool
bank_shared_is_covered(
    const struct bank_shared *bank, const struct bank_transaction *transaction)
{
    if (transaction->from != BANK_NOBODY) {
        int64_t rest = bank->accounts[transaction->from].cents;

        if (!bank_money_try_add(&rest, -transaction->cents) || rest < 0) {
            return false;
        }
    }
    if (transaction->to != BANK_NOBODY) {
        int64_t sum = bank->accounts[transaction->to].cents;

        return bank_money_try_add(&sum, transaction->cents);
    }
    return true;
}

/* Applies or declines a transaction; number is its place in the ledger. */
static inline void
bank_shared_settle(struct bank_shared *bank,
    const struct bank_transaction *transaction, size_t number)
{
    if (bank->is_declined != NULL &&
        !bank_shared_is_covered(bank, transaction)) {
        bank->is_declined[number] = true;
        return;
    }
    if (transaction->from != BANK_NOBODY) {
        bank_shared_change(
            &bank->accounts[transaction->from], -transaction->cents);
    }
    if (transaction->to != BANK_NOBODY) {
        bank_shared_change(
            &bank->accounts[transaction->to], transaction->cents);
    }
}

#endif
