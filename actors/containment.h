/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * containment: a handler that faults ends its actor, not the process.
 *
 * SIGSEGV, SIGBUS, SIGFPE and SIGILL have one handler for the process, set when
 * the first runtime that contains is made and kept. It jumps out of the
 * faulting handler, back to where the worker's loop began, on the worker's own
 * stack; there tp_life_crashed() ends the actor and the loop goes on. It jumps
 * only
 *
 *   - if the kernel raised the signal for an instruction (si_code > 0): what
 *     raise() and kill() send is meant for the process;
 *   - if this thread runs a worker's loop that contains;
 *   - if it is in user code: a handler, a start, a continuation. A fault inside
 *     the runtime may leave a list half linked, so it is not contained;
 *   - if the process is not the child of a fork, whose worker has nothing to go
 *     on with.
 *
 * Otherwise the handler that was there before is called as if ours were not. If
 * that is the default, it is put back, and the instruction faults once more.
 *
 * Where the thread is, a flag of the thread says. The runtime sets it around
 * each call of user code (enter, leave); each public function clears it for as
 * long as it runs (TP_RUNTIME_CALL). So it costs a store or two a call, and no
 * system call. It is the thread's and not the self's, so that a function
 * without a self, or with a self of another runtime, clears it too. Functions
 * that only read a field need not: a fault in them leaves nothing half done.
 *
 *     outside --enter--> user code --public function--> runtime
 *                ^            |  ^                         |
 *                +---leave----+  +--------returns----------+
 *
 * The jump skips the frames between. Those of the runtime below the user code
 * (tp_actor_run and so on) hold nothing that is not also in self or the actor
 * when they enter user code; the barrier in enter makes the compiler store it.
 * A frame of the user's that owned memory or a lock takes it along: that is the
 * price, and the guide says so. One thing is built across user code, the
 * message between troupe_message_open() and troupe_message_close(), whose
 * fields are encoded in the caller: the thread remembers it, so that it is not
 * lost.
 *
 * The way back is set by one sigsetjmp() for each worker and used again after
 * each crash: nothing is done for each message. It does not save the signal
 * mask; the mask that the thread had is in the signal's context, and the
 * handler sets it again before it jumps (else the next fault of this thread
 * would be the last of the process). A fault inside the handler, or before the
 * worker is back in user code, finds the flag cleared and is passed on.
 *
 * A stack that overflows leaves no room for a signal handler, so each worker
 * has an alternate stack with a guard page, unless its thread has one already
 * (the address sanitizer gives each thread one, and unmaps what it finds there
 * when the thread ends, so it must find its own). It is taken off again before
 * the thread ends. A simulation runs on the thread that made it, which keeps
 * the stack until the runtime is destroyed there.
 *
 * Who may call what:
 *     tp_containment_install      any thread
 *     enter leave TP_RUNTIME_CALL any thread; a worker's is all that matters
 *     tp_containment_enclose      the worker
 *     tp_signal_stack_*           create, destroy: who has the runtime;
 *                                 put_on, take_off: the thread that it is for
 *
 * Not chosen: sigsetjmp() for each message (300 ns with the mask, 10 without,
 * against 30 for the message), sigaction for each runtime (handlers of a
 * process are shared, and could not be taken off in another order than they
 * were set), unwinding (no C program has cleanups to run), ending the thread
 * with the actor (what its worker had queued would have to be moved).
 */
#ifndef TROUPE_ACTORS_CONTAINMENT_H
#define TROUPE_ACTORS_CONTAINMENT_H

#include "scheduler/worker.h"
#include "troupe/message.h"

#include <ck_pr.h>

/* Where a thread is. Its own, and its signal handler's. */
struct tp_containment {
    volatile uint32_t is_in_user_code;
    struct troupe_message *opened; /* and not closed yet; or NULL */
};

/* initial-exec: a signal handler may not ask the loader for memory. */
extern __thread struct tp_containment tp_containment
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* Whose user code this thread runs just now, if a loop that contains runs it;
 * or NULL. Any thread. */
struct troupe_self *tp_containment_self(void);

/* Around each call of user code. */
static inline void
tp_containment_enter(void)
{
    tp_containment.is_in_user_code = 1;
    ck_pr_barrier();
}

static inline void
tp_containment_leave(void)
{
    ck_pr_barrier();
    tp_containment.is_in_user_code = 0;
}

static inline uint32_t
tp_containment_begin_call(void)
{
    uint32_t was = tp_containment.is_in_user_code;

    tp_containment.is_in_user_code = 0;
    ck_pr_barrier();
    return was;
}

static inline void
tp_containment_end_call(const uint32_t *was)
{
    ck_pr_barrier();
    tp_containment.is_in_user_code = *was;
}

/* In a public function, first: until it returns, a fault is the runtime's. */
#define TP_RUNTIME_CALL()                                                      \
    const uint32_t tp_runtime_call_                                            \
        __attribute__((cleanup(tp_containment_end_call), unused)) =            \
            tp_containment_begin_call()

/* Sets the signal handlers of the process, the first time. */
void tp_containment_install(void);

/* The scheduler's enclose hook: body(worker), and once more after each crash.
 */
void tp_containment_enclose(
    struct tp_worker *worker, void (*body)(struct tp_worker *worker));

/* What a thread handles the overflow of its own stack on. */
struct tp_signal_stack {
    char *pages; /* NULL: none; the first one is the guard */
    size_t bytes;
};

/* False: there is no memory. */
TROUPE_MUST_USE bool tp_signal_stack_create(struct tp_signal_stack *stack);

/* Makes it the calling thread's, if that has none. */
void tp_signal_stack_put_on(const struct tp_signal_stack *stack);

/* Nothing happens if it is not the calling thread's. */
void tp_signal_stack_take_off(const struct tp_signal_stack *stack);

/* Not while a thread has it on. */
void tp_signal_stack_destroy(struct tp_signal_stack *stack);

#endif
