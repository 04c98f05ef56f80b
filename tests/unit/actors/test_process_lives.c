/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a process asks, floods, fails, crashes, is linked, stopped and started
 * again like any other actor, wherever its body waits, and leaves nothing
 * behind.
 *
 * Method: processes in a simulation run scripts that note what they see
 * (tests/support/scripts.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "actors/isolation.h"
#include "actors/runtime.h"
#include "scheduler/simulation.h"
#include "tests/support/fault.h"
#include "tests/support/scripts.h"

enum { STACK_BYTES = 1 << 16 };

static uint64_t
letters_count(enum troupe_dead_letter_cause cause)
{
    return tp_dead_letters_count(&runtime->dead_letters, cause);
}

static troupe_err
ask_thread(troupe_pid to, struct result *got)
{
    return troupe_ask(
        thread, to, TROUPE_SECONDS(10), result, got, query, .value = 5);
}

static void
wait_for_ever(struct troupe_self *self, struct script *script)
{
    const struct troupe_message *message;

    (void)script;
    CHECK(troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK);
}

static void
sleep_for_ever(struct troupe_self *self, struct script *script)
{
    (void)script;
    (void)troupe_sleep(self, TROUPE_FOREVER);
}

/* ---- asking -------------------------------------------------------------- */

static void
answer_queries(struct troupe_self *self, struct script *script)
{
    struct query query;

    for (;;) {
        CHECK(troupe_receive_only(self, query, &query, TROUPE_FOREVER) ==
              TROUPE_OK);
        CHECK(
            troupe_reply(self, result, .value = query.value * 2) == TROUPE_OK);
        script->value++;
    }
}

static void
ask_twice(struct troupe_self *self, struct script *script)
{
    struct result first = {0};
    struct result second = {0};

    CHECK(troupe_ask(self, script->other, TROUPE_SECONDS(1), result, &first,
              query, .value = 4) == TROUPE_OK);
    CHECK(troupe_ask(self, script->other, TROUPE_SECONDS(1), result, &second,
              query, .value = first.value) == TROUPE_OK);
    note("%d %d", (int)first.value, (int)second.value);
}

static void
a_process_asks_and_waits_in_line(void **state)
{
    (void)state;
    play_with(ask_twice, play(answer_queries));
    settle();
    assert_noted("8 16 ");
}

/* Its mailbox is full of what it does not want just now. */
static void
an_ask_of_somebody_congested_is_answered(void **state)
{
    struct script script = {.body = answer_queries};
    troupe_pid server;

    (void)state;
    TROUPE_CHECK(troupe_spawn_with(thread, scripted,
        &TROUPE_SPAWN_OPTIONS(.state = &script,
            .mailbox = {.messages_high = 5}),
        &server));
    for (int i = 0; i < 4; i++) {
        TROUPE_CHECK(troupe_tell(thread, server, number, .value = i));
    }
    play_with(ask_twice, server);
    pass(TROUPE_MS(20));
    assert_noted("8 16 ");
}

static void
ask_in_vain(struct troupe_self *self, struct script *script)
{
    struct result got = {.value = -1};
    uint64_t since_ns = troupe_now_ns(self);

    CHECK(troupe_ask(self, nobody, TROUPE_MS(10), result, &got, idle) ==
          TROUPE_E_TIMED_OUT);
    CHECK(troupe_now_ns(self) - since_ns >= TROUPE_MS(10));
    CHECK(troupe_ask(self, nobody, TROUPE_MS(10), result, &got, go) ==
          TROUPE_E_NO_HANDLER);
    CHECK(troupe_ask(self, script->other, TROUPE_MS(10), result, &got, go) ==
          TROUPE_E_NO_SUCH_ACTOR);
    CHECK(strstr(troupe_err_detail(), "stopped") != NULL);
    CHECK(troupe_ask(self, TROUPE_NO_PID, TROUPE_MS(10), result, &got, go) ==
          TROUPE_E_NO_SUCH_ACTOR);
    CHECK(got.value == -1);
    note("in vain");
}

static void
do_nothing(struct troupe_self *self, struct script *script)
{
    (void)self, (void)script;
}

static void
an_ask_that_fails_says_why(void **state)
{
    troupe_pid gone = play(do_nothing);

    (void)state;
    settle();
    play_with(ask_in_vain, gone);
    pass(TROUPE_MS(20));
    assert_noted("in vain ");
}

/* Asks another one for what it was asked. */
static void
pass_on_queries(struct troupe_self *self, struct script *script)
{
    const struct troupe_message *message;
    struct query query;
    struct result got = {0};

    while (troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK) {
        troupe_err err;

        CHECK(query_in(message, &query));
        err = troupe_ask(self, script->other, TROUPE_SECONDS(1), result, &got,
            query, .value = query.value);
        if (err == TROUPE_OK) {
            CHECK(query_in(message, &query));
            CHECK(troupe_reply(self, result, .value = got.value + 1) ==
                  TROUPE_OK);
        } else {
            note("%s", troupe_err_name(err));
            note("%s", err == TROUPE_E_CYCLE ? troupe_err_detail() : "");
        }
    }
}

static void
the_message_in_hand_stays_so_while_its_body_asks(void **state)
{
    troupe_pid between = play_with(pass_on_queries, play(answer_queries));
    struct result got = {0};

    (void)state;
    assert_int_equal(ask_thread(between, &got), TROUPE_OK);
    assert_int_equal(got.value, 11);
}

static void
what_is_asked_for_a_request_ends_no_later(void **state)
{
    troupe_pid sleeper = play(sleep_for_ever);
    troupe_pid between = play_with(pass_on_queries, sleeper);
    struct result got;

    (void)state;
    assert_int_equal(troupe_ask(thread, between, TROUPE_MS(100), result, &got,
                         query, .value = 1),
        TROUPE_E_TIMED_OUT);
    settle();
    assert_noted("TIMED_OUT  ");
}

static void
ask_round(struct troupe_self *self, struct script *script)
{
    struct number other;
    const struct troupe_message *message;

    CHECK(troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK);
    CHECK(number_in(message, &other));
    script->other = (troupe_pid)other.value;
    pass_on_queries(self, script);
}

static void
an_ask_that_could_not_be_answered_is_refused_with_the_chain(void **state)
{
    troupe_pid one = play(ask_round);
    troupe_pid two = play_with(pass_on_queries, one);
    troupe_pid three = play_with(pass_on_queries, two);
    struct result got;

    (void)state;
    TROUPE_CHECK(troupe_tell(thread, one, number, .value = (int64_t)three));
    assert_int_equal(ask_thread(three, &got), TROUPE_E_NO_REPLY);
    settle();
    assert_non_null(strstr(scripts_notes, "CYCLE"));
    assert_non_null(strstr(scripts_notes, " -> "));
}

static void
ask_oneself(struct troupe_self *self, struct script *script)
{
    struct result got;

    (void)script;
    CHECK(troupe_ask(self, troupe_self_pid(self), TROUPE_SECONDS(1), result,
              &got, query, .value = 1) == TROUPE_E_CYCLE);
    CHECK(strstr(troupe_err_detail(), " -> ") != NULL);
    note("refused");
}

static void
to_ask_oneself_is_refused(void **state)
{
    (void)state;
    play(ask_oneself);
    settle();
    assert_noted("refused ");
}

/* ---- telling too much ---------------------------------------------------- */

enum { FLOOD_COUNT = 3000 };

static void
flood(struct troupe_self *self, struct script *script)
{
    for (int i = 0; i < FLOOD_COUNT; i++) {
        CHECK(
            troupe_tell(self, script->other, number, .value = i) == TROUPE_OK);
        script->value++;
    }
    note("told");
}

/* With a message in hand, so that what it tells is pushed by the dozen. */
static void
flood_when_told(struct troupe_self *self, struct script *script)
{
    const struct troupe_message *message;

    CHECK(troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK);
    flood(self, script);
}

static void
receive_a_flood(struct troupe_self *self, struct script *script)
{
    struct number number;

    CHECK(troupe_sleep(self, TROUPE_SECONDS(1)) == TROUPE_OK);
    for (int i = 0; i < FLOOD_COUNT; i++) {
        CHECK(troupe_receive_only(self, number, &number, TROUPE_FOREVER) ==
              TROUPE_OK);
        CHECK(number.value == i);
    }
    note("received");
    wait_for_ever(self, script);
}

static uint64_t
held_count(troupe_pid pid)
{
    struct tp_actor *actor = tp_registry_find(&runtime->registry, pid);

    return (ck_pr_load_64(&actor->limit.held) & ~TP_LIMIT_CONGESTED) >> 40;
}

static void
who_tells_too_much_waits_inside_the_call(void **state)
{
    troupe_pid receiver = play(receive_a_flood);

    (void)state;
    TROUPE_CHECK(troupe_tell(thread, play_with(flood_when_told, receiver), go));
    settle();
    assert_noted("");
    assert_true(held_count(receiver) >= 512);
    assert_true(held_count(receiver) <= 512 + 128);
    pass(TROUPE_SECONDS(2));
    assert_noted("told received ");
}

static void
who_sends_one_by_one_waits_too(void **state)
{
    troupe_pid receiver;
    struct script script = {.body = receive_a_flood};

    (void)state;
    TROUPE_CHECK(troupe_spawn_with(thread, scripted,
        &TROUPE_SPAWN_OPTIONS(.state = &script,
            .mailbox = {.messages_high = 10}),
        &receiver));
    play_with(flood, receiver);
    settle();
    assert_int_equal(held_count(receiver), 10);
    pass(TROUPE_SECONDS(2));
    assert_noted("told received ");
}

static void
who_ends_while_it_waits_to_tell_loses_no_message_uncounted(void **state)
{
    troupe_pid receiver = play(sleep_for_ever);
    troupe_pid sender = play_with(flood_when_told, receiver);
    uint64_t taken_count;

    (void)state;
    TROUPE_CHECK(troupe_tell(thread, sender, go));
    settle();
    taken_count = held_count(receiver);
    TROUPE_CHECK(troupe_kill(thread, sender));
    settle();
    assert_int_equal(letters_count(TROUPE_DEAD_LETTER_REFUSED),
        tp_isolation_moves() ? 0 : 1);
    assert_int_equal(held_count(receiver), taken_count);
    assert_int_equal(stacks_taken_count(), 1);
}

static void
flood_each_other(struct troupe_self *self, struct script *script)
{
    const struct troupe_message *message;
    struct number number;

    if (script->other == TROUPE_NO_PID) {
        CHECK(troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK);
        script->other = troupe_sender(self);
    }
    for (int i = 0; i < FLOOD_COUNT; i++) {
        CHECK(
            troupe_tell(self, script->other, number, .value = i) == TROUPE_OK);
    }
    for (int i = script->value == 0; i < FLOOD_COUNT; i++) {
        CHECK(troupe_receive_only(self, number, &number, TROUPE_SECONDS(9)) ==
              TROUPE_OK);
    }
    note("done");
}

static void
two_that_flood_each_other_do_not_stand_still(void **state)
{
    troupe_pid one = play(flood_each_other);

    (void)state;
    spawn_script(&scripted_behaviour,
        &(struct script){.body = flood_each_other, .other = one, .value = 1});
    pass(TROUPE_SECONDS(1));
    assert_noted("done done ");
}

/* ---- stopping ------------------------------------------------------------ */

static void
ask_for_ever(struct troupe_self *self, struct script *script)
{
    struct result got;

    (void)script;
    (void)troupe_ask(self, nobody, TROUPE_FOREVER, result, &got, idle);
}

static void
receive_the_impossible(struct troupe_self *self, struct script *script)
{
    struct query query;

    (void)script;
    (void)troupe_receive_only(self, query, &query, TROUPE_SECONDS(1000));
}

static void (*const all_waits[])(struct troupe_self *, struct script *) = {
    wait_for_ever, sleep_for_ever, ask_for_ever, receive_the_impossible};

enum { WAITS_COUNT = sizeof(all_waits) / sizeof(all_waits[0]) };

static void
wherever_it_waits_a_process_can_be_stopped(void **state)
{
    (void)state;
    for (int i = 0; i < WAITS_COUNT; i++) {
        troupe_pid pid = spawn_script(
            &noting_behaviour, &(struct script){.body = all_waits[i]});

        settle();
        assert_int_equal(stacks_taken_count(), 1);
        TROUPE_CHECK(troupe_stop(thread, pid));
        settle();
        assert_int_equal(stacks_taken_count(), 0);
        pid = spawn_script(
            &noting_behaviour, &(struct script){.body = all_waits[i]});
        settle();
        TROUPE_CHECK(troupe_kill(thread, pid));
        settle();
        assert_int_equal(stacks_taken_count(), 0);
    }
    assert_noted("[stopped] [stopped] [stopped] [stopped] ");
}

static void
receive_then_sleep(struct troupe_self *self, struct script *script)
{
    const struct troupe_message *message;

    CHECK(troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK);
    sleep_for_ever(self, script);
}

static troupe_pid to_stop;

static void
stop_later(struct troupe_self *self, struct script *script)
{
    (void)script;
    CHECK(troupe_sleep(self, TROUPE_MS(1)) == TROUPE_OK);
    CHECK(troupe_stop(self, to_stop) == TROUPE_OK);
}

static void
who_asked_is_told_when_the_body_ends_with_the_request(void **state)
{
    struct result got;

    (void)state;
    to_stop = play(receive_then_sleep);
    play(stop_later);
    assert_int_equal(ask_thread(to_stop, &got), TROUPE_E_NO_SUCH_ACTOR);
}

static void
stop_oneself(struct troupe_self *self, struct script *script)
{
    CHECK(troupe_stop(self, troupe_self_pid(self)) == TROUPE_OK);
    note("goes on");
    wait_for_ever(self, script);
    note("never");
}

static void
who_stops_itself_goes_on_to_its_next_wait(void **state)
{
    (void)state;
    spawn_script(&noting_behaviour, &(struct script){.body = stop_oneself});
    settle();
    assert_noted("goes on [stopped] ");
}

static void
the_end_of_the_runtime_ends_processes_that_wait(void **state)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    troupe_pid pid;

    (void)state;
    for (int i = 0; i < WAITS_COUNT; i++) {
        pid = spawn_script(
            &noting_behaviour, &(struct script){.body = all_waits[i]});
    }
    settle();
    TROUPE_CHECK(troupe_tell(thread, pid, number, .value = 1));
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(1), &report));
    assert_int_equal(report.actors_alive_count, WAITS_COUNT + 1);
    assert_int_equal(
        report.dead_letters_count[TROUPE_DEAD_LETTER_RUNTIME_STOPPED], 1);
    assert_noted(
        "[was shut down] [was shut down] [was shut down] [was shut down] ");
    assert_int_equal(stacks_taken_count(), 0);
}

