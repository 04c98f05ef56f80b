/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pass: one application of a ledger by a variant, measured and checked.
 *
 * The clock runs from just before the threads are let go to just after the
 * last is done. What the balances should be is the ledger's closing balances
 * or, where overdraft is refused, the opening balances and all transactions
 * that the variant does not report as declined. The check is the same code for
 * every variant.
 *
 *     bank_pass_run    one thread; the process does nothing else
 */
#ifndef TROUPE_BANK_PASS_H
#define TROUPE_BANK_PASS_H

#include "examples/bank/variant.h"

/* The figures of one pass; no pointers, so that a pipe can carry it. */
struct bank_pass {
    double seconds;
    uint64_t declined_count;
    uint64_t updates_applied_count;
    uint64_t updates_lost_count;   /* applied, but not in a counter */
    uint64_t wrong_accounts_count; /* balance is not what it should be */
    bank_total expected_total;
    bank_total observed_total;
    uint64_t voluntary_switches_count; /* of all threads, while applying */
    uint64_t involuntary_switches_count;

    /* Every balance is right and every update counted once; and where overdraft
     * is refused, no balance is negative. */
    bool is_exact;
};

/*
 * Runs a variant on fresh state. outcome's arrays are filled with what it
 * left. False: the variant could not be created, and has said why.
 */
bool bank_pass_run(const struct bank_variant *variant,
    const struct bank_job *job, struct bank_outcome *outcome,
    struct bank_pass *pass);

/* What an outcome is worth: all of pass but seconds and switches. */
bool bank_pass_check(const struct bank_job *job,
    const struct bank_outcome *outcome, struct bank_pass *pass);

#endif
