/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/listener.h"

#include "actors/behaviour.h"
#include "actors/log.h"
#include "actors/start.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/memory.h"
#include "net/connection.h"
#include "net/trust.h"
#include "troupe/placement.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ACCEPTED_MAX = 64, /* in a turn */
    BACKLOG_DEFAULT = 1024,
    MODE_DEFAULT = 0600,
};

static const uint64_t rest_ns = TROUPE_MS(50);

struct tp_listener {
    struct tp_socket socket; /* first */
    const struct tp_behaviour_table *table;
    struct troupe_spawn_options spawn; /* state: in `state` */
    struct tp_connection_limits limits;
    struct tp_door *door;
    uint32_t connections_max;
    bool is_resting;
    bool is_starved; /* and the log says so */
    char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)]; /* to remove */
    unsigned char state[] __attribute__((aligned(16)));
};

/* ---- the door ------------------------------------------------------------ */

void
tp_door_enter(struct tp_door *door)
{
    ck_pr_inc_32(&door->connections_count);
    ck_pr_inc_32(&door->holders_count);
}

static void
let_go(struct tp_door *door)
{
    ck_pr_fence_release();
    if (ck_pr_faa_32(&door->holders_count, UINT32_MAX) == 1) {
        ck_pr_fence_acquire();
        tp_trust_release(door->tls);
        tp_memory_free(door);
    }
}

void
tp_door_leave(struct tp_door *door)
{
    ck_pr_dec_32(&door->connections_count);
    let_go(door);
}

/* ---- accepting ----------------------------------------------------------- */

static struct tp_listener *
listener_of(struct tp_socket *socket)
{
    return (struct tp_listener *)(void *)socket;
}

static void
look(struct tp_listener *listener)
{
    struct tp_socket *socket = &listener->socket;
    bool may = !listener->is_resting && !socket->is_deaf &&
               tp_loop_is_open(socket->loop);

    tp_socket_arm(socket, may ? EPOLLIN : 0);
}

static void
rest(struct tp_listener *listener)
{
    struct tp_socket *socket = &listener->socket;

    listener->is_resting = true;
    tp_socket_set_timeout(
        socket, tp_clock_after_ns(socket->loop->worker->now_ns, rest_ns));
}

static void
starve(struct troupe_self *self, struct tp_listener *listener, const char *why)
{
    char address[TROUPE_NET_ADDRESS_MAX];
    struct rlimit files = {0, 0};

    rest(listener);
    if (listener->is_starved) {
        return;
    }
    listener->is_starved = true;
    (void)troupe_net_address(self, address, sizeof(address));
    (void)getrlimit(RLIMIT_NOFILE, &files);
    tp_log_write(&self->runtime->log, TROUPE_LOG_WARNING,
        "%s takes no more connections for now: %s (open files are limited to "
        "%llu; troupe_net_raise_files() raises that); they wait",
        address, why, (unsigned long long)files.rlim_cur);
}

/* False: it could not be given to anybody. */
static bool
admit(struct troupe_self *self, struct tp_listener *listener, int fd)
{
    struct tp_loop *loop = tp_loop_lightest(self->runtime->scheduler);
    struct tp_connection *connection =
        tp_connection_accept(self, fd, loop, &listener->limits, listener->door);
    struct troupe_spawn_options options = listener->spawn;
    troupe_pid pid;

    /* A body never leaves the worker that it has begun on. */
    if (listener->table->body != NULL && options.worker == 0) {
        options.worker = TROUPE_WORKER(loop->worker->index);
    }
    return connection != NULL && tp_spawn_with_socket(self, listener->table,
                                     &options, connection, &pid) == TROUPE_OK;
}

static bool
is_full(const struct tp_listener *listener)
{
    return listener->connections_max != 0 &&
           ck_pr_load_32(&listener->door->connections_count) >=
               listener->connections_max;
}

enum outcome { ACCEPTED, NONE_LEFT, NOT_NOW };

static enum outcome
accept_one(struct troupe_self *self, struct tp_listener *listener)
{
    int fd;

    if (is_full(listener)) {
        rest(listener);
        return NOT_NOW;
    }
    fd = accept4(listener->socket.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && errno == EAGAIN) {
        return NONE_LEFT;
    }
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
                      errno == ENOMEM)) {
        starve(self, listener, strerror(errno));
        return NOT_NOW;
    }
    if (fd < 0) {
        return ACCEPTED; /* it was gone before */
    }
    if (!admit(self, listener, fd)) {
        starve(self, listener, troupe_err_detail());
        return NOT_NOW;
    }
    listener->is_starved = false;
    return ACCEPTED;
}

static void
take_turn(struct troupe_self *self, struct tp_actor *actor,
    struct tp_socket *socket, struct troupe_message *message)
{
    struct tp_listener *listener = listener_of(socket);
    enum outcome outcome = ACCEPTED;

    (void)actor, (void)message;
    for (int i = 0; i < ACCEPTED_MAX && outcome == ACCEPTED &&
                    tp_loop_is_open(socket->loop);
         i++) {
        outcome = accept_one(self, listener);
    }
    socket->is_readable = outcome == ACCEPTED;
    socket->is_deaf &= socket->is_readable;
    socket->is_due |= socket->is_readable && tp_loop_is_open(socket->loop);
    look(listener);
}

static void
be_late(struct tp_socket *socket)
{
    listener_of(socket)->is_resting = false;
    look(listener_of(socket));
}

/* An error of a listening socket shows when it accepts. */
static void
be_broken(struct tp_socket *socket)
{
    socket->is_readable = true;
    tp_socket_notify(tp_loop_self(socket->loop), socket);
}