/* ---- failing ------------------------------------------------------------- */

static void
fail_with_a_request(struct troupe_self *self, struct script *script)
{
    const struct troupe_message *message;

    CHECK(troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK);
    troupe_fail(self, 3, "no %s", "disk");
    note("returns");
    sleep_for_ever(self, script);
    note("never");
}

static void
who_fails_ends_at_its_next_wait(void **state)
{
    troupe_pid pid = spawn_script(
        &noting_behaviour, &(struct script){.body = fail_with_a_request});
    struct result got;

    (void)state;
    assert_int_equal(ask_thread(pid, &got), TROUPE_E_ACTOR_FAILED);
    settle();
    assert_noted("returns [failed with code 3: no disk] ");
    assert_int_equal(letters_count(TROUPE_DEAD_LETTER_FAILED), 1);
}

static void
crash_with_a_request(struct troupe_self *self, struct script *script)
{
    const struct troupe_message *message;
    struct result got;

    CHECK(troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK);
    if (script->value > 0) {
        CHECK(troupe_ask(self, script->other, TROUPE_SECONDS(1), result, &got,
                  query, .value = 1) == TROUPE_OK);
    }
    fault_do(FAULT_PAGE);
}

static void
a_crash_ends_the_process_alone(void **state)
{
    troupe_pid server = play(answer_queries);
    struct result got;

    (void)state;
    fault_put_handlers_back();
    for (int i = 0; i < 4; i++) {
        troupe_pid pid = spawn_script(&scripted_behaviour,
            &(struct script){
                .body = crash_with_a_request, .other = server, .value = i % 2});

        assert_int_equal(ask_thread(pid, &got), TROUPE_E_ACTOR_FAILED);
    }
    assert_int_equal(letters_count(TROUPE_DEAD_LETTER_CRASHED), 4);
    assert_int_equal(ask_thread(server, &got), TROUPE_OK);
    assert_int_equal(stacks_taken_count(), 1);
    assert_non_null(strstr(scripts_log, "crashed: SIGSEGV at address"));
    assert_non_null(strstr(scripts_log, "while it handled query{value: 5}\n"));
}

