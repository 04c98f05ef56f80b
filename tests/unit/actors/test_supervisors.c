/* SPDX-License-Identifier: BSD-2-Clause */
/* What a supervisor does: whom it starts, stops and starts again, and when it
 * gives up. What that is for a child is in test_restarts.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/supervision.h"

static const struct troupe_child abc[] = {CHILD(a), CHILD(b), CHILD(c)};

/* ---- order --------------------------------------------------------------- */

static void
children_start_in_order_and_stop_in_the_reverse_one(bool simulate)
{
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(abc));
    troupe_pid children[3];
    troupe_pid pid;

    begin(simulate);
    pid = supervise(&tree, children);
    EXPECT("a starts", "b starts", "c starts");
    assert_int_equal(troupe_stop(stage.self, pid), TROUPE_OK);
    wait_until_left(0);
    EXPECT("c ends: was shut down", "b ends: was shut down",
        "a ends: was shut down");
    finish();
    EXPECT();
}

static void
the_end_of_the_runtime_stops_each_tree_in_reverse(bool simulate)
{
    static const struct troupe_child inner_children[] = {CHILD(b), CHILD(c)};
    static const struct troupe_supervisor inner =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(inner_children));
    static const struct troupe_child outer_children[] = {
        CHILD(a), TROUPE_CHILD(.name = "inner", .supervisor = &inner)};
    static const struct troupe_supervisor outer =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(outer_children));
    static const struct subject subject_d = {.name = "d"};
    static const struct troupe_child late_children[] = {CHILD(d)};
    static const struct troupe_supervisor late =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(late_children));
    troupe_pid children[2];
    troupe_pid pid;

    begin(simulate);
    assert_int_equal(
        troupe_supervise(stage.self, &outer, &pid, children), TROUPE_OK);
    wait_for(children[0]);
    /* The inner supervisor has started when it answers, and its children
     * follow; the later ones stop first. */
    wait_for(get_child(children[1], 0).actor);
    wait_for(get_child(children[1], 1).actor);
    (void)supervise(&late, children);
    EXPECT("a starts", "b starts", "c starts", "d starts");
    finish();
    EXPECT("d ends: was shut down", "c ends: was shut down",
        "b ends: was shut down", "a ends: was shut down");
    assert_int_equal(stage.report.actors_alive_count, 1); /* the idle one */
}

/* ---- which ends are restarted -------------------------------------------- */

static void
a_permanent_child_is_started_again_whatever_its_end(bool simulate)
{
    static const struct troupe_child only[] = {CHILD(a)};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(only));
    troupe_pid child;

    begin(simulate);
    (void)supervise(&tree, &child);
    TELL(child, stop_yourself);
    wait_for(child);
    TELL(child, fail, .value = 3);
    wait_for(child);
    EXPECT("a starts", "a ends: stopped",
        "child a stopped and is started again (1 of 3)", "a starts",
        "a ends: failed with code 3: as told",
        "child a failed with code 3: as told and is started again (2 of 3)",
        "a starts");
    assert_int_equal(troupe_kill(stage.self, child), TROUPE_OK);
    wait_for(child);
    EXPECT("child a was killed and is started again (3 of 3)", "a starts");
    finish_unheard();
}

static void
a_transient_child_is_started_again_after_faults_only(bool simulate)
{
    static const struct troupe_child only[] = {
        CHILD(a, .restart = TROUPE_TRANSIENT)};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(only));
    troupe_pid child;
    troupe_pid pid;

    begin(simulate);
    pid = supervise(&tree, &child);
    TELL(child, fail, .value = 1);
    wait_for(child);
    TELL(child, stop_yourself);
    wait_until_left(1); /* the supervisor */
    assert_int_equal(get_child(pid, 0).children_count, 0);
    EXPECT("a starts", "a ends: failed with code 1: as told",
        "child a failed with code 1: as told and is started again (1 of 3)",
        "a starts", "a ends: stopped");
    finish();
}

