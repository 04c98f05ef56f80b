/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: each mark acts at its own number, below it and above it, by messages
 * and by bytes; a refusal leaves nothing behind; whoever ends a congestion is
 * told so, and nobody else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mailbox/limit.h"

static const struct tp_limit_marks marks = {
    .messages_high = 4,
    .messages_low = 2,
    .messages_hard = 8,
    .bytes_high = 400,
    .bytes_low = 200,
    .bytes_hard = 800,
};

static enum tp_limit_verdict
add(struct tp_limit *limit, uint64_t bytes)
{
    return tp_limit_add(limit, &marks, bytes);
}

static struct tp_limit
limit_holding(uint64_t messages, uint64_t bytes_each)
{
    struct tp_limit limit = {0};

    while (messages-- > 0) {
        assert_int_not_equal(add(&limit, bytes_each), TP_LIMIT_REFUSED);
    }
    return limit;
}

static bool
subtract(struct tp_limit *limit, uint64_t messages, uint64_t bytes)
{
    return tp_limit_subtract(limit, &marks, messages, bytes);
}

static void
below_the_high_mark_all_is_taken(void **state)
{
    struct tp_limit limit = {0};

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(add(&limit, 133), TP_LIMIT_TAKEN);
    }
    assert_false(tp_limit_is_congested(&limit));
}

static void
the_message_that_reaches_the_high_mark_congests(void **state)
{
    struct tp_limit limit = limit_holding(3, 1);

    (void)state;
    assert_int_equal(add(&limit, 1), TP_LIMIT_TAKEN_BUT_CONGESTED);
    assert_true(tp_limit_is_congested(&limit));
    assert_int_equal(add(&limit, 1), TP_LIMIT_TAKEN_BUT_CONGESTED);
}

static void
the_byte_that_reaches_the_high_mark_congests(void **state)
{
    struct tp_limit limit = {0};

    (void)state;
    assert_int_equal(add(&limit, 399), TP_LIMIT_TAKEN);
    assert_int_equal(add(&limit, 1), TP_LIMIT_TAKEN_BUT_CONGESTED);
    assert_true(tp_limit_is_congested(&limit));
}

static void
congestion_ends_at_the_low_mark_of_messages(void **state)
{
    struct tp_limit limit = limit_holding(4, 1);

    (void)state;
    assert_false(subtract(&limit, 1, 1));
    assert_true(tp_limit_is_congested(&limit));
    assert_true(subtract(&limit, 1, 1));
    assert_false(tp_limit_is_congested(&limit));
    assert_false(subtract(&limit, 1, 1));
}

static void
congestion_ends_at_the_low_mark_of_bytes(void **state)
{
    struct tp_limit limit = limit_holding(2, 201);

    (void)state;
    assert_true(tp_limit_is_congested(&limit));
    assert_false(subtract(&limit, 1, 201));
    assert_true(tp_limit_is_congested(&limit));
    assert_true(subtract(&limit, 1, 201));

    limit = limit_holding(2, 200);
    assert_true(tp_limit_is_congested(&limit));
    assert_true(subtract(&limit, 1, 200));
    assert_false(tp_limit_is_congested(&limit));
}

static void
congestion_lasts_between_the_marks_and_does_not_begin_there(void **state)
{
    struct tp_limit limit = limit_holding(4, 1);

    (void)state;
    subtract(&limit, 1, 1);
    assert_int_equal(add(&limit, 1), TP_LIMIT_TAKEN_BUT_CONGESTED);
    assert_true(subtract(&limit, 2, 2));
    assert_int_equal(add(&limit, 1), TP_LIMIT_TAKEN);
    assert_int_equal(add(&limit, 1), TP_LIMIT_TAKEN_BUT_CONGESTED);
}

static void
taking_off_without_congestion_relieves_nobody(void **state)
{
    struct tp_limit limit = limit_holding(3, 1);

    (void)state;
    assert_false(subtract(&limit, 3, 3));
    assert_true(limit.held == 0);
}

static void
above_the_hard_mark_of_messages_nothing_is_taken(void **state)
{
    struct tp_limit limit = limit_holding(8, 1);
    uint64_t held = limit.held;

    (void)state;
    assert_int_equal(add(&limit, 1), TP_LIMIT_REFUSED);
    assert_true(limit.held == held);
    assert_false(subtract(&limit, 1, 1));
    assert_int_equal(add(&limit, 1), TP_LIMIT_TAKEN_BUT_CONGESTED);
}

static void
above_the_hard_mark_of_bytes_nothing_is_taken(void **state)
{
    struct tp_limit limit = limit_holding(1, 399);
    uint64_t held = limit.held;

    (void)state;
    assert_int_equal(add(&limit, 402), TP_LIMIT_REFUSED);
    assert_true(limit.held == held);
    assert_int_equal(add(&limit, 401), TP_LIMIT_TAKEN_BUT_CONGESTED);
}

