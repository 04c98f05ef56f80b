/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of an actor: what its state points to.
 *
 * A state has a fixed size. What grows (a table, a text, a list) is memory that
 * belongs to the actor, and goes with it: when the actor ends, for whatever
 * reason, a crash or a kill among them, or when its supervisor starts it again,
 * all of it is freed. So nothing leaks that a handler could not free any more.
 *
 * Like the state it is the actor's alone: no other actor may touch it, and it
 * cannot travel in a message; a message's bytes are copied.
 *
 * Every function here is for handlers.
 */
#ifndef TROUPE_MEMORY_H
#define TROUPE_MEMORY_H

#include "troupe/actor.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Memory of so many bytes, all zeros, fit for every type, that belongs to the
 * actor that runs. Its stop handler may still use it. NULL: there is none left,
 * or the caller is no handler.
 */
TROUPE_API TROUPE_MUST_USE void *troupe_alloc(
    struct troupe_self *self, size_t bytes);

/**
 * Changes the size of memory, which troupe_alloc() gave to this actor; it may
 * move. Bytes that are added are unspecified. memory NULL: as troupe_alloc().
 * On NULL the old memory is untouched and still the actor's.
 */
TROUPE_API TROUPE_MUST_USE void *troupe_realloc(
    struct troupe_self *self, void *memory, size_t bytes);

/** Frees memory of this actor before its end. NULL is fine. */
TROUPE_API void troupe_free(struct troupe_self *self, void *memory);

#ifdef __cplusplus
}
#endif

#endif