static void
a_temporary_child_is_never_started_again(bool simulate)
{
    static const struct troupe_child only[] = {
        CHILD(a, .restart = TROUPE_TEMPORARY), CHILD(b)};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(only));
    troupe_pid children[2];

    begin(simulate);
    (void)supervise(&tree, children);
    TELL(children[0], fail, .value = 1);
    wait_until_left(2);
    EXPECT("a starts", "b starts", "a ends: failed with code 1: as told");
    finish();
    EXPECT("b ends: was shut down");
}

static void
a_child_that_crashes_is_started_again(bool simulate)
{
    static const struct troupe_child only[] = {
        CHILD(a, .restart = TROUPE_TRANSIENT)};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(only));
    troupe_pid child;

    begin(simulate);
    (void)supervise(&tree, &child);
    TELL(child, crash);
    wait_for(child);
    assert_int_equal(noted_times("a starts"), 2);
    assert_int_equal(noted_times("a ends: crashed: SIGSEGV"), 0);
    finish_unheard();
    assert_int_equal(
        stage.report.dead_letters_count[TROUPE_DEAD_LETTER_CRASHED], 1);
}

/* ---- strategies ---------------------------------------------------------- */

static void
one_for_one_leaves_the_others_alone(bool simulate)
{
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(abc));
    troupe_pid children[3];

    begin(simulate);
    (void)supervise(&tree, children);
    TELL(children[1], fail, .value = 1);
    for (int i = 0; i < 3; i++) {
        wait_for(children[i]);
    }
    EXPECT("a starts", "b starts", "c starts",
        "b ends: failed with code 1: as told",
        "child b failed with code 1: as told and is started again (1 of 3)",
        "b starts");
    finish_unheard();
}

static void
one_for_all_starts_all_again_in_order(bool simulate)
{
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(.strategy = TROUPE_ONE_FOR_ALL, TROUPE_CHILDREN(abc));
    troupe_pid children[3];

    begin(simulate);
    (void)supervise(&tree, children);
    forget_notes();
    TELL(children[1], fail, .value = 1);
    wait_for(children[1]);
    wait_for(children[2]);
    EXPECT("b ends: failed with code 1: as told",
        "child b failed with code 1: as told and is started again (1 of 3)",
        "c ends: was shut down", "a ends: was shut down", "a starts",
        "b starts", "c starts");
    finish_unheard();
}

static void
rest_for_one_starts_the_later_ones_again(bool simulate)
{
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(.strategy = TROUPE_REST_FOR_ONE,
            TROUPE_CHILDREN(abc));
    troupe_pid children[3];

    begin(simulate);
    (void)supervise(&tree, children);
    forget_notes();
    TELL(children[1], fail, .value = 1);
    wait_for(children[1]);
    /* c is told after b lives again, and may have been stopped before that. */
    wait_for(children[2]);
    EXPECT("b ends: failed with code 1: as told",
        "child b failed with code 1: as told and is started again (1 of 3)",
        "c ends: was shut down", "b starts", "c starts");
    finish_unheard();
}

static void
a_temporary_child_does_not_come_back_with_the_others(bool simulate)
{
    static const struct troupe_child mixed[] = {
        CHILD(a), CHILD(b, .restart = TROUPE_TEMPORARY), CHILD(c)};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(.strategy = TROUPE_ONE_FOR_ALL,
            TROUPE_CHILDREN(mixed));
    troupe_pid children[3];
    troupe_pid pid;

    begin(simulate);
    pid = supervise(&tree, children);
    forget_notes();
    TELL(children[0], fail, .value = 1);
    wait_for(children[0]);
    wait_for(children[2]);
    EXPECT("a ends: failed with code 1: as told",
        "child a failed with code 1: as told and is started again (1 of 3)",
        "c ends: was shut down", "b ends: was shut down", "a starts",
        "c starts");
    assert_int_equal(get_child(pid, 0).children_count, 2);
    finish_unheard();
}