static void
overflow(struct troupe_self *self, struct script *script)
{
    (void)self;
    (void)fault_overflow((uint64_t)script->value);
}

static void
watch_other(struct troupe_self *self, struct script *script)
{
    struct troupe_ended ended;
    char text[256];

    CHECK(troupe_monitor(self, script->other, NULL, 0, NULL) == TROUPE_OK);
    CHECK(troupe_receive_only(self, troupe_ended, &ended, TROUPE_FOREVER) ==
          TROUPE_OK);
    CHECK(ended.actor == script->other && ended.monitor != 0);
    troupe_exit_print(text, sizeof(text), &ended.why);
    note("<%s>", text);
}

static void
sleep_then_overflow(struct troupe_self *self, struct script *script)
{
    CHECK(troupe_sleep(self, TROUPE_MS(10)) == TROUPE_OK);
    overflow(self, script);
    sleep_for_ever(self, script);
}

static void
watch_an_overflow(int64_t depth)
{
    struct script script = {.body = sleep_then_overflow, .value = depth};
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn_with(thread, scripted,
        &TROUPE_SPAWN_OPTIONS(.state = &script, .stack_bytes = STACK_BYTES),
        &pid));
    play_with(watch_other, pid);
    pass(TROUPE_MS(20));
    assert_non_null(strstr(scripts_notes, "<crashed: SIGSEGV at 0x"));
    assert_non_null(strstr(scripts_notes, ": stack overflow, 65536 bytes>"));
    assert_non_null(strstr(scripts_log, "stack overflow, 65536 bytes"));
    assert_int_equal(stacks_taken_count(), 0);
}

