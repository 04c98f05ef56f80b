/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/order.h"

#include "actors/post.h"
#include "base/assert.h"
#include "scheduler/simulation.h"
#include "troupe/order.h"

#include <string.h>

const struct tp_behaviour_mark *
tp_order_mark_of(
    const struct tp_actor *actor, const struct troupe_message *message)
{
    if (!tp_message_is_limited(message) || message->kind == TP_MESSAGE_PLACE ||
        message->incarnation != troupe_pid_incarnation(actor->pid)) {
        return NULL;
    }
    return tp_behaviour_find_mark(actor->table, message->schema);
}

static bool
is_urgent(const struct tp_actor *actor, const struct troupe_message *message)
{
    const struct tp_behaviour_mark *mark = tp_order_mark_of(actor, message);

    return mark != NULL && mark->kind == TROUPE_URGENT;
}

/* ---- beginning and ending ------------------------------------------------ */

static struct tp_order *
order_of(const struct tp_actor *actor)
{
    return actor->extension == NULL ? NULL : actor->extension->order;
}

/* The actor's, made if it has none. NULL: there is no memory. */
static struct tp_order *
get(struct troupe_self *self, struct tp_actor *actor)
{
    size_t bytes = sizeof(struct tp_order);
    struct tp_extension *extension = tp_extension_get(self, actor);
    struct tp_order *made;

    if (extension == NULL || extension->order != NULL) {
        return extension == NULL ? NULL : extension->order;
    }
    made = tp_block_take(&self->blocks, tp_block_class_of(bytes), bytes);
    if (made != NULL) {
        memset(made, 0, bytes);
        made->table = actor->table;
        extension->order = made;
    }
    return made;
}

/* Leaves the mail as it lies, without places, all of it to be sorted. */
static void
forget(struct troupe_self *self, struct tp_actor *actor, struct tp_order *order)
{
    struct troupe_message *before = NULL;
    struct troupe_message *message = actor->mailbox.oldest;

    while (message != NULL) {
        if (message->kind == TP_MESSAGE_PLACE) {
            message = tp_mailbox_take_behind(&actor->mailbox, before);
            message = tp_latest_open(self, &order->latest, message);
            tp_mailbox_put_behind(&actor->mailbox, before, message);
        }
        before = message;
        message = message->next;
    }
    order->sorted = NULL;
    order->last_urgent = NULL;
}

void
tp_order_end(struct troupe_self *self, struct tp_actor *actor)
{
    struct tp_order *order = order_of(actor);

    if (order != NULL) {
        forget(self, actor, order);
        tp_latest_fini(&order->latest);
        tp_block_give(&self->blocks, tp_block_class_of(sizeof(*order)), order);
        actor->extension->order = NULL;
    }
}

void
tp_order_switch(struct troupe_self *self, struct tp_actor *actor,
    const struct tp_behaviour_table *table)
{
    tp_actor_set_table(actor, table);
    if (table->marks != NULL) {
        actor->flags |= TP_ACTOR_ORDERS_MAIL; /* and it finds out itself */
    } else if ((actor->flags & TP_ACTOR_ORDERS_MAIL) != 0) {
        actor->flags &= (uint16_t)~TP_ACTOR_ORDERS_MAIL;
        tp_order_end(self, actor);
    }
}

/* ---- sorting ------------------------------------------------------------- */

/* What is sorted so far, on the way through the list. */
struct sorting {
    struct troupe_self *self;
    struct tp_actor *actor;
    struct tp_order *order;
    struct troupe_message *before; /* the last that stays where it is */
    struct tp_order_replaced replaced;
};

static struct troupe_message *
next_of(const struct sorting *sorting)
{
    return sorting->before == NULL ? sorting->actor->mailbox.oldest
                                   : sorting->before->next;
}

static void
put_forward(struct sorting *sorting, struct troupe_message *message)
{
    struct tp_mailbox *mailbox = &sorting->actor->mailbox;
    struct tp_order *order = sorting->order;

    if (sorting->before == order->last_urgent) {
        sorting->before = message; /* it is there already */
    } else {
        (void)tp_mailbox_take_behind(mailbox, sorting->before);
        tp_mailbox_put_behind(mailbox, order->last_urgent, message);
    }
    order->last_urgent = message;
}

void
tp_order_free_replaced(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message)
{
    struct tp_order *order = get(self, actor);

    if (order != NULL) {
        order->replaced_count++;
    }
    self->replaced_count++;
    tp_post_free(self, message);
}

static void
put_into_place(struct sorting *sorting, const struct tp_behaviour_mark *mark,
    struct troupe_message *message)
{
    struct tp_mailbox *mailbox = &sorting->actor->mailbox;
    struct troupe_message *other = NULL;
    enum tp_latest_verdict verdict = tp_latest_add(
        sorting->self, &sorting->order->latest, mark, message, &other);

