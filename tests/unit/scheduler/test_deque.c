/* SPDX-License-Identifier: BSD-2-Clause */
/* Goal: a deque gives its worker the newest, thieves the oldest, and declines
 * what is too much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scheduler/deque.h"

enum { MAX = TP_DEQUE_LENGTH_MAX };

static struct tp_deque deque;
static struct tp_task tasks[MAX + 1];

static int
setup(void **state)
{
    (void)state;
    deque = (struct tp_deque){0};
    return 0;
}

static void
fill(void)
{
    for (int i = 0; i < MAX; i++) {
        assert_true(tp_deque_try_push(&deque, &tasks[i]));
    }
}

static void
assert_empty(void)
{
    assert_true(tp_deque_is_empty(&deque));
    assert_null(tp_deque_try_pop(&deque));
    assert_null(tp_deque_try_steal(&deque));
    assert_true(tp_deque_is_empty(&deque));
}

static void
a_new_deque_is_empty(void **state)
{
    (void)state;
    assert_empty();
}

static void
the_newest_pops_first(void **state)
{
    (void)state;
    fill();
    for (int i = MAX - 1; i >= 0; i--) {
        assert_false(tp_deque_is_empty(&deque));
        assert_ptr_equal(tp_deque_try_pop(&deque), &tasks[i]);
    }
    assert_empty();
}

static void
the_oldest_is_stolen_first(void **state)
{
    (void)state;
    fill();
    for (int i = 0; i < MAX; i++) {
        assert_ptr_equal(tp_deque_try_steal(&deque), &tasks[i]);
    }
    assert_empty();
}

static void
both_ends_meet(void **state)
{
    (void)state;
    fill();
    for (int i = 0; i < MAX / 2; i++) {
        assert_ptr_equal(tp_deque_try_steal(&deque), &tasks[i]);
        assert_ptr_equal(tp_deque_try_pop(&deque), &tasks[MAX - 1 - i]);
    }
    assert_empty();
}

static void
a_full_deque_declines_and_keeps_what_it_has(void **state)
{
    (void)state;
    fill();
    assert_false(tp_deque_try_push(&deque, &tasks[MAX]));
    assert_ptr_equal(tp_deque_try_steal(&deque), &tasks[0]);
    assert_true(tp_deque_try_push(&deque, &tasks[MAX]));
    assert_false(tp_deque_try_push(&deque, &tasks[0]));
    assert_ptr_equal(tp_deque_try_pop(&deque), &tasks[MAX]);
    assert_ptr_equal(tp_deque_try_steal(&deque), &tasks[1]);
}

static void
places_are_used_again(void **state)
{
    (void)state;
    for (int i = 0; i < 3 * MAX; i++) {
        assert_true(tp_deque_try_push(&deque, &tasks[0]));
        assert_true(tp_deque_try_push(&deque, &tasks[1]));
        assert_ptr_equal(tp_deque_try_steal(&deque), &tasks[0]);
        assert_ptr_equal(tp_deque_try_pop(&deque), &tasks[1]);
    }
    assert_empty();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_new_deque_is_empty, setup),
        cmocka_unit_test_setup(the_newest_pops_first, setup),
        cmocka_unit_test_setup(the_oldest_is_stolen_first, setup),
        cmocka_unit_test_setup(both_ends_meet, setup),
        cmocka_unit_test_setup(
            a_full_deque_declines_and_keeps_what_it_has, setup),
        cmocka_unit_test_setup(places_are_used_again, setup),
    };
    return cmocka_run_group_tests_name("deque", tests, NULL, NULL);
}
