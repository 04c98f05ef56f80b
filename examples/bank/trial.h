/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trial: one variant, pass after pass, in a process of its own.
 *
 * The process is forked for it, so that no variant finds memory, caches or
 * threads that another one left. It shares the ledger's pages with its parent
 * and sends each pass's figures through a pipe while nothing is measured; at
 * the end come its peak memory and the balances of the pass to be shown.
 *
 * Passes are repeated, each on fresh state, until BANK_TRIAL_SECONDS_MIN have
 * been measured and there are BANK_TRIAL_PASSES_MIN of them; a ledger so small
 * that this would take too many stops at BANK_TRIAL_PASSES_MAX. One pass says
 * little: a race may spare it.
 *
 * The pass to be shown is the worst: one that is not exact before one that is,
 * then the one that lost most updates; the later of equals. What is told of a
 * single pass (declined, totals, wrong accounts, balances) is told of that
 * one, so that the figures belong together.
 *
 *     every function    a thread of a process that has no others
 */
#ifndef TROUPE_BANK_TRIAL_H
#define TROUPE_BANK_TRIAL_H

#include "examples/bank/pass.h"

#define BANK_TRIAL_SECONDS_MIN 1.0

enum { BANK_TRIAL_PASSES_MIN = 5, BANK_TRIAL_PASSES_MAX = 10000 };

struct bank_trial {
    const struct bank_variant *variant;
    size_t threads_count;
    size_t transactions_count;
    struct bank_pass *passes; /* the trial's own */
    size_t passes_count;
    size_t passes_capacity;
    size_t shown;   /* the index of the pass to be shown */
    int64_t *cents; /* each account's balance after it; the trial's own */
    bool is_exact;  /* every pass was */
    uint64_t updates_lost_count;    /* in all passes together */
    uint64_t updates_applied_count; /* the same */

    /* The most memory the process ever had in use. The pages it shares with
     * its parent, above all the ledger's, are part of it. */
    uint64_t peak_rss_bytes;
};

/*
 * passes_count 0: as many as the header says. False: the reason is on stderr,
 * and there is nothing to fini.
 */
bool bank_trial_run(struct bank_trial *trial,
    const struct bank_variant *variant, const struct bank_job *job,
    size_t passes_count);
void bank_trial_fini(struct bank_trial *trial);

#endif