/* ---- intensity ----------------------------------------------------------- */

static void
too_many_restarts_make_it_give_up(bool simulate)
{
    static const struct troupe_child two[] = {CHILD(a), CHILD(b)};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(.restarts_max = 1,
            .restarts_within_ns = TROUPE_SECONDS(3600), TROUPE_CHILDREN(two));
    troupe_pid children[2];
    troupe_pid watcher;
    troupe_pid pid;

    begin(simulate);
    watcher = spawn("w");
    pid = supervise(&tree, children);
    TELL(watcher, watch, .actor = pid);
    wait_for(watcher);
    forget_notes();
    TELL(children[0], fail, .value = 1);
    wait_for(children[0]);
    TELL(children[0], fail, .value = 2);
    wait_until_left(1);
    wait_for(watcher);
    EXPECT("a ends: failed with code 1: as told",
        "child a failed with code 1: as told and is started again (1 of 1)",
        "a starts", "a ends: failed with code 2: as told",
        "gives up: child a ended more than 1 times within 3600000 ms; the last "
        "time it failed with code 2: as told",
        "b ends: was shut down",
        "w sees: failed with code 0: child a ended more than 1 times within "
        "3600000 ms; the last time it failed with code 2: as told");
    finish_unheard();
}

static void
without_restarts_the_first_end_is_too_many(bool simulate)
{
    static const struct troupe_child one[] = {CHILD(a)};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(.restarts_max = TROUPE_NO_RESTARTS,
            TROUPE_CHILDREN(one));
    troupe_pid child;

    begin(simulate);
    (void)supervise(&tree, &child);
    TELL(child, fail, .value = 1);
    wait_until_left(0);
    EXPECT("a starts", "a ends: failed with code 1: as told",
        "gives up: child a ended more than 0 times within 5000 ms; the last "
        "time it failed with code 1: as told");
    finish();
}

static void
restarts_long_ago_do_not_count(void **state)
{
    static const struct troupe_child one[] = {CHILD(a)};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(.restarts_max = 2,
            .restarts_within_ns = TROUPE_SECONDS(1), TROUPE_CHILDREN(one));
    troupe_pid child;

    (void)state;
    begin(true);
    (void)supervise(&tree, &child);
    for (int i = 0; i < 20; i++) {
        TELL(child, fail, .value = 1);
        wait_for(child);
        sleep_ns(TROUPE_MS(510));
        forget_notes();
    }
    /* One is 510 ms ago, so the second from here on is too much. */
    TELL(child, fail, .value = 1);
    TELL(child, fail, .value = 1);
    wait_until_left(0);
    assert_int_equal(noted_times("a starts"), 1);
    finish();
}

static void
giving_up_goes_upward(bool simulate)
{
    static const struct troupe_child inner_children[] = {CHILD(b)};
    static const struct troupe_supervisor inner =
        TROUPE_SUPERVISOR(.restarts_max = TROUPE_NO_RESTARTS,
            TROUPE_CHILDREN(inner_children));
    static const struct troupe_child outer_children[] = {
        CHILD(a), TROUPE_CHILD(.name = "inner", .supervisor = &inner)};
    static const struct troupe_supervisor outer =
        TROUPE_SUPERVISOR(.restarts_max = 1, TROUPE_CHILDREN(outer_children));
    struct troupe_child_info info;
    troupe_pid children[2];
    troupe_pid first;
    troupe_pid pid;

    begin(simulate);
    assert_int_equal(
        troupe_supervise(stage.self, &outer, &pid, children), TROUPE_OK);
    first = get_child(children[1], 0).actor;
    wait_for(first);
    TELL(first, fail, .value = 1);
    /* The inner supervisor is started again, with children of its own. */
    do {
        info = get_child(children[1], 0);
    } while (info.actor == first);
    assert_true(info.actor != TROUPE_NO_PID);
    wait_for(info.actor);
    assert_int_equal(get_child(pid, 1).restarts_count, 1);
    assert_true(get_child(pid, 1).is_supervisor);
    EXPECT("a starts", "b starts", "b ends: failed with code 1: as told",
        "gives up: child b ended more than 0 times within 5000 ms; the last "
        "time it failed with code 1: as told",
        "child inner failed with code 0: child b ended more than 0 times "
        "within 5000 ms; the last time it failed ... and is started again "
        "(1 of 1)",
        "b starts");
    TELL(info.actor, fail, .value = 2);
    wait_until_left(0);
    assert_int_equal(noted_times("a ends: was shut down"), 1);
    assert_int_equal(noted_times("b starts"), 0);
    finish();
}

