/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a body receives what it waits for, in order, and nothing else; what it
 * does not want stays where it is, and time is kept.
 *
 * Method: processes in a simulation run scripts that note what they see
 * (tests/support/scripts.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "actors/runtime.h"
#include "tests/support/scripts.h"

static void
note_message(struct troupe_self *self, const struct troupe_message *message)
{
    struct number number;
    struct query query;

    if (number_in(message, &number)) {
        note("%d", (int)number.value);
    } else if (query_in(message, &query)) {
        note("?%d", (int)query.value);
        CHECK(troupe_reply(self, result, .value = query.value) == TROUPE_OK);
    } else {
        note("%s", troupe_message_name_view(message));
    }
}

static void
tell_numbers(troupe_pid to, int from, int until)
{
    for (int i = from; i <= until; i++) {
        TROUPE_CHECK(troupe_tell(thread, to, number, .value = i));
    }
}

/* ---- receiving ----------------------------------------------------------- */

static void
note_all(struct troupe_self *self, struct script *script)
{
    const struct troupe_message *message;

    (void)script;
    while (troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK) {
        note_message(self, message);
    }
}

static void
messages_are_received_in_order(void **state)
{
    troupe_pid pid = play(note_all);

    (void)state;
    tell_numbers(pid, 1, 3);
    settle();
    tell_numbers(pid, 4, 5);
    TROUPE_CHECK(troupe_tell(thread, pid, go));
    settle();
    assert_noted("1 2 3 4 5 go ");
}

static void
receive_two(struct troupe_self *self, struct script *script)
{
    const struct troupe_message *message;

    (void)script;
    for (int i = 0; i < 2; i++) {
        CHECK(troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK);
        note_message(self, message);
    }
}

static void
an_actor_ends_when_its_body_returns(void **state)
{
    troupe_pid pid =
        spawn_script(&noting_behaviour, &(struct script){.body = receive_two});
    struct result result;

    (void)state;
    settle();
    assert_int_equal(tp_registry_find(&runtime->registry, pid)->task.bound, 1);
    tell_numbers(pid, 1, 4);
    settle();
    assert_noted("1 2 [stopped] ");
    assert_int_equal(stacks_taken_count(), 0);
    assert_int_equal(tp_registry_find(&runtime->registry, pid)->task.bound,
        TP_TASK_ANYWHERE);
    assert_int_equal(troupe_ask(thread, pid, TROUPE_SECONDS(1), result, &result,
                         query, .value = 1),
        TROUPE_E_NO_SUCH_ACTOR);
}

static void
keep_a_local_state(struct troupe_self *self, struct script *script)
{
    const struct troupe_message *message;
    struct number number;
    char text[64] = "";
    double sum = 0.5;

    for (int i = 0; i < 4; i++) {
        CHECK(troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK);
        CHECK(number_in(message, &number));
        CHECK(troupe_sender(self) != TROUPE_NO_PID);
        CHECK(troupe_self_pid(self) != troupe_sender(self));
        sum += (double)number.value;
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%d,",
            (int)number.value);
        script->value += number.value;
    }
    note("%s %.1f %d", text, sum, (int)script->value);
}

static void
locals_and_state_outlive_each_wait(void **state)
{
    troupe_pid pid = play(keep_a_local_state);

    (void)state;
    for (int i = 1; i <= 4; i++) {
        tell_numbers(pid, i, i);
        settle();
    }
    assert_noted("1,2,3,4, 10.5 10 ");
}

static void
a_request_is_answered_by_its_body(void **state)
{
    troupe_pid pid = play(note_all);
    struct result got = {0};

    (void)state;
    TROUPE_CHECK(troupe_ask(
        thread, pid, TROUPE_SECONDS(1), result, &got, query, .value = 42));
    assert_int_equal(got.value, 42);
}

static void
receive_without_answering(struct troupe_self *self, struct script *script)
{
    const struct troupe_message *message;

    while (troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK) {
        script->value++;
    }
}

