/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * steps: some threads of a protocol test, all run on the test's own, a step at
 * a time.
 *
 * Each is a context with a stack of its own, which goes on where it stopped
 * whenever the test lets it take a step, until it comes to steps_pause(). A
 * test that is compiled with tests/support/stepping first on the include path
 * has a pause before every ck_pr operation of the code under test, which is
 * otherwise the code that ships: so each operation on a shared word is a step,
 * and whatever order the test chooses is one that threads could have taken, if
 * memory were sequentially consistent.
 *
 *     steps_pause                 a stepped thread; elsewhere it does nothing
 *     all others                  the test
 *
 * Not chosen: real threads that hand on a baton (the same orders, a hundred
 * times slower).
 */
#ifndef TROUPE_TESTS_SUPPORT_STEPS_H
#define TROUPE_TESTS_SUPPORT_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <ucontext.h>

enum {
    STEPS_THREADS_MAX = 4,
    STEPS_STACK_BYTES = 1 << 18,
};

struct steps_thread {
    void (*run)(void *arg);
    void *arg;
    bool is_done;
    ucontext_t context;
    char stack[STEPS_STACK_BYTES] __attribute__((aligned(64)));
};

struct steps {
    bool are_calls; /* operations are no steps, only the test's own pauses */
    size_t threads_count;
    struct steps_thread *current; /* NULL: the test itself runs */
    ucontext_t test;
    struct steps_thread threads[STEPS_THREADS_MAX];
};

/* Forgets what was, finished or not. */
void steps_init(struct steps *steps, bool are_calls);

/*
 * Adds a thread that calls run(arg), as far as its first pause; the first is
 * number 0.
 */
void steps_add(struct steps *steps, void (*run)(void *arg), void *arg);

/* Lets the thread go on until its next pause or its end. False: it has ended.
 */
bool steps_take(struct steps *steps, size_t thread);

/*
 * Lets all go on in turns until all have ended. False: some still have not
 * after turns_max turns, so they wait for what will not come.
 */
bool steps_finish(struct steps *steps, size_t turns_max);

/* Here the thread's step ends. */
void steps_pause(void);

/* The same, unless steps are calls. */
void steps_pause_at_operation(void);

#endif
