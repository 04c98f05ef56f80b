/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replacing: of messages of which an actor wants only the latest, one takes the
 * place of another.
 *
 * In the mailbox that happens when the later one comes while the other waits
 * (actors/order.h). An exploration has no such moment, since whatever waits in
 * a queue may have come already or not. So it is a step of its own: the head of
 * a queue is replaced by a message that its actor would take for a later one of
 * the same key, the next of them in this queue or the first in another. That
 * one leaves its queue, whatever is before it there, and is the head of this
 * one. Once it is in such a place it has come, and replaces nothing any more.
 *
 * Only heads are replaced: what is behind may be, when it is the head. And no
 * message takes two places on its way, because it would have had to wait in one
 * of them when it came to the other.
 *
 * All functions are for the simulation's thread.
 */
#ifndef TROUPE_EXPLORATION_REPLACING_H
#define TROUPE_EXPLORATION_REPLACING_H

#include "exploration/choices.h"

/* Offers all that may take the place of head, a message of this queue. */
void tp_replacing_offer(struct tp_choices *choices, struct tp_actor *actor,
    struct troupe_message *head, uint64_t queue);

/* Makes it happen. */
void tp_replacing_take(
    struct tp_choices *choices, const struct tp_offer *offer);

/* The queue in which the message has taken a place; 0: in none. */
uint64_t tp_replacing_queue_of(
    const struct tp_choices *choices, const struct troupe_message *message);

/* Forgets what is not in the actor's mailbox any more; at once, before its
 * block can be another message. */
void tp_replacing_let_go(
    struct tp_choices *choices, const struct tp_actor *actor);

#endif
