/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * actor: a slot in the registry, and the life that is in it.
 *
 * A slot is two cache lines. The first is what senders touch; the second is the
 * owner's, the one thread that now runs the slot. Slots are never unmapped
 * while the runtime exists, so a message may be pushed to any slot at any time:
 * the run that finds it compares incarnations and makes it a dead letter if it
 * came too late. Zeroed memory is a free slot.
 *
 *           START message                        stop
 *     VACANT -----------> ALIVE --------------------------------+
 *        ^                                                      v
 *        +--- mailbox empty, slot to the free list ------- LEAVING
 *
 * Birth is a message. Whoever spawns takes a free slot, gives out the next
 * incarnation and pushes START; the run that takes it installs the occupant. So
 * no field of the second line is ever touched by two threads at once, though a
 * stale message may be running the same slot at that moment.
 *
 * Who may touch what:
 *     inbox limit              any thread, through their functions
 *     issued task.tag          written by the spawner that holds the free slot
 *     next_free                whoever holds the free slot
 *     the second line          the owner: between a push that returned true and
 *                              the try_sleep that ends the run
 *
 * One run handles control messages first, then up to a quantum of others. It
 * also ends after a handler by which it has pushed TURN_PUSHES_MAX times: who
 * sends to many in turn would else fill megabytes before the first of them
 * runs, and its receivers would find none of it in a cache (a dealer to sixty:
 * 500 ns a message, against 150). While its mailbox is congested the run goes
 * on to CONGESTED_STEPS_MAX: a thousand actors that each tell one, and then
 * end, so that no pause holds them up, would else have a thousand turns in the
 * time in which it handles a quantum of them.
 *
 * A tell that is alone in the inbox is handled where it lies (mailbox/inbox.h);
 * self->only is this message, until it has left the inbox. A handler can do
 * nothing to a tell, and whatever else than freeing it comes after the handler,
 * or instead, unlinks it first. Requests may be kept or handed on by their
 * handler, so they are taken out before.
 *
 * What it has handled comes off the limit some dozens of messages at a time, or
 * when it sleeps if the mailbox is congested: a read-modify-write less for most
 * messages. So a limit may count a few messages too many, at most a quarter of
 * the low mark. No relief is missed: who congests the mailbox then pushes a
 * message, and the run that handles it finds the mark when it is about to
 * sleep. A slot without an occupant counts exactly, or its next life, which may
 * have low marks, would begin with some of them taken. So does an actor with a
 * profile of its own (actors/profile.h).
 *
 * An actor that drops its oldest messages does so before each message that it
 * handles, from the front, until no more waits than the high mark allows. One
 * whose behaviour says so puts what has come in another order first
 * (actors/order.h).
 *
 * A paused actor keeps its mail in its own lists and sleeps. Every push wakes
 * it, so that control messages are handled and it can see that it has become
 * congested itself (mailbox/limit.h says why that matters, and why it does not
 * matter to a router). So does one that is suspended between two lives
 * (actors/life.h), which drops what is for an earlier occupant of its slot:
 * others wait for that. So does a process, always: its mail stays in the lists
 * until its body receives it (actors/process.h).
 */
#ifndef TROUPE_ACTORS_ACTOR_H
#define TROUPE_ACTORS_ACTOR_H

#include "actors/behaviour.h"
#include "actors/exit.h"
#include "actors/extension.h"
#include "mailbox/limit.h"
#include "mailbox/mailbox.h"
#include "scheduler/parker.h"
#include "scheduler/worker.h"

enum {
    TP_ACTOR_STATE_INLINE_BYTES = 16,

