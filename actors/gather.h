/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gather: many asks of one actor that end together.
 *
 * Each is an ask like others (actors/ask.h), with one deadline for all; what it
 * continues with is a function here, which puts the answer in its place. The
 * reply stays there as a message that the gathering owns. Whichever answer
 * decides the outcome ends the gathering: the asks still open are closed, the
 * actor's continuation runs, and all is freed.
 *
 *     a reply too many?   never: asks that are closed find nobody, their
 *                         replies are late ones, and dead letters as those are
 *     the deadline        the first of the asks to expire ends it: the others
 *                         have the same deadline
 *     the actor's end     its asks are closed as all are; then the gatherings
 *                         in its extension's list are freed, with their replies
 *
 * An answer that decides the outcome never comes inside the call that asks:
 * what cannot be sent counts as an answer there, and if that leaves too few the
 * call itself fails.
 *
 * Not chosen: one timeout for all. It would save a block of 64 bytes an ask,
 * and need a second kind of ask that has none.
 *
 * All functions are for the actor's owner.
 */
#ifndef TROUPE_ACTORS_GATHER_H
#define TROUPE_ACTORS_GATHER_H

#include "actors/answer.h"
#include "troupe/gather.h"

struct tp_gather_place {
    struct troupe_gathered *gathered;
    troupe_pid to;
    uint64_t request; /* of the ask; 0: it has ended */
    struct troupe_answer answer;
    struct troupe_message *reply; /* owned; or NULL */
};

struct troupe_gathered {
    struct troupe_gathered *next; /* in the extension's list */
    struct troupe_gathered **link;
    troupe_gather_continuation *then;
    uint64_t context;
    size_t quorum;
    size_t count;
    size_t replies_count;
    size_t failures_count;
    troupe_err err;
    struct tp_gather_place places[];
};

/* Frees the list of an actor that ends, whose asks are closed. */
void tp_gather_release_all(
    struct troupe_self *self, struct troupe_gathered **list);

#endif
