/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unsafe: threads change shared accounts with no lock at all.
 *
 * This is the program that the others are the answer to, and it is nothing but
 * plain C: no atomics, no volatile, and nothing planted that would make it
 * lose more than it does by itself. A data race is undefined behaviour in C,
 * so the compiler might in principle merge updates; it cannot here, because
 * which account comes next is read from the ledger. Between two updates of one
 * account it must assume that others are changed, and so each transaction is
 * its own read, addition and write of memory. Two threads that do so at the
 * same moment lose one of their updates.
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

        bank_shared_settle(bank, &transaction, i);
    }
}

static void *
create(const struct bank_job *job)
{
    return bank_shared_create(job, apply_chunk);
}

const struct bank_variant bank_variant_unsafe = {
    .name = "unsafe",
    .is_safe = false,
    .create = create,
    .apply = bank_shared_apply,
    .collect = bank_shared_collect,
    .destroy = bank_shared_destroy,
};