    /* Flags. Those below ATTENTION are looked at before each message. */
    TP_ACTOR_IS_PAUSED = 1,
    TP_ACTOR_IS_STOPPING = 2, /* ends after the message in hand */
    TP_ACTOR_IS_LEAVING = 4,  /* vacated; the slot is free when it sleeps */
    TP_ACTOR_DROPS_OLDEST = 8,
    TP_ACTOR_IS_SUSPENDED = 16,  /* between two lives (actors/child.h) */
    TP_ACTOR_IS_EXACT = 32,      /* has a profile, and settles each message */
    TP_ACTOR_IS_SEQUENTIAL = 64, /* actors/process.h */
    TP_ACTOR_IS_HELD = 128, /* by what its peer does not read (actors/io.h) */
    TP_ACTOR_STANDS_STILL =
        TP_ACTOR_IS_PAUSED | TP_ACTOR_IS_SUSPENDED | TP_ACTOR_IS_HELD,
    TP_ACTOR_HOLDS_MAIL = TP_ACTOR_STANDS_STILL | TP_ACTOR_IS_SEQUENTIAL,
    TP_ACTOR_UNSTASHES = 256,    /* has called messages back (actors/stash.h) */
    TP_ACTOR_WATCHES_IDLE = 512, /* actors/idle.h */
    TP_ACTOR_ORDERS_MAIL = 1024, /* actors/order.h */
    TP_ACTOR_ATTENTION = 2048,
    TP_ACTOR_HAS_LARGE_STATE = 2048,
    TP_ACTOR_ENDS_ON_DECODE_ERROR = 4096,
    TP_ACTOR_SUPERVISES = 8192, /* actors/supervisor.h */
    TP_ACTOR_IS_NAMED = 16384,  /* of a START: a name is to be shown */
    /* It is paused, and stays so though it is congested (mailbox/limit.h). */
    TP_ACTOR_STAYS_PAUSED = 32768,
    TP_ACTOR_ROUTES = 32768, /* of a START: it is a router (actors/router.h) */
};

enum {
    TP_ACTOR_UNSETTLED_BITS = 24,
    /* Some tens of KiB of messages, and four to each message of a quantum. */
    TP_ACTOR_TURN_PUSHES_MAX = 256,
    /* Some tens of microseconds of small handlers. */
    TP_ACTOR_CONGESTED_STEPS_MAX = 1024,
};

/* A state too large for a slot, in a block of its own. */
struct tp_state {
    size_t bytes_count;
    unsigned char bytes[] __attribute__((aligned(16)));
};

union tp_actor_state {
    struct tp_state *large; /* TP_ACTOR_HAS_LARGE_STATE */
    unsigned char bytes[TP_ACTOR_STATE_INLINE_BYTES];
};

struct tp_actor {
    struct tp_inbox inbox;
    struct tp_limit limit;
    /*
     * The last incarnation given out; 0: never. Written by the spawner before
     * it gives the pid to anybody, and after a store fence, so that who finds
     * it finds whose slot it is. Read by senders to refuse a pid that was never
     * made: whoever has a pid honestly got it by a message, which releases and
     * acquires this too. Stale: another's number is refused, as it would have
     * been a moment ago.
     */
    uint32_t issued;
    uint32_t index;      /* of the slot; written with the first incarnation */
    struct tp_task task; /* tag: of its profile */
    union {
        struct tp_actor *next_free;
        struct tp_parker *parker; /* of a thread outside: task is ELSEWHERE */
        troupe_pid paused_on;     /* of an actor that IS_PAUSED; the owner's */
    };
    /* The occupant's: NULL until needed, the owner's. Of a slot that is free it
     * is the registry's, a link. */
    struct tp_extension *extension;

    struct tp_mailbox mailbox __attribute__((aligned(64)));
    /* NULL: VACANT. Written by the owner after a store fence; read by a dump
     * on any thread, which reaches the rest by way of the pointer. Stale: an
     * earlier behaviour's name. */
    const struct tp_behaviour_table *table;
    union tp_actor_state state;
    uint16_t flags;
    /* Handled, not yet off the limit: messages in the high 8 bits, what they
     * take up, in blocks of TP_BLOCK_BYTES_MIN, in the others. */
    uint32_t unsettled;
    troupe_pid pid; /* the occupant's; TROUPE_NO_PID: none, fits no message */
};

_Static_assert(sizeof(struct tp_actor) == 128, "a slot is two cache lines");

/* For those who may find the slot free. */
static inline struct tp_extension *
tp_actor_extension(const struct tp_actor *actor)
{
    return actor->table == NULL ? NULL : actor->extension;
}

static inline void
tp_actor_set_table(
    struct tp_actor *actor, const struct tp_behaviour_table *table)
{
    ck_pr_fence_store();
    ck_pr_store_ptr(&actor->table, (void *)(uintptr_t)table);
}

/* Whether it is paused, and must not be once it is congested. */
static inline bool
tp_actor_looks_again(const struct tp_actor *actor)
{
    return (actor->flags & (TP_ACTOR_IS_PAUSED | TP_ACTOR_STAYS_PAUSED)) ==
           TP_ACTOR_IS_PAUSED;
}

/* The scheduler's run hook: one turn of the actor that task belongs to. */
void tp_actor_run(struct tp_worker *worker, struct tp_task *task);

#endif
