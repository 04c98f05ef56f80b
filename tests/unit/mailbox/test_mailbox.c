/* SPDX-License-Identifier: BSD-2-Clause */
/* Goal: control comes first, and all else in the order in which it was sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mailbox/mailbox.h"

static struct tp_inbox inbox;
static struct tp_mailbox mailbox;

static int
setup(void **state)
{
    (void)state;
    inbox = (struct tp_inbox){0};
    mailbox = (struct tp_mailbox){0};
    return 0;
}

static void
send(struct troupe_message *message, enum tp_message_kind kind)
{
    *message = (struct troupe_message){.kind = (uint8_t)kind};
    tp_inbox_push(&inbox, message, message);
}

static void
send_tells(struct troupe_message *messages, int count)
{
    for (int i = 0; i < count; i++) {
        send(&messages[i], TP_MESSAGE_TELL);
    }
}

static void
an_empty_inbox_fills_nothing(void **state)
{
    (void)state;
    tp_mailbox_fill(&mailbox, &inbox);
    assert_null(tp_mailbox_pop(&mailbox));
    assert_null(tp_mailbox_pop_control(&mailbox));
}

static void
a_message_alone_arrives_and_only_once(void **state)
{
    struct troupe_message message;

    (void)state;
    send(&message, TP_MESSAGE_TELL);
    tp_mailbox_fill(&mailbox, &inbox);
    tp_mailbox_fill(&mailbox, &inbox);
    assert_ptr_equal(tp_mailbox_pop(&mailbox), &message);
    assert_null(tp_mailbox_pop(&mailbox));
}

static void
a_control_message_alone_is_control(void **state)
{
    struct troupe_message message;

    (void)state;
    send(&message, TP_MESSAGE_STOP);
    tp_mailbox_fill(&mailbox, &inbox);
    assert_null(tp_mailbox_pop(&mailbox));
    assert_ptr_equal(tp_mailbox_pop_control(&mailbox), &message);
}

static void
messages_of_one_sender_pop_oldest_first(void **state)
{
    struct troupe_message messages[3];

    (void)state;
    send_tells(messages, 3);
    tp_mailbox_fill(&mailbox, &inbox);
    for (int i = 0; i < 3; i++) {
        assert_ptr_equal(tp_mailbox_pop(&mailbox), &messages[i]);
    }
    assert_null(tp_mailbox_pop(&mailbox));
}

static void
a_later_fill_stays_behind_an_earlier_one(void **state)
{
    struct troupe_message messages[6];

    (void)state;
    send_tells(messages, 3);
    tp_mailbox_fill(&mailbox, &inbox);
    assert_ptr_equal(tp_mailbox_pop(&mailbox), &messages[0]);
    send_tells(&messages[3], 2);
    tp_mailbox_fill(&mailbox, &inbox);
    send_tells(&messages[5], 1);
    tp_mailbox_fill(&mailbox, &inbox);
    for (int i = 1; i < 6; i++) {
        assert_ptr_equal(tp_mailbox_pop(&mailbox), &messages[i]);
    }
    assert_null(tp_mailbox_pop(&mailbox));
}

static void
a_mailbox_that_was_emptied_fills_again(void **state)
{
    struct troupe_message messages[3];

    (void)state;
    send_tells(messages, 1);
    tp_mailbox_fill(&mailbox, &inbox);
    assert_ptr_equal(tp_mailbox_pop(&mailbox), &messages[0]);
    send_tells(&messages[1], 2);
    tp_mailbox_fill(&mailbox, &inbox);
    assert_ptr_equal(tp_mailbox_pop(&mailbox), &messages[1]);
    assert_ptr_equal(tp_mailbox_pop(&mailbox), &messages[2]);
    assert_null(tp_mailbox_pop(&mailbox));
}

static void
control_overtakes_what_was_sent_before_it(void **state)
{
    struct troupe_message tell;
    struct troupe_message stop;

    (void)state;
    send(&tell, TP_MESSAGE_TELL);
    tp_mailbox_fill(&mailbox, &inbox);
    send(&stop, TP_MESSAGE_STOP);
    tp_mailbox_fill(&mailbox, &inbox);
    assert_ptr_equal(tp_mailbox_pop_control(&mailbox), &stop);
    assert_null(tp_mailbox_pop_control(&mailbox));
    assert_ptr_equal(tp_mailbox_pop(&mailbox), &tell);
}

static void
control_keeps_its_own_order_over_two_fills(void **state)
{
    struct troupe_message messages[4];

    (void)state;
    send(&messages[0], TP_MESSAGE_START);
    send(&messages[1], TP_MESSAGE_RESUME);
    tp_mailbox_fill(&mailbox, &inbox);
    send(&messages[2], TP_MESSAGE_RESUME);
    send(&messages[3], TP_MESSAGE_STOP);
    tp_mailbox_fill(&mailbox, &inbox);
    for (int i = 0; i < 4; i++) {
        assert_ptr_equal(tp_mailbox_pop_control(&mailbox), &messages[i]);
    }
    assert_null(tp_mailbox_pop_control(&mailbox));
    assert_null(tp_mailbox_pop(&mailbox));
}

static void
replies_and_expiries_keep_their_place_among_tells(void **state)
{
    static const enum tp_message_kind kinds[] = {
        TP_MESSAGE_TELL,
        TP_MESSAGE_REPLY,
        TP_MESSAGE_REQUEST,
        TP_MESSAGE_EXPIRED,
        TP_MESSAGE_TELL,
    };
    struct troupe_message messages[5];
    struct troupe_message stop;

    (void)state;
    for (int i = 0; i < 5; i++) {
        send(&messages[i], kinds[i]);
        if (i == 2) {
            send(&stop, TP_MESSAGE_STOP);
        }
    }
    tp_mailbox_fill(&mailbox, &inbox);
    assert_ptr_equal(tp_mailbox_pop_control(&mailbox), &stop);
    for (int i = 0; i < 5; i++) {
        assert_ptr_equal(tp_mailbox_pop(&mailbox), &messages[i]);
    }
}

static void
limited_messages_are_taken_out_oldest_first_and_others_stay(void **state)
{
    static const enum tp_message_kind kinds[] = {
        TP_MESSAGE_REPLY,
        TP_MESSAGE_TELL,
        TP_MESSAGE_EXPIRED,
        TP_MESSAGE_REQUEST,
        TP_MESSAGE_TELL,
    };
    struct troupe_message **place = &mailbox.oldest;
    struct troupe_message messages[5];
    struct troupe_message later;

    (void)state;
    for (int i = 0; i < 5; i++) {
        send(&messages[i], kinds[i]);
    }
    tp_mailbox_fill(&mailbox, &inbox);
    assert_ptr_equal(tp_mailbox_take_limited(&mailbox, &place), &messages[1]);
    assert_ptr_equal(tp_mailbox_take_limited(&mailbox, &place), &messages[3]);
    assert_ptr_equal(tp_mailbox_take_limited(&mailbox, &place), &messages[4]);
    assert_null(tp_mailbox_take_limited(&mailbox, &place));
    send(&later, TP_MESSAGE_TELL);
    tp_mailbox_fill(&mailbox, &inbox);
    assert_ptr_equal(tp_mailbox_pop(&mailbox), &messages[0]);
    assert_ptr_equal(tp_mailbox_pop(&mailbox), &messages[2]);
    assert_ptr_equal(tp_mailbox_pop(&mailbox), &later);
    assert_null(tp_mailbox_pop(&mailbox));
}

static void
a_mailbox_from_which_all_was_taken_out_fills_again(void **state)
{
    struct troupe_message **place = &mailbox.oldest;
    struct troupe_message messages[2];
    struct troupe_message later;

    (void)state;
    send_tells(messages, 2);
    tp_mailbox_fill(&mailbox, &inbox);
    assert_ptr_equal(tp_mailbox_take_limited(&mailbox, &place), &messages[0]);
    assert_ptr_equal(tp_mailbox_take_limited(&mailbox, &place), &messages[1]);
    assert_null(tp_mailbox_take_limited(&mailbox, &place));
    send_tells(&later, 1);
    tp_mailbox_fill(&mailbox, &inbox);
    assert_ptr_equal(tp_mailbox_pop(&mailbox), &later);
    assert_null(tp_mailbox_pop(&mailbox));
}

static void
what_is_for_another_life_is_taken_out_and_the_rest_stays(void **state)
{
    struct troupe_message messages[5];
    struct troupe_message *after = NULL;
    struct troupe_message later;

    (void)state;
    send_tells(messages, 5);
    for (int i = 0; i < 5; i++) {
        messages[i].incarnation = i % 2 == 0 ? 1 : 7;
    }
    tp_mailbox_fill(&mailbox, &inbox);
    for (int i = 0; i < 5; i += 2) {
        assert_ptr_equal(
            tp_mailbox_take_stale(&mailbox, 7, &after), &messages[i]);
    }
    assert_null(tp_mailbox_take_stale(&mailbox, 7, &after));
    send_tells(&later, 1);
    tp_mailbox_fill(&mailbox, &inbox);
    assert_ptr_equal(tp_mailbox_take_stale(&mailbox, 7, &after), &later);
    assert_ptr_equal(tp_mailbox_pop(&mailbox), &messages[1]);
    assert_ptr_equal(tp_mailbox_pop(&mailbox), &messages[3]);
    assert_null(tp_mailbox_pop(&mailbox));
}

static void
a_mailbox_of_which_nothing_stays_fills_again(void **state)
{
    struct troupe_message *after = NULL;
    struct troupe_message message;

    (void)state;
    send_tells(&message, 1);
    tp_mailbox_fill(&mailbox, &inbox);
    assert_ptr_equal(tp_mailbox_take_stale(&mailbox, 7, &after), &message);
    assert_null(after);
    send_tells(&message, 1);
    tp_mailbox_fill(&mailbox, &inbox);
    assert_ptr_equal(tp_mailbox_pop(&mailbox), &message);
}

/* ---- another choice than the oldest -------------------------------------- */

