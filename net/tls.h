/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tls: the layer of TLS between one connection and its descriptor.
 *
 *     what handlers write           what handlers get
 *          |  plain                      ^  the loop's memory
 *          v                             |
 *        seal ------- OpenSSL -------- open
 *          |  sealed                     ^  the loop's memory
 *          v                             |
 *        send ----- the descriptor --- receive
 *
 * OpenSSL never sees the descriptor: it reads and writes memory (BIO_s_mem), so
 * that who waits for what, and for how long, stays the connection's to know.
 *
 * Nothing grows. Writing: what handlers write waits as it is, in the
 * connection's `outgoing`, and is sealed SEALED_BYTES at a time when what was
 * sealed before has gone; so small writes share a record, and the marks mean
 * what they mean without TLS. Reading: each turn receives at most
 * TP_TLS_RECEIVED_BYTES, opens them, and hands over all that was in them; what
 * stays is the beginning of a record. What OpenSSL has to say of its own
 * accord, the handshake, alerts, new keys, is sealed, too; a peer that makes it
 * talk and does not listen fails (TALK_BYTES_MAX).
 *
 * The first failure is the last: later calls fail alike, and why is kept.
 *
 * Not chosen: the socket given to OpenSSL (SSL_set_fd): it would read ahead of
 * the actor's turn, write when it reads, and send one record a system call.
 *
 * All functions are for the connection's worker.
 */
#ifndef TROUPE_NET_TLS_H
#define TROUPE_NET_TLS_H

#include "net/outgoing.h"
#include "net/trust.h"

#include <sys/types.h>

enum {
    TP_TLS_RECEIVED_BYTES = 16384,
    TP_TLS_WHY_BYTES = 160,
};

struct tp_tls;

/* name: what a client's peer has to be called, a host's name or number; of a
 * server NULL. NULL: no memory. */
struct tp_tls *tp_tls_create(const struct troupe_tls *trust, const char *name);
void tp_tls_destroy(struct tp_tls *tls);

enum tp_tls_step {
    TP_TLS_DONE,
    TP_TLS_WAITS, /* for the peer's bytes, or for room if any are unsent */
    TP_TLS_FAILED,
};

/* Receives, and goes on with the handshake, as far as it comes. FAILED sets
 * errno. room is to work in, TP_TLS_RECEIVED_BYTES or more. */
enum tp_tls_step tp_tls_shake(struct tp_tls *tls, int fd, unsigned char *room);

/* As recv() into room, which is no smaller, but what it returns is opened. 0:
 * the peer has said that it sends no more. */
ssize_t tp_tls_receive(
    struct tp_tls *tls, int fd, unsigned char *room, size_t room_size);

/* Whether another tp_tls_receive() may have something at once. */
bool tp_tls_has_more(const struct tp_tls *tls);

/* As tp_outgoing_flush() of what waits in plain. is_last: when it is empty the
 * peer is told that nothing comes after. */
enum tp_outgoing_flushed tp_tls_flush(
    struct tp_tls *tls, struct tp_outgoing *plain, int fd, bool is_last);

/* The handshake is over. */
bool tp_tls_is_shaken(const struct tp_tls *tls);

/* How many bytes are sealed and not yet sent. */
size_t tp_tls_unsent(const struct tp_tls *tls);

/* Why it has failed; empty: it has not, or the system's errno says it all. */
const char *tp_tls_why(const struct tp_tls *tls);

/* The handshake was not over in time. */
void tp_tls_be_late(struct tp_tls *tls);

#endif
