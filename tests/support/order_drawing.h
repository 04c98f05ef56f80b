/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * order_drawing: an order of steps as a space-time diagram in text.
 *
 * A column a thread, a line a step, time goes down. A line says what the step
 * does to which word, as the code calls it, and the word's value before and
 * after: small ones in decimal, addresses as * and their last three digits, all
 * others in hexadecimal. `flush` is a store that gets to memory.
 */
#ifndef TROUPE_TESTS_SUPPORT_ORDER_DRAWING_H
#define TROUPE_TESTS_SUPPORT_ORDER_DRAWING_H

#include "tests/support/steps.h"

#include <stdint.h>

enum { ORDER_STEPS_MAX = 500 };

enum order_outcome {
    ORDER_STEP_FAILED, /* in the middle of it */
    ORDER_STEP_DONE,
    ORDER_STEP_WAITS, /* for ever */
};

struct order_step {
    unsigned thread;
    enum order_outcome outcome;
    bool is_flush;
    bool is_buffered;
    struct steps_operation operation; /* of a flush: the store's */
    uint64_t was;
    uint64_t is;
};

struct order {
    unsigned threads_count;
    const char *names[STEPS_THREADS_MAX];
    size_t count;
    struct order_step steps[ORDER_STEPS_MAX];
};

/* The caller's to free. */
char *order_drawing(const struct order *order);

#endif
