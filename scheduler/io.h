/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * io: what a worker waits for besides tasks, as far as the scheduler knows.
 *
 * The scheduler knows no sockets. Somebody above (net/) may hand it five
 * functions; then each worker has a thing of theirs, worker->io, an event loop,
 * say, and
 *
 *  - parks in it: the last step of the worker's parker is theirs (parker.h), so
 *    that what happens to a socket ends the park as a wake does;
 *  - polls it, which makes tasks ready: when it has nothing to run, before each
 *    park, and while it is busy at the first look at the clock that is
 *    TP_IO_POLL_NS after the last poll, unless that has put it off.
 *
 * The two are apart. While a worker parks it counts as asleep, and a drain may
 * find that all is done; so nothing may be made ready there. wait only waits;
 * poll runs when the worker has been counted as awake again. So it follows that
 * whatever would end a wait must stay so until the next poll, as a level that
 * is high, not as an edge.
 *
 * What of it a drain is to wait for is worker->io_awaited_count.
 *
 *     open close     who makes the scheduler, while no worker runs
 *     poll wait      the worker
 *     wake           any thread
 *
 * Not chosen: to run the loop in wait. What it finds there would be run by a
 * worker that others take for asleep; and the loop's own timers know only
 * milliseconds, while the wheel's ticks are finer.
 */
#ifndef TROUPE_SCHEDULER_IO_H
#define TROUPE_SCHEDULER_IO_H

#include "scheduler/parker.h"
#include "troupe/err.h"

struct tp_worker;

enum {
    TP_IO_POLL_NS = 100000,
};

struct tp_io {
    /* Sets worker->io. NO_MEMORY, SYSTEM: it is still NULL. */
    troupe_err (*open)(struct tp_worker *worker);
    void (*close)(struct tp_worker *worker);
    /* Makes ready what has something to do. Never waits. */
    void (*poll)(struct tp_worker *worker);
    /* The word is that of the worker's parker: tp_worker_of_parker(). */
    struct tp_parking parking;
};

#endif