static void
who_overflows_its_stack_ends_and_says_so(void **state)
{
    (void)state;
    fault_put_handlers_back();
    if (runtime->workers[0].stacks.strongest == TP_STACK_MARKED) {
        watch_an_overflow(INT64_MAX);
    }
}

static void
the_same_of_a_stack_that_mprotect_guards(void **state)
{
    (void)state;
    fault_put_handlers_back();
    runtime->workers[0].stacks.strongest = TP_STACK_PROTECTED;
    watch_an_overflow(INT64_MAX);
    assert_non_null(strstr(scripts_log, "guarded by mprotect()"));
}

/* Deeper than the stack and not than its guard, whatever a frame takes. */
static void
an_overflow_that_nothing_stops_is_found_at_the_next_wait(void **state)
{
    struct troupe_stacks stacks = TROUPE_STACKS;

    (void)state;
    runtime->workers[0].stacks.strongest = TP_STACK_CHECKED;
    watch_an_overflow(STACK_BYTES / 520);
    troupe_stacks_count(runtime, &stacks);
    assert_int_equal(stacks.marked_count + stacks.protected_count, 0);
    assert_int_equal(stacks.checked_count, 2);
    assert_non_null(strstr(scripts_log, "not guarded"));
}

static void
without_memory_for_a_stack_a_process_fails(void **state)
{
    (void)state;
    spawn_script(&noting_behaviour, &(struct script){.body = do_nothing});
    tp_memory_fail_every(true);
    while (tp_simulation_step(runtime->scheduler, 0)) {
    }
    tp_memory_fail_every(false);
    settle();
    assert_non_null(strstr(scripts_notes, "[failed with code 0"));
}

