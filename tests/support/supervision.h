/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * supervision: children that do what they are told, a stage for them, and notes
 * of what has happened, in order.
 *
 * For tests of supervisors; one of them at a time uses the stage.
 */
#ifndef TROUPE_TESTS_SUPPORT_SUPERVISION_H
#define TROUPE_TESTS_SUPPORT_SUPERVISION_H

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/fault.h"
#include "troupe/troupe.h"

#define FIELDS_NUMBER(FIELD) FIELD(int64, value)
#define FIELDS_TARGET(FIELD) FIELD(pid, actor)
#define FIELDS_TEXT(FIELD) FIELD(str, text)
TROUPE_MESSAGE(fail, FIELDS_NUMBER)
TROUPE_MESSAGE(crash, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(stop_yourself, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(say, FIELDS_TEXT)
TROUPE_MESSAGE(tick, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(watch, FIELDS_TARGET)
TROUPE_MESSAGE(link_with, FIELDS_TARGET)
TROUPE_MESSAGE(ask_friend, FIELDS_TARGET)
TROUPE_MESSAGE(set_timers_and_fail, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(keep, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(wait_for_gate, TROUPE_NO_FIELDS)

static const uint64_t long_ns = TROUPE_SECONDS(60);

/* ---- notes --------------------------------------------------------------- */

enum { NOTES_MAX = 64 };

static struct {
    pthread_mutex_t mutex;
    char lines[NOTES_MAX][160]; /* by the mutex */
    unsigned count;
} noted = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void __attribute__((format(printf, 1, 2), unused))
note(const char *format, ...)
{
    va_list arguments;

    pthread_mutex_lock(&noted.mutex);
    CHECK(noted.count < NOTES_MAX);
    va_start(arguments, format);
    vsnprintf(
        noted.lines[noted.count++], sizeof(noted.lines[0]), format, arguments);
    va_end(arguments);
    pthread_mutex_unlock(&noted.mutex);
}

static unsigned __attribute__((unused)) noted_times(const char *line)
{
    unsigned times = 0;

    pthread_mutex_lock(&noted.mutex);
    for (unsigned i = 0; i < noted.count; i++) {
        times += strcmp(noted.lines[i], line) == 0;
    }
    pthread_mutex_unlock(&noted.mutex);
    return times;
}

static void
forget_notes(void)
{
    pthread_mutex_lock(&noted.mutex);
    noted.count = 0;
    pthread_mutex_unlock(&noted.mutex);
}

/* Compares a copy: an assertion that fails must not keep the mutex. */
static void __attribute__((unused))
expect(unsigned count, const char *const *lines)
{
    static char seen[NOTES_MAX][sizeof(noted.lines[0])];
    unsigned seen_count;

    pthread_mutex_lock(&noted.mutex);
    memcpy(seen, noted.lines, sizeof(seen));
    seen_count = noted.count;
    noted.count = 0;
    pthread_mutex_unlock(&noted.mutex);
    for (unsigned i = 0; i < seen_count; i++) {
        if (i >= count || strcmp(seen[i], lines[i]) != 0) {
            print_error("note %u is: %s\n", i, seen[i]);
        }
    }
    for (unsigned i = 0; i < count && i < seen_count; i++) {
        assert_string_equal(seen[i], lines[i]);
    }
    assert_int_equal(seen_count, count);
}

/* What has been noted since the last EXPECT. */
#define EXPECT(...)                                                            \
    do {                                                                       \
        static const char *const lines_[] = {"", ##__VA_ARGS__};               \
        expect(sizeof(lines_) / sizeof(lines_[0]) - 1, lines_ + 1);            \
    } while (0)

/* ---- a child: what it is told to do, it does ------------------------------
 */

struct subject {
    char name[8];
    int64_t heard_count;
    struct troupe_request *kept;
    int64_t ballast[4]; /* so that the state is a block of its own */
};

static const struct subject subject_a = {.name = "a"};
static const struct subject subject_b = {.name = "b"};
static const struct subject subject_c = {.name = "c"};

static unsigned starts_that_fail; /* the next so many; atomic */

/* Where a handler may stand still, on threads. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_open;      /* by the mutex */
    int waiting_count; /* by the mutex */
} gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0};

static void __attribute__((unused)) set_gate(bool is_open)
{
    pthread_mutex_lock(&gate.mutex);
    gate.is_open = is_open;
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.mutex);
}

/* Returns when so many stand before the gate. */
static void __attribute__((unused)) wait_for_waiting(int count)
{
    pthread_mutex_lock(&gate.mutex);
    while (gate.waiting_count < count) {
        pthread_cond_wait(&gate.changed, &gate.mutex);
    }
    pthread_mutex_unlock(&gate.mutex);
}

static void
note_exit(const char *name, const char *verb, const struct troupe_exit *why)
{
    char text[120];

    troupe_exit_print(text, sizeof(text), why);
    if (why->kind == TROUPE_EXIT_CRASHED) {
        *strstr(text, " at") = '\0'; /* the address is another each time */
    }
    note("%s %s: %s", name, verb, text);
}

static void
on_start(struct troupe_self *self, void *state)
{
    const struct subject *subject = state;
    unsigned left = __atomic_load_n(&starts_that_fail, __ATOMIC_RELAXED);

    CHECK(subject->heard_count == 0 && subject->kept == NULL);
    note("%s starts", subject->name);
    if (left > 0) {
        __atomic_store_n(&starts_that_fail, left - 1, __ATOMIC_RELAXED);
        troupe_fail(self, 8, "no luck");
    }
}

static void
on_stop(struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    const struct subject *subject = state;

    (void)self;
    note_exit(subject->name, "ends", why);
}

static void
on_fail(struct troupe_self *self, void *state, const struct fail *order)
{
    (void)state;
    troupe_fail(self, (int)order->value, "as told");
}

static void
on_crash(struct troupe_self *self, void *state, const struct crash *order)
{
    (void)self, (void)state, (void)order;
    fault_do(FAULT_PAGE);
}

static void
on_stop_yourself(
    struct troupe_self *self, void *state, const struct stop_yourself *order)
{
    (void)state, (void)order;
    CHECK(troupe_stop(self, troupe_self_pid(self)) == TROUPE_OK);
}

static void
on_say(struct troupe_self *self, void *state, const struct say *say)
{
    struct subject *subject = state;

    (void)self;
    subject->heard_count++;
    note("%s hears %.*s (%d)", subject->name, (int)say->text.length,
        say->text.data, (int)subject->heard_count);
}

static void
on_tick(struct troupe_self *self, void *state, const struct tick *tick)
{
    (void)self, (void)state, (void)tick;
}

static void
on_down(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_down *down)
{
    const struct subject *subject = state;

    (void)self, (void)context;
    note_exit(subject->name, "sees", down->why);
}

static void
on_watch(struct troupe_self *self, void *state, const struct watch *watch)
{
    (void)state;
    CHECK(troupe_monitor(self, watch->actor, on_down, 0, NULL) == TROUPE_OK);
}

static void
on_link_with(
    struct troupe_self *self, void *state, const struct link_with *order)
{
    (void)state;
    CHECK(troupe_link(self, order->actor) == TROUPE_OK);
}

static void
on_answer(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    const struct subject *subject = state;

    (void)self, (void)context;
    note("%s is answered %s", subject->name,
        troupe_err_name(troupe_answer_err(answer)));
}

static void
on_ask_friend(
    struct troupe_self *self, void *state, const struct ask_friend *order)
{
    (void)state;
    CHECK(troupe_ask_then(self, order->actor, long_ns, on_answer, 0, keep) ==
          TROUPE_OK);
}

static void
on_time(struct troupe_self *self, void *state, uint64_t context)
{
    const struct subject *subject = state;

    (void)self, (void)context;
    note("%s has a timer that is due", subject->name);
}

static void
on_set_timers_and_fail(struct troupe_self *self, void *state,
    const struct set_timers_and_fail *order)
{
    (void)state, (void)order;
    CHECK(troupe_after(self, 0, on_time, 0, NULL) == TROUPE_OK);
    CHECK(troupe_after(self, TROUPE_MS(5), on_time, 0, NULL) == TROUPE_OK);
    CHECK(troupe_every(self, TROUPE_MS(2), on_time, 0, NULL) == TROUPE_OK);
    troupe_fail(self, 2, "with timers set");
}

static void
on_keep(struct troupe_self *self, void *state, const struct keep *keep)
{
    struct subject *subject = state;

    (void)keep;
    CHECK(troupe_request_keep(self, &subject->kept) == TROUPE_OK);
}

static void
on_wait_for_gate(
    struct troupe_self *self, void *state, const struct wait_for_gate *order)
{
    (void)self, (void)state, (void)order;
    pthread_mutex_lock(&gate.mutex);
    gate.waiting_count++;
    pthread_cond_broadcast(&gate.changed);
    while (!gate.is_open) {
        pthread_cond_wait(&gate.changed, &gate.mutex);
    }
    gate.waiting_count--;
    pthread_mutex_unlock(&gate.mutex);
}

TROUPE_BEHAVIOUR(subject, sizeof(struct subject), TROUPE_ON_START(on_start),
    TROUPE_ON_STOP(on_stop), TROUPE_ON(fail, on_fail),
    TROUPE_ON(crash, on_crash), TROUPE_ON(stop_yourself, on_stop_yourself),
    TROUPE_ON(say, on_say), TROUPE_ON(tick, on_tick),
    TROUPE_ON(watch, on_watch), TROUPE_ON(link_with, on_link_with),
    TROUPE_ON(ask_friend, on_ask_friend),
    TROUPE_ON(set_timers_and_fail, on_set_timers_and_fail),
    TROUPE_ON(keep, on_keep), TROUPE_ON(wait_for_gate, on_wait_for_gate));

/* subject_LETTER as a child. */
#define CHILD(letter, ...)                                                     \
    TROUPE_CHILD(.name = #letter, .behaviour = &subject_behaviour,             \
        .state = &subject_##letter, __VA_ARGS__)

TROUPE_BEHAVIOUR(idler, 0, TROUPE_ON(tick, on_tick));
TROUPE_BEHAVIOUR(keeper, sizeof(struct subject), TROUPE_ON(keep, on_keep));

/* ---- the stage ----------------------------------------------------------- */

static struct {
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    struct troupe_stop_report report;
    troupe_pid idle; /* is there, and does nothing */
} stage;

/* Errors and what supervisors decide. */
static void
note_line(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level;
    if (strncmp(line, "supervisor ", 11) == 0) {
        note("%s", strchr(line, '>') + 2);
    } else if (strncmp(line, "child ", 6) == 0 &&
               strstr(line, "crashed") == NULL) {
        note("%s", line);
    }
}

static void
begin_with(bool simulate, uint64_t seed)
{
    struct troupe_options options = TROUPE_OPTIONS(.workers_count = 2,
        .simulate = simulate, .seed = seed, .log = note_line);

    forget_notes();
    starts_that_fail = 0;
    gate.is_open = false;
    assert_int_equal(
        troupe_runtime_create(&options, &stage.runtime), TROUPE_OK);
    fault_put_handlers_back();
    assert_int_equal(troupe_runtime_start(stage.runtime), TROUPE_OK);
    stage.self = troupe_thread_self(stage.runtime);
    assert_non_null(stage.self);
    assert_int_equal(troupe_spawn(stage.self, idler, &stage.idle), TROUPE_OK);
}

static void __attribute__((unused)) begin(bool simulate)
{
    begin_with(simulate, 7);
}

static void __attribute__((unused)) finish(void)
{
    stage.report = (struct troupe_stop_report)TROUPE_STOP_REPORT;
    assert_int_equal(
        troupe_runtime_stop(stage.runtime, long_ns, &stage.report), TROUPE_OK);
    assert_true(stage.report.is_drained);
    troupe_runtime_destroy(&stage.runtime);
}

/* The same, when what children say at the end is of no interest. */
static void __attribute__((unused)) finish_unheard(void)
{
    finish();
    forget_notes();
}

#define TELL(actor, ...)                                                       \
    assert_int_equal(troupe_tell(stage.self, actor, __VA_ARGS__), TROUPE_OK)

/* Returns when the actor has handled all that it was told so far. */
static void __attribute__((unused)) wait_for(troupe_pid actor)
{
    struct tick unread;

    assert_int_equal(
        troupe_ask(stage.self, actor, long_ns, tick, &unread, tick),
        TROUPE_E_NO_REPLY);
}

/* Returns when no more than so many actors are left. */
static void __attribute__((unused)) wait_until_left(uint64_t count)
{
    while (troupe_runtime_actors_count(stage.runtime) > count + 1) {
        wait_for(stage.idle);
    }
}

static troupe_pid __attribute__((unused)) spawn(const char *name)
{
    struct subject state = {.name = ""};
    struct troupe_spawn_options options = TROUPE_SPAWN_OPTIONS(.state = &state);
    troupe_pid pid = TROUPE_NO_PID;

    snprintf(state.name, sizeof(state.name), "%s", name);
    assert_int_equal(
        troupe_spawn_with(stage.self, subject, &options, &pid), TROUPE_OK);
    wait_for(pid);
    forget_notes();
    return pid;
}

/* The index-th child; name and last_end are good until the next ask. */
static struct troupe_child_info __attribute__((unused))
get_child(troupe_pid supervisor, uint64_t index)
{
    struct troupe_child_info info;

    assert_int_equal(
        troupe_ask(stage.self, supervisor, long_ns, troupe_child_info, &info,
            troupe_get_child, .index = index),
        TROUPE_OK);
    return info;
}

/* The supervisor, and its children when all have started. */
static troupe_pid __attribute__((unused))
supervise(const struct troupe_supervisor *description, troupe_pid *children)
{
    troupe_pid pid = TROUPE_NO_PID;

    assert_int_equal(
        troupe_supervise(stage.self, description, &pid, children), TROUPE_OK);
    for (unsigned i = 0; i < description->children_count; i++) {
        wait_for(children[i]);
    }
    return pid;
}

/* Lets time pass, which in a simulation it does where nothing happens. */
static void __attribute__((unused)) sleep_ns(uint64_t span_ns)
{
    struct tick unread;
    troupe_pid pid;

    assert_int_equal(troupe_spawn(stage.self, keeper, &pid), TROUPE_OK);
    assert_int_equal(troupe_ask(stage.self, pid, span_ns, tick, &unread, keep),
        TROUPE_E_TIMED_OUT);
    assert_int_equal(troupe_kill(stage.self, pid), TROUPE_OK);
}

/* For main(): cmocka puts its own signal handlers on (fault.h). */
static void __attribute__((unused)) save_handlers(void)
{
    struct troupe_runtime *runtime = NULL;

    TROUPE_CHECK(troupe_runtime_create(NULL, &runtime));
    fault_save_handlers();
    troupe_runtime_destroy(&runtime);
}

/* Both back ends run each test of this kind. */
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
#define BOTH(name)                                                             \
    cmocka_unit_test(name##_on_threads), cmocka_unit_test(name##_in_simulation),

#endif
