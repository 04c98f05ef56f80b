/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/securing.h"

#include "base/clock.h"
#include "net/tls.h"

#include <errno.h>

static void
look(struct tp_connection *connection)
{
    struct tp_socket *socket = &connection->socket;
    uint32_t events = EPOLLIN;

    if (tp_tls_unsent(connection->tls) > 0) {
        events |= EPOLLOUT;
    }
    tp_socket_arm(socket, tp_loop_is_open(socket->loop) ? events : 0);
}

static void
finish(struct tp_connection *connection)
{
    connection->socket.is_early = false;
    connection->socket.is_readable = true;
    connection->is_blocked = tp_tls_unsent(connection->tls) > 0;
    tp_connection_open(connection);
}

void
tp_securing_go_on(struct tp_connection *connection)
{
    struct tp_socket *socket = &connection->socket;

    switch (
        tp_tls_shake(connection->tls, socket->fd, socket->loop->read_bytes)) {
    case TP_TLS_DONE:
        finish(connection);
        break;
    case TP_TLS_WAITS:
        look(connection);
        break;
    case TP_TLS_FAILED:
        tp_connection_fail(connection, errno);
        break;
    }
}

/* Who connects has had his time set when he began to. */
static void
set_time(struct tp_connection *connection)
{
    struct tp_socket *socket = &connection->socket;

    if (connection->door != NULL) {
        tp_socket_set_timeout(
            socket, tp_clock_after_ns(socket->loop->worker->now_ns,
                        connection->limits.connect_ns));
    }
}

void
tp_securing_begin(struct tp_connection *connection)
{
    connection->socket.is_early = true;
    set_time(connection);
    tp_securing_go_on(connection);
}
