/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a message that is handed on arrives once, as its sender has sent it and
 * with whoever waits for its answer; or it stays in hand, and the error says
 * why.
 *
 * Method: a clerk that does with a letter what it was set to do, and a desk
 * that writes down what arrives. Simulated where a moment matters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/support/check.h"
#include "tests/support/fault.h"
#include "tests/support/sanitized.h"
#include "troupe/troupe.h"

#define LETTER(FIELD) FIELD(uint64, number) FIELD(str, text)
#define TARGET(FIELD) FIELD(pid, to)
#define NUMBER(FIELD) FIELD(uint64, value)
TROUPE_MESSAGE(letter, LETTER)
TROUPE_MESSAGE(answer, NUMBER)
TROUPE_MESSAGE(send_many, TARGET)
TROUPE_MESSAGE(aim, TARGET)
TROUPE_MESSAGE(idle_letter, TROUPE_NO_FIELDS)

enum { MANY = 200, LARGE_BYTES = 9000 };

static const uint64_t long_ns = TROUPE_SECONDS(60);

static struct troupe_runtime *runtime;
static struct troupe_self *self;
static struct troupe_stop_report report;
static bool is_simulated;

/* What the desk has got. It is read when the runtime has stopped, or in a
 * simulation. */
static struct {
    uint64_t numbers[2 * MANY];
    unsigned count;
    troupe_pid sender;
    size_t length;
    const void *payload;
} desk_seen;

/* What the clerk has seen, in a simulation: on threads there are two. */
static struct {
    troupe_err errs[4];
    troupe_pid sender;
    const void *payload;
    unsigned count;
} clerk_seen;

