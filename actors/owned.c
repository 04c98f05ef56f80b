/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/owned.h"

#include "actors/actor.h"
#include "actors/outside.h"
#include "actors/runtime.h"
#include "base/memory.h"
#include "troupe/memory.h"

#include <stdalign.h>

/* A piece, in front of the bytes that the actor sees. */
struct tp_owned {
    struct tp_owned *next;
    struct tp_owned **place; /* what points to it */
    alignas(max_align_t) unsigned char bytes[];
};

static void
put_in(struct tp_owned *piece, struct tp_owned **list)
{
    piece->next = *list;
    piece->place = list;
    if (piece->next != NULL) {
        piece->next->place = &piece->next;
    }
    *list = piece;
}

static void
take_out(struct tp_owned *piece)
{
    *piece->place = piece->next;
    if (piece->next != NULL) {
        piece->next->place = piece->place;
    }
}

void
tp_owned_free_all(struct tp_owned **list)
{
    struct tp_owned *piece = *list;

    *list = NULL;
    while (piece != NULL) {
        struct tp_owned *next = piece->next;

        tp_memory_free(piece);
        piece = next;
    }
}

void *
tp_owned_make(struct tp_owned **list, size_t bytes)
{
    struct tp_owned *piece;

    if (bytes > SIZE_MAX - sizeof(*piece)) {
        return NULL;
    }
    piece = tp_memory_alloc_zeroed(1, sizeof(*piece) + bytes);
    if (piece == NULL) {
        return NULL;
    }
    put_in(piece, list);
    return piece->bytes;
}

static struct tp_owned *
piece_of(void *memory)
{
    return (struct tp_owned *)(void *)((unsigned char *)memory -
                                       offsetof(struct tp_owned, bytes));
}

static bool
is_in_handler(const struct troupe_self *self)
{
    return self != NULL && self->worker != NULL && self->actor != NULL;
}

void *
troupe_alloc(struct troupe_self *self, size_t bytes)
{
    TP_RUNTIME_CALL();
    struct tp_extension *extension;

    if (!is_in_handler(self)) {
        return NULL;
    }
    extension = tp_extension_get(self, self->actor);
    return extension == NULL ? NULL : tp_owned_make(&extension->owned, bytes);
}

void *
troupe_realloc(struct troupe_self *self, void *memory, size_t bytes)
{
    TP_RUNTIME_CALL();
    struct tp_owned *piece;
    struct tp_owned *moved;
    struct tp_owned **list;

    if (memory == NULL) {
        return troupe_alloc(self, bytes);
    }
    if (!is_in_handler(self) || bytes > SIZE_MAX - sizeof(*piece)) {
        return NULL;
    }
    piece = piece_of(memory);
    list = piece->place;
    take_out(piece);
    moved = tp_memory_realloc(piece, sizeof(*piece) + bytes);
    put_in(moved != NULL ? moved : piece, list);
    return moved != NULL ? moved->bytes : NULL;
}

void
troupe_free(struct troupe_self *self, void *memory)
{
    TP_RUNTIME_CALL();

    (void)self;
    if (memory != NULL) {
        take_out(piece_of(memory));
        tp_memory_free(piece_of(memory));
    }
}