/* ---- backoff ------------------------------------------------------------- */

static uint64_t
ns_until_it_lives_again(troupe_pid child)
{
    uint64_t since_ns;

    wait_for(child);
    since_ns = troupe_now_ns(stage.self);
    TELL(child, fail, .value = 1);
    wait_for(child);
    return troupe_now_ns(stage.self) - since_ns;
}

static void
restarts_wait_longer_each_time_and_by_chance(void **state)
{
    static const struct troupe_child one[] = {CHILD(a)};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(.restarts_max = 100,
            .restarts_within_ns = TROUPE_SECONDS(3600),
            .backoff_ns = TROUPE_MS(100), .backoff_ns_max = TROUPE_SECONDS(2),
            TROUPE_CHILDREN(one));
    uint64_t waited_ns[2][8];
    int shorter_count = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 2; seed++) {
        uint64_t span_ns = TROUPE_MS(100);
        troupe_pid child;

        begin_with(true, seed);
        (void)supervise(&tree, &child);
        for (int i = 0; i < 8; i++) {
            uint64_t waited = ns_until_it_lives_again(child);

            assert_true(waited >= span_ns / 2);
            assert_true(waited <= span_ns + TROUPE_MS(2)); /* a wheel's tick */
            waited_ns[seed - 1][i] = waited;
            shorter_count += waited < span_ns - span_ns / 8;
            span_ns =
                span_ns >= TROUPE_SECONDS(1) ? TROUPE_SECONDS(2) : span_ns * 2;
        }
        finish_unheard();
    }
    assert_true(shorter_count >= 4);
    assert_memory_not_equal(waited_ns[0], waited_ns[1], sizeof(waited_ns[0]));
}

static void
a_backoff_may_grow_for_ever(void **state)
{
    static const struct troupe_child one[] = {CHILD(a)};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(.restarts_max = 80,
            .restarts_within_ns = TROUPE_FOREVER, .backoff_ns = 1,
            .backoff_ns_max = TROUPE_FOREVER, TROUPE_CHILDREN(one));
    uint64_t longest_ns = 0;
    troupe_pid child;

    (void)state;
    begin(true);
    (void)supervise(&tree, &child);
    for (int i = 0; i < 35; i++) { /* 2^34 ns are 17 s */
        uint64_t waited = ns_until_it_lives_again(child);

        longest_ns = waited > longest_ns ? waited : longest_ns;
        forget_notes();
    }
    assert_true(longest_ns > TROUPE_SECONDS(8));
    finish_unheard();
}

static void
a_child_in_its_backoff_holds_up_a_stop_but_no_sibling(void **state)
{
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(.backoff_ns = TROUPE_SECONDS(30),
            TROUPE_CHILDREN(abc));
    struct troupe_child_info info;
    troupe_pid children[3];
    troupe_pid pid;

    (void)state;
    begin(true);
    pid = supervise(&tree, children);
    TELL(children[0], fail, .value = 1);
    sleep_ns(TROUPE_SECONDS(1));
    TELL(children[2], say, .text = troupe_str_of("hello"));
    wait_for(children[2]);
    assert_int_equal(noted_times("c hears hello (1)"), 1);
    info = get_child(pid, 0);
    assert_false(info.is_alive);
    assert_int_equal(
        info.last_end.length, strlen("failed with code 1: as told"));
    forget_notes();
    finish();
    /* A stop waits for the backoff: mail may wait for that child. */
    EXPECT("a starts", "c ends: was shut down", "b ends: was shut down",
        "a ends: was shut down");
}

