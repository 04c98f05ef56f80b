/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/connection.h"

#include "actors/life.h"
#include "actors/post.h"
#include "base/clock.h"
#include "base/err.h"
#include "net/connecting.h"
#include "net/lines.h"
#include "net/listener.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>

static const uint64_t connect_ns_default = TROUPE_SECONDS(30);
static const uint64_t linger_ns = TROUPE_SECONDS(30);

enum {
    WRITE_HIGH_DEFAULT = 256 << 10,
    WRITE_HARD_DEFAULT = 4 << 20,
};

/* ---- options ------------------------------------------------------------- */

static size_t
or_default(size_t given, size_t by_default)
{
    return given == 0 ? by_default : given;
}

troupe_err
tp_connection_read_options(
    const struct troupe_net_options *given, struct tp_connection_limits *limits)
{
    struct troupe_net_options options = troupe_net_options_default();
    size_t hard;

    if (given != NULL) {
        if (given->size < sizeof(size_t) || given->size > sizeof(options)) {
            return tp_err_set(TROUPE_E_ABI_MISMATCH,
                "net options of %zu bytes, this library knows %zu: make them "
                "by TROUPE_NET_OPTIONS",
                given->size, sizeof(options));
        }
        memcpy(&options, given, given->size);
    }
    limits->idle_ns = options.idle_ns == 0 ? UINT64_MAX : options.idle_ns;
    limits->connect_ns =
        options.connect_ns == 0 ? connect_ns_default : options.connect_ns;
    limits->write_high = or_default(options.write_high, WRITE_HIGH_DEFAULT);
    limits->write_low = or_default(options.write_low, limits->write_high / 4);
    hard = limits->write_high > WRITE_HARD_DEFAULT ? limits->write_high
                                                   : WRITE_HARD_DEFAULT;
    limits->write_hard = or_default(options.write_hard, hard);
    if (limits->write_low >= limits->write_high ||
        limits->write_high > limits->write_hard) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "marks of %zu, %zu and %zu bytes: write_low must be less than "
            "write_high, and that no more than write_hard",
            limits->write_low, limits->write_high, limits->write_hard);
    }
    return TROUPE_OK;
}

/* ---- what the loop looks for --------------------------------------------- */

/* The peer, for all that this side can know. */
static bool
is_gone(const struct tp_connection *connection)
{
    return connection->failure != 0 || connection->is_broken;
}

static bool
can_read(const struct tp_connection *connection)
{
    return connection->is_open && !connection->is_paused &&
           !connection->has_ended && !connection->is_closing &&
           connection->failure == 0 && tp_loop_is_open(connection->socket.loop);
}

static void
arm(struct tp_connection *connection)
{
    int events = 0;

    if (connection->is_open && !is_gone(connection)) {
        events |= connection->is_blocked ? UV_WRITABLE : 0;
        events |= can_read(connection) && !connection->socket.is_deaf
                      ? UV_READABLE
                      : 0;
    }
    tp_socket_arm(&connection->socket, events);
}

static void
notify(struct tp_connection *connection)
{
    tp_socket_notify(
        tp_loop_self(connection->socket.loop), &connection->socket);
}

static uint64_t
now_ns(const struct tp_connection *connection)
{
    return connection->socket.loop->worker->now_ns;
}

/* ---- holding ------------------------------------------------------------- */

static void
hold(struct troupe_self *self, struct tp_connection *connection)
{
    struct troupe_message *release;

    if (connection->release != NULL) {
        return;
    }
    release = tp_post_block(self, 0);
    if (release == NULL) {
        return;
    }
    release->kind = TP_MESSAGE_RELEASE;
    release->schema = 0;
    connection->release = release;
    self->actor->flags |= TP_ACTOR_IS_HELD;
}

static void
release(struct tp_connection *connection)
{
    struct troupe_message *message = connection->release;

    if (message != NULL) {
        connection->release = NULL;
        tp_post_from(tp_loop_self(connection->socket.loop), TROUPE_NO_PID,
            connection->socket.owner, message);
    }
}

/* ---- writing ------------------------------------------------------------- */

static size_t
waiting(const struct tp_connection *connection)
{
    return tp_outgoing_count(&connection->outgoing);
}

static void
count_awaited(struct tp_connection *connection, bool is_awaited)
{
    uint64_t *count = &connection->socket.loop->worker->io_awaited_count;

    if (is_awaited != connection->is_awaited) {
        connection->is_awaited = is_awaited;
        *count += is_awaited ? 1 : UINT64_MAX;
    }
}

/* What waits will never go out: so nobody is held by it, and its actor is to
 * hear of it. */
static void
give_up_writing(struct tp_connection *connection)
{
    tp_outgoing_fini(&connection->outgoing);
    count_awaited(connection, false);
    arm(connection);
    release(connection);
    notify(connection);
}

