/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * value: what the first bytes of any MessagePack value say.
 *
 * Decoders know the type that they want and read it with troupe/wire.h. The
 * scan, the printed form and error sentences meet values that nobody
 * announced, and read them here: one step for a whole number, a text or the
 * like, with its body; for an array or a map one step for its header, after
 * which its values_count values follow one by one.
 *
 * MessagePack is a byte of tag, then perhaps a length, then perhaps a body;
 * the tags from c0 to df are a table of how long these are.
 *
 *     every function    any thread; reads only the bytes given
 *
 * Not chosen: msgpack-c's unpacker, which builds the whole tree on the heap
 * and believes the lengths that it reads.
 */
#ifndef TROUPE_MAILBOX_VALUE_H
#define TROUPE_MAILBOX_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tp_value_kind {
    TP_VALUE_CUT_SHORT, /* the bytes end too early: data, size say where */
    TP_VALUE_RESERVED,  /* the one byte, c1, that begins no value */
    TP_VALUE_NIL,
    TP_VALUE_BOOLEAN,
    TP_VALUE_UNSIGNED,
    TP_VALUE_SIGNED,
    TP_VALUE_FLOAT,
    TP_VALUE_DOUBLE,
    TP_VALUE_STR,
    TP_VALUE_BIN,
    TP_VALUE_EXT,
    TP_VALUE_ARRAY,
    TP_VALUE_MAP,
};

struct tp_value {
    enum tp_value_kind kind;
    int8_t ext_type;
    bool is_true;

    /* UNSIGNED, SIGNED; SIGNED may hold what is not negative. */
    uint64_t bits;

    /* FLOAT, DOUBLE. */
    double real;

    /* The body of STR, BIN and EXT. CUT_SHORT: size bytes at the least from
     * the first byte on. */
    const uint8_t *data;
    size_t size;

    /* How many values follow: elements of an ARRAY, keys and values of a MAP
     * counted each. */
    uint64_t values_count;
};

/*
 * Reads the value at at. Returns the end of what it read, or NULL if that is
 * CUT_SHORT or RESERVED.
 */
const uint8_t *tp_value_read(
    const uint8_t *at, const uint8_t *end, struct tp_value *value);

/*
 * Words for value, such as "the integer 300" or "a str of 5 bytes". Writes at
 * most size bytes with the NUL, as snprintf does.
 */
void tp_value_describe(char *out, size_t size, const struct tp_value *value);

#endif
