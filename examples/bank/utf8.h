/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * utf8: whether bytes are UTF-8, and bytes as a sentence may quote them.
 *
 *     every function    any thread
 */
#ifndef TROUPE_BANK_UTF8_H
#define TROUPE_BANK_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of a text that are quoted; what follows is told by three dots. */
enum { BANK_UTF8_QUOTED_MAX = 64, BANK_UTF8_QUOTED_SIZE = 4 * 64 + 8 };

/* True: shortest forms only, no surrogates, nothing above U+10FFFF. */
bool bank_utf8_is_valid(const char *bytes, size_t length);

/*
 * The bytes in quotation marks, with \xNN for control characters and for what
 * is not UTF-8, so that no input can write to the reader's terminal. Returns
 * text.
 */
const char *bank_utf8_quote(
    char text[BANK_UTF8_QUOTED_SIZE], const char *bytes, size_t length);

#endif