static void
assert_tells_pop(struct troupe_message *messages, const int *order, int count)
{
    for (int i = 0; i < count; i++) {
        assert_ptr_equal(tp_mailbox_pop(&mailbox), &messages[order[i]]);
    }
    assert_null(tp_mailbox_pop(&mailbox));
}

static void
a_message_is_brought_forward_wherever_it_is(void **state)
{
    static const int orders[3][4] = {{0, 1, 2, 3}, {1, 0, 2, 3}, {2, 0, 1, 3}};
    struct troupe_message messages[4];

    (void)state;
    for (int chosen = 0; chosen < 3; chosen++) {
        send_tells(messages, 3);
        tp_mailbox_fill(&mailbox, &inbox);
        tp_mailbox_bring_forward(&mailbox, &messages[chosen]);
        send(&messages[3], TP_MESSAGE_TELL);
        tp_mailbox_fill(&mailbox, &inbox);
        assert_tells_pop(messages, orders[chosen], 4);
    }
}

/* The first two are control messages. */
static void
what_is_put_aside_comes_back_before_what_has_come(void **state)
{
    static const int all[] = {3, 4, 5, 6};
    struct troupe_message messages[8];
    struct tp_mailbox aside;

    (void)state;
    for (int left = 0; left < 5; left++) {
        for (int i = 0; i < 5; i++) {
            send(&messages[i], i < 2 ? TP_MESSAGE_STOP : TP_MESSAGE_TELL);
        }
        tp_mailbox_fill(&mailbox, &inbox);
        tp_mailbox_put_aside(&mailbox, &messages[left], &aside);
        assert_ptr_equal(left < 2 ? tp_mailbox_pop_control(&mailbox)
                                  : tp_mailbox_pop(&mailbox),
            &messages[left]);
        assert_null(tp_mailbox_pop_control(&mailbox));
        assert_null(tp_mailbox_pop(&mailbox));
        send(&messages[5], TP_MESSAGE_TELL);
        send(&messages[6], TP_MESSAGE_TELL);
        send(&messages[7], TP_MESSAGE_STOP);
        tp_mailbox_fill(&mailbox, &inbox);
        tp_mailbox_put_back(&mailbox, &aside, NULL);
        for (int i = 0; i < 2; i++) {
            if (i != left) {
                assert_ptr_equal(
                    tp_mailbox_pop_control(&mailbox), &messages[i]);
            }
        }
        assert_ptr_equal(tp_mailbox_pop_control(&mailbox), &messages[7]);
        assert_null(tp_mailbox_pop_control(&mailbox));
        if (left != 2) {
            assert_ptr_equal(tp_mailbox_pop(&mailbox), &messages[2]);
        }
        for (int i = 0; i < 4; i++) {
            if (all[i] != left) {
                assert_ptr_equal(tp_mailbox_pop(&mailbox), &messages[all[i]]);
            }
        }
        assert_null(tp_mailbox_pop(&mailbox));
    }
}

