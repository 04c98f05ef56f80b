/* SPDX-License-Identifier: BSD-2-Clause */
/* Goal: a stack of tasks gives all that was pushed, once, newest first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scheduler/task_stack.h"

static void
zeroed_memory_is_an_empty_stack(void **state)
{
    struct tp_task_stack stack = {0};

    (void)state;
    assert_true(tp_task_stack_is_empty(&stack));
    assert_null(tp_task_stack_take(&stack));
}

static void
all_tasks_are_taken_newest_first(void **state)
{
    struct tp_task_stack stack = {0};
    struct tp_task tasks[3] = {{.next = &tasks[2]}};

    (void)state;
    for (int i = 0; i < 3; i++) {
        tp_task_stack_push(&stack, &tasks[i]);
        assert_false(tp_task_stack_is_empty(&stack));
    }
    assert_ptr_equal(tp_task_stack_take(&stack), &tasks[2]);
    assert_ptr_equal(tasks[2].next, &tasks[1]);
    assert_ptr_equal(tasks[1].next, &tasks[0]);
    assert_null(tasks[0].next);
}

static void
what_was_taken_is_not_taken_again(void **state)
{
    struct tp_task_stack stack = {0};
    struct tp_task tasks[2] = {0};

    (void)state;
    tp_task_stack_push(&stack, &tasks[0]);
    assert_ptr_equal(tp_task_stack_take(&stack), &tasks[0]);
    assert_true(tp_task_stack_is_empty(&stack));
    assert_null(tp_task_stack_take(&stack));
    tp_task_stack_push(&stack, &tasks[1]);
    assert_ptr_equal(tp_task_stack_take(&stack), &tasks[1]);
    assert_null(tasks[1].next);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeroed_memory_is_an_empty_stack),
        cmocka_unit_test(all_tasks_are_taken_newest_first),
        cmocka_unit_test(what_was_taken_is_not_taken_again),
    };
    return cmocka_run_group_tests_name("task_stack", tests, NULL, NULL);
}
