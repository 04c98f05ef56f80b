/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: urgent messages are handled before all others that wait, and do not
 * keep those waiting for ever; nothing else changes its place.
 *
 * Simulated, so that a receiver runs only when the test lets it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/order_world.h"

/* ---- what comes first ---------------------------------------------------- */

static void
urgent_messages_are_handled_before_others_that_wait(void **state)
{
    (void)state;
    begin();
    tell_items(1, 3);
    tell_commands(1, 1);
    EXPECT("c1 i1 i2 i3");
    finish();
}

static void
urgent_messages_keep_their_order_and_the_others_theirs(void **state)
{
    (void)state;
    begin();
    tell_items(1, 1);
    tell_commands(1, 2);
    tell_items(2, 3);
    tell_commands(3, 3);
    tell_items(4, 4);
    EXPECT("c1 c2 c3 i1 i2 i3 i4");
    finish();
}

static void
an_urgent_message_that_comes_while_a_handler_runs_is_next(void **state)
{
    (void)state;
    begin();
    TELL(receiver_pid, command_yourself, .value = 7);
    tell_items(1, 100);
    settle_down();
    assert_int_equal(strncmp(seen, "y7 c7 i1 i2 ", 12), 0);
    finish();
}

static void
urgent_requests_are_urgent_too(void **state)
{
    struct number answer = {0};

    (void)state;
    begin();
    tell_items(1, 3);
    assert_int_equal(troupe_ask(tester, receiver_pid, long_ns, number, &answer,
                         urgent_query, .value = 5),
        TROUPE_OK);
    assert_int_equal(answer.value, 5);
    EXPECT("q5 i1 i2 i3");
    finish();
}

static void
a_kill_comes_before_urgent_messages(void **state)
{
    (void)state;
    begin();
    tell_items(1, 3);
    tell_commands(1, 2);
    assert_int_equal(troupe_kill(tester, receiver_pid), TROUPE_OK);
    EXPECT("");
    finish();
    assert_int_equal(
        report.dead_letters_count[TROUPE_DEAD_LETTER_NO_SUCH_ACTOR], 5);
}

static void
a_kill_that_comes_while_mail_is_sorted_comes_first_too(void **state)
{
    (void)state;
    begin();
    TELL(receiver_pid, kill_yourself);
    tell_commands(1, 2);
    tell_items(1, 3);
    EXPECT("k");
    finish();
}

static void
replies_keep_their_place_among_the_others(void **state)
{
    (void)state;
    begin();
    TELL(receiver_pid, ask_echo); /* a reply comes, and then a command */
    EXPECT("c9 r");
    finish();
}

/* ---- a share for the others ---------------------------------------------- */

static void
one_of_the_others_has_its_turn_after_so_many_urgent_ones(void **state)
{
    uint64_t command = 1;
    uint64_t item = 1;
    char expected[SEEN_BYTES] = "";

    (void)state;
    begin();
    tell_items(1, 3);
    tell_commands(1, 40);
    settle_down();
    while (command <= 40) {
        for (int i = 0; i < TROUPE_URGENT_IN_A_ROW && command <= 40; i++) {
            add_word(expected, 'c', command++);
        }
        if (item <= 3) {
            add_word(expected, 'i', item++);
        }
    }
    assert_string_equal(seen, expected);
    finish();
}

static void
a_flood_of_urgent_messages_to_itself_starves_nobody(void **state)
{
    (void)state;
    begin();
    tell_items(1, 3);
    TELL(receiver_pid, flood_yourself, .value = 500);
    settle_down();
    assert_int_equal(handled_count('f'), 500);
    /* 17, 34 and 51 messages after the first one. */
    assert_true(place_of("i1 ") <= 18 && place_of("i2 ") <= 35 &&
                place_of("i3 ") <= 52);
    finish();
}

/* ---- what an actor becomes and begins again ------------------------------ */

static void
what_waits_is_sorted_by_the_next_behaviour(void **state)
{
    (void)state;
    begin();
    TELL(plain_pid, become_ordered);
    tell_all(plain_pid, 'i', 1, 2);
    tell_all(plain_pid, 'c', 1, 2);
    EXPECT("c1 c2 i1 i2");
    finish();
}

static void
a_behaviour_without_marks_leaves_the_order_in_which_mail_was(void **state)
{
    (void)state;
    begin();
    tell_items(1, 2);
    tell_commands(1, 1);
    TELL(receiver_pid, become_plain); /* urgent */
    tell_prices("a", 1, 3);
    tell_commands(2, 2);
    EXPECT("c1 c2 i1 i2 a3"); /* sorted before */
    tell_prices("a", 1, 2);
    EXPECT("a1 a2");
    finish();
}

static void
each_life_has_its_order(void **state)
{
    (void)state;
    begin();
    supervise_receiver();
    tell_items(1, 2);
    TELL(receiver_pid, fail_now); /* urgent */
    tell_items(3, 4);
    tell_prices("a", 1, 3);
    tell_commands(1, 2);
    EXPECT("c1 c2 i1 i2 i3 i4 a3");
    finish();
    assert_int_equal(report.dead_letters_count[TROUPE_DEAD_LETTER_FAILED], 1);
}

/* ---- with a policy ------------------------------------------------------- */

static void
urgent_messages_are_dropped_last(void **state)
{
    (void)state;
    begin_with((struct troupe_mailbox_options){
        .policy = TROUPE_MAILBOX_DROP_OLDEST, .messages_high = 3});
    tell_commands(1, 2);
    tell_items(1, 4);
    EXPECT("c1 c2 i4");
    tell_items(1, 2);
    tell_commands(1, 5);
    EXPECT("c3 c4 c5");
    finish();
    assert_int_equal(report.dead_letters_count[TROUPE_DEAD_LETTER_DROPPED], 7);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urgent_messages_are_handled_before_others_that_wait),
        cmocka_unit_test(
            urgent_messages_keep_their_order_and_the_others_theirs),
        cmocka_unit_test(
            an_urgent_message_that_comes_while_a_handler_runs_is_next),
        cmocka_unit_test(urgent_requests_are_urgent_too),
        cmocka_unit_test(a_kill_comes_before_urgent_messages),
        cmocka_unit_test(
            a_kill_that_comes_while_mail_is_sorted_comes_first_too),
        cmocka_unit_test(replies_keep_their_place_among_the_others),
        cmocka_unit_test(
            one_of_the_others_has_its_turn_after_so_many_urgent_ones),
        cmocka_unit_test(a_flood_of_urgent_messages_to_itself_starves_nobody),
        cmocka_unit_test(what_waits_is_sorted_by_the_next_behaviour),
        cmocka_unit_test(
            a_behaviour_without_marks_leaves_the_order_in_which_mail_was),
        cmocka_unit_test(each_life_has_its_order),
        cmocka_unit_test(urgent_messages_are_dropped_last),
    };

    return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
