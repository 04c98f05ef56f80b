/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reading: what comes of a connection, for its actor.
 *
 * When the descriptor is readable the actor gets the notice, and in its turn
 * one read of at most TP_LOOP_READ_BYTES is made, into the memory of the loop,
 * and handed to the behaviour's line. If the read has filled that memory the
 * notice is sent again, so that other mail has its turn. Nothing is read ahead.
 *
 * What is to be cut into lines (net/framing.h) is read to memory of the
 * connection, and no more is while there is a line; each has a turn.
 *
 * With TLS (net/tls.h) bytes are opened when they are read, in the same place.
 *
 * All functions are for the socket's worker, in its actor's turn.
 */
#ifndef TROUPE_NET_READING_H
#define TROUPE_NET_READING_H

#include "net/connection.h"

/* Whether more may be read. */
bool tp_reading_is_possible(const struct tp_connection *connection);

/* Whether a line waits, or what is too long for one, for an actor that reads.
 */
bool tp_reading_has_line(const struct tp_connection *connection);

/* Hands it to the actor; or ends that, if it is too long. */
void tp_reading_hand_over_line(struct troupe_self *self, struct tp_actor *actor,
    struct tp_connection *connection, struct troupe_message *message);

/* Reads, and hands over what has come. */
void tp_reading_read(struct troupe_self *self, struct tp_actor *actor,
    struct tp_connection *connection, struct troupe_message *message);

#endif
