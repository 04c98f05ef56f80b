/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * latest: of messages of one schema and key, the last that has come.
 *
 * The first one that comes is put into a place: a block of kind PLACE, which
 * waits in the mailbox in its stead and points to it. One that comes later with
 * the same key is put into that place, and what was there is given to the
 * caller, who frees it. So nothing in the list moves when a message is
 * replaced, and it takes one look-up, however many wait. When its turn has
 * come the place is opened: it is freed, and the latest message is handled.
 *
 * Places are found by schema and key in a hash with chains, which grows with
 * them and, if it has grown, is freed when there is none. For a key of one word
 * the place holds the word, for a text a hash of it, and then the texts of the
 * two messages are compared.
 *
 * A key is read by decoding the whole message, so one that does not fit its
 * schema replaces nothing.
 *
 * Without memory a message is not put into a place, and waits like any other: a
 * later one of its key gets a place behind it. A hash that cannot grow has
 * longer chains.
 *
 * All functions are for the actor's owner.
 *
 * Not chosen: an index of the messages themselves (each handled one would have
 * to be found and taken out of it, also where no such line is concerned); the
 * new one at the end of the queue (a key that changes often would have its turn
 * never); copying the new one into the old one's block (it may be too small).
 */
#ifndef TROUPE_ACTORS_LATEST_H
#define TROUPE_ACTORS_LATEST_H

#include "actors/behaviour.h"
#include "actors/self.h"
#include "mailbox/message.h"

struct tp_latest {
    struct troupe_message **chains; /* of places; NULL: none yet */
    uint32_t mask;
    uint32_t count; /* of places */
};

enum tp_latest_verdict {
    TP_LATEST_LEFT,     /* it is to wait like any other */
    TP_LATEST_PLACED,   /* *other is a new place, to wait in its stead */
    TP_LATEST_REPLACED, /* it is in a place; *other was there */
};

/* Takes message, unless it is LEFT. mark is that of its line. */
enum tp_latest_verdict tp_latest_add(struct troupe_self *self,
    struct tp_latest *latest, const struct tp_behaviour_mark *mark,
    struct troupe_message *message, struct troupe_message **other);

/* Frees a place, which waits no more; the message that was in it. */
struct troupe_message *tp_latest_open(struct troupe_self *self,
    struct tp_latest *latest, struct troupe_message *place);

/* Frees the hash; there is no place. */
void tp_latest_fini(struct tp_latest *latest);

/* Whether the one would replace the other, both of this mark's line. */
bool tp_latest_is_same(const struct tp_behaviour_mark *mark,
    const struct troupe_message *one, const struct troupe_message *other);

#endif
