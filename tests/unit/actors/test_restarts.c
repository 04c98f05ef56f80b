/* SPDX-License-Identifier: BSD-2-Clause */
/* What a child keeps from one life to the next, and what ends with a life. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "actors/restarts.h"
#include "base/memory.h"
#include "tests/support/supervision.h"

static const struct troupe_child one[] = {CHILD(a)};
static const struct troupe_supervisor one_tree =
    TROUPE_SUPERVISOR(.restarts_max = 9, TROUPE_CHILDREN(one));
static const struct troupe_child two[] = {CHILD(a), CHILD(b)};
static const struct troupe_supervisor two_tree =
    TROUPE_SUPERVISOR(.restarts_max = 9, TROUPE_CHILDREN(two));
/* Its child is between two lives for half a minute. */
static const struct troupe_supervisor slow_tree =
    TROUPE_SUPERVISOR(.backoff_ns = TROUPE_SECONDS(30), TROUPE_CHILDREN(one));

static uint64_t
dead_letters_count(void)
{
    uint64_t count = 0;

    for (int i = 0; i < TROUPE_DEAD_LETTER_CAUSES_COUNT; i++) {
        count += stage.report.dead_letters_count[i];
    }
    return count;
}

#define SAY(actor, words) TELL(actor, say, .text = troupe_str_of(words))

/* ---- how many there may be ------------------------------------------------
 */

static void
a_clock_that_lags_forgets_no_restart(void **state)
{
    static const struct troupe_supervisor few =
        TROUPE_SUPERVISOR(.restarts_max = 2,
            .restarts_within_ns = TROUPE_SECONDS(1));
    const uint64_t now_ns = TROUPE_SECONDS(100);
    struct tp_restarts restarts;

    (void)state;
    assert_true(tp_restarts_init(&restarts, &few));
    assert_true(tp_restarts_count(&restarts, now_ns));
    assert_true(tp_restarts_count(&restarts, now_ns - 1));
    assert_false(tp_restarts_count(&restarts, now_ns - 2));
    assert_false(tp_restarts_count(&restarts, now_ns + TROUPE_SECONDS(1) - 1));
    assert_true(tp_restarts_count(&restarts, now_ns + TROUPE_SECONDS(1) + 1));
    tp_restarts_fini(&restarts);
}

/* ---- what stays ---------------------------------------------------------- */

static void
pid_and_waiting_mail_stay_and_the_state_is_new(bool simulate)
{
    troupe_pid child;

    begin(simulate);
    (void)supervise(&one_tree, &child);
    if (!simulate) { /* there, nothing runs before the test waits */
        TELL(child, wait_for_gate);
        wait_for_waiting(1);
    }
    SAY(child, "one");
    SAY(child, "two");
    TELL(child, fail, .value = 1);
    SAY(child, "three");
    TELL(child, crash);
    SAY(child, "four");
    TELL(child, stop_yourself);
    SAY(child, "five");
    set_gate(true);
    wait_for(child);
    EXPECT("a starts", "a hears one (1)", "a hears two (2)",
        "a ends: failed with code 1: as told",
        "child a failed with code 1: as told and is started again (1 of 9)",
        "a starts", "a hears three (1)", "a starts", "a hears four (1)",
        "a ends: stopped", "child a stopped and is started again (3 of 9)",
        "a starts", "a hears five (1)");
    finish_unheard();
    /* Only the messages in hand were lost. */
    assert_int_equal(
        stage.report.dead_letters_count[TROUPE_DEAD_LETTER_FAILED], 1);
    assert_int_equal(
        stage.report.dead_letters_count[TROUPE_DEAD_LETTER_CRASHED], 1);
    assert_int_equal(dead_letters_count(), 2);
}

static void
a_request_that_waits_is_answered_by_the_next_life(void **state)
{
    troupe_pid child;

    (void)state;
    begin(true);
    (void)supervise(&slow_tree, &child);
    TELL(child, fail, .value = 1);
    wait_for(child); /* its deadline is later than the end of the backoff */
    assert_int_equal(noted_times("a starts"), 2);
    finish_unheard();
    assert_int_equal(dead_letters_count(), 1);
}

