/* SPDX-License-Identifier: BSD-2-Clause */
/* Dead letters as people meet them: the table, the notices, the alarm. All but
 * the last is simulated, so that who runs when is the test's choice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/runtime.h"
#include "base/memory.h"
#include "tests/support/check.h"
#include "troupe/troupe.h"

#define NUMBER(FIELD) FIELD(uint64, value)
#define PEER(FIELD) FIELD(pid, pid)
#define WORD(FIELD) FIELD(str, text)
TROUPE_MESSAGE(item, NUMBER)
TROUPE_MESSAGE(word, WORD)
TROUPE_MESSAGE(write_to, PEER)
TROUPE_MESSAGE(subscribe_me, TROUPE_NO_FIELDS)

#define WORDS(FIELD)                                                           \
    FIELD(str, first) FIELD(str, second) FIELD(str, third) FIELD(str, fourth)
TROUPE_MESSAGE(words, WORDS)

enum { ROWS_MAX = 64, HIGH_MARK = 512 };

static const uint64_t long_ns = TROUPE_SECONDS(60);

static struct troupe_runtime *runtime;
static struct troupe_self *self;
static struct troupe_dead_letters_row rows[ROWS_MAX];
static char lines[4096];

static void
keep_lines(void *context, enum troupe_log_level level, const char *line)
{
    size_t length = strlen(lines);

    (void)context;
    if (level <= TROUPE_LOG_WARNING && length < sizeof(lines)) {
        snprintf(lines + length, sizeof(lines) - length, "%s\n", line);
    }
}

static void
begin_with(struct troupe_options options)
{
    lines[0] = '\0';
    options.simulate = true;
    options.seed = 3;
    options.log = keep_lines;
    assert_int_equal(troupe_runtime_create(&options, &runtime), TROUPE_OK);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    self = troupe_thread_self(runtime);
}

static void
begin(void)
{
    begin_with(troupe_options_default());
}

static void
finish(void)
{
    assert_int_equal(troupe_runtime_stop(runtime, long_ns, NULL), TROUPE_OK);
    troupe_runtime_destroy(&runtime);
}

/* ---- actors -------------------------------------------------------------- */

TROUPE_BEHAVIOUR(deaf, 0);

/* What a subscriber has been told; one at a time, the tests' own. */
static struct {
    uint64_t notices;
    uint64_t missed;
    uint64_t alarms;
    struct troupe_dead_letter last;
    char example[TROUPE_DEAD_LETTER_TEXT_BYTES];
    char message[64];
} told;

static void
on_dead_letter(struct troupe_self *own, void *state,
    const struct troupe_dead_letter *letter)
{
    (void)own, (void)state;
    told.notices++;
    told.missed += letter->missed;
    told.last = *letter;
    snprintf(told.example, sizeof(told.example), "%.*s",
        (int)letter->example.length, letter->example.data);
    snprintf(told.message, sizeof(told.message), "%.*s",
        (int)letter->message.length, letter->message.data);
}

static void
on_alarm(struct troupe_self *own, void *state,
    const struct troupe_dead_letters_alarm *alarm)
{
    (void)own, (void)state, (void)alarm;
    told.alarms++;
}