/* ---- bonds --------------------------------------------------------------- */

static void
link_and_wait(struct troupe_self *self, struct script *script)
{
    CHECK(troupe_link(self, script->other) == TROUPE_OK);
    all_waits[script->value](self, script);
}

static void
fail_at_once(struct troupe_self *self, struct script *script)
{
    (void)script;
    CHECK(troupe_sleep(self, TROUPE_MS(10)) == TROUPE_OK);
    troupe_fail(self, 9, "bad luck");
}

static void
a_friends_end_ends_a_process_wherever_it_waits(void **state)
{
    (void)state;
    for (int i = 0; i < WAITS_COUNT; i++) {
        spawn_script(&noting_behaviour, &(struct script){.body = link_and_wait,
                                            .other = play(fail_at_once),
                                            .value = i});
    }
    pass(TROUPE_MS(20));
    assert_noted("[failed with code 9: bad luck] "
                 "[failed with code 9: bad luck] "
                 "[failed with code 9: bad luck] "
                 "[failed with code 9: bad luck] ");
}

static void
tell_and_fail(struct troupe_self *self, struct script *script)
{
    CHECK(troupe_tell(self, script->other, number, .value = 1) == TROUPE_OK);
    CHECK(troupe_tell(self, script->other, number, .value = 2) == TROUPE_OK);
    troupe_fail(self, 4, "as planned");
}

