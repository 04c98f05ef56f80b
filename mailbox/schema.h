/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * schema: the process's table of message kinds, by number and by name.
 *
 * Every description made by TROUPE_SCHEMA in some translation unit is interned
 * here before its messages are used, and so is every name that a dynamic
 * message brings. One name has one number for ever. The table owns copies of
 * all that it shows, so a library may be unloaded.
 *
 *                 intern by name           intern with fields
 *     unknown --------------------> named --------------------> described
 *        |                                                        ^
 *        +--------------------------------------------------------+
 *                            intern with fields
 *
 * A described name is never described otherwise: the same fields get the same
 * number, other fields are an error that shows both lists.
 *
 * Who may call what: every function, any thread. Interning something new takes
 * a mutex, which is for set-up. Looking up takes none and never waits: the
 * table only grows, each entry is complete before it is published, and a
 * reader that comes a little early finds nothing.
 *
 * Entries live as long as the process, since numbers are in messages that
 * anybody may still hold. Bytes from strangers are therefore looked up
 * (tp_schema_find_name), and interned only by choice: the table ends at
 * 65,536 names.
 *
 * Not chosen: numbers made by hashing the name (two names may collide, and no
 * one notices until a message is decoded as another) and a table a runtime
 * (the descriptions are static objects that all runtimes share).
 */
#ifndef TROUPE_MAILBOX_SCHEMA_H
#define TROUPE_MAILBOX_SCHEMA_H

#include "troupe/schema.h"

#include <stddef.h>
#include <stdint.h>

/* The longest name of a schema, in bytes. */
#define TP_SCHEMA_NAME_BYTES_MAX 128

/*
 * The number of the name, which is interned if it is not known. name needs no
 * NUL. INVALID_ARGUMENT if it is empty, too long or holds control characters,
 * NO_MEMORY if there is no room.
 */
TROUPE_MUST_USE troupe_err tp_schema_intern_name(
    const char *name, size_t length, uint32_t *number);

/* The number of the name, or 0 if it is not known. */
uint32_t tp_schema_find_name(const char *name, size_t length);

/*
 * Makes the sentence for what NAME_decode() returned for these bytes, if that
 * was not 0: the field, what it should be and what it is. Returns
 * TROUPE_E_DECODE.
 */
troupe_err tp_schema_decode_error(const struct troupe_schema *schema,
    const uint8_t *payload, const uint8_t *end, int code);

#endif
