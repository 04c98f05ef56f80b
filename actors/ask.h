/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ask: how an ask begins. How it ends is in actors/answer.h.
 *
 * An actor's ask is an entry in its table, a timeout in the wheel of its worker
 * and a request on its way. All memory is taken before the request is sent, so
 * that there is no ask by halves.
 *
 * For self's thread, which must be a worker.
 */
#ifndef TROUPE_ACTORS_ASK_H
#define TROUPE_ACTORS_ASK_H

#include "actors/self.h"

struct tp_ask_options {
    troupe_pid to;
    uint64_t timeout_ns; /* the deadline of the request in hand holds too */
    troupe_continuation *then;
    uint64_t context;
};

/*
 * Sends *message as a request, sets it to NULL and *request to the number of
 * the ask. On an error nothing is open and the message, which nobody waits for,
 * is the caller's: WRONG_THREAD, NO_MEMORY, or as tp_post().
 */
TROUPE_MUST_USE troupe_err tp_ask_open(struct troupe_self *self,
    const struct tp_ask_options *options, struct troupe_message **message,
    uint64_t *request);

/*
 * Opens an ask that nobody is sent: whoever is to answer gives the actor a
 * reply with its number. options->to is TROUPE_NO_PID. Sets the deadline that
 * holds. NO_MEMORY.
 */
TROUPE_MUST_USE troupe_err tp_ask_expect(struct troupe_self *self,
    const struct tp_ask_options *options, uint32_t schema, uint64_t *request,
    uint64_t *deadline_ns);

#endif
