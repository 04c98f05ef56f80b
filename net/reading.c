/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/reading.h"

#include "actors/life.h"
#include "net/lines.h"
#include "net/tls.h"
#include "net/writing.h"

#include <errno.h>
#include <sys/socket.h>

bool
tp_reading_is_possible(const struct tp_connection *connection)
{
    return connection->is_open && !connection->is_paused &&
           !connection->has_ended && !connection->is_closing &&
           connection->failure == 0 && tp_loop_is_open(connection->socket.loop);
}

/* Nothing is left to be read. */
static void
end_reading(struct tp_connection *connection)
{
    if (connection->is_broken) {
        tp_connection_fail(connection, tp_connection_error(connection));
        return;
    }
    connection->has_ended = true;
    connection->is_ended_due = true;
}

static void
hand_over(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *message, const void *bytes, size_t count)
{
    if (!tp_lines_say_bytes(self, actor, message, bytes, count)) {
        tp_life_fail(self, actor, EPROTO,
            actor->table->body == NULL
                ? "bytes have come, and the behaviour %s has no line for "
                  "troupe_net_bytes"
                : "bytes have come, and %s waits for the end of the peer "
                  "alone: troupe_net_ended",
            actor->table->name);
    }
}

static enum tp_framing_found
find_line(const struct tp_connection *connection, const unsigned char **line,
    size_t *count, size_t *taken)
{
    return tp_framing_find(&connection->framing, connection->limits.line_max,
        connection->has_ended, line, count, taken);
}

bool
tp_reading_has_line(const struct tp_connection *connection)
{
    const unsigned char *line;
    size_t count;
    size_t taken;

    return connection->limits.line_max != 0 && !connection->is_paused &&
           !connection->is_closing && connection->failure == 0 &&
           tp_loop_is_open(connection->socket.loop) &&
           find_line(connection, &line, &count, &taken) != TP_FRAMING_NONE;
}

void
tp_reading_hand_over_line(struct troupe_self *self, struct tp_actor *actor,
    struct tp_connection *connection, struct troupe_message *message)
{
    const unsigned char *line = NULL;
    size_t count = 0;
    size_t taken = 0;

    if (find_line(connection, &line, &count, &taken) == TP_FRAMING_TOO_LONG) {
        tp_life_fail(self, actor, EMSGSIZE, "a line of more than %zu bytes",
            connection->limits.line_max);
        return;
    }
    hand_over(self, actor, message, line, count);
    tp_framing_take(&connection->framing, taken);
}

/* As recv(), and whether more may be there. */
static ssize_t
receive(struct tp_connection *connection, unsigned char *bytes, size_t size,
    bool *has_more)
{
    struct tp_socket *socket = &connection->socket;
    ssize_t count;

    if (connection->tls == NULL) {
        count = recv(socket->fd, bytes, size, MSG_DONTWAIT);
        *has_more = count == (ssize_t)size;
        return count;
    }
    count = tp_tls_receive(connection->tls, socket->fd, bytes, size);
    *has_more = tp_tls_has_more(connection->tls);
    if (count >= 0 && tp_tls_unsent(connection->tls) > 0) {
        tp_writing_flush_soon(connection); /* TLS has had something to say */
    }
    return count;
}

/* Where to read to. */
static unsigned char *
find_room(struct tp_connection *connection, size_t *size)
{
    if (connection->limits.line_max != 0) {
        return tp_framing_room(
            &connection->framing, connection->limits.line_max, size);
    }
    *size = TP_LOOP_READ_BYTES;
    return connection->socket.loop->read_bytes;
}

static void
take_in(struct troupe_self *self, struct tp_actor *actor,
    struct tp_connection *connection, struct troupe_message *message,
    const unsigned char *bytes, size_t count)
{
    connection->active_ns = tp_connection_now_ns(connection);
    if (connection->limits.line_max == 0) {
        hand_over(self, actor, message, bytes, count);
        return;
    }
    tp_framing_add(&connection->framing, count);
    if (tp_reading_has_line(connection)) {
        tp_reading_hand_over_line(self, actor, connection, message);
    }
}

void
tp_reading_read(struct troupe_self *self, struct tp_actor *actor,
    struct tp_connection *connection, struct troupe_message *message)
{
    struct tp_socket *socket = &connection->socket;
    size_t size = 0;
    unsigned char *bytes = find_room(connection, &size);
    bool has_more;
    ssize_t count;

    if (bytes == NULL) {
        tp_life_fail(self, actor, ENOMEM, "no memory for a line");
        return;
    }
    count = receive(connection, bytes, size, &has_more);
    socket->is_readable = has_more || connection->is_broken;
    socket->is_deaf &= socket->is_readable;
    if (count > 0) {
        take_in(self, actor, connection, message, bytes, (size_t)count);
    } else if (count == 0) {
        end_reading(connection);
    } else if (errno != EAGAIN && errno != EINTR) {
        tp_connection_fail(connection, errno);
    } else if (connection->is_broken) {
        end_reading(connection);
    }
    tp_connection_arm(connection);
}
