/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kept: the requests that one actor holds back, to answer them later.
 *
 * A request is the message itself. While it is kept it has a place in its
 * actor's table, so that the actor's death finds it and answers; the place is
 * written where the envelope had the incarnation, which a message that has
 * arrived needs no more.
 *
 * All functions are for the actor's owner.
 */
#ifndef TROUPE_ACTORS_KEPT_H
#define TROUPE_ACTORS_KEPT_H

#include "mailbox/message.h"

struct tp_kept {
    struct troupe_message **items;
    uint32_t capacity;
    uint32_t count; /* the first so many places are taken */
};

/* False: no memory, and the request is not kept. */
bool tp_kept_add(struct tp_kept *kept, struct troupe_message *request);

/* Takes the request out; it must be kept here. */
void tp_kept_remove(struct tp_kept *kept, struct troupe_message *request);

/* Takes any request out; NULL if none is kept. */
struct troupe_message *tp_kept_remove_any(struct tp_kept *kept);

/* Frees the table, in which nothing is kept. */
void tp_kept_fini(struct tp_kept *kept);

#endif
