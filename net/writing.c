/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/writing.h"

#include "actors/post.h"
#include "actors/process.h"
#include "base/err.h"
#include "net/tls.h"

#include <errno.h>
#include <sys/socket.h>

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

size_t
tp_writing_count(const struct tp_connection *connection)
{
    size_t count = tp_outgoing_count(&connection->outgoing);

    return connection->tls == NULL ? count
                                   : count + tp_tls_unsent(connection->tls);
}

static enum tp_outgoing_flushed
flush(struct tp_connection *connection)
{
    int fd = connection->socket.fd;

    return connection->tls == NULL
               ? tp_outgoing_flush(&connection->outgoing, fd)
               : tp_tls_flush(connection->tls, &connection->outgoing, fd,
                     connection->is_shut);
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
void
tp_writing_give_up(struct tp_connection *connection)
{
    tp_outgoing_fini(&connection->outgoing);
    count_awaited(connection, false);
    tp_connection_arm(connection);
    release(connection);
    tp_connection_notify(connection);
}

static void
end_writing(struct tp_connection *connection)
{
    if (connection->is_shut && !connection->is_told) {
        connection->is_told = true;
        (void)shutdown(connection->socket.fd, SHUT_WR);
    }
    if (connection->is_closing) {
        tp_connection_notify(connection);
    }
}

static void
note_drained(struct tp_connection *connection)
{
    if (connection->is_high &&
        tp_writing_count(connection) <= connection->limits.write_low) {
        connection->is_high = false;
        connection->is_drained_due = true;
        release(connection);
        tp_connection_notify(connection);
    }
}

void
tp_writing_flush(struct tp_connection *connection)
{
    size_t before = tp_writing_count(connection);
    enum tp_outgoing_flushed flushed = flush(connection);

    if (flushed == TP_OUTGOING_FAILED) {
        tp_connection_fail(connection, errno);
        return;
    }
    connection->is_blocked = flushed == TP_OUTGOING_SOME;
    if (tp_writing_count(connection) != before) {
        connection->active_ns = tp_connection_now_ns(connection);
    }
    count_awaited(connection, connection->is_blocked);
    note_drained(connection);
    if (!connection->is_blocked) {
        end_writing(connection);
    }
    tp_connection_arm(connection);
}

static bool
can_flush(const struct tp_connection *connection)
{
    return connection->is_open && !connection->is_blocked &&
           !tp_connection_is_gone(connection);
}

void
tp_writing_flush_due(struct tp_connection *connection)
{
    connection->is_unflushed = false;
    if (can_flush(connection)) {
        tp_writing_flush(connection);
    }
}

/* Before the next poll, what waits is handed to the system. */
void
tp_writing_flush_soon(struct tp_connection *connection)
{
    struct tp_loop *loop = connection->socket.loop;

    if (connection->is_unflushed || !can_flush(connection)) {
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

/* It tries at once, as a faster peer may be all that is needed; but a body is
 * to let others have their turn now and then. */
static void
mind_high(struct troupe_self *self, struct tp_connection *connection)
{
    if (self->process == NULL && can_flush(connection)) {
        tp_writing_flush(connection);
    }
    if (tp_writing_count(connection) >= connection->limits.write_high) {
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
    if (tp_writing_count(connection) > hard - count) {
        connection->is_high = true;
        return tp_err_set(TROUPE_E_WRITE_FULL,
            "%zu bytes wait to be written, %zu more are too many",
            tp_writing_count(connection), count);
    }
    return TROUPE_OK;
}

troupe_err
tp_writing_write(struct troupe_self *self, struct tp_connection *connection,
    const void *bytes, size_t count)
{
    troupe_err err;

    if (connection->is_shut || connection->is_closing) {
        return tp_err_set(TROUPE_E_NOT_CONNECTED,
            "this side has said that it writes no more");
    }
    err = check_room(connection, count);
    if (err != TROUPE_OK || count == 0 || tp_connection_is_gone(connection)) {
        return err;
    }
    if (!tp_outgoing_append(&connection->outgoing, bytes, count)) {
        return tp_err_set(TROUPE_E_NO_MEMORY,
            "no memory for %zu bytes that wait to be written", count);
    }
    if (tp_writing_count(connection) >= connection->limits.write_high) {
        mind_high(self, connection);
    }
    if (tp_writing_count(connection) > 0) {
        tp_writing_flush_soon(connection);
    }
    return TROUPE_OK;
}

/* How much of it goes below the high mark; all, if it waits at the mark, for
 * there is no memory to be held by. */
static size_t
piece_of(const struct tp_connection *connection, size_t count)
{
    size_t high = connection->limits.write_high;
    size_t room = tp_writing_count(connection) < high
                      ? high - tp_writing_count(connection)
                      : count;

    return room < count ? room : count;
}

/* Nobody reads any more, and a body that only writes would never find out. */
static void
end_if_gone(struct troupe_self *self, struct tp_connection *connection)
{
    if (tp_connection_is_gone(connection) && !connection->is_shut) {
        tp_connection_fail(connection, tp_connection_error(connection));
        tp_process_wait_for_end(self);
    }
}

troupe_err
tp_writing_write_and_wait(struct troupe_self *self,
    struct tp_connection *connection, const void *bytes, size_t count)
{
    const char *next = bytes;
    const char *end = next + count;
    troupe_err err = TROUPE_OK;

    do {
        size_t piece = piece_of(connection, (size_t)(end - next));

        end_if_gone(self, connection);
        err = tp_writing_write(self, connection, next, piece);
        next += piece;
        if ((self->actor->flags & TP_ACTOR_IS_HELD) != 0) {
            tp_process_wait_until_free(self);
        }
    } while (err == TROUPE_OK && next < end);
    return err;
}

void
tp_writing_shut(struct tp_connection *connection)
{
    connection->is_shut = true;
    if (tp_writing_count(connection) == 0 && can_flush(connection)) {
        tp_writing_flush(connection);
    }
}

void
tp_writing_end(struct troupe_self *self, struct tp_connection *connection)
{
    flush_no_more(connection);
    if (can_flush(connection)) {
        (void)flush(connection);
    }
    count_awaited(connection, false);
    tp_outgoing_fini(&connection->outgoing);
    if (connection->release != NULL) {
        tp_post_free(self, connection->release);
    }
}
