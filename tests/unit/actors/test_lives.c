/* SPDX-License-Identifier: BSD-2-Clause */
/* How actors end, and who is told: exits, stop handlers, links, monitors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"
#include "troupe/troupe.h"

#define NUMBER(FIELD) FIELD(int64, value)
#define TARGET(FIELD) FIELD(pid, actor)
#define TEXT(FIELD) FIELD(str, text)
TROUPE_MESSAGE(stop_yourself, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(kill_yourself, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(fail, NUMBER)
TROUPE_MESSAGE(say, TEXT)
TROUPE_MESSAGE(tick, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(link_with, TARGET)
TROUPE_MESSAGE(unlink_from, TARGET)
TROUPE_MESSAGE(watch, TARGET)
TROUPE_MESSAGE(look_away, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(report_to, TARGET)

static const uint64_t long_ns = TROUPE_SECONDS(60);

/* ---- what has happened, in order ----------------------------------------- */

static struct {
    pthread_mutex_t mutex;
    char lines[32][120];
    unsigned count;
} noted = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void __attribute__((format(printf, 1, 2))) note(const char *format, ...)
{
    va_list arguments;

    pthread_mutex_lock(&noted.mutex);
    CHECK(noted.count < 32);
    va_start(arguments, format);
    vsnprintf(
        noted.lines[noted.count++], sizeof(noted.lines[0]), format, arguments);
    va_end(arguments);
    pthread_mutex_unlock(&noted.mutex);
}

static unsigned
noted_count(void)
{
    unsigned count;

    pthread_mutex_lock(&noted.mutex);
    count = noted.count;
    pthread_mutex_unlock(&noted.mutex);
    return count;
}

static void
expect(unsigned count, const char *const *lines)
{
    for (unsigned i = 0; i < count && i < noted.count; i++) {
        assert_string_equal(noted.lines[i], lines[i]);
    }
    assert_int_equal(noted.count, count);
}

#define EXPECT(...)                                                            \
    do {                                                                       \
        static const char *const lines[] = {__VA_ARGS__};                      \
        expect(sizeof(lines) / sizeof(lines[0]), lines);                       \
    } while (0)

/* ---- a subject: what it is told to do, it does ----------------------------
 */

struct subject {
    char name[8];
    troupe_monitor_id monitor;
    troupe_pid reports_to;
};

static void
note_exit(const char *name, const char *verb, const struct troupe_exit *why)
{
    char text[100];

    troupe_exit_print(text, sizeof(text), why);
    note("%s %s: %s", name, verb, text);
}

static void
on_stop_yourself(struct troupe_self *self, void *state,
    const struct stop_yourself *stop_yourself)
{
    (void)state, (void)stop_yourself;
    CHECK(troupe_stop(self, troupe_self_pid(self)) == TROUPE_OK);
    troupe_fail(self, 9, "too late"); /* the first reason counts */
}

static void
on_kill_yourself(struct troupe_self *self, void *state,
    const struct kill_yourself *kill_yourself)
{
    (void)state, (void)kill_yourself;
    CHECK(troupe_kill(self, troupe_self_pid(self)) == TROUPE_OK);
}

static void
on_fail(struct troupe_self *self, void *state, const struct fail *fail)
{
    const struct subject *subject = state;

    if (subject->reports_to != TROUPE_NO_PID) {
        (void)troupe_tell(
            self, subject->reports_to, say, .text = troupe_str_of("my last"));
    }
    troupe_fail(self, (int)fail->value, "%s has had enough", subject->name);
}

static void
on_say(struct troupe_self *self, void *state, const struct say *say)
{
    const struct subject *subject = state;

    (void)self;
    note("%s hears %.*s", subject->name, (int)say->text.length, say->text.data);
}

static void
on_tick(struct troupe_self *self, void *state, const struct tick *tick)
{
    (void)self, (void)state, (void)tick;
}

static void
on_link_with(
    struct troupe_self *self, void *state, const struct link_with *link_with)
{
    (void)state;
    CHECK(troupe_link(self, link_with->actor) == TROUPE_OK);
    CHECK(troupe_link(self, link_with->actor) == TROUPE_OK);
    CHECK(troupe_link(self, troupe_self_pid(self)) == TROUPE_OK);
}

static void
on_unlink_from(struct troupe_self *self, void *state,
    const struct unlink_from *unlink_from)
{
    (void)state;
    troupe_unlink(self, unlink_from->actor);
    troupe_unlink(self, unlink_from->actor);
}

