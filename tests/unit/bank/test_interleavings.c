/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/bank/interleavings.h"

#include <string.h>

enum { ORDERS_MAX = 2000 };

/* All orders of these steps, one text each, in the order they come. */
static size_t
list(const size_t *steps_counts, size_t threads_count,
    char orders[ORDERS_MAX][INTERLEAVING_LENGTH_MAX])
{
    struct interleaving order;
    size_t count = 0;

    assert_true(interleaving_init(&order, steps_counts, threads_count));
    do {
        assert_true(count < ORDERS_MAX);
        for (size_t i = 0; i < order.length; i++) {
            orders[count][i] = (char)('A' + order.threads[i]);
        }
        orders[count++][order.length] = '\0';
    } while (interleaving_next(&order));
    return count;
}

static void
two_threads_of_two_steps_have_six_orders(void **state)
{
    static const char *const expected[] = {
        "AABB", "ABAB", "ABBA", "BAAB", "BABA", "BBAA"};
    char orders[ORDERS_MAX][INTERLEAVING_LENGTH_MAX];

    (void)state;
    assert_int_equal(list((size_t[]){2, 2}, 2, orders), 6);
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(orders[i], expected[i]);
    }
}

/* Rising order says that no two are alike; the count, that none is missing. */
static void
each_order_comes_once_and_none_is_missing(void **state)
{
    static const struct {
        size_t steps_counts[4];
        size_t threads_count;
        size_t orders_count;
    } cases[] = {{{3, 3}, 2, 20}, {{2, 2, 2}, 3, 90}, {{1, 1, 1, 1}, 4, 24},
        {{4, 0, 2}, 3, 15}, {{5, 5}, 2, 252}, {{3, 3, 3}, 3, 1680}};
    char orders[ORDERS_MAX][INTERLEAVING_LENGTH_MAX];

    (void)state;
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        size_t count =
            list(cases[c].steps_counts, cases[c].threads_count, orders);

        assert_int_equal(count, cases[c].orders_count);
        assert_int_equal(count,
            interleavings_count(cases[c].steps_counts, cases[c].threads_count));
        for (size_t i = 1; i < count; i++) {
            assert_true(strcmp(orders[i - 1], orders[i]) < 0);
        }
    }
}

static void
a_single_thread_and_no_thread_have_one_order(void **state)
{
    struct interleaving order;

    (void)state;
    assert_true(interleaving_init(&order, (size_t[]){5}, 1));
    assert_int_equal(order.length, 5);
    assert_false(interleaving_next(&order));
    assert_true(interleaving_init(&order, NULL, 0));
    assert_int_equal(order.length, 0);
    assert_false(interleaving_next(&order));
    assert_int_equal(interleavings_count((size_t[]){5}, 1), 1);
    assert_int_equal(interleavings_count(NULL, 0), 1);
}

static void
the_last_order_stays_when_there_is_no_next(void **state)
{
    struct interleaving order;

    (void)state;
    assert_true(interleaving_init(&order, (size_t[]){1, 1}, 2));
    assert_true(interleaving_next(&order));
    assert_false(interleaving_next(&order));
    assert_int_equal(order.threads[0], 1);
    assert_int_equal(order.threads[1], 0);
}

static void
too_many_steps_are_refused(void **state)
{
    struct interleaving order;

    (void)state;
    assert_true(interleaving_init(&order, (size_t[]){60, 4}, 2));
    assert_false(interleaving_init(&order, (size_t[]){60, 5}, 2));
    assert_false(interleaving_init(&order, (size_t[]){SIZE_MAX, 1}, 2));
}

static void
a_count_beyond_64_bits_is_the_largest_number(void **state)
{
    (void)state;
    assert_true(interleavings_count((size_t[]){30, 30}, 2) ==
                UINT64_C(118264581564861424));
    assert_true(interleavings_count((size_t[]){40, 40}, 2) == UINT64_MAX);
    assert_true(
        interleavings_count((size_t[]){20, 20, 20, 20}, 4) == UINT64_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_threads_of_two_steps_have_six_orders),
        cmocka_unit_test(each_order_comes_once_and_none_is_missing),
        cmocka_unit_test(a_single_thread_and_no_thread_have_one_order),
        cmocka_unit_test(the_last_order_stays_when_there_is_no_next),
        cmocka_unit_test(too_many_steps_are_refused),
        cmocka_unit_test(a_count_beyond_64_bits_is_the_largest_number),
    };
    return cmocka_run_group_tests_name("interleavings", tests, NULL, NULL);
}