static void
on_subscribe_me(struct troupe_self *own, void *state,
    const struct subscribe_me *subscribe_me)
{
    (void)state, (void)subscribe_me;
    CHECK(
        troupe_dead_letters_subscribe(own, troupe_self_pid(own)) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(watcher, 0, TROUPE_ON(troupe_dead_letter, on_dead_letter),
    TROUPE_ON(troupe_dead_letters_alarm, on_alarm),
    TROUPE_ON(subscribe_me, on_subscribe_me));

/* Answers each notice by another dead letter. */
static void
on_dead_letter_make_another(struct troupe_self *own, void *state,
    const struct troupe_dead_letter *letter)
{
    on_dead_letter(own, state, letter);
    (void)troupe_tell(own, TROUPE_NO_PID, item, .value = letter->count);
}
TROUPE_BEHAVIOUR(
    echo, 0, TROUPE_ON(troupe_dead_letter, on_dead_letter_make_another));

static void
on_write_to(
    struct troupe_self *own, void *state, const struct write_to *write_to)
{
    (void)state;
    for (uint64_t i = 0; i < 3; i++) {
        CHECK(troupe_tell(own, write_to->pid, item, .value = i) == TROUPE_OK);
    }
}
TROUPE_BEHAVIOUR(writer, 0, TROUPE_ON(write_to, on_write_to));

static troupe_pid
subscriber(void)
{
    troupe_pid pid;

    memset(&told, 0, sizeof(told));
    assert_int_equal(troupe_spawn(self, watcher, &pid), TROUPE_OK);
    assert_int_equal(troupe_dead_letters_subscribe(self, pid), TROUPE_OK);
    return pid;
}

static troupe_pid
deaf_actor(void)
{
    troupe_pid pid;

    assert_int_equal(troupe_spawn(self, deaf, &pid), TROUPE_OK);
    return pid;
}

static void
tell_item(troupe_pid to, uint64_t value)
{
    assert_int_equal(troupe_tell(self, to, item, .value = value), TROUPE_OK);
}

static size_t
read_rows(void)
{
    size_t count = troupe_dead_letters_read(runtime, rows, ROWS_MAX);

    assert_true(count <= ROWS_MAX);
    return count;
}

/* ---- the table ----------------------------------------------------------- */

static void
the_table_counts_by_cause_message_and_receiver(void **state)
{
    troupe_pid first;
    troupe_pid second;

    (void)state;
    begin();
    first = deaf_actor();
    second = deaf_actor();
    assert_int_equal(read_rows(), 0);
    for (uint64_t i = 0; i < 5; i++) {
        tell_item(first, i);
    }
    tell_item(second, 7);
    tell_item(second, 8);
    assert_int_equal(
        troupe_tell(self, first, word, .text = troupe_str_of("hello")),
        TROUPE_OK);
    troupe_runtime_wait(runtime);

    assert_int_equal(read_rows(), 3);
    assert_int_equal(rows[0].cause, TROUPE_DEAD_LETTER_NO_HANDLER);
    assert_string_equal(rows[0].message, "item");
    assert_int_equal(rows[0].receiver, first);
    assert_int_equal(rows[0].sender, troupe_self_pid(self));
    assert_int_equal(rows[0].count, 5);
    assert_false(rows[0].has_many_receivers);
    assert_false(rows[0].has_many_messages);
    assert_string_equal(rows[0].example, "item{value: 4}");
    assert_int_equal(rows[1].receiver, second);
    assert_int_equal(rows[1].count, 2);
    assert_string_equal(rows[1].example, "item{value: 8}");
    assert_string_equal(rows[2].message, "word");
    assert_string_equal(rows[2].example, "word{text: \"hello\"}");

    /* No more than there is room for, and still how many there are. */
    rows[1].count = 99;
    assert_int_equal(troupe_dead_letters_read(runtime, rows, 1), 3);
    assert_int_equal(rows[1].count, 99);
    assert_int_equal(troupe_dead_letters_read(runtime, NULL, 0), 3);
    finish();
}

static void
receivers_after_the_seventh_share_a_row(void **state)
{
    troupe_pid last = TROUPE_NO_PID;

    (void)state;
    begin();
    for (uint64_t i = 0; i < 20; i++) {
        last = deaf_actor();
        tell_item(last, i);
        troupe_runtime_wait(runtime);
    }
    assert_int_equal(read_rows(), 8);
    assert_true(rows[0].has_many_receivers);
    assert_int_equal(rows[0].count, 13);
    assert_int_equal(rows[0].receiver, last);
    assert_string_equal(rows[0].example, "item{value: 19}");
    for (size_t i = 1; i < 8; i++) {
        assert_false(rows[i].has_many_receivers);
        assert_int_equal(rows[i].count, 1);
    }
    /* The log is still told by cause and message: the first and the tenth. */
    assert_non_null(strstr(lines, "(1 so far)"));
    assert_non_null(strstr(lines, "(10 so far)"));
    assert_null(strstr(strstr(lines, "(1 so far)") + 1, "(1 so far)"));
    finish();
}

static void
nobody_is_a_receiver_like_others(void **state)
{
    (void)state;
    begin();
    assert_int_equal(troupe_tell(self, TROUPE_NO_PID, item, .value = 1),
        TROUPE_E_NO_SUCH_ACTOR);
    assert_int_equal(read_rows(), 1);
    assert_int_equal(rows[0].receiver, TROUPE_NO_PID);
    assert_false(rows[0].has_many_receivers);
    finish();
}

static void
what_is_too_long_for_an_example_is_shortened_at_a_character(void **state)
{
    char text[400];
    troupe_pid pid;

    (void)state;
    begin();
    pid = deaf_actor();
    for (size_t i = 0; i + 2 < sizeof(text); i += 2) {
        memcpy(text + i, "\xc3\xa4", 3);
    }
    memcpy(text + 120, "", 1);
    assert_int_equal(
        troupe_tell(self, pid, word, .text = troupe_str_of(text)), TROUPE_OK);
    troupe_runtime_wait(runtime);
    assert_int_equal(read_rows(), 1);
    /* The printed form shortens text itself, after 64 bytes. */
    assert_non_null(strstr(rows[0].example, "... (120 bytes)}"));

    memcpy(text + 120, "\xc3", 1);
    assert_int_equal(
        troupe_tell(self, pid, word, .text = troupe_str_of(text)), TROUPE_OK);
    troupe_runtime_wait(runtime);
    (void)read_rows();
    assert_string_equal(rows[0].example, "word{text: <cut short>}");
    finish();
}

/* The example ends in dots, and each of its umlauts is whole. */
static void
assert_shortened(const char *example)
{
    size_t length = strlen(example);

    assert_true(length < TROUPE_DEAD_LETTER_TEXT_BYTES);
    assert_string_equal(example + length - 3, "...");
    for (size_t i = 0; i < length; i++) {
        assert_int_equal(example[i] == '\xc3', example[i + 1] == '\xa4');
    }
}

static void
a_text_that_is_too_long_ends_in_dots_and_is_still_text(void **state)
{
    char text[60];
    troupe_pid pid;

    (void)state;
    begin();
    pid = deaf_actor();
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = i % 2 == 0 ? '\xc3' : '\xa4';
    }
    /* The shift of one makes one of the two end amid a character. */
    for (uint32_t shift = 0; shift < 2; shift++) {
        struct troupe_str part = {text, 40};
        struct troupe_str first = {"xx", shift};

        assert_int_equal(troupe_tell(self, pid, words, .first = first,
                             .second = part, .third = part, .fourth = part),
            TROUPE_OK);
        troupe_runtime_wait(runtime);
        (void)read_rows();
        assert_shortened(rows[0].example);
    }
    finish();
}

static void
the_table_is_printed_with_the_highest_counts_first(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream;
    char *one;
    char *two;

    (void)state;
    begin();
    stream = open_memstream(&text, &size);
    troupe_dead_letters_print(stream, runtime);
    (void)troupe_tell(self, TROUPE_NO_PID, item, .value = 1);
    tell_item(deaf_actor(), 41);
    tell_item(deaf_actor(), 42);
    for (uint64_t i = 0; i < 12; i++) {
        (void)troupe_tell(self, TROUPE_NO_PID, item, .value = 100 + i);
    }
    troupe_runtime_wait(runtime);
    troupe_dead_letters_print(stream, runtime);
    fclose(stream);
    assert_non_null(strstr(text, "no dead letters\n"));
    one = strstr(text, "13  NO_SUCH_ACTOR");
    two = strstr(text, "1  NO_HANDLER");
    assert_true(one != NULL && two != NULL && one < two);
    assert_non_null(strstr(text, "item{value: 111} from <"));
    assert_non_null(strstr(text, "nobody"));
    free(text);
    finish();
}

/* ---- subscribing --------------------------------------------------------- */

static void
a_subscriber_is_told_of_each(void **state)
{
    troupe_pid pid;

    (void)state;
    begin();
    pid = deaf_actor();
    tell_item(pid, 1);
    troupe_runtime_wait(runtime);
    (void)subscriber();
    tell_item(pid, 2);
    tell_item(pid, 3);
    troupe_runtime_wait(runtime);
    assert_int_equal(told.notices, 2);
    assert_int_equal(told.last.cause, TROUPE_DEAD_LETTER_NO_HANDLER);
    assert_string_equal(told.message, "item");
    assert_string_equal(told.example, "item{value: 3}");
    assert_int_equal(told.last.receiver, pid);
    assert_int_equal(told.last.sender, troupe_self_pid(self));
    assert_int_equal(told.last.count, 3);
    assert_int_equal(told.last.missed, 0);
    finish();
}

static void
an_actor_subscribes_itself_once_and_is_unsubscribed(void **state)
{
    troupe_pid pid;

    (void)state;
    begin();
    pid = subscriber();
    assert_int_equal(troupe_tell(self, pid, subscribe_me), TROUPE_OK);
    troupe_runtime_wait(runtime);
    (void)troupe_tell(self, TROUPE_NO_PID, item, .value = 1);
    troupe_runtime_wait(runtime);
    assert_int_equal(told.notices, 1);
    troupe_dead_letters_unsubscribe(self, pid);
    troupe_dead_letters_unsubscribe(self, pid);
    (void)troupe_tell(self, TROUPE_NO_PID, item, .value = 2);
    troupe_runtime_wait(runtime);
    assert_int_equal(told.notices, 1);
    finish();
}

static void
who_cannot_subscribe_is_told_why(void **state)
{
    troupe_pid pids[TROUPE_DEAD_LETTERS_SUBSCRIBERS_MAX + 1];

    (void)state;
    begin();
    assert_int_equal(troupe_dead_letters_subscribe(self, TROUPE_NO_PID),
        TROUPE_E_NO_SUCH_ACTOR);
    assert_int_equal(troupe_dead_letters_subscribe(self, troupe_self_pid(self)),
        TROUPE_E_NO_HANDLER);
    assert_non_null(strstr(troupe_err_detail(), "thread outside"));
    for (int i = 0; i < TROUPE_DEAD_LETTERS_SUBSCRIBERS_MAX; i++) {
        pids[i] = subscriber();
    }
    pids[TROUPE_DEAD_LETTERS_SUBSCRIBERS_MAX] = deaf_actor();
    assert_int_equal(troupe_dead_letters_subscribe(
                         self, pids[TROUPE_DEAD_LETTERS_SUBSCRIBERS_MAX]),
        TROUPE_E_TOO_MANY_SUBSCRIBERS);
    assert_non_null(strstr(troupe_err_detail(), "unsubscribe one"));
    troupe_dead_letters_unsubscribe(self, pids[3]);
    assert_int_equal(troupe_dead_letters_subscribe(
                         self, pids[TROUPE_DEAD_LETTERS_SUBSCRIBERS_MAX]),
        TROUPE_OK);
    finish();
    assert_int_equal(
        troupe_dead_letters_subscribe(NULL, pids[0]), TROUPE_E_NOT_RUNNING);
}

/* A loop would never end: the simulation runs until nothing is left. */
static void
notices_do_not_feed_on_themselves(void **state)
{
    troupe_pid pids[3];

    (void)state;
    begin();
    memset(&told, 0, sizeof(told));
    assert_int_equal(troupe_spawn(self, echo, &pids[0]), TROUPE_OK);
    assert_int_equal(troupe_spawn(self, echo, &pids[1]), TROUPE_OK);
    pids[2] = deaf_actor();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(
            troupe_dead_letters_subscribe(self, pids[i]), TROUPE_OK);
    }
    (void)troupe_tell(self, TROUPE_NO_PID, item, .value = 1);
    troupe_runtime_wait(runtime);
    assert_int_equal(told.notices, 2);
    /* One item, one from each echo, and the notice that the deaf one got. */
    assert_int_equal(read_rows(), 2);
    assert_int_equal(rows[0].count, 3);
    assert_string_equal(rows[1].message, "troupe_dead_letter");
    assert_int_equal(rows[1].count, 1);
    finish();
}

