/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: what is to be told later is told once, when it is due, in the name of
 * who said it, or is cancelled, or counted as a dead letter; and nothing of it
 * is left.
 *
 * Method: an actor and a thread in a simulation tell a counter later, and end,
 * cancel or stop before that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "actors/actor.h"
#include "actors/runtime.h"
#include "base/memory.h"
#include "scheduler/simulation.h"
#include "tests/support/check.h"
#include "troupe/troupe.h"

#define NUMBER(FIELD) FIELD(int64, number)
TROUPE_MESSAGE(act, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(item, NUMBER)
TROUPE_MESSAGE(get, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(done, TROUPE_NO_FIELDS)

#define DELAY_NS TROUPE_MS(100)

enum { SEEN_MAX = 64 };

/* ---- who is told --------------------------------------------------------- */

static struct {
    int64_t number;
    uint64_t at_ns;
    troupe_pid sender;
} seen[SEEN_MAX];
static int seen_count;

static void
on_item(struct troupe_self *self, void *state, const struct item *item)
{
    (void)state;
    CHECK(seen_count < SEEN_MAX);
    seen[seen_count].number = item->number;
    seen[seen_count].at_ns = troupe_now_ns(self);
    seen[seen_count].sender = troupe_sender(self);
    seen_count++;
}

TROUPE_BEHAVIOUR(counter, 0, TROUPE_ON(item, on_item));

/* ---- who tells ----------------------------------------------------------- */

static troupe_pid counter_pid;
static troupe_timer timers[4];
static void (*script)(struct troupe_self *self);

static void
on_act(struct troupe_self *self, void *state, const struct act *act)
{
    (void)state, (void)act;
    script(self);
}

TROUPE_BEHAVIOUR(teller, 0, TROUPE_ON(act, on_act), TROUPE_ON(item, on_item));

static struct troupe_request *kept;

static void
on_get(struct troupe_self *self, void *state, const struct get *get)
{
    (void)state, (void)get;
    troupe_request_release(self, &kept);
    CHECK(troupe_request_keep(self, &kept) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(silent, 0, TROUPE_ON(get, on_get));

/* ---- the world ----------------------------------------------------------- */

static struct troupe_runtime *runtime;
static struct troupe_self *thread;
static troupe_pid teller_pid;
static troupe_pid silent_pid;

static int
setup(void **state)
{
    (void)state;
    seen_count = 0;
    kept = NULL;
    memset(timers, 0, sizeof(timers));
    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = 5), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    thread = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(thread, counter, &counter_pid));
    TROUPE_CHECK(troupe_spawn(thread, teller, &teller_pid));
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
    TROUPE_CHECK(troupe_tell(thread, teller_pid, act));
    pass(TROUPE_MS(1));
}

static uint64_t
letters_count(enum troupe_dead_letter_cause cause)
{
    return tp_dead_letters_count(&runtime->dead_letters, cause);
}

static uint64_t
pending_count(void)
{
    return runtime->scheduler->workers[0].timeouts.pending_count;
}

static troupe_err
tell_later(struct troupe_self *self, int64_t number, troupe_timer *timer)
{
    return troupe_tell_after(self, counter_pid, DELAY_NS * (uint64_t)number,
        timer, item, .number = number);
}

static void
assert_seen(int i, int64_t number, uint64_t at_ns)
{
    assert_true(i < seen_count);
    assert_int_equal(seen[i].number, number);
    assert_true(seen[i].at_ns >= at_ns);
    assert_true(seen[i].at_ns < at_ns + TROUPE_MS(2));
}

/* ---- when ---------------------------------------------------------------- */

static void
tell_three(struct troupe_self *self)
{
    CHECK(tell_later(self, 3, NULL) == TROUPE_OK);
    CHECK(tell_later(self, 1, &timers[1]) == TROUPE_OK);
    CHECK(tell_later(self, 2, &timers[2]) == TROUPE_OK);
    CHECK(timers[1] != TROUPE_NO_TIMER && timers[2] != timers[1]);
}

static void
it_is_told_when_it_is_due_and_never_early(void **state)
{
    uint64_t from_ns = troupe_now_ns(thread);

    (void)state;
    play(tell_three);
    pass(DELAY_NS - TROUPE_MS(2));
    assert_int_equal(seen_count, 0);
    pass(10 * DELAY_NS);
    assert_int_equal(seen_count, 3);
    for (int i = 0; i < 3; i++) {
        assert_seen(i, i + 1, from_ns + DELAY_NS * (uint64_t)(i + 1));
        assert_int_equal(seen[i].sender, teller_pid);
    }
    assert_int_equal(pending_count(), 0);
}

static void
a_thread_tells_later_too(void **state)
{
    uint64_t from_ns = troupe_now_ns(thread);

    (void)state;
    tell_three(thread);
    pass(10 * DELAY_NS);
    assert_int_equal(seen_count, 3);
    for (int i = 0; i < 3; i++) {
        assert_seen(i, i + 1, from_ns + DELAY_NS * (uint64_t)(i + 1));
        assert_int_equal(seen[i].sender, troupe_self_pid(thread));
    }
    assert_int_equal(thread->actor->extension->timers.open_count, 0);
    assert_false(troupe_timer_cancel(thread, &timers[1]));
}

static void
tell_itself(struct troupe_self *self)
{
    counter_pid = troupe_self_pid(self);
    CHECK(tell_later(self, 1, NULL) == TROUPE_OK);
    CHECK(troupe_tell_after(self, counter_pid, 0, NULL, item, .number = 0) ==
          TROUPE_OK);
}

static void
an_actor_may_tell_itself(void **state)
{
    (void)state;
    play(tell_itself);
    pass(2 * DELAY_NS);
    assert_int_equal(seen_count, 2);
    assert_int_equal(seen[0].number, 0);
}

static void
tell_never(struct troupe_self *self)
{
    CHECK(troupe_tell_after(self, counter_pid, UINT64_MAX, &timers[0], item,
              .number = 1) == TROUPE_OK);
}

static void
a_delay_without_end_never_ends(void **state)
{
    (void)state;
    play(tell_never);
    pass(TROUPE_SECONDS(1000000));
    assert_int_equal(seen_count, 0);
}

/* ---- cancelling ---------------------------------------------------------- */

static void
cancel_two(struct troupe_self *self)
{
    CHECK(troupe_timer_cancel(self, &timers[2]));
    CHECK(timers[2] == TROUPE_NO_TIMER);
    CHECK(!troupe_timer_cancel(self, &timers[2]));
}

static void
what_is_cancelled_is_not_told(void **state)
{
    (void)state;
    play(tell_three);
    play(cancel_two);
    pass(10 * DELAY_NS);
    assert_int_equal(seen_count, 2);
    assert_int_equal(seen[1].number, 3);
}

static void
cancel_one_too_late(struct troupe_self *self)
{
    CHECK(!troupe_timer_cancel(self, &timers[1]));
}

static void
what_has_been_told_cannot_be_cancelled(void **state)
{
    (void)state;
    play(tell_three);
    pass(DELAY_NS + TROUPE_MS(2));
    assert_int_equal(seen_count, 1);
    play(cancel_one_too_late);
    pass(10 * DELAY_NS);
    assert_int_equal(seen_count, 3);
}

static void
a_thread_cancels_what_it_has_not_sent_yet(void **state)
{
    (void)state;
    tell_three(thread);
    cancel_two(thread); /* it is still on its way to the receiver's worker */
    pass(TROUPE_MS(2));
    assert_true(troupe_timer_cancel(thread, &timers[1])); /* it is there */
    pass(10 * DELAY_NS);
    assert_int_equal(seen_count, 1);
    assert_int_equal(seen[0].number, 3);
    assert_int_equal(pending_count(), 0);
}

/* Its block is on its way home, or there and not seen. */
static void
a_thread_that_has_not_heard_of_it_cancels_too_late(void **state)
{
    (void)state;
    tell_three(thread);
    while (tp_simulation_step(runtime->scheduler, UINT64_MAX)) {
    }
    assert_int_equal(seen_count, 3);
    assert_int_equal(thread->actor->extension->timers.open_count, 2);
    assert_false(troupe_timer_cancel(thread, &timers[1]));
    assert_int_equal(thread->actor->extension->timers.open_count, 1);
}

static void
cancel_for_another(struct troupe_self *self)
{
    troupe_timer foreign = timers[1];

    CHECK(!troupe_timer_cancel(self, &foreign));
}

static void
only_who_told_cancels(void **state)
{
    (void)state;
    tell_three(thread);
    play(cancel_for_another);
    pass(10 * DELAY_NS);
    assert_int_equal(seen_count, 3);
}

/* ---- ends ---------------------------------------------------------------- */

static void
tell_three_and_stop(struct troupe_self *self)
{
    tell_three(self);
    TROUPE_CHECK(troupe_stop(self, troupe_self_pid(self)));
}

static void
it_is_told_though_its_sender_has_ended(void **state)
{
    (void)state;
    play(tell_three_and_stop);
    pass(10 * DELAY_NS);
    assert_int_equal(seen_count, 3);
    assert_int_equal(seen[0].sender, teller_pid);
    assert_int_equal(pending_count(), 0);
}

static void
what_the_receiver_does_not_live_to_see_is_a_dead_letter(void **state)
{
    (void)state;
    play(tell_three);
    tell_three(thread);
    TROUPE_CHECK(troupe_stop(thread, counter_pid));
    pass(10 * DELAY_NS);
    assert_int_equal(letters_count(TROUPE_DEAD_LETTER_NO_SUCH_ACTOR), 6);
    tell_three(thread); /* to the dead: at once */
    cancel_two(thread); /* but for what is cancelled on its way */
    pass(TROUPE_MS(1));
    assert_int_equal(letters_count(TROUPE_DEAD_LETTER_NO_SUCH_ACTOR), 8);
    assert_int_equal(seen_count, 0);
}

static void
a_stop_does_not_wait_for_it_and_counts_it(void **state)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;

    (void)state;
    play(tell_three);
    tell_three(thread);
    pass(TROUPE_MS(1));
    tell_three(thread);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(60), &report));
    assert_true(report.is_drained);
    assert_int_equal(
        report.dead_letters_count[TROUPE_DEAD_LETTER_RUNTIME_STOPPED], 9);
    assert_false(troupe_timer_cancel(thread, &timers[1]));
}

