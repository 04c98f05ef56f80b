/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *
cli_number_format(char text[CLI_NUMBER_SIZE], uint64_t number)
{
    char digits[CLI_NUMBER_SIZE];
    int digits_count = snprintf(digits, sizeof(digits), "%" PRIu64, number);
    char *end = text;

    for (int i = 0; i < digits_count; i++) {
        if (i > 0 && (digits_count - i) % 3 == 0) {
            *end++ = ',';
        }
        *end++ = digits[i];
    }
    *end = '\0';
    return text;
}

/*
 * The digits at *text, which it moves behind them, appended to *number. False:
 * there is none, or the number no longer fits.
 */
static bool
parse_digits(const char **text, int64_t *number)
{
    const char *begin = *text;

    for (; **text >= '0' && **text <= '9'; ++*text) {
        if (__builtin_mul_overflow(*number, 10, number) ||
            __builtin_add_overflow(*number, **text - '0', number)) {
            return false;
        }
    }
    return *text > begin;
}

bool
cli_number_parse(const char *text, int64_t *number)
{
    bool is_negative = *text == '-';
    int64_t magnitude = 0;

    text += is_negative;
    if (!parse_digits(&text, &magnitude) || *text != '\0') {
        return false;
    }
    *number = is_negative ? -magnitude : magnitude;
    return true;
}

bool
cli_number_parse_decimal(const char *text, int64_t *millionths)
{
    bool is_negative = *text == '-';
    int64_t magnitude = 0;
    size_t places = 0;

    text += is_negative;
    if (!parse_digits(&text, &magnitude)) {
        return false;
    }
    if (*text == '.') {
        places = strlen(++text);
        if (!parse_digits(&text, &magnitude)) {
            return false;
        }
    }
    if (*text != '\0' || places > 6) {
        return false;
    }
    for (; places < 6; places++) {
        if (__builtin_mul_overflow(magnitude, 10, &magnitude)) {
            return false;
        }
    }
    *millionths = is_negative ? -magnitude : magnitude;
    return true;
}