static void
what_is_put_aside_comes_back_behind_what_is_to_be_first(void **state)
{
    static const int order[] = {3, 4, 1, 2, 5};
    struct troupe_message messages[6];
    struct tp_mailbox aside;

    (void)state;
    for (int is_there = 0; is_there < 2; is_there++) {
        send_tells(messages, 3);
        tp_mailbox_fill(&mailbox, &inbox);
        tp_mailbox_put_aside(&mailbox, &messages[0], &aside);
        assert_ptr_equal(tp_mailbox_pop(&mailbox), &messages[0]);
        if (is_there) {
            messages[3].next = &messages[4];
            tp_mailbox_prepend(&mailbox, &messages[3], &messages[4]);
        }
        send(&messages[5], TP_MESSAGE_TELL);
        tp_mailbox_fill(&mailbox, &inbox);
        tp_mailbox_put_back(&mailbox, &aside, &messages[4]);
        for (int i = is_there ? 0 : 2; i < 5; i++) {
            assert_ptr_equal(tp_mailbox_pop(&mailbox), &messages[order[i]]);
        }
        assert_null(tp_mailbox_pop(&mailbox));
    }
}

static void
what_is_put_first_is_before_all_but_control_messages(void **state)
{
    struct troupe_message messages[6];

    (void)state;
    for (int waiting = 0; waiting < 3; waiting++) {
        send_tells(messages, waiting);
        send(&messages[5], TP_MESSAGE_STOP);
        tp_mailbox_fill(&mailbox, &inbox);
        messages[3].next = &messages[4];
        tp_mailbox_prepend(&mailbox, &messages[3], &messages[4]);
        send(&messages[2], TP_MESSAGE_TELL);
        tp_mailbox_fill(&mailbox, &inbox);
        assert_ptr_equal(tp_mailbox_pop_control(&mailbox), &messages[5]);
        assert_ptr_equal(tp_mailbox_pop(&mailbox), &messages[3]);
        assert_ptr_equal(tp_mailbox_pop(&mailbox), &messages[4]);
        for (int i = 0; i < waiting; i++) {
            assert_ptr_equal(tp_mailbox_pop(&mailbox), &messages[i]);
        }
        assert_ptr_equal(tp_mailbox_pop(&mailbox), &messages[2]);
        assert_null(tp_mailbox_pop(&mailbox));
    }
}

