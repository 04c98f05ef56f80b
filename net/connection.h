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
 * Reading is net/reading.h, writing net/writing.h.
 *
 * In its turn the actor does one thing of those that are due, in this order: it
 * ends by a failure, is told that the connection is open, that what waited is
 * written, it ends because it has closed, reads, is told that the peer sends no
 * more. What else is due sends the notice again.
 *
 * Of these the body of a process hears what it waits for (net/lines.h). What it
 * does not hear stays due, or unread in the system, and the notice at rest,
 * until the body waits for mail again (wait of struct tp_socket_role). So
 * nothing goes round for nobody, and nothing is missed: whatever has happened
 * since is remembered, and looked at then. A body that waits for other mail
 * than the connection's when that is broken has nothing more to hope for, and
 * ends.
 *
 * With TLS (net/tls.h) it opens after the handshake (net/securing.h).
 *
 * Everything is for the socket's worker, or, when no worker runs, the sweep;
 * but tp_connection_accept(), which is for the listener's.
 */
#ifndef TROUPE_NET_CONNECTION_H
#define TROUPE_NET_CONNECTION_H

#include "net/address.h"
#include "net/framing.h"
#include "net/outgoing.h"
#include "net/socket.h"

struct tp_connecting;
struct tp_door;
struct tp_tls;

/* struct troupe_net_options with nothing left to default. */
struct tp_connection_limits {
    uint64_t idle_ns; /* UINT64_MAX: never */
    uint64_t connect_ns;
    size_t write_high;
    size_t write_low;
    size_t write_hard;
    size_t line_max; /* 0: bytes as they come */
};

/* Of the same options, what TLS needs; borrowed from them. */
struct tp_connection_trust {
    struct troupe_tls *tls; /* NULL: none */
    const char *name;       /* of the peer; NULL: that of its address */
};

struct tp_connection {
    struct tp_socket socket; /* first */
    struct tp_connection_limits limits;
    struct tp_outgoing outgoing;
    struct tp_framing framing; /* if there is a line_max */
    struct tp_connection *next_unflushed;
    struct troupe_message *release;   /* of an actor that is held */
    struct tp_connecting *connecting; /* NULL: it has been, or was accepted */
    struct tp_door *door;             /* it came in by; or NULL */
    struct tp_tls *tls;               /* NULL: bytes go as they are */
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
    const struct troupe_net_options *given, struct tp_connection_limits *limits,
    struct tp_connection_trust *trust);

/* NULL: no memory. */
struct tp_connection *tp_connection_create(struct troupe_self *self,
    struct tp_loop *loop, const struct tp_connection_limits *limits);

/* One for tp_spawn_with_socket(), of an accepted descriptor, which is taken.
 * NULL: no memory, and it is closed. */
struct tp_connection *tp_connection_accept(struct troupe_self *self, int fd,
    struct tp_loop *loop, const struct tp_connection_limits *limits,
    struct tp_door *door);

/* The descriptor is connected, or TLS's handshake is over, too. */
void tp_connection_open(struct tp_connection *connection);

/* It ends by that errno, in its actor's next turn. The first one counts. */
void tp_connection_fail(struct tp_connection *connection, int failure);

/* From here on the loop looks for what is of interest now. */
void tp_connection_arm(struct tp_connection *connection);

/* There is something to do in its actor's turn. */
void tp_connection_notify(struct tp_connection *connection);

/* What the system says is wrong with it; an errno. */
int tp_connection_error(const struct tp_connection *connection);

/* The peer is, for all that this side can know. */
static inline bool
tp_connection_is_gone(const struct tp_connection *connection)
{
    return connection->failure != 0 || connection->is_broken;
}

static inline uint64_t
tp_connection_now_ns(const struct tp_connection *connection)
{
    return connection->socket.loop->worker->now_ns;
}

/* The actor's, which runs. */
void tp_connection_pause(
    struct troupe_self *self, struct tp_connection *connection, bool is_paused);

/* The socket as a connection; NULL: it is none. */
struct tp_connection *tp_connection_of(struct tp_socket *socket);

#endif
