/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mailbox: the messages that the owner has taken from its inbox, in two lists.
 *
 * Control messages (start, stop, resume) have a list of their own and are
 * handled first. All others keep the order of the inbox: oldest first, so that
 * a reply stays behind what its sender sent before.
 *
 * Everything here is for the owner only; the word that others touch is the
 * inbox. Zeroed memory is an empty mailbox.
 */
#ifndef TROUPE_MAILBOX_MAILBOX_H
#define TROUPE_MAILBOX_MAILBOX_H

#include "mailbox/inbox.h"

struct tp_mailbox {
    struct troupe_message *control; /* oldest first */
    struct troupe_message *oldest;  /* of the others */
    struct troupe_message *newest;  /* defined while oldest is not NULL */
};

/* Sorts the messages from first, which is the newest, up to end, which is not
 * one of them: NULL, or the oldest of the list. */
void tp_mailbox_sort(struct tp_mailbox *mailbox, struct troupe_message *first,
    const struct troupe_message *end);

/* Sorts what the inbox holds into the two lists. */
static inline void
tp_mailbox_fill(struct tp_mailbox *mailbox, struct tp_inbox *inbox)
{
    struct troupe_message *taken = tp_inbox_take(inbox);

    if (taken == NULL) {
        return;
    }
    /* Most often one message, to an actor that has none. */
    if (taken->next == NULL && mailbox->oldest == NULL &&
        !tp_message_is_control(taken)) {
        mailbox->oldest = taken;
        mailbox->newest = taken;
        return;
    }
    tp_mailbox_sort(mailbox, taken, NULL);
}

/* As tp_mailbox_fill(), but for the oldest one there, which
 * tp_inbox_peek_only() has returned: it is the caller's from here on. */
static inline void
tp_mailbox_fill_above(struct tp_mailbox *mailbox, struct tp_inbox *inbox,
    const struct troupe_message *only)
{
    tp_mailbox_sort(mailbox, tp_inbox_take(inbox), only);
}

/* The oldest control message, now the caller's; NULL if there is none. */
static inline struct troupe_message *
tp_mailbox_pop_control(struct tp_mailbox *mailbox)
{
    struct troupe_message *message = mailbox->control;

    if (message != NULL) {
        mailbox->control = message->next;
    }
    return message;
}

/* The oldest other message, now the caller's; NULL if there is none. */
static inline struct troupe_message *
tp_mailbox_pop(struct tp_mailbox *mailbox)
{
    struct troupe_message *message = mailbox->oldest;

    if (message != NULL) {
        mailbox->oldest = message->next;
        __builtin_prefetch(message->next);
    }
    return message;
}

/*
 * Takes out the first limited message at *place or behind it, now the caller's;
 * NULL if there is none. *place, &mailbox->oldest at first, is where to go on:
 * so all that are taken out are found in one walk. Nothing else may change the
 * mailbox meanwhile.
 */
struct troupe_message *tp_mailbox_take_limited(
    struct tp_mailbox *mailbox, struct troupe_message ***place);

/*
 * Takes out the first message behind *after (NULL: from the oldest on) that is
 * not for this incarnation, now the caller's; NULL if there is none. *after is
 * moved over those that stay, and is where to go on.
 */
struct troupe_message *tp_mailbox_take_stale(struct tp_mailbox *mailbox,
    uint32_t incarnation, struct troupe_message **after);

/* Takes out the message behind `after` (NULL: the oldest), now the caller's;
 * there is one. */
struct troupe_message *tp_mailbox_take_behind(
    struct tp_mailbox *mailbox, struct troupe_message *after);

/* Puts a message that is no control message behind `after` (NULL: first). */
void tp_mailbox_put_behind(struct tp_mailbox *mailbox,
    struct troupe_message *after, struct troupe_message *message);

/* Puts this message, which is in the mailbox and no control message, first. */
void tp_mailbox_bring_forward(
    struct tp_mailbox *mailbox, struct troupe_message *message);

/* Puts these messages, linked by next up to newest, before all that are no
 * control messages. */
void tp_mailbox_prepend(struct tp_mailbox *mailbox,
    struct troupe_message *oldest, struct troupe_message *newest);

/* Leaves only this message, and moves all others to *aside. */
void tp_mailbox_put_aside(struct tp_mailbox *mailbox,
    struct troupe_message *left, struct tp_mailbox *aside);

/* Puts what was put aside before all that has come meanwhile, but behind what
 * is there up to `first`; NULL, or not there (any more): behind nothing. */
void tp_mailbox_put_back(struct tp_mailbox *mailbox, struct tp_mailbox *aside,
    struct troupe_message *first);

#endif
