/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * steps: some threads of a protocol test, all run on the test's own, a step at
 * a time.
 *
 * Each is a context with a stack of its own, which goes on where it stopped
 * whenever the test lets it take a step, until it comes to its next operation.
 * A test that is compiled with tests/support/stepping first on the include path
 * stops before every ck_pr operation of the code under test, which is otherwise
 * the code that ships: so each operation on a shared word is a step, with what
 * follows it up to the next one. Whatever order the test chooses is one that
 * threads could have taken; what a thread is about to do is there to be looked
 * at (struct steps_operation), for whoever chooses (tests/support/orders.h).
 *
 *     steps_await, _idle, _pause, _touch   a stepped thread
 *     all others                           the test
 *
 * Store buffers. Memory is sequentially consistent, or x86's (TSO): each thread
 * has a buffer of at most STEPS_STORES_MAX stores, that only itself sees; to
 * write the oldest of them to memory (steps_flush) is a step of its own. A
 * store with a full buffer, and a read-modify-write or a full fence with one
 * that is not empty, cannot be taken before. While a thread runs, what it has
 * buffered lies in memory, so that also its plain loads see it; when it stops,
 * what others see is put back.
 *
 * Only ck_pr stores are buffered. A plain store of the code under test is seen
 * by all at once, which is earlier than on a machine, and may overtake a
 * buffered one. Nobody can tell: what is stored plainly is read by others only
 * behind a ck_pr operation that came after the store and hands it on; that is
 * what ThreadSanitizer checks. That operation is a read-modify-write, which
 * waits until all stores before it are in memory, or a store in the same
 * buffer, which keeps its order. So the reader finds both, in the model and on
 * the machine. What is read speculatively and then dropped (ck_ring, ck_stack)
 * may be anything.
 *
 * Not chosen: real threads that hand on a baton (the same orders, a hundred
 * times slower), a word's value looked up in the buffer by each ck_pr_load
 * (Concurrency Kit reads some of its own words plainly).
 */
#ifndef TROUPE_TESTS_SUPPORT_STEPS_H
#define TROUPE_TESTS_SUPPORT_STEPS_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

enum {
    STEPS_THREADS_MAX = 4,
    STEPS_STORES_MAX = 2,
    STEPS_STACK_BYTES = 1 << 18,
};

enum steps_kind {
    STEPS_ANYTHING, /* the test's own pause: may be about any word */
    STEPS_LOAD,
    STEPS_STORE,
    STEPS_CHANGE, /* a read-modify-write */
    STEPS_TOUCH, /* the test's own: the same, whether the word changes or not */
    STEPS_FENCE, /* no later load before an earlier store; about no word */
    STEPS_AWAIT, /* a load that is not taken before what it waits for is so */
    STEPS_IDLE,  /* the same, and it need never come */
};

/* What a thread does next. The word is none of those if bytes_count is 0. */
struct steps_operation {
    enum steps_kind kind;
    const void *word;
    size_t bytes_count;
    const char *name;
    const char *what; /* the word, as the code calls it */
    const char *file;
    int line;
    bool (*is_so)(void); /* AWAIT, IDLE */
};

/* Where one of them goes on: as a whole at first, then at that place. */
struct steps_context {
    bool has_place;
    jmp_buf place;
    ucontext_t whole;
};

struct steps_store {
    void *word;
    size_t bytes_count;
    unsigned char value[sizeof(void *)];
    unsigned char seen[sizeof(void *)]; /* by others, while the thread runs */
    struct steps_operation operation;
};

struct steps_thread {
    const char *name;
    void (*run)(void *arg);
    void *arg;
    bool is_done;
    struct steps_operation next; /* unless it is done */
    size_t stores_count;         /* oldest first: */
    struct steps_store stores[STEPS_STORES_MAX];
    struct steps_context context;
    char stack[STEPS_STACK_BYTES] __attribute__((aligned(64)));
};

struct steps {
    bool are_calls;  /* operations are no steps, only the test's own pauses */
    bool has_stores; /* that are buffered */
    size_t threads_count;
    struct steps_thread *current; /* NULL: the test itself runs */
    struct steps_context test;
    struct steps_thread threads[STEPS_THREADS_MAX];
};

/* Forgets what was, finished or not. Memory is sequentially consistent unless
 * has_stores is set before a thread is added. */
void steps_init(struct steps *steps, bool are_calls);

/*
 * Adds a thread that calls run(arg), as far as its first pause; the first is
 * number 0.
 */
#define steps_add(steps, run, arg) steps_add_named(steps, #run, run, arg)
void steps_add_named(
    struct steps *steps, const char *name, void (*run)(void *arg), void *arg);

/* Whether the thread can go on, now. */
bool steps_can_take(struct steps *steps, size_t thread);

/* Lets the thread go on until its next pause or its end. False: it has ended.
 */
bool steps_take(struct steps *steps, size_t thread);

/* Writes the thread's oldest store to memory; there is one. */
void steps_flush(struct steps *steps, size_t thread);

/*
 * Lets all go on in turns until all have ended. False: some still have not
 * after turns_max turns, so they wait for what will not come.
 */
bool steps_finish(struct steps *steps, size_t turns_max);

/* Here the thread's step ends. */
void steps_pause(void);

/* The same, before what the test does itself to a word, as a read-modify-write
 * would: to a model of the system's, or a variable of its own. */
#define steps_touch(word, name)                                                \
    steps_pause_before(STEPS_TOUCH, word, sizeof(*(word)), name, #word, NULL,  \
        __FILE__, __LINE__)

/* The same, until is_so(), which depends on what happens to that word alone. */
#define steps_await(word, is_so)                                               \
    steps_pause_before(STEPS_AWAIT, word, sizeof(*(word)), "await", #word,     \
        is_so, __FILE__, __LINE__)
#define steps_idle(word, is_so)                                                \
    steps_pause_before(STEPS_IDLE, word, sizeof(*(word)), "idle", #word,       \
        is_so, __FILE__, __LINE__)

void steps_pause_before(enum steps_kind kind, const void *word,
    size_t bytes_count, const char *name, const char *what, bool (*is_so)(void),
    const char *file, int line);

/* The same before an operation, unless steps are calls. */
void steps_pause_at_operation(enum steps_kind kind, const void *word,
    size_t bytes_count, const char *name, const char *what, const char *file,
    int line);

#endif
