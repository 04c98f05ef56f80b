/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Planted: the decoder of a short text believes the length that it reads.
 */
#include "troupe/wire.h"

static inline const uint8_t *
planted_get_str(const uint8_t *at, const uint8_t *end, struct troupe_str *value)
{
    if (at < end && (*at & 0xe0) == 0xa0) {
        value->length = *at & 0x1f;
        value->data = (const char *)at + 1;
        return at + 1 + value->length;
    }
    return troupe_wire_get_str(at, end, value);
}

#define troupe_wire_get_str planted_get_str
#include "tests/fuzz/fuzz_decode.c"
