/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: of the tasks in a deque each is taken by one, and none is left.
 *
 * Method: the worker pushes and pops while thieves steal, in every order of
 * their operations, in both kinds of memory. Afterwards what is left is popped,
 * and each task must have been taken once. A place that is used again needs a
 * whole round of the deque, so the numbers begin where the deque is as long as
 * it can be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "scheduler/deque.h"
#include "tests/support/check.h"
#include "tests/support/orders.h"

enum { TASKS_MAX = 4, MAX = TP_DEQUE_LENGTH_MAX };

static struct tp_deque deque;
static struct tp_task tasks[TASKS_MAX];
static struct tp_task filling[MAX];
static int taken_counts[TASKS_MAX];
static uint64_t stolen_count;
static int pushed_count;
static int first_count; /* pushed before all begins */

static void
take(struct tp_task *task)
{
    if (task >= tasks && task < tasks + TASKS_MAX) {
        taken_counts[task - tasks]++;
    }
}

static void
push(void)
{
    CHECK(tp_deque_try_push(&deque, &tasks[pushed_count]));
    pushed_count++;
}

static void
pop(void)
{
    take(tp_deque_try_pop(&deque));
}

static void
pop_once(void *arg)
{
    (void)arg;
    pop();
}

static void
pop_twice(void *arg)
{
    (void)arg;
    pop();
    pop();
}

static void
push_and_pop_twice(void *arg)
{
    (void)arg;
    push();
    pop();
    push();
    pop();
}

static void
steal(void *arg)
{
    struct tp_task *task = tp_deque_try_steal(&deque);

    (void)arg;
    stolen_count += task != NULL;
    take(task);
}

static void
steal_twice(void *arg)
{
    steal(arg);
    steal(arg);
}

static void
begin(void)
{
    memset(&deque, 0, sizeof(deque));
    memset(taken_counts, 0, sizeof(taken_counts));
    stolen_count = 0;
    pushed_count = 0;
    for (int i = 0; i < first_count; i++) {
        push();
    }
}

static uint64_t
end(void)
{
    while (!tp_deque_is_empty(&deque)) {
        pop();
    }
    for (int i = 0; i < pushed_count; i++) {
        CHECK(taken_counts[i] == 1);
    }
    return stolen_count;
}

static void
begin_popping(struct steps *steps)
{
    begin();
    steps_add(steps, pop_twice, NULL);
    steps_add(steps, steal_twice, NULL);
}

static void
who_pops_and_who_steals_never_have_the_same(void **state)
{
    static const struct orders_world world = {
        .begin = begin_popping,
        .end = end,
    };

    (void)state;
    for (first_count = 1; first_count <= 2; first_count++) {
        assert_true(orders_run_both(world) > 10);
    }
}

static void
begin_two_thieves(struct steps *steps)
{
    begin();
    steps_add(steps, pop_once, NULL);
    steps_add(steps, steal, NULL);
    steps_add(steps, steal, NULL);
}

static void
two_thieves_never_have_the_same(void **state)
{
    static const struct orders_world world = {
        .begin = begin_two_thieves,
        .end = end,
    };

    (void)state;
    first_count = 1;
    assert_true(orders_run_both(world) > 10);
}

static void
begin_pushing(struct steps *steps)
{
    begin();
    steps_add(steps, push_and_pop_twice, NULL);
    steps_add(steps, steal, NULL);
}

static void
what_is_pushed_meanwhile_is_taken_once(void **state)
{
    static const struct orders_world world = {
        .begin = begin_pushing,
        .end = end,
    };

    (void)state;
    for (first_count = 0; first_count <= 2; first_count++) {
        assert_true(orders_run_both(world) > 10);
    }
}

/* A thief has read a place, which is then used for another task. */
static void
push_at_the_same_place(void *arg)
{
    (void)arg;
    if (tp_deque_try_push(&deque, &tasks[1])) {
        pushed_count = 2;
    }
}

static void
begin_full(struct steps *steps)
{
    first_count = 1;
    begin();
    for (int i = 1; i < MAX; i++) {
        CHECK(tp_deque_try_push(&deque, &filling[i]));
    }
    steps_add(steps, push_at_the_same_place, NULL);
    steps_add(steps, steal, NULL);
    steps_add(steps, steal, NULL);
}

static void
a_place_that_is_used_again_is_not_mistaken(void **state)
{
    static const struct orders_world world = {
        .begin = begin_full,
        .end = end,
    };

    (void)state;
    assert_true(orders_run_both(world) > 10);
}

static void
begin_with_a_frozen_thief(struct steps *steps)
{
    first_count = 2;
    begin();
    steps_add(steps, steal, NULL);
    steps_add(steps, pop_twice, NULL);
    steps_add(steps, steal, NULL);
}

static void
a_frozen_thief_holds_up_nobody(void **state)
{
    static const struct orders_world world = {
        .begin = begin_with_a_frozen_thief, .end = end};

    (void)state;
    assert_true(orders_run_frozen(&world) > 10);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_pops_and_who_steals_never_have_the_same),
        cmocka_unit_test(two_thieves_never_have_the_same),
        cmocka_unit_test(what_is_pushed_meanwhile_is_taken_once),
        cmocka_unit_test(a_place_that_is_used_again_is_not_mistaken),
        cmocka_unit_test(a_frozen_thief_holds_up_nobody),
    };
    return cmocka_run_group_tests_name("newborns", tests, NULL, NULL);
}
