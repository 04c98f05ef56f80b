/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/connection.h"

#include "actors/life.h"
#include "actors/process.h"
#include "base/clock.h"
#include "base/err.h"
#include "net/connecting.h"
#include "net/lines.h"
#include "net/listener.h"
#include "net/reading.h"
#include "net/securing.h"
#include "net/tls.h"
#include "net/writing.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

static const uint64_t connect_ns_default = TROUPE_SECONDS(30);
static const uint64_t linger_ns = TROUPE_SECONDS(30);

enum {
    WRITE_HIGH_DEFAULT = 256 << 10,
    WRITE_HARD_DEFAULT = 4 << 20,
};

/* A body gets a line as a message. */
#define LINE_MAX_MAX (TROUPE_PAYLOAD_BYTES_MAX / 2)

/* ---- options ------------------------------------------------------------- */

static size_t
or_default(size_t given, size_t by_default)
{
    return given == 0 ? by_default : given;
}

troupe_err
tp_connection_read_options(const struct troupe_net_options *given,
    struct tp_connection_limits *limits, struct tp_connection_trust *trust)
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
    trust->tls = options.tls;
    trust->name = options.tls_name;
    limits->idle_ns = options.idle_ns == 0 ? UINT64_MAX : options.idle_ns;
    limits->connect_ns =
        options.connect_ns == 0 ? connect_ns_default : options.connect_ns;
    limits->write_high = or_default(options.write_high, WRITE_HIGH_DEFAULT);
    limits->write_low = or_default(options.write_low, limits->write_high / 4);
    hard = limits->write_high > WRITE_HARD_DEFAULT ? limits->write_high
                                                   : WRITE_HARD_DEFAULT;
    limits->write_hard = or_default(options.write_hard, hard);
    limits->line_max = options.line_max;
    if (limits->line_max > LINE_MAX_MAX) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "lines of %zu bytes; the longest may have %u", limits->line_max,
            LINE_MAX_MAX);
    }
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

/* Until it is open, whoever opens it looks (net/connecting.h, securing.h). */
void
tp_connection_arm(struct tp_connection *connection)
{
    uint32_t events = 0;

    if (!connection->is_open && !tp_connection_is_gone(connection)) {
        return;
    }
    if (!tp_connection_is_gone(connection)) {
        events |= connection->is_blocked ? EPOLLOUT : 0u;
        events |=
            tp_reading_is_possible(connection) && !connection->socket.is_deaf
                ? EPOLLIN
                : 0u;
    }
    tp_socket_arm(&connection->socket, events);
}

void
tp_connection_notify(struct tp_connection *connection)
{
    tp_socket_notify(
        tp_loop_self(connection->socket.loop), &connection->socket);
}

void
tp_connection_fail(struct tp_connection *connection, int failure)
{
    if (connection->failure == 0) {
        connection->failure = failure;
        tp_writing_give_up(connection);
    }
}

