/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * array: values of one size, one behind the other, in memory of an actor.
 *
 * For the actor that has them.
 */
#ifndef TROUPE_BANK_SERVICE_ARRAY_H
#define TROUPE_BANK_SERVICE_ARRAY_H

#include <troupe/troupe.h>

/* Room for count values of so many bytes; *room is how many there is room for.
 * false: no memory, and all is as it was. */
static inline bool
bank_array_reserve(struct troupe_self *self, void **values, size_t *room,
    size_t count, size_t bytes)
{
    size_t more = *room == 0 ? 4 : *room;
    void *moved;

    if (count <= *room) {
        return true;
    }
    while (more < count) {
        more *= 2;
    }
    moved = troupe_realloc(self, *values, more * bytes);
    if (moved == NULL) {
        return false;
    }
    *values = moved;
    *room = more;
    return true;
}

#endif
