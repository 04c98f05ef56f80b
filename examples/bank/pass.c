/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/pass.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static double
seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void
apply_measured(
    const struct bank_variant *variant, void *bank, struct bank_pass *pass)
{
    struct rusage before;
    struct rusage after;
    double begin;

    getrusage(RUSAGE_SELF, &before);
    begin = seconds_now();
    variant->apply(bank);
    pass->seconds = seconds_now() - begin;
    getrusage(RUSAGE_SELF, &after);
    pass->voluntary_switches_count =
        (uint64_t)(after.ru_nvcsw - before.ru_nvcsw);
    pass->involuntary_switches_count =
        (uint64_t)(after.ru_nivcsw - before.ru_nivcsw);
}

/* Counts what was applied and declined. With declined transactions, *expected
 * also becomes the balances without them. */
static void
replay(const struct bank_job *job, const bool *is_declined, int64_t *expected,
    struct bank_pass *pass)
{
    const struct bank_ledger *ledger = job->ledger;

    for (size_t i = 0; i < ledger->transactions_count; i++) {
        const struct bank_transaction *transaction = &ledger->transactions[i];

        if (is_declined != NULL && is_declined[i]) {
            pass->declined_count++;
            continue;
        }
        pass->updates_applied_count += bank_transaction_updates(transaction);
        if (is_declined != NULL && transaction->from != BANK_NOBODY) {
            expected[transaction->from] = bank_money_add(
                expected[transaction->from], -transaction->cents);
        }
        if (is_declined != NULL && transaction->to != BANK_NOBODY) {
            expected[transaction->to] =
                bank_money_add(expected[transaction->to], transaction->cents);
        }
    }
}

static void
compare_balances(const struct bank_job *job, const struct bank_outcome *outcome,
    const int64_t *expected, struct bank_pass *pass)
{
    bool has_negative = false;

    for (size_t i = 0; i < job->ledger->accounts.count; i++) {
        pass->expected_total += expected[i];
        pass->observed_total += outcome->cents[i];
        pass->wrong_accounts_count += outcome->cents[i] != expected[i];
        has_negative |= outcome->cents[i] < 0;
    }
    pass->is_exact = pass->wrong_accounts_count == 0 &&
                     pass->updates_applied_count == outcome->updates_count &&
                     !(job->refuses_overdraft && has_negative);
}

bool
bank_pass_check(const struct bank_job *job, const struct bank_outcome *outcome,
    struct bank_pass *pass)
{
    const struct bank_ledger *ledger = job->ledger;
    const int64_t *balances = outcome->is_declined != NULL
                                  ? ledger->opening_cents
                                  : ledger->closing_cents;
    size_t size = ledger->accounts.count * sizeof(*balances);
    int64_t *expected = malloc(size + 1);

    if (expected == NULL) {
        fputs("out of memory\n", stderr);
        return false;
    }
    if (size > 0) {
        memcpy(expected, balances, size);
    }
    replay(job, outcome->is_declined, expected, pass);
    pass->updates_lost_count =
        pass->updates_applied_count > outcome->updates_count
            ? pass->updates_applied_count - outcome->updates_count
            : 0;
    compare_balances(job, outcome, expected, pass);
    free(expected);
    return true;
}

bool
bank_pass_run(const struct bank_variant *variant, const struct bank_job *job,
    struct bank_outcome *outcome, struct bank_pass *pass)
{
    void *bank = variant->create(job);

    memset(pass, 0, sizeof(*pass));
    if (bank == NULL) {
        return false;
    }
    apply_measured(variant, bank, pass);
    variant->collect(bank, outcome);
    variant->destroy(bank);
    return bank_pass_check(job, outcome, pass);
}