static void
who_receives_again_has_answered_no_reply(void **state)
{
    troupe_pid pid = play(receive_without_answering);
    struct result got;

    (void)state;
    assert_int_equal(
        troupe_ask(thread, pid, TROUPE_SECONDS(1), result, &got, query, 0),
        TROUPE_E_NO_REPLY);
}

static void
decline_all(struct troupe_self *self, struct script *script)
{
    const struct troupe_message *message;

    (void)script;
    while (troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK) {
        troupe_decline(self);
        CHECK(troupe_sender(self) == TROUPE_NO_PID);
        troupe_decline(self);
    }
}

static uint64_t
letters_count(enum troupe_dead_letter_cause cause)
{
    return tp_dead_letters_count(&runtime->dead_letters, cause);
}

static void
what_a_body_declines_is_a_dead_letter(void **state)
{
    troupe_pid pid = play(decline_all);
    struct result got;

    (void)state;
    assert_int_equal(
        troupe_ask(thread, pid, TROUPE_SECONDS(1), result, &got, query, 0),
        TROUPE_E_NO_HANDLER);
    tell_numbers(pid, 1, 2);
    settle();
    assert_int_equal(letters_count(TROUPE_DEAD_LETTER_NO_HANDLER), 3);
}

static void
keep_and_answer_later(struct troupe_self *self, struct script *script)
{
    const struct troupe_message *message;
    struct troupe_request *kept;
    struct query query;

    (void)script;
    CHECK(troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK);
    CHECK(query_in(message, &query));
    CHECK(troupe_request_keep(self, &kept) == TROUPE_OK);
    CHECK(troupe_sleep(self, TROUPE_MS(1)) == TROUPE_OK);
    CHECK(query_in(message, &query));
    CHECK(troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK);
    note_message(self, message);
    CHECK(troupe_reply_to(self, &kept, result, .value = query.value + 1) ==
          TROUPE_OK);
    CHECK(troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK);
}

static void
tell_itself_later(struct troupe_self *self, struct script *script)
{
    const struct troupe_message *message;
    troupe_pid me = troupe_self_pid(self);
    troupe_timer timers[2];

    (void)script;
    CHECK(troupe_tell_after(self, me, TROUPE_MS(1), &timers[0], number,
              .value = 1) == TROUPE_OK);
    CHECK(troupe_tell_after(self, me, TROUPE_MS(1), &timers[1], number,
              .value = 2) == TROUPE_OK);
    CHECK(troupe_timer_cancel(self, &timers[0]));
    CHECK(troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK);
    note_message(self, message);
    CHECK(troupe_receive(self, &message, TROUPE_MS(5)) == TROUPE_E_TIMED_OUT);
    CHECK(!troupe_timer_cancel(self, &timers[1]));
}

static void
a_body_is_told_later_and_may_cancel_that(void **state)
{
    (void)state;
    play(tell_itself_later);
    pass(TROUPE_MS(10));
    assert_noted("2 ");
}

static void
ask_other(struct troupe_self *self, struct script *script)
{
    struct result got = {0};

    CHECK(troupe_ask(self, script->other, TROUPE_SECONDS(1), result, &got,
              query, .value = 6) == TROUPE_OK);
    note("%d", (int)got.value);
}

static void
a_request_may_be_kept_and_answered_after_other_messages(void **state)
{
    troupe_pid pid = play(keep_and_answer_later);

    (void)state;
    play_with(ask_other, pid);
    pass(TROUPE_MS(5));
    tell_numbers(pid, 1, 1);
    settle();
    assert_noted("1 7 ");
}

/* ---- a time limit -------------------------------------------------------- */

static void
receive_with_a_limit(struct troupe_self *self, struct script *script)
{
    const struct troupe_message *message;
    uint64_t since_ns = troupe_now_ns(self);

    (void)script;
    CHECK(troupe_receive(self, &message, TROUPE_MS(10)) == TROUPE_E_TIMED_OUT);
    CHECK(message == NULL && troupe_sender(self) == TROUPE_NO_PID);
    CHECK(troupe_now_ns(self) - since_ns >= TROUPE_MS(10));
    CHECK(troupe_now_ns(self) - since_ns < TROUPE_MS(12));
    note("late");
    CHECK(troupe_receive(self, &message, TROUPE_MS(10)) == TROUPE_OK);
    note_message(self, message);
    CHECK(troupe_receive(self, &message, TROUPE_SECONDS(10)) == TROUPE_OK);
    note_message(self, message);
}