/* ---- stopping ------------------------------------------------------------ */

static void
a_child_that_waits_in_a_long_queue_stops_at_once(bool simulate)
{
    static const struct troupe_child one[] = {CHILD(a)};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(one));
    troupe_pid child;
    troupe_pid pid;

    begin(simulate);
    pid = supervise(&tree, &child);
    for (int i = 0; i < 400; i++) {
        TELL(child, tick);
    }
    assert_int_equal(troupe_stop(stage.self, pid), TROUPE_OK);
    wait_until_left(0);
    assert_int_equal(noted_times("a ends: was shut down"), 1);
    finish();
    assert_int_equal(
        stage.report.dead_letters_count[TROUPE_DEAD_LETTER_NO_SUCH_ACTOR] +
                stage.report.messages_handled_count >=
            400,
        1);
}

/* Only a handler that does not return, and on a thread, can outlast it. */
static void
a_child_that_is_not_gone_by_its_deadline_is_killed(void **state)
{
    static const struct troupe_child two[] = {
        CHILD(a), CHILD(b, .stop_ns = TROUPE_MS(1))};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(two));
    troupe_pid children[2];
    troupe_pid watcher;
    troupe_pid pid;

    (void)state;
    begin(false);
    watcher = spawn("w");
    pid = supervise(&tree, children);
    TELL(watcher, watch, .actor = children[1]);
    wait_for(watcher);
    TELL(children[1], wait_for_gate);
    wait_for_waiting(1);
    forget_notes();
    assert_int_equal(troupe_stop(stage.self, pid), TROUPE_OK);
    while (
        noted_times("child b has not stopped within 1 ms and is killed") == 0) {
        wait_for(watcher);
    }
    set_gate(true);
    wait_until_left(1);
    wait_for(watcher);
    /* Its stop handler did not run. */
    assert_int_equal(noted_times("b ends: was shut down"), 0);
    assert_int_equal(noted_times("w sees: was killed"), 1);
    assert_int_equal(noted_times("a ends: was shut down"), 1);
    finish_unheard();
}

static void
a_supervisor_that_is_killed_lets_its_children_go(void **state)
{
    static const struct troupe_child inner_children[] = {CHILD(b), CHILD(c)};
    static const struct troupe_supervisor inner =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(inner_children));
    static const struct troupe_child outer_children[] = {
        CHILD(a), TROUPE_CHILD(.name = "inner", .supervisor = &inner,
                      .stop_ns = TROUPE_MS(1))};
    static const struct troupe_supervisor outer =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(outer_children));
    troupe_pid children[2];
    troupe_pid watcher;
    troupe_pid stuck;
    troupe_pid pid;

    (void)state;
    begin(false);
    watcher = spawn("w");
    assert_int_equal(
        troupe_supervise(stage.self, &outer, &pid, children), TROUPE_OK);
    wait_for(get_child(children[1], 0).actor);
    stuck = get_child(children[1], 1).actor;
    wait_for(stuck);
    TELL(watcher, watch, .actor = pid);
    wait_for(watcher);
    forget_notes();
    TELL(stuck, wait_for_gate);
    wait_for_waiting(1);
    assert_int_equal(troupe_stop(stage.self, pid), TROUPE_OK);
    /* c stands before the gate, so the inner supervisor is killed, and the
     * outer one is gone before c is. */
    while (noted_times("w sees: stopped") == 0) {
        wait_for(watcher);
    }
    set_gate(true);
    wait_until_left(1);
    assert_int_equal(noted_times("a ends: was shut down"), 1);
    assert_int_equal(noted_times("b ends: was shut down"), 1);
    assert_int_equal(noted_times("c ends: was shut down"), 1);
    finish_unheard();
}

