/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/support/order_races.h"

#include <string.h>

static bool
do_overlap(
    const struct order_footprint *one, const struct order_footprint *other)
{
    return one->bytes_count > 0 && other->bytes_count > 0 &&
           (const char *)one->word <
               (const char *)other->word + other->bytes_count &&
           (const char *)other->word <
               (const char *)one->word + one->bytes_count;
}

bool
order_do_commute(
    const struct order_footprint *one, const struct order_footprint *other)
{
    return !one->is_anything && !other->is_anything &&
           (one->buffers & other->buffers) == 0 &&
           !((one->is_change || other->is_change) && do_overlap(one, other));
}

static bool
is_before(const struct order_point *points, size_t step, const unsigned *clock)
{
    return clock[points[step].taken] > step;
}

static void
join(unsigned *clock, const unsigned *other)
{
    for (unsigned i = 0; i < ORDER_CHOICES_COUNT; i++) {
        clock[i] = clock[i] > other[i] ? clock[i] : other[i];
    }
}

/* The clock of the choice's last step before that point. */
static void
read_clock(const struct order_point *points, unsigned choice, size_t depth,
    unsigned *clock)
{
    memset(clock, 0, ORDER_CHOICES_COUNT * sizeof(*clock));
    while (depth-- > 0) {
        if (points[depth].taken == choice) {
            memcpy(clock, points[depth].clock, sizeof(points[depth].clock));
            return;
        }
    }
}

/*
 * What could come first at the point of `step`, if what depends on that step is
 * left out up to depth, and `choice` comes last. *first: which one does.
 */
static order_choices
initials_of(const struct order_point *points, size_t step, size_t depth,
    unsigned choice, const struct order_footprint *about, const unsigned *clock,
    unsigned *first)
{
    order_choices initials = 0;
    order_choices seen = 0;
    bool is_initial = true;

    *first = ORDER_NO_CHOICE;
    for (size_t i = step + 1; i < depth; i++) {
        const struct order_point *point = &points[i];
        bool has_before = false;

        if (is_before(points, step, point->clock)) {
            continue;
        }
        for (size_t k = step + 1; k < i && !has_before; k++) {
            has_before = !is_before(points, step, points[k].clock) &&
                         is_before(points, k, point->clock);
        }
        if (!has_before && !order_has(seen, point->taken)) {
            initials |= order_choice(point->taken);
            *first = *first == ORDER_NO_CHOICE ? point->taken : *first;
        }
        seen |= order_choice(point->taken);
        is_initial = is_initial && !is_before(points, i, clock) &&
                     order_do_commute(&point->done[point->taken], about);
    }
    if (is_initial && !order_has(seen, choice)) {
        initials |= order_choice(choice);
        *first = *first == ORDER_NO_CHOICE ? choice : *first;
    }
    return initials;
}

/* The choice, which is next at depth, could have come before `step`. */
static void
want_before(struct order_point *points, size_t step, size_t depth,
    unsigned choice, const struct order_footprint *about, const unsigned *clock)
{
    struct order_point *point = &points[step];
    unsigned first;
    order_choices initials =
        initials_of(points, step, depth, choice, about, clock, &first);

    if ((initials & point->wanted) != 0) {
        return;
    }
    point->wanted |=
        first != ORDER_NO_CHOICE && order_has(point->enabled, first)
            ? order_choice(first)
            : point->enabled;
}

void
order_find_races(struct order_point *points, size_t depth, unsigned choice,
    const struct order_footprint *about, unsigned *clock)
{
    unsigned own[ORDER_CHOICES_COUNT];

    read_clock(points, choice, depth, clock);
    memcpy(own, clock, sizeof(own));
    for (size_t i = depth; i-- > 0;) {
        if (points[i].taken == choice ||
            order_do_commute(&points[i].done[points[i].taken], about)) {
            continue;
        }
        if (!is_before(points, i, clock)) {
            want_before(points, i, depth, choice, about, own);
        }
        join(clock, points[i].clock);
    }
}
