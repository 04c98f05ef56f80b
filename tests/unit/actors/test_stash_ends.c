/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: what an actor has put aside is lost in no way that its life can end.
 *
 * Method: tests/support/stash_keeper.h, alone or with a supervisor; it fails,
 * crashes and stops with messages aside, called back, or in hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/fault.h"
#include "tests/support/stash_keeper.h"

static const struct troupe_child children[] = {
    TROUPE_CHILD(.name = "keeper", .behaviour = &keeper_behaviour),
};
static const struct troupe_supervisor tree =
    TROUPE_SUPERVISOR(.restarts_max = 3, TROUPE_CHILDREN(children));

static void
supervise(void)
{
    TROUPE_CHECK(troupe_supervise(thread, &tree, NULL, &keeper_pid));
    settle();
    lives_count = 1;
}

static void
fail_now(struct troupe_self *self)
{
    is_open = true;
    troupe_fail(self, 1, "as the test wants it");
}

static void
a_restart_handles_first_what_was_aside(void **state)
{
    (void)state;
    supervise();
    tell_items(1, 4);
    settle();
    play(fail_now);
    tell_items(5, 6);
    pass(TROUPE_SECONDS(1));
    assert_int_equal(lives_count, 2);
    assert_seen(1, 6);
}

static void
unstash_and_fail(struct troupe_self *self)
{
    CHECK(troupe_unstash_one(self));
    fail_now(self);
}

static void
what_was_called_back_by_the_last_handler_stays_in_order(void **state)
{
    (void)state;
    supervise();
    tell_items(1, 4);
    settle();
    play(unstash_and_fail);
    tell_items(5, 6);
    pass(TROUPE_SECONDS(1));
    assert_seen(1, 6);
}

static void
stash_and_fail(struct troupe_self *self)
{
    script = open_all;
    CHECK(troupe_stash(self) == TROUPE_OK);
    troupe_fail(self, 1, "as the test wants it");
}

static void
an_actor_that_fails_does_not_lose_what_it_put_aside_last(void **state)
{
    (void)state;
    supervise();
    play(stash_and_fail);
    pass(TROUPE_SECONDS(1));
    assert_int_equal(lives_count, 2);
    assert_true(is_open); /* the message was handled once more */
}

static void
stash_and_crash(struct troupe_self *self)
{
    is_open = true;
    CHECK(troupe_stash(self) == TROUPE_OK);
    fault_do(FAULT_INSTRUCTION);
}

static void
a_crash_loses_the_message_in_hand_and_nothing_that_was_aside(void **state)
{
    (void)state;
    fault_put_handlers_back();
    supervise();
    tell_items(1, 4);
    settle();
    play(stash_and_crash);
    pass(TROUPE_SECONDS(1));
    assert_int_equal(lives_count, 2);
    assert_seen(1, 4);
    assert_int_equal(tp_dead_letters_count(
                         &runtime->dead_letters, TROUPE_DEAD_LETTER_CRASHED),
        1);
}

static void
stop(struct troupe_self *self)
{
    TROUPE_CHECK(troupe_stop(self, troupe_self_pid(self)));
}

static void
an_end_for_good_makes_dead_letters_of_it_and_answers_requests(void **state)
{
    (void)state;
    tell_items(1, 3);
    ask(TROUPE_SECONDS(60));
    play(stop);
    settle();
    assert_int_equal(tp_dead_letters_count(&runtime->dead_letters,
                         TROUPE_DEAD_LETTER_NO_SUCH_ACTOR),
        4);
    assert_int_equal(answer_err, TROUPE_E_NO_SUCH_ACTOR);
}

static void
the_end_of_the_runtime_counts_it(void **state)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;

    (void)state;
    tell_items(1, 3);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(1), &report));
    assert_true(report.is_drained);
    assert_int_equal(
        report.dead_letters_count[TROUPE_DEAD_LETTER_RUNTIME_STOPPED], 3);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_restart_handles_first_what_was_aside),
        TEST(what_was_called_back_by_the_last_handler_stays_in_order),
        TEST(an_actor_that_fails_does_not_lose_what_it_put_aside_last),
        TEST(a_crash_loses_the_message_in_hand_and_nothing_that_was_aside),
        TEST(an_end_for_good_makes_dead_letters_of_it_and_answers_requests),
        TEST(the_end_of_the_runtime_counts_it),
    };
    for (int i = 0; i < FAULT_SIGNALS_COUNT; i++) {
        signal(fault_signals_of_all[i], SIG_DFL); /* a sanitizer's go */
    }
    TROUPE_CHECK(troupe_runtime_create(NULL, &runtime));
    troupe_runtime_destroy(&runtime);
    fault_save_handlers();
    return cmocka_run_group_tests_name("stash ends", tests, NULL, NULL);
}