static void
the_request_that_it_failed_on_is_answered_at_once(bool simulate)
{
    struct tick unread;
    troupe_pid child;

    begin(simulate);
    (void)supervise(&one_tree, &child);
    assert_int_equal(
        troupe_ask(stage.self, child, long_ns, tick, &unread, fail, .value = 1),
        TROUPE_E_ACTOR_FAILED);
    assert_int_equal(
        troupe_ask(stage.self, child, long_ns, tick, &unread, crash),
        TROUPE_E_ACTOR_FAILED);
    wait_for(child);
    finish_unheard();
}

static void
monitors_and_links_fire_when_it_ends_for_good(bool simulate)
{
    troupe_pid watcher;
    troupe_pid linked;
    troupe_pid child;
    troupe_pid pid;

    begin(simulate);
    watcher = spawn("w");
    linked = spawn("l");
    pid = supervise(&one_tree, &child);
    TELL(watcher, watch, .actor = child);
    TELL(linked, link_with, .actor = child);
    wait_for(watcher);
    wait_for(linked);
    TELL(child, fail, .value = 1);
    wait_for(child);
    TELL(child, crash);
    wait_for(child);
    wait_for(watcher);
    wait_for(linked);
    assert_int_equal(noted_times("a starts"), 3);
    forget_notes();
    TELL(pid, troupe_end_child, .actor = child);
    wait_until_left(2);
    wait_for(watcher);
    assert_int_equal(noted_times("w sees: was shut down"), 1);
    assert_int_equal(noted_times("l ends: was shut down"), 1);
    finish_unheard();
}

static void
the_reason_of_the_last_life_is_told(bool simulate)
{
    static const struct troupe_child transient[] = {
        CHILD(a, .restart = TROUPE_TRANSIENT)};
    static const struct troupe_child strict[] = {CHILD(b)};
    static const struct troupe_supervisor trees[] = {
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(transient)),
        TROUPE_SUPERVISOR(.restarts_max = TROUPE_NO_RESTARTS,
            TROUPE_CHILDREN(strict))};
    troupe_pid children[2];
    troupe_pid watcher;

    begin(simulate);
    watcher = spawn("w");
    for (int i = 0; i < 2; i++) {
        (void)supervise(&trees[i], &children[i]);
        TELL(watcher, watch, .actor = children[i]);
        wait_for(watcher);
        wait_for(children[i]);
    }
    TELL(children[0], stop_yourself);
    TELL(children[1], fail, .value = 6);
    wait_until_left(2);
    wait_for(watcher);
    assert_int_equal(noted_times("w sees: stopped"), 1);
    assert_int_equal(noted_times("w sees: failed with code 6: as told"), 1);
    finish_unheard();
}

static void
what_concerns_a_child_between_two_lives_waits(void **state)
{
    troupe_pid watcher;
    troupe_pid child;
    troupe_pid pid;

    (void)state;
    begin(true);
    watcher = spawn("w");
    pid = supervise(&slow_tree, &child);
    TELL(child, fail, .value = 1);
    sleep_ns(TROUPE_SECONDS(1));
    forget_notes();
    SAY(child, "hello");
    TELL(watcher, watch, .actor = child);
    assert_int_equal(troupe_stop(stage.self, child), TROUPE_OK);
    sleep_ns(TROUPE_SECONDS(1));
    EXPECT();
    sleep_ns(TROUPE_SECONDS(30));
    EXPECT("a starts", "a hears hello (1)");
    TELL(child, fail, .value = 1);
    sleep_ns(TROUPE_SECONDS(1));
    SAY(child, "nobody hears this");
    forget_notes();
    assert_int_equal(troupe_stop(stage.self, pid), TROUPE_OK);
    wait_until_left(1);
    wait_for(watcher);
    EXPECT("w sees: failed with code 1: as told");
    finish();
    assert_int_equal(
        stage.report.dead_letters_count[TROUPE_DEAD_LETTER_NO_SUCH_ACTOR], 1);
}

static void
a_kill_between_two_lives_harms_nobody(void **state)
{
    troupe_pid child;
    troupe_pid other;

    (void)state;
    begin(true);
    other = spawn("o");
    (void)supervise(&slow_tree, &child);
    TELL(child, fail, .value = 1);
    sleep_ns(TROUPE_SECONDS(1));
    wait_until_left(3); /* nobody else is about to end */
    forget_notes();
    assert_int_equal(troupe_kill(stage.self, child), TROUPE_OK);
    wait_for(stage.idle);
    TELL(other, stop_yourself);
    wait_until_left(2);
    EXPECT("o ends: stopped"); /* its stop handler has run */
    sleep_ns(TROUPE_SECONDS(31));
    EXPECT("a starts");
    finish_unheard();
}

