/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * asks: the requests of one actor that wait for an answer.
 *
 * Each has a number, which travels with the request and comes back with the
 * reply or the expiry: an index into a table, and a generation that tells a
 * late answer from one to a newer ask in the same place. Each has a timeout,
 * whose block of memory becomes the message that reports the expiry, so that
 * running out of time never needs memory.
 *
 * All functions are for the actor's owner.
 */
#ifndef TROUPE_ACTORS_ASKS_H
#define TROUPE_ACTORS_ASKS_H

#include "actors/call.h"
#include "scheduler/timeout.h"
#include "troupe/actor.h"

/* 64 bytes, as a message is: its first 40 become the envelope. */
struct tp_ask_timeout {
    struct tp_timeout timeout;
    troupe_pid asker;
    uint64_t request;
};

_Static_assert(
    offsetof(struct tp_timeout, state) >= sizeof(struct troupe_message),
    "the envelope must not touch the timeout's state");

struct tp_ask {
    troupe_continuation *then; /* NULL: free */
    uint64_t context;
    struct tp_ask_timeout *timeout;
    struct tp_call *call; /* the continuation's; or NULL */
    troupe_pid to;
    uint64_t deadline_ns;
    uint32_t schema;
    uint32_t generation;
    uint32_t next_free; /* 1 + index; 0: none */
};

struct tp_asks {
    struct tp_ask *items;
    uint32_t capacity;
    uint32_t free; /* 1 + index; 0: none */
    uint32_t open_count;
};

/*
 * Opens an ask as `ask` says (whose last two fields are not used) and returns
 * its number, never 0; 0 if there is no memory.
 */
uint64_t tp_asks_open(struct tp_asks *asks, const struct tp_ask *ask);

/* Closes the ask and copies it to *ask. False: it is not open (any more). */
bool tp_asks_close(struct tp_asks *asks, uint64_t request, struct tp_ask *ask);

/* Closes any open ask and copies it to *ask. False: none is open. */
bool tp_asks_close_any(struct tp_asks *asks, struct tp_ask *ask);

/* Frees the table, in which none is open. */
void tp_asks_fini(struct tp_asks *asks);

#endif
