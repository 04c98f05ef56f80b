/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * task: something that the scheduler runs, on one worker at a time.
 *
 * The scheduler knows of a task only that it is to be run, and where. That a
 * task is handed to it once, and not again before it runs, is its owner's
 * promise (an actor's inbox keeps it). From then on until it runs, `next` is
 * the scheduler's.
 */
#ifndef TROUPE_SCHEDULER_TASK_H
#define TROUPE_SCHEDULER_TASK_H

#include <stdint.h>

enum {
    TP_TASK_ANYWHERE = 0,        /* any worker may run it */
    TP_TASK_ELSEWHERE = 1 << 30, /* no worker: its owner looks after it */
};

struct tp_task {
    /* In a stack of ready tasks. The scheduler's while ready, else unused. */
    struct tp_task *next;
    /*
     * TP_TASK_ANYWHERE, or 1 + the index of the only worker to run it, or
     * ELSEWHERE. Written by the task's owner before it is known to anybody or
     * while it runs, and released with the word by which it sleeps; acquired by
     * who finds it asleep and makes it ready. Others may look. Stale: they take
     * it for what it was.
     */
    uint32_t bound;
    /*
     * The owner's, for whatever it likes: the scheduler leaves it alone. An
     * actor's is its profile (actors/profile.h). Written by the spawner, with
     * release after the incarnation and after the profile's entry; acquired by
     * senders before they read either. A stale one is of an earlier life, to
     * which the message is dead anyhow.
     */
    uint32_t tag;
};

#endif
