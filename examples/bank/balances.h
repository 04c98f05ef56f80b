/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * balances: the CSV file of what every account holds.
 *
 * The header account,balance, then a line an account, sorted by name in byte
 * order. Balances have two decimals; a name is quoted only where RFC 4180
 * needs it; lines end with LF.
 *
 *     bank_balances_write    one thread
 */
#ifndef TROUPE_BANK_BALANCES_H
#define TROUPE_BANK_BALANCES_H

#include "examples/bank/accounts.h"

#include <stdio.h>

/* cents: of each account. False: out of memory or not written, errno is set. */
bool bank_balances_write(
    const struct bank_accounts *accounts, const int64_t *cents, FILE *stream);

#endif
