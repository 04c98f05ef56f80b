/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/money.h"

#include <string.h>

enum { DECIMALS = 2 };

static bool
append_digit(uint64_t *cents, char digit)
{
    return !__builtin_mul_overflow(*cents, 10, cents) &&
           !__builtin_add_overflow(*cents, (uint64_t)(digit - '0'), cents);
}

/* Digits from text on, until one does not fit; how many there were. */
static size_t
parse_digits(const char *text, const char *end, uint64_t *cents, bool *fits)
{
    const char *digit = text;

    for (; digit < end && *digit >= '0' && *digit <= '9'; digit++) {
        *fits = *fits && append_digit(cents, *digit);
    }
    return (size_t)(digit - text);
}

enum bank_money_parsed
bank_money_parse(const char *text, size_t length, int64_t *cents)
{
    const char *end = text + length;
    bool is_negative = length > 0 && *text == '-';
    uint64_t magnitude = 0;
    bool fits = true;
    size_t decimals = 0;
    size_t digits;

    text += is_negative;
    digits = parse_digits(text, end, &magnitude, &fits);
    text += digits;
    if (digits > 0 && text < end && *text == '.') {
        decimals = parse_digits(++text, end, &magnitude, &fits);
        text += decimals;
        digits = decimals;
    }
    if (digits == 0 || text != end) {
        return BANK_MONEY_NOT_A_NUMBER;
    }
    if (decimals > DECIMALS) {
        return BANK_MONEY_TOO_MANY_DECIMALS;
    }
    for (; decimals < DECIMALS; decimals++) {
        fits = fits && append_digit(&magnitude, '0');
    }
    if (!fits || magnitude > BANK_MONEY_MAX) {
        return BANK_MONEY_TOO_LARGE;
    }
    *cents = is_negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return BANK_MONEY_OK;
}

/* Writes backwards from the end of text, with a point before the last places
 * digits, then moves what it wrote to the front. */
static const char *
format(char text[BANK_MONEY_TEXT_SIZE], bank_total cents, int places)
{
    unsigned __int128 rest =
        cents < 0 ? -(unsigned __int128)cents : (unsigned __int128)cents;
    char *begin = text + BANK_MONEY_TEXT_SIZE;
    int digits_count = 0;

    *--begin = '\0';
    while (rest > 0 || digits_count <= places) {
        if (places > 0 && digits_count == places) {
            *--begin = '.';
        }
        *--begin = (char)('0' + (int)(rest % 10));
        rest /= 10;
        digits_count++;
    }
    if (cents < 0) {
        *--begin = '-';
    }
    return memmove(text, begin, strlen(begin) + 1);
}

const char *
bank_money_format(char text[BANK_MONEY_TEXT_SIZE], bank_total cents)
{
    return format(text, cents, DECIMALS);
}

const char *
bank_money_format_cents(char text[BANK_MONEY_TEXT_SIZE], bank_total cents)
{
    return format(text, cents, 0);
}
