/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * generate: the command that writes a ledger made up from a seed.
 *
 * M open lines, then N transactions: a quarter deposits, a quarter
 * withdrawals, half transfers, over accounts drawn by zipf.h, the first being
 * the busiest. The same options give the same bytes on every machine, so a
 * ledger is named by four numbers. With one account there are no transfers.
 *
 *     every function    one thread
 */
#ifndef TROUPE_BANK_GENERATE_H
#define TROUPE_BANK_GENERATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define BANK_GENERATE_TRANSACTIONS_MAX INT64_C(1000000000000)
#define BANK_GENERATE_ACCOUNTS_MAX INT64_C(10000000)

struct bank_generate_options {
    int64_t transactions_count;
    int64_t accounts_count;
    int64_t skew_millionths;
    int64_t seed;
};

/* The command: writes on stdout. Takes no operands. Returns the exit status. */
int bank_generate(
    const void *options, char *const *operands, size_t operands_count);

/* False: out of memory or not written, errno says which. */
bool bank_generate_on(
    const struct bank_generate_options *options, FILE *stream);

#endif
