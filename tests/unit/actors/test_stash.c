/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: what an actor puts aside comes back before all that waits and in its
 * order, and counts nowhere meanwhile.
 *
 * Method: tests/support/stash_keeper.h; the test opens it and calls back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/stash_keeper.h"

TROUPE_MESSAGE(flood, TROUPE_NO_FIELDS)

enum { HIGH = 4, FLOOD_COUNT = 20 };

/* Floods the keeper, and opens it when it may go on. */
static int floods_count;

static void
on_done(struct troupe_self *self, void *state, const struct done *done)
{
    (void)state, (void)done;
    CHECK(troupe_tell(self, keeper_pid, act) == TROUPE_OK);
}

static void
on_flood(struct troupe_self *self, void *state, const struct flood *flood)
{
    (void)state, (void)flood;
    for (int i = 0; i < FLOOD_COUNT; i++) {
        (void)troupe_tell(self, keeper_pid, item, .number = ++floods_count);
    }
    CHECK(troupe_tell(self, troupe_self_pid(self), done) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(
    flooder, 0, TROUPE_ON(flood, on_flood), TROUPE_ON(done, on_done));

/* Messages and bytes that the limit counts. */
static uint64_t
held(void)
{
    return slot_of(keeper_pid)->limit.held;
}

static void
open_one(struct troupe_self *self)
{
    is_open = true;
    CHECK(troupe_unstash_one(self));
}

/* The keeper with marks of its own, which count each message at once. */
static void
spawn_small(enum troupe_mailbox_policy policy)
{
    const struct troupe_mailbox_options mailbox = {
        .policy = policy, .messages_high = HIGH, .messages_low = 1};

    TROUPE_CHECK(troupe_spawn_with(thread, keeper,
        &TROUPE_SPAWN_OPTIONS(.mailbox = mailbox), &keeper_pid));
}

/* ---- order --------------------------------------------------------------- */

static void
what_was_put_aside_comes_back_first_and_in_order(void **state)
{
    (void)state;
    tell_items(1, 5);
    settle();
    assert_int_equal(seen_count, 0);
    play(open_all);
    tell_items(6, 8);
    settle();
    assert_seen(1, 8);
}

static void
open_two(struct troupe_self *self)
{
    is_open = true;
    CHECK(troupe_stashed_count(self) == 5);
    CHECK(troupe_unstash_one(self));
    CHECK(troupe_unstash_one(self));
    CHECK(troupe_stashed_count(self) == 3);
}

static void
one_at_a_time_keeps_the_order_too(void **state)
{
    (void)state;
    tell_items(1, 5);
    play(open_two);
    settle();
    assert_seen(1, 2);
    play(open_one);
    settle();
    assert_seen(1, 3);
    play(open_all);
    settle();
    assert_seen(1, 5);
}

/* Puts its own message aside and calls all back. */
static int stashing_count;

static void
stash_and_unstash(struct troupe_self *self)
{
    stashing_count++;
    CHECK(troupe_stash(self) == TROUPE_OK);
    CHECK(troupe_stash(self) == TROUPE_OK); /* twice is as good as once */
    CHECK(troupe_unstash(self) == 0);
    CHECK(troupe_stashed_count(self) == 0);
}

static void
a_handler_does_not_call_back_what_it_puts_aside(void **state)
{
    (void)state;
    stashing_count = 0;
    play(stash_and_unstash);
    settle();
    assert_int_equal(stashing_count, 1);
    assert_int_equal(slot_of(keeper_pid)->extension->stash->count, 1);
}

static void
what_is_put_aside_again_keeps_its_order(void **state)
{
    (void)state;
    tell_items(1, 3);
    settle();
    script = open_all;
    for (int i = 0; i < 3; i++) {
        is_open = false;
        play(open_one); /* opens */
        settle();
    }
    assert_seen(1, 3);
}

static void
close_and_unstash(struct troupe_self *self)
{
    CHECK(troupe_unstash(self) == 3);
}

static void
a_message_may_go_aside_any_number_of_times(void **state)
{
    (void)state;
    tell_items(1, 3);
    for (int i = 0; i < 10; i++) {
        play(close_and_unstash);
        settle();
    }
    assert_int_equal(seen_count, 0);
    play(open_all);
    settle();
    assert_seen(1, 3);
}

/* ---- requests ------------------------------------------------------------ */

static void
a_request_that_was_put_aside_is_answered_when_it_comes_back(void **state)
{
    (void)state;
    ask(TROUPE_SECONDS(1));
    assert_int_equal(answer_err, TROUPE_E_SYSTEM); /* not yet */
    play(open_all);
    settle();
    assert_int_equal(answer_err, TROUPE_OK);
    assert_int_equal(answer_number, 42);
}

static void
a_request_whose_deadline_passed_aside_is_not_handled(void **state)
{
    (void)state;
    ask(TROUPE_MS(5));
    pass(TROUPE_MS(10));
    assert_int_equal(answer_err, TROUPE_E_TIMED_OUT);
    play(open_all);
    settle();
    assert_int_equal(seen_count, 0);
    assert_int_equal(tp_dead_letters_count(
                         &runtime->dead_letters, TROUPE_DEAD_LETTER_EXPIRED),
        1);
}

static void
keep_or_stash(struct troupe_self *self)
{
    struct troupe_request *request = NULL;

    CHECK(troupe_stash(self) == TROUPE_OK);
    CHECK(troupe_request_keep(self, &request) == TROUPE_E_NO_REQUEST);
}

static void
on_get_kept(struct troupe_self *self, void *state, const struct get *get)
{
    struct troupe_request *request = NULL;

    (void)state, (void)get;
    CHECK(troupe_request_keep(self, &request) == TROUPE_OK);
    CHECK(troupe_stash(self) == TROUPE_E_NO_MESSAGE);
    CHECK(strstr(troupe_err_detail(), "is kept") != NULL);
    troupe_request_release(self, &request);
    CHECK(troupe_stash(self) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(holder, 0, TROUPE_ON(get, on_get_kept));

static void
a_message_is_kept_or_put_aside_and_not_both(void **state)
{
    (void)state;
    play(keep_or_stash);
    settle();
    TROUPE_CHECK(troupe_spawn(thread, holder, &keeper_pid));
    ask(TROUPE_MS(5));
}

/* ---- limits -------------------------------------------------------------- */

static void
what_is_aside_does_not_count_and_counts_when_it_is_back(void **state)
{
    (void)state;
    spawn_small(TROUPE_MAILBOX_PAUSE);
    tell_items(1, HIGH);
    settle();
    assert_int_equal(held(), 0);
    play(open_all);
    settle();
    assert_seen(1, HIGH);
    assert_int_equal(held(), 0);
}

static void
an_actor_that_waits_for_a_paused_sender_hears_from_it(void **state)
{
    troupe_pid flooder_pid;

    (void)state;
    spawn_small(TROUPE_MAILBOX_PAUSE);
    TROUPE_CHECK(troupe_spawn(thread, flooder, &flooder_pid));
    script = open_all;
    TROUPE_CHECK(troupe_tell(thread, flooder_pid, flood));
    pass(TROUPE_SECONDS(1));
    /* What found no room is seen at once, as refused. */
    assert_int_equal(seen_count, FLOOD_COUNT);
    for (int i = 0; i < FLOOD_COUNT - HIGH; i++) {
        assert_int_equal(seen[i], -(HIGH + 1 + i));
    }
    for (int i = 0; i < HIGH; i++) {
        assert_int_equal(seen[FLOOD_COUNT - HIGH + i], i + 1);
    }
}

static void
a_stash_holds_as_many_messages_as_the_high_mark(void **state)
{
    (void)state;
    spawn_small(TROUPE_MAILBOX_PAUSE);
    for (int i = 1; i <= HIGH; i++) {
        tell_items(i, i);
        settle();
        assert_int_equal(last_err, TROUPE_OK);
    }
    tell_items(9, 9);
    settle();
    assert_int_equal(last_err, TROUPE_E_STASH_FULL);
    assert_int_equal(seen_count, 1);
    assert_int_equal(seen[0], -9); /* the handler went on with it */
}

static void
a_stash_holds_as_many_bytes_as_the_high_mark(void **state)
{
    static const uint8_t bytes[1024];
    const struct troupe_mailbox_options mailbox = {
        .policy = TROUPE_MAILBOX_PAUSE, .bytes_high = 4096};

    (void)state;
    TROUPE_CHECK(troupe_spawn_with(thread, keeper,
        &TROUPE_SPAWN_OPTIONS(.mailbox = mailbox), &keeper_pid));
    for (int i = 1; i <= 3; i++) {
        TROUPE_CHECK(troupe_tell(thread, keeper_pid, bulk,
            .bytes = {.data = bytes, .size = sizeof(bytes)}));
        settle();
        assert_int_equal(last_err, i <= 2 ? TROUPE_OK : TROUPE_E_STASH_FULL);
    }
}

static void
a_message_larger_than_a_slot_of_memory_goes_aside_and_back(void **state)
{
    static const uint8_t bytes[100000];
    uint64_t before;

    (void)state;
    spawn_small(TROUPE_MAILBOX_PAUSE);
    settle();
    before = held();
    TROUPE_CHECK(troupe_tell(thread, keeper_pid, bulk,
        .bytes = {.data = bytes, .size = sizeof(bytes)}));
    settle();
    assert_int_equal(held(), before);
    play(open_all);
    settle();
    assert_int_equal(seen[0], sizeof(bytes));
    assert_int_equal(held(), before);
}

static void
an_actor_that_drops_its_oldest_drops_what_came_back_first(void **state)
{
    (void)state;
    spawn_small(TROUPE_MAILBOX_DROP_OLDEST);
    tell_items(1, 3);
    settle();
    play(open_all);
    tell_items(4, 6); /* with three that come back: two too many */
    settle();
    assert_seen(3, 6);
}

/* ---- wrong uses ---------------------------------------------------------- */

static void
on_time(struct troupe_self *self, void *state, uint64_t context)
{
    (void)state, (void)context;
    CHECK(troupe_stash(self) == TROUPE_E_NO_MESSAGE);
    CHECK(strstr(troupe_err_detail(), "nothing to stash") != NULL);
    see(1);
}

static void
set_timer(struct troupe_self *self)
{
    CHECK(!troupe_unstash_one(self));
    CHECK(troupe_unstash(self) == 0);
    CHECK(troupe_stashed_count(self) == 0);
    CHECK(troupe_after(self, 0, on_time, 0, NULL) == TROUPE_OK);
}

static void
there_is_nothing_to_put_aside_but_a_message_in_hand(void **state)
{
    (void)state;
    play(set_timer);
    settle();
    assert_seen(1, 1);
    assert_int_equal(troupe_stash(thread), TROUPE_E_WRONG_THREAD);
    assert_int_equal(troupe_stash(NULL), TROUPE_E_WRONG_THREAD);
    assert_int_equal(troupe_unstash(thread), 0);
    assert_false(troupe_unstash_one(NULL));
    assert_int_equal(troupe_stashed_count(thread), 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_was_put_aside_comes_back_first_and_in_order),
        TEST(one_at_a_time_keeps_the_order_too),
        TEST(a_handler_does_not_call_back_what_it_puts_aside),
        TEST(what_is_put_aside_again_keeps_its_order),
        TEST(a_message_may_go_aside_any_number_of_times),
        TEST(a_request_that_was_put_aside_is_answered_when_it_comes_back),
        TEST(a_request_whose_deadline_passed_aside_is_not_handled),
        TEST(a_message_is_kept_or_put_aside_and_not_both),
        TEST(what_is_aside_does_not_count_and_counts_when_it_is_back),
        TEST(an_actor_that_waits_for_a_paused_sender_hears_from_it),
        TEST(a_stash_holds_as_many_messages_as_the_high_mark),
        TEST(a_stash_holds_as_many_bytes_as_the_high_mark),
        TEST(a_message_larger_than_a_slot_of_memory_goes_aside_and_back),
        TEST(an_actor_that_drops_its_oldest_drops_what_came_back_first),
        TEST(there_is_nothing_to_put_aside_but_a_message_in_hand),
    };
    return cmocka_run_group_tests_name("stash", tests, NULL, NULL);
}
