/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a timer runs when it is due and as often as it should, never once it is
 * cancelled, and nothing of it is left when its actor or its runtime ends.
 *
 * Method: one actor in a simulation runs a script of the test's, which sets
 * timers; each of them notes who it is and when it ran.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "actors/runtime.h"
#include "tests/support/check.h"
#include "troupe/troupe.h"

TROUPE_MESSAGE(go, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(noise, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(get, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(done, TROUPE_NO_FIELDS)

#define TICK ((uint64_t)TP_TIMER_TICK_NS)
#define HOUR TROUPE_SECONDS(3600)

enum {
    RUNS_MAX = 2000,
    TURN_NS_MAX = 20000, /* a simulated turn's */
};

/* ---- the actor, and what its timers have noted --------------------------- */

static struct {
    uint64_t context;
    uint64_t at_ns;
} runs[RUNS_MAX];
static int runs_count;
static uint64_t set_at_ns;
static troupe_timer timers[4];
static void (*script)(struct troupe_self *self); /* what the actor does */
static troupe_pid other;                         /* whom it may ask */

static void
note(struct troupe_self *self, void *state, uint64_t context)
{
    (void)state;
    CHECK(runs_count < RUNS_MAX);
    runs[runs_count].context = context;
    runs[runs_count].at_ns = troupe_now_ns(self);
    runs_count++;
}

static void
on_go(struct troupe_self *self, void *state, const struct go *go)
{
    (void)state, (void)go;
    set_at_ns = troupe_now_ns(self);
    script(self);
}

TROUPE_BEHAVIOUR(player, 0, TROUPE_ON(go, on_go));

/* Is asked, and never answers in time. */
static struct troupe_request *kept;

static void
on_get(struct troupe_self *self, void *state, const struct get *get)
{
    (void)state, (void)get;
    CHECK(troupe_request_keep(self, &kept) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(silent, 0, TROUPE_ON(get, on_get));

/* ---- the world ----------------------------------------------------------- */

static struct troupe_runtime *runtime;
static struct troupe_self *thread;
static troupe_pid player_pid;

static int
setup(void **state)
{
    (void)state;
    runs_count = 0;
    memset(timers, 0, sizeof(timers));
    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = 7), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    thread = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(thread, player, &player_pid));
    TROUPE_CHECK(troupe_spawn(thread, silent, &other));
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    troupe_runtime_destroy(&runtime);
    return 0;
}

/* Lets the actor do this. */
static void
play(void (*act)(struct troupe_self *self))
{
    script = act;
    TROUPE_CHECK(troupe_tell(thread, player_pid, go));
}

/* Lets so much virtual time pass. */
static void
pass(uint64_t span_ns)
{
    struct done done;

    assert_int_equal(troupe_ask(thread, other, span_ns, done, &done, get),
        TROUPE_E_TIMED_OUT);
}

/* How many timeouts the wheel still has. */
static uint64_t
pending_count(void)
{
    return runtime->scheduler->workers[0].timeouts.pending_count;
}

static void
assert_ran_at(int i, uint64_t context, uint64_t after_ns)
{
    uint64_t at_ns = runs[i].at_ns - set_at_ns;

    assert_true(i < runs_count);
    assert_int_equal(runs[i].context, context);
    assert_true(at_ns >= after_ns);
    assert_true(at_ns < after_ns + TICK + 10 * TURN_NS_MAX);
}

/* ---- once ---------------------------------------------------------------- */

static void
set_three(struct troupe_self *self)
{
    CHECK(troupe_after(self, TROUPE_MS(30), note, 3, NULL) == TROUPE_OK);
    CHECK(troupe_after(self, TROUPE_MS(10), note, 1, &timers[1]) == TROUPE_OK);
    CHECK(troupe_after(self, TROUPE_MS(10), note, 2, NULL) == TROUPE_OK);
    CHECK(troupe_after(self, 0, note, 0, &timers[0]) == TROUPE_OK);
    CHECK(timers[0] != TROUPE_NO_TIMER && timers[1] != timers[0]);
}

static void
a_timer_runs_once_when_it_is_due_and_never_early(void **state)
{
    (void)state;
    play(set_three);
    pass(TROUPE_MS(9));
    assert_int_equal(runs_count, 1);
    pass(HOUR);
    assert_int_equal(runs_count, 4);
    assert_ran_at(0, 0, 0);
    assert_ran_at(1, 1, TROUPE_MS(10));
    assert_ran_at(2, 2, TROUPE_MS(10));
    assert_ran_at(3, 3, TROUPE_MS(30));
}

static void
run_without_a_message(struct troupe_self *self, void *state, uint64_t context)
{
    struct troupe_request *request = NULL;

    note(self, state, context);
    CHECK(troupe_sender(self) == TROUPE_NO_PID);
    CHECK(troupe_reply(self, done) == TROUPE_E_NO_REQUEST);
    CHECK(troupe_request_keep(self, &request) == TROUPE_E_NO_REQUEST);
    CHECK(troupe_tell(self, troupe_self_pid(self), go) == TROUPE_OK);
}

static void
set_one_that_tells(struct troupe_self *self)
{
    if (runs_count == 0) {
        CHECK(
            troupe_after(self, 0, run_without_a_message, 0, NULL) == TROUPE_OK);
    } else {
        note(self, NULL, 1);
    }
}

static void
a_timer_has_no_sender_and_may_send(void **state)
{
    (void)state;
    play(set_one_that_tells);
    pass(TROUPE_MS(2));
    assert_int_equal(runs_count, 2);
}

static void
set_for_ever(struct troupe_self *self)
{
    CHECK(troupe_after(self, UINT64_MAX, note, 0, NULL) == TROUPE_OK);
    CHECK(troupe_every(self, UINT64_MAX, note, 0, NULL) == TROUPE_OK);
}

static void
a_delay_without_end_never_ends(void **state)
{
    (void)state;
    play(set_for_ever);
    pass(1000 * HOUR);
    assert_int_equal(runs_count, 0);
}

static void
on_start(struct troupe_self *self, void *state)
{
    (void)state;
    CHECK(troupe_after(self, TROUPE_MS(1), note, 5, NULL) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(early, 0, TROUPE_ON_START(on_start));

static void
a_timer_may_be_set_at_the_start(void **state)
{
    troupe_pid pid;

    (void)state;
    TROUPE_CHECK(troupe_spawn(thread, early, &pid));
    pass(TROUPE_MS(3));
    assert_int_equal(runs_count, 1);
    assert_int_equal(runs[0].context, 5);
}

static void
set_wrongly(struct troupe_self *self)
{
    troupe_timer timer = 99;

    CHECK(troupe_every(self, 0, note, 0, &timer) == TROUPE_E_INVALID_ARGUMENT);
    CHECK(strstr(troupe_err_detail(), "period of 0") != NULL);
    CHECK(troupe_after(self, 1, NULL, 0, &timer) == TROUPE_E_INVALID_ARGUMENT);
    CHECK(timer == 99);
    CHECK(!troupe_timer_cancel(self, &timer));
    CHECK(timer == TROUPE_NO_TIMER);
    CHECK(!troupe_timer_cancel(self, &timer));
}

static void
a_timer_that_cannot_be_is_refused(void **state)
{
    troupe_timer timer = TROUPE_NO_TIMER;

    (void)state;
    play(set_wrongly);
    assert_int_equal(
        troupe_after(thread, 1, note, 0, &timer), TROUPE_E_WRONG_THREAD);
    assert_non_null(strstr(troupe_err_detail(), "for handlers"));
    assert_int_equal(
        troupe_every(NULL, 1, note, 0, &timer), TROUPE_E_WRONG_THREAD);
    assert_false(troupe_timer_cancel(thread, &timer));
    pass(TROUPE_MS(1));
}

/* ---- again and again ----------------------------------------------------- */

static void
set_each_10_ms(struct troupe_self *self)
{
    CHECK(troupe_every(self, TROUPE_MS(10), note, 4, &timers[0]) == TROUPE_OK);
}

static void
a_periodic_timer_keeps_its_rate(void **state)
{
    (void)state;
    play(set_each_10_ms);
    pass(TROUPE_SECONDS(10) + TROUPE_MS(5));
    assert_int_equal(runs_count, 1000);
    for (int i = 0; i < 1000; i++) {
        assert_ran_at(i, 4, TROUPE_MS(10) * (uint64_t)(i + 1));
    }
}

static void
set_each_nanosecond(struct troupe_self *self)
{
    CHECK(troupe_every(self, 1, note, 0, &timers[0]) == TROUPE_OK);
}

static void
a_period_shorter_than_a_tick_runs_once_a_tick(void **state)
{
    (void)state;
    play(set_each_nanosecond);
    pass(100 * TICK);
    assert_in_range(runs_count, 98, 101);
    for (int i = 1; i < runs_count; i++) {
        assert_true(runs[i].at_ns / TICK > runs[i - 1].at_ns / TICK);
    }
}

static bool is_quiet;

static void
on_noise(struct troupe_self *self, void *state, const struct noise *noise)
{
    (void)state, (void)noise;
    if (!is_quiet) {
        CHECK(troupe_tell(self, troupe_self_pid(self), noise) == TROUPE_OK);
    }
}

TROUPE_BEHAVIOUR(noisy, 0, TROUPE_ON(noise, on_noise));

static void
set_each_ms(struct troupe_self *self)
{
    CHECK(troupe_every(self, TROUPE_MS(1), note, 0, &timers[0]) == TROUPE_OK);
}

/* So many others are always ready that a turn comes each 20 ms or so. */
static void
an_actor_that_is_late_skips_what_it_missed_and_keeps_the_beat(void **state)
{
    enum { NOISY_COUNT = 3000 };
    int late_count;

    (void)state;
    play(set_each_ms);
    pass(TROUPE_MS(1) / 2);
    is_quiet = false;
    for (int i = 0; i < NOISY_COUNT; i++) {
        troupe_pid pid;

        TROUPE_CHECK(troupe_spawn(thread, noisy, &pid));
        TROUPE_CHECK(troupe_tell(thread, pid, noise));
    }
    pass(TROUPE_MS(500));
    late_count = runs_count;
    assert_in_range(late_count, 5, 50);
    for (int i = 2; i < late_count; i++) {
        assert_true(runs[i].at_ns - runs[i - 1].at_ns > TROUPE_MS(5));
    }
    is_quiet = true;
    pass(TROUPE_MS(100)); /* the last noise is still to be handled */
    runs_count = 0;
    pass(TROUPE_MS(20));
    assert_in_range(runs_count, 19, 20);
    for (int i = 0; i < runs_count; i++) {
        assert_true((runs[i].at_ns - set_at_ns) % TROUPE_MS(1) <
                    TICK + 10 * TURN_NS_MAX);
    }
}

static void
set_forty(struct troupe_self *self, void *state, uint64_t context)
{
    note(self, state, context);
    for (uint64_t i = 0; i < 40; i++) {
        CHECK(troupe_after(self, HOUR, note, i, NULL) == TROUPE_OK);
    }
}

static void
set_one_that_sets_forty(struct troupe_self *self)
{
    CHECK(troupe_every(self, TROUPE_MS(10), set_forty, 7, &timers[0]) ==
          TROUPE_OK);
}

static void
a_timer_may_set_many_while_it_runs(void **state)
{
    (void)state;
    play(set_one_that_sets_forty);
    pass(TROUPE_MS(35));
    assert_int_equal(runs_count, 3);
    assert_ran_at(2, 7, TROUPE_MS(30));
}

/* ---- cancelling ---------------------------------------------------------- */

static void
cancel_first(struct troupe_self *self)
{
    CHECK(troupe_timer_cancel(self, &timers[0]));
    CHECK(timers[0] == TROUPE_NO_TIMER);
    CHECK(!troupe_timer_cancel(self, &timers[0]));
}

static void
a_cancelled_timer_does_not_run(void **state)
{
    (void)state;
    play(set_each_10_ms);
    pass(TROUPE_MS(35));
    assert_int_equal(runs_count, 3);
    play(cancel_first);
    pass(TROUPE_MS(1));
    assert_int_equal(pending_count(), 0);
    pass(HOUR);
    assert_int_equal(runs_count, 3);
}

static void
note_and_cancel_both(struct troupe_self *self, void *state, uint64_t context)
{
    note(self, state, context);
    (void)troupe_timer_cancel(self, &timers[0]);
    CHECK(troupe_timer_cancel(self, &timers[1]));
}

/* Two that are due in one tick: the first to run cancels the other. */
static void
set_two_that_cancel(struct troupe_self *self)
{
    CHECK(troupe_after(self, TICK, note_and_cancel_both, 0, &timers[0]) ==
          TROUPE_OK);
    CHECK(troupe_every(self, TICK, note_and_cancel_both, 1, &timers[1]) ==
          TROUPE_OK);
}

static void
what_is_due_and_waits_does_not_run_when_it_is_cancelled(void **state)
{
    (void)state;
    play(set_two_that_cancel);
    pass(HOUR);
    assert_int_equal(runs_count, 1);
    assert_int_equal(runs[0].context, 0);
}

static void
note_and_cancel_itself(struct troupe_self *self, void *state, uint64_t context)
{
    note(self, state, context);
    if (runs_count == 3) {
        CHECK(troupe_timer_cancel(self, &timers[0]));
        CHECK(!troupe_timer_cancel(self, &timers[0]));
        /* In the place that has just become free. */
        CHECK(
            troupe_after(self, TROUPE_MS(5), note, 9, &timers[1]) == TROUPE_OK);
    }
}

static void
set_one_that_cancels_itself(struct troupe_self *self)
{
    CHECK(troupe_every(self, TROUPE_MS(10), note_and_cancel_itself, 8,
              &timers[0]) == TROUPE_OK);
}

static void
a_periodic_timer_may_cancel_itself(void **state)
{
    (void)state;
    play(set_one_that_cancels_itself);
    pass(HOUR);
    assert_int_equal(runs_count, 4);
    assert_ran_at(2, 8, TROUPE_MS(30));
    assert_ran_at(3, 9, TROUPE_MS(35));
}

static void
set_soon(struct troupe_self *self)
{
    CHECK(troupe_after(self, TROUPE_MS(1), note, 0, &timers[0]) == TROUPE_OK);
}

static void
set_again_and_cancel_the_old_one(struct troupe_self *self)
{
    CHECK(troupe_after(self, TROUPE_MS(1), note, 1, &timers[1]) == TROUPE_OK);
    CHECK((uint32_t)timers[1] == (uint32_t)timers[0]); /* the same place */
    CHECK(!troupe_timer_cancel(self, &timers[0]));
}

static void
a_name_kept_too_long_cancels_no_newer_timer(void **state)
{
    (void)state;
    play(set_soon);
    pass(TROUPE_MS(3));
    play(set_again_and_cancel_the_old_one);
    pass(TROUPE_MS(3));
    assert_int_equal(runs_count, 2);
}

/* ---- ends ---------------------------------------------------------------- */

static void
note_and_leave(struct troupe_self *self, void *state, uint64_t context)
{
    note(self, state, context);
    CHECK(troupe_stop(self, troupe_self_pid(self)) == TROUPE_OK);
}

static void
set_all_kinds_and_leave(struct troupe_self *self)
{
    CHECK(troupe_every(self, TICK, note_and_leave, 0, NULL) == TROUPE_OK);
    CHECK(troupe_after(self, TICK, note, 1, NULL) == TROUPE_OK);
    CHECK(troupe_every(self, TICK, note, 2, NULL) == TROUPE_OK);
    CHECK(troupe_after(self, HOUR, note, 3, NULL) == TROUPE_OK);
    CHECK(troupe_every(self, TROUPE_MS(50), note, 4, NULL) == TROUPE_OK);
}

static void
the_end_of_an_actor_cancels_its_timers(void **state)
{
    (void)state;
    play(set_all_kinds_and_leave);
    pass(TROUPE_MS(10));
    assert_int_equal(troupe_runtime_actors_count(runtime), 1);
    assert_int_equal(pending_count(), 0);
    TROUPE_CHECK(troupe_spawn(thread, player, &player_pid)); /* in its slot */
    play(set_soon);
    pass(10 * HOUR);
    assert_int_equal(runs_count, 2);
    assert_ran_at(1, 0, TROUPE_MS(1));
}

static void
set_some_for_later(struct troupe_self *self)
{
    set_each_10_ms(self);
    CHECK(troupe_after(self, HOUR, note, 3, NULL) == TROUPE_OK);
}

static void
a_stop_does_not_wait_for_timers(void **state)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;

    (void)state;
    play(set_some_for_later);
    TROUPE_CHECK(troupe_runtime_stop(runtime, 2 * HOUR, &report));
    assert_true(report.is_drained);
    assert_int_equal(runs_count, 0);
}

static void
ignore(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    (void)self, (void)state, (void)context;
    CHECK(troupe_answer_err(answer) == TROUPE_E_TIMED_OUT);
}

static void
ask_and_set_some_for_later(struct troupe_self *self)
{
    set_some_for_later(self);
    CHECK(troupe_ask_then(self, other, TROUPE_MS(55), ignore, 0, get) ==
          TROUPE_OK);
}

static void
timers_run_while_a_stop_waits_for_an_answer(void **state)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;

    (void)state;
    play(ask_and_set_some_for_later);
    TROUPE_CHECK(troupe_runtime_stop(runtime, 2 * HOUR, &report));
    assert_true(report.is_drained);
    assert_int_equal(runs_count, 5);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_timer_runs_once_when_it_is_due_and_never_early),
        TEST(a_timer_has_no_sender_and_may_send),
        TEST(a_delay_without_end_never_ends),
        TEST(a_timer_may_be_set_at_the_start),
        TEST(a_timer_that_cannot_be_is_refused),
        TEST(a_periodic_timer_keeps_its_rate),
        TEST(a_period_shorter_than_a_tick_runs_once_a_tick),
        TEST(an_actor_that_is_late_skips_what_it_missed_and_keeps_the_beat),
        TEST(a_timer_may_set_many_while_it_runs),
        TEST(a_cancelled_timer_does_not_run),
        TEST(what_is_due_and_waits_does_not_run_when_it_is_cancelled),
        TEST(a_periodic_timer_may_cancel_itself),
        TEST(a_name_kept_too_long_cancels_no_newer_timer),
        TEST(the_end_of_an_actor_cancels_its_timers),
        TEST(a_stop_does_not_wait_for_timers),
        TEST(timers_run_while_a_stop_waits_for_an_answer),
    };
#undef TEST
    return cmocka_run_group_tests_name("timers", tests, NULL, NULL);
}
