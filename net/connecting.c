/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/connecting.h"

#include "base/err.h"
#include "base/memory.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct tp_connecting {
    uv_getaddrinfo_t lookup; /* first: libuv's request */
    bool is_looking;
    struct tp_connection *connection; /* NULL: it is gone */
    struct addrinfo *found;           /* of a name */
    struct addrinfo *next;            /* the address to try after this one */
    char text[];
};

const char *
tp_connecting_text(const struct tp_connecting *connecting)
{
    return connecting->text;
}

static void
destroy(struct tp_connecting *connecting)
{
    uv_freeaddrinfo(connecting->found);
    tp_memory_free(connecting);
}

void
tp_connecting_end(struct tp_connection *connection)
{
    struct tp_connecting *connecting = connection->connecting;

    if (connecting == NULL) {
        return;
    }
    connection->connecting = NULL;
    connecting->connection = NULL;
    if (connecting->is_looking) {
        (void)uv_cancel((uv_req_t *)&connecting->lookup);
    } else {
        destroy(connecting);
    }
}

/* ---- trying -------------------------------------------------------------- */

/* In the place of the last attempt's descriptor. */
static bool
put_in_place(struct tp_socket *socket, int fd)
{
    tp_socket_drop_fd(socket);
    socket->fd = fd;
    return tp_socket_watch(socket) == TROUPE_OK;
}

/* 0: it is under way, or done; else errno. */
static int
try_one(struct tp_connection *connection, const struct sockaddr *where,
    socklen_t size, bool *is_done)
{
    int fd =
        socket(where->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    *is_done = false;
    if (fd < 0) {
        return errno;
    }
    *is_done = connect(fd, where, size) == 0;
    if (!*is_done && errno != EINPROGRESS) {
        int refused = errno;

        close(fd);
        return refused;
    }
    return put_in_place(&connection->socket, fd) ? 0 : ENOMEM;
}

static void
follow(struct tp_connection *connection, int refused, bool is_done)
{
    if (refused != 0) {
        tp_connection_fail(connection, refused);
    } else if (is_done) {
        tp_connection_open(connection);
    } else {
        tp_socket_arm(&connection->socket, EPOLLOUT);
    }
}

/* Those of a name, from the next one on; refused is what the last one said. */
static void
try_next(struct tp_connection *connection, int refused)
{
    struct tp_connecting *connecting = connection->connecting;
    bool is_done = false;

    while (refused != 0 && connecting->next != NULL) {
        struct addrinfo *tried = connecting->next;

        connecting->next = tried->ai_next;
        refused =
            try_one(connection, tried->ai_addr, tried->ai_addrlen, &is_done);
    }
    follow(connection, refused, is_done);
}

void
tp_connecting_go_on(struct tp_connection *connection)
{
    int refused = 0;
    socklen_t size = sizeof(refused);

    if (getsockopt(connection->socket.fd, SOL_SOCKET, SO_ERROR, &refused,
            &size) != 0) {
        refused = errno;
    }
    if (refused == 0) {
        tp_connection_open(connection);
    } else {
        try_next(connection, refused);
    }
}

/* ---- looking up ---------------------------------------------------------- */

static void
on_found(uv_getaddrinfo_t *lookup, int status, struct addrinfo *found)
{
    struct tp_connecting *connecting = (struct tp_connecting *)(void *)lookup;

    connecting->is_looking = false;
    connecting->found = found;
    connecting->next = found;
    if (connecting->connection == NULL) {
        destroy(connecting);
    } else {
        try_next(connecting->connection,
            status == 0 || status > -4096 ? EADDRNOTAVAIL : EHOSTUNREACH);
    }
}

static int
look_up(struct tp_connecting *connecting, const struct tp_address *address)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    char port[8];

    snprintf(port, sizeof(port), "%u", address->port);
    connecting->is_looking = true;
    return uv_getaddrinfo(&connecting->connection->socket.loop->uv,
        &connecting->lookup, on_found, address->host, port, &hints);
}

troupe_err
tp_connecting_begin(struct tp_connection *connection,
    const struct tp_address *address, const char *text)
{
    size_t length = strlen(text);
    struct tp_connecting *connecting =
        tp_memory_alloc_zeroed(1, sizeof(*connecting) + length + 1);
    bool is_done = false;

    if (connecting == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory to connect");
    }
    memcpy(connecting->text, text, length);
    connecting->connection = connection;
    connection->connecting = connecting;
    if (!address->is_name) {
        int refused =
            try_one(connection, &address->where.any, address->size, &is_done);

        follow(connection, refused, is_done);
    } else if (look_up(connecting, address) != 0) {
        connecting->is_looking = false;
        tp_connection_fail(connection, ENOMEM);
    }
    return TROUPE_OK;
}
