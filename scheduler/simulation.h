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
 * What it shows: any order of handlers that threads could produce, since a
 * handler runs to completion and shares nothing. What it cannot show: faults of
 * the lock-free code below, which runs here without a rival.
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

/* Makes what the hooks saw, such as who ran, part of the signature. */
void tp_simulation_note(struct tp_simulation *simulation, uint64_t what);

#endif