static void
a_subscription_ends_with_its_actor(void **state)
{
    troupe_pid pid;

    (void)state;
    begin();
    pid = subscriber();
    assert_int_equal(troupe_stop(self, pid), TROUPE_OK);
    troupe_runtime_wait(runtime);
    for (uint64_t i = 0; i < 5; i++) {
        (void)troupe_tell(self, TROUPE_NO_PID, item, .value = i);
        troupe_runtime_wait(runtime);
    }
    assert_int_equal(told.notices, 0);
    assert_int_equal(read_rows(), 2);
    assert_string_equal(rows[1].message, "troupe_dead_letter");
    assert_int_equal(rows[1].count, 1);
    finish();
}

/* The subscriber cannot run while this thread tells, unless telling waits. */
static void
notices_neither_fill_a_mailbox_nor_pause_anybody(void **state)
{
    const uint64_t sent = 3 * HIGH_MARK;

    (void)state;
    begin();
    (void)subscriber();
    for (uint64_t i = 0; i < sent; i++) {
        (void)troupe_tell(self, TROUPE_NO_PID, item, .value = i);
    }
    assert_int_equal(told.notices, 0);
    troupe_runtime_wait(runtime);
    assert_int_equal(told.notices, HIGH_MARK);
    assert_int_equal(told.missed, 0);
    (void)troupe_tell(self, TROUPE_NO_PID, item, .value = sent);
    troupe_runtime_wait(runtime);
    assert_int_equal(told.notices, HIGH_MARK + 1);
    assert_int_equal(told.missed, sent - HIGH_MARK);
    assert_int_equal(told.last.count, sent + 1);
    finish();
}

