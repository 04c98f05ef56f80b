/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * money: amounts in whole cents, and their decimal form.
 *
 * An amount is between -92,233,720,368,547,758.07 and as much above zero. The
 * one int64_t outside of that, INT64_MIN, is no amount, so every amount can be
 * negated.
 *
 * Sums. Applying transactions in another order than the ledger's may pass
 * through sums that do not fit, although the last one does. bank_money_add()
 * wraps around, which loses nothing: addition modulo 2^64 does not depend on
 * the order. bank_money_try_add() is for where every step must fit.
 *
 *     every function    any thread
 */
#ifndef TROUPE_BANK_MONEY_H
#define TROUPE_BANK_MONEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BANK_MONEY_MAX INT64_MAX

/* A total over accounts: 2^32 of them do not fill it. */
typedef __int128 bank_total;

/* Room for any total in decimal and the final zero byte. */
enum { BANK_MONEY_TEXT_SIZE = 48 };

enum bank_money_parsed {
    BANK_MONEY_OK,
    BANK_MONEY_NOT_A_NUMBER,
    BANK_MONEY_TOO_MANY_DECIMALS,
    BANK_MONEY_TOO_LARGE,
};

/* "12", "12.3", "12.34" or the same after a minus; *cents is set if OK. */
enum bank_money_parsed bank_money_parse(
    const char *text, size_t length, int64_t *cents);

/* Two decimals, "-" for negative: -1234 cents are -12.34. Returns text. */
const char *bank_money_format(
    char text[BANK_MONEY_TEXT_SIZE], bank_total cents);

/* The cents as a whole number. Returns text. */
const char *bank_money_format_cents(
    char text[BANK_MONEY_TEXT_SIZE], bank_total cents);

static inline int64_t
bank_money_add(int64_t cents, int64_t more)
{
    return (int64_t)((uint64_t)cents + (uint64_t)more);
}

/* False: the sum would be no amount, and *cents is as it was. */
static inline bool
bank_money_try_add(int64_t *cents, int64_t more)
{
    int64_t sum;

    if (__builtin_add_overflow(*cents, more, &sum) || sum == INT64_MIN) {
        return false;
    }
    *cents = sum;
    return true;
}

#endif