static void
a_runtime_that_never_ran_leaves_nothing_of_it(void **state)
{
    struct troupe_runtime *idle;
    struct troupe_self *self;

    (void)state;
    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = 5), &idle));
    self = troupe_thread_self(idle);
    TROUPE_CHECK(troupe_spawn(self, counter, &counter_pid));
    tell_three(self);
    CHECK(troupe_timer_cancel(self, &timers[2]));
    troupe_runtime_destroy(&idle);
}

/* ---- refusals ------------------------------------------------------------ */

static void
tell_wrongly(struct troupe_self *self)
{
    troupe_timer timer = 99;

    CHECK(troupe_tell_after(self, TROUPE_NO_PID, 1, &timer, item) ==
          TROUPE_E_NO_SUCH_ACTOR);
    CHECK(troupe_tell_after(self, troupe_self_pid(thread), 1, &timer, item) ==
          TROUPE_E_NO_SUCH_ACTOR);
    CHECK(strstr(troupe_err_detail(), "or told later") != NULL);
    CHECK(timer == 99);
}

static void
what_nobody_can_be_told_is_refused_at_once(void **state)
{
    (void)state;
    play(tell_wrongly);
    tell_wrongly(thread);
    assert_int_equal(letters_count(TROUPE_DEAD_LETTER_NO_SUCH_ACTOR), 4);
    assert_int_equal(troupe_tell_after(NULL, counter_pid, 1, NULL, item),
        TROUPE_E_NOT_RUNNING);
}

