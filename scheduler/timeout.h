/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timeout: a timer in one worker's wheel that any worker may cancel.
 *
 * A wheel belongs to one worker. Who cancels a timeout from another worker
 * cannot unlink it, so it marks it and puts it on the wheel's stack of the
 * cancelled, from which the wheel's worker takes it at its next tick.
 *
 *     PENDING --expire--> EXPIRED      by the wheel's worker
 *     PENDING --cancel--> CANCELLED    by whoever made it
 *
 * Who has no wheel, a thread that is no worker, makes it UNARMED and sends it
 * to a worker, which adds it to its own wheel; until then it can be cancelled,
 * or be found by somebody who will not add it.
 *
 *     UNARMED --arm-----> PENDING      by the wheel's worker
 *     UNARMED --cancel--> CANCELLED    by whoever made it; who finds it has it
 *     UNARMED --expire--> EXPIRED      by whoever finds it, who has it
 *
 * Each is a compare-and-swap, so exactly one of those that
 * leave a state happens. A timeout that
 * is EXPIRED is whoever's it is given to by the `expire` hook, and the word
 * stays EXPIRED for as long as its maker may try to cancel it: its maker's
 * mailbox is where it goes. A CANCELLED one is its maker's again at once if it
 * was in the maker's own wheel; else the wheel's worker gives it to the
 * `release` hook when it has taken it from the stack.
 *
 * Some timeouts are awaited: a drain goes on until they have expired or been
 * cancelled, because somebody waits for that (the deadline of an ask). Others
 * are not: a timer that an actor has set for tomorrow holds up no stop.
 *
 *     tp_timeouts_*       the wheel's worker
 *     tp_timeout_cancel   who added it, on any worker; who made it
 *     tp_timeout_init_unarmed, tp_timeout_cancel_unarmed    who made it
 *     tp_timeout_expire_unarmed    who has found it
 */
#ifndef TROUPE_SCHEDULER_TIMEOUT_H
#define TROUPE_SCHEDULER_TIMEOUT_H

#include "scheduler/timer_wheel.h"

#include <stdbool.h>
#include <stdint.h>

enum tp_timeout_state {
    TP_TIMEOUT_PENDING,
    TP_TIMEOUT_EXPIRED,
    TP_TIMEOUT_CANCELLED,
    TP_TIMEOUT_UNARMED,
};

/* Whether a drain waits for it. */
enum tp_timeout_awaited {
    TP_TIMEOUT_AWAITED,
    TP_TIMEOUT_UNAWAITED,
};

/* The first 40 bytes are an envelope's as soon as it has expired. */
struct tp_timeout {
    struct tp_timer timer;        /* the wheel's worker's */
    struct tp_timeout *cancelled; /* in the stack of the cancelled */
    uint32_t awaited; /* a tp_timeout_awaited; written before it is PENDING */
    uint32_t purpose; /* the adder's own, for the hooks; written likewise */
    /*
     * A tp_timeout_state. Written once after PENDING, by compare-and-swap, as
     * above. Orders nothing: the wheel's worker made it, and who cancels hands
     * it on by a push that releases. But what was UNARMED: to arm it releases
     * whose wheel it is in, and pairs with the acquire in
     * tp_timeout_cancel_unarmed(). Only who has it reads it, so never stale.
     */
    uint32_t state;
    uint32_t worker_index; /* whose wheel */
};

struct tp_timeouts {
    struct tp_timer_wheel wheel;
    struct tp_timeout *taken; /* from `cancelled`, not yet released */
    uint32_t worker_index;
    uint64_t pending_count; /* in the wheel */
    uint64_t awaited_count; /* of those */
    /*
     * Cancelled by other workers. Pushed by them with release, taken whole by
     * the wheel's worker with acquire. Stale: taken one tick later.
     */
    struct tp_timeout *cancelled __attribute__((aligned(64)));
};

void tp_timeouts_init(
    struct tp_timeouts *timeouts, uint32_t worker_index, uint64_t now_ns);

/* timeout->purpose is the caller's to set before. */
void tp_timeouts_add(struct tp_timeouts *timeouts, struct tp_timeout *timeout,
    uint64_t expires_ns, enum tp_timeout_awaited awaited);

/* As tp_timeouts_add(), of one that is UNARMED. False: it was cancelled on its
 * way, and is the caller's. */
bool tp_timeouts_arm(struct tp_timeouts *timeouts, struct tp_timeout *timeout,
    uint64_t expires_ns, enum tp_timeout_awaited awaited);

void tp_timeout_init_unarmed(struct tp_timeout *timeout);

/* True: it was UNARMED, and whoever finds it has it. False: it is in a wheel,
 * or was there. */
bool tp_timeout_cancel_unarmed(struct tp_timeout *timeout);

/* Of one that is not to be armed. False: it was cancelled on its way. Either
 * way it is the caller's. */
bool tp_timeout_expire_unarmed(struct tp_timeout *timeout);

enum tp_timeout_cancel {
    TP_TIMEOUT_IS_YOURS,  /* the caller may free it */
    TP_TIMEOUT_HANDED_ON, /* the wheel's worker will release it */
    TP_TIMEOUT_TOO_LATE,  /* it has expired: it is on its way */
};

/* `mine` are the caller's own timeouts, NULL if it has none; `its` those it was
 * added to. */
enum tp_timeout_cancel tp_timeout_cancel(struct tp_timeouts *mine,
    struct tp_timeouts *its, struct tp_timeout *timeout);

/* The next one that is due by now_ns, EXPIRED and out of the wheel; or NULL. */
struct tp_timeout *tp_timeouts_pop_expired(
    struct tp_timeouts *timeouts, uint64_t now_ns);

/* The next cancelled one, to be released; NULL if there is none. */
struct tp_timeout *tp_timeouts_take_cancelled(struct tp_timeouts *timeouts);

/* The next one of all, to be released; when no worker runs any more. It is
 * CANCELLED, or else EXPIRED from here on. */
struct tp_timeout *tp_timeouts_take_any(struct tp_timeouts *timeouts);

#endif
