/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/steps.h"

#include "tests/support/check.h"

/* Whose thread runs. makecontext() passes no pointer, so it is found here. */
static struct steps *running;

void
steps_init(struct steps *steps, bool are_calls)
{
    steps->are_calls = are_calls;
    steps->threads_count = 0;
    steps->current = NULL;
}

static void
thread_main(void)
{
    struct steps_thread *thread = running->current;

    thread->run(thread->arg);
    thread->is_done = true;
    steps_pause();
}

void
steps_add(struct steps *steps, void (*run)(void *arg), void *arg)
{
    struct steps_thread *thread = &steps->threads[steps->threads_count];

    CHECK(steps->threads_count < STEPS_THREADS_MAX);
    steps->threads_count++;
    thread->run = run;
    thread->arg = arg;
    thread->is_done = false;
    CHECK(getcontext(&thread->context) == 0);
    thread->context.uc_stack.ss_sp = thread->stack;
    thread->context.uc_stack.ss_size = sizeof(thread->stack);
    thread->context.uc_link = NULL;
    makecontext(&thread->context, thread_main, 0);
    steps_take(steps, steps->threads_count - 1);
}

bool
steps_take(struct steps *steps, size_t thread)
{
    struct steps_thread *taken = &steps->threads[thread];

    if (taken->is_done) {
        return false;
    }
    running = steps;
    steps->current = taken;
    CHECK(swapcontext(&steps->test, &taken->context) == 0);
    steps->current = NULL;
    running = NULL;
    return !taken->is_done;
}

bool
steps_finish(struct steps *steps, size_t turns_max)
{
    bool are_all_done = false;

    while (!are_all_done && turns_max-- > 0) {
        are_all_done = true;
        for (size_t i = 0; i < steps->threads_count; i++) {
            are_all_done &= !steps_take(steps, i);
        }
    }
    return are_all_done;
}

void
steps_pause(void)
{
    if (running != NULL) {
        CHECK(swapcontext(&running->current->context, &running->test) == 0);
    }
}

void
steps_pause_at_operation(void)
{
    if (running != NULL && !running->are_calls) {
        steps_pause();
    }
}
