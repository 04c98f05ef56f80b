/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * owned: the memory that belongs to an actor besides its state.
 *
 * Each piece has a header, and the headers are a list in the actor's extension,
 * linked both ways so that any piece can leave it. The end of a life frees what
 * is in the list; it needs nothing that the actor's own code could have left
 * undone.
 *
 * Not chosen: a region for each actor, of which nothing is freed before the
 * end. Tables grow, and actors may live for months.
 *
 * All functions are for the actor's owner.
 */
#ifndef TROUPE_ACTORS_OWNED_H
#define TROUPE_ACTORS_OWNED_H

#include <stddef.h>

struct tp_owned;

/* One more piece in the list, of so many bytes, all zeros; NULL: no memory. */
void *tp_owned_make(struct tp_owned **list, size_t bytes);

/* Frees all that is in the list, which is empty then. */
void tp_owned_free_all(struct tp_owned **list);

#endif