static void
a_notice_leaves_the_senders_error_as_it_was(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < TROUPE_DEAD_LETTERS_SUBSCRIBERS_MAX; i++) {
        (void)subscriber();
    }
    (void)troupe_tell(self, TROUPE_NO_PID, item, .value = 1);
    assert_string_equal(troupe_err_detail(), "TROUPE_NO_PID names no actor");
    tp_memory_fail_every(true);
    /* Until there is no block left for a notice, or not even for the item. */
    for (uint64_t i = 0; i < HIGH_MARK; i++) {
        (void)troupe_tell(self, TROUPE_NO_PID, item, .value = i);
        assert_null(strstr(troupe_err_detail(), "troupe_dead_letter"));
    }
    tp_memory_fail_every(false);
    finish();
}

static void
a_subscriber_is_told_of_what_it_cannot_handle_itself(void **state)
{
    troupe_pid from;
    troupe_pid to;

    (void)state;
    begin();
    to = subscriber();
    assert_int_equal(troupe_spawn(self, writer, &from), TROUPE_OK);
    assert_int_equal(troupe_tell(self, from, write_to, .pid = to), TROUPE_OK);
    troupe_runtime_wait(runtime);
    assert_int_equal(told.notices, 3);
    assert_string_equal(told.example, "item{value: 2}");
    finish();
}

