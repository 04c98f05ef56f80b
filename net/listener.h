/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listener: accepts connections, and gives each to an actor of its own.
 *
 * It accepts in its actor's turn, ACCEPTED_MAX at a time. Each connection's
 * actor is spawned with its socket in its START, for the loop that has the
 * fewest sockets then.
 *
 * Hand-over was chosen over a listening socket a worker (SO_REUSEPORT). There
 * the system picks the worker by a hash of the addresses: of 100 connections
 * the fullest of 2 workers got 53 on average and 62 at worst, of 4 workers 30
 * and 38, where 25 would be even (60 trials each); and what it has picked waits
 * for a worker that is busy. By counts they are even to one connection. Unix
 * sockets know no other way.
 *
 * What is wrong with one connection (it was reset before it was accepted) is
 * ignored. Without descriptors or memory, or with connections_max of them, the
 * listener rests for REST_NS: connections wait in the system meanwhile, where
 * they are not lost. A spare descriptor that is closed to accept and refuse
 * them was not chosen, since a peer that waits a little is better off.
 *
 * A door counts a listener's connections. It is shared by all of them, and
 * freed by the last; the listener may be gone by then.
 *
 *     tp_door_enter           the listener's worker
 *     tp_door_leave           any thread
 *     all else                the socket's worker
 */
#ifndef TROUPE_NET_LISTENER_H
#define TROUPE_NET_LISTENER_H

#include "net/address.h"
#include "net/socket.h"

struct tp_door {
    /*
     * Connections that are there. Added to by the listener, taken off by who
     * frees a connection; read by the listener. Orders nothing. Stale: one
     * waits for a rest longer than it would have to.
     */
    uint32_t connections_count;
    /*
     * Connections, and the listener. Written by read-modify-writes alone, each
     * with a release before; whoever takes it to 0 acquires that, and frees the
     * door. Never only read, so never stale.
     */
    uint32_t holders_count;
    /* Held by the door; NULL: none. Never changes. */
    struct troupe_tls *tls;
};

void tp_door_enter(struct tp_door *door);
void tp_door_leave(struct tp_door *door);

/* As troupe_net_listen(), for the actor that runs. */
TROUPE_MUST_USE troupe_err tp_listener_begin(struct troupe_self *self,
    const struct tp_address *address, const struct troupe_net_listen *listen,
    const char *text);

#endif
