/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: what becomes of a message for which there is no room is what the policy
 * of its receiver's mailbox says, at the marks to the message; who asked is
 * answered; and what is dropped is a dead letter.
 *
 * Simulated, so that a receiver runs only when the test lets it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/support/check.h"
#include "troupe/troupe.h"

#define NUMBER(FIELD) FIELD(uint64, value)
#define PEER(FIELD) FIELD(pid, pid)
#define PEER_AND_NUMBER(FIELD) FIELD(pid, pid) FIELD(uint64, value)
#define BYTES(FIELD) FIELD(bin, bytes)
TROUPE_MESSAGE(item, NUMBER)
TROUPE_MESSAGE(parcel, BYTES)
TROUPE_MESSAGE(question, NUMBER)
TROUPE_MESSAGE(reply, NUMBER)
TROUPE_MESSAGE(echo, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(ask_often, PEER_AND_NUMBER)
TROUPE_MESSAGE(flood, PEER_AND_NUMBER)
TROUPE_MESSAGE(trickle, PEER)
TROUPE_MESSAGE(renew, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(tell_thread, TROUPE_NO_FIELDS)

enum { ITEMS_MAX = 16, ANSWERS_MAX = 16 };

static const uint64_t long_ns = TROUPE_SECONDS(60);

static struct troupe_runtime *runtime;
static struct troupe_self *self;
static struct troupe_stop_report report;
static troupe_pid echoing;

/* What collectors have got, each in its own row; in order. */
static struct row {
    uint64_t items[ITEMS_MAX];
    uint64_t count;
    troupe_pid sender;
} rows[3];
static troupe_err answers[ANSWERS_MAX];
static unsigned answers_count;

static void
keep_quiet(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

/* ---- actors -------------------------------------------------------------- */

static void
collect(struct troupe_self *own, struct row *row, uint64_t value)
{
    row->items[row->count % ITEMS_MAX] = value;
    row->count++;
    row->sender = troupe_sender(own);
}

static void
on_item(struct troupe_self *own, void *state, const struct item *item)
{
    struct row **row = state;

    collect(own, *row, item->value);
}

static void
on_parcel(struct troupe_self *own, void *state, const struct parcel *parcel)
{
    struct row **row = state;

    collect(own, *row, parcel->bytes.size);
}

static void
on_question(
    struct troupe_self *own, void *state, const struct question *question)
{
    struct row **row = state;

    collect(own, *row, question->value);
    CHECK(troupe_reply(own, reply, .value = (uint64_t)(*row - rows)) ==
          TROUPE_OK);
}

TROUPE_BEHAVIOUR(collector, sizeof(struct row *), TROUPE_ON(item, on_item),
    TROUPE_ON(parcel, on_parcel), TROUPE_ON(question, on_question));

static void
on_echo(struct troupe_self *own, void *state, const struct echo *echo)
{
    (void)state, (void)echo;
    CHECK(troupe_reply(own, reply, .value = 0) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(echoer, 0, TROUPE_ON(echo, on_echo));

static void
on_answer(struct troupe_self *own, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    (void)own, (void)state;
    answers[context] = troupe_answer_err(answer);
    answers_count++;
}

static void
on_ask_often(
    struct troupe_self *own, void *state, const struct ask_often *ask_often)
{
    (void)state;
    for (uint64_t i = 0; i < ask_often->value; i++) {
        CHECK(troupe_ask_then(own, ask_often->pid, long_ns, on_answer, i,
                  question, .value = i) == TROUPE_OK);
    }
}

static void
on_flood(struct troupe_self *own, void *state, const struct flood *flood)
{
    (void)state;
    for (uint64_t i = 0; i < flood->value; i++) {
        CHECK(troupe_tell(own, flood->pid, item, .value = i) == TROUPE_OK);
    }
}

/* Two items a handler, a hundred handlers. */
static void
on_trickle(struct troupe_self *own, void *state, const struct trickle *trickle)
{
    uint64_t *sent = state;

    for (int i = 0; i < 2; i++) {
        CHECK(troupe_tell(own, trickle->pid, item, .value = ++*sent) ==
              TROUPE_OK);
    }
    if (*sent < 200) {
        CHECK(troupe_tell(own, troupe_self_pid(own), trickle,
                  .pid = trickle->pid) == TROUPE_OK);
    }
}

TROUPE_BEHAVIOUR(sender, sizeof(uint64_t), TROUPE_ON(ask_often, on_ask_often),
    TROUPE_ON(flood, on_flood), TROUPE_ON(trickle, on_trickle));

/* ---- the world ----------------------------------------------------------- */

static void
begin_with(struct troupe_mailbox_options mailbox, uint64_t seed)
{
    report = (struct troupe_stop_report)TROUPE_STOP_REPORT;
    memset(rows, 0, sizeof(rows));
    memset(answers, 0, sizeof(answers));
    answers_count = 0;
    assert_int_equal(
        troupe_runtime_create(&TROUPE_OPTIONS(.simulate = true, .seed = seed,
                                  .log = keep_quiet, .mailbox = mailbox),
            &runtime),
        TROUPE_OK);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    self = troupe_thread_self(runtime);
    assert_int_equal(troupe_spawn(self, echoer, &echoing), TROUPE_OK);
}

static void
begin(void)
{
    begin_with((struct troupe_mailbox_options){0}, 1);
}

static void
finish(void)
{
    assert_int_equal(troupe_runtime_stop(runtime, long_ns, &report), TROUPE_OK);
    assert_true(report.is_drained);
    troupe_runtime_destroy(&runtime);
}

/* Lets everybody run until nothing waits. */
static void
settle_down(void)
{
    struct reply done;

    for (int i = 0; i < 200; i++) {
        assert_int_equal(
            troupe_ask(self, echoing, long_ns, reply, &done, echo), TROUPE_OK);
    }
}

static troupe_pid
spawn_collector(unsigned row, struct troupe_mailbox_options mailbox)
{
    struct row *state = &rows[row];
    troupe_pid pid = TROUPE_NO_PID;

    assert_int_equal(
        troupe_spawn_with(self, collector,
            &TROUPE_SPAWN_OPTIONS(.state = &state, .mailbox = mailbox), &pid),
        TROUPE_OK);
    return pid;
}

/* Tells 1, 2, 3 and so on, and returns how many were taken. */
static uint64_t
tell_items(troupe_pid to, uint64_t count)
{
    uint64_t taken = 0;

    for (uint64_t i = 1; i <= count; i++) {
        troupe_err err = troupe_tell(self, to, item, .value = i);

        assert_true(err == TROUPE_OK || err == TROUPE_E_MAILBOX_FULL);
        taken += err == TROUPE_OK;
    }
    return taken;
}

static void
assert_row_is(unsigned row, uint64_t first, uint64_t last)
{
    assert_int_equal(rows[row].count, last - first + 1);
    for (uint64_t i = first; i <= last; i++) {
        assert_int_equal(rows[row].items[i - first], i);
    }
}

#define MAILBOX(...) ((struct troupe_mailbox_options){__VA_ARGS__})

/* ---- policies ------------------------------------------------------------ */

static void
a_mailbox_that_rejects_refuses_at_the_high_mark(void **state)
{
    struct troupe_message *message = NULL;
    troupe_pid to;

    (void)state;
    begin();
    to = spawn_collector(
        0, MAILBOX(.policy = TROUPE_MAILBOX_REJECT, .messages_high = 3));
    assert_int_equal(tell_items(to, 5), 3);
    assert_int_equal(
        troupe_message_create(self, "nothing", "\xc0", 1, &message), TROUPE_OK);
    assert_int_equal(troupe_send(self, to, &message), TROUPE_E_MAILBOX_FULL);
    assert_non_null(strstr(troupe_err_detail(), "is full"));
    assert_non_null(message);
    troupe_message_release(self, &message);
    settle_down();
    assert_row_is(0, 1, 3);
    assert_int_equal(tell_items(to, 5), 3);
    finish();
    assert_int_equal(
        report.dead_letters_count[TROUPE_DEAD_LETTER_MAILBOX_FULL], 4);
}

static void
a_mailbox_counts_the_bytes_of_blocks(void **state)
{
    static uint8_t kilobyte[1000];
    troupe_pid to;

    (void)state;
    begin();
    to = spawn_collector(
        0, MAILBOX(.policy = TROUPE_MAILBOX_REJECT, .bytes_high = 4096));
    for (int i = 0; i < 6; i++) {
        assert_int_equal(
            troupe_tell(self, to, parcel,
                .bytes = {.data = kilobyte, .size = sizeof(kilobyte) - 100}),
            i < 4 ? TROUPE_OK : TROUPE_E_MAILBOX_FULL);
    }
    assert_int_equal(tell_items(to, 1), 0);
    finish();
    assert_int_equal(rows[0].count, 4);
}

static void
a_mailbox_that_drops_the_newest_takes_no_more_than_the_high_mark(void **state)
{
    struct reply unread;
    troupe_pid to;

    (void)state;
    begin();
    to = spawn_collector(
        0, MAILBOX(.policy = TROUPE_MAILBOX_DROP_NEWEST, .messages_high = 3));
    assert_int_equal(tell_items(to, 5), 5);
    assert_int_equal(
        troupe_ask(self, to, long_ns, reply, &unread, question, .value = 6),
        TROUPE_E_MAILBOX_FULL);
    settle_down();
    assert_row_is(0, 1, 3);
    finish();
    assert_int_equal(report.dead_letters_count[TROUPE_DEAD_LETTER_DROPPED], 3);
    assert_int_equal(
        report.dead_letters_count[TROUPE_DEAD_LETTER_MAILBOX_FULL], 0);
}

static void
a_mailbox_that_drops_the_oldest_keeps_the_latest(void **state)
{
    troupe_pid to;

    (void)state;
    begin();
    to = spawn_collector(
        0, MAILBOX(.policy = TROUPE_MAILBOX_DROP_OLDEST, .messages_high = 3));
    assert_int_equal(tell_items(to, 5), 5);
    settle_down();
    assert_row_is(0, 3, 5);
    finish();
    assert_int_equal(report.dead_letters_count[TROUPE_DEAD_LETTER_DROPPED], 2);
}

static void
a_mailbox_that_drops_the_oldest_refuses_above_the_hard_mark(void **state)
{
    troupe_pid to;

    (void)state;
    begin();
    to = spawn_collector(0, MAILBOX(.policy = TROUPE_MAILBOX_DROP_OLDEST,
                                .messages_high = 2, .messages_hard = 4));
    assert_int_equal(tell_items(to, 6), 4);
    settle_down();
    assert_row_is(0, 3, 4);
    finish();
    assert_int_equal(
        report.dead_letters_count[TROUPE_DEAD_LETTER_MAILBOX_FULL], 2);
}

/* Whoever is dropped: the first ones, or the last ones. */
static void
who_asked_is_answered(
    enum troupe_mailbox_policy policy, uint64_t full_from, uint64_t full_to)
{
    troupe_pid asker;
    troupe_pid to;

    begin();
    to = spawn_collector(0, MAILBOX(.policy = policy, .messages_high = 3));
    assert_int_equal(troupe_spawn(self, sender, &asker), TROUPE_OK);
    assert_int_equal(
        troupe_tell(self, asker, ask_often, .pid = to, .value = 8), TROUPE_OK);
    settle_down();
    assert_int_equal(answers_count, 8);
    for (uint64_t i = 0; i < 8; i++) {
        assert_int_equal(answers[i],
            i >= full_from && i < full_to ? TROUPE_E_MAILBOX_FULL : TROUPE_OK);
    }
    finish();
    assert_int_equal(report.dead_letters_count[TROUPE_DEAD_LETTER_DROPPED], 5);
}

static void
who_asked_is_answered_when_its_request_is_dropped(void **state)
{
    (void)state;
    who_asked_is_answered(TROUPE_MAILBOX_DROP_NEWEST, 3, 8);
    who_asked_is_answered(TROUPE_MAILBOX_DROP_OLDEST, 0, 5);
}

static void
a_mailbox_that_redirects_sends_on_what_it_has_no_room_for(void **state)
{
    struct reply answered = {0};
    troupe_pid other;
    troupe_pid to;

    (void)state;
    begin();
    other = spawn_collector(1, MAILBOX(0));
    to = spawn_collector(0, MAILBOX(.policy = TROUPE_MAILBOX_REDIRECT,
                                .messages_high = 2, .redirect_to = other));
    assert_int_equal(tell_items(to, 5), 5);
    assert_int_equal(
        troupe_ask(self, to, long_ns, reply, &answered, question, .value = 6),
        TROUPE_OK);
    assert_int_equal(answered.value, 1);
    settle_down();
    assert_row_is(0, 1, 2);
    assert_row_is(1, 3, 6);
    assert_int_equal(rows[1].sender, troupe_self_pid(self));
    finish();
    assert_int_equal(report.dead_letters_count[TROUPE_DEAD_LETTER_DROPPED], 0);
}

static void
a_message_is_redirected_once(void **state)
{
    troupe_pid third;
    troupe_pid second;
    troupe_pid first;

    (void)state;
    begin();
    third = spawn_collector(2, MAILBOX(0));
    second = spawn_collector(1, MAILBOX(.policy = TROUPE_MAILBOX_REDIRECT,
                                    .messages_high = 2, .redirect_to = third));
    first = spawn_collector(0, MAILBOX(.policy = TROUPE_MAILBOX_REDIRECT,
                                   .messages_high = 2, .redirect_to = second));
    assert_int_equal(tell_items(first, 6), 6);
    settle_down();
    assert_row_is(0, 1, 2);
    assert_row_is(1, 3, 4);
    assert_int_equal(rows[2].count, 0);
    finish();
    assert_int_equal(report.dead_letters_count[TROUPE_DEAD_LETTER_DROPPED], 2);
}

static void
a_message_redirected_to_the_dead_is_a_dead_letter(void **state)
{
    troupe_pid dead;
    troupe_pid to;

    (void)state;
    begin();
    dead = spawn_collector(1, MAILBOX(0));
    assert_int_equal(troupe_stop(self, dead), TROUPE_OK);
    settle_down();
    to = spawn_collector(0, MAILBOX(.policy = TROUPE_MAILBOX_REDIRECT,
                                .messages_high = 1, .redirect_to = dead));
    assert_int_equal(tell_items(to, 3), 3);
    finish();
    assert_row_is(0, 1, 1);
    assert_int_equal(
        report.dead_letters_count[TROUPE_DEAD_LETTER_NO_SUCH_ACTOR], 2);
}

/* More than the usual hard mark, and nothing pauses the sender. */
static void
an_unbounded_mailbox_takes_what_others_refuse(void **state)
{
    enum { MANY = (1 << 20) + 1000 };
    troupe_pid from;
    troupe_pid to;

    (void)state;
    begin();
    to = spawn_collector(0, MAILBOX(.policy = TROUPE_MAILBOX_UNBOUNDED));
    assert_int_equal(troupe_spawn(self, sender, &from), TROUPE_OK);
    assert_int_equal(
        troupe_tell(self, from, flood, .pid = to, .value = MANY), TROUPE_OK);
    finish();
    assert_int_equal(rows[0].count, MANY);
}

/* Its marks leave room for what one handler sends, and no more: a sender that
 * were not paused would be refused. */
static void
an_actor_with_low_marks_pauses_its_senders_there(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        troupe_pid from;
        troupe_pid to;

        begin_with(MAILBOX(0), seed);
        to = spawn_collector(0,
            MAILBOX(.messages_high = 2, .messages_low = 1, .messages_hard = 3));
        assert_int_equal(troupe_spawn(self, sender, &from), TROUPE_OK);
        assert_int_equal(
            troupe_tell(self, from, trickle, .pid = to), TROUPE_OK);
        finish();
        assert_int_equal(rows[0].count, 200);
    }
}

/* ---- the runtime's own --------------------------------------------------- */

static void
a_runtimes_mailbox_options_hold_for_actors_without_their_own(void **state)
{
    troupe_pid own;
    troupe_pid usual;

    (void)state;
    begin_with(MAILBOX(.policy = TROUPE_MAILBOX_REJECT, .messages_high = 4), 1);
    usual = spawn_collector(0, MAILBOX(0));
    own = spawn_collector(1, MAILBOX(.messages_high = 2));
    assert_int_equal(tell_items(usual, 9), 4);
    assert_int_equal(tell_items(own, 9), 2);
    finish();
    assert_row_is(0, 1, 4);
    assert_row_is(1, 1, 2);
}

static void
a_runtimes_marks_pause_senders_where_they_are(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        troupe_pid from;
        troupe_pid to;

        begin_with(
            MAILBOX(.messages_high = 2, .messages_low = 1, .messages_hard = 3),
            seed);
        to = spawn_collector(0, MAILBOX(0));
        assert_int_equal(troupe_spawn(self, sender, &from), TROUPE_OK);
        assert_int_equal(
            troupe_tell(self, from, trickle, .pid = to), TROUPE_OK);
        finish();
        assert_int_equal(rows[0].count, 200);
    }
}

/* ---- options that cannot be ---------------------------------------------- */

static void
assert_refused(
    struct troupe_mailbox_options mailbox, troupe_err err, const char *sentence)
{
    troupe_pid pid = TROUPE_NO_PID;

    assert_int_equal(troupe_spawn_with(self, collector,
                         &TROUPE_SPAWN_OPTIONS(.mailbox = mailbox), &pid),
        err);
    assert_non_null(strstr(troupe_err_detail(), sentence));
    assert_int_equal(pid, TROUPE_NO_PID);
}

static void
options_that_contradict_themselves_are_refused_with_a_sentence(void **state)
{
    const troupe_err bad = TROUPE_E_INVALID_ARGUMENT;
    uint64_t actors_count;

    (void)state;
    begin();
    actors_count = troupe_runtime_actors_count(runtime);
    assert_refused(MAILBOX(.messages_high = 10, .messages_low = 10), bad,
        "messages_low is 10 and messages_high 10; the low mark must be below");
    assert_refused(MAILBOX(.messages_low = 512), bad,
        "messages_low is 512 and messages_high 512");
    assert_refused(MAILBOX(.messages_high = 10, .messages_hard = 9), bad,
        "messages_high is 10 and messages_hard 9");
    assert_refused(MAILBOX(.bytes_high = 10, .bytes_low = 11), bad,
        "bytes_low is 11 and bytes_high 10");
    assert_refused(MAILBOX(.bytes_hard = 1000), bad,
        "bytes_high is 1048576 and bytes_hard 1000");
    assert_refused(MAILBOX(.messages_high = 8000001), bad,
        "messages_hard is 8000001; at most 8000000 can be counted");
    assert_refused(
        MAILBOX(.policy = TROUPE_MAILBOX_UNBOUNDED, .messages_hard = 1), bad,
        "UNBOUNDED and marks are given");
    assert_refused(
        MAILBOX(.policy = (enum troupe_mailbox_policy)7), bad, "no policy 7");
    assert_refused(
        MAILBOX(.redirect_to = echoing), bad, "the policy is not REDIRECT");
    assert_refused(MAILBOX(.policy = TROUPE_MAILBOX_REDIRECT), bad,
        "redirect_to names no actor");
    assert_refused(MAILBOX(.policy = TROUPE_MAILBOX_REDIRECT,
                       .redirect_to = troupe_self_pid(self)),
        bad, "a thread outside the runtime");
    assert_refused(MAILBOX(.policy = TROUPE_MAILBOX_REDIRECT,
                       .redirect_to = echoing + (UINT64_C(1) << 32)),
        TROUPE_E_NO_SUCH_ACTOR, "an actor that this runtime never made");
    assert_int_equal(troupe_runtime_actors_count(runtime), actors_count);
    finish();
}

static void
a_runtime_with_such_options_is_not_made(void **state)
{
    struct troupe_runtime *unmade = NULL;

    (void)state;
    assert_int_equal(
        troupe_runtime_create(
            &TROUPE_OPTIONS(.mailbox = {.messages_high = 1, .messages_low = 2}),
            &unmade),
        TROUPE_E_INVALID_ARGUMENT);
    assert_int_equal(
        troupe_runtime_create(
            &TROUPE_OPTIONS(.mailbox = {.policy = TROUPE_MAILBOX_REDIRECT}),
            &unmade),
        TROUPE_E_INVALID_ARGUMENT);
    assert_non_null(strstr(troupe_err_detail(), "there is no actor yet"));
    assert_null(unmade);
}

/* ---- slots that live again ----------------------------------------------- */

static troupe_pid children[4];
static unsigned children_count;

static uint64_t
tell_child(struct troupe_self *own, troupe_pid child, uint64_t count)
{
    uint64_t taken = 0;

    for (uint64_t i = 1; i <= count; i++) {
        taken += troupe_tell(own, child, item, .value = i) == TROUPE_OK;
    }
    return taken;
}

/* Each child gets the slot of the one before it. */
static void
on_renew(struct troupe_self *own, void *state, const struct renew *renew)
{
    static const uint64_t taken[] = {31, 3, 1, 20};
    const struct troupe_mailbox_options mailboxes[] = {
        {.policy = TROUPE_MAILBOX_DEFAULT},
        {.policy = TROUPE_MAILBOX_REJECT, .messages_high = 3},
        {.policy = TROUPE_MAILBOX_REJECT, .messages_high = 1},
        {.policy = TROUPE_MAILBOX_REDIRECT,
            .messages_high = 1,
            .redirect_to = troupe_self_pid(own)},
    };
    struct row *row = &rows[0];
    troupe_pid *child = &children[children_count];

    (void)state, (void)renew;
    CHECK(troupe_spawn_with(own, collector,
              &TROUPE_SPAWN_OPTIONS(.state = &row,
                  .mailbox = mailboxes[children_count]),
              child) == TROUPE_OK);
    CHECK(tell_child(own, *child, children_count == 0 ? 31 : 20) ==
          taken[children_count]);
    children_count++;
}

static void
on_stray_item(struct troupe_self *own, void *state, const struct item *item)
{
    collect(own, &rows[1], item->value);
    (void)state;
}

TROUPE_BEHAVIOUR(
    nursery, 0, TROUPE_ON(renew, on_renew), TROUPE_ON(item, on_stray_item));

static void
a_slot_that_lives_again_has_the_marks_of_its_new_life(void **state)
{
    troupe_pid parent;

    (void)state;
    begin();
    children_count = 0;
    assert_int_equal(troupe_spawn(self, nursery, &parent), TROUPE_OK);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(troupe_tell(self, parent, renew), TROUPE_OK);
        settle_down();
        assert_int_equal(
            troupe_pid_slot(children[i]), troupe_pid_slot(children[0]));
        assert_int_equal(
            troupe_tell(self, children[i], item, .value = 1), TROUPE_OK);
        assert_int_equal(troupe_stop(self, children[i]), TROUPE_OK);
        settle_down();
    }
    assert_int_equal(rows[1].count, 19);
    finish();
}

/* The dead child's slot has another life, which is full and would redirect. */
static void
mail_for_the_dead_is_not_redirected_by_the_next_life(void **state)
{
    troupe_pid parent;

    (void)state;
    begin();
    children_count = 2;
    assert_int_equal(troupe_spawn(self, nursery, &parent), TROUPE_OK);
    assert_int_equal(troupe_tell(self, parent, renew), TROUPE_OK);
    settle_down();
    assert_int_equal(troupe_stop(self, children[2]), TROUPE_OK);
    settle_down();
    assert_int_equal(troupe_tell(self, parent, renew), TROUPE_OK);
    settle_down();
    assert_int_equal(
        troupe_pid_slot(children[3]), troupe_pid_slot(children[2]));
    rows[1].count = 0;
    assert_int_equal(tell_items(children[3], 1), 1);
    assert_int_equal(tell_items(children[2], 7), 7);
    finish();
    assert_int_equal(rows[1].count, 0);
    assert_int_equal(
        report.dead_letters_count[TROUPE_DEAD_LETTER_NO_SUCH_ACTOR], 7);
}

/* ---- threads ------------------------------------------------------------- */

static troupe_pid thread_pid;

static void
on_tell_thread(
    struct troupe_self *own, void *state, const struct tell_thread *tell_thread)
{
    (void)state, (void)tell_thread;
    CHECK(
        troupe_tell(own, thread_pid, item, .value = 1) == TROUPE_E_NO_HANDLER);
    CHECK(troupe_reply(own, reply, .value = 1) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(teller, 0, TROUPE_ON(tell_thread, on_tell_thread));

static void
a_thread_takes_nothing_but_replies_from_actors_too(void **state)
{
    struct reply done;
    troupe_pid to;

    (void)state;
    begin();
    thread_pid = troupe_self_pid(self);
    assert_int_equal(troupe_spawn(self, teller, &to), TROUPE_OK);
    assert_int_equal(
        troupe_ask(self, to, long_ns, reply, &done, tell_thread), TROUPE_OK);
    finish();
    assert_int_equal(
        report.dead_letters_count[TROUPE_DEAD_LETTER_NO_HANDLER], 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mailbox_that_rejects_refuses_at_the_high_mark),
        cmocka_unit_test(a_mailbox_counts_the_bytes_of_blocks),
        cmocka_unit_test(
            a_mailbox_that_drops_the_newest_takes_no_more_than_the_high_mark),
        cmocka_unit_test(a_mailbox_that_drops_the_oldest_keeps_the_latest),
        cmocka_unit_test(
            a_mailbox_that_drops_the_oldest_refuses_above_the_hard_mark),
        cmocka_unit_test(who_asked_is_answered_when_its_request_is_dropped),
        cmocka_unit_test(
            a_mailbox_that_redirects_sends_on_what_it_has_no_room_for),
        cmocka_unit_test(a_message_is_redirected_once),
        cmocka_unit_test(a_message_redirected_to_the_dead_is_a_dead_letter),
        cmocka_unit_test(an_unbounded_mailbox_takes_what_others_refuse),
        cmocka_unit_test(an_actor_with_low_marks_pauses_its_senders_there),
        cmocka_unit_test(
            a_runtimes_mailbox_options_hold_for_actors_without_their_own),
        cmocka_unit_test(a_runtimes_marks_pause_senders_where_they_are),
        cmocka_unit_test(
            options_that_contradict_themselves_are_refused_with_a_sentence),
        cmocka_unit_test(a_runtime_with_such_options_is_not_made),
        cmocka_unit_test(a_slot_that_lives_again_has_the_marks_of_its_new_life),
        cmocka_unit_test(mail_for_the_dead_is_not_redirected_by_the_next_life),
        cmocka_unit_test(a_thread_takes_nothing_but_replies_from_actors_too),
    };
    return cmocka_run_group_tests_name("policies", tests, NULL, NULL);
}
