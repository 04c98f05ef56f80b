/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * delayed: a tell that is sent when its time has come.
 *
 * The message is made at once, and so is all that it takes to send it: a block
 * with a timeout, which lies in the wheel of some worker. When the timeout
 * expires, that worker posts the message, which has kept its sender, as if it
 * had been told now: it is counted, refused, dropped or redirected as any other
 * is, but nobody is paused for it. What is refused then is a dead letter. The
 * sender need not be there any more: what it has said stands.
 *
 *     a handler  ----> in the wheel of its worker -------------------+
 *                                                                    v
 *     a thread   ----> DELAYED, in the receiver's mailbox           sent
 *                          |                                         |
 *                          +--> in the wheel of the receiver's       v
 *                               worker -----------------------> home, or free
 *
 * A thread outside has no wheel, and takes the receiver's: the block itself
 * travels there as a message that is not counted. If the receiver has ended by
 * then, the message is a dead letter at once.
 *
 * A delayed tell that may be cancelled has a name, like a timer: an entry in
 * the table of who made it (actors/timers.h). The block holds the name, so it
 * has to be there until the entry is closed. So when the message has been sent
 * the block goes home, as a TIMER message to its maker, which closes the entry
 * and frees the block; or whoever finds that the maker has ended frees it. The
 * end of an actor closes its entries and cancels nothing. A delayed tell
 * without a name is freed when it has been sent.
 *
 * Cancelling one on its way to a wheel: its timeout is UNARMED, and who comes
 * first by a compare-and-swap has it (scheduler/timeout.h). If it is cancelled,
 * whoever finds the block frees it.
 *
 * The end of the runtime makes dead letters of the messages. The blocks of
 * actors are freed then; those of threads, which may just be cancelling one, go
 * home, where they are freed with the runtime.
 *
 * What is delayed is nobody's mail yet, and is not limited: as with timers, who
 * sets many has them.
 *
 * Not chosen: a message to the sender, whose function would then tell (the
 * sender would have to be there, and its mail would hold it up); an actor that
 * keeps them all (one place for all workers, and cancelling would have no
 * answer); a table for all (a name would have to be looked up by any thread).
 *
 *     troupe_tell_after         self's thread
 *     arm, drop                 the owner of the receiver's slot
 *     expire, release, sweep    the wheel's worker, or when none runs
 *     free                      who has the block
 */
#ifndef TROUPE_ACTORS_DELAYED_H
#define TROUPE_ACTORS_DELAYED_H

#include "actors/timers.h"

struct tp_delayed {
    struct tp_timers_block block;   /* its timer: TROUPE_NO_TIMER if no name */
    struct troupe_message *message; /* NULL: it has been sent */
    troupe_pid to;
    uint64_t due_ns;
};

/* Takes a DELAYED message to the occupant. */
void tp_delayed_arm(struct troupe_self *self, struct troupe_message *message);

/* Takes one to somebody who is gone. */
void tp_delayed_drop(struct troupe_self *self, struct troupe_message *message);

/* Takes one that the end of the runtime has found. */
void tp_delayed_sweep(struct troupe_self *self, struct troupe_message *message);

/* Frees what has not been sent, with its message. */
void tp_delayed_free(struct troupe_self *self, struct tp_timers_block *block);

/* The scheduler's hooks, for timeouts whose purpose is TP_MESSAGE_DELAYED. */
void tp_delayed_expire(struct tp_worker *worker, struct tp_timeout *timeout);
void tp_delayed_release(struct tp_worker *worker, struct tp_timeout *timeout);

#endif