static void
a_killed_root_lets_its_children_go(bool simulate)
{
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(abc));
    troupe_pid children[3];
    troupe_pid pid;

    begin(simulate);
    pid = supervise(&tree, children);
    forget_notes();
    assert_int_equal(troupe_kill(stage.self, pid), TROUPE_OK);
    wait_until_left(0);
    assert_int_equal(noted_times("a ends: was shut down"), 1);
    assert_int_equal(noted_times("b ends: was shut down"), 1);
    assert_int_equal(noted_times("c ends: was shut down"), 1);
    finish();
}

static void
a_supervisor_that_was_stopped_by_hand_comes_back_if_it_is_permanent(
    bool simulate)
{
    static const struct troupe_child inner_children[] = {CHILD(b)};
    static const struct troupe_supervisor inner =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(inner_children));
    static const struct troupe_child outer_children[] = {
        TROUPE_CHILD(.name = "inner", .supervisor = &inner)};
    static const struct troupe_supervisor outer =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(outer_children));
    troupe_pid nested;
    troupe_pid pid;

    begin(simulate);
    assert_int_equal(
        troupe_supervise(stage.self, &outer, &pid, &nested), TROUPE_OK);
    wait_for(get_child(nested, 0).actor);
    assert_int_equal(troupe_stop(stage.self, nested), TROUPE_OK);
    while (get_child(pid, 0).restarts_count == 0) {
    }
    wait_for(get_child(nested, 0).actor);
    EXPECT("b starts", "b ends: was shut down",
        "child inner stopped and is started again (1 of 3)", "b starts");
    finish_unheard();
}

/* ---- starting ------------------------------------------------------------ */

static void
a_start_that_fails_counts_as_an_end(bool simulate)
{
    static const struct troupe_child two[] = {CHILD(a), CHILD(b)};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(two));
    troupe_pid children[2];

    begin(simulate);
    starts_that_fail = 2;
    (void)supervise(&tree, children);
    EXPECT("a starts", "a ends: failed with code 8: no luck",
        "child a failed with code 8: no luck and is started again (1 of 3)",
        "a starts", "a ends: failed with code 8: no luck",
        "child a failed with code 8: no luck and is started again (2 of 3)",
        "a starts", "b starts");
    finish_unheard();
}

static void
starts_that_always_fail_make_it_give_up(bool simulate)
{
    static const struct troupe_child two[] = {CHILD(a), CHILD(b)};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(.restarts_max = 1, TROUPE_CHILDREN(two));
    troupe_pid pid;

    begin(simulate);
    starts_that_fail = 99;
    assert_int_equal(
        troupe_supervise(stage.self, &tree, &pid, NULL), TROUPE_OK);
    wait_until_left(0);
    EXPECT("a starts", "a ends: failed with code 8: no luck",
        "child a failed with code 8: no luck and is started again (1 of 1)",
        "a starts", "a ends: failed with code 8: no luck",
        "gives up: child a ended more than 1 times within 5000 ms; the last "
        "time it failed with code 8: no luck");
    finish();
}

/* ---- children that come and go ------------------------------------------- */

static void
children_are_added_listed_and_ended(bool simulate)
{
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(abc));
    static const struct subject subject_d = {.name = "d"};
    static const struct troupe_child added = CHILD(d);
    struct troupe_child_info info;
    troupe_pid children[3];
    troupe_pid pid;
    troupe_pid d;

    begin(simulate);
    pid = supervise(&tree, children);
    assert_int_equal(
        troupe_supervisor_add(stage.self, pid, &added, &d), TROUPE_OK);
    wait_for(d);
    info = get_child(pid, 3);
    assert_int_equal(info.children_count, 4);
    assert_int_equal(info.actor, d);
    assert_true(info.is_alive);
    assert_false(info.is_supervisor);
    assert_int_equal(info.restarts_count, 0);
    assert_memory_equal(info.name.data, "d", info.name.length);
    assert_int_equal(info.last_end.length, 0);
    TELL(d, fail, .value = 4);
    wait_for(d);
    info = get_child(pid, 3);
    assert_int_equal(info.restarts_count, 1);
    assert_memory_equal(info.last_end.data, "failed with code 4: as told",
        info.last_end.length);
    forget_notes();
    TELL(pid, troupe_end_child, .actor = children[1]);
    wait_until_left(4);
    EXPECT("b ends: was shut down");
    TELL(pid, troupe_end_child, .actor = children[1]); /* and is gone */
    info = get_child(pid, 1);
    assert_int_equal(info.children_count, 3);
    assert_int_equal(info.actor, children[2]);
    info = get_child(pid, 3);
    assert_int_equal(info.children_count, 3);
    assert_int_equal(info.actor, TROUPE_NO_PID);
    assert_int_equal(info.name.length, 0);
    finish_unheard();
}

