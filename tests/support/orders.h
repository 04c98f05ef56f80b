/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * orders: runs a small program in every order that its threads' steps can have;
 * the one that fails is made short and drawn.
 *
 * A world begins with some stepped threads (tests/support/steps.h). Its orders
 * are gone through depth first, each run from the start: at every point a
 * choice is a thread that goes on or, where stores are buffered, one whose
 * oldest store gets to memory. A run is over when nothing can go on. Then all
 * threads must have ended, but for those that are idle, and the world looks at
 * what has come of it.
 *
 * Which orders are left out. Two neighbouring steps of different threads
 * commute if they are about different words, or if neither has changed the
 * word: one after the other leads to the same state in either order, and each
 * does the same. So a compare-and-swap that fails counts as the load that it
 * is. Orders that come from each other by exchanging such neighbours are
 * equivalent; no thread can tell them apart, so what each sees, every CHECK in
 * a step, the threads that wait for ever and the state at the end are the same.
 * At least one order of each class is run:
 *
 *  - Races (dynamic partial order reduction: Flanagan and Godefroid 2005, with
 *    the initials of Abdulla et al. 2014). In an order that was run, a step and
 *    a later one of another thread that do not commute, with nothing between
 *    that orders them, might have come the other way round. At the point before
 *    the first of the two, one of those choices is added that lead there:
 *    what came between and does not depend on the first step, then the second.
 *    Where no race asks for it, another choice would only give orders that are
 *    equivalent to those which are run. A step that cannot be taken is looked
 *    at after each step that may have stopped it: it could have come before.
 *  - Sleep sets (Godefroid 1990). When all that follows choice a at some point
 *    has been seen, and then b is taken there, a sleeps for as long as only
 *    steps are taken that commute with it: to take a now would be an order that
 *    is equivalent to one after "a first". If all that can go on sleeps, the
 * order is redundant; it is run to its end all the same, in any order.
 *
 * Both must go by one and the same relation: where sleep sets took a failed
 * compare-and-swap for a load and races did not, a program that was drawn from
 * a seed had results that no order showed (tests/protocol/test_orders.c).
 *
 * A world must begin the same each time: words at the same addresses, no
 * chance. The reduction needs that a step is about its word and nothing else
 * that others touch. For the code under test it is so if it has no races, as
 * ThreadSanitizer checks: steps that touch the same plain memory are ordered by
 * steps on words. (What ck_ring and ck_stack read speculatively is dropped when
 * their compare-and-swap fails, and that is a step on a word.) For the test it
 * is a rule: what threads note in variables of the test, they note in steps of
 * the word that it belongs to, of any two of which one changes that word, or by
 * steps_touch(). A plain steps_pause()
 * commutes with nothing.
 *
 * What fails: a CHECK or an assertion, a signal, a thread that waits for ever,
 * a run that does not end within ORDER_STEPS_MAX steps. So the search is run in
 * a child process, which notes where it is in memory that both share. Then
 * without any reduction all orders are tried again, those with no preemption
 * first (a choice while the last one could go on), then with one, and so on:
 * the first that fails is drawn, a column a thread, a line a step.
 *
 * Freeze test: frozen_count says after how many steps the first thread stands
 * still for ever. All others must come to their end: nobody waits for it.
 *
 * Not chosen: to remember states (stacks and all would have to be compared),
 * random orders (a lost wake-up survived 1,300 of them and fell to six orders),
 * one search for each of the memory models (a buffer is one more that goes on).
 */
#ifndef TROUPE_TESTS_SUPPORT_ORDERS_H
#define TROUPE_TESTS_SUPPORT_ORDERS_H

#include "tests/support/steps.h"

#include <stdint.h>

enum {
    ORDERS_RESULTS_MAX = 256,
    ORDERS_NOT_FROZEN = 0,
};

struct orders_world {
    /* Adds the threads. */
    void (*begin)(struct steps *steps);
    /* Looks at what has come of it, and says so as a number of its own. */
    uint64_t (*end)(void);
    bool has_stores; /* buffered: x86's memory, else sequentially consistent */
    bool is_unreduced;  /* each order, equivalent or not */
    unsigned frozen_at; /* 1 +: the first thread's steps; or NOT_FROZEN */
};

struct orders_report {
    bool has_failed;
    uint64_t orders_count;    /* to their end */
    uint64_t redundant_count; /* of those, equivalent to others */
    size_t steps_max;         /* of the longest one */
    size_t results_count;     /* different ones, sorted */
    uint64_t results[ORDERS_RESULTS_MAX];
    char *drawing; /* of what fails (order_drawing.h); the caller's to free */
};

/* Runs all orders, or up to the first that fails, which is drawn. */
void orders_run(const struct orders_world *world, struct orders_report *report);

/* The same; none must fail. Prints how many there were and returns it. */
uint64_t orders_run_all(const struct orders_world *world);

/*
 * Runs all orders of world with its first thread frozen after no step, after
 * one, and so on until it is not frozen any more. None must fail.
 */
uint64_t orders_run_frozen(const struct orders_world *world);

/* Both kinds of memory; with TROUPE_TEST_SEQUENTIAL in the environment only the
 * sequentially consistent one. */
uint64_t orders_run_both(struct orders_world world);

#endif
