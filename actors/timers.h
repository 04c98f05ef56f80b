/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timers: what one actor has set to happen later.
 *
 * Each timer is an entry in its actor's table, and a block of 64 bytes. While
 * the block is a timeout, it lies in the wheel of the worker that armed it;
 * when it has expired it is a TIMER message on its way to the actor, which runs
 * the entry's function. A periodic timer's block goes back into a wheel then,
 * that of the worker that the actor runs on now. So
 *
 *  - a timer that was set needs no memory any more, nor does its end;
 *  - of each timer there is at most one message, however late the actor is.
 *
 *           set             expires              function returns
 *     free ----> in a wheel ------> a message ---> in hand -------> free
 *                    ^                                |
 *                    +---------- if periodic ---------+
 *
 * A timer is named by its place in the table and a generation, so that a name
 * kept too long is not that of a newer timer.
 *
 * No timer runs after its cancellation. The owner closes the entry, and then
 * cancels the timeout. If that is too late, a message is under way: it finds no
 * entry whose block it is, and is dropped. To compare blocks is enough, even
 * for an actor whose table was made anew, since a block is not given to another
 * timer before its message has come. The block in hand is the entry's no more
 * (NULL): it is the message of a function that may cancel its own timer, or
 * never return, and whoever puts it down sees whether the entry is still there.
 *
 * Nothing here is shared but the word in the timeout (scheduler/timeout.h). The
 * wheel's worker fills the envelope only after it has made the timeout EXPIRED,
 * which ends all that the owner does to the block, but to look at that word,
 * until the message has reached it.
 *
 * A tell that is delayed (actors/delayed.h) has a name here, too, if it may be
 * cancelled: its block begins like a timer's and comes home when it has been
 * sent. Nothing is run then. Threads outside have such names and no timers.
 *
 * A table of a million entries is 48 MiB, kept until the actor ends.
 *
 *     tp_timers_expire, tp_timers_release    the wheel's worker
 *     all others                             the actor's owner
 *
 * Not chosen: a name that is the block's address (a stale one would be looked
 * up in freed memory), a list through the blocks instead of the table (then a
 * name could not be checked), a message a period (a slow actor would drown in
 * its own timers).
 */
#ifndef TROUPE_ACTORS_TIMERS_H
#define TROUPE_ACTORS_TIMERS_H

#include "mailbox/message.h"
#include "scheduler/timeout.h"
#include "troupe/timer.h"

struct tp_actor;
struct tp_worker;

/* 64 bytes, as a message is: its first 40 become the envelope. */
struct tp_timers_block {
    struct tp_timeout timeout;
    troupe_pid owner;
    troupe_timer timer;
};

struct tp_timers_entry {
    troupe_timer_handler *then; /* NULL: free */
    uint64_t context;
    struct tp_timers_block *block; /* NULL: in hand */
    uint64_t period_ns;            /* 0: once */
    uint64_t due_ns;
    uint32_t generation;
    uint32_t next_free; /* 1 + index; 0: none */
};

/* Zeroed memory is an empty table. */
struct tp_timers {
    struct tp_timers_entry *items;
    uint32_t capacity;
    uint32_t free; /* 1 + index; 0: none */
    uint32_t open_count;
};

/* As troupe_after(), also for the body of a process. */
TROUPE_MUST_USE troupe_err tp_timers_after(struct troupe_self *self,
    uint64_t delay_ns, troupe_timer_handler *then, uint64_t context,
    troupe_timer *timer);

/* As troupe_after(), for what a stop of the runtime is to wait for. */
TROUPE_MUST_USE troupe_err tp_timers_after_awaited(struct troupe_self *self,
    uint64_t delay_ns, troupe_timer_handler *then, uint64_t context,
    troupe_timer *timer);

/* Gives block, of a tell that is delayed, a name in the caller's table, and
 * writes it there: it is closed when the block comes home, or is cancelled.
 * False: there is no memory. */
TROUPE_MUST_USE bool tp_timers_name(
    struct troupe_self *self, struct tp_timers_block *block);

/* Sends a block, which is EXPIRED, to its owner as a TIMER message. Takes it.
 */
void tp_timers_send_home(struct troupe_self *self,
    struct tp_timers_block *block, unsigned size_class);

/* The beat of a periodic timer that runs now goes on as if the last one had
 * been at from_ns. */
void tp_timers_begin_anew(
    struct tp_actor *actor, troupe_timer timer, uint64_t from_ns);

/* Takes a TIMER message to an occupant that may have set that timer. */
void tp_timers_handle(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message, void *state);

/* Cancels all, of an actor that ends, but for tells that are delayed, which
 * lose their names. Never fails; the table stays. */
void tp_timers_cancel_all(struct troupe_self *self, struct tp_timers *timers);

/* Frees the table, with all cancelled. */
void tp_timers_fini(struct tp_timers *timers);

/* The scheduler's hooks, for timeouts whose purpose is TP_MESSAGE_TIMER. */
void tp_timers_expire(struct tp_worker *worker, struct tp_timeout *timeout);
void tp_timers_release(struct tp_worker *worker, struct tp_timeout *timeout);

#endif