static uint64_t
pending_count(void)
{
    return runtime->scheduler->workers[0].timeouts.pending_count;
}

static void
a_receive_ends_when_its_time_is_up(void **state)
{
    troupe_pid pid = play(receive_with_a_limit);

    (void)state;
    pass(TROUPE_MS(15));
    tell_numbers(pid, 1, 1);
    pass(TROUPE_MS(5000));
    tell_numbers(pid, 2, 2);
    settle();
    assert_noted("late 1 2 ");
}

static void
poll(struct troupe_self *self, struct script *script)
{
    const struct troupe_message *message;

    (void)script;
    CHECK(troupe_receive(self, &message, 0) == TROUPE_E_TIMED_OUT);
    CHECK(troupe_sleep(self, TROUPE_MS(10)) == TROUPE_OK);
    for (int i = 0; i < 3; i++) {
        CHECK(troupe_receive(self, &message, 0) == TROUPE_OK);
        note_message(self, message);
    }
    CHECK(troupe_receive(self, &message, 0) == TROUPE_E_TIMED_OUT);
    note("none");
}

static void
a_receive_without_time_takes_what_is_there(void **state)
{
    troupe_pid pid = play(poll);

    (void)state;
    settle();
    tell_numbers(pid, 1, 3);
    pass(TROUPE_MS(20));
    assert_noted("1 2 3 none ");
    assert_int_equal(pending_count(), 0);
}

static void
sleep_thrice(struct troupe_self *self, struct script *script)
{
    (void)script;
    for (int i = 1; i <= 3; i++) {
        uint64_t since_ns = troupe_now_ns(self);

        CHECK(troupe_sleep(self, TROUPE_SECONDS(i)) == TROUPE_OK);
        CHECK(troupe_now_ns(self) - since_ns >= TROUPE_SECONDS(i));
        CHECK(
            troupe_now_ns(self) - since_ns < TROUPE_SECONDS(i) + TROUPE_MS(2));
        note("%d", i);
    }
    note_all(self, script);
}

static void
who_sleeps_wakes_in_time_and_its_mail_waits(void **state)
{
    troupe_pid pid = play(sleep_thrice);

    (void)state;
    tell_numbers(pid, 11, 12);
    pass(TROUPE_SECONDS(4));
    assert_noted("1 2 ");
    tell_numbers(pid, 13, 13);
    pass(TROUPE_SECONDS(4));
    assert_noted("1 2 3 11 12 13 ");
}

/* ---- selective ----------------------------------------------------------- */

static void
receive_queries_first(struct troupe_self *self, struct script *script)
{
    struct query query = {0};

    for (int i = 0; i < 2; i++) {
        CHECK(troupe_receive_only(self, query, &query, TROUPE_FOREVER) ==
              TROUPE_OK);
        note("?%d", (int)query.value);
    }
    CHECK(troupe_receive_only(self, query, &query, TROUPE_MS(1)) ==
          TROUPE_E_TIMED_OUT);
    CHECK(query.value == 8);
    note_all(self, script);
}

static void
what_is_not_wanted_keeps_its_order(void **state)
{
    troupe_pid pid = play(receive_queries_first);

    (void)state;
    tell_numbers(pid, 1, 2);
    TROUPE_CHECK(troupe_tell(thread, pid, query, .value = 7));
    tell_numbers(pid, 3, 3);
    settle();
    assert_noted("?7 ");
    tell_numbers(pid, 4, 4);
    TROUPE_CHECK(troupe_tell(thread, pid, query, .value = 8));
    tell_numbers(pid, 5, 5);
    pass(TROUPE_MS(5));
    assert_noted("?7 ?8 1 2 3 4 5 ");
}

static void
receive_two_kinds(struct troupe_self *self, struct script *script)
{
    const struct troupe_message *message;

    for (int i = 0; i < 2; i++) {
        CHECK(troupe_receive_any_of(
                  self, &message, TROUPE_FOREVER, query, go) == TROUPE_OK);
        note("%s", troupe_message_name_view(message));
    }
    note_all(self, script);
}

