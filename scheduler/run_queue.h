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
 * A task is stolen only when it has waited for STEAL_AGE_NS. Its worker comes
 * to most of them sooner, and has what they need in its caches: an actor that
 * has one small message is run in less time than it takes to carry it to
 * another core, and the next sender would have to fetch it back. (Before, two
 * workers were slower than one wherever handlers are small: dealing to sixty
 * 150 ns a message, against 60.) What waits longer than that is behind a long
 * handler or many others, and worth the way, which costs about as much: so a
 * task never waits for more than about twice the time that is best.
 *
 * Who wants to steal finds out by looking twice. The ring's places are numbered
 * in the order of pushing, so whatever is before the end that somebody saw a
 * while ago has waited since. Thieves share what they saw: `recent_end` was the
 * end at `marked_ns`; once that is STEAL_AGE_NS ago it becomes `old_end`, and
 * the end is looked at again. No clock is read for a push or a pop.
 *
 *     tp_run_queue_try_push    the worker
 *     tp_run_queue_try_pop     the worker
 *     tp_run_queue_try_steal   any thread
 *     tp_run_queue_is_empty    any thread; stale at once
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

enum {
    TP_RUN_QUEUE_LENGTH_MAX = 1023,
    TP_RUN_QUEUE_STEAL_AGE_NS = 20000,
};

struct tp_run_queue {
    /*
     * Through ck_ring's functions only. Its tail is written by the worker when
     * it has filled a slot, with release; its head by whoever pops, by
     * compare-and-swap, after it has read the slot. A stale read costs a pop
     * that finds nothing, or a push that is declined.
     */
    ck_ring_t ring;
    /*
     * When the end was seen last. Raised by compare-and-swap: whoever does that
     * writes the ends. All three only choose between stealing now or at the
     * next look, and order nothing; a stale one is a steal too early or late.
     */
    uint64_t marked_ns __attribute__((aligned(64)));
    uint32_t recent_end; /* as it was at marked_ns */
    uint32_t old_end;    /* as it was at least STEAL_AGE_NS before that */

    /* Slots. Written by the worker where head and tail say that they are free;
     * read by all, and what a pop has read that lost its claim is dropped. */
    ck_ring_buffer_t buffer[TP_RUN_QUEUE_LENGTH_MAX + 1];
};

static inline void
tp_run_queue_init(struct tp_run_queue *queue)
{
    ck_ring_init(&queue->ring, TP_RUN_QUEUE_LENGTH_MAX + 1);
    queue->marked_ns = 0;
    queue->recent_end = 0;
    queue->old_end = 0;
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

static inline void
tp_run_queue_mark(struct tp_run_queue *queue, uint64_t now_ns)
{
    uint64_t marked_ns = ck_pr_load_64(&queue->marked_ns);

    if (now_ns - marked_ns >= TP_RUN_QUEUE_STEAL_AGE_NS &&
        ck_pr_cas_64(&queue->marked_ns, marked_ns, now_ns)) {
        ck_pr_store_32(&queue->old_end, ck_pr_load_32(&queue->recent_end));
        ck_pr_store_32(
            &queue->recent_end, ck_pr_load_uint(&queue->ring.p_tail));
    }
}

/* The oldest task, if it has waited for long enough; else NULL. */
static inline struct tp_task *
tp_run_queue_try_steal(struct tp_run_queue *queue, uint64_t now_ns)
{
    tp_run_queue_mark(queue, now_ns);
    if ((int32_t)(ck_pr_load_32(&queue->old_end) -
                  ck_pr_load_uint(&queue->ring.c_head)) <= 0) {
        return NULL;
    }
    return tp_run_queue_try_pop(queue);
}

static inline bool
tp_run_queue_is_empty(struct tp_run_queue *queue)
{
    return ck_ring_size(&queue->ring) == 0;
}

#endif