/* Who wants the messages that it is told. */
static void
spawn_small(enum troupe_mailbox_policy policy)
{
    const struct troupe_mailbox_options mailbox = {
        .policy = policy, .messages_high = 1};

    TROUPE_CHECK(troupe_spawn_with(thread, silent,
        &TROUPE_SPAWN_OPTIONS(.mailbox = mailbox), &counter_pid));
}

static void
tell_two_at_once(struct troupe_self *self)
{
    CHECK(tell_later(self, 1, NULL) == TROUPE_OK);
    CHECK(tell_later(self, 1, &timers[0]) == TROUPE_OK);
}

static void
a_mailbox_that_is_full_when_it_is_due_refuses_it(void **state)
{
    (void)state;
    spawn_small(TROUPE_MAILBOX_REJECT);
    play(tell_two_at_once);
    pass(2 * DELAY_NS);
    /* The first one has no handler, the second had no room. */
    assert_int_equal(letters_count(TROUPE_DEAD_LETTER_NO_HANDLER), 1);
    assert_int_equal(letters_count(TROUPE_DEAD_LETTER_MAILBOX_FULL), 1);
}

static void
nobody_is_paused_for_what_is_due(void **state)
{
    (void)state;
    spawn_small(TROUPE_MAILBOX_PAUSE);
    play(tell_two_at_once);
    while (tp_simulation_step(runtime->scheduler, UINT64_MAX)) {
        assert_null(runtime->workers[0].congested);
    }
    assert_int_equal(letters_count(TROUPE_DEAD_LETTER_NO_HANDLER), 2);
}

