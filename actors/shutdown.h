/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shutdown: how a runtime stops.
 *
 *     1  STOPPING: threads outside are refused from here on, and woken
 *     2  actors handle what waits (drain), until nothing is left or time is up
 *     3  supervisors stop their children, the youngest tree first (roots.h)
 *     4  workers end, after the handlers that they are in
 *     5  STOPPED: each actor that is left ends by SHUTDOWN, with its stop
 *        handler; then each slot is emptied, and what is found is counted
 *
 * The last step runs on the thread that stops, as the first worker, when there
 * is no worker any more; so nothing in it is shared.
 *
 *     tp_shutdown_ask, tp_shutdown_hurry   any thread, while the runtime is
 *     all other functions   the thread that stops or destroys the runtime
 */
#ifndef TROUPE_ACTORS_SHUTDOWN_H
#define TROUPE_ACTORS_SHUTDOWN_H

#include "actors/runtime.h"

/*
 * Ends all actors, then empties all slots, as the last ones may have sent; when
 * no worker runs. The slots of threads outside only if those do not use them
 * any more. Adds what it finds to the report.
 */
void tp_shutdown_sweep(struct troupe_runtime *runtime, bool has_threads,
    struct troupe_stop_report *report);

/* As if an actor had called troupe_runtime_quit(). */
void tp_shutdown_ask(struct troupe_runtime *runtime);

/* The stop that is under way, or the next one, drains no more. */
void tp_shutdown_hurry(struct troupe_runtime *runtime);

/* Nobody waits for an answer any more, so the last ones are nobody's. */
void tp_shutdown_release_answers(struct troupe_runtime *runtime);

#endif
