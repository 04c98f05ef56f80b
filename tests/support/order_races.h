/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * order_races: the points of the order at hand, and which other orders its
 * races ask for.
 *
 * Why this is enough is told in tests/support/orders.h. A choice is a thread
 * that goes on, or the buffer of one that flushes its oldest store. A clock
 * counts, for each choice, the steps of the order up to its last one that comes
 * before a given step in all equivalent orders.
 */
#ifndef TROUPE_TESTS_SUPPORT_ORDER_RACES_H
#define TROUPE_TESTS_SUPPORT_ORDER_RACES_H

#include "tests/support/steps.h"

#include <stdint.h>

enum {
    ORDER_CHOICES_COUNT = 2 * STEPS_THREADS_MAX,
    ORDER_NO_CHOICE = ORDER_CHOICES_COUNT,
};

typedef uint32_t order_choices; /* a set; a bit each */

/* What a step is about. */
struct order_footprint {
    const void *word;
    size_t bytes_count; /* 0: of no word */
    bool is_change;     /* what has not come yet might be */
    bool is_touch;      /* a change, whatever becomes of the word */
    bool is_anything;
    unsigned buffers; /* of these threads; a bit each */
};

/* Where a step was chosen, and what has been seen there. */
struct order_point {
    unsigned taken; /* the choice */
    order_choices enabled;
    order_choices wanted; /* to be tried, some time */
    order_choices tried;  /* all that follows has been seen */
    order_choices asleep;
    unsigned preemptions_count;                       /* before this step */
    struct order_footprint done[ORDER_CHOICES_COUNT]; /* if taken or asleep */
    unsigned clock[ORDER_CHOICES_COUNT];
};

static inline order_choices
order_choice(unsigned choice)
{
    return (order_choices)1 << choice;
}

static inline bool
order_has(order_choices choices, unsigned choice)
{
    return (choices & order_choice(choice)) != 0;
}

static inline unsigned
order_first_of(order_choices choices)
{
    return choices == 0 ? ORDER_NO_CHOICE : (unsigned)__builtin_ctz(choices);
}

/* Whether two neighbouring steps lead to the same in either order. */
bool order_do_commute(
    const struct order_footprint *one, const struct order_footprint *other);

/*
 * Looks for the steps that the choice, taken at points[depth] or blocked there,
 * is in a race with, and makes their points want what leads to the other order.
 * *clock: what comes before the choice.
 */
void order_find_races(struct order_point *points, size_t depth, unsigned choice,
    const struct order_footprint *about, unsigned *clock);

#endif
