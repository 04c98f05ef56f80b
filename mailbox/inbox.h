/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inbox: many senders push, one owner takes all.
 *
 * One word. Senders push onto a lock-free stack with a compare-and-swap; the
 * owner takes the whole stack in one swap. The same word says whether somebody
 * is bound to look at it, so that a push tells by itself whether the owner must
 * be scheduled:
 *
 *     ASLEEP ---push---> messages ---take---> AWAKE
 *        ^                  ^                   |  |
 *        |                  +------- push ------+  |
 *        +------------------ try_sleep ------------+
 *        ^                  |
 *        +- try_sleep_with -+ the only message is handled
 *
 *     from        to          by                  called by
 *     ASLEEP   -> messages    tp_inbox_push       any thread; true: schedule
 *     messages -> messages    tp_inbox_push       any thread
 *     AWAKE    -> messages    tp_inbox_push       any thread
 *     messages -> AWAKE       tp_inbox_take       owner
 *     AWAKE    -> ASLEEP      tp_inbox_try_sleep  owner
 *     messages -> ASLEEP      tp_inbox_try_sleep_with   owner, of one message
 *     ASLEEP   -> AWAKE       tp_inbox_try_occupy a thread that nobody
 *                             schedules, and tp_inbox_take by it
 *
 * The owner is whoever runs the actor that the inbox belongs to. Between a push
 * that returned true and the try_sleep that returns true the actor is scheduled
 * or running, exactly once.
 *
 * No message is left behind. Push, take and try_sleep are read-modify-writes of
 * one word, so they have an order. A push before try_sleep makes try_sleep
 * fail: the owner takes again. A push after it finds ASLEEP and says so.
 *
 * A message that is alone is most often all there is for a while. The owner may
 * handle it where it lies: tp_inbox_peek_only(), then
 * tp_inbox_try_sleep_with(), which takes it out and sleeps at once, so that the
 * swap falls away. Meanwhile others are pushed above it, by comparing its
 * address and by writing it into their own `next`; nobody reads it. The
 * compare-and-swap succeeds only if it is still the head. Then nothing was
 * pushed since: what is pushed stays until the owner takes it, and the address
 * cannot have come back, because the owner still holds the message. If it fails
 * the owner takes all, and the list ends in that message. Until it is out of
 * the inbox it must be neither freed nor sent on, since its `next` ends the
 * list and its address is the place where it ends.
 *
 * Lock-free: a sender frozen at any step holds up nobody. ABA does no harm: a
 * pusher only compares the head, it never follows it, and the owner takes all.
 *
 * Order: two messages of one thread are taken in the order they were pushed.
 *
 * Not chosen: ck_ring_enqueue_mpsc (a producer frozen between its claim and its
 * publication stops all others), a swap-then-link queue (the same for its
 * reader), ck_stack with a state word beside it (a second read-modify-write a
 * message; it costs 3 to 4 ns).
 */
#ifndef TROUPE_MAILBOX_INBOX_H
#define TROUPE_MAILBOX_INBOX_H

#include "mailbox/message.h"

#include <ck_pr.h>
#include <stdbool.h>
#include <stddef.h>

/* ASLEEP is NULL, so that zeroed memory is an inbox. */
#define TP_INBOX_ASLEEP ((struct troupe_message *)NULL)
#define TP_INBOX_AWAKE ((struct troupe_message *)(uintptr_t)1)

struct tp_inbox {
    /*
     * Newest message first, or one of the two marks. Written by any thread
     * (push) and by the owner (take, try_sleep...), as in the table above. The
     * push releases what the message holds and pairs with the acquire in take
     * and in both peeks. try_sleep and try_sleep_with release what the owner
     * did and pair with the acquire in a push that finds ASLEEP. A stale read
     * costs a failed compare-and-swap.
     */
    struct troupe_message *head;
};

/*
 * Takes the messages from newest to oldest, linked by next: they are the
 * owner's from here on. True: the owner slept and the caller must schedule it.
 * Any thread.
 */
static inline bool
tp_inbox_push(struct tp_inbox *inbox, struct troupe_message *newest,
    struct troupe_message *oldest)
{
    struct troupe_message *seen = ck_pr_load_ptr(&inbox->head);

    for (;;) {
        struct troupe_message *now;

        oldest->next = seen == TP_INBOX_AWAKE ? NULL : seen;
        ck_pr_fence_release();
        if (ck_pr_cas_ptr_value(&inbox->head, seen, newest, &now)) {
            break;
        }
        seen = now;
    }
    ck_pr_fence_acquire();
    return seen == TP_INBOX_ASLEEP;
}

/* All messages, newest first, linked by next; NULL if there is none. Owner. */
static inline struct troupe_message *
tp_inbox_take(struct tp_inbox *inbox)
{
    struct troupe_message *taken;

    /* Stale: a message is taken by the next call, or makes try_sleep fail. */
    if (ck_pr_load_ptr(&inbox->head) == TP_INBOX_AWAKE) {
        return NULL;
    }
    taken = ck_pr_fas_ptr(&inbox->head, TP_INBOX_AWAKE);
    ck_pr_fence_acquire();
    return taken == TP_INBOX_AWAKE ? NULL : taken; /* ASLEEP is NULL */
}

/*
 * True: the owner sleeps, and touches nothing of the actor any more. False:
 * there are messages to take. Owner, after a take.
 */
static inline bool
tp_inbox_try_sleep(struct tp_inbox *inbox)
{
    ck_pr_fence_release();
    return ck_pr_cas_ptr(&inbox->head, TP_INBOX_AWAKE, TP_INBOX_ASLEEP);
}

/*
 * The newest message, linked by next to the older ones; all stay in the inbox.
 * NULL if there is none. Owner.
 */
static inline const struct troupe_message *
tp_inbox_peek(struct tp_inbox *inbox)
{
    const struct troupe_message *head = ck_pr_load_ptr(&inbox->head);

    ck_pr_fence_acquire();
    return head == TP_INBOX_AWAKE ? NULL : head; /* ASLEEP is NULL */
}

/*
 * The message, if there is one and no other; it stays in the inbox. Else NULL.
 * Owner.
 */
static inline struct troupe_message *
tp_inbox_peek_only(struct tp_inbox *inbox)
{
    struct troupe_message *head = ck_pr_load_ptr(&inbox->head);

    if (head == TP_INBOX_ASLEEP || head == TP_INBOX_AWAKE) {
        return NULL;
    }
    ck_pr_fence_acquire();
    return head->next == NULL ? head : NULL;
}

/*
 * True: only, which peek_only returned, is out of the inbox and still the
 * caller's; the owner sleeps, as after try_sleep. False: there are newer ones,
 * and the next take returns them all, only at their end. Owner.
 */
static inline bool
tp_inbox_try_sleep_with(struct tp_inbox *inbox, struct troupe_message *only)
{
    ck_pr_fence_release();
    return ck_pr_cas_ptr(&inbox->head, only, TP_INBOX_ASLEEP);
}

/*
 * True: the caller owns the inbox, which was asleep, until it sleeps again.
 * False: somebody is scheduled for it. Whoever holds the free slot around it.
 */
static inline bool
tp_inbox_try_occupy(struct tp_inbox *inbox)
{
    bool done = ck_pr_cas_ptr(&inbox->head, TP_INBOX_ASLEEP, TP_INBOX_AWAKE);

    ck_pr_fence_acquire();
    return done;
}

#endif
