/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions of troupe/net.h: who calls, and whether they may. */
#include "troupe/net.h"

#include "actors/life.h"
#include "actors/outside.h"
#include "base/err.h"
#include "net/connecting.h"
#include "net/lines.h"
#include "net/listener.h"
#include "net/tls.h"
#include "net/writing.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

const struct troupe_io *
troupe_net(void)
{
    static const struct troupe_io io = {
        .loop = &tp_loop_io,
        .begin = tp_socket_begin,
        .handle = tp_socket_handle,
        .wait = tp_socket_wait,
        .close = tp_socket_close,
        .end = tp_socket_end,
        .drop = tp_socket_drop,
        .expire = tp_socket_expire,
    };

    return &io;
}

static bool
is_in_handler(const struct troupe_self *self)
{
    return self != NULL && self->worker != NULL && self->actor != NULL;
}

/* Whether the actor that runs may have a socket. */
static troupe_err
check_free(const struct troupe_self *self)
{
    if (!is_in_handler(self)) {
        return tp_err_set(TROUPE_E_WRONG_THREAD,
            "a socket is an actor's: only a handler can have one made");
    }
    if (self->runtime->io == NULL || self->worker->io == NULL) {
        return tp_err_set(TROUPE_E_NO_NETWORK,
            "the runtime was made without a network: "
            "TROUPE_OPTIONS(.io = troupe_net())");
    }
    if (tp_socket_of(self) != NULL) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "this actor has a socket already; give another actor the next");
    }
    return tp_lines_init();
}

/* The connection of the actor that runs. */
static troupe_err
find_connection(
    const struct troupe_self *self, struct tp_connection **connection)
{
    if (!is_in_handler(self)) {
        return tp_err_set(TROUPE_E_WRONG_THREAD,
            "a connection is its actor's: tell the actor what is to be done");
    }
    *connection = tp_connection_of(tp_socket_of(self));
    return *connection != NULL ? TROUPE_OK
                               : tp_err_set(TROUPE_E_NOT_CONNECTED,
                                     "the actor that runs has no connection");
}

/* ---- listening and connecting -------------------------------------------- */

troupe_err
troupe_net_listen(struct troupe_self *self, const char *text,
    const struct troupe_net_listen *given)
{
    TP_RUNTIME_CALL();
    struct troupe_net_listen wanted = troupe_net_listen_default();
    struct tp_address address;
    troupe_err err = check_free(self);

    if (err == TROUPE_OK) {
        err = tp_address_read(text, &address);
    }
    if (err != TROUPE_OK) {
        return err;
    }
    if (address.is_name) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "\"%s\": give the number of an address of this machine, or * for "
            "all",
            text);
    }
    if (given->size < sizeof(size_t) || given->size > sizeof(wanted)) {
        return tp_err_set(TROUPE_E_ABI_MISMATCH,
            "a listener of %zu bytes, this library knows %zu: make it by "
            "TROUPE_NET_LISTEN",
            given->size, sizeof(wanted));
    }
    memcpy(&wanted, given, given->size);
    if (wanted.behaviour == NULL) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "a listener without a behaviour for its connections; give one");
    }
    return tp_listener_begin(self, &address, &wanted, text);
}

/* NULL: no memory. */
static struct tp_connection *
create_connection(struct troupe_self *self,
    const struct tp_connection_limits *limits,
    const struct tp_connection_trust *trust)
{
    struct tp_connection *connection =
        tp_connection_create(self, tp_loop_of(self->worker), limits);

    if (connection == NULL || trust->tls == NULL) {
        return connection;
    }
    connection->tls = tp_tls_create(trust->tls, trust->name);
    if (connection->tls == NULL) {
        tp_socket_destroy(self, &connection->socket);
        return NULL;
    }
    return connection;
}

static troupe_err
begin_connection(struct troupe_self *self, const struct tp_address *address,
    const struct tp_connection_limits *limits,
    const struct tp_connection_trust *trust, const char *text)
{
    struct tp_connection *connection = create_connection(self, limits, trust);
    troupe_err err;

    if (connection == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory to connect");
    }
    err = tp_socket_give(self, &connection->socket);
    if (err != TROUPE_OK) {
        tp_socket_destroy(self, &connection->socket);
        return err;
    }
    tp_socket_set_timeout(&connection->socket,
        tp_clock_after_ns(self->worker->now_ns, limits->connect_ns));
    err = tp_connecting_begin(connection, address, text);
    if (err != TROUPE_OK) {
        tp_socket_end(self, self->actor);
    }
    return err;
}

/* Whom a peer with TLS has to be. */
static troupe_err
find_name(const struct tp_address *address, struct tp_connection_trust *trust,
    const char *text)
{
    if (trust->tls != NULL && trust->name == NULL) {
        trust->name = address->host;
        if (*trust->name == '\0') {
            return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
                "\"%s\" names no host that a certificate could be for: give "
                "the name as .tls_name",
                text);
        }
    }
    return tp_trust_check(trust->tls, false);
}

troupe_err
troupe_net_connect(struct troupe_self *self, const char *text,
    const struct troupe_net_options *options)
{
    TP_RUNTIME_CALL();
    struct tp_connection_limits limits;
    struct tp_connection_trust trust;
    struct tp_address address;
    troupe_err err = check_free(self);

    if (err == TROUPE_OK) {
        err = tp_address_read(text, &address);
    }
    if (err == TROUPE_OK) {
        err = tp_connection_read_options(options, &limits, &trust);
    }
    if (err == TROUPE_OK) {
        err = find_name(&address, &trust, text);
    }
    return err == TROUPE_OK
               ? begin_connection(self, &address, &limits, &trust, text)
               : err;
}

