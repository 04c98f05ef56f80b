/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: the inbox word goes through the transitions of its table and no others.
 *
 * Method: each row by itself on one thread; what threads can do to each other
 * is tests/protocol/test_inbox_sleep.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mailbox/inbox.h"

static bool
push(struct tp_inbox *inbox, struct troupe_message *message)
{
    return tp_inbox_push(inbox, message, message);
}

static struct tp_inbox
inbox_awake(void)
{
    struct tp_inbox inbox = {0};

    assert_true(tp_inbox_try_occupy(&inbox));
    return inbox;
}

static void
only_the_push_that_finds_the_owner_asleep_schedules_it(void **state)
{
    struct tp_inbox inbox = {0};
    struct troupe_message messages[2] = {0};

    (void)state;
    assert_true(push(&inbox, &messages[0]));
    assert_false(push(&inbox, &messages[1]));
}

static void
a_push_while_the_owner_is_awake_does_not_schedule_it(void **state)
{
    struct tp_inbox inbox = inbox_awake();
    struct troupe_message message = {0};

    (void)state;
    assert_false(push(&inbox, &message));
    assert_ptr_equal(tp_inbox_take(&inbox), &message);
}

static void
all_messages_are_taken_newest_first(void **state)
{
    struct tp_inbox inbox = {0};
    struct troupe_message messages[3] = {0};

    (void)state;
    for (int i = 0; i < 3; i++) {
        push(&inbox, &messages[i]);
    }
    assert_ptr_equal(tp_inbox_take(&inbox), &messages[2]);
    assert_ptr_equal(messages[2].next, &messages[1]);
    assert_ptr_equal(messages[1].next, &messages[0]);
    assert_null(messages[0].next);
}

static void
messages_pushed_together_keep_their_places(void **state)
{
    struct tp_inbox inbox = {0};
    struct troupe_message messages[4] = {0};

    (void)state;
    push(&inbox, &messages[0]);
    messages[3].next = &messages[2];
    messages[2].next = &messages[1];
    assert_false(tp_inbox_push(&inbox, &messages[3], &messages[1]));
    assert_ptr_equal(tp_inbox_take(&inbox), &messages[3]);
    assert_ptr_equal(messages[3].next, &messages[2]);
    assert_ptr_equal(messages[2].next, &messages[1]);
    assert_ptr_equal(messages[1].next, &messages[0]);
    assert_null(messages[0].next);
}

static void
the_first_message_to_an_awake_owner_ends_the_list(void **state)
{
    struct tp_inbox inbox = inbox_awake();
    struct troupe_message message = {.next = TP_INBOX_AWAKE};

    (void)state;
    push(&inbox, &message);
    assert_ptr_equal(tp_inbox_take(&inbox), &message);
    assert_null(message.next);
}

static void
what_was_taken_is_not_taken_again(void **state)
{
    struct tp_inbox inbox = {0};
    struct troupe_message message = {0};

    (void)state;
    push(&inbox, &message);
    assert_non_null(tp_inbox_take(&inbox));
    assert_null(tp_inbox_take(&inbox));
}

static void
an_owner_with_messages_cannot_fall_asleep(void **state)
{
    struct tp_inbox inbox = inbox_awake();
    struct troupe_message message = {0};

    (void)state;
    push(&inbox, &message);
    assert_false(tp_inbox_try_sleep(&inbox));
    assert_ptr_equal(tp_inbox_take(&inbox), &message);
    assert_true(tp_inbox_try_sleep(&inbox));
}

static void
an_owner_that_slept_is_scheduled_again(void **state)
{
    struct tp_inbox inbox = inbox_awake();
    struct troupe_message message = {0};

    (void)state;
    assert_true(tp_inbox_try_sleep(&inbox));
    assert_true(push(&inbox, &message));
}

