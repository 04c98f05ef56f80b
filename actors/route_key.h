/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route_key: what in a message decides to whom it goes: the value of a field,
 * found by its name.
 *
 * Equal values are equal keys however they are written: 5 in one byte and 5 in
 * nine, a float and a double of one value. A field that is raw MessagePack
 * counts by its bytes. The place of the field in the schema that came last is
 * remembered, for messages of one kind come in a row.
 *
 *     every function    one thread at a time
 *
 * Not chosen: to hash the bytes as they are. What another library has packed
 * need not be the shortest form.
 */
#ifndef TROUPE_ACTORS_ROUTE_KEY_H
#define TROUPE_ACTORS_ROUTE_KEY_H

#include "mailbox/message.h"

struct tp_route_key {
    const char *field;
    /* The place of the field in that schema. */
    uint32_t schema; /* 0: none yet */
    uint32_t index;
};

/* False: the message has no such field. */
bool tp_route_key_read(struct tp_route_key *key,
    const struct troupe_message *message, uint64_t *value);

#endif