    if (verdict == TP_LATEST_LEFT) {
        sorting->before = message;
        return;
    }
    (void)tp_mailbox_take_behind(mailbox, sorting->before);
    if (verdict == TP_LATEST_PLACED) {
        tp_mailbox_put_behind(mailbox, sorting->before, other);
        sorting->before = other;
    } else {
        sorting->replaced.messages_count++;
        sorting->replaced.bytes_count += tp_post_bytes_of(other);
        tp_order_free_replaced(sorting->self, sorting->actor, other);
    }
}

static void
sort_next(struct sorting *sorting, struct troupe_message *message)
{
    const struct tp_behaviour_mark *mark =
        tp_order_mark_of(sorting->actor, message);

    if (mark != NULL && mark->kind == TROUPE_URGENT) {
        put_forward(sorting, message);
    } else if (mark != NULL && message->kind != TP_MESSAGE_REQUEST) {
        put_into_place(sorting, mark, message);
    } else {
        sorting->before = message;
    }
}

static void
sort(struct sorting *sorting)
{
    struct tp_order *order = sorting->order;
    struct troupe_message *message;

    sorting->before = order->sorted;
    while ((message = next_of(sorting)) != NULL) {
        sort_next(sorting, message);
    }
    order->sorted = sorting->before;
}

struct tp_order_replaced
tp_order_sort(struct troupe_self *self, struct tp_actor *actor)
{
    const struct tp_simulation *simulation = self->worker->simulation;
    struct sorting sorting = {.self = self, .actor = actor};

    if (simulation != NULL && simulation->is_directed) {
        return sorting.replaced;
    }
    tp_mailbox_fill(&actor->mailbox, &actor->inbox);
    sorting.order = get(self, actor);
    if (sorting.order == NULL) {
        return sorting.replaced;
    }
    if (sorting.order->table != actor->table) {
        forget(self, actor, sorting.order);
        sorting.order->table = actor->table;
    }
    if (self->runtime->faults.is_reordering) {
        sorting.order->sorted = NULL;
        sorting.order->last_urgent = NULL;
    }
    sort(&sorting);
    return sorting.replaced;
}

/* ---- what leaves the list ------------------------------------------------ */

/* The message is about to leave; before it lies `before`, or nothing. */
static void
let_go(struct tp_order *order, const struct troupe_message *message,
    struct troupe_message *before)
{
    if (order->sorted == message) {
        order->sorted = before;
    }
    if (order->last_urgent == message) {
        order->last_urgent = before; /* urgent too, or none */
    }
}

/* One of the others has waited for long enough: it is put first. */
static void
give_turn(struct tp_actor *actor, struct tp_order *order)
{
    struct troupe_message *last_urgent = order->last_urgent;
    struct troupe_message *message = last_urgent->next;

    let_go(order, message, last_urgent);
    (void)tp_mailbox_take_behind(&actor->mailbox, last_urgent);
    tp_mailbox_put_behind(&actor->mailbox, NULL, message);
    order->urgent_in_a_row = 0;
}

void
tp_order_choose(struct tp_actor *actor)
{
    struct tp_order *order = order_of(actor);
    struct troupe_message *next = actor->mailbox.oldest;

    if (order == NULL || next == NULL) {
        return;
    }
    if (!is_urgent(actor, next)) {
        order->urgent_in_a_row = 0;
        let_go(order, next, NULL);
    } else if (order->urgent_in_a_row >= TROUPE_URGENT_IN_A_ROW &&
               order->last_urgent != NULL && order->last_urgent->next != NULL) {
        give_turn(actor, order);
    } else {
        order->urgent_in_a_row++;
        let_go(order, next, NULL);
    }
}

struct troupe_message *
tp_order_open(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *place)
{
    return tp_latest_open(self, &order_of(actor)->latest, place);
}

/* The first limited message behind `before`; NULL: there is none. */
static struct troupe_message *
take_limited(struct tp_actor *actor, struct tp_order *order,
    struct troupe_message *before)
{
    struct troupe_message **place =
        before == NULL ? &actor->mailbox.oldest : &before->next;
    struct troupe_message *message =
        tp_mailbox_take_limited(&actor->mailbox, &place);

    if (message != NULL) {
        let_go(order, message,
            place == &actor->mailbox.oldest
                ? NULL
                : (struct troupe_message *)(void *)place);
    }
    return message;
}

struct troupe_message *
tp_order_take_oldest(struct troupe_self *self, struct tp_actor *actor)
{
    struct tp_order *order = order_of(actor);
    struct troupe_message **place = &actor->mailbox.oldest;
    struct troupe_message *message;

    if (order == NULL) {
        return tp_mailbox_take_limited(&actor->mailbox, &place);
    }
    message = take_limited(actor, order, order->last_urgent);
    if (message == NULL) {
        message = take_limited(actor, order, NULL);
    }
    return message == NULL || message->kind != TP_MESSAGE_PLACE
               ? message
               : tp_order_open(self, actor, message);
}

/* ---- what programs ask --------------------------------------------------- */

uint64_t
troupe_replaced_count(const struct troupe_self *self)
{
    const struct tp_order *order =
        self == NULL || self->worker == NULL || self->actor == NULL
            ? NULL
            : order_of(self->actor);

    return order == NULL ? 0 : order->replaced_count;
}