/* Messages and bytes that wait for pid. */
static uint64_t
held_by(troupe_pid pid)
{
    return ck_pr_load_64(
        &tp_registry_find(&runtime->registry, pid)->limit.held);
}

static void
what_a_stop_leaves_behind_is_told_to_nobody(void **state)
{
    troupe_pid pid;
    uint64_t held;

    (void)state;
    begin();
    pid = subscriber();
    for (uint64_t i = 0; i < 10; i++) {
        tell_item(pid, i);
    }
    assert_int_equal(troupe_runtime_stop(runtime, 0, NULL), TROUPE_OK);
    held = held_by(pid);
    (void)troupe_tell(self, pid, item, .value = 11);
    assert_int_equal(told.notices, 0);
    assert_int_equal(held_by(pid), held);
    assert_null(strstr(lines, "the runtime stopped first"));
    assert_int_equal(read_rows(), 2);
    assert_int_equal(rows[0].cause, TROUPE_DEAD_LETTER_RUNTIME_STOPPED);
    assert_int_equal(rows[0].count, 10);
    assert_int_equal(rows[1].cause, TROUPE_DEAD_LETTER_REFUSED);
    troupe_runtime_destroy(&runtime);
}

/* ---- the alarm ----------------------------------------------------------- */

static unsigned
alarm_lines(void)
{
    unsigned count = 0;

    for (char *at = lines; (at = strstr(at, "alarm: ")) != NULL; at++) {
        count++;
    }
    return count;
}