static void
on_down(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_down *down)
{
    const struct subject *subject = state;

    CHECK(troupe_sender(self) == down->actor);
    CHECK(context == down->actor);
    note_exit(subject->name, "sees", down->why);
}

static void
on_watch(struct troupe_self *self, void *state, const struct watch *watch)
{
    struct subject *subject = state;

    CHECK(troupe_monitor(self, watch->actor, on_down, watch->actor,
              &subject->monitor) == TROUPE_OK);
    CHECK(subject->monitor != 0);
}

static void
on_look_away(
    struct troupe_self *self, void *state, const struct look_away *look_away)
{
    struct subject *subject = state;

    (void)look_away;
    troupe_demonitor(self, &subject->monitor);
    CHECK(subject->monitor == 0);
    troupe_demonitor(self, &subject->monitor);
}

static void
on_report_to(
    struct troupe_self *self, void *state, const struct report_to *report_to)
{
    struct subject *subject = state;

    (void)self;
    subject->reports_to = report_to->actor;
}

static void
on_stop(struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    const struct subject *subject = state;

    if (subject->reports_to != TROUPE_NO_PID) {
        (void)troupe_tell(
            self, subject->reports_to, say, .text = troupe_str_of("goodbye"));
    }
    note_exit(subject->name, "ends", why);
}

static void
on_exit_of_friend(struct troupe_self *self, void *state, troupe_pid actor,
    const struct troupe_exit *why)
{
    const struct subject *subject = state;

    CHECK(troupe_sender(self) == actor);
    note_exit(subject->name, "survives", why);
}

#define SUBJECT_LINES                                                          \
    TROUPE_ON(stop_yourself, on_stop_yourself),                                \
        TROUPE_ON(kill_yourself, on_kill_yourself), TROUPE_ON(fail, on_fail),  \
        TROUPE_ON(say, on_say), TROUPE_ON(tick, on_tick),                      \
        TROUPE_ON(link_with, on_link_with),                                    \
        TROUPE_ON(unlink_from, on_unlink_from), TROUPE_ON(watch, on_watch),    \
        TROUPE_ON(look_away, on_look_away),                                    \
        TROUPE_ON(report_to, on_report_to), TROUPE_ON_STOP(on_stop)

TROUPE_BEHAVIOUR(subject, sizeof(struct subject), SUBJECT_LINES);
TROUPE_BEHAVIOUR(trapper, sizeof(struct subject), SUBJECT_LINES,
    TROUPE_ON_EXIT(on_exit_of_friend));

/* ---- the stage ----------------------------------------------------------- */