static void
what_lies_above_a_message_in_hand_is_filled_in_without_it(void **state)
{
    struct troupe_message only;
    struct troupe_message stop;
    struct troupe_message messages[2];

    (void)state;
    send(&only, TP_MESSAGE_TELL);
    send(&messages[0], TP_MESSAGE_TELL);
    send(&stop, TP_MESSAGE_STOP);
    send(&messages[1], TP_MESSAGE_TELL);
    tp_mailbox_fill_above(&mailbox, &inbox, &only);
    assert_ptr_equal(tp_mailbox_pop_control(&mailbox), &stop);
    assert_null(tp_mailbox_pop_control(&mailbox));
    assert_ptr_equal(tp_mailbox_pop(&mailbox), &messages[0]);
    assert_ptr_equal(tp_mailbox_pop(&mailbox), &messages[1]);
    assert_null(tp_mailbox_pop(&mailbox));
}

static void
nothing_above_a_message_in_hand_fills_nothing(void **state)
{
    struct troupe_message only;

    (void)state;
    send(&only, TP_MESSAGE_TELL);
    tp_mailbox_fill_above(&mailbox, &inbox, &only);
    assert_null(tp_mailbox_pop(&mailbox));
    assert_true(tp_inbox_try_sleep(&inbox));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_empty_inbox_fills_nothing, setup),
        cmocka_unit_test_setup(
            a_message_is_brought_forward_wherever_it_is, setup),
        cmocka_unit_test_setup(
            what_is_put_aside_comes_back_before_what_has_come, setup),
        cmocka_unit_test_setup(
            what_is_put_first_is_before_all_but_control_messages, setup),
        cmocka_unit_test_setup(
            what_is_put_aside_comes_back_behind_what_is_to_be_first, setup),
        cmocka_unit_test_setup(a_message_alone_arrives_and_only_once, setup),
        cmocka_unit_test_setup(a_control_message_alone_is_control, setup),
        cmocka_unit_test_setup(messages_of_one_sender_pop_oldest_first, setup),
        cmocka_unit_test_setup(a_later_fill_stays_behind_an_earlier_one, setup),
        cmocka_unit_test_setup(a_mailbox_that_was_emptied_fills_again, setup),
        cmocka_unit_test_setup(
            control_overtakes_what_was_sent_before_it, setup),
        cmocka_unit_test_setup(
            control_keeps_its_own_order_over_two_fills, setup),
        cmocka_unit_test_setup(
            replies_and_expiries_keep_their_place_among_tells, setup),
        cmocka_unit_test_setup(
            limited_messages_are_taken_out_oldest_first_and_others_stay, setup),
        cmocka_unit_test_setup(
            a_mailbox_from_which_all_was_taken_out_fills_again, setup),
        cmocka_unit_test_setup(
            what_is_for_another_life_is_taken_out_and_the_rest_stays, setup),
        cmocka_unit_test_setup(
            a_mailbox_of_which_nothing_stays_fills_again, setup),
        cmocka_unit_test_setup(
            what_lies_above_a_message_in_hand_is_filled_in_without_it, setup),
        cmocka_unit_test_setup(
            nothing_above_a_message_in_hand_fills_nothing, setup),
    };
    return cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);
}
