/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * compare: the command that applies one ledger with each variant.
 *
 *     bank_compare    the main thread of a process that has no others
 */
#ifndef TROUPE_BANK_COMPARE_H
#define TROUPE_BANK_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BANK_EXIT_EXACT = 0,
    BANK_EXIT_INEXACT = 1, /* a safe variant, or something went wrong */
    BANK_EXIT_BAD_INPUT = 2,
};

struct bank_compare_options {
    const char *ledger;    /* NULL: the default one; "-": standard input */
    const char *variants;  /* names between commas; NULL: all */
    const char *balances;  /* where to write them; NULL: nowhere */
    int64_t threads_count; /* 0: one for each processor, but at least two */
    int64_t runs_count;    /* passes; 0: as many as trial.h says */
    bool no_overdraft;
    bool is_json;
};

/* options: a struct bank_compare_options. Takes no operands. Returns the exit
 * status. */
int bank_compare(
    const void *options, char *const *operands, size_t operands_count);

#endif