static void
a_child_in_its_backoff_can_be_ended(void **state)
{
    static const struct troupe_child one[] = {CHILD(a)};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(.backoff_ns = TROUPE_SECONDS(30),
            TROUPE_CHILDREN(one));
    troupe_pid child;
    troupe_pid pid;

    (void)state;
    begin(true);
    pid = supervise(&tree, &child);
    TELL(child, fail, .value = 1);
    sleep_ns(TROUPE_SECONDS(1));
    TELL(pid, troupe_end_child, .actor = child);
    wait_until_left(1);
    assert_int_equal(get_child(pid, 0).children_count, 0);
    sleep_ns(TROUPE_SECONDS(60));
    assert_int_equal(noted_times("a starts"), 1);
    finish_unheard();
}

static void
a_child_given_to_nobody_ends_at_once(bool simulate)
{
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(abc));
    static const struct troupe_child added = CHILD(a);
    troupe_pid children[3];
    struct tick unread;
    troupe_pid given;
    troupe_pid pid;

    begin(simulate);
    pid = supervise(&tree, children);
    forget_notes();
    assert_int_equal(troupe_stop(stage.self, pid), TROUPE_OK);
    wait_until_left(0);
    forget_notes();
    /* One that has ended, one that is no supervisor, none at all. */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(troupe_supervisor_add(stage.self,
                             i == 0 ? pid : stage.idle, &added, &given),
            TROUPE_OK);
        assert_int_equal(
            troupe_ask(stage.self, given, long_ns, tick, &unread, tick),
            TROUPE_E_NO_SUCH_ACTOR);
    }
    wait_until_left(0);
    assert_int_equal(troupe_supervisor_add(
                         stage.self, troupe_self_pid(stage.self), &added, &pid),
        TROUPE_E_NO_SUCH_ACTOR);
    finish();
    EXPECT();
}

/* ---- descriptions that contradict themselves ----------------------------- */

static void
expect_refusal(const struct troupe_supervisor *tree, const char *detail)
{
    troupe_pid pid = TROUPE_NO_PID;

    assert_int_equal(troupe_supervise(stage.self, tree, &pid, NULL),
        TROUPE_E_INVALID_ARGUMENT);
    assert_string_equal(troupe_err_detail(), detail);
    assert_int_equal(pid, TROUPE_NO_PID);
}

