/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/steps.h"

#include "tests/support/check.h"
#include "tests/support/sanitized.h"

#include <string.h>

/* Whose thread runs. makecontext() passes no pointer, so it is found here. */
static struct steps *running;

/* ---- store buffers ------------------------------------------------------- */

/* Shows the thread what it has stored. */
static void
show_stores(struct steps_thread *thread)
{
    for (size_t i = 0; i < thread->stores_count; i++) {
        struct steps_store *store = &thread->stores[i];

        memcpy(store->seen, store->word, store->bytes_count);
        memcpy(store->word, store->value, store->bytes_count);
    }
}

/* Shows others what they see, newest first, so that of two to one word the
 * older lies in memory when its turn comes. */
static void
hide_stores(struct steps_thread *thread)
{
    for (size_t i = thread->stores_count; i-- > 0;) {
        struct steps_store *store = &thread->stores[i];

        memcpy(store->value, store->word, store->bytes_count);
        memcpy(store->word, store->seen, store->bytes_count);
    }
}

/* The thread is about to store: what is there now is what others see. */
static void
begin_store(struct steps_thread *thread)
{
    const struct steps_operation *next = &thread->next;
    struct steps_store *store = &thread->stores[thread->stores_count];

    CHECK(next->bytes_count <= sizeof(store->seen));
    thread->stores_count++;
    store->operation = *next;
    store->word = (void *)(uintptr_t)next->word;
    store->bytes_count = next->bytes_count;
    memcpy(store->seen, store->word, store->bytes_count);
}

void
steps_flush(struct steps *steps, size_t thread)
{
    struct steps_thread *flushed = &steps->threads[thread];

    CHECK(flushed->stores_count > 0);
    memcpy(flushed->stores[0].word, flushed->stores[0].value,
        flushed->stores[0].bytes_count);
    flushed->stores_count--;
    memmove(&flushed->stores[0], &flushed->stores[1],
        flushed->stores_count * sizeof(flushed->stores[0]));
}

static bool
is_so(struct steps_thread *thread)
{
    bool is_it;

    show_stores(thread);
    is_it = thread->next.is_so();
    hide_stores(thread);
    return is_it;
}

bool
steps_can_take(struct steps *steps, size_t thread)
{
    struct steps_thread *asked = &steps->threads[thread];

    if (asked->is_done) {
        return false;
    }
    switch (asked->next.kind) {
    case STEPS_AWAIT:
    case STEPS_IDLE:
        return is_so(asked);
    case STEPS_STORE:
        return asked->stores_count < STEPS_STORES_MAX;
    case STEPS_CHANGE:
    case STEPS_TOUCH:
    case STEPS_FENCE:
        return asked->stores_count == 0;
    case STEPS_LOAD:
    case STEPS_ANYTHING:
        break;
    }
    return true;
}

/* ---- threads ------------------------------------------------------------- */

/* swapcontext() asks the system for the signal mask each time, which takes far
 * longer than a step; but sanitizers know it. */
static void
switch_to(struct steps_context *from, struct steps_context *to)
{
    if (IS_SANITIZED) {
        CHECK(swapcontext(&from->whole, &to->whole) == 0);
    } else if (_setjmp(from->place) == 0) {
        if (!to->has_place) {
            to->has_place = true;
            setcontext(&to->whole);
        }
        _longjmp(to->place, 1);
    }
}

void
steps_init(struct steps *steps, bool are_calls)
{
    steps->are_calls = are_calls;
    steps->has_stores = false;
    steps->threads_count = 0;
    steps->current = NULL;
    steps->test.has_place = true;
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
steps_add_named(
    struct steps *steps, const char *name, void (*run)(void *arg), void *arg)
{
    struct steps_thread *thread = &steps->threads[steps->threads_count];

    CHECK(steps->threads_count < STEPS_THREADS_MAX);
    steps->threads_count++;
    thread->name = name;
    thread->run = run;
    thread->arg = arg;
    thread->is_done = false;
    thread->stores_count = 0;
    thread->next = (struct steps_operation){.kind = STEPS_ANYTHING};
    thread->context.has_place = false;
    CHECK(getcontext(&thread->context.whole) == 0);
    thread->context.whole.uc_stack.ss_sp = thread->stack;
    thread->context.whole.uc_stack.ss_size = sizeof(thread->stack);
    thread->context.whole.uc_link = NULL;
    makecontext(&thread->context.whole, thread_main, 0);
    steps_take(steps, steps->threads_count - 1);
}

bool
steps_take(struct steps *steps, size_t thread)
{
    struct steps_thread *taken = &steps->threads[thread];

    if (taken->is_done) {
        return false;
    }
    show_stores(taken);
    if (steps->has_stores && taken->next.kind == STEPS_STORE) {
        begin_store(taken);
    }
    running = steps;
    steps->current = taken;
    switch_to(&steps->test, &taken->context);
    steps->current = NULL;
    running = NULL;
    hide_stores(taken);
    return !taken->is_done;
}

/* One turn of the thread's, or of its buffer's. */
static void
go_on(struct steps *steps, size_t thread)
{
    if (steps_can_take(steps, thread)) {
        steps_take(steps, thread);
    } else if (steps->threads[thread].stores_count > 0) {
        steps_flush(steps, thread);
    }
}

bool
steps_finish(struct steps *steps, size_t turns_max)
{
    bool are_all_done = false;

    while (!are_all_done && turns_max-- > 0) {
        are_all_done = true;
        for (size_t i = 0; i < steps->threads_count; i++) {
            go_on(steps, i);
            are_all_done &= steps->threads[i].is_done &&
                            steps->threads[i].stores_count == 0;
        }
    }
    return are_all_done;
}

/* ---- pauses -------------------------------------------------------------- */

void
steps_pause_before(enum steps_kind kind, const void *word, size_t bytes_count,
    const char *name, const char *what, bool (*is_so_now)(void),
    const char *file, int line)
{
    if (running == NULL) {
        return;
    }
    running->current->next = (struct steps_operation){
        .kind = kind,
        .word = word,
        .bytes_count = bytes_count,
        .name = name,
        .what = what,
        .is_so = is_so_now,
        .file = file,
        .line = line,
    };
    switch_to(&running->current->context, &running->test);
}

void
steps_pause(void)
{
    steps_pause_before(
        STEPS_ANYTHING, NULL, 0, "goes on", "", NULL, __FILE__, __LINE__);
}

void
steps_pause_at_operation(enum steps_kind kind, const void *word,
    size_t bytes_count, const char *name, const char *what, const char *file,
    int line)
{
    bool is_step = running != NULL && !running->are_calls;

    /* With nothing to order, a fence does nothing. */
    if (kind == STEPS_FENCE && is_step) {
        is_step = running->current->stores_count > 0;
    }
    if (is_step) {
        steps_pause_before(
            kind, word, bytes_count, name, what, NULL, file, line);
    }
}
