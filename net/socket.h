/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * socket: a descriptor that belongs to an actor.
 *
 * What connections (net/connection.h) and listeners (net/listener.h) share: the
 * descriptor in its loop, the way to the actor, a timeout.
 *
 *     accepted         begin            at home          end
 *     ---------> CARRIED ----> GIVEN ------------> LIVING ---> free
 *                    \ drop       calling actor ------^
 *                     +--------------------------------------> free
 *
 * A socket that a START carries is for a certain loop. If the actor begins on
 * another worker it is bound to the right one, sends itself its notice, and its
 * turn ends; the notice is taken over there.
 *
 * The way to the actor is one message, the notice, of kind IO, which the socket
 * owns and which is with the actor, in hand, or at rest: so there is never more
 * than one, and none needs memory. In its turn the actor's owner does what
 * there is to do; what happens meanwhile is only remembered.
 *
 * A descriptor that is ready stays so until its actor has had its turn, and
 * polls say so again. The first time the notice is sent. When it has been said
 * TP_SOCKET_TOLD_MAX times while the notice is on its way, the loop is told to
 * look no more (is_deaf), until the turn. So an actor that is quick costs
 * nothing, however many others there are, and one that is slow, or paused,
 * costs little.
 *
 * Everything is for the socket's worker, or, when no worker runs, the sweep.
 */
#ifndef TROUPE_NET_SOCKET_H
#define TROUPE_NET_SOCKET_H

#include "net/loop.h"

#include <sys/epoll.h>

enum { TP_SOCKET_TOLD_MAX = 32 };

struct tp_socket;

struct tp_socket_role {
    /* It is in its loop from here on. */
    void (*live)(struct troupe_self *self, struct tp_socket *socket);
    /* The notice's turn; message is in hand, and the socket's again after. */
    void (*take_turn)(struct troupe_self *self, struct tp_actor *actor,
        struct tp_socket *socket, struct troupe_message *message);
    /* The actor is a process, whose body waits for mail, or has returned. NULL:
     * nothing to do, and the actor ends. */
    void (*wait)(struct troupe_self *self, struct tp_socket *socket);
    void (*close)(struct troupe_self *self, struct tp_socket *socket);
    /* There are bytes to be read, while it is early. */
    void (*be_readable)(struct tp_socket *socket);
    /* The descriptor takes bytes; or something is wrong with it. */
    void (*be_writable)(struct tp_socket *socket);
    void (*be_broken)(struct tp_socket *socket);
    /* The timeout is due. */
    void (*be_late)(struct tp_socket *socket);
    /* Frees what it has besides; the descriptor is still open. */
    void (*fini)(struct troupe_self *self, struct tp_socket *socket);
};

enum tp_socket_state {
    TP_SOCKET_CARRIED,
    TP_SOCKET_GIVEN,
    TP_SOCKET_LIVING,
};

struct tp_socket {
    const struct tp_socket_role *role;
    struct tp_loop *loop;
    struct troupe_message *notice; /* at rest; NULL: elsewhere */
    struct tp_timeout timeout;
    troupe_pid owner;
    int fd; /* -1: none yet */
    enum tp_socket_state state;
    uint32_t armed;     /* what the loop looks for, EPOLLIN and EPOLLOUT */
    uint8_t told_count; /* that it is readable, while the notice is sent */
    bool is_watched;    /* the loop's epoll knows it */
    bool has_bound;     /* the actor is bound for the socket's sake */
    bool has_timeout;
    bool is_due;      /* there is something to do in the actor's turn */
    bool is_readable; /* and it is the actor's turn to read */
    bool is_deaf;
    bool is_early; /* what comes is the role's, in the loop, not the actor's */
};

/* Makes a socket of size bytes for that loop; NULL: no memory. */
struct tp_socket *tp_socket_create(struct troupe_self *self, size_t size,
    const struct tp_socket_role *role, struct tp_loop *loop);

/* Frees what no actor has, and closes its descriptor. Any worker. */
void tp_socket_destroy(struct troupe_self *self, struct tp_socket *socket);

/* Gives the socket to the actor that runs, on its worker: the loop's. */
TROUPE_MUST_USE troupe_err tp_socket_give(
    struct troupe_self *self, struct tp_socket *socket);

/* The socket of the actor that runs; NULL: it has none. */
struct tp_socket *tp_socket_of(const struct troupe_self *self);

/* Closes the descriptor, if there is one. */
void tp_socket_drop_fd(struct tp_socket *socket);

/* Has the loop know the descriptor, which has just been opened. SYSTEM. */
TROUPE_MUST_USE troupe_err tp_socket_watch(struct tp_socket *socket);

/* From here on the loop looks for these: EPOLLIN, EPOLLOUT. */
void tp_socket_arm(struct tp_socket *socket, uint32_t events);

/* The loop has found these. */
void tp_socket_be_ready(struct tp_socket *socket, uint32_t events);

/* Sends the notice, unless it is on its way. */
void tp_socket_notify(struct troupe_self *self, struct tp_socket *socket);

/* The timeout is due then; UINT64_MAX: never. */
void tp_socket_set_timeout(struct tp_socket *socket, uint64_t expires_ns);

/* For struct troupe_io. */
void tp_socket_begin(struct troupe_self *self, struct tp_actor *actor);
void tp_socket_handle(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message);
void tp_socket_wait(struct troupe_self *self, struct tp_actor *actor);
void tp_socket_close(struct troupe_self *self, struct tp_actor *actor);
void tp_socket_end(struct troupe_self *self, struct tp_actor *actor);
void tp_socket_drop(struct troupe_self *self, void *socket);
void tp_socket_expire(struct tp_worker *worker, struct tp_timeout *timeout);

#endif
