/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a timeout is expired or cancelled, never both, and its memory comes
 * back exactly once, by whichever way it went.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "scheduler/timeout.h"

#define TICK ((uint64_t)TP_TIMER_TICK_NS)

static struct tp_timeouts its;  /* the wheel's worker */
static struct tp_timeouts mine; /* another one */
static struct tp_timeout timeout;

static int
setup(void **state)
{
    (void)state;
    tp_timeouts_init(&its, 3, 0);
    tp_timeouts_init(&mine, 5, 0);
    memset(&timeout, 0xa5, sizeof(timeout)); /* as a reused block has it */
    return 0;
}

static void
add_at(uint64_t tick)
{
    tp_timeouts_add(&its, &timeout, tick * TICK, TP_TIMEOUT_AWAITED);
}

static void
a_timeout_knows_whose_wheel_it_is_in(void **state)
{
    (void)state;
    add_at(2);
    assert_int_equal(timeout.worker_index, 3);
    assert_int_equal(timeout.state, TP_TIMEOUT_PENDING);
}

static void
the_state_lies_behind_an_envelope(void **state)
{
    (void)state;
    assert_true(offsetof(struct tp_timeout, state) >= 40);
    assert_true(sizeof(struct tp_timeout) <= 64);
}

static void
a_timeout_expires_when_it_is_due(void **state)
{
    (void)state;
    add_at(2);
    assert_null(tp_timeouts_pop_expired(&its, 2 * TICK - 1));
    assert_ptr_equal(tp_timeouts_pop_expired(&its, 2 * TICK), &timeout);
    assert_int_equal(timeout.state, TP_TIMEOUT_EXPIRED);
    assert_null(tp_timeouts_pop_expired(&its, 9 * TICK));
    assert_null(tp_timeouts_take_any(&its));
}

static void
who_cancels_in_its_own_wheel_has_the_memory_back(void **state)
{
    (void)state;
    add_at(2);
    assert_int_equal(
        tp_timeout_cancel(&its, &its, &timeout), TP_TIMEOUT_IS_YOURS);
    memset(&timeout, 0xa5, sizeof(timeout));
    assert_null(tp_timeouts_pop_expired(&its, 9 * TICK));
    assert_null(tp_timeouts_take_cancelled(&its));
    assert_null(tp_timeouts_take_any(&its));
}

static void
what_another_worker_cancelled_is_released_by_the_wheels(void **state)
{
    (void)state;
    add_at(2);
    assert_int_equal(
        tp_timeout_cancel(&mine, &its, &timeout), TP_TIMEOUT_HANDED_ON);
    assert_null(tp_timeouts_take_cancelled(&mine));
    assert_ptr_equal(tp_timeouts_take_cancelled(&its), &timeout);
    assert_false(tp_timer_is_pending(&timeout.timer));
    memset(&timeout, 0xa5, sizeof(timeout));
    assert_null(tp_timeouts_take_cancelled(&its));
    assert_null(tp_timeouts_pop_expired(&its, 9 * TICK));
    assert_null(tp_timeouts_take_any(&its));
}

static void
a_cancelled_timeout_that_is_due_does_not_expire(void **state)
{
    (void)state;
    add_at(2);
    tp_timeout_cancel(&mine, &its, &timeout);
    assert_null(tp_timeouts_pop_expired(&its, 9 * TICK));
    assert_ptr_equal(tp_timeouts_take_cancelled(&its), &timeout);
    assert_null(tp_timeouts_take_any(&its));
}

static void
an_expired_timeout_is_cancelled_too_late(void **state)
{
    (void)state;
    add_at(2);
    assert_non_null(tp_timeouts_pop_expired(&its, 2 * TICK));
    assert_int_equal(
        tp_timeout_cancel(&its, &its, &timeout), TP_TIMEOUT_TOO_LATE);
    assert_int_equal(
        tp_timeout_cancel(&mine, &its, &timeout), TP_TIMEOUT_TOO_LATE);
    assert_int_equal(timeout.state, TP_TIMEOUT_EXPIRED);
    assert_null(tp_timeouts_take_cancelled(&its));
}