static void
receive_news(struct troupe_self *self, struct script *script)
{
    const struct troupe_message *message;
    struct script child = {
        .body = tell_and_fail, .other = troupe_self_pid(self)};
    troupe_pid pid;

    (void)script;
    CHECK(troupe_spawn_with(self, scripted,
              &TROUPE_SPAWN_OPTIONS(.state = &child, .link = true),
              &pid) == TROUPE_OK);
    for (int i = 0; i < 3; i++) {
        struct troupe_ended ended;
        struct number number;

        CHECK(troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK);
        if (number_in(message, &number)) {
            note("%d", (int)number.value);
        } else if (troupe_ended_in(message, &ended)) {
            CHECK(ended.actor == pid && ended.monitor == 0);
            CHECK(troupe_sender(self) == pid);
            note("%s: %s", troupe_message_name_view(message), ended.why.text);
        }
    }
}

static void
the_end_of_a_friend_is_received_after_what_it_sent(void **state)
{
    (void)state;
    spawn_script(&trapping_behaviour, &(struct script){.body = receive_news});
    settle();
    assert_noted("1 2 troupe_ended: as planned [stopped] ");
}

static void
watch_and_look_away(struct troupe_self *self, struct script *script)
{
    const struct troupe_message *message;
    troupe_monitor_id monitor;
    struct number number;

    CHECK(troupe_monitor(self, script->other, NULL, 0, &monitor) == TROUPE_OK);
    CHECK(troupe_sleep(self, TROUPE_MS(20)) == TROUPE_OK);
    troupe_demonitor(self, &monitor); /* the news waits already */
    CHECK(troupe_receive(self, &message, TROUPE_MS(1)) == TROUPE_E_TIMED_OUT);
    CHECK(troupe_monitor(self, script->other, NULL, 0, &monitor) == TROUPE_OK);
    CHECK(troupe_receive_only(self, number, &number, TROUPE_MS(1)) ==
          TROUPE_E_TIMED_OUT);
    CHECK(troupe_receive(self, &message, TROUPE_MS(1)) == TROUPE_OK);
    note("%s", troupe_message_name_view(message));
}

static void
a_monitor_that_was_ended_is_not_received(void **state)
{
    (void)state;
    play_with(watch_and_look_away, play(fail_at_once));
    pass(TROUPE_MS(40));
    assert_noted("troupe_ended ");
}

/* Each waits for some messages, so that the ends of bodies and of turns fall
 * together now and then. */
static void
receive_some_and_fail(struct troupe_self *self, struct script *script)
{
    const struct troupe_message *message;

    for (int64_t i = 0; i <= script->value % 10; i++) {
        CHECK(troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK);
    }
    troupe_fail(self, (int)script->value, "planned");
}

enum { FAILURES_COUNT = 300 };

static void
spawn_to_fail(struct troupe_self *self, int code, troupe_pid *pid)
{
    struct script child = {.body = receive_some_and_fail, .value = code};

    CHECK(troupe_spawn_with(self, scripted,
              &TROUPE_SPAWN_OPTIONS(.state = &child, .link = true),
              pid) == TROUPE_OK);
    for (int i = 0; i < 12; i++) {
        CHECK(troupe_tell(self, *pid, number, .value = i) == TROUPE_OK);
    }
}

