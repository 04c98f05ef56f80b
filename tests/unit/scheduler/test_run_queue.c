/* SPDX-License-Identifier: BSD-2-Clause */
/* Goal: a run queue is first in, first out, and declines what is too much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scheduler/run_queue.h"

enum { MAX = TP_RUN_QUEUE_LENGTH_MAX };

static struct tp_run_queue queue;
static struct tp_task tasks[MAX + 1];

static int
setup(void **state)
{
    (void)state;
    tp_run_queue_init(&queue);
    return 0;
}

static void
fill(void)
{
    for (int i = 0; i < MAX; i++) {
        assert_true(tp_run_queue_try_push(&queue, &tasks[i]));
    }
}

static void
a_new_queue_is_empty(void **state)
{
    (void)state;
    assert_true(tp_run_queue_is_empty(&queue));
    assert_null(tp_run_queue_try_pop(&queue));
}

static void
tasks_pop_in_the_order_of_pushing(void **state)
{
    (void)state;
    fill();
    for (int i = 0; i < MAX; i++) {
        assert_false(tp_run_queue_is_empty(&queue));
        assert_ptr_equal(tp_run_queue_try_pop(&queue), &tasks[i]);
    }
    assert_true(tp_run_queue_is_empty(&queue));
    assert_null(tp_run_queue_try_pop(&queue));
}

static void
a_full_queue_declines_and_keeps_what_it_has(void **state)
{
    (void)state;
    fill();
    assert_false(tp_run_queue_try_push(&queue, &tasks[MAX]));
    assert_ptr_equal(tp_run_queue_try_pop(&queue), &tasks[0]);
    assert_true(tp_run_queue_try_push(&queue, &tasks[MAX]));
    assert_false(tp_run_queue_try_push(&queue, &tasks[0]));
}

static void
a_queue_goes_round_its_buffer_many_times(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 10 * MAX; i++) {
        assert_true(tp_run_queue_try_push(&queue, &tasks[i % MAX]));
        assert_true(tp_run_queue_try_push(&queue, &tasks[MAX]));
        assert_ptr_equal(tp_run_queue_try_pop(&queue), &tasks[i % MAX]);
        assert_ptr_equal(tp_run_queue_try_pop(&queue), &tasks[MAX]);
    }
    assert_true(tp_run_queue_is_empty(&queue));
}

/* ---- stealing ------------------------------------------------------------ */

#define AGE ((uint64_t)TP_RUN_QUEUE_STEAL_AGE_NS)
#define START (1000 * AGE)

static void
what_has_not_been_seen_for_a_while_is_not_stolen(void **state)
{
    (void)state;
    assert_true(tp_run_queue_try_push(&queue, &tasks[0]));
    for (uint64_t i = 0; i < AGE; i += AGE / 10) {
        assert_null(tp_run_queue_try_steal(&queue, START + i));
    }
    assert_ptr_equal(tp_run_queue_try_steal(&queue, START + AGE), &tasks[0]);
}

static void
what_came_after_the_last_look_is_not_stolen(void **state)
{
    (void)state;
    fill();
    assert_null(tp_run_queue_try_steal(&queue, START));
    assert_ptr_equal(tp_run_queue_try_pop(&queue), &tasks[0]);
    assert_true(tp_run_queue_try_push(&queue, &tasks[0]));
    for (int i = 1; i < MAX; i++) {
        assert_ptr_equal(
            tp_run_queue_try_steal(&queue, START + AGE), &tasks[i]);
    }
    assert_null(tp_run_queue_try_steal(&queue, START + AGE));
    assert_ptr_equal(
        tp_run_queue_try_steal(&queue, START + 2 * AGE), &tasks[0]);
}

static void
what_its_worker_comes_to_in_time_is_never_stolen(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 10 * MAX; i++) {
        assert_true(tp_run_queue_try_push(&queue, &tasks[0]));
        assert_null(tp_run_queue_try_steal(&queue, START + i * AGE));
        assert_ptr_equal(tp_run_queue_try_pop(&queue), &tasks[0]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_new_queue_is_empty, setup),
        cmocka_unit_test_setup(tasks_pop_in_the_order_of_pushing, setup),
        cmocka_unit_test_setup(
            a_full_queue_declines_and_keeps_what_it_has, setup),
        cmocka_unit_test_setup(a_queue_goes_round_its_buffer_many_times, setup),
        cmocka_unit_test_setup(
            what_has_not_been_seen_for_a_while_is_not_stolen, setup),
        cmocka_unit_test_setup(
            what_came_after_the_last_look_is_not_stolen, setup),
        cmocka_unit_test_setup(
            what_its_worker_comes_to_in_time_is_never_stolen, setup),
    };
    return cmocka_run_group_tests_name("run_queue", tests, NULL, NULL);
}