static void
a_sleeping_inbox_is_occupied_once(void **state)
{
    struct tp_inbox inbox = {0};

    (void)state;
    assert_true(tp_inbox_try_occupy(&inbox));
    assert_false(tp_inbox_try_occupy(&inbox));
    assert_true(tp_inbox_try_sleep(&inbox));
    assert_true(tp_inbox_try_occupy(&inbox));
}

static void
an_inbox_with_messages_cannot_be_occupied(void **state)
{
    struct tp_inbox inbox = {0};
    struct troupe_message message = {0};

    (void)state;
    push(&inbox, &message);
    assert_false(tp_inbox_try_occupy(&inbox));
    assert_ptr_equal(tp_inbox_take(&inbox), &message);
}

static void
a_take_from_a_sleeping_inbox_finds_nothing_and_wakes_it(void **state)
{
    struct tp_inbox inbox = {0};
    struct troupe_message message = {0};

    (void)state;
    assert_null(tp_inbox_take(&inbox));
    assert_false(push(&inbox, &message));
}

static void
a_message_that_is_alone_is_seen_where_it_lies(void **state)
{
    struct tp_inbox inbox = {0};
    struct troupe_message messages[2] = {0};

    (void)state;
    assert_null(tp_inbox_peek_only(&inbox));
    push(&inbox, &messages[0]);
    assert_ptr_equal(tp_inbox_peek_only(&inbox), &messages[0]);
    assert_ptr_equal(tp_inbox_peek_only(&inbox), &messages[0]);
    push(&inbox, &messages[1]);
    assert_null(tp_inbox_peek_only(&inbox));
    assert_ptr_equal(tp_inbox_take(&inbox), &messages[1]);
    assert_null(tp_inbox_peek_only(&inbox));
}

static void
an_owner_falls_asleep_as_it_takes_the_only_message_out(void **state)
{
    struct tp_inbox inbox = {0};
    struct troupe_message messages[2] = {0};

    (void)state;
    push(&inbox, &messages[0]);
    assert_true(tp_inbox_try_sleep_with(&inbox, &messages[0]));
    assert_true(push(&inbox, &messages[1]));
    assert_ptr_equal(tp_inbox_take(&inbox), &messages[1]);
    assert_null(messages[1].next);
}

static void
an_owner_with_a_newer_message_cannot_fall_asleep(void **state)
{
    struct tp_inbox inbox = {0};
    struct troupe_message messages[2] = {0};

    (void)state;
    push(&inbox, &messages[0]);
    assert_false(push(&inbox, &messages[1]));
    assert_false(tp_inbox_try_sleep_with(&inbox, &messages[0]));
    assert_ptr_equal(tp_inbox_take(&inbox), &messages[1]);
    assert_ptr_equal(messages[1].next, &messages[0]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            only_the_push_that_finds_the_owner_asleep_schedules_it),
        cmocka_unit_test(a_push_while_the_owner_is_awake_does_not_schedule_it),
        cmocka_unit_test(all_messages_are_taken_newest_first),
        cmocka_unit_test(messages_pushed_together_keep_their_places),
        cmocka_unit_test(the_first_message_to_an_awake_owner_ends_the_list),
        cmocka_unit_test(what_was_taken_is_not_taken_again),
        cmocka_unit_test(an_owner_with_messages_cannot_fall_asleep),
        cmocka_unit_test(an_owner_that_slept_is_scheduled_again),
        cmocka_unit_test(a_sleeping_inbox_is_occupied_once),
        cmocka_unit_test(an_inbox_with_messages_cannot_be_occupied),
        cmocka_unit_test(
            a_take_from_a_sleeping_inbox_finds_nothing_and_wakes_it),
        cmocka_unit_test(a_message_that_is_alone_is_seen_where_it_lies),
        cmocka_unit_test(
            an_owner_falls_asleep_as_it_takes_the_only_message_out),
        cmocka_unit_test(an_owner_with_a_newer_message_cannot_fall_asleep),
    };
    return cmocka_run_group_tests_name("inbox", tests, NULL, NULL);
}
