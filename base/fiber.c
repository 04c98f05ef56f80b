/* SPDX-License-Identifier: BSD-2-Clause */
/* Its checks take a jump between two stacks for an attack. */
#undef _FORTIFY_SOURCE

#include "base/fiber.h"

#include "base/assert.h"

/* As in boost/context/detail/fcontext.hpp, which is C++. */
struct transfer {
    void *from; /* where the jump came from, and goes on */
    void *data;
};

extern struct transfer jump_fcontext(void *to, void *data);
extern void *make_fcontext(
    void *top, size_t bytes, void (*function)(struct transfer came));

static void __attribute__((noreturn)) run(struct transfer came)
{
    struct tp_fiber *fiber = came.data;

    tp_announce_entered(&fiber->announced);
    fiber->outside = came.from;
    fiber->body(fiber->argument);
    tp_announce_leave(&fiber->announced, true);
    (void)jump_fcontext(fiber->outside, NULL);
    __builtin_unreachable();
}

void
tp_fiber_begin(struct tp_fiber *fiber, struct tp_stack *stack,
    void (*body)(void *argument), void *argument)
{
    *fiber =
        (struct tp_fiber){.stack = stack, .body = body, .argument = argument};
    fiber->inside = make_fcontext(stack->low + stack->bytes, stack->bytes, run);
    tp_announce_begin(&fiber->announced);
}

void
tp_fiber_enter(struct tp_fiber *fiber)
{
    struct transfer came;

    tp_announce_enter(
        &fiber->announced, fiber->stack->low, fiber->stack->bytes);
    came = jump_fcontext(fiber->inside, fiber);
    fiber->inside = came.data == NULL ? NULL : came.from;
    tp_announce_left(&fiber->announced);
}

void
tp_fiber_leave(struct tp_fiber *fiber)
{
    tp_announce_leave(&fiber->announced, false);
    fiber->outside = jump_fcontext(fiber->outside, fiber).from;
    tp_announce_entered(&fiber->announced);
}

void
tp_fiber_escape(struct tp_fiber *fiber)
{
    tp_announce_escape(&fiber->announced);
}

void
tp_fiber_end(struct tp_fiber *fiber)
{
    TP_ASSERT(fiber->stack != NULL);
    tp_announce_end(&fiber->announced);
    fiber->inside = NULL;
    fiber->stack = NULL;
}