/* ---- memory -------------------------------------------------------------- */

/* Blocks come many at a time, so all who are needed here are failed. */
static void
set_without_memory(struct troupe_self *self)
{
    troupe_timer timer = 99;
    troupe_err err;

    tp_memory_fail_every(true);
    do {
        err = tell_later(self, 1, &timer);
    } while (err == TROUPE_OK);
    tp_memory_fail_every(false);
    CHECK(err == TROUPE_E_NO_MEMORY);
}

static void
without_memory_it_is_refused_and_what_was_set_is_told(void **state)
{
    (void)state;
    tell_three(thread);
    play(set_without_memory);
    set_without_memory(thread);
    TROUPE_CHECK(troupe_stop(thread, counter_pid)); /* too many to be seen */
    pass(10 * DELAY_NS);
    assert_true(letters_count(TROUPE_DEAD_LETTER_NO_MEMORY) == 2);
    assert_int_equal(pending_count(), 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(it_is_told_when_it_is_due_and_never_early),
        TEST(a_thread_tells_later_too),
        TEST(an_actor_may_tell_itself),
        TEST(a_delay_without_end_never_ends),
        TEST(what_is_cancelled_is_not_told),
        TEST(what_has_been_told_cannot_be_cancelled),
        TEST(a_thread_cancels_what_it_has_not_sent_yet),
        TEST(a_thread_that_has_not_heard_of_it_cancels_too_late),
        TEST(only_who_told_cancels),
        TEST(it_is_told_though_its_sender_has_ended),
        TEST(what_the_receiver_does_not_live_to_see_is_a_dead_letter),
        TEST(a_stop_does_not_wait_for_it_and_counts_it),
        TEST(a_runtime_that_never_ran_leaves_nothing_of_it),
        TEST(what_nobody_can_be_told_is_refused_at_once),
        TEST(a_mailbox_that_is_full_when_it_is_due_refuses_it),
        TEST(nobody_is_paused_for_what_is_due),
        TEST(without_memory_it_is_refused_and_what_was_set_is_told),
    };
    return cmocka_run_group_tests_name("delayed", tests, NULL, NULL);
}
