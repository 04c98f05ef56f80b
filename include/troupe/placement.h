/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Placement: where an actor runs.
 *
 * Usually anywhere: a worker that has nothing to do takes over actors of one
 * that has too much. Two spawn options say otherwise, from the actor's start to
 * its end, over all its restarts.
 *
 * .worker = TROUPE_WORKER(2)
 *     It runs on that worker and no other, and has its turn there like all who
 *     wait. For a library that must always be called by one thread, or for
 *     actors that share a cache. If that worker is busy, it waits; nobody
 *     helps.
 *
 * .own_thread = true
 *     It runs on a thread that runs nobody else, so its handlers may block: in
 *     a read(), a connect(), a call of a library that takes a minute. All
 *     others go on. Such a handler sends at once what it tells, not when it
 *     returns. While it blocks, its mail waits, its timers are late, and a stop
 *     or a kill of it has to wait, too.
 *
 * A runtime has at most own_threads_max such threads (troupe_options). They are
 * made when needed, named troupe/own0, troupe/own1 and so on, and used again
 * when their actors have ended.
 *
 * A thread that is blocked cannot be ended from outside. A stop of the runtime
 * waits for it until its time is up and a second more, names the actor in its
 * report, and leaves it alone; destroying the runtime then leaves the memory
 * behind, for the thread may return to it. So let blocking calls have an end
 * that the program can bring about: close the other end of the pipe, use a
 * timeout.
 *
 * In a simulation there are no threads: both options are accepted and of no
 * effect, and a handler that blocks holds up the simulation.
 */
#ifndef TROUPE_PLACEMENT_H
#define TROUPE_PLACEMENT_H

#include <limits.h>

/** For .worker: the worker with that index, from 0. It must exist:
 * troupe_runtime_workers_count(). */
#define TROUPE_WORKER(index) ((unsigned)(index) + 1u)

/** For .worker: the one that runs the handler that spawns. Not for children of
 * a supervisor, threads, and actors with a thread of their own. */
#define TROUPE_SPAWNERS_WORKER UINT_MAX

#endif
