/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutex: one lock for the whole bank.
 *
 * It is held for the update alone: the transaction is read from the ledger
 * before.
 */
#include "examples/bank/shared_bank.h"

static void
apply_chunk(void *context, size_t member)
{
    struct bank_shared *bank = context;
    const struct bank_transaction *all = bank->job.ledger->transactions;
    struct bank_chunk chunk = bank_job_chunk(&bank->job, member);

    for (size_t i = chunk.begin; i < chunk.end; i++) {
        struct bank_transaction transaction = all[i];

        pthread_mutex_lock(&bank->lock);
        bank_shared_settle(bank, &transaction, i);
        pthread_mutex_unlock(&bank->lock);
    }
}

static void *
create(const struct bank_job *job)
{
    return bank_shared_create(job, apply_chunk);
}

const struct bank_variant bank_variant_mutex = {
    .name = "mutex",
    .is_safe = true,
    .create = create,
    .apply = bank_shared_apply,
    .collect = bank_shared_collect,
    .destroy = bank_shared_destroy,
};