static void
each_of_many_cancelled_ones_is_released_once(void **state)
{
    struct tp_timeout many[4];
    int released[4] = {0};
    struct tp_timeout *one;

    (void)state;
    for (int i = 0; i < 4; i++) {
        tp_timeouts_add(
            &its, &many[i], (uint64_t)(i + 1) * TICK, TP_TIMEOUT_AWAITED);
    }
    tp_timeout_cancel(&mine, &its, &many[0]);
    tp_timeout_cancel(&mine, &its, &many[1]);
    released[tp_timeouts_take_cancelled(&its) - many]++;
    tp_timeout_cancel(&mine, &its, &many[2]);
    tp_timeout_cancel(&mine, &its, &many[3]);
    while ((one = tp_timeouts_take_cancelled(&its)) != NULL) {
        released[one - many]++;
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(released[i], 1);
    }
}

static void
the_end_gives_back_all_that_is_left(void **state)
{
    struct tp_timeout many[4];
    int released[4] = {0};
    struct tp_timeout *one;

    (void)state;
    tp_timeouts_add(&its, &many[0], 1, TP_TIMEOUT_AWAITED);
    tp_timeouts_add(&its, &many[1], 1000 * TICK, TP_TIMEOUT_AWAITED);
    tp_timeouts_add(&its, &many[2], 2000 * TICK, TP_TIMEOUT_AWAITED);
    tp_timeouts_add(&its, &many[3], UINT64_MAX / 2, TP_TIMEOUT_AWAITED);
    tp_timeout_cancel(&mine, &its, &many[2]);
    while ((one = tp_timeouts_take_any(&its)) != NULL) {
        released[one - many]++;
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(released[i], 1);
    }
}

static void
the_end_gives_back_what_never_comes(void **state)
{
    (void)state;
    tp_timeouts_add(&its, &timeout, UINT64_MAX, TP_TIMEOUT_AWAITED);
    assert_ptr_equal(tp_timeouts_take_any(&its), &timeout);
    assert_null(tp_timeouts_take_any(&its));
}

static void
what_is_awaited_is_counted_until_it_has_left_the_wheel(void **state)
{
    struct tp_timeout many[4];

    (void)state;
    for (int i = 0; i < 4; i++) {
        tp_timeouts_add(
            &its, &many[i], (uint64_t)(i + 1) * TICK, TP_TIMEOUT_AWAITED);
    }
    tp_timeouts_add(&its, &timeout, 9 * TICK, TP_TIMEOUT_UNAWAITED);
    assert_int_equal(its.awaited_count, 4);
    assert_non_null(tp_timeouts_pop_expired(&its, TICK));
    assert_int_equal(its.awaited_count, 3);
    tp_timeout_cancel(&its, &its, &many[1]);
    assert_int_equal(its.awaited_count, 2);
    tp_timeout_cancel(&mine, &its, &many[2]);
    tp_timeout_cancel(&mine, &its, &many[3]);
    assert_int_equal(its.awaited_count, 2);
    assert_non_null(tp_timeouts_take_cancelled(&its));
    assert_int_equal(its.awaited_count, 1);
    assert_null(tp_timeouts_pop_expired(&its, 4 * TICK));
    assert_int_equal(its.awaited_count, 0);
    assert_non_null(tp_timeouts_take_cancelled(&its));
    assert_int_equal(its.awaited_count, 0);
    tp_timeout_cancel(&its, &its, &timeout);
    assert_int_equal(its.awaited_count, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_timeout_knows_whose_wheel_it_is_in, setup),
        cmocka_unit_test_setup(the_state_lies_behind_an_envelope, setup),
        cmocka_unit_test_setup(a_timeout_expires_when_it_is_due, setup),
        cmocka_unit_test_setup(
            who_cancels_in_its_own_wheel_has_the_memory_back, setup),
        cmocka_unit_test_setup(
            what_another_worker_cancelled_is_released_by_the_wheels, setup),
        cmocka_unit_test_setup(
            a_cancelled_timeout_that_is_due_does_not_expire, setup),
        cmocka_unit_test_setup(an_expired_timeout_is_cancelled_too_late, setup),
        cmocka_unit_test_setup(
            each_of_many_cancelled_ones_is_released_once, setup),
        cmocka_unit_test_setup(the_end_gives_back_all_that_is_left, setup),
        cmocka_unit_test_setup(the_end_gives_back_what_never_comes, setup),
        cmocka_unit_test_setup(
            what_is_awaited_is_counted_until_it_has_left_the_wheel, setup),
    };
    return cmocka_run_group_tests_name("timeout", tests, NULL, NULL);
}