void
tp_connection_fail(struct tp_connection *connection, int failure)
{
    if (connection->failure == 0) {
        connection->failure = failure;
        give_up_writing(connection);
    }
}

static void
end_writing(struct tp_connection *connection)
{
    if (connection->is_shut && !connection->is_told) {
        connection->is_told = true;
        (void)shutdown(connection->socket.fd, SHUT_WR);
    }
    if (connection->is_closing) {
        notify(connection);
    }
}

static void
note_drained(struct tp_connection *connection)
{
    if (connection->is_high &&
        waiting(connection) <= connection->limits.write_low) {
        connection->is_high = false;
        connection->is_drained_due = true;
        release(connection);
        notify(connection);
    }
}

static void
write_out(struct tp_connection *connection)
{
    size_t before = waiting(connection);
    enum tp_outgoing_flushed flushed =
        tp_outgoing_flush(&connection->outgoing, connection->socket.fd);

    if (flushed == TP_OUTGOING_FAILED) {
        tp_connection_fail(connection, errno);
        return;
    }
    connection->is_blocked = flushed == TP_OUTGOING_SOME;
    if (waiting(connection) != before) {
        connection->active_ns = now_ns(connection);
    }
    count_awaited(connection, connection->is_blocked);
    note_drained(connection);
    if (!connection->is_blocked) {
        end_writing(connection);
    }
    arm(connection);
}

static bool
can_write_out(const struct tp_connection *connection)
{
    return connection->is_open && !connection->is_blocked &&
           !is_gone(connection);
}

void
tp_connection_flush(struct tp_connection *connection)
{
    connection->is_unflushed = false;
    if (can_write_out(connection)) {
        write_out(connection);
    }
}

/* Before the next poll, what waits is handed to the system. */
static void
flush_soon(struct tp_connection *connection)
{
    struct tp_loop *loop = connection->socket.loop;

    if (connection->is_unflushed || !can_write_out(connection)) {
        return;
    }
    connection->is_unflushed = true;
    connection->next_unflushed = loop->unflushed;
    loop->unflushed = connection;
    count_awaited(connection, true);
}

static void
flush_no_more(struct tp_connection *connection)
{
    struct tp_connection **place = &connection->socket.loop->unflushed;

    if (!connection->is_unflushed) {
        return;
    }
    while (*place != connection) {
        place = &(*place)->next_unflushed;
    }
    *place = connection->next_unflushed;
    connection->is_unflushed = false;
}

/* It tries at once, as a faster peer may be all that is needed. */
static void
mind_high(struct troupe_self *self, struct tp_connection *connection)
{
    if (can_write_out(connection)) {
        write_out(connection);
    }
    if (waiting(connection) >= connection->limits.write_high) {
        connection->is_high = true;
        hold(self, connection);
    }
}

static troupe_err
check_room(struct tp_connection *connection, size_t count)
{
    size_t hard = connection->limits.write_hard;

    if (count > hard) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "a write of %zu bytes would never fit below write_hard, %zu", count,
            hard);
    }
    if (waiting(connection) > hard - count) {
        connection->is_high = true;
        return tp_err_set(TROUPE_E_WRITE_FULL,
            "%zu bytes wait to be written, %zu more are too many",
            waiting(connection), count);
    }
    return TROUPE_OK;
}

troupe_err
tp_connection_write(struct troupe_self *self, struct tp_connection *connection,
    const void *bytes, size_t count)
{
    troupe_err err;

    if (connection->is_shut || connection->is_closing) {
        return tp_err_set(TROUPE_E_NOT_CONNECTED,
            "this side has said that it writes no more");
    }
    err = check_room(connection, count);
    if (err != TROUPE_OK || count == 0 || is_gone(connection)) {
        return err;
    }
    if (!tp_outgoing_append(&connection->outgoing, bytes, count)) {
        return tp_err_set(TROUPE_E_NO_MEMORY,
            "no memory for %zu bytes that wait to be written", count);
    }
    if (waiting(connection) >= connection->limits.write_high) {
        mind_high(self, connection);
    }
    if (waiting(connection) > 0) {
        flush_soon(connection);
    }
    return TROUPE_OK;
}

void
tp_connection_shut(struct tp_connection *connection)
{
    connection->is_shut = true;
    if (waiting(connection) == 0 && can_write_out(connection)) {
        end_writing(connection);
    }
}

/* ---- the end ------------------------------------------------------------- */

static void __attribute__((format(printf, 4, 5)))
finish(struct troupe_self *self, struct tp_actor *actor, int code,
    const char *format, ...)
{
    struct tp_exit why = {.kind = TROUPE_EXIT_FAILED, .code = code};
    va_list arguments;

    va_start(arguments, format);
    tp_exit_print_text(self, &why, format, arguments);
    va_end(arguments);
    tp_life_finish(self, actor, why);
}

