/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fiber: a function that can stop in its middle and go on later.
 *
 * It runs on a stack of its own (base/stack.h). tp_fiber_enter() runs it on
 * the calling thread until it calls tp_fiber_leave() or returns; the next enter
 * goes on after that leave. So two stacks take turns on one thread, and a
 * switch is a call that keeps the registers that a function must keep: about
 * three nanoseconds, no system call.
 *
 *             begin             enter
 *     nothing ------> prepared ------> running <------+
 *                                       |   | leave   | enter
 *                           returns |   +-----> waiting
 *                                   v
 *                                  over
 *
 * A fiber that waits may be ended: what is on its stack is forgotten, as if it
 * had never been. One that runs may be escaped from, by a jump out of a signal
 * handler to where the thread was before it entered; tp_fiber_escape() comes
 * just before that jump, and then it may only be ended.
 *
 * A fiber must be entered by one thread all its life: a compiler may keep the
 * address of a thread's variable across a call that switches stacks.
 *
 * The switch itself is Boost.Context's (make_fcontext, jump_fcontext), which
 * has a C interface, and assembler for each kind of processor. Its static
 * archive is linked, since the shared one brings the C++ runtime along for a
 * dozen instructions.
 *
 * Not chosen: swapcontext(), which saves the signal mask by a system call (300
 * ns); our own assembler, which would have to be right on each processor.
 */
#ifndef TROUPE_BASE_FIBER_H
#define TROUPE_BASE_FIBER_H

#include "base/announce.h"
#include "base/stack.h"

struct tp_fiber {
    void *inside;  /* where it goes on; NULL: it is over */
    void *outside; /* where who has entered it goes on */
    struct tp_stack *stack;
    void (*body)(void *argument);
    void *argument;
    struct tp_announced announced;
};

/* Prepares *fiber to run body(argument) on stack, which stays the caller's. */
void tp_fiber_begin(struct tp_fiber *fiber, struct tp_stack *stack,
    void (*body)(void *argument), void *argument);

/* Runs the fiber until it leaves or is over. */
void tp_fiber_enter(struct tp_fiber *fiber);

/* Goes back to who has entered the fiber. On the fiber. */
void tp_fiber_leave(struct tp_fiber *fiber);

/* About to jump out of the fiber, which runs. */
void tp_fiber_escape(struct tp_fiber *fiber);

/* Whatever the fiber has begun is not gone on with. It does not run. */
void tp_fiber_end(struct tp_fiber *fiber);

static inline bool
tp_fiber_is_over(const struct tp_fiber *fiber)
{
    return fiber->inside == NULL;
}

#endif
