/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stash: the messages that one actor has put aside.
 *
 *              troupe_stash, handler returns         troupe_unstash
 *     in hand --------------------------------> aside ------------> called back
 *        ^                                        |                      |
 *        |                                        | end of the life      |
 * attend |                                        v                      v
 *        +---------------------------------- first in the mailbox <------+
 *
 * A list in the order of arrival, in a block of its own. The first due_count
 * of it have been called back: they go to the front of the mailbox before the
 * actor handles anything else (TP_ACTOR_UNSTASHES, actors/actor.h). A message
 * goes aside when its handler has returned. So while a handler runs, nothing
 * moves: the message in hand is where it was, in the inbox even; several calls
 * of one handler keep the order; and a handler that stashes and takes back in
 * one does not find its own message again at once, for ever.
 *
 * Limits. What has been handled comes off the limit of the mailbox before its
 * handler runs, and a message that is put aside stays off. If it counted, an
 * actor that puts aside whatever comes until X comes would be congested at the
 * high mark, its senders would be paused until it has handled what it has put
 * aside, which it will when X has come; and if one of those has X to send, that
 * is never. So a stash has a bound of its own, and it is the actor that is
 * told, by STASH_FULL, when nothing else can hold the flood up: it may refuse
 * what comes, fail, or drop it. The bound is the mailbox's high mark once more,
 * because that is how much the one who spawned the actor has thought right to
 * wait for it. An actor holds then at most what its mailbox may, and as much
 * again as its high mark. Like congestion, fullness begins with the message
 * that reaches the mark, so that one that is larger than all has room, too.
 *
 * What comes back counts again, as it will come off once more when it is
 * handled. That may exceed the hard mark and does not refuse anything; the
 * limit's word has room for it, since what a stash may hold is less than what
 * is left above the highest marks. If it congests the mailbox, the mark is
 * cleared like any other: the actor is awake and has a message to handle. An
 * actor that drops its oldest messages may drop what came back, which is the
 * oldest.
 *
 * An end needs no memory: the list goes to the front of the mailbox as it is,
 * where the next life finds it, or nobody.
 *
 * All functions are for the actor's owner.
 */
#ifndef TROUPE_ACTORS_STASH_H
#define TROUPE_ACTORS_STASH_H

#include "mailbox/message.h"
#include "troupe/stash.h"

struct tp_actor;

/* However high the mark: far below what tp_limit can count beyond its own. */
#define TP_STASH_MESSAGES_MAX (UINT64_C(1) << 18)
#define TP_STASH_BYTES_MAX (UINT64_C(1) << 36)

struct tp_stash {
    struct troupe_message *oldest; /* NULL: none */
    struct troupe_message *newest; /* defined while oldest is not NULL */
    uint64_t count;
    uint64_t bytes;     /* that they take up of a limit */
    uint64_t due_count; /* of them, called back */
};

/* The handler that called troupe_stash() has returned. Takes message. */
void tp_stash_put(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message);

/* Moves what has been called back to the front of the mailbox. */
void tp_stash_return_due(struct troupe_self *self, struct tp_actor *actor);

/* Moves all of it there and frees the stash, of an actor that ends and has an
 * extension. */
void tp_stash_return_all(struct troupe_self *self, struct tp_actor *actor);

#endif
