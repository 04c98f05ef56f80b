/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/shared_bank.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Written through, so that no page is first touched on the clock. */
static bool
allocate(struct bank_shared *bank)
{
    size_t accounts_size =
        bank->job.ledger->accounts.count * sizeof(*bank->accounts);
    size_t decisions_size = bank->job.ledger->transactions_count + 1;

    bank->accounts =
        aligned_alloc(BANK_CACHE_LINE, accounts_size + BANK_CACHE_LINE);
    if (bank->accounts == NULL) {
        return false;
    }
    memset(bank->accounts, 0, accounts_size);
    if (bank->job.refuses_overdraft) {
        bank->is_declined = malloc(decisions_size);
        if (bank->is_declined == NULL) {
            return false;
        }
        memset(bank->is_declined, 0, decisions_size);
    }
    return true;
}

static void
open_accounts(struct bank_shared *bank)
{
    const struct bank_ledger *ledger = bank->job.ledger;

    pthread_mutex_init(&bank->lock, NULL);
    for (size_t i = 0; i < ledger->accounts.count; i++) {
        bank->accounts[i].cents = ledger->opening_cents[i];
        pthread_mutex_init(&bank->accounts[i].lock, NULL);
    }
}

struct bank_shared *
bank_shared_create(const struct bank_job *job, bank_crew_work work)
{
    struct bank_shared *bank = aligned_alloc(BANK_CACHE_LINE, sizeof(*bank));

    if (bank == NULL) {
        fputs("out of memory\n", stderr);
        return NULL;
    }
    *bank = (struct bank_shared){.job = *job};
    if (!allocate(bank)) {
        fputs("out of memory\n", stderr);
        bank_shared_destroy(bank);
        return NULL;
    }
    open_accounts(bank);
    bank->crew = bank_crew_create(job->threads_count, work, bank);
    return bank->crew != NULL ? bank : NULL;
}

void
bank_shared_apply(void *bank)
{
    struct bank_shared *shared = bank;

    bank_crew_run(shared->crew);
}

void
bank_shared_collect(void *bank, struct bank_outcome *outcome)
{
    const struct bank_shared *shared = bank;
    const struct bank_ledger *ledger = shared->job.ledger;

    outcome->updates_count = 0;
    for (size_t i = 0; i < ledger->accounts.count; i++) {
        outcome->cents[i] = shared->accounts[i].cents;
        outcome->updates_count += shared->accounts[i].updates_count;
    }
    if (shared->is_declined != NULL) {
        memcpy(outcome->is_declined, shared->is_declined,
            ledger->transactions_count);
    }
}

void
bank_shared_destroy(void *bank)
{
    struct bank_shared *shared = bank;

    if (shared->crew != NULL) {
        bank_crew_destroy(shared->crew);
    }
    free(shared->accounts);
    free(shared->is_declined);
    free(shared);
}
