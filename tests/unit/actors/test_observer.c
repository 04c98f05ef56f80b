/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: an observer is told what happens, in the order that observe.h promises,
 * and being watched changes nothing. In simulations what is told is a list of
 * lines; on threads it is counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ck_pr.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/fault.h"
#include "troupe/troupe.h"

#define NUMBER(FIELD) FIELD(int64, value)
#define PEER_AND_NUMBER(FIELD) FIELD(pid, pid) FIELD(int64, value)
TROUPE_MESSAGE(ball, PEER_AND_NUMBER)
TROUPE_MESSAGE(get, NUMBER)
TROUPE_MESSAGE(got, NUMBER)
TROUPE_MESSAGE(ask_for, PEER_AND_NUMBER)
TROUPE_MESSAGE(flood, PEER_AND_NUMBER)
TROUPE_MESSAGE(watch, PEER_AND_NUMBER)
TROUPE_MESSAGE(wake_later, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(fail, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(crash, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(unknown, TROUPE_NO_FIELDS)

static const uint64_t long_ns = TROUPE_SECONDS(60);

/* ---- actors -------------------------------------------------------------- */

static void
on_ball(struct troupe_self *self, void *state, const struct ball *ball)
{
    (void)state;
    if (ball->value > 0) {
        (void)troupe_tell(self, ball->pid, ball, .pid = troupe_self_pid(self),
            .value = ball->value - 1);
    }
}

static void
on_get(struct troupe_self *self, void *state, const struct get *get)
{
    (void)state;
    if (get->value > 0) {
        (void)troupe_reply(self, got, .value = get->value + 1);
    }
}

static void
on_answer(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    (void)self, (void)state, (void)context, (void)answer;
}

static void
on_ask_for(struct troupe_self *self, void *state, const struct ask_for *order)
{
    (void)state;
    CHECK(troupe_ask_then(self, order->pid, long_ns, on_answer, 0, get,
              .value = order->value) == TROUPE_OK);
}

static void
on_flood(struct troupe_self *self, void *state, const struct flood *order)
{
    (void)state;
    for (int64_t i = 0; i < order->value; i++) {
        (void)troupe_tell(self, order->pid, ball, .value = 0);
    }
}

static void
on_down(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_down *down)
{
    (void)self, (void)state, (void)context, (void)down;
}

static void
on_watch(struct troupe_self *self, void *state, const struct watch *order)
{
    (void)state;
    CHECK(troupe_monitor(self, order->pid, on_down, 0, NULL) == TROUPE_OK);
}

static void
on_time(struct troupe_self *self, void *state, uint64_t context)
{
    (void)self, (void)state, (void)context;
}

static void
on_wake_later(
    struct troupe_self *self, void *state, const struct wake_later *order)
{
    (void)state, (void)order;
    CHECK(troupe_after(self, TROUPE_MS(1), on_time, 0, NULL) == TROUPE_OK);
}

static void
on_fail(struct troupe_self *self, void *state, const struct fail *order)
{
    (void)state, (void)order;
    troupe_fail(self, 3, "as told");
}

static void
on_crash(struct troupe_self *self, void *state, const struct crash *order)
{
    (void)self, (void)state, (void)order;
    fault_do(FAULT_PAGE);
}

TROUPE_BEHAVIOUR(player, 0, TROUPE_ON(ball, on_ball), TROUPE_ON(get, on_get),
    TROUPE_ON(ask_for, on_ask_for), TROUPE_ON(flood, on_flood),
    TROUPE_ON(watch, on_watch), TROUPE_ON(wake_later, on_wake_later),
    TROUPE_ON(fail, on_fail), TROUPE_ON(crash, on_crash));

/* ---- an observer that writes lines --------------------------------------- */

static struct {
    char text[64 * 1024];
    size_t length;
    bool is_brief; /* without sends and ends */
} seen;

static void __attribute__((format(printf, 1, 2))) see(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    seen.length += (size_t)vsnprintf(seen.text + seen.length,
        sizeof(seen.text) - seen.length, format, arguments);
    va_end(arguments);
    CHECK(seen.length < sizeof(seen.text));
}

/* Actors by their slots; a thread has the first one. */
static unsigned
slot(troupe_pid pid)
{
    return pid == TROUPE_NO_PID ? 99 : troupe_pid_slot(pid);
}

static void
see_message(const char *what, const struct troupe_observed_message *message)
{
    CHECK(message->time_ns > 0);
    see("%s %s %s %u>%u", what, troupe_observed_kind_name(message->kind),
        message->name, slot(message->sender), slot(message->receiver));
    if (message->request != 0) {
        see(" request");
    }
    if (message->err != TROUPE_OK) {
        see(" %s", troupe_err_name(message->err));
    }
}

static void
on_start(void *context, const struct troupe_observed_actor *actor)
{
    (void)context;
    see("start %s %u by %u\n", actor->behaviour, slot(actor->actor),
        slot(actor->by));
}

static void
on_stop(void *context, const struct troupe_observed_actor *actor,
    const struct troupe_exit *why)
{
    char text[120];

    (void)context;
    troupe_exit_print(text, sizeof(text), why);
    if (why->kind == TROUPE_EXIT_CRASHED) {
        *strstr(text, " at") = '\0';
    }
    see("stop %u %s\n", slot(actor->actor), text);
}

static void
on_send(void *context, const struct troupe_observed_message *message)
{
    (void)context;
    if (!seen.is_brief) {
        see_message("send", message);
        see("\n");
    }
}

static void
on_begin(void *context, const struct troupe_observed_message *message)
{
    (void)context;
    see_message("begin", message);
    see("\n");
}

static void
on_end(void *context, const struct troupe_observed_message *message)
{
    (void)context;
    CHECK(message->message == NULL);
    if (!seen.is_brief) {
        see("end %s %u\n", message->name, slot(message->receiver));
    }
}

static void
on_lose(void *context, const struct troupe_observed_message *message,
    enum troupe_dead_letter_cause cause)
{
    (void)context;
    see_message("lose", message);
    see(" %s\n", troupe_dead_letter_cause_name(cause));
}

static void
on_pause(void *context, const struct troupe_observed_actor *actor)
{
    (void)context;
    see("pause %u on %u\n", slot(actor->actor), slot(actor->on));
}

static void
on_resume(void *context, const struct troupe_observed_actor *actor)
{
    (void)context;
    see("resume %u\n", slot(actor->actor));
}

static const struct troupe_observer writing = TROUPE_OBSERVER(.start = on_start,
    .stop = on_stop, .send = on_send, .begin = on_begin, .end = on_end,
    .lose = on_lose, .pause = on_pause, .resume = on_resume);

/* ---- the stage ----------------------------------------------------------- */

static struct troupe_runtime *runtime;
static struct troupe_self *self;

static void
keep_quiet(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static void
begin_with(struct troupe_options options)
{
    memset(&seen, 0, sizeof(seen));
    options.log = keep_quiet;
    assert_int_equal(troupe_runtime_create(&options, &runtime), TROUPE_OK);
    fault_put_handlers_back();
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    self = troupe_thread_self(runtime);
}

static void
begin(const struct troupe_observer *observer)
{
    begin_with(
        TROUPE_OPTIONS(.simulate = true, .seed = 3, .observer = observer));
}

static troupe_pid
spawn(void)
{
    troupe_pid pid = TROUPE_NO_PID;

    assert_int_equal(troupe_spawn(self, player, &pid), TROUPE_OK);
    return pid;
}

static void
settle(void)
{
    troupe_runtime_wait(runtime); /* in a simulation: until nothing is left */
}

static void
finish(void)
{
    assert_int_equal(troupe_runtime_stop(runtime, long_ns, NULL), TROUPE_OK);
    troupe_runtime_destroy(&runtime);
}

/* All that has been seen since the last time. */
#define EXPECT(lines)                                                          \
    do {                                                                       \
        assert_string_equal(seen.text, lines);                                 \
        seen.length = 0;                                                       \
        seen.text[0] = '\0';                                                   \
    } while (0)

/* ---- what is told -------------------------------------------------------- */

static void
a_message_is_sent_begun_and_ended_in_this_order(void **state)
{
    troupe_pid one;
    troupe_pid two;

    (void)state;
    begin(&writing);
    one = spawn();
    settle();
    two = spawn();
    settle();
    EXPECT("start player 1 by 0\n"
           "start player 2 by 0\n");
    assert_int_equal(
        troupe_tell(self, one, ball, .pid = two, .value = 1), TROUPE_OK);
    settle();
    EXPECT("send tell ball 0>1\n"
           "begin tell ball 0>1\n"
           "send tell ball 1>2\n"
           "end ball 1\n"
           "begin tell ball 1>2\n"
           "end ball 2\n");
    finish();
    EXPECT("stop 1 was shut down\n"
           "stop 2 was shut down\n");
}

static void
requests_answers_and_timers_are_told_with_their_kind(void **state)
{
    troupe_pid one;
    troupe_pid two;

    (void)state;
    begin(&writing);
    one = spawn();
    two = spawn();
    settle();
    seen.length = 0;
    assert_int_equal(
        troupe_tell(self, one, ask_for, .pid = two, .value = 1), TROUPE_OK);
    settle();
    EXPECT("send tell ask_for 0>1\n"
           "begin tell ask_for 0>1\n"
           "send request get 1>2 request\n"
           "end ask_for 1\n"
           "begin request get 1>2 request\n"
           "send reply got 2>1 request\n"
           "end get 2\n"
           "begin reply got 2>1 request\n"
           "end got 1\n");
    /* One that is not answered: the request itself goes back. */
    assert_int_equal(
        troupe_tell(self, one, ask_for, .pid = two, .value = 0), TROUPE_OK);
    settle();
    EXPECT("send tell ask_for 0>1\n"
           "begin tell ask_for 0>1\n"
           "send request get 1>2 request\n"
           "end ask_for 1\n"
           "begin request get 1>2 request\n"
           "send reply get 2>1 request NO_REPLY\n"
           "end get 2\n"
           "begin reply get 2>1 request NO_REPLY\n"
           "end get 1\n");
    assert_int_equal(troupe_tell(self, one, wake_later), TROUPE_OK);
    settle();
    EXPECT("send tell wake_later 0>1\n"
           "begin tell wake_later 0>1\n"
           "end wake_later 1\n"
           "begin timer timer 99>1\n"
           "end timer 1\n");
    finish();
}

static void
ends_are_told_with_their_reason_and_the_news_of_them(void **state)
{
    troupe_pid one;
    troupe_pid two;

    (void)state;
    begin(&writing);
    seen.is_brief = true;
    one = spawn();
    two = spawn();
    assert_int_equal(troupe_tell(self, one, watch, .pid = two), TROUPE_OK);
    settle();
    seen.length = 0;
    assert_int_equal(troupe_tell(self, two, fail), TROUPE_OK);
    settle();
    EXPECT("begin tell fail 0>2\n"
           "lose tell fail 0>2 FAILED\n"
           "stop 2 failed with code 3: as told\n"
           "begin down down 2>1\n");
    assert_int_equal(troupe_tell(self, two, fail), TROUPE_OK);
    settle();
    EXPECT("lose tell fail 0>2 NO_SUCH_ACTOR\n");
    assert_int_equal(troupe_tell(self, one, unknown), TROUPE_OK);
    settle();
    EXPECT("begin tell unknown 0>1\n"
           "lose tell unknown 0>1 NO_HANDLER\n");
    finish();
}

static void
a_handler_that_crashes_has_no_end(void **state)
{
    troupe_pid one;

    (void)state;
    begin(&writing);
    one = spawn();
    settle();
    seen.length = 0;
    assert_int_equal(troupe_tell(self, one, crash), TROUPE_OK);
    settle();
    EXPECT("send tell crash 0>1\n"
           "begin tell crash 0>1\n"
           "lose tell crash 0>1 CRASHED\n"
           "stop 1 crashed: SIGSEGV\n");
    finish();
}

static void
a_pause_is_told_with_whose_mailbox_it_waits_for(void **state)
{
    troupe_pid one;
    troupe_pid two;

    (void)state;
    begin(&writing);
    one = spawn();
    two = spawn();
    settle();
    seen.length = 0;
    assert_int_equal(
        troupe_tell(self, one, flood, .pid = two, .value = 600), TROUPE_OK);
    settle();
    assert_non_null(strstr(seen.text, "end flood 1\npause 1 on 2\n"));
    assert_non_null(strstr(strstr(seen.text, "pause 1 on 2\n"), "resume 1\n"));
    finish();
}

static void
each_life_of_a_child_starts_and_stops(void **state)
{
    static const struct troupe_child child[] = {
        TROUPE_CHILD(.name = "one", .behaviour = &player_behaviour)};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(child));
    troupe_pid supervisor;
    troupe_pid one;

    (void)state;
    begin(&writing);
    seen.is_brief = true;
    assert_int_equal(
        troupe_supervise(self, &tree, &supervisor, &one), TROUPE_OK);
    settle();
    assert_non_null(strstr(seen.text, "start player"));
    seen.length = 0;
    assert_int_equal(troupe_tell(self, one, fail), TROUPE_OK);
    settle();
    assert_non_null(strstr(seen.text, "failed with code 3: as told\nstart"));
    seen.length = 0;
    finish();
    assert_non_null(strstr(seen.text, "was shut down\n"));
}

/* ---- what the address of a message says ---------------------------------- */

static const struct troupe_message *sent;
static char printed[64];

static void
note_sent(void *context, const struct troupe_observed_message *message)
{
    (void)context;
    sent = message->message;
}

static void
compare_begun(void *context, const struct troupe_observed_message *message)
{
    unsigned *same_count = context;

    *same_count += message->message == sent;
    troupe_message_print(printed, sizeof(printed), message->message);
}

static void
a_message_is_known_by_its_address_and_can_be_printed(void **state)
{
    unsigned same_count = 0;
    const struct troupe_observer comparing =
        TROUPE_OBSERVER(.context = &same_count, .send = note_sent,
            .begin = compare_begun);
    troupe_pid one;

    (void)state;
    begin(&comparing);
    one = spawn();
    settle();
    assert_int_equal(troupe_tell(self, one, ball, .value = -7), TROUPE_OK);
    settle();
    assert_int_equal(same_count, 1);
    assert_non_null(strstr(printed, "-7"));
    finish();
}

/* ---- more than one, and none --------------------------------------------- */

static void
all_of_a_list_are_told_and_what_is_null_is_not_called(void **state)
{
    unsigned count = 0;
    const struct troupe_observer last =
        TROUPE_OBSERVER(.context = &count, .begin = compare_begun);
    const struct troupe_observer first =
        TROUPE_OBSERVER(.next = &last, .send = note_sent);
    troupe_pid one;

    (void)state;
    begin(&first);
    one = spawn();
    assert_int_equal(troupe_tell(self, one, ball, .value = 0), TROUPE_OK);
    settle();
    assert_int_equal(count, 1);
    finish();
}

static void
an_observer_of_another_size_is_refused(void **state)
{
    struct troupe_observer wrong = troupe_observer_default();
    const struct troupe_observer first = TROUPE_OBSERVER(.next = &wrong);

    (void)state;
    wrong.size--;
    assert_int_equal(
        troupe_runtime_create(&TROUPE_OPTIONS(.observer = &first), &runtime),
        TROUPE_E_ABI_MISMATCH);
}

/* ---- being watched changes nothing --------------------------------------- */

/* Floods, asks, ends: what chains, pauses, answers and buries. */
static uint64_t
signature_of(uint64_t seed, const struct troupe_observer *observer)
{
    troupe_pid crowd[6];
    uint64_t signature;

    begin_with(
        TROUPE_OPTIONS(.simulate = true, .seed = seed, .observer = observer));
    for (unsigned i = 0; i < 6; i++) {
        crowd[i] = spawn();
    }
    for (unsigned i = 0; i < 6; i++) {
        (void)troupe_tell(self, crowd[i], watch, .pid = crowd[(i + 1) % 6]);
        (void)troupe_tell(self, crowd[i], flood, .pid = crowd[(i + 2) % 6],
            .value = 100 * (int64_t)i);
        (void)troupe_tell(
            self, crowd[i], ask_for, .pid = crowd[(i + 3) % 6], .value = i % 2);
        (void)troupe_tell(
            self, crowd[i], ball, .pid = crowd[(i + 1) % 6], .value = 20);
    }
    (void)troupe_tell(self, crowd[0], fail);
    settle();
    signature = troupe_runtime_order_signature(runtime);
    finish();
    return signature;
}

static void
count_only(void *context, const struct troupe_observed_message *message)
{
    (void)message;
    ++*(uint64_t *)context;
}

static void
the_order_of_a_simulation_is_the_same_with_an_observer(void **state)
{
    uint64_t count = 0;
    const struct troupe_observer counting = TROUPE_OBSERVER(.context = &count,
        .send = count_only, .begin = count_only, .end = count_only);

    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        assert_int_equal(
            signature_of(seed, NULL), signature_of(seed, &counting));
    }
    assert_true(count > 50 * 1000);
}

/* ---- on threads ---------------------------------------------------------- */

static struct {
    uint64_t sent;
    uint64_t begun;
    uint64_t ended;
    uint64_t lost;
    uint64_t parked;
    uint64_t unparked;
} counts; /* by any thread */

static bool
is_mail(const struct troupe_observed_message *message)
{
    return message->kind <= TROUPE_OBSERVED_REQUEST;
}

static void
count_send(void *context, const struct troupe_observed_message *message)
{
    (void)context;
    if (is_mail(message)) {
        ck_pr_inc_64(&counts.sent);
    }
}

static void
count_begin(void *context, const struct troupe_observed_message *message)
{
    (void)context;
    if (is_mail(message)) {
        ck_pr_inc_64(&counts.begun);
    }
}

static void
count_end(void *context, const struct troupe_observed_message *message)
{
    (void)context;
    if (is_mail(message)) {
        ck_pr_inc_64(&counts.ended);
    }
}

/* What has been begun, or was refused to its sender, is not counted. */
static void
count_lose(void *context, const struct troupe_observed_message *message,
    enum troupe_dead_letter_cause cause)
{
    (void)context;
    if (is_mail(message) && (cause == TROUPE_DEAD_LETTER_NO_SUCH_ACTOR ||
                                cause == TROUPE_DEAD_LETTER_RUNTIME_STOPPED)) {
        ck_pr_inc_64(&counts.lost);
    }
}

static void
count_park(void *context, const struct troupe_observed_worker *worker)
{
    (void)context;
    CHECK(worker->worker < 2);
    ck_pr_inc_64(&counts.parked);
}

static void
count_unpark(void *context, const struct troupe_observed_worker *worker)
{
    (void)context;
    CHECK(worker->worker < 2);
    ck_pr_inc_64(&counts.unparked);
}

static const struct troupe_observer counting_all =
    TROUPE_OBSERVER(.send = count_send, .begin = count_begin, .end = count_end,
        .lose = count_lose, .park = count_park, .unpark = count_unpark);

static void
on_threads_what_is_sent_is_begun_or_lost(void **state)
{
    enum { CROWD_COUNT = 50 };
    troupe_pid crowd[CROWD_COUNT];

    (void)state;
    memset(&counts, 0, sizeof(counts));
    begin_with(TROUPE_OPTIONS(.workers_count = 2, .observer = &counting_all));
    for (unsigned i = 0; i < CROWD_COUNT; i++) {
        crowd[i] = spawn();
    }
    for (unsigned i = 0; i < CROWD_COUNT; i++) {
        troupe_pid next = crowd[(i + 1) % CROWD_COUNT];

        (void)troupe_tell(self, crowd[i], ball, .pid = next, .value = 200);
        (void)troupe_tell(self, crowd[i], flood, .pid = next, .value = 300);
        (void)troupe_tell(self, crowd[i], ask_for, .pid = next, .value = 1);
        if (i % 10 == 0) {
            (void)troupe_tell(self, crowd[i], fail);
        }
    }
    finish();
    assert_true(counts.sent > CROWD_COUNT * 300);
    assert_true(counts.lost > 0);
    assert_int_equal(counts.sent, counts.begun + counts.lost);
    assert_int_equal(counts.begun, counts.ended);
}

enum { NUMBERED_COUNT = 20000 };

static uint32_t is_sent[NUMBERED_COUNT]; /* by any thread */

static uint32_t *
place_of(const struct troupe_observed_message *message)
{
    struct ball ball;
    size_t size;
    const uint8_t *payload =
        troupe_message_payload_view(message->message, &size);

    CHECK(ball_decode(payload, payload + size, &ball) == 0);
    return &is_sent[-ball.value];
}

static void
mark_sent(void *context, const struct troupe_observed_message *message)
{
    (void)context;
    ck_pr_store_32(place_of(message), 1);
}

static void
check_sent(void *context, const struct troupe_observed_message *message)
{
    (void)context;
    CHECK(ck_pr_load_32(place_of(message)) == 1);
}

static void
on_threads_the_send_is_told_before_the_begin(void **state)
{
    static const struct troupe_observer checking =
        TROUPE_OBSERVER(.send = mark_sent, .begin = check_sent);
    troupe_pid one;

    (void)state;
    begin_with(TROUPE_OPTIONS(.workers_count = 2, .observer = &checking));
    one = spawn();
    for (int64_t i = 0; i < NUMBERED_COUNT; i++) {
        assert_int_equal(troupe_tell(self, one, ball, .value = -i), TROUPE_OK);
    }
    finish();
}

static void
workers_that_sleep_are_told(void **state)
{
    struct got got;
    troupe_pid one;

    (void)state;
    memset(&counts, 0, sizeof(counts));
    begin_with(TROUPE_OPTIONS(.workers_count = 2, .observer = &counting_all));
    one = spawn();
    while (ck_pr_load_64(&counts.unparked) == 0) {
        assert_int_equal(
            troupe_ask(self, one, long_ns, got, &got, get, .value = 1),
            TROUPE_OK);
    }
    finish();
    assert_int_equal(counts.parked, counts.unparked);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_sent_begun_and_ended_in_this_order),
        cmocka_unit_test(requests_answers_and_timers_are_told_with_their_kind),
        cmocka_unit_test(ends_are_told_with_their_reason_and_the_news_of_them),
        cmocka_unit_test(a_handler_that_crashes_has_no_end),
        cmocka_unit_test(a_pause_is_told_with_whose_mailbox_it_waits_for),
        cmocka_unit_test(each_life_of_a_child_starts_and_stops),
        cmocka_unit_test(a_message_is_known_by_its_address_and_can_be_printed),
        cmocka_unit_test(all_of_a_list_are_told_and_what_is_null_is_not_called),
        cmocka_unit_test(an_observer_of_another_size_is_refused),
        cmocka_unit_test(
            the_order_of_a_simulation_is_the_same_with_an_observer),
        cmocka_unit_test(on_threads_what_is_sent_is_begun_or_lost),
        cmocka_unit_test(on_threads_the_send_is_told_before_the_begin),
        cmocka_unit_test(workers_that_sleep_are_told),
    };

    TROUPE_CHECK(troupe_runtime_create(NULL, &runtime));
    fault_save_handlers();
    troupe_runtime_destroy(&runtime);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
