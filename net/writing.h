/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * writing: what a connection has to write, and who is held by it.
 *
 * Bytes are appended to `outgoing`, and the connection to the loop's list of
 * those to be flushed before its next poll. When the system takes no more, the
 * loop looks for room (EPOLLOUT), and the connection is blocked. The first
 * write to reach the high mark flushes at once; if that does not help the actor
 * is held (actors/io.h) until the low mark, and told then.
 *
 *     waits      below high       at high          above hard
 *     a write    taken            taken, held      refused, WRITE_FULL
 *
 * The body of a process can be held in its middle. So it writes in pieces, each
 * of which ends at the high mark at most, and waits after it if it is held:
 * what waits is never more than that mark, however much is written at a time.
 * It is held there even if the system would take the bytes at once, as else a
 * body with a fast peer would never let others have their turn. A body that
 * writes to a peer that is gone waits for its own end, as it may do nothing but
 * write. Without memory to be held by it goes on as a handler would.
 *
 * With TLS (net/tls.h) bytes are sealed when they are flushed; what waits is
 * what is not sealed yet and what is.
 *
 * A drain waits while an open connection has bytes that wait (is_awaited).
 *
 * Everything is for the socket's worker, or, when no worker runs, the sweep.
 */
#ifndef TROUPE_NET_WRITING_H
#define TROUPE_NET_WRITING_H

#include "net/connection.h"

/* How many bytes wait to be written. */
size_t tp_writing_count(const struct tp_connection *connection);

/* ---- the actor's, which runs --------------------------------------------- */

/* As troupe_net_write(), of a handler. */
TROUPE_MUST_USE troupe_err tp_writing_write(struct troupe_self *self,
    struct tp_connection *connection, const void *bytes, size_t count);

/* The same of a body. */
TROUPE_MUST_USE troupe_err tp_writing_write_and_wait(struct troupe_self *self,
    struct tp_connection *connection, const void *bytes, size_t count);

void tp_writing_shut(struct tp_connection *connection);

/* ---- the connection's ---------------------------------------------------- */

/* Hands the system what waits, if it takes any. */
void tp_writing_flush(struct tp_connection *connection);

/* The same before the next poll, by the loop, which calls _due(). */
void tp_writing_flush_soon(struct tp_connection *connection);
void tp_writing_flush_due(struct tp_connection *connection);

/* What waits will never go out: nobody is held by it, and the actor is told. */
void tp_writing_give_up(struct tp_connection *connection);

/* The connection's end. What the system takes at once still goes out. */
void tp_writing_end(struct troupe_self *self, struct tp_connection *connection);

#endif