int
tp_connection_error(const struct tp_connection *connection)
{
    int error = 0;
    socklen_t size = sizeof(error);

    if (getsockopt(
            connection->socket.fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
        return errno;
    }
    return error == 0 ? ECONNRESET : error;
}

/* ---- the end ------------------------------------------------------------- */

static void
finish_normally(struct troupe_self *self, struct tp_actor *actor)
{
    tp_life_finish(self, actor, (struct tp_exit){.kind = TROUPE_EXIT_NORMAL});
}

static void
print_why(const struct tp_connection *connection, char *out, size_t size)
{
    const char *why =
        connection->tls == NULL ? "" : tp_tls_why(connection->tls);

    uv_strerror_r(-connection->failure, out, size);
    if (*why != '\0') {
        snprintf(out, size, "%s", why);
    }
}

static void
finish_failed(struct troupe_self *self, struct tp_actor *actor,
    struct tp_connection *connection)
{
    char why[TP_TLS_WHY_BYTES];
    char peer[TROUPE_NET_ADDRESS_MAX];

    print_why(connection, why, sizeof(why));
    if (connection->connecting != NULL) {
        tp_life_fail(self, actor, connection->failure,
            "cannot connect to %s: %s",
            tp_connecting_text(connection->connecting), why);
    } else if (connection->is_closing) {
        finish_normally(self, actor);
    } else {
        (void)troupe_net_peer(self, peer, sizeof(peer));
        tp_life_fail(self, actor, connection->failure,
            "connection%s%s lost: %s", *peer == '\0' ? "" : " with ", peer,
            why);
    }
}

/* What does not go out within a time will never do so. That it connects has a
 * time of its own. */
static void
linger(struct tp_connection *connection)
{
    if (connection->is_open) {
        tp_socket_set_timeout(&connection->socket,
            tp_clock_after_ns(tp_connection_now_ns(connection), linger_ns));
    }
}

/* Before it is open that is no word of TLS's. */
static bool
has_unwritten(const struct tp_connection *connection)
{
    return connection->is_open ? tp_writing_count(connection) > 0
                               : tp_outgoing_count(&connection->outgoing) > 0;
}

static void
close_connection(struct troupe_self *self, struct tp_connection *connection)
{
    connection->is_closing = true;
    connection->is_shut = true;
    if (connection->failure == 0 && !has_unwritten(connection)) {
        finish_normally(self, self->actor);
        return;
    }
    if (connection->limits.idle_ns == UINT64_MAX) {
        connection->limits.idle_ns = linger_ns;
        linger(connection);
    }
    tp_connection_arm(connection);
}

static void
close_socket(struct troupe_self *self, struct tp_socket *socket)
{
    close_connection(self, tp_connection_of(socket));
}

static void
fini(struct troupe_self *self, struct tp_socket *socket)
{
    struct tp_connection *connection = tp_connection_of(socket);

    tp_writing_end(self, connection);
    tp_framing_fini(&connection->framing);
    tp_tls_destroy(connection->tls);
    tp_connecting_end(connection);
    if (connection->door != NULL) {
        tp_door_leave(connection->door);
    }
}

/* ---- the actor's turn ---------------------------------------------------- */

static void
say_ended(struct troupe_self *self, struct tp_actor *actor,
    struct tp_connection *connection, struct troupe_message *message)
{
    connection->is_ended_due = false;
    if (!tp_lines_say(self, actor, message, TP_LINE_ENDED)) {
        close_connection(self, connection);
    }
}

/* Whether the actor reads: that the peer has ended is found by reading, and is
 * news to whoever waits for bytes. */
static bool
reads(const struct tp_actor *actor)
{
    return tp_lines_hear(actor, TP_LINE_BYTES) ||
           tp_lines_hear(actor, TP_LINE_ENDED);
}

/* Whether its body waits for mail, but not the connection's. */
static bool
turns_away(const struct tp_actor *actor)
{
    return actor->table->body != NULL && tp_process_waits_for_mail(actor) &&
           !reads(actor);
}

/* It is broken, and what has come is not wanted. */
static bool
is_given_up(
    const struct tp_actor *actor, const struct tp_connection *connection)
{
    return connection->is_broken && ((!tp_reading_is_possible(connection) &&
                                         !tp_reading_has_line(connection)) ||
                                        turns_away(actor));
}

static bool
take_heard(bool *is_due, const struct tp_actor *actor, enum tp_line line)
{
    bool is_heard = *is_due && tp_lines_hear(actor, line);

    *is_due &= !is_heard;
    return is_heard;
}

static void
do_one_thing(struct troupe_self *self, struct tp_actor *actor,
    struct tp_connection *connection, struct troupe_message *message)
{
    if (is_given_up(actor, connection)) {
        tp_connection_fail(connection, tp_connection_error(connection));
    }
    if (connection->failure != 0) {
        finish_failed(self, actor, connection);
    } else if (take_heard(&connection->is_opened_due, actor, TP_LINE_OPENED)) {
        (void)tp_lines_say(self, actor, message, TP_LINE_OPENED);
    } else if (take_heard(
                   &connection->is_drained_due, actor, TP_LINE_DRAINED)) {
        (void)tp_lines_say(self, actor, message, TP_LINE_DRAINED);
    } else if (connection->is_closing) {
        if (tp_writing_count(connection) == 0) {
            finish_normally(self, actor);
        }
    } else if (tp_reading_has_line(connection) && reads(actor)) {
        tp_reading_hand_over_line(self, actor, connection, message);
    } else if (connection->socket.is_readable &&
               tp_reading_is_possible(connection) && reads(actor)) {
        tp_reading_read(self, actor, connection, message);
    } else if (connection->is_ended_due && reads(actor)) {
        say_ended(self, actor, connection, message);
    }
}

static bool
has_more(const struct tp_actor *actor, const struct tp_connection *connection)
{
    return connection->failure != 0 || is_given_up(actor, connection) ||
           (connection->is_opened_due &&
               tp_lines_hear(actor, TP_LINE_OPENED)) ||
           (connection->is_drained_due &&
               tp_lines_hear(actor, TP_LINE_DRAINED)) ||
           (reads(actor) &&
               (connection->is_ended_due || tp_reading_has_line(connection) ||
                   (connection->socket.is_readable &&
                       tp_reading_is_possible(connection))));
}

static void
take_turn(struct troupe_self *self, struct tp_actor *actor,
    struct tp_socket *socket, struct troupe_message *message)
{
    struct tp_connection *connection = tp_connection_of(socket);

    do_one_thing(self, actor, connection, message);
    socket->is_due |= has_more(actor, connection);
}

static void
wait(struct troupe_self *self, struct tp_socket *socket)
{
    struct tp_connection *connection = tp_connection_of(socket);

    if (has_more(self->actor, connection)) {
        tp_connection_notify(connection);
    }
}

/* A body that runs waits for nothing yet, and wait() comes when it does. */
void
tp_connection_pause(
    struct troupe_self *self, struct tp_connection *connection, bool is_paused)
{
    connection->is_paused = is_paused;
    tp_connection_arm(connection);
    if (self->process == NULL) {
        wait(self, &connection->socket);
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

    if (connection->tls != NULL && !tp_tls_is_shaken(connection->tls)) {
        tp_securing_begin(connection);
        return;
    }
    tp_connecting_end(connection);
    /* Of a Unix socket it is refused, and not needed. */
    (void)setsockopt(
        connection->socket.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    connection->is_open = true;
    connection->is_opened_due = true;
    connection->active_ns = tp_connection_now_ns(connection);
    set_idle_timeout(connection);
    if (tp_writing_count(connection) > 0) {
        tp_writing_flush_soon(connection);
    } else if (connection->is_shut) {
        tp_writing_flush(connection);
    }
    tp_connection_notify(connection);
    tp_connection_arm(connection);
}

/* Or needs none; else there is no memory. */
static bool
has_its_tls(struct tp_connection *connection)
{
    const struct troupe_tls *trust = connection->door->tls;

    if (trust != NULL) {
        connection->tls = tp_tls_create(trust, NULL);
    }
    return trust == NULL || connection->tls != NULL;
}

/* An accepted one. */
static void
live(struct troupe_self *self, struct tp_socket *socket)
{
    struct tp_connection *connection = tp_connection_of(socket);

    (void)self;
    if (has_its_tls(connection) && tp_socket_watch(socket) == TROUPE_OK) {
        tp_connection_open(connection);
    } else {
        tp_connection_fail(connection, ENOMEM);
    }
}

static void
be_readable(struct tp_socket *socket)
{
    tp_securing_go_on(tp_connection_of(socket));
}

static void
be_writable(struct tp_socket *socket)
{
    struct tp_connection *connection = tp_connection_of(socket);

    if (socket->is_early) {
        tp_securing_go_on(connection);
    } else if (connection->connecting != NULL) {
        tp_connecting_go_on(connection);
    } else {
        tp_writing_flush(connection);
    }
}

/* The peer's last words may tell more than the system. */
static void
be_broken_early(struct tp_connection *connection)
{
    tp_securing_go_on(connection);
    if (!connection->is_open) {
        tp_connection_fail(connection, tp_connection_error(connection));
    }
}

static void
be_broken(struct tp_socket *socket)
{
    struct tp_connection *connection = tp_connection_of(socket);

    if (socket->is_early) {
        be_broken_early(connection);
        return;
    }
    if (connection->connecting != NULL) {
        tp_connecting_go_on(connection);
        return;
    }
    connection->is_broken = true;
    socket->is_readable = true;
    tp_writing_give_up(connection);
}

static void
be_late(struct tp_socket *socket)
{
    struct tp_connection *connection = tp_connection_of(socket);

    if (connection->is_open &&
        tp_connection_now_ns(connection) - connection->active_ns <
            connection->limits.idle_ns) {
        set_idle_timeout(connection);
        return;
    }
    if (socket->is_early) {
        tp_tls_be_late(connection->tls);
    }
    tp_connection_fail(connection, ETIMEDOUT);
}

static const struct tp_socket_role role = {
    .live = live,
    .take_turn = take_turn,
    .wait = wait,
    .close = close_socket,
    .be_readable = be_readable,
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
