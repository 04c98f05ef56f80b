/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * search: goes through all orders of what can happen, depth first.
 *
 * It knows nothing of what happens. Whoever runs the system says at each point
 * which choices there are, is told which one to take, says with which effects
 * that went, and begins again from the start for the next order: a run repeats
 * the steps before the point where it is to differ.
 *
 *     do {
 *         run from the start:
 *             tp_search_steps_count() steps by tp_search_step(), then
 *             tp_search_open() and a step, until it returns false
 *     } while (tp_search_advance())
 *
 * Which orders are left out. Two neighbouring steps that commute
 * (tp_choice_commutes) lead to the same state in either order. Orders that come
 * from each other by exchanging such neighbours are equivalent: no actor can
 * tell them apart. The search visits each class of equivalent orders once, and
 * the same of the beginnings of orders, by sleep sets (Godefroid, 1990): when
 * all that follows choice a at some point has been seen, and then b is taken
 * there, a sleeps for as long as only steps are taken that commute with it: to
 * take a now would be to take it before those. An a that has slept is not
 * forgotten; if a step comes that does not commute with it, it is awake, since
 * after that step it leads somewhere new.
 *
 *  - Nothing is missed. Of each class take the order that is first by the order
 *    in which the search takes choices. Were one of its steps a asleep when it
 *    was due, a was taken at an earlier point, before b, and commutes with all
 *    steps since: moved there it gives an equivalent order that comes before
 *    the first, a contradiction. The same holds for each beginning of an order,
 *    up to equivalence. So each state that the system as a whole can be in is
 *    seen, and a check after each step may look at all actors at once.
 *  - Nothing is seen twice. Of two equivalent orders look at the point where
 *    they part. The step that the earlier one takes there comes in the later
 *    one too, after steps that commute with it: it sleeps until it is due, and
 *    is not taken.
 *
 * Equivalent orders are of one length. So a bound on the number of steps cuts
 * whole classes and takes nothing from the argument: that is how the shortest
 * order that fails is found.
 *
 * Not chosen: persistent sets or races (dynamic partial order reduction), which
 * leave out beginnings too, and with them states that only a check of all
 * actors at once would notice; to remember states, which would have to be
 * compared in the midst of users' own memory.
 *
 * One thread.
 */
#ifndef TROUPE_EXPLORATION_SEARCH_H
#define TROUPE_EXPLORATION_SEARCH_H

#include "exploration/choices.h"

struct tp_branch {
    struct tp_choice choice;
    /* All that follows has been seen, here or, asleep, before. */
    bool is_done;
};

/* A point at which something can happen. */
struct tp_search_point {
    struct tp_branch *branches;
    size_t count;
    size_t taken; /* the branch that the current order takes */
};

struct tp_search {
    struct tp_search_point *points;
    size_t count;
    size_t room;
};

/* How many steps are given. */
static inline size_t
tp_search_steps_count(const struct tp_search *search)
{
    return search->count;
}

/* The step at that index. What it did, its effects, is the caller's to write.
 */
static inline struct tp_choice *
tp_search_step(const struct tp_search *search, size_t index)
{
    const struct tp_search_point *point = &search->points[index];

    return &point->branches[point->taken].choice;
}

/*
 * After all given steps there are these choices: one of them becomes the next
 * step, if one is awake (*is_open). NO_MEMORY.
 */
TROUPE_MUST_USE troupe_err tp_search_open(struct tp_search *search,
    const struct tp_offer *offers, size_t count, bool *is_open);

/* The next order, cut off where it differs, of those that differ in their first
 * steps_max steps. False: there is none. */
bool tp_search_advance(struct tp_search *search, size_t steps_max);

void tp_search_fini(struct tp_search *search);

#endif
