/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Routers: actors that hand what they get on to one of several others.
 *
 * A router looks like the actor behind it: whoever has its pid tells it and
 * asks it as it would one of its routees, who get the message itself, with its
 * sender and whoever waits for the answer (troupe/forward.h). A reply does not
 * pass the router. What one sender sends by way of one router to one routee
 * keeps its order; between two routees there is none.
 *
 *     ROUND_ROBIN       each in its turn
 *     RANDOM            any of them, by the runtime's chance
 *     LEAST_LOADED      of two that chance names, the one for which fewer
 *                       messages wait
 *     CONSISTENT_HASH   messages of one key to one routee, as long as that is
 *                       there; another routee more or less moves only the keys
 *                       that it gets or had
 *
 * Routees are actors that somebody else has made, or workers of the router's
 * own: then it is a pool. A pool's workers are supervised: one that fails is
 * started again with its pid and the mail that waits for it. They end with the
 * pool, and a pool whose workers fail too often ends FAILED.
 *
 * Routees that have ended are left out. What was on its way to one is a dead
 * letter, and who asked is answered NO_SUCH_ACTOR. A message for which there is
 * no routee is a dead letter, NO_ROUTEE, and so is the answer of an ask. One
 * that a routee's full mailbox refuses goes to the next that takes it, but not
 * by CONSISTENT_HASH; if nobody does, it is a dead letter, and who asked is
 * answered MAILBOX_FULL.
 *
 * Backpressure reaches through a router. One that hands on faster than a routee
 * handles is paused on it, like any sender; then its own mailbox fills, and who
 * sends to it is paused. While it is paused on one it gives to none: a slow
 * routee holds up a ROUND_ROBIN, which is why there is LEAST_LOADED.
 *
 *     static const struct troupe_child worker =
 *         TROUPE_CHILD(.name = "resizer", .behaviour = &resizer_behaviour);
 *
 *     err = troupe_router_spawn(self,
 *         &TROUPE_ROUTER_OPTIONS(.kind = TROUPE_ROUTE_LEAST_LOADED,
 *             .worker = &worker, .workers_count = 4),
 *         &resizers);
 *     (void)troupe_tell(self, resizers, resize, .picture = 7);
 */
#ifndef TROUPE_ROUTER_H
#define TROUPE_ROUTER_H

#include "troupe/actor.h"
#include "troupe/supervisor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** To whom a message goes; see above. */
enum troupe_route {
    TROUPE_ROUTE_ROUND_ROBIN,
    TROUPE_ROUTE_RANDOM,
    TROUPE_ROUTE_LEAST_LOADED,
    TROUPE_ROUTE_CONSISTENT_HASH,
};

/** Sets *key to what decides to whom the message goes, any number. False: it
 * has no key, and is treated as if there were no routee. Runs in the router. */
typedef bool troupe_route_key(
    const struct troupe_message *message, uint64_t *key);

/** Made by TROUPE_ROUTER_OPTIONS(.field = value, ...); what is not named is
 * default. */
struct troupe_router_options {
    size_t size;
    enum troupe_route kind;
    /** CONSISTENT_HASH, one of the two: the name of the field that is the key,
     * of whatever type, in all messages that have it, and valid as long as the
     * router lives; or a function that finds a key. */
    const char *key_field;
    troupe_route_key *key;
    /** The first routees, in the order of their turns; copied. */
    const troupe_pid *routees;
    size_t routees_count;
    /** A pool: what each worker is, and how many there are at first; 0: as many
     * as the runtime has workers. The workers of LEAST_LOADED have a high mark
     * of 64 messages unless this says otherwise, so that their loads are known
     * exactly; that of other routees with the runtime's own marks may seem up
     * to 32 messages higher than it is. `worker` and what it points to must
     * stay valid as long as the router lives, and is usually static and const.
     */
    const struct troupe_child *worker;
    unsigned workers_count;
    /** Of a pool: how many restarts are too many, and backoffs; without
     * children, valid as long as `worker`. NULL: the defaults. */
    const struct troupe_supervisor *supervision;
    /** Of the router as an actor: its mailbox, a link. Without a state. NULL:
     * the defaults. */
    const struct troupe_spawn_options *spawn;
};

#ifndef __cplusplus
#define TROUPE_ROUTER_OPTIONS(...)                                             \
    ((struct troupe_router_options){                                           \
        .size = sizeof(struct troupe_router_options), __VA_ARGS__})
#endif

/** The defaults, for those who would rather set fields afterwards (C++). */
static inline struct troupe_router_options
troupe_router_options_default(void)
{
    struct troupe_router_options options;

    __builtin_memset(&options, 0, sizeof(options));
    options.size = sizeof(options);
    return options;
}

/**
 * Starts a router and sets *router. Its workers, if it is a pool, are started
 * by itself; if that fails for want of memory, it ends FAILED. troupe_stop()
 * ends it: what waits for it is not handed on any more. The workers of a pool
 * are stopped then, one after the other; other routees live on.
 *
 * Errors, with nothing started: INVALID_ARGUMENT (the options contradict
 * themselves; the detail says how), NO_SUCH_ACTOR (a routee that this runtime
 * never made, or a thread), and as troupe_spawn().
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_router_spawn(
    struct troupe_self *self, const struct troupe_router_options *options,
    troupe_pid *router);

/* ---- what a router understands ------------------------------------------- */

/*
 * All other messages are handed on. These may be asked as well as told; the
 * answer is a troupe_routee_info, or NO_REPLY if it could not be done, and the
 * log says why.
 */

#define TROUPE_ROUTEE_FIELDS(FIELD) FIELD(pid, actor)
/** One more routee, the last in turn. One that it has already is fine. */
TROUPE_MESSAGE(troupe_add_routee, TROUPE_ROUTEE_FIELDS)

/** One routee less. What is on its way to it is handled. A worker of the pool
 * is stopped when it has handled that. One that it does not have is fine. */
TROUPE_MESSAGE(troupe_remove_routee, TROUPE_ROUTEE_FIELDS)

#define TROUPE_RESIZE_POOL_FIELDS(FIELD) FIELD(uint64, workers_count)
/** Of a pool: so many workers, at most 65,536. The youngest go first, and
 * handle what is on its way to them. */
TROUPE_MESSAGE(troupe_resize_pool, TROUPE_RESIZE_POOL_FIELDS)

#define TROUPE_GET_ROUTEE_FIELDS(FIELD) FIELD(uint64, index)
/** Asks for the index-th routee, in the order of their turns. */
TROUPE_MESSAGE(troupe_get_routee, TROUPE_GET_ROUTEE_FIELDS)

#define TROUPE_ROUTEE_INFO_FIELDS(FIELD)                                       \
    FIELD(uint64, routees_count)                                               \
    FIELD(pid, actor)                                                          \
    FIELD(uint64, waiting_count)
/** The reply: routees_count says how many there are; the rest is of the one
 * that was asked for or added, or empty: how many messages wait for it, the one
 * that it handles included. */
TROUPE_MESSAGE(troupe_routee_info, TROUPE_ROUTEE_INFO_FIELDS)

#ifdef __cplusplus
}
#endif

#endif
