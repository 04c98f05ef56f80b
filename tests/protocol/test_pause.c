/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: nobody stays paused on a mailbox that is not congested, and no mark is
 * left on one that is empty.
 *
 * Method: pausers add a message and, told that the mailbox is congested, pause;
 * the owner takes off what is there. Whoever is told to, resumes all who are
 * paused. Every order of the operations on the limit's two words. Afterwards
 * the owner takes off what is left, and everybody must have been resumed as
 * often as it was paused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mailbox/limit.h"
#include "tests/support/check.h"
#include "tests/support/orders.h"

enum { PAUSERS_MAX = 2 };

/* messages_low is the test's. */
static struct tp_limit_marks marks = {
    .messages_high = 2,
    .messages_hard = 3,
    .bytes_high = 1 << 20,
    .bytes_low = 1 << 19,
    .bytes_hard = 1 << 21,
};

static struct tp_limit limit;
static struct troupe_message resumes[PAUSERS_MAX];
static bool is_paused[PAUSERS_MAX];
static int waiting_at_first; /* messages */
static int waiting_count;    /* added and not taken off; noted when `held` is */
static int pausers_count;
static bool is_pushed_unasked;
static bool is_first_frozen;

static void
resume_all(void)
{
    struct troupe_message *resume = tp_limit_take_paused(&limit);

    while (resume != NULL) {
        struct troupe_message *next = resume->next;

        CHECK(is_paused[resume->sender]);
        is_paused[resume->sender] = false;
        resume = next;
    }
}

static bool
add(void)
{
    enum tp_limit_verdict verdict = tp_limit_add(&limit, &marks, 1);

    waiting_count += verdict != TP_LIMIT_REFUSED;
    return verdict == TP_LIMIT_TAKEN_BUT_CONGESTED;
}

static bool
add_unasked(void)
{
    bool is_congested = tp_limit_add_granted(&limit, &marks, TP_LIMIT_OF(1, 1));

    waiting_count++;
    return is_congested;
}

static void
send_and_pause(void *arg)
{
    struct troupe_message *resume = arg;
    troupe_pid own = resume->sender;

    if (is_pushed_unasked ? add_unasked() : add()) {
        is_paused[own] = true;
        if (!tp_limit_pause(&limit, &resume)) {
            resume_all();
        }
    }
}

static void
subtract_one(void)
{
    waiting_count--;
    if (tp_limit_subtract(&limit, &marks, 1, 1)) {
        resume_all();
    }
}

static bool
is_any_waiting(void)
{
    return waiting_count > 0;
}

static void
own(void *arg)
{
    (void)arg;
    for (;;) {
        steps_idle(&limit.held, is_any_waiting);
        subtract_one();
    }
}

static void
begin(struct steps *steps)
{
    limit = (struct tp_limit){0};
    for (int i = 0; i < waiting_at_first; i++) {
        (void)tp_limit_add(&limit, &marks, 1);
    }
    waiting_count = waiting_at_first;
    for (int i = 0; i < pausers_count; i++) {
        resumes[i] = (struct troupe_message){.sender = (troupe_pid)i};
        is_paused[i] = false;
        steps_add(steps, send_and_pause, &resumes[i]);
    }
    steps_add(steps, own, NULL);
}

static uint64_t
end(void)
{
    CHECK(waiting_count == 0);
    if (is_first_frozen) {
        /* It may stand still with a count, and those that it was to resume. */
        return 0;
    }
    CHECK(limit.held == 0);
    CHECK(limit.paused == NULL);
    for (int i = 0; i < pausers_count; i++) {
        CHECK(!is_paused[i]);
    }
    return 0;
}

static void
run_all(int pausers, int waiting)
{
    static const struct orders_world world = {.begin = begin, .end = end};

    pausers_count = pausers;
    waiting_at_first = waiting;
    assert_true(
        (pausers == 1 ? orders_run_both(world) : orders_run_all(&world)) > 30);
}

static void
a_pauser_and_the_owner_in_every_order(void **state)
{
    (void)state;
    for (int waiting = 1; waiting <= 3; waiting++) {
        marks.messages_low = 1;
        is_pushed_unasked = false;
        run_all(1, waiting);
        is_pushed_unasked = true;
        run_all(1, waiting);
    }
}

/* With the low mark at 0, what is added and taken off again may be what keeps a
 * mailbox congested that is empty otherwise. */
static void
a_refused_sender_and_the_owner_in_every_order(void **state)
{
    (void)state;
    marks.messages_low = 0;
    is_pushed_unasked = false;
    run_all(1, 3);
}

static void
two_pausers_and_the_owner_in_every_order(void **state)
{
    (void)state;
    marks.messages_low = 1;
    is_pushed_unasked = true;
    run_all(2, 1);
}

/* All messages that come are taken off again. */
static void
a_frozen_sender_holds_up_neither_the_other_nor_the_owner(void **state)
{
    static const struct orders_world world = {.begin = begin, .end = end};

    (void)state;
    marks.messages_low = 1;
    is_first_frozen = true;
    pausers_count = 2;
    waiting_at_first = 0;
    for (int i = 0; i < 2; i++) {
        is_pushed_unasked = i == 1;
        assert_true(orders_run_frozen(&world) > 100);
    }
    is_first_frozen = false;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pauser_and_the_owner_in_every_order),
        cmocka_unit_test(a_refused_sender_and_the_owner_in_every_order),
        cmocka_unit_test(two_pausers_and_the_owner_in_every_order),
        cmocka_unit_test(
            a_frozen_sender_holds_up_neither_the_other_nor_the_owner),
    };
    return cmocka_run_group_tests_name("pause", tests, NULL, NULL);
}
