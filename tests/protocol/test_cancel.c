/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a timeout that is cancelled while it expires does one of the two, and
 * its memory comes back once.
 *
 * Method: one thread has the wheel, in which all is due, and ticks; another
 * cancels. Every order of the operations. The same where the first one has yet
 * to put them into the wheel, or will not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "scheduler/timeout.h"
#include "tests/support/check.h"
#include "tests/support/orders.h"

enum { TIMEOUTS = 2, TICKS = 3 };

static struct tp_timeouts its;
static struct tp_timeouts mine;
static struct tp_timeout timeouts[TIMEOUTS];
static int expired_count[TIMEOUTS];
static int released_count[TIMEOUTS];
static enum tp_timeout_cancel told[TIMEOUTS];

static void
release(struct tp_timeout *timeout)
{
    CHECK(!tp_timer_is_pending(&timeout->timer));
    released_count[timeout - timeouts]++;
    memset(timeout, 0xa5, sizeof(*timeout));
}

static void
tick(void *arg)
{
    (void)arg;
    for (int i = 0; i < TICKS; i++) {
        struct tp_timeout *timeout;

        while ((timeout = tp_timeouts_take_cancelled(&its)) != NULL) {
            release(timeout);
        }
        while ((timeout = tp_timeouts_pop_expired(
                    &its, 9 * TP_TIMER_TICK_NS)) != NULL) {
            expired_count[timeout - timeouts]++;
        }
    }
}

static void
cancel(void *arg)
{
    (void)arg;
    for (int i = 0; i < TIMEOUTS; i++) {
        told[i] = tp_timeout_cancel(&mine, &its, &timeouts[i]);
    }
}

static void
begin(struct steps *steps)
{
    tp_timeouts_init(&its, 0, 0);
    tp_timeouts_init(&mine, 1, 0);
    for (int i = 0; i < TIMEOUTS; i++) {
        tp_timeouts_add(
            &its, &timeouts[i], TP_TIMER_TICK_NS, TP_TIMEOUT_AWAITED);
        expired_count[i] = 0;
        released_count[i] = 0;
    }
    steps_add(steps, tick, NULL);
    steps_add(steps, cancel, NULL);
}

static uint64_t
end(void)
{
    struct tp_timeout *timeout;
    uint64_t result = 0;

    while ((timeout = tp_timeouts_take_any(&its)) != NULL) {
        release(timeout);
    }
    for (int i = 0; i < TIMEOUTS; i++) {
        CHECK(told[i] != TP_TIMEOUT_IS_YOURS);
        CHECK(expired_count[i] == (told[i] == TP_TIMEOUT_TOO_LATE));
        CHECK(released_count[i] == (told[i] == TP_TIMEOUT_HANDED_ON));
        result = result << 2 | told[i];
    }
    return result;
}

static void
a_timeout_expires_or_is_cancelled_in_every_order(void **state)
{
    static const struct orders_world world = {
        .begin = begin,
        .end = end,
    };

    (void)state;
    assert_true(orders_run_both(world) > 10);
}

/* ---- on the way to a wheel ----------------------------------------------- */

enum { ITS_INDEX = 5 };

static void
arm_and_tick(void *arg)
{
    bool is_armed = tp_timeouts_arm(
        &its, &timeouts[0], TP_TIMER_TICK_NS, TP_TIMEOUT_AWAITED);

    if (!is_armed) {
        released_count[0]++;
    }
    if (tp_timeout_expire_unarmed(&timeouts[1])) {
        expired_count[1]++;
    } else {
        released_count[1]++;
    }
    tick(arg);
}

/* As tp_scheduler_cancel_timeout(). */
static void
cancel_from_outside(void *arg)
{
    (void)arg;
    for (int i = 0; i < TIMEOUTS; i++) {
        told[i] = TP_TIMEOUT_HANDED_ON;
        if (!tp_timeout_cancel_unarmed(&timeouts[i])) {
            CHECK(i == 1 || timeouts[i].worker_index == ITS_INDEX);
            told[i] = tp_timeout_cancel(NULL, &its, &timeouts[i]);
        }
    }
}

static void
begin_on_the_way(struct steps *steps)
{
    tp_timeouts_init(&its, ITS_INDEX, 0);
    for (int i = 0; i < TIMEOUTS; i++) {
        tp_timeout_init_unarmed(&timeouts[i]);
        expired_count[i] = 0;
        released_count[i] = 0;
    }
    steps_add(steps, arm_and_tick, NULL);
    steps_add(steps, cancel_from_outside, NULL);
}

static void
a_timeout_on_its_way_ends_once_in_every_order(void **state)
{
    static const struct orders_world world = {
        .begin = begin_on_the_way,
        .end = end,
    };

    (void)state;
    assert_true(orders_run_both(world) > 10);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timeout_expires_or_is_cancelled_in_every_order),
        cmocka_unit_test(a_timeout_on_its_way_ends_once_in_every_order),
    };
    return cmocka_run_group_tests_name("cancel", tests, NULL, NULL);
}
