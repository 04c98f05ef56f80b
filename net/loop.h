/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loop: the event loop of one worker.
 *
 * An epoll that knows what each of the worker's sockets waits for, a loop of
 * libuv for names that are looked up and work that blocks, and an eventfd by
 * which others wake the worker. It is what scheduler/io.h asks for.
 *
 * To wait is to poll the three descriptors until the wheel's next expiry;
 * nothing is run. To poll is to look once, without waiting, after what handlers
 * have written has been handed to the system: at some sockets that are ready,
 * those that have been so for longest, and, if anything has been asked of it,
 * at libuv's loop.
 *
 * No wake-up is lost, and none waits for another's. A waker writes to the
 * eventfd after it has made the parker's word WOKEN; the eventfd stays readable
 * until the worker reads it, which it does only when a wait has returned. So a
 * write that comes before the wait makes it return at once; one that is left
 * over from an earlier park makes a later one return for no reason; and what a
 * return swallows was written for a word that the park, which looks at the word
 * after it, finds WOKEN. What the worker or libuv do to the other two
 * descriptors is no wake's business. The write carries no data: the word's
 * read-modify-writes do (parker.h).
 *
 * Nothing happens in the loop unseen. Both epolls are level-triggered: what a
 * poll has not dealt with ends the next wait at once. libuv tells its own of
 * changes only when it looks, which it does in the poll before each wait.
 *
 * Not chosen: uv_async_send() as the wake. Of two wakers the second relies on
 * the first to write, so that one who is preempted between his mark and his
 * write holds up the other. uv_run() as the wait, and libuv's timers:
 * scheduler/io.h says why. libuv's handles for sockets: three system calls to
 * look away from one and back (docs/design/0007-an-epoll-of-its-own.md).
 *
 *     tp_loop_lightest, tp_loop_of, load     any thread
 *     parking's wake                         any thread
 *     all else                               the loop's worker
 */
#ifndef TROUPE_NET_LOOP_H
#define TROUPE_NET_LOOP_H

#include "actors/io.h"
#include "net/work.h"

#include <uv.h>

enum { TP_LOOP_READ_BYTES = 65536 };

struct tp_connection;

struct tp_loop {
    uv_loop_t uv;
    struct tp_worker *worker;
    int wake_fd;
    int epoll_fd;                    /* of sockets */
    struct tp_connection *unflushed; /* linked by next_unflushed */
    struct tp_work_slots slots;
    /*
     * 1: nobody is there any more to be answered. Written once, when no worker
     * runs; read by the pool's threads. It orders nothing. Stale: a piece of
     * work begins for nobody.
     */
    uint32_t is_closing;
    /*
     * Sockets that are or will be this loop's. Added to by whoever gives it
     * one, taken off by its worker; orders nothing. Stale: a socket goes to
     * another worker than it might have.
     */
    uint32_t load;
    unsigned char read_bytes[TP_LOOP_READ_BYTES]; /* of who reads just now */
};

extern const struct tp_io tp_loop_io;

/* NULL: the worker has none. */
static inline struct tp_loop *
tp_loop_of(struct tp_worker *worker)
{
    return worker->io;
}

/* Whoever holds what the loop's worker runs. */
static inline struct troupe_self *
tp_loop_self(struct tp_loop *loop)
{
    return loop->worker->local;
}

/* The loop of the fewest sockets; there is one. */
struct tp_loop *tp_loop_lightest(struct tp_scheduler *scheduler);

/* Whether the runtime still takes anything in. */
bool tp_loop_is_open(struct tp_loop *loop);

#endif
