/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/utf8.h"

#include <stdint.h>
#include <stdio.h>

/* Bytes that a sequence has after this first one; -1 for no first byte. */
static int
continuation_count(unsigned char first)
{
    if (first < 0x80) {
        return 0;
    }
    if (first >= 0xc2 && first <= 0xdf) {
        return 1;
    }
    if (first >= 0xe0 && first <= 0xef) {
        return 2;
    }
    return first >= 0xf0 && first <= 0xf4 ? 3 : -1;
}

/* Whether a second byte keeps its sequence shortest, below U+110000 and no
 * surrogate; the other bytes have no such say. */
static bool
may_follow(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xe0:
        return second >= 0xa0;
    case 0xed:
        return second < 0xa0;
    case 0xf0:
        return second >= 0x90;
    case 0xf4:
        return second < 0x90;
    default:
        return true;
    }
}

/* The length of the sequence that bytes begin with; 0 if it is not valid. */
static size_t
sequence_length(const char *bytes, size_t length)
{
    int count = continuation_count((unsigned char)bytes[0]);

    if (count < 0 || (size_t)count >= length) {
        return 0;
    }
    for (int i = 1; i <= count; i++) {
        if (((unsigned char)bytes[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    if (count > 0 &&
        !may_follow((unsigned char)bytes[0], (unsigned char)bytes[1])) {
        return 0;
    }
    return (size_t)count + 1;
}

bool
bank_utf8_is_valid(const char *bytes, size_t length)
{
    while (length > 0) {
        size_t step = sequence_length(bytes, length);

        if (step == 0) {
            return false;
        }
        bytes += step;
        length -= step;
    }
    return true;
}

/* Whether a valid sequence is a control character, of ASCII or from U+0080 to
 * U+009F, which terminals obey as well. */
static bool
is_control(const char *sequence)
{
    unsigned char first = (unsigned char)sequence[0];

    return first < 0x20 || first == 0x7f ||
           (first == 0xc2 && (unsigned char)sequence[1] < 0xa0);
}

const char *
bank_utf8_quote(
    char text[BANK_UTF8_QUOTED_SIZE], const char *bytes, size_t length)
{
    size_t kept = length < BANK_UTF8_QUOTED_MAX ? length : BANK_UTF8_QUOTED_MAX;
    char *end = text;

    *end++ = '"';
    while (kept > 0) {
        size_t step = sequence_length(bytes, kept);

        if (step == 0 || is_control(bytes)) {
            end += sprintf(end, "\\x%02x", (unsigned)(unsigned char)*bytes++);
            kept--;
            continue;
        }
        kept -= step;
        while (step-- > 0) {
            *end++ = *bytes++;
        }
    }
    sprintf(end, length > BANK_UTF8_QUOTED_MAX ? "...\"" : "\"");
    return text;
}