static void
a_description_that_contradicts_itself_is_refused(void **state)
{
    static struct troupe_supervisor circle =
        TROUPE_SUPERVISOR(.children = NULL);
    static const struct troupe_child self_contained[] = {
        TROUPE_CHILD(.name = "circle", .supervisor = &circle)};
    struct troupe_supervisor no_strategy =
        TROUPE_SUPERVISOR(.strategy = (enum troupe_strategy)7);
    struct troupe_supervisor small = TROUPE_SUPERVISOR(.children = NULL);
    struct troupe_child faulty[6] = {
        TROUPE_CHILD(.behaviour = &subject_behaviour),
        TROUPE_CHILD(.name = "x"),
        TROUPE_CHILD(.name = "x", .behaviour = &subject_behaviour,
            .supervisor = &circle),
        TROUPE_CHILD(.name = "x", .supervisor = &circle, .state = &subject_a),
        CHILD(a, .restart = (enum troupe_restart)9),
        CHILD(a, .mailbox.messages_high = 1, .mailbox.messages_low = 2)};
    static const char *const details[5] = {"child without a name: give it one",
        "child x: give it either a behaviour or a supervisor",
        "child x: give it either a behaviour or a supervisor",
        "child x: a supervisor's state and mailbox are its own; leave state, "
        "mailbox and ends_on_decode_error out",
        "child a: there is no such restart"};
    troupe_pid pid;

    (void)state;
    begin(true);
    for (int i = 0; i < 5; i++) {
        struct troupe_child both[] = {CHILD(a), faulty[i]};
        struct troupe_supervisor tree =
            TROUPE_SUPERVISOR(TROUPE_CHILDREN(both));

        expect_refusal(&tree, details[i]);
    }
    expect_refusal(&no_strategy, "there is no such strategy");
    circle.children = self_contained;
    circle.children_count = 1;
    expect_refusal(&circle, "supervisors 65 deep: does one contain itself?");
    {
        struct troupe_child both[] = {CHILD(a), faulty[5]};
        struct troupe_supervisor tree =
            TROUPE_SUPERVISOR(TROUPE_CHILDREN(both));

        assert_int_equal(troupe_supervise(stage.self, &tree, &pid, NULL),
            TROUPE_E_INVALID_ARGUMENT);
    }
    small.size = 4;
    assert_int_equal(troupe_supervise(stage.self, &small, &pid, NULL),
        TROUPE_E_ABI_MISMATCH);
    wait_until_left(0);
    finish();
    EXPECT();
}

#define TESTS(X)                                                               \
    X(children_start_in_order_and_stop_in_the_reverse_one)                     \
    X(the_end_of_the_runtime_stops_each_tree_in_reverse)                       \
    X(a_permanent_child_is_started_again_whatever_its_end)                     \
    X(a_transient_child_is_started_again_after_faults_only)                    \
    X(a_temporary_child_is_never_started_again)                                \
    X(a_child_that_crashes_is_started_again)                                   \
    X(one_for_one_leaves_the_others_alone)                                     \
    X(one_for_all_starts_all_again_in_order)                                   \
    X(rest_for_one_starts_the_later_ones_again)                                \
    X(a_temporary_child_does_not_come_back_with_the_others)                    \
    X(too_many_restarts_make_it_give_up)                                       \
    X(without_restarts_the_first_end_is_too_many)                              \
    X(giving_up_goes_upward)                                                   \
    X(a_child_that_waits_in_a_long_queue_stops_at_once)                        \
    X(a_killed_root_lets_its_children_go)                                      \
    X(a_supervisor_that_was_stopped_by_hand_comes_back_if_it_is_permanent)     \
    X(a_start_that_fails_counts_as_an_end)                                     \
    X(starts_that_always_fail_make_it_give_up)                                 \
    X(children_are_added_listed_and_ended)                                     \
    X(a_child_given_to_nobody_ends_at_once)

TESTS(ON_BOTH)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TESTS(BOTH) cmocka_unit_test(restarts_long_ago_do_not_count),
        cmocka_unit_test(restarts_wait_longer_each_time_and_by_chance),
        cmocka_unit_test(a_backoff_may_grow_for_ever),
        cmocka_unit_test(a_child_in_its_backoff_holds_up_a_stop_but_no_sibling),
        cmocka_unit_test(a_child_that_is_not_gone_by_its_deadline_is_killed),
        cmocka_unit_test(a_supervisor_that_is_killed_lets_its_children_go),
        cmocka_unit_test(a_child_in_its_backoff_can_be_ended),
        cmocka_unit_test(a_description_that_contradicts_itself_is_refused),
    };

    save_handlers();
    return cmocka_run_group_tests_name("supervisors", tests, NULL, NULL);
}
