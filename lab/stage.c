/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/stage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { STACK_BYTES = 1 << 16 };

static struct stage *the_stage;

/* ---- the code on the stage ----------------------------------------------- */

/* Stops before the next step, which is a verb and a name as the code has it. */
static void
pause_before(const char *verb, const char *name, struct stage_lock *wanted)
{
    struct stage_thread *thread = the_stage->current;

    snprintf(thread->next, sizeof(thread->next), "%s%s", verb,
        name + (name[0] == '&'));
    thread->wanted = wanted;
    tp_fiber_leave(&thread->fiber);
    thread->wanted = NULL;
}

static const char *
name_of(const struct stage_lock *lock, const char *name)
{
    return lock->name != NULL ? lock->name : name;
}

static int
number_of_current(void)
{
    return (int)(the_stage->current - the_stage->threads) + 1;
}

int64_t
stage_read_at(const int64_t *place, const char *name)
{
    pause_before("reads ", name, NULL);
    return *place;
}

void
stage_write_at(int64_t *place, int64_t value, const char *name)
{
    char verb[STAGE_TEXT_SIZE];

    snprintf(verb, sizeof(verb), "writes %" PRId64 " to ", value);
    pause_before(verb, name, NULL);
    *place = value;
}

void
stage_lock_at(struct stage_lock *lock, const char *name)
{
    pause_before("locks ", name_of(lock, name), lock);
    lock->holder = number_of_current();
}

bool
stage_try_lock_at(struct stage_lock *lock, const char *name)
{
    pause_before("tries to lock ", name_of(lock, name), NULL);
    if (lock->holder != 0) {
        return false;
    }
    lock->holder = number_of_current();
    return true;
}

void
stage_unlock_at(struct stage_lock *lock, const char *name)
{
    pause_before("unlocks ", name_of(lock, name), NULL);
    lock->holder = 0;
}

void
stage_pause(const char *what)
{
    pause_before("", what, NULL);
}

/* ---- the director -------------------------------------------------------- */

void
stage_begin(struct stage *stage)
{
    the_stage = stage;
}

void
stage_end(struct stage *stage)
{
    for (size_t i = 0; i < stage->threads_count; i++) {
        struct stage_thread *thread = &stage->threads[i];

        if (!tp_fiber_is_over(&thread->fiber)) {
            tp_fiber_end(&thread->fiber);
        }
    }
    tp_stack_pool_fini(&stage->stacks);
    stage->threads_count = 0;
    the_stage = NULL;
}

static void
go_on(struct stage *stage, struct stage_thread *thread)
{
    stage->current = thread;
    tp_fiber_enter(&thread->fiber);
    stage->current = NULL;
}

void
stage_add(
    struct stage *stage, const char *name, void (*body)(void *), void *argument)
{
    struct stage_thread *thread = &stage->threads[stage->threads_count];
    struct tp_stack *stack = tp_stack_take(&stage->stacks, STACK_BYTES);

    if (stage->threads_count == STAGE_THREADS_MAX || stack == NULL) {
        fprintf(stderr, "troupe-lab: no room on the stage for '%s'\n", name);
        exit(1);
    }
    stage->threads_count++;
    *thread = (struct stage_thread){.name = name};
    tp_fiber_begin(&thread->fiber, stack, body, argument);
    go_on(stage, thread);
}

bool
stage_is_over(const struct stage *stage, size_t thread)
{
    return tp_fiber_is_over(&stage->threads[thread].fiber);
}

bool
stage_can_step(const struct stage *stage, size_t thread)
{
    const struct stage_lock *wanted = stage->threads[thread].wanted;

    return !stage_is_over(stage, thread) &&
           (wanted == NULL || wanted->holder == 0);
}

void
stage_step(struct stage *stage, size_t thread)
{
    go_on(stage, &stage->threads[thread]);
}
