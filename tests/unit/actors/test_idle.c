/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: an actor is told when nothing has come to it for a while, and not when
 * something has, waits, or was being handled for long.
 *
 * Method: an actor in a simulation, where time is the test's; a board notes
 * when it was told. What waits at that very moment an exploration brings about.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "actors/actor.h"
#include "actors/runtime.h"
#include "scheduler/simulation.h"
#include "tests/support/check.h"
#include "troupe/troupe.h"

TROUPE_MESSAGE(act, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(item, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(get, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(done, TROUPE_NO_FIELDS)

#define IDLE_NS TROUPE_MS(100)
#define SLACK_NS (2 * (uint64_t)TP_TIMER_TICK_NS + TROUPE_MS(1))

enum { TOLD_MAX = 100 };

static struct {
    uint64_t at_ns;
    uint64_t context;
} told[TOLD_MAX];
static int told_count;
static int items_count;
static void (*script)(struct troupe_self *self);

static void
on_idle(struct troupe_self *self, void *state, uint64_t context)
{
    (void)state;
    CHECK(told_count < TOLD_MAX);
    told[told_count].at_ns = troupe_now_ns(self);
    told[told_count].context = context;
    told_count++;
}

static void
on_act(struct troupe_self *self, void *state, const struct act *act)
{
    (void)state, (void)act;
    script(self);
}

static void
on_item(struct troupe_self *self, void *state, const struct item *item)
{
    (void)self, (void)state, (void)item;
    items_count++;
}

TROUPE_BEHAVIOUR(sleeper, 0, TROUPE_ON(act, on_act), TROUPE_ON(item, on_item));

/* Answers nobody in time. */
static struct troupe_request *kept;

static void
on_get(struct troupe_self *self, void *state, const struct get *get)
{
    (void)state, (void)get;
    troupe_request_release(self, &kept);
    CHECK(troupe_request_keep(self, &kept) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(silent, 0, TROUPE_ON(get, on_get));

static struct troupe_request *kept_too;

static void
on_get_too(struct troupe_self *self, void *state, const struct get *get)
{
    (void)state, (void)get;
    CHECK(troupe_request_keep(self, &kept_too) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(mute, 0, TROUPE_ON(get, on_get_too));

static struct troupe_runtime *runtime;
static struct troupe_self *thread;
static troupe_pid sleeper_pid;
static troupe_pid silent_pid;

static const struct troupe_child children[] = {
    TROUPE_CHILD(.name = "sleeper", .behaviour = &sleeper_behaviour),
};
static const struct troupe_supervisor tree =
    TROUPE_SUPERVISOR(.restarts_max = 3, TROUPE_CHILDREN(children));

static int
setup(void **state)
{
    (void)state;
    told_count = 0;
    items_count = 0;
    kept = NULL;
    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = 3), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    thread = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(thread, sleeper, &sleeper_pid));
    TROUPE_CHECK(troupe_spawn(thread, silent, &silent_pid));
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    troupe_runtime_destroy(&runtime);
    return 0;
}

/* Lets so much virtual time pass. */
static void
pass(uint64_t span_ns)
{
    struct done reply;

    assert_int_equal(troupe_ask(thread, silent_pid, span_ns, done, &reply, get),
        TROUPE_E_TIMED_OUT);
}

static void
play(void (*act_so)(struct troupe_self *self))
{
    script = act_so;
    TROUPE_CHECK(troupe_tell(thread, sleeper_pid, act));
    pass(TROUPE_MS(1));
}

static void
watch(struct troupe_self *self)
{
    CHECK(troupe_when_idle(self, IDLE_NS, on_idle, 7) == TROUPE_OK);
}

static uint64_t
pending_count(void)
{
    return runtime->scheduler->workers[0].timeouts.pending_count;
}

static void
assert_told_at(int i, uint64_t at_ns)
{
    assert_true(i < told_count);
    assert_true(told[i].at_ns >= at_ns);
    assert_true(told[i].at_ns < at_ns + SLACK_NS);
}

/* ---- time ---------------------------------------------------------------- */

static void
an_actor_is_told_after_the_time_and_each_time_again(void **state)
{
    uint64_t from_ns = troupe_now_ns(thread);

    (void)state;
    play(watch);
    pass(IDLE_NS - TROUPE_MS(2));
    assert_int_equal(told_count, 0);
    pass(TROUPE_MS(3));
    assert_int_equal(told_count, 1);
    assert_told_at(0, from_ns + IDLE_NS);
    assert_int_equal(told[0].context, 7);
    pass(2 * IDLE_NS + TROUPE_MS(3));
    assert_int_equal(told_count, 3);
    assert_told_at(2, told[1].at_ns + IDLE_NS);
}

static void
what_comes_puts_it_off_and_touches_no_timer(void **state)
{
    uint64_t last_ns = 0;

    (void)state;
    play(watch);
    for (int i = 0; i < 20; i++) {
        pass(IDLE_NS / 2);
        TROUPE_CHECK(troupe_tell(thread, sleeper_pid, item));
        last_ns = troupe_now_ns(thread);
        assert_int_equal(pending_count(), 1);
    }
    assert_int_equal(told_count, 0);
    pass(2 * IDLE_NS - TROUPE_MS(3));
    assert_int_equal(items_count, 20);
    assert_int_equal(told_count, 1);
    assert_told_at(0, last_ns + IDLE_NS);
}

static void
on_tick(struct troupe_self *self, void *state, uint64_t context)
{
    (void)self, (void)state, (void)context;
}

static void
watch_and_tick(struct troupe_self *self)
{
    watch(self);
    CHECK(troupe_every(self, IDLE_NS / 10, on_tick, 0, NULL) == TROUPE_OK);
}

static void
timers_do_not_put_it_off(void **state)
{
    (void)state;
    play(watch_and_tick);
    pass(3 * IDLE_NS + TROUPE_MS(5));
    assert_int_equal(told_count, 3);
}

/* A handler that takes long: time goes on in it. */
static void
work_for_long(struct troupe_self *self)
{
    (void)self;
    runtime->scheduler->simulation->now_ns += 3 * IDLE_NS;
}

static void
an_actor_that_was_busy_for_long_was_not_idle(void **state)
{
    uint64_t begun_ns;

    (void)state;
    play(watch);
    begun_ns = troupe_now_ns(thread);
    script = work_for_long;
    TROUPE_CHECK(troupe_tell(thread, sleeper_pid, act));
    pass(4 * IDLE_NS - TROUPE_MS(5));
    assert_int_equal(told_count, 0);
    pass(TROUPE_MS(10));
    assert_int_equal(told_count, 1);
    assert_told_at(0, begun_ns + 4 * IDLE_NS);
}

static void
on_answer(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    (void)self, (void)state, (void)context, (void)answer;
}

static void
watch_and_ask(struct troupe_self *self)
{
    troupe_pid pid;

    watch(self);
    CHECK(troupe_spawn(self, mute, &pid) == TROUPE_OK);
    CHECK(troupe_ask_then(self, pid, IDLE_NS / 2, on_answer, 0, get) ==
          TROUPE_OK);
}

static void
what_comes_of_an_ask_puts_it_off(void **state)
{
    uint64_t from_ns = troupe_now_ns(thread);

    (void)state;
    play(watch_and_ask);
    pass(2 * IDLE_NS);
    assert_told_at(0, from_ns + IDLE_NS / 2 + IDLE_NS);
}

static void
on_time_to_tell_itself(struct troupe_self *self, void *state, uint64_t context)
{
    (void)state, (void)context;
    CHECK(troupe_tell(self, troupe_self_pid(self), item) == TROUPE_OK);
}

/* Both are due in one tick, the tell first. */
static void
watch_and_tell_itself_then(struct troupe_self *self)
{
    CHECK(troupe_after(self, IDLE_NS, on_time_to_tell_itself, 0, NULL) ==
          TROUPE_OK);
    watch(self);
}

static void
what_it_has_told_itself_in_the_same_turn_puts_it_off(void **state)
{
    (void)state;
    for (int i = 1; i <= 20; i++) { /* turns are of different lengths */
        play(watch_and_tell_itself_then);
        pass(IDLE_NS + IDLE_NS / 2);
        assert_int_equal(items_count, i);
        assert_int_equal(told_count, 0);
    }
}

/* ---- asking for it ------------------------------------------------------- */

static void
watch_for_longer(struct troupe_self *self)
{
    CHECK(troupe_when_idle(self, 2 * IDLE_NS, on_idle, 8) == TROUPE_OK);
}

static void
the_last_one_who_asks_counts(void **state)
{
    (void)state;
    play(watch);
    play(watch_for_longer);
    assert_int_equal(pending_count(), 1);
    pass(3 * IDLE_NS);
    assert_int_equal(told_count, 1);
    assert_int_equal(told[0].context, 8);
}

static void
cancel(struct troupe_self *self)
{
    CHECK(troupe_idle_cancel(self));
    CHECK(!troupe_idle_cancel(self));
}

static void
nobody_is_told_when_it_is_cancelled(void **state)
{
    (void)state;
    play(watch);
    play(cancel);
    assert_int_equal(pending_count(), 0);
    pass(3 * IDLE_NS);
    assert_int_equal(told_count, 0);
    play(watch);
    pass(IDLE_NS + TROUPE_MS(3));
    assert_int_equal(told_count, 1);
}

static void
on_idle_once(struct troupe_self *self, void *state, uint64_t context)
{
    on_idle(self, state, context);
    CHECK(troupe_idle_cancel(self));
}

static void
watch_once(struct troupe_self *self)
{
    CHECK(troupe_when_idle(self, IDLE_NS, on_idle_once, 0) == TROUPE_OK);
}

static void
who_is_told_may_cancel_it(void **state)
{
    (void)state;
    play(watch_once);
    pass(5 * IDLE_NS);
    assert_int_equal(told_count, 1);
    assert_int_equal(pending_count(), 0);
}

static void
on_idle_anew(struct troupe_self *self, void *state, uint64_t context)
{
    on_idle(self, state, context);
    watch_for_longer(self);
}

static void
watch_anew(struct troupe_self *self)
{
    CHECK(troupe_when_idle(self, IDLE_NS, on_idle_anew, 0) == TROUPE_OK);
}

static void
who_is_told_may_ask_for_another_time(void **state)
{
    (void)state;
    play(watch_anew);
    pass(3 * IDLE_NS + TROUPE_MS(5));
    assert_int_equal(told_count, 2);
    assert_told_at(1, told[0].at_ns + 2 * IDLE_NS);
    assert_int_equal(pending_count(), 1);
}

static void
watch_wrongly(struct troupe_self *self)
{
    CHECK(troupe_when_idle(self, 0, on_idle, 0) == TROUPE_E_INVALID_ARGUMENT);
    CHECK(troupe_when_idle(self, 1, NULL, 0) == TROUPE_E_INVALID_ARGUMENT);
    CHECK(strstr(troupe_err_detail(), "a function to run") != NULL);
    CHECK(!troupe_idle_cancel(self));
}

static void
what_cannot_be_is_refused(void **state)
{
    (void)state;
    play(watch_wrongly);
    assert_int_equal(
        troupe_when_idle(thread, 1, on_idle, 0), TROUPE_E_WRONG_THREAD);
    assert_int_equal(
        troupe_when_idle(NULL, 1, on_idle, 0), TROUPE_E_WRONG_THREAD);
    assert_false(troupe_idle_cancel(thread));
    assert_false(troupe_idle_cancel(NULL));
}

/* ---- ends ---------------------------------------------------------------- */

static void
fail_now(struct troupe_self *self)
{
    troupe_fail(self, 1, "as the test wants it");
}

static void
it_ends_with_the_life_that_asked_for_it(void **state)
{
    (void)state;
    TROUPE_CHECK(troupe_supervise(thread, &tree, NULL, &sleeper_pid));
    play(watch);
    play(fail_now);
    pass(3 * IDLE_NS);
    assert_int_equal(told_count, 0);
    play(watch);
    pass(IDLE_NS + TROUPE_MS(3));
    assert_int_equal(told_count, 1);
}

static void
a_stop_does_not_wait_for_it(void **state)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;

    (void)state;
    play(watch);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(60), &report));
    assert_true(report.is_drained);
    assert_int_equal(told_count, 0);
}

/* ---- mail that waits ----------------------------------------------------- */

enum { ITEMS_COUNT = 3 };

static bool are_sent;

static void
on_idle_with_nothing_left(
    struct troupe_self *self, void *state, uint64_t context)
{
    (void)self, (void)state, (void)context;
    CHECK(!are_sent || items_count == ITEMS_COUNT);
    told_count++;
}

static void
on_act_watched(struct troupe_self *self, void *state, const struct act *act)
{
    (void)state, (void)act;
    CHECK(troupe_when_idle(self, IDLE_NS, on_idle_with_nothing_left, 0) ==
          TROUPE_OK);
}

TROUPE_BEHAVIOUR(
    watched, 0, TROUPE_ON(act, on_act_watched), TROUPE_ON(item, on_item));

static troupe_pid watched_pid;

/* All of it is there before one is handled. */
static void
on_go(struct troupe_self *self, void *state, uint64_t context)
{
    (void)state, (void)context;
    are_sent = true;
    for (int i = 0; i < ITEMS_COUNT; i++) {
        CHECK(troupe_tell(self, watched_pid, item) == TROUPE_OK);
    }
}

static void
on_act_of_sender(struct troupe_self *self, void *state, const struct act *act)
{
    (void)state, (void)act;
    CHECK(troupe_after(self, IDLE_NS, on_go, 0, NULL) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(late_sender, 0, TROUPE_ON(act, on_act_of_sender));

static void
send_when_it_is_due(struct troupe_self *self, void *context)
{
    troupe_pid pid;

    (void)context;
    are_sent = false;
    items_count = 0;
    told_count = 0;
    CHECK(troupe_spawn(self, watched, &watched_pid) == TROUPE_OK);
    CHECK(troupe_spawn(self, late_sender, &pid) == TROUPE_OK);
    CHECK(troupe_tell(self, watched_pid, act) == TROUPE_OK);
    CHECK(troupe_tell(self, pid, act) == TROUPE_OK);
}

static void
note_told(struct troupe_explored *run, void *context)
{
    int *told_at_all = context;

    (void)run;
    *told_at_all += told_count > 0;
}

static void
nobody_is_told_while_mail_waits_in_every_order(void **state)
{
    struct troupe_explore_report report = TROUPE_EXPLORE_REPORT;
    int told_at_all = 0;

    (void)state;
    assert_int_equal(
        troupe_explore(&TROUPE_EXPLORE_OPTIONS(.setup = send_when_it_is_due,
                           .at_end = note_told, .context = &told_at_all,
                           .time_ns_max = 2 * IDLE_NS, .timers_race = true),
            &report),
        TROUPE_OK);
    assert_true(report.runs_count > 3);
    assert_true(told_at_all > 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_actor_is_told_after_the_time_and_each_time_again),
        TEST(what_comes_puts_it_off_and_touches_no_timer),
        TEST(timers_do_not_put_it_off),
        TEST(an_actor_that_was_busy_for_long_was_not_idle),
        TEST(what_comes_of_an_ask_puts_it_off),
        TEST(what_it_has_told_itself_in_the_same_turn_puts_it_off),
        TEST(the_last_one_who_asks_counts),
        TEST(nobody_is_told_when_it_is_cancelled),
        TEST(who_is_told_may_cancel_it),
        TEST(who_is_told_may_ask_for_another_time),
        TEST(what_cannot_be_is_refused),
        TEST(it_ends_with_the_life_that_asked_for_it),
        TEST(a_stop_does_not_wait_for_it),
        cmocka_unit_test(nobody_is_told_while_mail_waits_in_every_order),
    };
    return cmocka_run_group_tests_name("idle", tests, NULL, NULL);
}
