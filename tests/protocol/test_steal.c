/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a task that a worker pushes to its queue is run once, by the worker or
 * by one that steals it; oldest first; and who is frozen in the middle of a
 * steal holds up neither the worker nor other thieves.
 *
 * Method: thieves steal while the worker pushes and pops: the queue that ships,
 * over Concurrency Kit's ring. Every order of the operations, in both kinds of
 * memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scheduler/run_queue.h"
#include "tests/support/check.h"
#include "tests/support/orders.h"

enum { TASKS = 3, THIEVES_MAX = 2, OWNER = THIEVES_MAX, TAKERS = 3 };

static struct tp_run_queue queue;
static struct tp_task tasks[TASKS];
static unsigned thieves_count;
static unsigned before_count; /* in the queue at first */
static bool has_run[TASKS];
static const struct tp_task *last_taken[TAKERS];

static void
run(size_t taker, struct tp_task *task)
{
    if (task == NULL) {
        return;
    }
    CHECK(!has_run[task - tasks]);
    has_run[task - tasks] = true;
    CHECK(task > last_taken[taker]);
    last_taken[taker] = task;
}

static void
steal(void *arg)
{
    size_t own = (size_t)((const struct tp_task **)arg - last_taken);

    run(own, tp_run_queue_try_pop(&queue));
}

static void
push_and_pop(void *arg)
{
    (void)arg;
    for (unsigned i = before_count; i < TASKS; i++) {
        CHECK(tp_run_queue_try_push(&queue, &tasks[i]));
    }
    for (unsigned i = 0; i < TASKS; i++) {
        run(OWNER, tp_run_queue_try_pop(&queue));
    }
    CHECK(tp_run_queue_is_empty(&queue));
}

static void
begin(struct steps *steps)
{
    tp_run_queue_init(&queue);
    for (unsigned i = 0; i < TASKS; i++) {
        has_run[i] = false;
    }
    for (unsigned i = 0; i < TAKERS; i++) {
        last_taken[i] = NULL;
    }
    for (unsigned i = 0; i < before_count; i++) {
        CHECK(tp_run_queue_try_push(&queue, &tasks[i]));
    }
    for (unsigned i = 0; i < thieves_count; i++) {
        steps_add(steps, steal, &last_taken[i]);
    }
    steps_add(steps, push_and_pop, NULL);
}

/* Which tasks each thief has. */
static uint64_t
end(void)
{
    uint64_t result = 0;

    for (unsigned i = 0; i < TASKS; i++) {
        CHECK(has_run[i]);
    }
    for (unsigned i = 0; i < thieves_count; i++) {
        result =
            result * 4 +
            (last_taken[i] == NULL ? 0 : 1 + (uint64_t)(last_taken[i] - tasks));
    }
    return result;
}

static const struct orders_world world = {.begin = begin, .end = end};

static void
one_thief_and_the_worker_in_every_order(void **state)
{
    struct orders_report report;

    (void)state;
    thieves_count = 1;
    for (before_count = 0; before_count < TASKS; before_count++) {
        assert_true(orders_run_both(world) > 10);
        orders_run(&world, &report);
        assert_int_equal(report.results_count, 1 + TASKS);
    }
}

static void
two_thieves_and_the_worker_in_every_order(void **state)
{
    (void)state;
    thieves_count = 2;
    before_count = 2;
    assert_true(orders_run_both(world) > 100);
}

static void
a_frozen_thief_holds_up_nobody(void **state)
{
    (void)state;
    thieves_count = 2;
    before_count = 2;
    assert_true(orders_run_frozen(&world) > 100);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_thief_and_the_worker_in_every_order),
        cmocka_unit_test(two_thieves_and_the_worker_in_every_order),
        cmocka_unit_test(a_frozen_thief_holds_up_nobody),
    };
    return cmocka_run_group_tests_name("steal", tests, NULL, NULL);
}