static void
the_policy_of_its_mailbox_stays(void **state)
{
    static const struct troupe_child narrow[] = {CHILD(
        a, .mailbox = {.policy = TROUPE_MAILBOX_REJECT, .messages_high = 2})};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(narrow));
    troupe_pid child;

    (void)state;
    begin(true);
    (void)supervise(&tree, &child);
    for (int life = 0; life < 3; life++) {
        TELL(child, tick);
        TELL(child, fail, .value = 1);
        assert_int_equal(
            troupe_tell(stage.self, child, tick), TROUPE_E_MAILBOX_FULL);
        sleep_ns(TROUPE_MS(1));
    }
    wait_for(child);
    assert_int_equal(noted_times("a starts"), 4);
    finish_unheard();
}

static void
an_undecodable_message_may_end_each_life(bool simulate)
{
    static const uint8_t nonsense[] = {0x91, 0xa1, 'x'};
    static const struct troupe_child strict[] = {
        CHILD(a, .ends_on_decode_error = true)};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(strict));
    troupe_pid child;

    begin(simulate);
    (void)supervise(&tree, &child);
    for (int life = 0; life < 2; life++) {
        struct troupe_message *message = NULL;

        assert_int_equal(troupe_message_create(stage.self, "fail", nonsense,
                             sizeof(nonsense), &message),
            TROUPE_OK);
        assert_int_equal(troupe_send(stage.self, child, &message), TROUPE_OK);
        wait_for(child);
    }
    assert_int_equal(noted_times("a starts"), 3);
    finish_unheard();
}

/* ---- what ends with a life ----------------------------------------------- */

static void
timers_end_with_the_life_that_set_them(bool simulate)
{
    troupe_pid child;

    begin(simulate);
    (void)supervise(&one_tree, &child);
    TELL(child, set_timers_and_fail);
    wait_for(child);
    sleep_ns(TROUPE_MS(20));
    wait_for(child);
    assert_int_equal(noted_times("a starts"), 2);
    assert_int_equal(noted_times("a has a timer that is due"), 0);
    finish_unheard();
}

static void
answers_to_an_earlier_life_reach_nobody(bool simulate)
{
    troupe_pid children[2];

    begin(simulate);
    (void)supervise(&two_tree, children);
    TELL(children[0], ask_friend, .actor = children[1]);
    wait_for(children[0]);
    wait_for(children[1]); /* it keeps the request */
    TELL(children[0], fail, .value = 1);
    wait_for(children[0]);
    /* The second life asks as well, and hears of its own ask only. */
    TELL(children[0], ask_friend, .actor = children[1]);
    wait_for(children[0]);
    wait_for(children[1]);
    TELL(children[1], fail, .value = 1);
    wait_for(children[1]);
    wait_for(children[0]);
    assert_int_equal(noted_times("a is answered NO_SUCH_ACTOR"), 1);
    finish_unheard();
}

static void
requests_that_it_kept_are_answered_when_the_life_ends(bool simulate)
{
    troupe_pid children[2];

    begin(simulate);
    (void)supervise(&two_tree, children);
    TELL(children[1], ask_friend, .actor = children[0]);
    wait_for(children[1]);
    wait_for(children[0]);
    TELL(children[0], crash);
    wait_for(children[0]);
    wait_for(children[1]);
    assert_int_equal(noted_times("b is answered NO_SUCH_ACTOR"), 1);
    finish_unheard();
}

static void
whom_it_watched_is_forgotten_but_links_stay(bool simulate)
{
    troupe_pid watched;
    troupe_pid linked;
    troupe_pid child;

    begin(simulate);
    watched = spawn("x");
    linked = spawn("l");
    (void)supervise(&one_tree, &child);
    TELL(child, watch, .actor = watched);
    TELL(child, link_with, .actor = linked);
    wait_for(child);
    wait_for(watched);
    wait_for(linked);
    TELL(child, fail, .value = 1);
    wait_for(child);
    TELL(watched, stop_yourself);
    wait_until_left(3);
    wait_for(child);
    assert_int_equal(noted_times("a sees: stopped"), 0);
    assert_int_equal(noted_times("a starts"), 2);
    /* The other end of a link that an earlier life made. */
    TELL(linked, fail, .value = 7);
    wait_until_left(2);
    wait_for(child);
    assert_int_equal(noted_times("a ends: failed with code 7: as told"), 1);
    assert_int_equal(noted_times("a starts"), 3);
    finish_unheard();
}

