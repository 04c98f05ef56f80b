/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: the parker's word goes through the transitions of its table.
 *
 * Method: parking functions that record the call, and meanwhile do what another
 * thread might. The futex itself is tried where it needs no second thread, and
 * by stress_parker.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "scheduler/parker.h"

static struct tp_parker parker;
static int waits_count;
static int wakes_count;
static uint64_t waited_until_ns;
static void (*meanwhile)(void);

static void
record_wait(uint32_t *word, uint32_t seen, uint64_t deadline_ns)
{
    assert_ptr_equal(word, &parker.word);
    assert_int_equal(seen, TP_PARKER_PARKED);
    assert_int_equal(*word, TP_PARKER_PARKED);
    waits_count++;
    waited_until_ns = deadline_ns;
    if (meanwhile != NULL) {
        meanwhile();
    }
}

static void
record_wake(uint32_t *word)
{
    assert_ptr_equal(word, &parker.word);
    assert_int_equal(*word, TP_PARKER_WOKEN);
    wakes_count++;
}

static const struct tp_parking recording = {record_wait, record_wake};

static void
wake(void)
{
    tp_parker_wake(&parker);
}

static int
setup(void **state)
{
    (void)state;
    tp_parker_init(&parker, &recording);
    waits_count = 0;
    wakes_count = 0;
    meanwhile = NULL;
    return 0;
}

static void
a_park_waits_until_its_deadline(void **state)
{
    (void)state;
    assert_false(tp_parker_park(&parker, 77));
    assert_int_equal(waits_count, 1);
    assert_true(waited_until_ns == 77);
    assert_int_equal(parker.word, TP_PARKER_EMPTY);
}

static void
a_wake_ends_the_park_that_is_under_way(void **state)
{
    (void)state;
    meanwhile = wake;
    assert_true(tp_parker_park(&parker, UINT64_MAX));
    assert_int_equal(waits_count, 1);
    assert_int_equal(wakes_count, 1);
    assert_int_equal(parker.word, TP_PARKER_EMPTY);
}

static void
a_wake_before_the_park_makes_it_return_at_once(void **state)
{
    (void)state;
    wake();
    assert_int_equal(wakes_count, 0); /* nobody is parked */
    assert_true(tp_parker_park(&parker, UINT64_MAX));
    assert_int_equal(waits_count, 0);
}

static void
a_wake_is_used_up_by_one_park(void **state)
{
    (void)state;
    wake();
    wake();
    assert_true(tp_parker_park(&parker, UINT64_MAX));
    assert_false(tp_parker_park(&parker, 1));
    assert_int_equal(waits_count, 1);
}

static void
only_the_first_wake_of_a_parked_thread_calls_the_system(void **state)
{
    (void)state;
    parker.word = TP_PARKER_PARKED;
    wake();
    wake();
    assert_int_equal(wakes_count, 1);
    assert_int_equal(parker.word, TP_PARKER_WOKEN);
}

static void
a_futex_wait_ends_at_a_deadline_that_has_passed(void **state)
{
    (void)state;
    tp_parker_init(&parker, &tp_parking_futex);
    assert_false(tp_parker_park(&parker, 0));
    assert_false(tp_parker_park(&parker, 1));
    wake();
    assert_true(tp_parker_park(&parker, UINT64_MAX));
}

static void
a_futex_wait_ends_if_the_word_is_not_what_was_seen(void **state)
{
    uint32_t word = TP_PARKER_WOKEN;

    (void)state;
    tp_parking_futex.wait(&word, TP_PARKER_PARKED, UINT64_MAX);
    tp_parking_futex.wake(&word);
    assert_int_equal(word, TP_PARKER_WOKEN);
}

static void
a_futex_wait_keeps_errno(void **state)
{
    uint32_t word = TP_PARKER_WOKEN;

    (void)state;
    errno = 4711;
    tp_parking_futex.wait(&word, TP_PARKER_PARKED, UINT64_MAX);
    assert_int_equal(errno, 4711);
    tp_parking_futex.wait(&word, TP_PARKER_WOKEN, 1);
    assert_int_equal(errno, 4711);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_park_waits_until_its_deadline, setup),
        cmocka_unit_test_setup(a_wake_ends_the_park_that_is_under_way, setup),
        cmocka_unit_test_setup(
            a_wake_before_the_park_makes_it_return_at_once, setup),
        cmocka_unit_test_setup(a_wake_is_used_up_by_one_park, setup),
        cmocka_unit_test_setup(
            only_the_first_wake_of_a_parked_thread_calls_the_system, setup),
        cmocka_unit_test_setup(
            a_futex_wait_ends_at_a_deadline_that_has_passed, setup),
        cmocka_unit_test_setup(
            a_futex_wait_ends_if_the_word_is_not_what_was_seen, setup),
        cmocka_unit_test_setup(a_futex_wait_keeps_errno, setup),
    };
    return cmocka_run_group_tests_name("parker", tests, NULL, NULL);
}
