/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * simulation: the second back end of the scheduler.
 *
 * One worker and no thread of its own: whoever made the runtime calls
 * tp_simulation_step(), and each step runs one ready task. A seeded generator
 * picks which, how many messages it may handle, and how much virtual time that
 * took. When nothing is ready, time jumps to the next timeout. The same program
 * with the same seed does the same, step by step; the order signature says so.
 *
 * What it shows: orders of handlers that threads could produce, since a handler
 * runs to completion and shares nothing. Not all of them: what a handler sends
 * is there at once, so nobody's message comes between two of its own. What it
 * cannot show: faults of the lock-free code below, which runs here without a
 * rival.
 *
 * Somebody else may choose instead of the seed (exploration/), by running tasks
 * and letting time jump: then turns take no time.
 *
 * All functions are for the one thread.
 */
#ifndef TROUPE_SCHEDULER_SIMULATION_H
#define TROUPE_SCHEDULER_SIMULATION_H

#include "base/random.h"
#include "scheduler/scheduler.h"

struct tp_simulation {
    struct tp_random random;
    uint64_t now_ns;
    uint64_t order_signature;
    struct tp_task *oldest; /* ready tasks, linked by next */
    struct tp_task **end;
    uint64_t ready_count;
    struct tp_task *picked; /* to run; NULL once it runs */

    /* Who makes the simulation may change these. */
    bool is_directed;      /* somebody else chooses, messages too */
    unsigned messages_max; /* of a turn */
    uint64_t turn_ns_max;  /* virtual time that it takes */
};

void tp_simulation_init(struct tp_simulation *simulation, uint64_t seed);

/* Takes a task that became ready. */
void tp_simulation_ready(
    struct tp_simulation *simulation, struct tp_task *task);

/*
 * Runs one task, or lets time jump to the next timeout. False: nothing can
 * happen before until_ns, and it is until_ns now (if that is not UINT64_MAX).
 */
bool tp_simulation_step(struct tp_scheduler *scheduler, uint64_t until_ns);

/* Runs this task, which is ready, and takes no time for it. */
void tp_simulation_run(struct tp_scheduler *scheduler, struct tp_task *task);

/* Lets time jump until a task is ready. False: none will be before until_ns. */
bool tp_simulation_jump(struct tp_scheduler *scheduler, uint64_t until_ns);

/* Makes what the hooks saw, such as who ran, part of the signature. */
void tp_simulation_note(struct tp_simulation *simulation, uint64_t what);

#endif
