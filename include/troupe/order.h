/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order of mail: messages that an actor handles before others, and messages
 * of which it wants only the latest.
 *
 * Both are said by the receiver, in lines of its behaviour, so that senders
 * need not know. Whatever no such line names is handled in the order in which
 * it came.
 *
 * Urgent messages are handled before all others that wait, as soon as the
 * handler that is running has returned. They keep their order among themselves,
 * and the others theirs. So that the others are not kept waiting for ever, one
 * of them has its turn after TROUPE_URGENT_IN_A_ROW urgent ones. Starts, stops
 * and kills still come first. Replies, timers and the news of an end are never
 * urgent.
 *
 * Of messages of which only the latest is wanted, one waits for each key: a
 * field of the message, or none, if one is to wait in all. The one that comes
 * takes the place of the one that waited, which is freed: it was told, and
 * replaced, as the receiver had asked; it is no dead letter, but it is counted.
 * So a receiver that is slower than its senders sees each key in turn, with the
 * latest value that has come, and no key has to wait for longer because it
 * changes often. Each key's values are handled in the order in which they came,
 * some left out. But a value that has taken the place of an older one comes
 * before what was sent between the two, by the same sender too. Requests are
 * never replaced: each is answered.
 *
 * What is replaced does not count towards the limit of the mailbox. Messages
 * are looked at when the actor's handler has returned, or when they wake it, so
 * a sender that floods it is paused until then at the longest.
 *
 * An actor that finds no memory for its order handles mail as it comes.
 */
#ifndef TROUPE_ORDER_H
#define TROUPE_ORDER_H

#include "troupe/actor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** So many urgent messages are handled in a row while others wait. */
#define TROUPE_URGENT_IN_A_ROW 16

/** In a behaviour: as TROUPE_ON(), and messages of this type, told or asked,
 * are handled before others that wait. */
#define TROUPE_ON_URGENT(message, function)                                    \
    TROUPE_ON_MARKED_(message, function, TROUPE_URGENT, TROUPE_NO_KEY_)

/** In a behaviour: as TROUPE_ON(), and of messages of this type that are told
 * only the latest one waits. */
#define TROUPE_ON_LATEST(message, function)                                    \
    TROUPE_ON_MARKED_(message, function, TROUPE_LATEST, TROUPE_NO_KEY_)

/**
 * TROUPE_ON_LATEST_BY(MESSAGE, FIELD, function): the same for each value of a
 * field, which is an integer, a boolean, a pid, a str or a bin. Others are
 * refused when the actor is spawned: INVALID_ARGUMENT.
 */
#define TROUPE_ON_LATEST_BY(message, field, function)                          \
    TROUPE_ON_MARKED_(message, function, TROUPE_LATEST,                        \
        __builtin_offsetof(struct message, field))

#define TROUPE_ON_MARKED_(message, function, kind, key_offset)                 \
    {                                                                          \
        &message##_schema, message##_dispatch,                                 \
            TROUPE_HANDLER_OF_(message, function), NULL, NULL, NULL, NULL,     \
        {                                                                      \
            kind, message##_pick, key_offset                                   \
        }                                                                      \
    }

/** How many messages to the calling actor have been replaced by later ones, in
 * this life; 0 outside handlers. */
TROUPE_API uint64_t troupe_replaced_count(const struct troupe_self *self);

#ifdef __cplusplus
}
#endif

#endif
