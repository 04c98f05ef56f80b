/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz: what every fuzz target is: one function from bytes to nothing.
 *
 * A target has no expected output, so each says in its first comment what must
 * hold for all bytes, and breaks off with CHECK if it does not. The sanitizers
 * watch the rest: bytes is a block of its own of exactly size bytes, so that a
 * read behind its end is seen.
 *
 * Who calls it: libFuzzer, which makes bytes that reach code not seen before,
 * or replay.c, which reads them from files.
 */
#ifndef TROUPE_TESTS_FUZZ_FUZZ_H
#define TROUPE_TESTS_FUZZ_FUZZ_H

#include "tests/support/check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A copy that is a block of its own, the caller's to free. */
static inline uint8_t *
fuzz_copy(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);

    CHECK(copy != NULL);
    if (size != 0) {
        memcpy(copy, bytes, size);
    }
    return copy;
}

/* Whether a terminal takes each byte for text: no control characters, neither
 * those of ASCII nor, as UTF-8, those of Latin-1. */
static inline bool
fuzz_is_printable(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        unsigned char next = (unsigned char)(i + 1 < length ? text[i + 1] : 0);

        if (byte < 0x20 || byte == 0x7f || (byte == 0xc2 && next < 0xa0)) {
            return false;
        }
    }
    return true;
}

#endif