static void
finish_normally(struct troupe_self *self, struct tp_actor *actor)
{
    tp_life_finish(self, actor, (struct tp_exit){.kind = TROUPE_EXIT_NORMAL});
}

static void
finish_failed(struct troupe_self *self, struct tp_actor *actor,
    struct tp_connection *connection)
{
    char why[128];
    char peer[TROUPE_NET_ADDRESS_MAX];

    uv_strerror_r(-connection->failure, why, sizeof(why));
    if (connection->is_closing) {
        finish_normally(self, actor);
    } else if (connection->connecting != NULL) {
        finish(self, actor, connection->failure, "cannot connect to %s: %s",
            tp_connecting_text(connection->connecting), why);
    } else {
        (void)troupe_net_peer(self, peer, sizeof(peer));
        finish(self, actor, connection->failure, "connection%s%s lost: %s",
            *peer == '\0' ? "" : " with ", peer, why);
    }
}

/* What does not go out within a time will never do so. */
void
tp_connection_close(struct troupe_self *self, struct tp_connection *connection)
{
    connection->is_closing = true;
    connection->is_shut = true;
    if (!connection->is_open || waiting(connection) == 0) {
        finish_normally(self, self->actor);
        return;
    }
    if (connection->limits.idle_ns == UINT64_MAX) {
        connection->limits.idle_ns = linger_ns;
        tp_socket_set_timeout(&connection->socket,
            tp_clock_after_ns(now_ns(connection), linger_ns));
    }
    arm(connection);
}

static void
fini(struct troupe_self *self, struct tp_socket *socket)
{
    struct tp_connection *connection = tp_connection_of(socket);

    flush_no_more(connection);
    if (can_write_out(connection)) {
        (void)tp_outgoing_flush(&connection->outgoing, socket->fd);
    }
    count_awaited(connection, false);
    tp_outgoing_fini(&connection->outgoing);
    tp_connecting_end(connection);
    if (connection->release != NULL) {
        tp_post_free(self, connection->release);
    }
    if (connection->door != NULL) {
        tp_door_leave(connection->door);
    }
}

/* ---- reading ------------------------------------------------------------- */

static int
error_of(int fd)
{
    int error = 0;
    socklen_t size = sizeof(error);

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
        return errno;
    }
    return error == 0 ? ECONNRESET : error;
}

/* Nothing is left to be read. */
static void
end_reading(struct tp_connection *connection)
{
    if (connection->is_broken) {
        tp_connection_fail(connection, error_of(connection->socket.fd));
        return;
    }
    connection->has_ended = true;
    connection->is_ended_due = true;
}

static void
hand_over(struct troupe_self *self, struct tp_actor *actor,
    struct tp_connection *connection, struct troupe_message *message,
    size_t count)
{
    connection->active_ns = now_ns(connection);
    if (!tp_lines_say_bytes(
            self, actor, message, connection->socket.loop->read_bytes, count)) {
        finish(self, actor, EPROTO,
            "bytes have come, and the behaviour %s has no line for "
            "troupe_net_bytes",
            actor->table->name);
    }
}

static void
read_some(struct troupe_self *self, struct tp_actor *actor,
    struct tp_connection *connection, struct troupe_message *message)
{
    struct tp_socket *socket = &connection->socket;
    ssize_t count = recv(
        socket->fd, socket->loop->read_bytes, TP_LOOP_READ_BYTES, MSG_DONTWAIT);

    socket->is_readable = count == TP_LOOP_READ_BYTES || connection->is_broken;
    socket->is_deaf &= socket->is_readable;
    if (count > 0) {
        hand_over(self, actor, connection, message, (size_t)count);
    } else if (count == 0) {
        end_reading(connection);
    } else if (errno != EAGAIN && errno != EINTR) {
        tp_connection_fail(connection, errno);
    } else if (connection->is_broken) {
        end_reading(connection);
    }
    arm(connection);
}

/* ---- the actor's turn ---------------------------------------------------- */

static void
say_ended(struct troupe_self *self, struct tp_actor *actor,
    struct tp_connection *connection, struct troupe_message *message)
{
    if (!tp_lines_say_ended(self, actor, message)) {
        tp_connection_close(self, connection);
    }
}

/* It is broken, and what has come is not wanted. */
static bool
is_given_up(const struct tp_connection *connection)
{
    return connection->is_broken && !can_read(connection);
}

static bool
take(bool *is_due)
{
    bool was_due = *is_due;

    *is_due = false;
    return was_due;
}

