/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Planted: who makes a message of foreign bytes takes the value that they begin
 * with and does not look whether others follow.
 */
#include "mailbox/scan.h"

/* Says that the value takes all of the bytes. */
static inline troupe_err
planted_scan(const uint8_t *bytes, size_t size,
    const struct tp_scan_bounds *bounds, size_t *value_size)
{
    troupe_err err = tp_scan_value(bytes, size, bounds, value_size);

    if (err == TROUPE_OK) {
        *value_size = size;
    }
    return err;
}

#define tp_scan_value planted_scan
#include "actors/tell.c"
#undef tp_scan_value
#include "tests/fuzz/fuzz_message.c"
