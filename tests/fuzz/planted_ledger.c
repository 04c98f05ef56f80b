/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Planted: balances wrap around where they should be refused.
 */
#include "examples/bank/money.h"

static inline bool
planted_try_add(int64_t *cents, int64_t more)
{
    *cents = bank_money_add(*cents, more);
    return true;
}

#define bank_money_try_add planted_try_add
#include "examples/bank/ledger.c"
#include "tests/fuzz/fuzz_ledger.c"
