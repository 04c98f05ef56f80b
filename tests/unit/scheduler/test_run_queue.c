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
    for (int i = 0; i < 10 * MAX; i++) {
        assert_true(tp_run_queue_try_push(&queue, &tasks[i % MAX]));
        assert_true(tp_run_queue_try_push(&queue, &tasks[MAX]));
        assert_ptr_equal(tp_run_queue_try_pop(&queue), &tasks[i % MAX]);
        assert_ptr_equal(tp_run_queue_try_pop(&queue), &tasks[MAX]);
    }
    assert_true(tp_run_queue_is_empty(&queue));
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
    };
    return cmocka_run_group_tests_name("run_queue", tests, NULL, NULL);
}
