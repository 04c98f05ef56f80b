/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * router: an actor that forwards what it gets to one of its routees.
 *
 * It is an actor like others, with a behaviour whose line for any message
 * chooses (actors/routees.h) and forwards (actors/forward.h). It watches its
 * routees and leaves out who has ended. It handles one message after the other,
 * so that the choice needs no lock; that is its price, too: all that is routed
 * passes one actor.
 *
 * The first routees are given in memory that is the actor's from its birth, so
 * that no message has to bring them, which a mailbox of few places could
 * refuse. A pool (actors/pool.h) makes its routees itself when it starts.
 *
 * Not chosen: a list of routees that senders read by themselves, which saves
 * the hop. Who is in it would be a matter of fences and of grace periods, a
 * sender would have to know that it sends to a router, and there would be no
 * order between a change and a message.
 *
 * All functions are for the router, in a handler.
 */
#ifndef TROUPE_ACTORS_ROUTER_H
#define TROUPE_ACTORS_ROUTER_H

#include "actors/route_key.h"
#include "actors/routees.h"
#include "actors/self.h"

/* A router's state. The first fields are given, the others its own. */
struct tp_router {
    struct troupe_router_options options;

    struct tp_route_key key;
    struct tp_routees routees;
    troupe_pid supervisor; /* of a pool's workers; or none */
};

/* Watches the actor, and gives it messages from here on; one that it has stays
 * as it is. NO_SUCH_ACTOR, INVALID_ARGUMENT (itself), NO_MEMORY. */
TROUPE_MUST_USE troupe_err tp_router_add(struct troupe_self *self,
    struct tp_router *router, troupe_pid actor, bool is_worker);

/* Neither from here on. */
void tp_router_remove(
    struct troupe_self *self, struct tp_router *router, size_t index);

#endif
