/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * connection: one end of a stream of bytes each way, and its actor.
 *
 *     CONNECTING --open--> OPEN --close--> CLOSING --all is written--> the end
 *          \                 \                 \
 *           +-----------------+---- failure ----+--------------------> the end
 *
 * and the end is the actor's. Connecting is net/connecting.h.
 *
 * Reading. When the descriptor is readable the actor gets the notice, and in
 * its turn one read of at most TP_LOOP_READ_BYTES is made, into the memory of
 * the loop, and handed to the behaviour's line. If the read has filled that
 * memory the notice is sent again, so that other mail has its turn. Nothing is
 * read ahead.
 *
 * Writing. Bytes are appended to `outgoing`, and the connection to the loop's
 * list of those to be flushed before its next poll. When the system takes no
 * more, the loop looks for room (UV_WRITABLE), and the connection is blocked.
 * The first write to reach the high mark flushes at once; if that does not help
 * the actor is held (actors/io.h) until the low mark, and told then.
 *
 *     waits      below high       at high          above hard
 *     a write    taken            taken, held      refused, WRITE_FULL
 *
 * In its turn the actor does one thing of those that are due, in this order: it
 * ends by a failure, is told that the connection is open, that what waited is
 * written, it ends because it has closed, reads, is told that the peer sends no
 * more. What else is due sends the notice again.
 *
 * A drain waits while an open connection has bytes that wait (is_awaited).
 *
 * Everything is for the socket's worker, or, when no worker runs, the sweep;
 * but tp_connection_accept(), which is for the listener's.
 */
#ifndef TROUPE_NET_CONNECTION_H
#define TROUPE_NET_CONNECTION_H

#include "net/address.h"
#include "net/outgoing.h"
#include "net/socket.h"

struct tp_connecting;
struct tp_door;

/* struct troupe_net_options with nothing left to default. */
struct tp_connection_limits {
    uint64_t idle_ns; /* UINT64_MAX: never */
    uint64_t connect_ns;
    size_t write_high;
    size_t write_low;
    size_t write_hard;
};

struct tp_connection {
    struct tp_socket socket; /* first */
    struct tp_connection_limits limits;
    struct tp_outgoing outgoing;
    struct tp_connection *next_unflushed;
    struct troupe_message *release;   /* of an actor that is held */
    struct tp_connecting *connecting; /* NULL: it has been, or was accepted */
    struct tp_door *door;             /* it came in by; or NULL */
    uint64_t active_ns;               /* when a byte last came or went */
    int failure;                      /* errno; 0: none */
    bool is_open;
    bool is_unflushed; /* in the loop's list */
    bool is_blocked;   /* the system takes no more for now */
    bool is_high;      /* more than high has waited, and more than low does */
    bool is_paused;    /* by its actor */
    bool is_broken;    /* what has come is read, then it fails */
    bool has_ended;    /* the peer sends no more */
    bool is_shut;      /* this side writes no more */
    bool is_told;      /* and the peer has been told */
    bool is_closing;
    bool is_awaited;
    bool is_opened_due; /* to be said: */
    bool is_drained_due;
    bool is_ended_due;
};

/* given may be NULL. ABI_MISMATCH, INVALID_ARGUMENT. */
TROUPE_MUST_USE troupe_err tp_connection_read_options(
    const struct troupe_net_options *given,
    struct tp_connection_limits *limits);

/* NULL: no memory. */
struct tp_connection *tp_connection_create(struct troupe_self *self,
    struct tp_loop *loop, const struct tp_connection_limits *limits);

/* One for tp_spawn_with_socket(), of an accepted descriptor, which is taken.
 * NULL: no memory, and it is closed. */
struct tp_connection *tp_connection_accept(struct troupe_self *self, int fd,
    struct tp_loop *loop, const struct tp_connection_limits *limits,
    struct tp_door *door);

/* The descriptor is connected. */
void tp_connection_open(struct tp_connection *connection);

/* It ends by that errno, in its actor's next turn. The first one counts. */
void tp_connection_fail(struct tp_connection *connection, int failure);

/* The loop's: hands the system what waits. */
void tp_connection_flush(struct tp_connection *connection);

/* The actor's, which runs. */
TROUPE_MUST_USE troupe_err tp_connection_write(struct troupe_self *self,
    struct tp_connection *connection, const void *bytes, size_t count);
void tp_connection_pause(struct tp_connection *connection, bool is_paused);
void tp_connection_shut(struct tp_connection *connection);
void tp_connection_close(
    struct troupe_self *self, struct tp_connection *connection);

/* The socket as a connection; NULL: it is none. */
struct tp_connection *tp_connection_of(struct tp_socket *socket);

#endif
