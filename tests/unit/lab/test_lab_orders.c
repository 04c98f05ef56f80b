/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/orders.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int64_t word;
static int64_t inside;
static int64_t most_inside;
static struct stage_lock lock;

static void
take_two_steps(void *unused)
{
    (void)unused;
    stage_pause("first");
    stage_pause("second");
}

static void
take_three_steps(void *unused)
{
    (void)unused;
    stage_write(&word, stage_read(&word) + 1);
    stage_pause("third");
}

static void
be_inside_alone(void *unused)
{
    (void)unused;
    stage_lock(&lock);
    inside++;
    most_inside = inside > most_inside ? inside : most_inside;
    stage_pause("inside");
    inside--;
    stage_unlock(&lock);
}

static void
lock_twice(void *unused)
{
    (void)unused;
    stage_lock(&lock);
    stage_lock(&lock);
}

static void
lock_if_free(void *unused)
{
    (void)unused;
    word += stage_try_lock(&lock);
}

static void
never_end(void *unused)
{
    (void)unused;
    for (;;) {
        stage_pause("on and on");
    }
}

static void
begin(struct stage *stage, void (*one)(void *), void (*other)(void *))
{
    word = inside = most_inside = 0;
    lock = (struct stage_lock){0};
    stage_add(stage, "one", one, NULL);
    if (other != NULL) {
        stage_add(stage, "other", other, NULL);
    }
}

static void
begin_two_and_three(struct stage *stage)
{
    begin(stage, take_two_steps, take_three_steps);
}

static void
begin_inside(struct stage *stage)
{
    begin(stage, be_inside_alone, be_inside_alone);
}

static void
begin_lock_twice(struct stage *stage)
{
    begin(stage, lock_twice, take_two_steps);
}

static void
begin_lock_if_free(struct stage *stage)
{
    begin(stage, lock_if_free, lock_if_free);
}

static void
begin_never_end(struct stage *stage)
{
    begin(stage, never_end, NULL);
}

static bool
is_fine(struct troupe_explored *run)
{
    (void)run;
    return most_inside <= 1;
}

static struct orders
explore(void (*begin_it)(struct stage *), const size_t *given, size_t count)
{
    const struct scene scene = {.name = "of a test",
        .begin = begin_it,
        .words = {{"word", &word}},
        .is_right = is_fine};
    static struct orders orders;

    orders_explore(&scene, given, count, &orders);
    return orders;
}

/* 5!/(2!3!) */
static void
each_order_of_the_steps_is_run_once(void **state)
{
    struct orders orders = explore(begin_two_and_three, NULL, 0);

    (void)state;
    assert_int_equal(orders.count, 10);
    assert_int_equal(orders.wrong_count, 0);
    assert_int_equal(orders.outcomes_count, 1);
    assert_int_equal(orders.outcomes[0].count, 10);
    assert_string_equal(orders.outcomes[0].line, "word = 1");
}

static void
orders_that_begin_as_given_are_fewer(void **state)
{
    const size_t given[] = {0, 0}; /* both steps of the first */

    (void)state;
    assert_int_equal(explore(begin_two_and_three, given, 1).count, 4);
    assert_int_equal(explore(begin_two_and_three, given, 2).count, 1);
}

static void
a_lock_lets_in_one_at_a_time(void **state)
{
    struct orders orders = explore(begin_inside, NULL, 0);

    (void)state;
    assert_int_equal(orders.count, 2);
    assert_int_equal(orders.wrong_count, 0);
}

static void
who_waits_for_ever_is_an_outcome_that_is_wrong(void **state)
{
    struct orders orders = explore(begin_lock_twice, NULL, 0);

    (void)state;
    assert_int_equal(orders.count, 3); /* one step among two */
    assert_int_equal(orders.wrong_count, 3);
    assert_int_equal(orders.wrong_length, 3);
    assert_non_null(strstr(orders.outcomes[0].line, "they wait for ever"));
}

static void
a_try_does_not_wait(void **state)
{
    struct orders orders = explore(begin_lock_if_free, NULL, 0);

    (void)state;
    assert_int_equal(orders.count, 2);
    assert_string_equal(orders.outcomes[0].line, "word = 1");
}

static void
what_does_not_end_is_no_order(void **state)
{
    (void)state;
    assert_int_equal(explore(begin_never_end, NULL, 0).count, 0);
}

static void
the_order_that_is_wrong_is_drawn_with_a_line_a_step(void **state)
{
    const struct scene scene = {.name = "of a test",
        .begin = begin_lock_twice,
        .words = {{"word", &word}},
        .is_right = is_fine};
    struct orders orders = explore(begin_lock_twice, NULL, 0);
    char *drawing = orders_draw_wrong(&scene, &orders);

    (void)state;
    assert_non_null(strstr(drawing, "step  one                       other\n"));
    assert_non_null(strstr(drawing, "   1  locks lock\n"));
    assert_non_null(strstr(drawing, "\nword = 0; they wait for ever\n"));
    free(drawing);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_order_of_the_steps_is_run_once),
        cmocka_unit_test(orders_that_begin_as_given_are_fewer),
        cmocka_unit_test(a_lock_lets_in_one_at_a_time),
        cmocka_unit_test(who_waits_for_ever_is_an_outcome_that_is_wrong),
        cmocka_unit_test(a_try_does_not_wait),
        cmocka_unit_test(what_does_not_end_is_no_order),
        cmocka_unit_test(the_order_that_is_wrong_is_drawn_with_a_line_a_step),
    };

    return cmocka_run_group_tests_name("orders", tests, NULL, NULL);
}