static void
several_kinds_may_be_wanted(void **state)
{
    troupe_pid pid = play(receive_two_kinds);

    (void)state;
    tell_numbers(pid, 1, 1);
    TROUPE_CHECK(troupe_tell(thread, pid, go));
    tell_numbers(pid, 2, 2);
    TROUPE_CHECK(troupe_tell(thread, pid, query, .value = 3));
    settle();
    assert_noted("go query 1 2 ");
}

static void
receive_a_number(struct troupe_self *self, struct script *script)
{
    struct number number = {.value = -1};
    struct troupe_schema *const nine[] = {&number_schema, &number_schema,
        &number_schema, &number_schema, &number_schema, &number_schema,
        &number_schema, &number_schema, &number_schema, NULL};
    const struct troupe_message *message;

    (void)script;
    CHECK(troupe_receive_only(self, number, &number, TROUPE_FOREVER) ==
          TROUPE_E_DECODE);
    CHECK(number.value == -1);
    note("%s", troupe_err_detail());
    troupe_decline(self);
    CHECK(troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK);
    CHECK(!number_in(message, &number));
    CHECK(troupe_receive_listed(self, nine, &message, 0) ==
          TROUPE_E_INVALID_ARGUMENT);
}

static void
what_does_not_fit_its_schema_is_said_so(void **state)
{
    troupe_pid pid = play(receive_a_number);

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct troupe_message *message;

        TROUPE_CHECK(
            troupe_message_create(thread, "number", "\x91\xa1x", 3, &message));
        TROUPE_CHECK(troupe_send(thread, pid, &message));
    }
    settle();
    assert_non_null(strstr(scripts_notes, "value"));
    assert_int_equal(letters_count(TROUPE_DEAD_LETTER_NO_HANDLER), 1);
}

/* A mailbox of hundreds that nobody wants, and one that somebody does: looked
 * through once. */
static void
what_waits_counts_towards_the_limit(void **state)
{
    troupe_pid pid;
    struct script script = {.body = receive_queries_first};

    (void)state;
    TROUPE_CHECK(troupe_spawn_with(thread, scripted,
        &TROUPE_SPAWN_OPTIONS(.state = &script,
            .mailbox = {.policy = TROUPE_MAILBOX_REJECT, .messages_high = 10}),
        &pid));
    settle();
    tell_numbers(pid, 1, 10);
    settle();
    assert_int_equal(
        troupe_tell(thread, pid, number, .value = 11), TROUPE_E_MAILBOX_FULL);
}

static void
what_is_dropped_was_not_wanted(void **state)
{
    troupe_pid pid;
    struct script script = {.body = receive_queries_first};

    (void)state;
    TROUPE_CHECK(troupe_spawn_with(thread, scripted,
        &TROUPE_SPAWN_OPTIONS(.state = &script,
            .mailbox = {.policy = TROUPE_MAILBOX_DROP_OLDEST,
                .messages_high = 3}),
        &pid));
    settle();
    tell_numbers(pid, 1, 3);
    settle();
    tell_numbers(pid, 4, 6);
    TROUPE_CHECK(troupe_tell(thread, pid, query, .value = 7));
    settle();
    TROUPE_CHECK(troupe_tell(thread, pid, query, .value = 8));
    pass(TROUPE_MS(5));
    assert_noted("?7 ?8 5 6 ");
}

/* ---- where it does not belong -------------------------------------------- */

static void
on_go(struct troupe_self *self, void *state, const struct go *go)
{
    const struct troupe_message *message;
    struct number number;

    (void)state, (void)go;
    CHECK(troupe_receive(self, &message, 0) == TROUPE_E_WRONG_THREAD);
    CHECK(
        troupe_receive_only(self, number, &number, 0) == TROUPE_E_WRONG_THREAD);
    CHECK(troupe_sleep(self, 0) == TROUPE_E_WRONG_THREAD);
    CHECK(troupe_become(self, scripted) == TROUPE_E_INVALID_ARGUMENT);
    note("refused");
}