/* ---- the connection's ---------------------------------------------------- */

troupe_err
troupe_net_write(struct troupe_self *self, const void *bytes, size_t count)
{
    TP_RUNTIME_CALL();
    struct tp_connection *connection;
    troupe_err err = find_connection(self, &connection);

    if (err != TROUPE_OK) {
        return err;
    }
    return self->process == NULL
               ? tp_writing_write(self, connection, bytes, count)
               : tp_writing_write_and_wait(self, connection, bytes, count);
}

size_t
troupe_net_unwritten(const struct troupe_self *self)
{
    struct tp_connection *connection =
        is_in_handler(self) ? tp_connection_of(tp_socket_of(self)) : NULL;

    return connection == NULL ? 0 : tp_writing_count(connection);
}

static troupe_err
set_paused(struct troupe_self *self, bool is_paused)
{
    struct tp_connection *connection;
    troupe_err err = find_connection(self, &connection);

    if (err == TROUPE_OK) {
        tp_connection_pause(self, connection, is_paused);
    }
    return err;
}

troupe_err
troupe_net_pause(struct troupe_self *self)
{
    TP_RUNTIME_CALL();
    return set_paused(self, true);
}

troupe_err
troupe_net_resume(struct troupe_self *self)
{
    TP_RUNTIME_CALL();
    return set_paused(self, false);
}

troupe_err
troupe_net_shut(struct troupe_self *self)
{
    TP_RUNTIME_CALL();
    struct tp_connection *connection;
    troupe_err err = find_connection(self, &connection);

    if (err == TROUPE_OK) {
        tp_writing_shut(connection);
    }
    return err;
}

troupe_err
troupe_net_close(struct troupe_self *self)
{
    TP_RUNTIME_CALL();
    struct tp_connection *connection;

    if (is_in_handler(self) && tp_socket_of(self) != NULL) {
        tp_socket_close(self, self->actor);
        return TROUPE_OK;
    }
    return find_connection(self, &connection);
}

/* ---- who is who ---------------------------------------------------------- */

static troupe_err
find_fd(const struct troupe_self *self, int *fd)
{
    struct tp_socket *socket = is_in_handler(self) ? tp_socket_of(self) : NULL;

    if (socket == NULL || socket->fd < 0) {
        return tp_err_set(is_in_handler(self) ? TROUPE_E_NOT_CONNECTED
                                              : TROUPE_E_WRONG_THREAD,
            "there is no socket here");
    }
    *fd = socket->fd;
    return TROUPE_OK;
}

typedef int name_of_socket(int fd, struct sockaddr *where, socklen_t *size);

static troupe_err
print_name(const struct troupe_self *self, name_of_socket *name, char *out,
    size_t size)
{
    union tp_sockaddr where;
    socklen_t where_size = sizeof(where);
    int fd = -1;
    troupe_err err = find_fd(self, &fd);

    if (size > 0) {
        *out = '\0';
    }
    if (err != TROUPE_OK) {
        return err;
    }
    memset(&where, 0, sizeof(where));
    if (name(fd, &where.any, &where_size) != 0) {
        return tp_err_set(
            TROUPE_E_NOT_CONNECTED, "no address: %s", strerror(errno));
    }
    tp_address_print(out, size, &where, where_size);
    return TROUPE_OK;
}

troupe_err
troupe_net_address(const struct troupe_self *self, char *out, size_t size)
{
    TP_RUNTIME_CALL();
    return print_name(self, getsockname, out, size);
}

troupe_err
troupe_net_peer(const struct troupe_self *self, char *out, size_t size)
{
    TP_RUNTIME_CALL();
    return print_name(self, getpeername, out, size);
}

troupe_err
troupe_net_credentials_of_peer(
    const struct troupe_self *self, struct troupe_net_credentials *peer)
{
    TP_RUNTIME_CALL();
    struct ucred found = {0, 0, 0};
    socklen_t size = sizeof(found);
    int fd = -1;
    troupe_err err = find_fd(self, &fd);

    if (err != TROUPE_OK) {
        return err;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &found, &size) != 0 ||
        found.pid == 0) {
        return tp_err_set(TROUPE_E_SYSTEM,
            "the system does not know who is at the other end: only Unix "
            "sockets say so");
    }
    *peer = (struct troupe_net_credentials){
        .pid = found.pid, .uid = found.uid, .gid = found.gid};
    return TROUPE_OK;
}

troupe_err
troupe_net_raise_files(uint64_t wanted, uint64_t *limit)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
        return tp_err_set(TROUPE_E_SYSTEM,
            "the limit of open files cannot be read: %s", strerror(errno));
    }
    if (files.rlim_cur < wanted) {
        struct rlimit raised = files;

        raised.rlim_cur = wanted < files.rlim_max ? wanted : files.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0) {
            files = raised;
        }
    }
    if (limit != NULL) {
        *limit = files.rlim_cur;
    }
    return files.rlim_cur >= wanted
               ? TROUPE_OK
               : tp_err_set(TROUPE_E_SYSTEM,
                     "%llu open files are wanted, the hard limit is %llu: "
                     "root raises that (ulimit -Hn, LimitNOFILE= of systemd)",
                     (unsigned long long)wanted,
                     (unsigned long long)files.rlim_max);
}
