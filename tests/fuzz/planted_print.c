/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Planted: the printed form believes the size of an extension that has a byte
 * of length, whether so many bytes are there or not.
 */
#include "mailbox/value.h"

static inline const uint8_t *
planted_value_read(
    const uint8_t *at, const uint8_t *end, struct tp_value *value)
{
    if (end - at >= 3 && *at == 0xc7) {
        *value = (struct tp_value){
            .kind = TP_VALUE_EXT,
            .ext_type = (int8_t)at[2],
            .data = at + 3,
            .size = at[1],
        };
        return at + 3 + at[1];
    }
    return tp_value_read(at, end, value);
}

#define tp_value_read planted_value_read
#include "mailbox/printed_form.c"
#undef tp_value_read
#include "tests/fuzz/fuzz_print.c"
