/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * task_stack: ready tasks that anybody may add, taken all at once.
 *
 * Pushed with a compare-and-swap, emptied with a swap, so there is no ABA and a
 * frozen thread holds up nobody. Last in, first out within one taking; whoever
 * takes it runs all of that before it takes again, so nothing starves.
 *
 *     tp_task_stack_push      any thread
 *     tp_task_stack_take      any thread
 *     tp_task_stack_is_empty  any thread
 */
#ifndef TROUPE_SCHEDULER_TASK_STACK_H
#define TROUPE_SCHEDULER_TASK_STACK_H

#include "scheduler/task.h"

#include <ck_pr.h>
#include <stdbool.h>
#include <stddef.h>

struct tp_task_stack {
    /*
     * Newest first, linked by next. Pushed by any thread, taken whole by any
     * worker. The push releases the task and pairs with
     * the acquire in take. A stale read as empty is made good by the wake-up
     * protocol (scheduler.h).
     */
    struct tp_task *head;
};

static inline void
tp_task_stack_push(struct tp_task_stack *stack, struct tp_task *task)
{
    struct tp_task *seen = ck_pr_load_ptr(&stack->head);

    do {
        task->next = seen;
        ck_pr_fence_release();
    } while (!ck_pr_cas_ptr_value(&stack->head, seen, task, &seen));
}

static inline bool
tp_task_stack_is_empty(struct tp_task_stack *stack)
{
    return ck_pr_load_ptr(&stack->head) == NULL;
}

static inline struct tp_task *
tp_task_stack_take(struct tp_task_stack *stack)
{
    struct tp_task *all;

    if (tp_task_stack_is_empty(stack)) {
        return NULL;
    }
    all = ck_pr_fas_ptr(&stack->head, NULL);
    ck_pr_fence_acquire();
    return all;
}

#endif
