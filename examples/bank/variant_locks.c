/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * locks: a lock for each account.
 *
 * A transfer holds both of its accounts' locks at once, or another thread
 * could see money that has left one account and not arrived at the other. The
 * lower account number is locked first by everybody, so no ring of threads can
 * form in which each waits for the next one's lock.
 */
#include "examples/bank/shared_bank.h"

static pthread_mutex_t *
lock_of(struct bank_shared *bank, uint32_t account)
{
    return &bank->accounts[account].lock;
}

/* BANK_NOBODY is above every account number: the only account comes first. */
static void
settle_locked(struct bank_shared *bank,
    const struct bank_transaction *transaction, size_t number)
{
    bool is_upwards = transaction->from < transaction->to;
    uint32_t first = is_upwards ? transaction->from : transaction->to;
    uint32_t second = is_upwards ? transaction->to : transaction->from;

    pthread_mutex_lock(lock_of(bank, first));
    if (second != BANK_NOBODY) {
        pthread_mutex_lock(lock_of(bank, second));
    }
    bank_shared_settle(bank, transaction, number);
    if (second != BANK_NOBODY) {
        pthread_mutex_unlock(lock_of(bank, second));
    }
    pthread_mutex_unlock(lock_of(bank, first));
}

static void
apply_chunk(void *context, size_t member)
{
    struct bank_shared *bank = context;
    const struct bank_transaction *all = bank->job.ledger->transactions;
    struct bank_chunk chunk = bank_job_chunk(&bank->job, member);

    for (size_t i = chunk.begin; i < chunk.end; i++) {
        struct bank_transaction transaction = all[i];

        settle_locked(bank, &transaction, i);
    }
}

static void *
create(const struct bank_job *job)
{
    return bank_shared_create(job, apply_chunk);
}

const struct bank_variant bank_variant_locks = {
    .name = "locks",
    .is_safe = true,
    .create = create,
    .apply = bank_shared_apply,
    .collect = bank_shared_collect,
    .destroy = bank_shared_destroy,
};
