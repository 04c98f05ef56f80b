/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * variant: one way to apply a ledger with several threads at once.
 *
 * What is the same for all is outside: reading and checking the ledger, the
 * clock, the comparison with what the balances should be. A variant only says
 * how an account is changed. It lives through
 *
 *     create     accounts at their opening balances, threads (or actors) made
 *                and waiting at the start; not on the clock
 *     apply      every transaction of the ledger, once; on the clock. Each
 *                thread takes one contiguous chunk of the ledger, in order
 *     collect    what the accounts hold now; not on the clock
 *     destroy
 *
 * each called by one thread, and from create to destroy a variant has the
 * process to itself (trial.h), so it may keep the ledger's memory in view but
 * never writes to it.
 *
 * Every update of an account is two changes, made in the same way: of its
 * balance, and of its update counter. A lost update is therefore counted even
 * when the money happens to add up.
 */
#ifndef TROUPE_BANK_VARIANT_H
#define TROUPE_BANK_VARIANT_H

#include "examples/bank/ledger.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bank_job {
    const struct bank_ledger *ledger; /* borrowed for the variant's life */
    size_t threads_count;

    /*
     * A transaction is declined, whole, when it would leave an account with
     * less than zero or with more than an amount can be.
     */
    bool refuses_overdraft;
};

/* A thread's part of the ledger: transactions [begin, end). */
struct bank_chunk {
    size_t begin;
    size_t end;
};

/* The ledger divided evenly and in order among the threads. */
struct bank_chunk bank_job_chunk(const struct bank_job *job, size_t thread);

/* What collect fills in; the arrays are the caller's. */
struct bank_outcome {
    int64_t *cents;         /* of each account */
    bool *is_declined;      /* each transaction; NULL unless overdraft is */
    uint64_t updates_count; /* the sum of the accounts' update counters */
};

struct bank_variant {
    const char *name;
    bool is_safe; /* whether it promises exact balances */

    /* NULL: the reason has been printed on stderr. */
    void *(*create)(const struct bank_job *job);
    void (*apply)(void *bank);
    void (*collect)(void *bank, struct bank_outcome *outcome);
    void (*destroy)(void *bank);
};

/* Every variant, in the order in which they are compared; ends with NULL. */
extern const struct bank_variant *const bank_variants[];

/* A new variant is a file with one of these, and a line in variant.c. */
extern const struct bank_variant bank_variant_unsafe;
extern const struct bank_variant bank_variant_mutex;
extern const struct bank_variant bank_variant_locks;
extern const struct bank_variant bank_variant_actors;

#endif
