/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a wake-up is not lost, whenever it comes.
 *
 * Method: one thread parks for ever until it has been woken, others wake it.
 * Every order of the operations, with a model of each last step:
 *
 *  - the futex looks at the word and falls asleep in one step, and a wake
 *    reaches only who sleeps then;
 *  - the loop (net/loop.h) does not look at the word: a wake stays in a
 * counter, which ends any wait, and is emptied in a step of its own when a wait
 * has returned. Something else may have ended that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scheduler/parker.h"
#include "tests/support/check.h"
#include "tests/support/orders.h"

static struct tp_parker parker;
static bool was_ever_woken; /* as the parks told it */
static bool is_asleep;
static bool gives_up; /* as at a deadline */
static int wakers_count;
static int work; /* what the wakers bring */
static int done; /* what the parked thread has seen of it */

static bool
is_awake_at_last(void)
{
    return !is_asleep;
}

static bool
is_deadline_come(void)
{
    return true; /* or not yet: it is one more that goes on whenever it may */
}

static void
model_wait(uint32_t *word, uint32_t seen, uint64_t deadline_ns)
{
    steps_touch(word, "futex wait");
    is_asleep = *word == seen;
    if (deadline_ns == UINT64_MAX) {
        steps_await(word, is_awake_at_last);
    } else {
        steps_await(word, is_deadline_come);
    }
    is_asleep = false;
}

static void
model_wake(uint32_t *word)
{
    steps_touch(word, "futex wake");
    is_asleep = false;
}

static const struct tp_parking futex = {model_wait, model_wake};

static int signals;

static bool
is_signalled(void)
{
    return signals > 0;
}

static void
loop_wait(uint32_t *word, uint32_t seen, uint64_t deadline_ns)
{
    (void)word, (void)seen;
    if (deadline_ns == UINT64_MAX) {
        steps_await(&signals, is_signalled);
    } else {
        steps_await(&signals, is_deadline_come);
    }
    steps_touch(&signals, "empty");
    signals = 0;
}

static void
loop_wake(uint32_t *word)
{
    (void)word;
    steps_touch(&signals, "signal");
    signals++;
}

static const struct tp_parking loop = {loop_wait, loop_wake};
static const struct tp_parking *model;

static void
bring_and_wake(void *arg)
{
    (void)arg;
    steps_touch(&work, "bring");
    work++;
    tp_parker_wake(&parker);
}

/* Looks, then parks; the last park has no deadline and must still end. */
static void
park_until_all_is_done(void *arg)
{
    uint64_t deadline_ns = gives_up ? 1 : UINT64_MAX;

    (void)arg;
    for (;;) {
        steps_touch(&work, "look at");
        done = work;
        if (done == wakers_count) {
            return;
        }
        was_ever_woken |= tp_parker_park(&parker, deadline_ns);
        deadline_ns = UINT64_MAX;
    }
}

static void
begin(struct steps *steps)
{
    tp_parker_init(&parker, model);
    is_asleep = false;
    signals = 0;
    was_ever_woken = false;
    work = 0;
    done = 0;
    steps_add(steps, park_until_all_is_done, NULL);
    for (int i = 0; i < wakers_count; i++) {
        steps_add(steps, bring_and_wake, NULL);
    }
}

static uint64_t
end(void)
{
    CHECK(done == wakers_count);
    CHECK(was_ever_woken || parker.word == TP_PARKER_WOKEN);
    CHECK(parker.word != TP_PARKER_PARKED);
    return parker.word;
}

static void
run_all(int wakers, bool with_deadline)
{
    static const struct orders_world world = {.begin = begin, .end = end};

    wakers_count = wakers;
    gives_up = with_deadline;
    model = &futex;
    assert_true(orders_run_both(world) > 5);
    model = &loop;
    assert_true(orders_run_both(world) > 5);
}

static void
one_wake_reaches_one_who_parks(void **state)
{
    (void)state;
    run_all(1, false);
}

static void
each_of_two_wakes_reaches_one_who_parks(void **state)
{
    (void)state;
    run_all(2, false);
}

static void
a_wake_at_the_deadline_is_not_lost(void **state)
{
    (void)state;
    run_all(1, true);
    run_all(2, true);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_wake_reaches_one_who_parks),
        cmocka_unit_test(each_of_two_wakes_reaches_one_who_parks),
        cmocka_unit_test(a_wake_at_the_deadline_is_not_lost),
    };
    return cmocka_run_group_tests_name("park", tests, NULL, NULL);
}