static void
fini(struct troupe_self *self, struct tp_socket *socket)
{
    struct tp_listener *listener = listener_of(socket);

    (void)self;
    if (*listener->path != '\0') {
        (void)unlink(listener->path);
    }
    let_go(listener->door);
}

static const struct tp_socket_role role = {
    .take_turn = take_turn,
    .be_broken = be_broken,
    .be_late = be_late,
    .fini = fini,
};

/* ---- making -------------------------------------------------------------- */

static struct tp_listener *
create(struct troupe_self *self, const struct tp_behaviour_table *table)
{
    struct tp_door *door = tp_memory_alloc_zeroed(1, sizeof(*door));
    struct tp_socket *socket =
        door == NULL ? NULL
                     : tp_socket_create(self,
                           sizeof(struct tp_listener) + table->state_size,
                           &role, tp_loop_of(self->worker));

    if (socket == NULL) {
        tp_memory_free(door);
        return NULL;
    }
    door->holders_count = 1;
    listener_of(socket)->door = door;
    listener_of(socket)->table = table;
    return listener_of(socket);
}

static troupe_err
read_spawn(
    struct tp_listener *listener, const struct troupe_spawn_options *spawn)
{
    listener->spawn = troupe_spawn_options_default();
    if (spawn == NULL) {
        return TROUPE_OK;
    }
    if (spawn->size < sizeof(size_t) || spawn->size > sizeof(*spawn)) {
        return tp_err_set(TROUPE_E_ABI_MISMATCH,
            "spawn options of %zu bytes: make them by TROUPE_SPAWN_OPTIONS",
            spawn->size);
    }
    memcpy(&listener->spawn, spawn, spawn->size);
    listener->spawn.size = sizeof(*spawn);
    if (listener->spawn.own_thread) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "a connection's actor runs where its socket is, and cannot have a "
            "thread of its own");
    }
    if (listener->spawn.state != NULL) {
        memcpy(listener->state, listener->spawn.state,
            listener->table->state_size);
        listener->spawn.state = listener->state;
    }
    return TROUPE_OK;
}

static troupe_err
read_connection(
    struct tp_listener *listener, const struct troupe_net_options *connection)
{
    struct tp_connection_trust trust;
    troupe_err err =
        tp_connection_read_options(connection, &listener->limits, &trust);

    if (err == TROUPE_OK) {
        err = tp_trust_check(trust.tls, true);
    }
    if (err == TROUPE_OK) {
        listener->door->tls = tp_trust_acquire(trust.tls);
    }
    return err;
}

static troupe_err
refused(const char *text)
{
    return tp_err_set(
        TROUPE_E_SYSTEM, "cannot listen at %s: %s", text, strerror(errno));
}

/* Whether nobody listens at the socket's file any more. */
static bool
is_abandoned(const struct tp_address *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool is_refused = fd >= 0 &&
                      connect(fd, &address->where.any, address->size) != 0 &&
                      errno == ECONNREFUSED;

    if (fd >= 0) {
        close(fd);
    }
    return is_refused;
}

/* Never wider open than it is to be, not even for a moment. */
static bool
bind_local(struct tp_listener *listener, const struct tp_address *address,
    unsigned mode)
{
    const char *path = address->where.local.sun_path;
    int fd = listener->socket.fd;

    (void)fchmod(fd, mode);
    if (bind(fd, &address->where.any, address->size) != 0) {
        if (errno != EADDRINUSE || !is_abandoned(address) ||
            unlink(path) != 0 ||
            bind(fd, &address->where.any, address->size) != 0) {
            errno = EADDRINUSE;
            return false;
        }
    }
    memcpy(listener->path, path, sizeof(listener->path));
    return chmod(path, mode) == 0;
}

static bool
bind_inet(struct tp_listener *listener, const struct tp_address *address)
{
    int fd = listener->socket.fd;
    int one = 1;

    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
           bind(fd, &address->where.any, address->size) == 0;
}

static bool
bind_socket(struct tp_listener *listener, const struct tp_address *address,
    const struct troupe_net_listen *listen)
{
    int family = address->where.any.sa_family;

    listener->socket.fd =
        socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->socket.fd < 0) {
        return false;
    }
    return family == AF_UNIX
               ? bind_local(listener, address,
                     listen->mode == 0 ? MODE_DEFAULT : listen->mode)
               : bind_inet(listener, address);
}

static troupe_err
open_listener(struct troupe_self *self, struct tp_listener *listener,
    const struct tp_address *address, const struct troupe_net_listen *wanted,
    const char *text)
{
    int backlog = wanted->backlog == 0 ? BACKLOG_DEFAULT : wanted->backlog;
    troupe_err err = read_spawn(listener, wanted->spawn);

    if (err == TROUPE_OK) {
        err = read_connection(listener, wanted->connection);
    }
    if (err != TROUPE_OK) {
        return err;
    }
    listener->connections_max = wanted->connections_max;
    if (!bind_socket(listener, address, wanted) ||
        listen(listener->socket.fd, backlog) != 0) {
        return refused(text);
    }
    err = tp_socket_watch(&listener->socket);
    return err == TROUPE_OK ? tp_socket_give(self, &listener->socket) : err;
}

troupe_err
tp_listener_begin(struct troupe_self *self, const struct tp_address *address,
    const struct troupe_net_listen *wanted, const char *text)
{
    const struct tp_behaviour_table *table;
    struct tp_listener *listener;
    troupe_err err = tp_behaviour_register(wanted->behaviour, &table);

    if (err != TROUPE_OK) {
        return err;
    }
    listener = create(self, table);
    if (listener == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory to listen");
    }
    err = open_listener(self, listener, address, wanted, text);
    if (err != TROUPE_OK) {
        tp_socket_destroy(self, &listener->socket);
        return err;
    }
    look(listener);
    return TROUPE_OK;
}
