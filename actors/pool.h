/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool: the workers of a router that has its own.
 *
 * They are children of a supervisor that belongs to the router: it starts those
 * again that fail, with pid and mail, and it ends with the router's life, in
 * whatever way that ends. So neither the router nor its workers need to know
 * more of each other than any router does; a supervisor of its own, and not the
 * router itself, because a router is paused on a worker whose mailbox is full,
 * and must not have to start that very worker again meanwhile.
 *
 * A worker that is to go gets no more messages. What it has got is handled
 * first: by way of it, behind all of that, the supervisor is told to end it.
 *
 * All functions are for the router, in a handler, but the check.
 */
#ifndef TROUPE_ACTORS_POOL_H
#define TROUPE_ACTORS_POOL_H

#include "actors/router.h"

enum { TP_POOL_WORKERS_MAX = 65536, TP_POOL_WORKER_HIGH = 64 };

/* Whether a pool can be made of these options, in which a worker is. Any
 * thread. INVALID_ARGUMENT, ABI_MISMATCH. */
TROUPE_MUST_USE troupe_err tp_pool_check(
    const struct troupe_router_options *options);

/* Starts the supervisor and the first workers. On an error some may be there.
 */
TROUPE_MUST_USE troupe_err tp_pool_start(
    struct troupe_self *self, struct tp_router *router);

/* So many workers. On an error it is fewer than are wanted, or more. */
TROUPE_MUST_USE troupe_err tp_pool_resize(
    struct troupe_self *self, struct tp_router *router, uint64_t workers_count);

/* The worker at that place goes. NO_MEMORY: it stays. */
TROUPE_MUST_USE troupe_err tp_pool_retire(
    struct troupe_self *self, struct tp_router *router, size_t index);

#endif
