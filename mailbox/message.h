/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message: an envelope and a MessagePack payload in one block of memory.
 *
 * The block comes from a block_cache and is `size_class` large there. Exactly
 * one holder owns a message at a time: a sender, an inbox, a mailbox, a
 * handler. Hand-overs go through an inbox. Nothing in a message is ever shared,
 * but for the payload of one that was published (mailbox/shared.h).
 *
 * The envelope is 40 bytes, so that 24 bytes of payload fit the smallest block,
 * which is one cache line.
 *
 * Who may touch what: the holder, everything.
 */
#ifndef TROUPE_MAILBOX_MESSAGE_H
#define TROUPE_MAILBOX_MESSAGE_H

#include "troupe/message.h"

#include <stdbool.h>

/*
 * Control messages are handled before all others and never limited. Replies,
 * expiries, timers, news of a socket and what concerns links and monitors keep
 * their place among a sender's messages and are not limited either: each was
 * asked for. Only tells, shared or not, and requests count, and a place for the
 * tell in it.
 */
enum tp_message_kind {
    TP_MESSAGE_TELL,
    TP_MESSAGE_SHARED, /* a tell whose payload others read too */
    TP_MESSAGE_PLACE, /* the latest tell of a key waits here: actors/latest.h */
    TP_MESSAGE_REQUEST,
    TP_MESSAGE_REPLY,   /* to `request`; `err` if there is none */
    TP_MESSAGE_EXPIRED, /* the deadline of `request` has passed */
    TP_MESSAGE_TIMER,   /* a timer that the receiver has set is due */
    TP_MESSAGE_LINK,    /* the receiver's end of a bond (actors/bond.h) */
    TP_MESSAGE_UNLINK,  /* the sender's end: the bond is no more */
    TP_MESSAGE_EXIT,    /* the sender's end: the sender has ended */
    TP_MESSAGE_MONITOR, /* the same three of a one-sided bond */
    TP_MESSAGE_DEMONITOR,
    TP_MESSAGE_DOWN,
    TP_MESSAGE_ENDED,   /* to a supervisor: a life of its child has ended */
    TP_MESSAGE_STARTED, /* to a supervisor: the child's start handler is done */
    TP_MESSAGE_ADOPT,   /* to a supervisor: here is one more child */
    TP_MESSAGE_REPORT,  /* to a thread: what its PROBE has asked for */
    TP_MESSAGE_IO,      /* to who has a socket: look at it (actors/io.h) */
    TP_MESSAGE_LISTED,  /* another has listed the receiver in the directory */
    TP_MESSAGE_NAMED,   /* a name that the receiver waits for is taken */
    TP_MESSAGE_DELAYED, /* a tell that the receiver's worker is to delay */
    TP_MESSAGE_RELAY, /* a tell to the pid in `request`, when its turn comes */
    TP_MESSAGE_START, /* control from here on */
    TP_MESSAGE_STOP,
    TP_MESSAGE_KILL,
    TP_MESSAGE_RUN,    /* to a child: live (again) */
    TP_MESSAGE_ECHO,   /* to a child: say that you have come so far */
    TP_MESSAGE_FINISH, /* to a child: you are nobody's child any more; end */
    TP_MESSAGE_RESUME,
    TP_MESSAGE_PROBE,   /* asks the receiver about itself */
    TP_MESSAGE_RELEASE, /* what has held the receiver is over: actors/io.h */
};

struct troupe_message {
    struct troupe_message *next;
    troupe_pid sender;
    union {
        uint64_t request; /* the asker's number for it; 0: none, or answered */
        /*
         * How many have what is shared (mailbox/shared.h). Written by its maker
         * before the first envelope is pushed, which releases it; then taken
         * off by read-modify-writes, with release, by whoever frees an
         * envelope, so that what they read is read before it is freed; pairs
         * with the acquire of who takes off the last. Never only read, so never
         * stale.
         */
        uint64_t holders_count;
    };
    uint32_t incarnation;
    uint32_t schema;
    uint32_t payload_size;
    uint8_t kind;       /* a tp_message_kind */
    uint8_t size_class; /* block_cache's, or TP_SHARED_CLASS */
    /* Of replies: a troupe_err. Of requests: in the low byte what actors/call.h
     * counts. Of tells and requests: in the high byte the hops, how often they
     * were handed on (actors/forward.h). */
    uint16_t err;
    uint8_t payload[];
};

enum { TP_MESSAGE_HOPS_SHIFT = 8, TP_MESSAGE_HOPS_MAX = 255 };

/* Of a tell or a request. */
static inline unsigned
tp_message_hops(const struct troupe_message *message)
{
    return message->err >> TP_MESSAGE_HOPS_SHIFT;
}

static inline bool
tp_message_is_control(const struct troupe_message *message)
{
    return message->kind >= TP_MESSAGE_START;
}

/* Whether it counts towards its receiver's limit. */
static inline bool
tp_message_is_limited(const struct troupe_message *message)
{
    return message->kind <= TP_MESSAGE_REQUEST;
}

static inline bool
tp_message_is_forwarded(const struct troupe_message *message)
{
    return tp_message_is_limited(message) && tp_message_hops(message) > 0;
}

#endif
