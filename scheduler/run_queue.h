/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_queue: a worker's ready tasks, which others may steal.
 *
 * Concurrency Kit's ring with one producer and many consumers. First in, first
 * out. Bounded: a push may be declined, and the task then goes to the
 * scheduler's stack, which is not.
 *
 *     tp_run_queue_try_push   the worker
 *     tp_run_queue_try_pop    any thread
 *     tp_run_queue_is_empty   any thread; stale at once
 */
#ifndef TROUPE_SCHEDULER_RUN_QUEUE_H
#define TROUPE_SCHEDULER_RUN_QUEUE_H

#include "scheduler/task.h"

#include <ck_ring.h>
#include <stdbool.h>

enum { TP_RUN_QUEUE_LENGTH_MAX = 1023 };

struct tp_run_queue {
    ck_ring_t ring;
    ck_ring_buffer_t buffer[TP_RUN_QUEUE_LENGTH_MAX + 1];
};

static inline void
tp_run_queue_init(struct tp_run_queue *queue)
{
    ck_ring_init(&queue->ring, TP_RUN_QUEUE_LENGTH_MAX + 1);
}

static inline bool
tp_run_queue_try_push(struct tp_run_queue *queue, struct tp_task *task)
{
    ck_pr_fence_release(); /* ck_ring orders stores only; pairs with the pop */
    return ck_ring_enqueue_spmc(&queue->ring, queue->buffer, task);
}

static inline struct tp_task *
tp_run_queue_try_pop(struct tp_run_queue *queue)
{
    void *task;

    if (!ck_ring_dequeue_spmc(&queue->ring, queue->buffer, &task)) {
        return NULL;
    }
    ck_pr_fence_acquire();
    return task;
}

static inline bool
tp_run_queue_is_empty(struct tp_run_queue *queue)
{
    return ck_ring_size(&queue->ring) == 0;
}

#endif