TROUPE_BEHAVIOUR(handler, 64, TROUPE_ON(go, on_go));

static void
a_handler_and_a_thread_do_not_receive(void **state)
{
    const struct troupe_message *message;
    troupe_pid pid;

    (void)state;
    TROUPE_CHECK(troupe_spawn(thread, handler, &pid));
    TROUPE_CHECK(troupe_tell(thread, pid, go));
    settle();
    assert_noted("refused ");
    assert_int_equal(
        troupe_receive(thread, &message, 0), TROUPE_E_WRONG_THREAD);
    assert_int_equal(troupe_sleep(NULL, 0), TROUPE_E_WRONG_THREAD);
}

static void
then(struct troupe_self *self, void *state, uint64_t context)
{
    (void)self, (void)state, (void)context;
}

static void
continue_then(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    (void)self, (void)state, (void)context, (void)answer;
}

static void
look_down(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_down *down)
{
    (void)self, (void)state, (void)context, (void)down;
}

static void
do_what_is_for_handlers(struct troupe_self *self, struct script *script)
{
    (void)script;
    CHECK(troupe_after(self, 0, then, 0, NULL) == TROUPE_E_WRONG_THREAD);
    CHECK(troupe_every(self, 1, then, 0, NULL) == TROUPE_E_WRONG_THREAD);
    CHECK(troupe_ask_then(self, nobody, 1, continue_then, 0, go) ==
          TROUPE_E_WRONG_THREAD);
    CHECK(troupe_become_stacked(self, silent) == TROUPE_E_WRONG_THREAD);
    CHECK(!troupe_unbecome(self));
    CHECK(troupe_stash(self) == TROUPE_E_WRONG_THREAD);
    CHECK(troupe_unstash(self) == 0);
    CHECK(troupe_when_idle(self, 1, then, 0) == TROUPE_E_WRONG_THREAD);
    CHECK(!troupe_idle_cancel(self));
    CHECK(troupe_become(self, silent) == TROUPE_E_WRONG_THREAD);
    CHECK(troupe_monitor(self, nobody, look_down, 0, NULL) ==
          TROUPE_E_INVALID_ARGUMENT);
    note("refused");
}

static void
a_body_has_no_handlers(void **state)
{
    (void)state;
    play(do_what_is_for_handlers);
    settle();
    assert_noted("refused ");
}

TROUPE_PROCESS(twofold, 0, run_script, TROUPE_ON(go, on_go));

static void
a_process_has_a_body_or_handlers(void **state)
{
    troupe_pid pid;

    (void)state;
    assert_int_equal(
        troupe_spawn(thread, twofold, &pid), TROUPE_E_INVALID_ARGUMENT);
    assert_int_equal(
        troupe_spawn_with(thread, scripted,
            &TROUPE_SPAWN_OPTIONS(.stack_bytes = TROUPE_STACK_BYTES_MAX + 1),
            &pid),
        TROUPE_E_INVALID_ARGUMENT);
}

int
main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, scripts_set_up, scripts_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(messages_are_received_in_order),
        TEST(an_actor_ends_when_its_body_returns),
        TEST(locals_and_state_outlive_each_wait),
        TEST(a_request_is_answered_by_its_body),
        TEST(who_receives_again_has_answered_no_reply),
        TEST(what_a_body_declines_is_a_dead_letter),
        TEST(a_request_may_be_kept_and_answered_after_other_messages),
        TEST(a_receive_ends_when_its_time_is_up),
        TEST(a_receive_without_time_takes_what_is_there),
        TEST(who_sleeps_wakes_in_time_and_its_mail_waits),
        TEST(what_is_not_wanted_keeps_its_order),
        TEST(several_kinds_may_be_wanted),
        TEST(what_does_not_fit_its_schema_is_said_so),
        TEST(what_waits_counts_towards_the_limit),
        TEST(what_is_dropped_was_not_wanted),
        TEST(a_handler_and_a_thread_do_not_receive),
        TEST(a_body_is_told_later_and_may_cancel_that),
        TEST(a_body_has_no_handlers),
        TEST(a_process_has_a_body_or_handlers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
