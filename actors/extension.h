/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * extension: what only some actors have: asks that they wait for, requests that
 * they keep. Made when it is first needed, so that a slot stays two cache
 * lines.
 *
 * All functions are for the actor's owner.
 */
#ifndef TROUPE_ACTORS_EXTENSION_H
#define TROUPE_ACTORS_EXTENSION_H

#include "actors/asks.h"
#include "actors/kept.h"
#include "base/memory.h"

struct tp_extension {
    struct tp_asks asks;
    struct tp_kept kept;
};

/* Makes *extension if it is NULL. NULL: there is no memory. */
static inline struct tp_extension *
tp_extension_get(struct tp_extension **extension)
{
    if (*extension == NULL) {
        *extension = tp_memory_alloc_zeroed(1, sizeof(**extension));
    }
    return *extension;
}

/* Frees it, with nothing open and nothing kept, and sets it to NULL. */
static inline void
tp_extension_destroy(struct tp_extension **extension)
{
    tp_asks_fini(&(*extension)->asks);
    tp_kept_fini(&(*extension)->kept);
    tp_memory_free(*extension);
    *extension = NULL;
}

#endif
