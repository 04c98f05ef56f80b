/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * connection: an actor that is one end of a connection of MessagePack-RPC. Both
 * ends are the same: each may call the other.
 *
 *     bytes --reader--> messages --+-- requests, notifications --> serve.h
 *                                  +-- responses ---------------> call.h
 *
 * What comes in one piece is handled in one turn, and what that writes goes out
 * together. All is memory of the actor: however it ends, nothing is left.
 *
 * A request in flight is an ask of this actor (its deadline is the ask's), and
 * its answer is written when it comes. When requests_max are in flight the
 * connection reads no more, and keeps what it has read already; when half of
 * them are answered it goes on with that, then reads again. The peer is slowed
 * down by the system's buffers meanwhile. A peer that does not read its answers
 * makes the socket's actor be held (troupe/net.h): no answer is handled, so
 * none is written, so requests stay in flight, so nothing is read.
 *
 * A fault of the protocol is answered and closes the connection, because
 * nothing that follows can be trusted; so does whoever is not let in. When the
 * peer has sent its last byte, what is in flight is answered, then it closes.
 *
 * All functions are for the handlers of the connection's actor.
 */
#ifndef TROUPE_RPC_CONNECTION_H
#define TROUPE_RPC_CONNECTION_H

#include "rpc/calls.h"
#include "rpc/message.h"
#include "rpc/reader.h"
#include "rpc/settings.h"
#include "troupe/timer.h"

struct tp_rpc_connection {
    struct tp_rpc_settings settings;
    struct tp_rpc_reader reader;
    struct tp_rpc_calls calls; /* of ours */
    troupe_timer calls_timer;  /* set while there are calls */
    uint32_t in_flight;        /* requests of the peer */
    bool is_let_in;            /* the peer has said the token, if need be */
    bool is_full;              /* too many in flight: it does not read */
    bool has_ended;            /* the peer sends no more */
    bool is_closing;
};

TROUPE_BEHAVIOUR_DECLARE(tp_rpc_accepted);

/* Writes head and then body, all or none. As troupe_net_write(). */
TROUPE_MUST_USE troupe_err tp_rpc_connection_write(struct troupe_self *self,
    const uint8_t *head, size_t head_size, const uint8_t *body,
    size_t body_size);

/* Writes the error that answers that request; id NULL: to what, is unknown. If
 * that cannot be written either, the connection ends. */
void tp_rpc_connection_refuse(struct troupe_self *self, const uint32_t *id,
    uint32_t code, const char *text, uint64_t retry_ms);

/* Nothing that comes is read any more; what is written goes out, then this
 * actor ends. */
void tp_rpc_connection_close(
    struct troupe_self *self, struct tp_rpc_connection *connection);

/* A request has been answered, so there may be room for another. */
void tp_rpc_connection_go_on(
    struct troupe_self *self, struct tp_rpc_connection *connection);

#endif