static void
messages_counted_together_congest_as_they_would_one_by_one(void **state)
{
    struct tp_limit limit = {0};

    (void)state;
    assert_false(tp_limit_add_granted(&limit, &marks, TP_LIMIT_OF(3, 3)));
    assert_true(tp_limit_add_granted(&limit, &marks, TP_LIMIT_OF(1, 1)));
    assert_true(tp_limit_add_granted(&limit, &marks, TP_LIMIT_OF(9, 900)));
    assert_true(limit.held == (TP_LIMIT_OF(13, 904) | TP_LIMIT_CONGESTED));
    assert_true(subtract(&limit, 12, 903));

    limit = (struct tp_limit){0};
    assert_false(tp_limit_add_granted(&limit, &marks, TP_LIMIT_OF(2, 399)));
    assert_true(tp_limit_add_granted(&limit, &marks, TP_LIMIT_OF(1, 1)));
}

static void
a_mailbox_is_full_at_the_hard_mark(void **state)
{
    struct tp_limit limit = limit_holding(7, 1);

    (void)state;
    assert_false(tp_limit_is_full(&limit, &marks));
    add(&limit, 1);
    assert_true(tp_limit_is_full(&limit, &marks));

    limit = limit_holding(1, 799);
    assert_false(tp_limit_is_full(&limit, &marks));
    add(&limit, 1);
    assert_true(tp_limit_is_full(&limit, &marks));
}

static void
a_mailbox_exceeds_its_high_mark_above_it(void **state)
{
    struct tp_limit limit = limit_holding(4, 1);

    (void)state;
    assert_false(tp_limit_is_exceeded(&limit, &marks));
    add(&limit, 1);
    assert_true(tp_limit_is_exceeded(&limit, &marks));

    limit = limit_holding(1, 400);
    assert_false(tp_limit_is_exceeded(&limit, &marks));
    limit = limit_holding(1, 401);
    assert_true(tp_limit_is_exceeded(&limit, &marks));
}

/* A slot has other marks in its next life. */
static void
an_empty_mailbox_is_not_congested_whoever_took_off_by_which_marks(void **state)
{
    static const struct tp_limit_marks lowest = {1, 0, 1, 1, 0, 800};
    struct tp_limit limit = limit_holding(4, 1);

    (void)state;
    assert_false(tp_limit_subtract(&limit, &lowest, 3, 3));
    assert_true(tp_limit_is_congested(&limit));
    assert_true(tp_limit_subtract(&limit, &lowest, 1, 1));
    assert_true(limit.held == 0);
}

static void
a_pause_on_a_congested_mailbox_lasts(void **state)
{
    struct tp_limit limit = limit_holding(4, 1);
    struct troupe_message messages[2] = {0};
    struct troupe_message *resume = &messages[0];

    (void)state;
    assert_true(tp_limit_pause(&limit, &resume));
    assert_null(resume);
    resume = &messages[1];
    assert_true(tp_limit_pause(&limit, &resume));
    assert_true(subtract(&limit, 4, 4));
    resume = tp_limit_take_paused(&limit);
    assert_ptr_equal(resume, &messages[1]);
    assert_ptr_equal(resume->next, &messages[0]);
    assert_null(resume->next->next);
    assert_null(tp_limit_take_paused(&limit));
}

static void
a_pause_on_a_mailbox_without_congestion_is_to_be_ended_at_once(void **state)
{
    struct tp_limit limit = limit_holding(3, 1);
    struct troupe_message message = {0};
    struct troupe_message *resume = &message;

    (void)state;
    assert_false(tp_limit_pause(&limit, &resume));
    assert_null(resume);
    assert_ptr_equal(tp_limit_take_paused(&limit), &message);
}

static void
the_default_marks_are_in_order(void **state)
{
    const struct tp_limit_marks *usual = &tp_limit_marks_default;

    (void)state;
    assert_true(usual->messages_low < usual->messages_high);
    assert_true(usual->messages_high < usual->messages_hard);
    assert_true(usual->bytes_low < usual->bytes_high);
    assert_true(usual->bytes_high < usual->bytes_hard);
    assert_true(usual->messages_hard <= TP_LIMIT_MESSAGES_MAX);
    assert_true(usual->bytes_hard <= TP_LIMIT_BYTES_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(below_the_high_mark_all_is_taken),
        cmocka_unit_test(the_message_that_reaches_the_high_mark_congests),
        cmocka_unit_test(the_byte_that_reaches_the_high_mark_congests),
        cmocka_unit_test(congestion_ends_at_the_low_mark_of_messages),
        cmocka_unit_test(congestion_ends_at_the_low_mark_of_bytes),
        cmocka_unit_test(
            congestion_lasts_between_the_marks_and_does_not_begin_there),
        cmocka_unit_test(taking_off_without_congestion_relieves_nobody),
        cmocka_unit_test(above_the_hard_mark_of_messages_nothing_is_taken),
        cmocka_unit_test(above_the_hard_mark_of_bytes_nothing_is_taken),
        cmocka_unit_test(
            messages_counted_together_congest_as_they_would_one_by_one),
        cmocka_unit_test(a_mailbox_is_full_at_the_hard_mark),
        cmocka_unit_test(a_mailbox_exceeds_its_high_mark_above_it),
        cmocka_unit_test(
            an_empty_mailbox_is_not_congested_whoever_took_off_by_which_marks),
        cmocka_unit_test(a_pause_on_a_congested_mailbox_lasts),
        cmocka_unit_test(
            a_pause_on_a_mailbox_without_congestion_is_to_be_ended_at_once),
        cmocka_unit_test(the_default_marks_are_in_order),
    };
    return cmocka_run_group_tests_name("limit", tests, NULL, NULL);
}
