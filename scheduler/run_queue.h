/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_queue: a worker's ready tasks, which others may steal.
 *
 * Concurrency Kit's ring with one producer and many consumers. First in, first
 * out. Bounded: a push may be declined, and the task then goes to the
 * scheduler's stack, which is not.
 *
 * A push releases the task, a pop acquires it. A pop reads its slot before it
 * claims the slot by moving the ring's head, and the worker fills the slot
 * again only when it has seen the head move: so a pop never reads what was
 * pushed a round later. CK 0.7.1 keeps the read before the claim by a fence
 * that, where memory is weak, orders stores alone, and the read is a load.
 * Below, its header is read with the fence that orders loads instead. On x86
 * neither is an instruction.
 *
 *     tp_run_queue_try_push   the worker
 *     tp_run_queue_try_pop    any thread
 *     tp_run_queue_is_empty   any thread; stale at once
 */
#ifndef TROUPE_SCHEDULER_RUN_QUEUE_H
#define TROUPE_SCHEDULER_RUN_QUEUE_H

#include "scheduler/task.h"

#ifdef CK_RING_H
#error "include ck_ring.h by this file only: see above"
#endif
#include <ck_pr.h>
#define ck_pr_fence_store_atomic ck_pr_fence_load_atomic
#include <ck_ring.h>
#undef ck_pr_fence_store_atomic
#include <stdbool.h>

enum { TP_RUN_QUEUE_LENGTH_MAX = 1023 };

struct tp_run_queue {
    /*
     * Through ck_ring's functions only. Its tail is written by the worker when
     * it has filled a slot, with release; its head by whoever pops, by
     * compare-and-swap, after it has read the slot. A stale read costs a pop
     * that finds nothing, or a push that is declined.
     */
    ck_ring_t ring;
    /* Slots. Written by the worker where head and tail say that they are free;
     * read by all, and what a pop has read that lost its claim is dropped. */
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
