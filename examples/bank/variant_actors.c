/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * actors: an actor for each account, and nothing shared between them.
 *
 * There are as many workers and dealers as other variants have threads; the
 * dealers wait for their first message at the start. Everything is applied when
 * the auditor says so (dealing.h).
 */
#include "examples/bank/account_actor.h"
#include "examples/bank/dealing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_NS TROUPE_SECONDS(60)

struct actors_bank {
    struct bank_dealing dealing;
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid *dealers;
};

/* Asked, not told: when the clock starts, every account is open. */
static void
open_accounts(struct actors_bank *bank)
{
    const struct bank_ledger *ledger = bank->dealing.job.ledger;
    struct balance balance;

    for (uint32_t i = 0; i < ledger->accounts.count; i++) {
        troupe_pid *pid = &bank->dealing.accounts[i];

        TROUPE_CHECK(troupe_spawn(bank->self, account, pid));
        TROUPE_CHECK(troupe_ask(bank->self, *pid, PATIENCE_NS, balance,
            &balance, open_account, .cents = ledger->opening_cents[i]));
    }
}

static void
start(struct actors_bank *bank)
{
    const struct bank_job *job = &bank->dealing.job;

    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.workers_count = (unsigned)job->threads_count),
        &bank->runtime));
    TROUPE_CHECK(troupe_runtime_start(bank->runtime));
    bank->self = troupe_thread_self(bank->runtime);
    if (bank->self == NULL) {
        troupe_check_failed("troupe_thread_self", TROUPE_E_NO_MEMORY);
    }
    open_accounts(bank);
    TROUPE_CHECK(troupe_spawn(bank->self, auditor, &bank->dealing.auditor));
    for (size_t i = 0; i < job->threads_count; i++) {
        TROUPE_CHECK(troupe_spawn(bank->self, dealer, &bank->dealers[i]));
    }
}

static void
free_bank(struct actors_bank *bank)
{
    free(bank->dealing.accounts);
    free(bank->dealers);
    free(bank);
}

static void *
create(const struct bank_job *job)
{
    struct actors_bank *bank = calloc(1, sizeof(*bank));

    if (bank == NULL) {
        fputs("out of memory\n", stderr);
        return NULL;
    }
    bank->dealing.job = *job;
    bank->dealing.accounts =
        calloc((size_t)job->ledger->accounts.count + 1, sizeof(troupe_pid));
    bank->dealers = calloc(job->threads_count, sizeof(troupe_pid));
    if (bank->dealing.accounts == NULL || bank->dealers == NULL) {
        fputs("out of memory\n", stderr);
        free_bank(bank);
        return NULL;
    }
    bank_dealing = &bank->dealing;
    start(bank);
    return bank;
}

static void
apply(void *bank)
{
    struct actors_bank *actors = bank;
    const struct bank_job *job = &actors->dealing.job;

    for (size_t i = 0; i < job->threads_count; i++) {
        struct bank_chunk chunk = bank_job_chunk(job, i);

        TROUPE_CHECK(troupe_tell(actors->self, actors->dealers[i], deal,
            .begin = chunk.begin, .end = chunk.end));
    }
    troupe_runtime_wait(actors->runtime);
}

/* Marks what an account has declined, page by page. */
static void
collect_declined(
    struct actors_bank *bank, troupe_pid account, bool *is_declined)
{
    struct declined declined;

    do {
        TROUPE_CHECK(troupe_ask(bank->self, account, PATIENCE_NS, declined,
            &declined, get_declined));
        for (size_t at = 0; at < declined.numbers.size;
             at += sizeof(uint64_t)) {
            uint64_t number;

            memcpy(&number, (const char *)declined.numbers.data + at,
                sizeof(number));
            is_declined[number] = true;
        }
    } while (declined.numbers.size > 0);
}

static void
collect(void *bank, struct bank_outcome *outcome)
{
    struct actors_bank *actors = bank;
    const struct bank_ledger *ledger = actors->dealing.job.ledger;

    outcome->updates_count = 0;
    if (outcome->is_declined != NULL) {
        memset(outcome->is_declined, 0, ledger->transactions_count);
    }
    for (uint32_t i = 0; i < ledger->accounts.count; i++) {
        troupe_pid account = actors->dealing.accounts[i];
        struct balance balance;

        TROUPE_CHECK(troupe_ask(actors->self, account, PATIENCE_NS, balance,
            &balance, get_balance));
        outcome->cents[i] = balance.cents;
        outcome->updates_count += balance.updates_count;
        if (outcome->is_declined != NULL) {
            collect_declined(actors, account, outcome->is_declined);
        }
    }
}

static void
destroy(void *bank)
{
    struct actors_bank *actors = bank;

    TROUPE_CHECK(troupe_runtime_stop(actors->runtime, PATIENCE_NS, NULL));
    troupe_runtime_destroy(&actors->runtime);
    bank_dealing = NULL;
    free_bank(actors);
}

const struct bank_variant bank_variant_actors = {
    .name = "actors",
    .is_safe = true,
    .create = create,
    .apply = apply,
    .collect = collect,
    .destroy = destroy,
};
