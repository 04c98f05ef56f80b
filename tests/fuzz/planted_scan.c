/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Planted: the scan takes a map of n pairs for n values.
 */
#include "mailbox/value.h"

static inline const uint8_t *
planted_value_read(
    const uint8_t *at, const uint8_t *end, struct tp_value *value)
{
    const uint8_t *after = tp_value_read(at, end, value);

    if (value->kind == TP_VALUE_MAP) {
        value->values_count /= 2;
    }
    return after;
}

#define tp_value_read planted_value_read
#include "mailbox/scan.c"
#undef tp_value_read
#include "tests/fuzz/fuzz_scan.c"