static void
keep_quiet(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

/* ---- the desk ------------------------------------------------------------ */

static void
on_letter(struct troupe_self *own, void *state, const struct letter *letter)
{
    (void)state;
    CHECK(desk_seen.count < 2 * MANY);
    desk_seen.numbers[desk_seen.count++] = letter->number;
    desk_seen.sender = troupe_sender(own);
    desk_seen.length = letter->text.length;
    desk_seen.payload = letter->text.data;
    (void)troupe_reply(own, answer, .value = letter->number + 1);
}

TROUPE_BEHAVIOUR(desk, 0, TROUPE_ON(letter, on_letter));

/* A desk that never answers. */
struct shelf {
    struct troupe_request *kept;
};

static void
on_letter_keep(
    struct troupe_self *own, void *state, const struct letter *letter)
{
    struct shelf *shelf = state;

    (void)letter;
    CHECK(troupe_request_keep(own, &shelf->kept) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(
    shelf, sizeof(struct shelf), TROUPE_ON(letter, on_letter_keep));

/* ---- the clerk ----------------------------------------------------------- */

struct clerk {
    troupe_pid to;
    void (*work)(struct troupe_self *own, struct clerk *clerk,
        const struct letter *letter);
};

static void
on_letter_by_clerk(
    struct troupe_self *own, void *state, const struct letter *letter)
{
    struct clerk *clerk = state;

    if (is_simulated) {
        clerk_seen.count++;
        clerk_seen.sender = troupe_sender(own);
        clerk_seen.payload = letter->text.data;
    }
    clerk->work(own, clerk, letter);
}

static void
on_aim(struct troupe_self *own, void *state, const struct aim *aim)
{
    struct clerk *clerk = state;

    (void)own;
    clerk->to = aim->to;
}

TROUPE_BEHAVIOUR(clerk, sizeof(struct clerk),
    TROUPE_ON(letter, on_letter_by_clerk), TROUPE_ON(aim, on_aim));

static void
forward(
    struct troupe_self *own, struct clerk *clerk, const struct letter *letter)
{
    troupe_err err = troupe_forward(own, clerk->to);

    (void)letter;
    if (is_simulated) {
        clerk_seen.errs[0] = err;
    } else {
        CHECK(err == TROUPE_OK);
    }
}

static void
forward_and_look(
    struct troupe_self *own, struct clerk *clerk, const struct letter *letter)
{
    struct troupe_request *request = NULL;
    uint64_t number = letter->number;

    CHECK(troupe_forward(own, clerk->to) == TROUPE_OK);
    CHECK(letter->number == number);
    CHECK(troupe_sender(own) == TROUPE_NO_PID);
    CHECK(troupe_forward(own, clerk->to) == TROUPE_E_NO_MESSAGE);
    CHECK(troupe_reply(own, answer, .value = 1) == TROUPE_E_NO_REQUEST);
    CHECK(troupe_request_keep(own, &request) == TROUPE_E_NO_REQUEST);
    /* What it sends now comes after it. */
    CHECK(
        troupe_tell(own, clerk->to, letter, .number = number + 1) == TROUPE_OK);
}

static void
forward_and_fail(
    struct troupe_self *own, struct clerk *clerk, const struct letter *letter)
{
    (void)letter;
    CHECK(troupe_forward(own, clerk->to) == TROUPE_OK);
    troupe_fail(own, 1, "after it has forwarded");
}

static void
forward_and_crash(
    struct troupe_self *own, struct clerk *clerk, const struct letter *letter)
{
    (void)letter;
    CHECK(troupe_forward(own, clerk->to) == TROUPE_OK);
    fault_do(FAULT_INSTRUCTION);
}

static void
forward_in_vain_and_fail(
    struct troupe_self *own, struct clerk *clerk, const struct letter *letter)
{
    (void)clerk, (void)letter;
    CHECK(troupe_forward(own, TROUPE_NO_PID) == TROUPE_E_NO_SUCH_ACTOR);
    troupe_fail(own, 1, "what it could not forward");
}

static void
forward_in_vain_and_reply(
    struct troupe_self *own, struct clerk *clerk, const struct letter *letter)
{
    troupe_pid sender = troupe_sender(own);

    (void)clerk;
    clerk_seen.errs[0] = troupe_forward(own, TROUPE_NO_PID);
    clerk_seen.errs[1] = troupe_forward(own, sender); /* it is a thread */
    CHECK(troupe_sender(own) == sender);
    CHECK(letter->text.length == 3 && memcmp(letter->text.data, "abc", 3) == 0);
    CHECK(troupe_reply(own, answer, .value = 77) == TROUPE_OK);
}

/* The mailbox behind has room for one, and gets that first. */
static void
forward_both_ways(
    struct troupe_self *own, struct clerk *clerk, const struct letter *letter)
{
    clerk_seen.errs[0] =
        troupe_tell(own, clerk->to, letter, .number = letter->number);
    clerk_seen.errs[1] = troupe_forward(own, clerk->to);
}

static void
reply_and_forward(
    struct troupe_self *own, struct clerk *clerk, const struct letter *letter)
{
    (void)letter;
    CHECK(troupe_reply(own, answer, .value = 5) == TROUPE_OK);
    CHECK(troupe_forward(own, clerk->to) == TROUPE_OK);
}

static void
keep_and_forward(
    struct troupe_self *own, struct clerk *clerk, const struct letter *letter)
{
    struct troupe_request *request = NULL;

    (void)letter;
    CHECK(troupe_request_keep(own, &request) == TROUPE_OK);
    CHECK(troupe_forward(own, clerk->to) == TROUPE_E_NO_MESSAGE);
    clerk_seen.errs[0] = troupe_request_forward(own, &request, clerk->to);
    troupe_request_release(own, &request);
}

/* ---- setting up ---------------------------------------------------------- */

static void
begin(bool simulate)
{
    is_simulated = simulate;
    memset(&desk_seen, 0, sizeof(desk_seen));
    memset(&clerk_seen, 0, sizeof(clerk_seen));
    report = (struct troupe_stop_report)TROUPE_STOP_REPORT;
    assert_int_equal(
        troupe_runtime_create(&TROUPE_OPTIONS(.simulate = simulate, .seed = 5,
                                  .workers_count = 2, .log = keep_quiet),
            &runtime),
        TROUPE_OK);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    self = troupe_thread_self(runtime);
}

static void
finish(void)
{
    assert_int_equal(
        troupe_runtime_stop(runtime, TROUPE_SECONDS(60), &report), TROUPE_OK);
    assert_true(report.is_drained);
    troupe_runtime_destroy(&runtime);
}

static uint64_t
dead_letters(enum troupe_dead_letter_cause cause)
{
    return report.dead_letters_count[cause];
}

static uint64_t
all_dead_letters(void)
{
    uint64_t count = 0;

    for (int i = 0; i < TROUPE_DEAD_LETTER_CAUSES_COUNT; i++) {
        count += report.dead_letters_count[i];
    }
    return count;
}

static troupe_pid
spawn_desk(void)
{
    troupe_pid desk;

    assert_int_equal(troupe_spawn(self, desk, &desk), TROUPE_OK);
    return desk;
}

static troupe_pid
spawn_clerk(const struct clerk *clerk)
{
    troupe_pid pid;

    assert_int_equal(troupe_spawn_with(self, clerk,
                         &TROUPE_SPAWN_OPTIONS(.state = clerk), &pid),
        TROUPE_OK);
    return pid;
}

/* A clerk before a desk. */
static troupe_pid
spawn_both(void (*work)(
    struct troupe_self *own, struct clerk *clerk, const struct letter *letter))
{
    return spawn_clerk(&(struct clerk){spawn_desk(), work});
}

static uint64_t
ask(troupe_pid to, uint64_t number)
{
    struct answer answer = {0};

    assert_int_equal(troupe_ask(self, to, long_ns, answer, &answer, letter,
                         .number = number, .text = {"abc", 3}),
        TROUPE_OK);
    return answer.value;
}

static void
tell(troupe_pid to, uint64_t number)
{
    assert_int_equal(
        troupe_tell(self, to, letter, .number = number, .text = {"abc", 3}),
        TROUPE_OK);
}

/* Time passes, and everybody does what there is to do. */
static void
wait_for(uint64_t span_ns)
{
    struct answer answer;
    troupe_pid shelf;

    assert_int_equal(troupe_spawn(self, shelf, &shelf), TROUPE_OK);
    assert_int_equal(
        troupe_ask(self, shelf, span_ns, answer, &answer, letter, .number = 0),
        TROUPE_E_TIMED_OUT);
    assert_int_equal(troupe_stop(self, shelf), TROUPE_OK);
}

/* ---- what arrives -------------------------------------------------------- */

static void
on_send_many(
    struct troupe_self *own, void *state, const struct send_many *send_many)
{
    (void)state;
    for (uint64_t i = 0; i < MANY; i++) {
        CHECK(
            troupe_tell(own, send_many->to, letter, .number = i) == TROUPE_OK);
    }
}

TROUPE_BEHAVIOUR(author, 0, TROUPE_ON(send_many, on_send_many));

static void
tells_that_are_handed_on_keep_sender_and_order(bool simulate)
{
    troupe_pid author;
    troupe_pid clerk;

    begin(simulate);
    clerk = spawn_clerk(&(struct clerk){spawn_both(forward), forward});
    assert_int_equal(troupe_spawn(self, author, &author), TROUPE_OK);
    assert_int_equal(
        troupe_tell(self, author, send_many, .to = clerk), TROUPE_OK);
    finish();
    assert_int_equal(desk_seen.count, MANY);
    for (uint64_t i = 0; i < MANY; i++) {
        assert_int_equal(desk_seen.numbers[i], i);
    }
    assert_true(desk_seen.sender == author);
    assert_int_equal(all_dead_letters(), 0);
}

static void
tells_that_are_handed_on_keep_sender_and_order_in_a_simulation(void **state)
{
    (void)state;
    tells_that_are_handed_on_keep_sender_and_order(true);
}

static void
tells_that_are_handed_on_keep_sender_and_order_on_threads(void **state)
{
    (void)state;
    tells_that_are_handed_on_keep_sender_and_order(false);
}

/* Alone in the mailbox, which is handled where it lies, again and again. */
static void
one_at_a_time_is_handed_on_too(void **state)
{
    troupe_pid clerk;

    (void)state;
    begin(true);
    clerk = spawn_both(forward);
    for (uint64_t i = 0; i < 10; i++) {
        tell(clerk, i);
        wait_for(TROUPE_MS(1));
        assert_int_equal(desk_seen.count, i + 1);
        assert_int_equal(desk_seen.numbers[i], i);
    }
    assert_true(desk_seen.sender == troupe_self_pid(self));
    finish();
    assert_int_equal(
        report.messages_handled_count, 30); /* with what wait_for() tells */
}

static void
a_request_is_answered_to_who_asked(bool simulate)
{
    troupe_pid clerk;

    begin(simulate);
    clerk = spawn_clerk(&(struct clerk){spawn_both(forward), forward});
    for (uint64_t i = 0; i < 100; i++) {
        assert_int_equal(ask(clerk, i), i + 1);
    }
    finish();
    assert_int_equal(all_dead_letters(), 0);
}

static void
a_forwarded_request_is_answered_to_who_asked_in_a_simulation(void **state)
{
    (void)state;
    a_request_is_answered_to_who_asked(true);
}

static void
a_forwarded_request_is_answered_to_who_asked_on_threads(void **state)
{
    (void)state;
    a_request_is_answered_to_who_asked(false);
}

static void
a_forwarded_request_keeps_its_deadline(void **state)
{
    struct answer answer;
    troupe_pid shelf;
    uint64_t begin_ns;

    (void)state;
    begin(true);
    assert_int_equal(troupe_spawn(self, shelf, &shelf), TROUPE_OK);
    begin_ns = troupe_now_ns(self);
    assert_int_equal(
        troupe_ask(self, spawn_clerk(&(struct clerk){shelf, forward}),
            TROUPE_SECONDS(5), answer, &answer, letter, .number = 1),
        TROUPE_E_TIMED_OUT);
    assert_true(troupe_now_ns(self) - begin_ns >= TROUPE_SECONDS(5));
    assert_true(troupe_now_ns(self) - begin_ns < TROUPE_SECONDS(6));
    finish();
}

static void
a_forwarded_message_is_not_copied(void **state)
{
    static const char bytes[LARGE_BYTES];
    troupe_pid clerk;

    (void)state;
    begin(true);
    clerk = spawn_both(forward);
    assert_int_equal(
        troupe_tell(self, clerk, letter, .text = {bytes, LARGE_BYTES}),
        TROUPE_OK);
    wait_for(TROUPE_MS(1));
    assert_int_equal(desk_seen.length, LARGE_BYTES);
#if !IS_SANITIZED /* which moves what is sent, to see who touches it */
    assert_true(desk_seen.payload == clerk_seen.payload);
#endif
    finish();
}

static void
a_forwarded_message_is_in_hand_no_more(void **state)
{
    (void)state;
    begin(true);
    assert_int_equal(ask(spawn_both(forward_and_look), 3), 4);
    finish();
    assert_int_equal(desk_seen.count, 2);
    assert_int_equal(desk_seen.numbers[0], 3);
    assert_int_equal(desk_seen.numbers[1], 4);
}

static void
an_answered_request_goes_on_as_a_tell(void **state)
{
    (void)state;
    begin(true);
    assert_int_equal(ask(spawn_both(reply_and_forward), 3), 5);
    finish();
    assert_int_equal(desk_seen.count, 1);
    assert_int_equal(all_dead_letters(), 0);
}

/* Keeps a request until the desk has answered one of its own. */
struct agent {
    troupe_pid desk;
    struct troupe_request *kept;
};

static void
on_desk_answer(struct troupe_self *own, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct agent *agent = state;
    struct answer value;

    (void)context;
    CHECK(answer_from(answer, &value) == TROUPE_OK);
    CHECK(troupe_reply_to(own, &agent->kept, answer,
              .value = 10 * value.value) == TROUPE_OK);
}

static void
on_letter_by_agent(
    struct troupe_self *own, void *state, const struct letter *letter)
{
    struct agent *agent = state;

    CHECK(troupe_ask_then(own, agent->desk, long_ns, on_desk_answer, 0, letter,
              .number = letter->number) == TROUPE_OK);
    CHECK(troupe_request_keep(own, &agent->kept) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(
    agent, sizeof(struct agent), TROUPE_ON(letter, on_letter_by_agent));

static void
who_gets_a_forwarded_request_may_ask_for_it(void **state)
{
    struct agent told = {TROUPE_NO_PID, NULL};
    troupe_pid agent;

    (void)state;
    begin(true);
    told.desk = spawn_desk();
    assert_int_equal(troupe_spawn_with(self, agent,
                         &TROUPE_SPAWN_OPTIONS(.state = &told), &agent),
        TROUPE_OK);
    assert_int_equal(ask(spawn_clerk(&(struct clerk){agent, forward}), 3), 40);
    finish();
}

/* A desk that fails at the letter 0. */
static void
on_letter_fail(
    struct troupe_self *own, void *state, const struct letter *letter)
{
    if (letter->number == 0) {
        troupe_fail(own, 1, "by the letter 0");
    } else {
        on_letter(own, state, letter);
    }
}

TROUPE_BEHAVIOUR(weak_desk, 0, TROUPE_ON(letter, on_letter_fail));

/* The desk is down until the deadline is long past. */
static void
what_was_answered_and_forwarded_has_no_deadline(void **state)
{
    static const struct troupe_child children[] = {
        TROUPE_CHILD(.name = "desk", .behaviour = &weak_desk_behaviour)};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(.backoff_ns = TROUPE_SECONDS(4),
            TROUPE_CHILDREN(children));
    struct answer answer = {0};
    troupe_pid desk;

    (void)state;
    begin(true);
    assert_int_equal(troupe_supervise(self, &tree, NULL, &desk), TROUPE_OK);
    tell(desk, 0);
    wait_for(TROUPE_MS(1));
    assert_int_equal(
        troupe_ask(self, spawn_clerk(&(struct clerk){desk, reply_and_forward}),
            TROUPE_SECONDS(1), answer, &answer, letter, .number = 8),
        TROUPE_OK);
    wait_for(TROUPE_SECONDS(5));
    assert_int_equal(desk_seen.count, 1);
    assert_int_equal(desk_seen.numbers[0], 8);
    finish();
}

/* ---- what fails ---------------------------------------------------------- */

static void
what_was_forwarded_is_not_lost_with_who_fails(void **state)
{
    (void)state;
    begin(true);
    assert_int_equal(ask(spawn_both(forward_and_fail), 3), 4);
    tell(spawn_both(forward_and_fail), 5);
    finish();
    assert_int_equal(desk_seen.count, 2);
    assert_int_equal(all_dead_letters(), 0);
}

static void
what_was_forwarded_is_not_lost_with_who_crashes(void **state)
{
    (void)state;
    fault_put_handlers_back();
    begin(true);
    assert_int_equal(ask(spawn_both(forward_and_crash), 3), 4);
    tell(spawn_both(forward_and_crash), 5);
    finish();
    assert_int_equal(desk_seen.count, 2);
    assert_int_equal(all_dead_letters(), 0);
}

static void
what_could_not_be_forwarded_is_lost_with_who_fails(void **state)
{
    struct troupe_dead_letters_row row;
    troupe_pid clerk;

    (void)state;
    begin(true);
    clerk = spawn_both(forward_in_vain_and_fail);
    tell(clerk, 1);
    wait_for(TROUPE_MS(1));
    assert_int_equal(troupe_dead_letters_read(runtime, &row, 1), 1);
    assert_int_equal(row.cause, TROUPE_DEAD_LETTER_FAILED);
    assert_true(row.receiver == clerk);
    finish();
}

static void
what_cannot_be_forwarded_stays_in_hand(void **state)
{
    (void)state;
    begin(true);
    assert_int_equal(ask(spawn_both(forward_in_vain_and_reply), 1), 77);
    assert_int_equal(clerk_seen.errs[0], TROUPE_E_NO_SUCH_ACTOR);
    assert_int_equal(clerk_seen.errs[1], TROUPE_E_NO_HANDLER);
    finish();
    assert_int_equal(desk_seen.count, 0);
}

static void
what_a_full_mailbox_refuses_stays_in_hand(void **state)
{
    troupe_pid desk;
    troupe_pid clerk;

    (void)state;
    begin(true);
    assert_int_equal(
        troupe_spawn_with(self, desk,
            &TROUPE_SPAWN_OPTIONS(.mailbox = {.policy = TROUPE_MAILBOX_REJECT,
                                      .messages_high = 1}),
            &desk),
        TROUPE_OK);
    clerk = spawn_clerk(&(struct clerk){desk, forward_both_ways});
    tell(clerk, 1);
    wait_for(TROUPE_MS(1));
    assert_int_equal(clerk_seen.errs[0], TROUPE_OK);
    assert_int_equal(clerk_seen.errs[1], TROUPE_E_MAILBOX_FULL);
    finish();
    assert_int_equal(desk_seen.count, 1);
}

static void
what_is_forwarded_to_the_dead_is_a_dead_letter(void **state)
{
    struct answer answer;
    troupe_pid desk;
    troupe_pid clerk;

    (void)state;
    begin(true);
    desk = spawn_desk();
    clerk = spawn_clerk(&(struct clerk){desk, forward});
    assert_int_equal(troupe_stop(self, desk), TROUPE_OK);
    tell(clerk, 1);
    assert_int_equal(
        troupe_ask(self, clerk, long_ns, answer, &answer, letter, .number = 2),
        TROUPE_E_NO_SUCH_ACTOR);
    finish();
    assert_int_equal(dead_letters(TROUPE_DEAD_LETTER_NO_SUCH_ACTOR), 2);
}

static void
a_ring_ends_after_255_hops(troupe_pid first)
{
    struct answer answer;

    clerk_seen.count = 0;
    tell(first, 1);
    wait_for(TROUPE_SECONDS(1));
    assert_int_equal(clerk_seen.errs[0], TROUPE_E_TOO_MANY_HOPS);
    assert_int_equal(clerk_seen.count, 1 + TROUPE_HOPS_MAX);
    clerk_seen.count = 0;
    assert_int_equal(
        troupe_ask(self, first, long_ns, answer, &answer, letter, .number = 2),
        TROUPE_E_NO_REPLY);
    assert_int_equal(clerk_seen.errs[0], TROUPE_E_TOO_MANY_HOPS);
    assert_int_equal(clerk_seen.count, 1 + TROUPE_HOPS_MAX);
}

static void
a_message_in_a_ring_is_handed_on_255_times(void **state)
{
    troupe_pid other;
    troupe_pid one;

    (void)state;
    begin(true);
    other = spawn_clerk(&(struct clerk){TROUPE_NO_PID, forward});
    one = spawn_clerk(&(struct clerk){other, forward});
    assert_int_equal(troupe_tell(self, other, aim, .to = one), TROUPE_OK);
    a_ring_ends_after_255_hops(one);
    finish();
}

static void
who_forwards_to_itself_is_a_ring_too(void **state)
{
    troupe_pid one;

    (void)state;
    begin(true);
    one = spawn_clerk(&(struct clerk){TROUPE_NO_PID, forward});
    assert_int_equal(troupe_tell(self, one, aim, .to = one), TROUPE_OK);
    a_ring_ends_after_255_hops(one);
    finish();
}

static void
kept_requests_count_their_hops_too(void **state)
{
    struct answer answer;
    troupe_pid one;

    (void)state;
    begin(true);
    one = spawn_clerk(&(struct clerk){TROUPE_NO_PID, keep_and_forward});
    assert_int_equal(troupe_tell(self, one, aim, .to = one), TROUPE_OK);
    assert_int_equal(
        troupe_ask(self, one, long_ns, answer, &answer, letter, .number = 2),
        TROUPE_E_NO_REPLY);
    assert_int_equal(clerk_seen.errs[0], TROUPE_E_TOO_MANY_HOPS);
    assert_int_equal(clerk_seen.count, 1 + TROUPE_HOPS_MAX);
    finish();
}

/* ---- processes ----------------------------------------------------------- */

static void
forward_all(struct troupe_self *own, void *state)
{
    const troupe_pid *to = state;
    const struct troupe_message *message;

    while (troupe_receive(own, &message, TROUPE_FOREVER) == TROUPE_OK) {
        CHECK(troupe_forward(own, *to) == TROUPE_OK);
        CHECK(troupe_forward(own, *to) == TROUPE_E_NO_MESSAGE);
    }
}

TROUPE_PROCESS(forwarder, sizeof(troupe_pid), forward_all);

static void
a_process_forwards_too(void **state)
{
    troupe_pid desk;
    troupe_pid pid;

    (void)state;
    begin(true);
    desk = spawn_desk();
    assert_int_equal(troupe_spawn_with(self, forwarder,
                         &TROUPE_SPAWN_OPTIONS(.state = &desk), &pid),
        TROUPE_OK);
    for (uint64_t i = 0; i < 20; i++) {
        tell(pid, i);
        assert_int_equal(ask(pid, 100 + i), 101 + i);
    }
    finish();
    assert_int_equal(desk_seen.count, 40);
    assert_int_equal(all_dead_letters(), 0);
}

enum { FLOOD = 600 };

/* Congests the first, so that it is paused when it sends to the second. */
struct two {
    troupe_pid first;
    troupe_pid second;
};

static void
flood_and_forward(struct troupe_self *own, void *state)
{
    const struct two *two = state;
    const struct troupe_message *message;

    CHECK(troupe_receive(own, &message, TROUPE_FOREVER) == TROUPE_OK);
    for (int i = 0; i < FLOOD; i++) {
        (void)troupe_tell(own, two->first, idle_letter);
    }
    CHECK(troupe_forward(own, two->second) == TROUPE_OK); /* it waits */
}

TROUPE_PROCESS(flooder, sizeof(struct two), flood_and_forward);

/* Each letter is handled or a dead letter, once. */
static void
a_process_that_ends_while_it_forwards_loses_nothing(void **state)
{
    static const struct troupe_child children[] = {
        TROUPE_CHILD(.name = "desk", .behaviour = &weak_desk_behaviour)};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(.backoff_ns = TROUPE_SECONDS(8),
            TROUPE_CHILDREN(children));
    struct two two;
    troupe_pid pid;

    (void)state;
    begin(true);
    assert_int_equal(
        troupe_supervise(self, &tree, NULL, &two.first), TROUPE_OK);
    two.second = spawn_desk();
    tell(two.first, 0); /* it is down from here on */
    wait_for(TROUPE_MS(1));
    assert_int_equal(troupe_spawn_with(self, flooder,
                         &TROUPE_SPAWN_OPTIONS(.state = &two), &pid),
        TROUPE_OK);
    tell(pid, 1);
    wait_for(TROUPE_SECONDS(1));
    assert_int_equal(desk_seen.count, 0); /* it waits */
    assert_int_equal(troupe_kill(self, pid), TROUPE_OK);
    wait_for(TROUPE_SECONDS(1));
    finish();
    assert_int_equal(desk_seen.count, 0);
    assert_int_equal(dead_letters(TROUPE_DEAD_LETTER_FAILED), 1);
    assert_true(all_dead_letters() > 2);
}

/* ---- where there is nothing to forward ----------------------------------- */

static void
on_time(struct troupe_self *own, void *state, uint64_t context)
{
    (void)state, (void)context;
    clerk_seen.errs[1] = troupe_forward(own, troupe_self_pid(own));
}

static void
on_answer(struct troupe_self *own, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    (void)state, (void)context, (void)answer;
    clerk_seen.errs[2] = troupe_forward(own, troupe_self_pid(own));
}

static void
on_idle_start(struct troupe_self *own, void *state)
{
    const troupe_pid *desk = state;

    clerk_seen.errs[0] = troupe_forward(own, troupe_self_pid(own));
    CHECK(troupe_after(own, TROUPE_US(1), on_time, 0, NULL) == TROUPE_OK);
    CHECK(troupe_ask_then(own, *desk, long_ns, on_answer, 0, letter) ==
          TROUPE_OK);
}

TROUPE_BEHAVIOUR(idler, sizeof(troupe_pid), TROUPE_ON_START(on_idle_start));

static void
only_what_was_told_or_asked_is_forwarded(void **state)
{
    troupe_pid desk;
    troupe_pid idler;

    (void)state;
    begin(true);
    desk = spawn_desk();
    assert_int_equal(troupe_spawn_with(self, idler,
                         &TROUPE_SPAWN_OPTIONS(.state = &desk), &idler),
        TROUPE_OK);
    wait_for(TROUPE_MS(1));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(clerk_seen.errs[i], TROUPE_E_NO_MESSAGE);
    }
    assert_int_equal(troupe_forward(self, desk), TROUPE_E_WRONG_THREAD);
    finish();
    assert_int_equal(all_dead_letters(), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            tells_that_are_handed_on_keep_sender_and_order_in_a_simulation),
        cmocka_unit_test(
            tells_that_are_handed_on_keep_sender_and_order_on_threads),
        cmocka_unit_test(one_at_a_time_is_handed_on_too),
        cmocka_unit_test(
            a_forwarded_request_is_answered_to_who_asked_in_a_simulation),
        cmocka_unit_test(
            a_forwarded_request_is_answered_to_who_asked_on_threads),
        cmocka_unit_test(a_forwarded_request_keeps_its_deadline),
        cmocka_unit_test(a_forwarded_message_is_not_copied),
        cmocka_unit_test(a_forwarded_message_is_in_hand_no_more),
        cmocka_unit_test(an_answered_request_goes_on_as_a_tell),
        cmocka_unit_test(who_gets_a_forwarded_request_may_ask_for_it),
        cmocka_unit_test(what_was_answered_and_forwarded_has_no_deadline),
        cmocka_unit_test(what_was_forwarded_is_not_lost_with_who_fails),
        cmocka_unit_test(what_was_forwarded_is_not_lost_with_who_crashes),
        cmocka_unit_test(what_could_not_be_forwarded_is_lost_with_who_fails),
        cmocka_unit_test(what_cannot_be_forwarded_stays_in_hand),
        cmocka_unit_test(what_a_full_mailbox_refuses_stays_in_hand),
        cmocka_unit_test(what_is_forwarded_to_the_dead_is_a_dead_letter),
        cmocka_unit_test(a_message_in_a_ring_is_handed_on_255_times),
        cmocka_unit_test(who_forwards_to_itself_is_a_ring_too),
        cmocka_unit_test(kept_requests_count_their_hops_too),
        cmocka_unit_test(a_process_forwards_too),
        cmocka_unit_test(a_process_that_ends_while_it_forwards_loses_nothing),
        cmocka_unit_test(only_what_was_told_or_asked_is_forwarded),
    };
    struct troupe_runtime *first = NULL;

    /* cmocka puts its own signal handlers on (tests/support/fault.h). */
    for (int i = 0; i < FAULT_SIGNALS_COUNT; i++) {
        signal(fault_signals_of_all[i], SIG_DFL);
    }
    TROUPE_CHECK(troupe_runtime_create(NULL, &first));
    fault_save_handlers();
    troupe_runtime_destroy(&first);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
