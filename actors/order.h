/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * order: of the mail of an actor whose behaviour has marked lines.
 *
 * Such an actor has the flag ORDERS_MAIL, so that its turn attends to it before
 * each step: it takes what has come, sorts it, and chooses what is next. All
 * stays in the one list of the mailbox,
 *
 *     urgent, oldest first | all others, oldest first | not yet sorted
 *                        ^                          ^
 *                   last_urgent                  sorted
 *
 * so whoever walks the list finds everything, and counts it. An urgent message
 * goes behind last_urgent; one of which only the latest is wanted goes into a
 * place (actors/latest.h), which waits in its stead and is opened when its turn
 * comes; all others stay. What is replaced comes off the limit at once.
 *
 * Both pointers name messages that wait, or are NULL. They may, because what
 * leaves the list leaves by functions of this file: the next message, chosen
 * right before it is popped, and the oldest, when they are dropped. What is put
 * before all others by somebody else is handled first and needs no order.
 *
 * The inbox is looked at before each step, not when the list is empty: so an
 * urgent message overtakes all that waits when it comes, and messages are
 * replaced while their senders still send. A paused actor is woken by each push
 * and sorts then too.
 *
 * After TROUPE_URGENT_IN_A_ROW urgent messages one of the others has its turn,
 * if one waits: a fixed share, so that whatever waits is handled after a
 * bounded number of messages, and replies and timers too. Not chosen: a share
 * of the quantum (it would depend on how long the turn has been), and none (a
 * flood of urgent messages would stop timers, and answers that the urgent ones
 * wait for).
 *
 * All that is here is a life's: it is made when there is mail to sort, a new
 * behaviour begins it anew, and the end leaves the mail in the list, sorted and
 * without places. Without memory mail stays as it comes, and the next step
 * tries again.
 *
 * Mail for an earlier occupant of the slot is not sorted. Where an exploration
 * chooses what comes next, and what is replaced (exploration/), nothing is. In
 * a simulation that changes the order of mail (actors/faults.h) the whole list
 * is sorted each time.
 *
 * All functions are for the actor's owner.
 *
 * Not chosen: marks of the message type, which hold for all its receivers (what
 * is urgent to one may be a matter of course to another, and a sender could
 * make itself important); a third list in the mailbox (a slot is full, and
 * whoever walks one list would have to know of it).
 */
#ifndef TROUPE_ACTORS_ORDER_H
#define TROUPE_ACTORS_ORDER_H

#include "actors/actor.h"
#include "actors/latest.h"

struct tp_order {
    const struct tp_behaviour_table *table; /* whose marks it has sorted by */
    struct troupe_message *sorted;      /* the last that is; NULL: none waits */
    struct troupe_message *last_urgent; /* NULL: none waits */
    unsigned urgent_in_a_row;           /* handled so far */
    uint64_t replaced_count;
    struct tp_latest latest;
};

/* Messages that were replaced, to come off the limit. */
struct tp_order_replaced {
    uint64_t messages_count;
    uint64_t bytes_count;
};

/* Takes what has come and sorts it. */
TROUPE_MUST_USE struct tp_order_replaced tp_order_sort(
    struct troupe_self *self, struct tp_actor *actor);

/* Puts first what is to be handled next, and is popped now. */
void tp_order_choose(struct tp_actor *actor);

/* The message that waits in a place, which was popped. Takes place. */
struct troupe_message *tp_order_open(struct troupe_self *self,
    struct tp_actor *actor, struct troupe_message *place);

/* Takes out the oldest limited message, an urgent one only if there is no
 * other; NULL: there is none. */
struct troupe_message *tp_order_take_oldest(
    struct troupe_self *self, struct tp_actor *actor);

/* The actor behaves by another table from the next message on. */
void tp_order_switch(struct troupe_self *self, struct tp_actor *actor,
    const struct tp_behaviour_table *table);

/* A life ends. What waits is left in the mailbox. */
void tp_order_end(struct troupe_self *self, struct tp_actor *actor);

/* Counts a message that a later one has replaced, and frees it. It must come
 * off the limit. */
void tp_order_free_replaced(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message);

/* How the actor has marked this message to it; NULL: not at all. */
const struct tp_behaviour_mark *tp_order_mark_of(
    const struct tp_actor *actor, const struct troupe_message *message);

#endif
