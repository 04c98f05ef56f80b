/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * securing: how a connection with TLS, whose descriptor is connected, becomes
 * open: by the handshake.
 *
 *     connected --begin--> SHAKING --done--> tp_connection_open()
 *                             \ failure, or .connect_ns is over
 *                              +--> tp_connection_fail()
 *
 * It goes on in the loop, not in the actor's turn (is_early of the socket): an
 * actor that is held, since it has written much already, or paused, has no
 * turns, and its connection would never be open. What it takes is bounded: by
 * the time, and by what a handshake is.
 *
 * Bytes of the peer that come with its last words stay with OpenSSL, so when it
 * is done the connection counts as readable.
 *
 * Everything is for the socket's worker.
 */
#ifndef TROUPE_NET_SECURING_H
#define TROUPE_NET_SECURING_H

#include "net/connection.h"

/* The descriptor is connected. */
void tp_securing_begin(struct tp_connection *connection);

/* The descriptor is ready, or broken. */
void tp_securing_go_on(struct tp_connection *connection);

#endif
