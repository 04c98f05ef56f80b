/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * letter_subscribers: the actors that are told of dead letters.
 *
 * Who records a dead letter tells each subscriber by a message of its own,
 * right there. That must neither hold up nor fill anything:
 *
 *  - The sender of a notice is never paused for it, and what its handler has
 *    chained is pushed before, so order stays causal.
 *  - A subscriber whose mailbox is congested is not told, only counted: its
 *    next notice says how many it has missed. So notices never fill a mailbox
 *    beyond its high mark, and a flood costs a load each while it is congested.
 *    Only an alarm is told in any case: a period has one.
 *
 * Notices must not feed on themselves, or one dead letter would go on for ever:
 *
 *  - A notice that becomes a dead letter is counted, and nobody is told.
 *  - Nor is anybody told of what a subscriber has sent. So neither one that
 *    tells a dead actor of each notice, nor two of that kind, keep it going.
 *
 * A subscription ends with its actor: the first notice that comes too late is a
 * dead letter of NO_SUCH_ACTOR, and whoever records that takes the subscriber
 * off the list.
 *
 *     tp_letter_subscribers_init fini       one thread
 *     tp_letter_subscribers_add remove      any thread; add takes a mutex
 *     all others                            any thread
 *
 * The mutex keeps an actor from getting two places. Places are read without:
 * who sees one a moment too late does not tell a new subscriber, or makes a
 * dead letter of a notice to an old one.
 *
 * Not chosen: one notice for many letters, sent when the last one has been
 * handled (the subscriber would have to say so, and would see none of them in
 * its place); to tell threads outside too (their mailboxes take only replies;
 * they can read the table).
 */
#ifndef TROUPE_ACTORS_LETTER_SUBSCRIBERS_H
#define TROUPE_ACTORS_LETTER_SUBSCRIBERS_H

#include "actors/letter_example.h"

#include <ck_pr.h>
#include <pthread.h>

struct tp_letter_alarm;

struct tp_letter_subscriber {
    /*
     * TROUPE_NO_PID: a free place. Written to a pid with the mutex and with
     * release, so that `missed` is 0 before; to NO_PID by a compare-and-swap
     * without the mutex, and nothing follows from it. Pairs with the acquire of
     * who tells. Stale: as the header says.
     */
    uint64_t pid;
    /*
     * Notices left out since its last one. Added to by any thread, taken by
     * whoever sends the next. Orders nothing. Stale: told in the notice after;
     * or, if the subscriber was just leaving, to the next in its place.
     */
    uint64_t missed;
};

struct tp_letter_subscribers {
    pthread_mutex_t mutex;
    /*
     * Raised with the mutex before a place is taken, lowered by any thread
     * after it is free: 0 means none. Orders nothing. A stale 0: a subscriber
     * is not told who has just come; a stale 1: all places are looked at.
     */
    uint32_t count;
    struct tp_letter_subscriber places[TROUPE_DEAD_LETTERS_SUBSCRIBERS_MAX];
};

void tp_letter_subscribers_init(struct tp_letter_subscribers *subscribers);
void tp_letter_subscribers_fini(struct tp_letter_subscribers *subscribers);

/* TOO_MANY_SUBSCRIBERS. */
TROUPE_MUST_USE troupe_err tp_letter_subscribers_add(
    struct tp_letter_subscribers *subscribers, troupe_pid pid);

void tp_letter_subscribers_remove(
    struct tp_letter_subscribers *subscribers, troupe_pid pid);

static inline bool
tp_letter_subscribers_are_none(const struct tp_letter_subscribers *subscribers)
{
    return ck_pr_load_32(&subscribers->count) == 0;
}

/* Whether the letter is itself a notice. Ends the subscription of a subscriber
 * that is no more. */
bool tp_letter_subscribers_own(struct tp_letter_subscribers *subscribers,
    const struct tp_dead_letter *letter);

/* Tells all of the letter, of whose cause, message and receiver there have been
 * so many. self's thread. */
void tp_letter_subscribers_tell(struct troupe_self *self,
    const struct tp_dead_letter *letter, uint64_t count);

/* Tells all of the alarm. self's thread. */
void tp_letter_subscribers_alarm(
    struct troupe_self *self, const struct tp_letter_alarm *alarm);

#endif
