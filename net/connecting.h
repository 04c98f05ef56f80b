/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * connecting: how a connection that is not open yet becomes so.
 *
 *     a name ----> LOOKING ----> TRYING ----> open
 *     a number -----------------/  ^  \
 *                                  |   +----> the next address, or failure
 *                                  +---/
 *
 * A name is looked up by libuv's pool; its addresses are tried one after the
 * other until one answers, all within one deadline. Each attempt is a new
 * descriptor.
 *
 * Who is looking up when the connection ends is told so, and is freed when
 * libuv is done with it.
 *
 * Everything is for the socket's worker.
 */
#ifndef TROUPE_NET_CONNECTING_H
#define TROUPE_NET_CONNECTING_H

#include "net/connection.h"

/* Begins; what becomes of it is the connection's to learn. NO_MEMORY. */
TROUPE_MUST_USE troupe_err tp_connecting_begin(struct tp_connection *connection,
    const struct tp_address *address, const char *text);

/* The descriptor is writable or broken: so the attempt is over. */
void tp_connecting_go_on(struct tp_connection *connection);

/* The address, for people. */
const char *tp_connecting_text(const struct tp_connecting *connecting);

/* The connection is open, or ends. Sets the pointer to NULL. */
void tp_connecting_end(struct tp_connection *connection);

#endif