static void
see_them_fail(struct troupe_self *self, struct script *script)
{
    static troupe_pid pids[FAILURES_COUNT];
    struct troupe_ended ended;

    (void)script;
    for (int i = 0; i < FAILURES_COUNT; i++) {
        spawn_to_fail(self, i, &pids[i]);
    }
    for (int i = 0; i < FAILURES_COUNT; i++) {
        CHECK(troupe_receive_only(self, troupe_ended, &ended, TROUPE_FOREVER) ==
              TROUPE_OK);
        CHECK(ended.why.kind == TROUPE_EXIT_FAILED);
        CHECK(ended.actor == pids[ended.why.code]);
    }
    note("all");
}

static void
each_ends_for_its_own_reason_wherever_a_turn_ends(void **state)
{
    (void)state;
    spawn_script(&trapping_behaviour, &(struct script){.body = see_them_fail});
    pass(TROUPE_SECONDS(1));
    assert_noted("all [stopped] ");
    assert_int_equal(stacks_taken_count(), 0);
}

/* ---- supervision --------------------------------------------------------- */

static void
count_lives(struct troupe_self *self, struct script *script)
{
    const struct troupe_message *message;
    struct number number;
    int handled_count = 0;

    note("life");
    CHECK(script->value == 70);
    while (troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK) {
        if (number_in(message, &number)) {
            note("%d:%d", ++handled_count, (int)number.value);
            script->value = 0;
            if (number.value == 0) {
                fault_do(FAULT_PAGE);
            }
        }
    }
}

static const struct script living = {.body = count_lives, .value = 70};
static const struct troupe_child only_child[] = {
    TROUPE_CHILD(.name = "only", .behaviour = &scripted_behaviour,
        .state = &living, .stack_bytes = 2 * STACK_BYTES)};
static const struct troupe_supervisor tree =
    TROUPE_SUPERVISOR(TROUPE_CHILDREN(only_child));

static void
a_supervisor_starts_a_body_anew(void **state)
{
    troupe_pid child;

    (void)state;
    fault_put_handlers_back();
    TROUPE_CHECK(troupe_supervise(thread, &tree, NULL, &child));
    for (int i = 1; i >= -1; i--) {
        TROUPE_CHECK(troupe_tell(thread, child, number, .value = i));
    }
    settle();
    assert_noted("life 1:1 2:0 life 1:-1 ");
    assert_int_equal(stacks_taken_count(), 1);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(1), NULL));
    assert_int_equal(stacks_taken_count(), 0);
}

int
main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, scripts_set_up, scripts_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_process_asks_and_waits_in_line),
        TEST(an_ask_of_somebody_congested_is_answered),
        TEST(an_ask_that_fails_says_why),
        TEST(the_message_in_hand_stays_so_while_its_body_asks),
        TEST(what_is_asked_for_a_request_ends_no_later),
        TEST(an_ask_that_could_not_be_answered_is_refused_with_the_chain),
        TEST(to_ask_oneself_is_refused),
        TEST(who_tells_too_much_waits_inside_the_call),
        TEST(who_sends_one_by_one_waits_too),
        TEST(who_ends_while_it_waits_to_tell_loses_no_message_uncounted),
        TEST(two_that_flood_each_other_do_not_stand_still),
        TEST(wherever_it_waits_a_process_can_be_stopped),
        TEST(who_asked_is_told_when_the_body_ends_with_the_request),
        TEST(who_stops_itself_goes_on_to_its_next_wait),
        TEST(the_end_of_the_runtime_ends_processes_that_wait),
        TEST(who_fails_ends_at_its_next_wait),
        TEST(a_crash_ends_the_process_alone),
        TEST(who_overflows_its_stack_ends_and_says_so),
        TEST(the_same_of_a_stack_that_mprotect_guards),
        TEST(an_overflow_that_nothing_stops_is_found_at_the_next_wait),
        TEST(without_memory_for_a_stack_a_process_fails),
        TEST(a_friends_end_ends_a_process_wherever_it_waits),
        TEST(the_end_of_a_friend_is_received_after_what_it_sent),
        TEST(a_monitor_that_was_ended_is_not_received),
        TEST(each_ends_for_its_own_reason_wherever_a_turn_ends),
        TEST(a_supervisor_starts_a_body_anew),
    };

    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = 1), &runtime));
    fault_save_handlers();
    troupe_runtime_destroy(&runtime);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
