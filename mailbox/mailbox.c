/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/mailbox.h"

static void
append_control(struct tp_mailbox *mailbox, struct troupe_message *oldest)
{
    struct troupe_message **end = &mailbox->control;

    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = oldest;
}

static void
append(struct tp_mailbox *mailbox, struct troupe_message *oldest,
    struct troupe_message *newest)
{
    if (mailbox->oldest == NULL) {
        mailbox->oldest = oldest;
    } else {
        mailbox->newest->next = oldest;
    }
    mailbox->newest = newest;
}

void
tp_mailbox_sort(struct tp_mailbox *mailbox, struct troupe_message *first,
    const struct troupe_message *end)
{
    struct troupe_message *control = NULL;
    struct troupe_message *oldest = NULL;
    struct troupe_message *newest = NULL;

    while (first != end) {
        struct troupe_message *message = first;
        struct troupe_message **list =
            tp_message_is_control(message) ? &control : &oldest;

        first = message->next;
        if (list == &oldest && oldest == NULL) {
            newest = message;
        }
        message->next = *list;
        *list = message;
    }
    if (control != NULL) {
        append_control(mailbox, control);
    }
    if (oldest != NULL) {
        append(mailbox, oldest, newest);
    }
}

/* The message whose link place is; `next` is a message's first field. */
static struct troupe_message *
message_linking(struct troupe_message **place)
{
    return (struct troupe_message *)(void *)place;
}

struct troupe_message *
tp_mailbox_take_limited(
    struct tp_mailbox *mailbox, struct troupe_message ***place)
{
    struct troupe_message *message;

    while ((message = **place) != NULL && !tp_message_is_limited(message)) {
        *place = &message->next;
    }
    if (message == NULL) {
        return NULL;
    }
    **place = message->next;
    if (message == mailbox->newest && *place != &mailbox->oldest) {
        mailbox->newest = message_linking(*place);
    }
    return message;
}

struct troupe_message *
tp_mailbox_take_behind(struct tp_mailbox *mailbox, struct troupe_message *after)
{
    struct troupe_message **place =
        after == NULL ? &mailbox->oldest : &after->next;
    struct troupe_message *message = *place;

    *place = message->next;
    if (mailbox->newest == message) {
        mailbox->newest = after;
    }
    return message;
}

void
tp_mailbox_put_behind(struct tp_mailbox *mailbox, struct troupe_message *after,
    struct troupe_message *message)
{
    struct troupe_message **place =
        after == NULL ? &mailbox->oldest : &after->next;

    message->next = *place;
    *place = message;
    if (message->next == NULL) {
        mailbox->newest = message;
    }
}

struct troupe_message *
tp_mailbox_take_stale(struct tp_mailbox *mailbox, uint32_t incarnation,
    struct troupe_message **after)
{
    struct troupe_message *message =
        *after == NULL ? mailbox->oldest : (*after)->next;

    while (message != NULL && message->incarnation == incarnation) {
        *after = message;
        message = message->next;
    }
    return message == NULL ? NULL : tp_mailbox_take_behind(mailbox, *after);
}

static void
unlink_from(struct troupe_message **list, const struct troupe_message *message)
{
    while (*list != message) {
        list = &(*list)->next;
    }
    *list = message->next;
}

static struct troupe_message *
last_of(struct troupe_message *list)
{
    while (list != NULL && list->next != NULL) {
        list = list->next;
    }
    return list;
}

void
tp_mailbox_bring_forward(
    struct tp_mailbox *mailbox, struct troupe_message *message)
{
    unlink_from(&mailbox->oldest, message);
    message->next = mailbox->oldest;
    mailbox->oldest = message;
    mailbox->newest = last_of(message);
}

void
tp_mailbox_prepend(struct tp_mailbox *mailbox, struct troupe_message *oldest,
    struct troupe_message *newest)
{
    newest->next = mailbox->oldest;
    if (mailbox->oldest == NULL) {
        mailbox->newest = newest;
    }
    mailbox->oldest = oldest;
}

void
tp_mailbox_put_aside(struct tp_mailbox *mailbox, struct troupe_message *left,
    struct tp_mailbox *aside)
{
    *aside = *mailbox;
    *mailbox = (struct tp_mailbox){NULL, NULL, NULL};
    if (tp_message_is_control(left)) {
        unlink_from(&aside->control, left);
        mailbox->control = left;
    } else {
        unlink_from(&aside->oldest, left);
        aside->newest = last_of(aside->oldest);
        mailbox->oldest = left;
        mailbox->newest = left;
    }
    left->next = NULL;
}

static bool
has(const struct troupe_message *list, const struct troupe_message *message)
{
    while (list != NULL && list != message) {
        list = list->next;
    }
    return list != NULL;
}

void
tp_mailbox_put_back(struct tp_mailbox *mailbox, struct tp_mailbox *aside,
    struct troupe_message *first)
{
    struct tp_mailbox come = *mailbox;

    *mailbox = *aside;
    append_control(mailbox, come.control);
    if (first != NULL && has(come.oldest, first)) {
        struct troupe_message *oldest = come.oldest;

        come.oldest = first->next;
        tp_mailbox_prepend(mailbox, oldest, first);
    }
    if (come.oldest != NULL) {
        append(mailbox, come.oldest, come.newest);
    }
}
