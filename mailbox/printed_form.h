/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * printed form: a message as people read it in a log or a dump.
 *
 *     deposit{amount_cents: 5000, memo: "rent"}
 *
 * The payload is printed straight from its bytes, which may be anything: what
 * is broken shows as <cut short>, <no value> or <missing> in its place. Values
 * after the fields that the schema knows have no label. A schema known by name
 * only is followed by its bare payload: deposit [5000, "rent"].
 *
 * A message costs one line at most of what matters: text and bytes are
 * shortened after 64 bytes, lists after 16 elements, nesting after 8 levels.
 * Text is escaped, so that no stranger's bytes reach a terminal as control
 * characters. A pid is <runtime.slot.incarnation>.
 *
 *     tp_printed_form_write    any thread
 */
#ifndef TROUPE_MAILBOX_PRINTED_FORM_H
#define TROUPE_MAILBOX_PRINTED_FORM_H

#include <stddef.h>
#include <stdint.h>

/*
 * Writes at most size bytes with the NUL, as snprintf does, and returns the
 * length of the whole form.
 */
size_t tp_printed_form_write(char *out, size_t size, uint32_t schema_number,
    const uint8_t *payload, size_t payload_size);

#endif
