/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * routees: those among whom a router chooses, and how.
 *
 * A list in the order of their turns, in memory of the router's actor.
 *
 * LEAST_LOADED compares two that chance names. That is nearly as good as to
 * compare all, costs the same however many there are, and does not send a
 * crowd of routers to the one that was idle a moment ago. A load is the count
 * in the limit word of the routee's mailbox (mailbox/limit.h), read from
 * another thread: stale at once, which costs a worse choice.
 *
 * CONSISTENT_HASH gives each routee and key a weight, a hash of both, and the
 * key goes to the heaviest. A routee that leaves moves its own keys and no
 * others; one that comes takes from each its share. A choice costs some
 * nanoseconds a routee. Not chosen: a ring of points, which needs hundreds a
 * routee to be as even, and jump hashing, which can only lose the last one.
 *
 * All functions are for the router, in a handler.
 */
#ifndef TROUPE_ACTORS_ROUTEES_H
#define TROUPE_ACTORS_ROUTEES_H

#include "actors/actor.h"
#include "troupe/link.h"
#include "troupe/router.h"

struct tp_routee {
    troupe_pid pid;
    struct tp_actor *slot;
    uint64_t hash; /* of its pid */
    troupe_monitor_id monitor;
    bool is_worker; /* of the pool */
};

struct tp_routees {
    struct tp_routee *items; /* NULL: none yet */
    size_t count;
    size_t capacity;
    size_t next; /* whose turn it is; 0 if there is none */
};

/* The place of the routee; count: it is none. */
size_t tp_routees_find(const struct tp_routees *routees, troupe_pid pid);

/* Adds one that it does not have, an actor of this runtime. False: no memory.
 */
bool tp_routees_add(struct troupe_self *self, struct tp_routees *routees,
    const struct tp_routee *routee);

void tp_routees_remove(struct tp_routees *routees, size_t index);

/* The place of who is to get the next message. There is a routee. */
size_t tp_routees_choose(struct troupe_self *self, struct tp_routees *routees,
    enum troupe_route kind, uint64_t key);

/* How many messages wait for it. */
static inline uint64_t
tp_routee_load(const struct tp_routee *routee)
{
    uint64_t held = ck_pr_load_64(&routee->slot->limit.held);

    return (held & ~TP_LIMIT_CONGESTED) >> TP_LIMIT_BYTES_BITS;
}

#endif