static void
an_alarm_is_raised_once_when_there_are_too_many(void **state)
{
    struct troupe_options options = troupe_options_default();

    (void)state;
    options.dead_letters_max = 5;
    begin_with(options);
    (void)subscriber();
    for (uint64_t i = 0; i < 5; i++) {
        (void)troupe_tell(self, TROUPE_NO_PID, item, .value = i);
    }
    assert_int_equal(alarm_lines(), 0);
    for (uint64_t i = 0; i < 100; i++) {
        (void)troupe_tell(self, TROUPE_NO_PID, item, .value = i);
    }
    assert_int_equal(alarm_lines(), 1);
    assert_non_null(
        strstr(lines, "alarm: more than 5 dead letters within 1 s; the last "
                      "was item to nobody from <"));
    troupe_runtime_wait(runtime);
    assert_int_equal(told.alarms, 1);
    finish();
}

static void
an_alarm_that_cannot_be_is_refused(void **state)
{
    struct troupe_options options = troupe_options_default();

    (void)state;
    options.dead_letters_max = 1000001;
    assert_int_equal(
        troupe_runtime_create(&options, &runtime), TROUPE_E_INVALID_ARGUMENT);
    assert_non_null(strstr(troupe_err_detail(), "dead_letters_max is 1000001"));
    options.dead_letters_max = 0;
    options.dead_letters_period_ns = 1;
    assert_int_equal(
        troupe_runtime_create(&options, &runtime), TROUPE_E_INVALID_ARGUMENT);
    assert_non_null(strstr(troupe_err_detail(), "say how many"));
    options.dead_letters_max = 1;
    options.dead_letters_period_ns = TROUPE_SECONDS(100000);
    assert_int_equal(
        troupe_runtime_create(&options, &runtime), TROUPE_E_INVALID_ARGUMENT);
    assert_non_null(strstr(troupe_err_detail(), "at most a day"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_counts_by_cause_message_and_receiver),
        cmocka_unit_test(receivers_after_the_seventh_share_a_row),
        cmocka_unit_test(nobody_is_a_receiver_like_others),
        cmocka_unit_test(
            what_is_too_long_for_an_example_is_shortened_at_a_character),
        cmocka_unit_test(
            a_text_that_is_too_long_ends_in_dots_and_is_still_text),
        cmocka_unit_test(the_table_is_printed_with_the_highest_counts_first),
        cmocka_unit_test(a_subscriber_is_told_of_each),
        cmocka_unit_test(an_actor_subscribes_itself_once_and_is_unsubscribed),
        cmocka_unit_test(who_cannot_subscribe_is_told_why),
        cmocka_unit_test(notices_do_not_feed_on_themselves),
        cmocka_unit_test(a_subscription_ends_with_its_actor),
        cmocka_unit_test(notices_neither_fill_a_mailbox_nor_pause_anybody),
        cmocka_unit_test(a_notice_leaves_the_senders_error_as_it_was),
        cmocka_unit_test(a_subscriber_is_told_of_what_it_cannot_handle_itself),
        cmocka_unit_test(what_a_stop_leaves_behind_is_told_to_nobody),
        cmocka_unit_test(an_alarm_is_raised_once_when_there_are_too_many),
        cmocka_unit_test(an_alarm_that_cannot_be_is_refused),
    };
    return cmocka_run_group_tests_name("dead letters", tests, NULL, NULL);
}