static void
do_one_thing(struct troupe_self *self, struct tp_actor *actor,
    struct tp_connection *connection, struct troupe_message *message)
{
    if (is_given_up(connection)) {
        tp_connection_fail(connection, error_of(connection->socket.fd));
    }
    if (connection->failure != 0) {
        finish_failed(self, actor, connection);
    } else if (take(&connection->is_opened_due)) {
        (void)tp_lines_say_opened(self, actor, message);
    } else if (take(&connection->is_drained_due)) {
        (void)tp_lines_say_drained(self, actor, message);
    } else if (connection->is_closing) {
        if (waiting(connection) == 0) {
            finish_normally(self, actor);
        }
    } else if (connection->socket.is_readable && can_read(connection)) {
        read_some(self, actor, connection, message);
    } else if (take(&connection->is_ended_due)) {
        say_ended(self, actor, connection, message);
    }
}

static bool
has_more(const struct tp_connection *connection)
{
    return connection->failure != 0 || connection->is_opened_due ||
           connection->is_drained_due || is_given_up(connection) ||
           (connection->socket.is_readable && can_read(connection)) ||
           connection->is_ended_due;
}

static void
take_turn(struct troupe_self *self, struct tp_actor *actor,
    struct tp_socket *socket, struct troupe_message *message)
{
    struct tp_connection *connection = tp_connection_of(socket);

    do_one_thing(self, actor, connection, message);
    socket->is_due |= has_more(connection);
}

void
tp_connection_pause(struct tp_connection *connection, bool is_paused)
{
    connection->is_paused = is_paused;
    arm(connection);
    if (has_more(connection)) {
        notify(connection);
    }
}

/* ---- what happens to it -------------------------------------------------- */

static void
set_idle_timeout(struct tp_connection *connection)
{
    tp_socket_set_timeout(&connection->socket,
        tp_clock_after_ns(connection->active_ns, connection->limits.idle_ns));
}

void
tp_connection_open(struct tp_connection *connection)
{
    int one = 1;

    tp_connecting_end(connection);
    /* Of a Unix socket it is refused, and not needed. */
    (void)setsockopt(
        connection->socket.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    connection->is_open = true;
    connection->is_opened_due = true;
    connection->active_ns = now_ns(connection);
    set_idle_timeout(connection);
    if (waiting(connection) > 0) {
        flush_soon(connection);
    } else if (connection->is_shut) {
        end_writing(connection);
    }
    notify(connection);
    arm(connection);
}

/* An accepted one. */
static void
live(struct troupe_self *self, struct tp_socket *socket)
{
    struct tp_connection *connection = tp_connection_of(socket);

    (void)self;
    if (tp_socket_open_poll(socket) == TROUPE_OK) {
        tp_connection_open(connection);
    } else {
        tp_connection_fail(connection, ENOMEM);
    }
}

static void
be_writable(struct tp_socket *socket)
{
    struct tp_connection *connection = tp_connection_of(socket);

    if (connection->connecting != NULL) {
        tp_connecting_go_on(connection);
    } else {
        write_out(connection);
    }
}

static void
be_broken(struct tp_socket *socket)
{
    struct tp_connection *connection = tp_connection_of(socket);

    if (connection->connecting != NULL) {
        tp_connecting_go_on(connection);
        return;
    }
    connection->is_broken = true;
    socket->is_readable = true;
    give_up_writing(connection);
}

static void
be_late(struct tp_socket *socket)
{
    struct tp_connection *connection = tp_connection_of(socket);

    if (connection->is_open && now_ns(connection) - connection->active_ns <
                                   connection->limits.idle_ns) {
        set_idle_timeout(connection);
        return;
    }
    tp_connection_fail(connection, ETIMEDOUT);
}

static const struct tp_socket_role role = {
    .live = live,
    .take_turn = take_turn,
    .be_writable = be_writable,
    .be_broken = be_broken,
    .be_late = be_late,
    .fini = fini,
};

struct tp_connection *
tp_connection_of(struct tp_socket *socket)
{
    return socket == NULL || socket->role != &role
               ? NULL
               : (struct tp_connection *)(void *)socket;
}

struct tp_connection *
tp_connection_create(struct troupe_self *self, struct tp_loop *loop,
    const struct tp_connection_limits *limits)
{
    struct tp_connection *connection = tp_connection_of(
        tp_socket_create(self, sizeof(*connection), &role, loop));

    if (connection != NULL) {
        connection->limits = *limits;
    }
    return connection;
}

struct tp_connection *
tp_connection_accept(struct troupe_self *self, int fd, struct tp_loop *loop,
    const struct tp_connection_limits *limits, struct tp_door *door)
{
    struct tp_connection *connection = tp_connection_create(self, loop, limits);

    if (connection == NULL) {
        close(fd);
        return NULL;
    }
    connection->socket.fd = fd;
    connection->door = door;
    tp_door_enter(door);
    return connection;
}