TROUPE_BEHAVIOUR_DECLARE(shy);

static void
on_say_to_shy(struct troupe_self *self, void *state, const struct say *say)
{
    (void)state, (void)say;
    note("shy hears, and listens no more");
    CHECK(troupe_become(self, idler) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(shy, 0, TROUPE_ON(say, on_say_to_shy));

static void
each_life_begins_with_the_behaviour_of_the_description(bool simulate)
{
    static const struct troupe_child shy_one[] = {
        TROUPE_CHILD(.name = "shy", .behaviour = &shy_behaviour)};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(shy_one));
    troupe_pid child;

    begin(simulate);
    assert_int_equal(
        troupe_supervise(stage.self, &tree, &(troupe_pid){0}, &child),
        TROUPE_OK);
    SAY(child, "hello");
    wait_for(child);
    SAY(child, "hello"); /* a dead letter */
    wait_for(child);
    assert_int_equal(troupe_kill(stage.self, child), TROUPE_OK);
    SAY(child, "hello");
    wait_for(child);
    EXPECT("shy hears, and listens no more",
        "child shy was killed and is started again (1 of 3)",
        "shy hears, and listens no more");
    finish();
    assert_int_equal(dead_letters_count(), 1);
}

/* ---- the end of the runtime ---------------------------------------------- */

struct ballast {
    char bytes[200000]; /* in no block of the cache */
};
TROUPE_BEHAVIOUR(heavy, sizeof(struct ballast), TROUPE_ON(tick, on_tick));

/* Whatever was on its way when the workers stopped is freed. */
static void
a_runtime_that_stops_at_once_frees_its_trees(void **state)
{
    static const struct troupe_child heavies[] = {
        TROUPE_CHILD(.name = "h", .behaviour = &heavy_behaviour),
        TROUPE_CHILD(.name = "i", .behaviour = &heavy_behaviour),
        TROUPE_CHILD(.name = "inner", .supervisor = &two_tree)};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(heavies));
    uint64_t blocks = 0;

    (void)state;
    for (int i = 0; i < 100; i++) {
        troupe_pid children[3];
        troupe_pid pid;

        begin(i % 2 == 0);
        for (int k = 0; k < 3; k++) {
            assert_int_equal(
                troupe_supervise(stage.self, &tree, &pid, children), TROUPE_OK);
        }
        (void)troupe_kill(stage.self, children[i % 3]);
        if (i % 3 == 0) {
            wait_for(children[0]);
            (void)troupe_kill(stage.self, pid);
        }
        assert_int_equal(
            troupe_runtime_stop(stage.runtime, 0, NULL), TROUPE_OK);
        troupe_runtime_destroy(&stage.runtime);
        if (i < 6) { /* what stays for ever has been made by then */
            blocks = tp_memory_blocks_count();
        }
        assert_int_equal(tp_memory_blocks_count(), blocks);
    }
}

#define TESTS(X)                                                               \
    X(pid_and_waiting_mail_stay_and_the_state_is_new)                          \
    X(the_request_that_it_failed_on_is_answered_at_once)                       \
    X(monitors_and_links_fire_when_it_ends_for_good)                           \
    X(the_reason_of_the_last_life_is_told)                                     \
    X(an_undecodable_message_may_end_each_life)                                \
    X(timers_end_with_the_life_that_set_them)                                  \
    X(answers_to_an_earlier_life_reach_nobody)                                 \
    X(requests_that_it_kept_are_answered_when_the_life_ends)                   \
    X(whom_it_watched_is_forgotten_but_links_stay)                             \
    X(each_life_begins_with_the_behaviour_of_the_description)

TESTS(ON_BOTH)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_that_lags_forgets_no_restart),
        TESTS(BOTH)
            cmocka_unit_test(a_request_that_waits_is_answered_by_the_next_life),
        cmocka_unit_test(what_concerns_a_child_between_two_lives_waits),
        cmocka_unit_test(a_kill_between_two_lives_harms_nobody),
        cmocka_unit_test(the_policy_of_its_mailbox_stays),
        cmocka_unit_test(a_runtime_that_stops_at_once_frees_its_trees),
    };

    save_handlers();
    return cmocka_run_group_tests_name("restarts", tests, NULL, NULL);
}