static void
ignore_line(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static struct {
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    struct troupe_stop_report report;
} stage;

static void
begin(bool simulate)
{
    struct troupe_options options = TROUPE_OPTIONS(.workers_count = 2,
        .simulate = simulate, .seed = 7, .log = ignore_line);

    noted.count = 0;
    assert_int_equal(
        troupe_runtime_create(&options, &stage.runtime), TROUPE_OK);
    assert_int_equal(troupe_runtime_start(stage.runtime), TROUPE_OK);
    stage.self = troupe_thread_self(stage.runtime);
    assert_non_null(stage.self);
}

/* Lets everything come to rest, then counts what stop handlers note from there
 * on apart: they are of no interest here. */
static void
finish(void)
{
    stage.report = (struct troupe_stop_report)TROUPE_STOP_REPORT;
    assert_int_equal(
        troupe_runtime_stop(stage.runtime, long_ns, &stage.report), TROUPE_OK);
    troupe_runtime_destroy(&stage.runtime);
    while (noted.count > 0 &&
           strstr(noted.lines[noted.count - 1], "was shut down") != NULL) {
        noted.count--;
    }
}

static troupe_pid
spawn(struct troupe_behaviour *behaviour, const char *name)
{
    struct subject state = {"", 0, TROUPE_NO_PID};
    struct troupe_spawn_options options = TROUPE_SPAWN_OPTIONS(.state = &state);
    troupe_pid pid = TROUPE_NO_PID;

    snprintf(state.name, sizeof(state.name), "%s", name);
    assert_int_equal(
        troupe_spawn_behaviour(stage.self, behaviour, &options, &pid),
        TROUPE_OK);
    return pid;
}

#define TELL(actor, ...)                                                       \
    assert_int_equal(troupe_tell(stage.self, actor, __VA_ARGS__), TROUPE_OK)

/* Returns when the actor has handled all that it was told so far. */
static void
wait_for(troupe_pid actor)
{
    struct tick unread;

    assert_int_equal(
        troupe_ask(stage.self, actor, long_ns, tick, &unread, tick),
        TROUPE_E_NO_REPLY);
}

/* ---- exits --------------------------------------------------------------- */

static void
a_monitor_says_once_why_an_actor_ended(bool simulate)
{
    troupe_pid watcher;
    troupe_pid subjects[4];

    begin(simulate);
    watcher = spawn(&subject_behaviour, "w");
    for (int i = 0; i < 4; i++) {
        subjects[i] = spawn(&subject_behaviour, "s");
        TELL(watcher, watch, .actor = subjects[i]);
        wait_for(watcher);
        wait_for(subjects[i]);
        if (i == 0) {
            TELL(subjects[i], stop_yourself);
        } else if (i == 1) {
            TELL(subjects[i], kill_yourself);
        } else if (i == 2) {
            TELL(subjects[i], fail, .value = 3);
        } else {
            assert_int_equal(troupe_kill(stage.self, subjects[i]), TROUPE_OK);
        }
        while (troupe_runtime_actors_count(stage.runtime) > 1) {
            wait_for(watcher);
        }
        wait_for(watcher);
    }
    finish();
    EXPECT("s ends: stopped", "w sees: stopped", "w sees: was killed",
        "s ends: failed with code 3: s has had enough",
        "w sees: failed with code 3: s has had enough", "w sees: was killed");
}

static void
a_monitor_of_the_dead_fires_at_once(bool simulate)
{
    troupe_pid watcher;
    troupe_pid gone;

    begin(simulate);
    watcher = spawn(&subject_behaviour, "w");
    gone = spawn(&subject_behaviour, "s");
    TELL(gone, kill_yourself);
    while (troupe_runtime_actors_count(stage.runtime) > 1) {
        wait_for(watcher);
    }
    TELL(watcher, watch, .actor = gone);
    finish();
    EXPECT("w sees: had ended before");
}

static void
a_monitor_that_was_ended_does_not_fire(bool simulate)
{
    troupe_pid watcher;
    troupe_pid other;

    begin(simulate);
    watcher = spawn(&subject_behaviour, "w");
    other = spawn(&subject_behaviour, "s");
    TELL(watcher, watch, .actor = other);
    TELL(watcher, look_away);
    TELL(watcher, watch, .actor = other);
    wait_for(watcher);
    TELL(other, kill_yourself);
    finish();
    EXPECT("w sees: was killed");
}

static void
an_actor_may_be_watched_many_times_and_each_monitor_fires(bool simulate)
{
    troupe_pid watcher;
    troupe_pid other;

    begin(simulate);
    watcher = spawn(&subject_behaviour, "w");
    other = spawn(&subject_behaviour, "s");
    for (int i = 0; i < 20; i++) {
        TELL(watcher, watch, .actor = other);
    }
    wait_for(watcher);
    TELL(other, kill_yourself);
    finish();
    assert_int_equal(noted.count, 20);
}

static void
the_notice_comes_after_what_the_actor_sent_before(bool simulate)
{
    troupe_pid watcher;
    troupe_pid other;

    begin(simulate);
    watcher = spawn(&subject_behaviour, "w");
    other = spawn(&subject_behaviour, "s");
    TELL(watcher, watch, .actor = other);
    wait_for(watcher);
    TELL(other, report_to, .actor = watcher);
    TELL(other, fail, .value = 1);
    finish();
    if (strcmp(noted.lines[0], "w hears my last") == 0) {
        EXPECT("w hears my last",
            "s ends: failed with code 1: s has had enough", "w hears goodbye",
            "w sees: failed with code 1: s has had enough");
        return; /* the watcher was quicker than the stop handler */
    }
    EXPECT("s ends: failed with code 1: s has had enough", "w hears my last",
        "w hears goodbye", "w sees: failed with code 1: s has had enough");
}

static void
the_message_that_an_actor_failed_on_is_reported_and_answered(bool simulate)
{
    struct say unread;
    troupe_pid other;

    begin(simulate);
    other = spawn(&subject_behaviour, "s");
    assert_int_equal(
        troupe_ask(stage.self, other, long_ns, say, &unread, fail, .value = 5),
        TROUPE_E_ACTOR_FAILED);
    finish();
    assert_int_equal(
        stage.report.dead_letters_count[TROUPE_DEAD_LETTER_FAILED], 1);
}

static void
an_undecodable_message_ends_who_wants_it_so(bool simulate)
{
    static const uint8_t nonsense[] = {0x91, 0xa1, 'x'};
    struct subject state = {"s", 0, TROUPE_NO_PID};
    struct troupe_spawn_options options =
        TROUPE_SPAWN_OPTIONS(.state = &state, .ends_on_decode_error = true);
    struct troupe_message *message = NULL;
    troupe_pid tolerant;
    troupe_pid strict;

    begin(simulate);
    tolerant = spawn(&subject_behaviour, "t");
    assert_int_equal(
        troupe_spawn_with(stage.self, subject, &options, &strict), TROUPE_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(troupe_message_create(stage.self, "fail", nonsense,
                             sizeof(nonsense), &message),
            TROUPE_OK);
        assert_int_equal(
            troupe_send(stage.self, i == 0 ? tolerant : strict, &message),
            TROUPE_OK);
    }
    TELL(tolerant, say, .text = troupe_str_of("you live"));
    wait_for(tolerant);
    while (troupe_runtime_actors_count(stage.runtime) > 1) {
        wait_for(tolerant);
    }
    finish();
    assert_int_equal(noted.count, 2);
    assert_int_equal(
        stage.report.dead_letters_count[TROUPE_DEAD_LETTER_DECODE], 2);
    assert_true(strstr(noted.lines[0], "does not fit its schema: ") != NULL ||
                strstr(noted.lines[1], "does not fit its schema: ") != NULL);
}

static void
the_end_of_the_runtime_runs_stop_handlers(bool simulate)
{
    begin(simulate);
    (void)spawn(&subject_behaviour, "s");
    stage.report = (struct troupe_stop_report)TROUPE_STOP_REPORT;
    assert_int_equal(
        troupe_runtime_stop(stage.runtime, long_ns, &stage.report), TROUPE_OK);
    troupe_runtime_destroy(&stage.runtime);
    EXPECT("s ends: was shut down");
    assert_int_equal(stage.report.actors_alive_count, 1);
}

/* ---- links --------------------------------------------------------------- */

static void
linked_actors_fall_together_and_trappers_are_told(bool simulate)
{
    troupe_pid a;
    troupe_pid b;
    troupe_pid trapper;

    begin(simulate);
    trapper = spawn(&trapper_behaviour, "t");
    a = spawn(&subject_behaviour, "a");
    b = spawn(&subject_behaviour, "b");
    TELL(a, link_with, .actor = b);
    wait_for(a);
    wait_for(b);
    TELL(b, link_with, .actor = trapper);
    wait_for(b);
    wait_for(trapper);
    TELL(a, fail, .value = 2);
    finish();
    EXPECT("a ends: failed with code 2: a has had enough",
        "b ends: failed with code 2: a has had enough",
        "t survives: failed with code 2: a has had enough");
}

static void
a_normal_end_is_told_to_trappers_only(bool simulate)
{
    troupe_pid a;
    troupe_pid b;
    troupe_pid trapper;

    begin(simulate);
    trapper = spawn(&trapper_behaviour, "t");
    a = spawn(&subject_behaviour, "a");
    b = spawn(&subject_behaviour, "b");
    TELL(a, link_with, .actor = trapper);
    TELL(a, link_with, .actor = b);
    wait_for(a);
    wait_for(b);
    wait_for(trapper);
    TELL(a, stop_yourself);
    while (troupe_runtime_actors_count(stage.runtime) > 2) {
        wait_for(b);
    }
    while (noted_count() < 2) {
        wait_for(trapper);
    }
    wait_for(b);
    TELL(b, say, .text = troupe_str_of("still here"));
    finish();
    EXPECT("a ends: stopped", "t survives: stopped", "b hears still here");
}

static void
a_kill_spreads_but_only_the_killed_has_no_last_word(bool simulate)
{
    troupe_pid a;
    troupe_pid b;

    begin(simulate);
    a = spawn(&subject_behaviour, "a");
    b = spawn(&subject_behaviour, "b");
    TELL(a, link_with, .actor = b);
    wait_for(a);
    wait_for(b);
    TELL(a, kill_yourself);
    finish();
    EXPECT("b ends: was killed");
}

static void
a_link_that_is_undone_carries_nothing(bool simulate)
{
    troupe_pid a;
    troupe_pid b;

    begin(simulate);
    a = spawn(&subject_behaviour, "a");
    b = spawn(&subject_behaviour, "b");
    /* Both make one, so that there are two; either undoes them. */
    TELL(a, link_with, .actor = b);
    TELL(b, link_with, .actor = a);
    wait_for(a);
    wait_for(b);
    wait_for(a);
    TELL(a, unlink_from, .actor = b);
    wait_for(a);
    wait_for(b);
    TELL(a, kill_yourself);
    while (troupe_runtime_actors_count(stage.runtime) > 1) {
        wait_for(b);
    }
    TELL(b, say, .text = troupe_str_of("still here"));
    finish();
    EXPECT("b hears still here");
}

static void
a_link_made_by_both_is_told_once(bool simulate)
{
    troupe_pid a;
    troupe_pid trapper;

    begin(simulate);
    a = spawn(&subject_behaviour, "a");
    trapper = spawn(&trapper_behaviour, "t");
    TELL(a, link_with, .actor = trapper);
    TELL(trapper, link_with, .actor = a);
    wait_for(a);
    wait_for(trapper);
    wait_for(a);
    TELL(a, kill_yourself);
    finish();
    EXPECT("t survives: was killed");
}

static void
a_link_with_the_dead_is_answered_at_once(bool simulate)
{
    troupe_pid trapper;
    troupe_pid a;
    troupe_pid gone;

    begin(simulate);
    trapper = spawn(&trapper_behaviour, "t");
    a = spawn(&subject_behaviour, "a");
    gone = spawn(&subject_behaviour, "g");
    TELL(gone, kill_yourself);
    while (troupe_runtime_actors_count(stage.runtime) > 2) {
        wait_for(a);
    }
    TELL(trapper, link_with, .actor = gone);
    wait_for(trapper);
    while (noted_count() == 0) {
        wait_for(a);
    }
    TELL(a, link_with, .actor = gone);
    finish();
    EXPECT("t survives: had ended before", "a ends: had ended before");
}

/* Each notice finds its receiver gone, and takes its text with it. */
static void
linked_actors_that_fail_at_once_end_for_their_own_reasons(void **state)
{
    troupe_pid a;
    troupe_pid b;

    (void)state;
    begin(true);
    a = spawn(&subject_behaviour, "a");
    b = spawn(&subject_behaviour, "b");
    TELL(a, link_with, .actor = b);
    wait_for(a);
    wait_for(b);
    TELL(a, fail, .value = 1);
    TELL(b, fail, .value = 2);
    finish();
    assert_int_equal(noted.count, 2);
    assert_true(strstr(noted.lines[0], "code 1: a has") != NULL ||
                strstr(noted.lines[1], "code 1: a has") != NULL);
    assert_true(strstr(noted.lines[0], "code 2: b has") != NULL ||
                strstr(noted.lines[1], "code 2: b has") != NULL);
}

/* ---- links from birth -----------------------------------------------------
 */

static void
on_hopeless_start(struct troupe_self *self, void *state)
{
    (void)state;
    troupe_fail(self, 4, "never began");
}
TROUPE_BEHAVIOUR(hopeless, 0, TROUPE_ON_START(on_hopeless_start));

static void
on_parent_start(struct troupe_self *self, void *state)
{
    struct troupe_spawn_options options = TROUPE_SPAWN_OPTIONS(.link = true);
    troupe_pid child = TROUPE_NO_PID;

    (void)state;
    CHECK(troupe_spawn_with(self, hopeless, &options, &child) == TROUPE_OK);
}
TROUPE_BEHAVIOUR(parent, sizeof(struct subject),
    TROUPE_ON_START(on_parent_start), TROUPE_ON_EXIT(on_exit_of_friend));

static void
a_child_linked_from_birth_tells_the_true_reason(bool simulate)
{
    begin(simulate);
    (void)spawn(&parent_behaviour, "p");
    finish();
    EXPECT("p survives: failed with code 4: never began");
}

static void
what_is_for_handlers_is_refused_outside(void **state)
{
    struct troupe_spawn_options options = TROUPE_SPAWN_OPTIONS(.link = true);
    troupe_monitor_id monitor = 0;
    troupe_pid pid = TROUPE_NO_PID;

    (void)state;
    begin(true);
    assert_int_equal(troupe_link(stage.self, pid), TROUPE_E_WRONG_THREAD);
    assert_int_equal(troupe_monitor(stage.self, pid, on_down, 0, &monitor),
        TROUPE_E_WRONG_THREAD);
    assert_int_equal(troupe_spawn_with(stage.self, subject, &options, &pid),
        TROUPE_E_WRONG_THREAD);
    troupe_fail(stage.self, 1, "nothing to end");
    troupe_unlink(stage.self, pid);
    troupe_demonitor(stage.self, &monitor);
    finish();
}

/* ---- states ---------------------------------------------------------------
 */

#define LARGE(FIELD) FIELD(int64, first) FIELD(int64, last)
TROUPE_MESSAGE(ends_of, LARGE)
TROUPE_MESSAGE(get_ends, TROUPE_NO_FIELDS)

static void
on_get_small(
    struct troupe_self *self, void *state, const struct get_ends *get_ends)
{
    const int64_t *numbers = state;

    (void)get_ends;
    CHECK(troupe_reply(self, ends_of, .first = numbers[0],
              .last = numbers[1]) == TROUPE_OK);
}
TROUPE_BEHAVIOUR(small, 2 * sizeof(int64_t), TROUPE_ON(get_ends, on_get_small));

static void
on_get_large(
    struct troupe_self *self, void *state, const struct get_ends *get_ends)
{
    const int64_t *numbers = state;

    (void)get_ends;
    CHECK(troupe_reply(self, ends_of, .first = numbers[0],
              .last = numbers[99]) == TROUPE_OK);
}
TROUPE_BEHAVIOUR(
    large, 100 * sizeof(int64_t), TROUPE_ON(get_ends, on_get_large));

static void
a_state_begins_as_the_value_that_the_spawner_gave(bool simulate)
{
    int64_t numbers[100] = {[0] = 11, [1] = 22, [99] = 33};
    struct troupe_spawn_options options =
        TROUPE_SPAWN_OPTIONS(.state = numbers);
    struct ends_of ends;
    troupe_pid pid;

    begin(simulate);
    assert_int_equal(
        troupe_spawn_with(stage.self, small, &options, &pid), TROUPE_OK);
    assert_int_equal(
        troupe_ask(stage.self, pid, long_ns, ends_of, &ends, get_ends),
        TROUPE_OK);
    assert_int_equal(ends.first, 11);
    assert_int_equal(ends.last, 22);
    assert_int_equal(
        troupe_spawn_with(stage.self, large, &options, &pid), TROUPE_OK);
    assert_int_equal(
        troupe_ask(stage.self, pid, long_ns, ends_of, &ends, get_ends),
        TROUPE_OK);
    assert_int_equal(ends.first, 11);
    assert_int_equal(ends.last, 33);
    options.size = 1;
    assert_int_equal(troupe_spawn_with(stage.self, large, &options, &pid),
        TROUPE_E_ABI_MISMATCH);
    finish();
}

#define ON_BOTH(name)                                                          \
    static void name##_on_threads(void **state)                                \
    {                                                                          \
        (void)state;                                                           \
        name(false);                                                           \
    }                                                                          \
    static void name##_in_simulation(void **state)                             \
    {                                                                          \
        (void)state;                                                           \
        name(true);                                                            \
    }

#define TESTS(X)                                                               \
    X(a_monitor_says_once_why_an_actor_ended)                                  \
    X(a_monitor_of_the_dead_fires_at_once)                                     \
    X(a_monitor_that_was_ended_does_not_fire)                                  \
    X(an_actor_may_be_watched_many_times_and_each_monitor_fires)               \
    X(the_notice_comes_after_what_the_actor_sent_before)                       \
    X(the_message_that_an_actor_failed_on_is_reported_and_answered)            \
    X(an_undecodable_message_ends_who_wants_it_so)                             \
    X(the_end_of_the_runtime_runs_stop_handlers)                               \
    X(linked_actors_fall_together_and_trappers_are_told)                       \
    X(a_normal_end_is_told_to_trappers_only)                                   \
    X(a_kill_spreads_but_only_the_killed_has_no_last_word)                     \
    X(a_link_that_is_undone_carries_nothing)                                   \
    X(a_link_made_by_both_is_told_once)                                        \
    X(a_link_with_the_dead_is_answered_at_once)                                \
    X(a_child_linked_from_birth_tells_the_true_reason)                         \
    X(a_state_begins_as_the_value_that_the_spawner_gave)

TESTS(ON_BOTH)

int
main(void)
{
#define BOTH(name)                                                             \
    cmocka_unit_test(name##_on_threads), cmocka_unit_test(name##_in_simulation),
    const struct CMUnitTest tests[] = {
        TESTS(BOTH) cmocka_unit_test(
            linked_actors_that_fail_at_once_end_for_their_own_reasons),
        cmocka_unit_test(what_is_for_handlers_is_refused_outside),
    };
    return cmocka_run_group_tests_name("lives", tests, NULL, NULL);
}
