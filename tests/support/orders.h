/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * orders: what is run once in every order that the steps of threads can have.
 *
 * How many steps a thread takes may depend on the others, so the caller gives a
 * number that is enough; what is left after the order goes in turns, and a
 * thread that has ended lets its steps pass.
 */
#ifndef TROUPE_TESTS_SUPPORT_ORDERS_H
#define TROUPE_TESTS_SUPPORT_ORDERS_H

#include "examples/bank/interleavings.h"
#include "tests/support/check.h"
#include "tests/support/steps.h"

#include <stdio.h>

enum { ORDERS_TURNS_MAX = 1000 };

/* begin adds the threads, end looks at what has come of them. */
struct orders_world {
    bool steps_are_calls;
    size_t threads_count;
    size_t steps_counts[STEPS_THREADS_MAX];
    void (*begin)(struct steps *steps);
    void (*end)(bool have_all_ended);
};

/* How many orders there were; it says so, too. */
static inline uint64_t
orders_run_all(const struct orders_world *world)
{
    static struct steps steps;
    struct interleaving order;
    uint64_t orders_count = 0;

    CHECK(interleaving_init(&order, world->steps_counts, world->threads_count));
    do {
        steps_init(&steps, world->steps_are_calls);
        world->begin(&steps);
        CHECK(steps.threads_count == world->threads_count);
        for (size_t i = 0; i < order.length; i++) {
            steps_take(&steps, order.threads[i]);
        }
        world->end(steps_finish(&steps, ORDERS_TURNS_MAX));
        orders_count++;
    } while (interleaving_next(&order));
    CHECK(orders_count ==
          interleavings_count(world->steps_counts, world->threads_count));
    printf("%llu orders\n", (unsigned long long)orders_count);
    return orders_count;
}

#endif
