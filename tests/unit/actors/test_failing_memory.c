/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a program that runs out of memory anywhere is told so, loses no message
 * that was taken, and leaves nothing behind.
 *
 * Method: a small program, and then one of supervisors, is run with its first
 * request for memory failing, then its second, and so on past its last one.
 * Simulated, so that each run asks in the same order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "tests/support/check.h"
#include "troupe/troupe.h"

enum { REQUESTS_COUNT_MAX = 500, LARGE_BYTES = 9000 };

#define NUMBER(FIELD) FIELD(int64, value)
#define BLOB(FIELD) FIELD(bin, bytes)
#define PEER(FIELD) FIELD(pid, to)
TROUPE_MESSAGE(add, NUMBER)
TROUPE_MESSAGE(blob, BLOB)
TROUPE_MESSAGE(get, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(sum, NUMBER)
TROUPE_MESSAGE(ask_on, PEER)
TROUPE_MESSAGE(bind, PEER)
TROUPE_MESSAGE(fall, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(fail, TROUPE_NO_FIELDS)

struct counter {
    int64_t sum;
    char rest[LARGE_BYTES];
};

static int64_t accepted; /* what the counter was told, and had to get */
static int64_t counted;
static int timers_set_count;
static int timers_run_count;
static int monitors_made_count;
static int monitors_run_count;
static int links_made_count; /* with who falls, by who is told of it */
static int links_told_count;
static bool was_told_to_fall;

static void
on_add(struct troupe_self *self, void *state, const struct add *add)
{
    struct counter *counter = state;

    (void)self;
    counter->sum += add->value;
    counted += add->value;
}

static void
on_blob(struct troupe_self *self, void *state, const struct blob *blob)
{
    (void)self, (void)state;
    CHECK(blob->bytes.size == LARGE_BYTES);
    counted += 1;
}

static void
on_get(struct troupe_self *self, void *state, const struct get *get)
{
    struct counter *counter = state;

    (void)get;
    (void)troupe_reply(self, sum, .value = counter->sum);
}

static void
on_fail(struct troupe_self *self, void *state, const struct fail *fail)
{
    (void)state, (void)fail;
    troupe_fail(self, 1, "as told");
}

TROUPE_BEHAVIOUR(counter, sizeof(struct counter), TROUPE_ON(add, on_add),
    TROUPE_ON(blob, on_blob), TROUPE_ON(get, on_get), TROUPE_ON(fail, on_fail));

static void
on_answer(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    (void)self, (void)state, (void)context, (void)answer;
}

static void
on_time(struct troupe_self *self, void *state, uint64_t context)
{
    (void)self, (void)state;
    timers_run_count++;
    CHECK(context == 5);
}

/* A timer that was set needs no memory, whichever way it ends. */
static void
set_timers(struct troupe_self *self)
{
    troupe_timer timer;

    for (int i = 0; i < 3; i++) {
        if (troupe_after(self, TROUPE_MS(i), on_time, 5, NULL) == TROUPE_OK) {
            timers_set_count++;
        }
        if (troupe_every(self, TROUPE_MS(1), on_time, 6, &timer) == TROUPE_OK) {
            CHECK(troupe_timer_cancel(self, &timer));
        }
        if (troupe_every(self, TROUPE_SECONDS(3600), on_time, 7, NULL) !=
            TROUPE_OK) {
            return;
        }
    }
}

static void
on_ask_on(struct troupe_self *self, void *state, const struct ask_on *ask_on)
{
    (void)state;
    set_timers(self);
    (void)troupe_ask_then(
        self, ask_on->to, TROUPE_SECONDS(1), on_answer, 0, get);
}

TROUPE_BEHAVIOUR(asker, 0, TROUPE_ON(ask_on, on_ask_on));

/* ---- links and monitors: an end that others wait for needs no memory ------
 */

static void
on_fall(struct troupe_self *self, void *state, const struct fall *fall)
{
    (void)state, (void)fall;
    troupe_fail(self, 3, "there is %s", "no memory");
}

TROUPE_BEHAVIOUR(faller, 0, TROUPE_ON(fall, on_fall));

static void
check_reason(const struct troupe_exit *why)
{
    CHECK(why->kind == TROUPE_EXIT_FAILED && why->code == 3);
    CHECK(why->text[0] == '\0' || why->text[0] == 't'); /* if there is room */
}

static void
on_down(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_down *down)
{
    (void)self, (void)state;
    CHECK(context == 8);
    check_reason(down->why);
    monitors_run_count++;
}

static void
on_exit_of_friend(struct troupe_self *self, void *state, troupe_pid actor,
    const struct troupe_exit *why)
{
    (void)self, (void)state, (void)actor;
    check_reason(why);
    links_told_count++;
}

static void
on_bind(struct troupe_self *self, void *state, const struct bind *bind)
{
    const struct troupe_spawn_options linked =
        TROUPE_SPAWN_OPTIONS(.link = true);
    troupe_monitor_id undone = 0;
    troupe_pid child = TROUPE_NO_PID;

    (void)state;
    for (int i = 0; i < 6; i++) { /* more than fit one line of the table */
        monitors_made_count +=
            troupe_monitor(self, bind->to, on_down, 8, NULL) == TROUPE_OK;
    }
    links_made_count += troupe_link(self, bind->to) == TROUPE_OK;
    if (troupe_monitor(self, bind->to, on_down, 9, &undone) == TROUPE_OK) {
        troupe_demonitor(self, &undone);
    }
    for (int i = 0; i < 2; i++) {
        if (troupe_spawn_with(self, faller, &linked, &child) == TROUPE_OK &&
            i == 0) {
            troupe_unlink(self, child);
        }
    }
    was_told_to_fall = troupe_tell(self, bind->to, fall) == TROUPE_OK;
}

/* At the end of the runtime: who is born then never lives. */
static void
on_binder_stop(
    struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    troupe_pid child;

    (void)state, (void)why;
    if (troupe_spawn_with(self, faller, &TROUPE_SPAWN_OPTIONS(.link = true),
            &child) == TROUPE_OK) {
        troupe_unlink(self, TROUPE_NO_PID); /* nobody: the link stays */
    }
}

TROUPE_BEHAVIOUR(binder, 0, TROUPE_ON(bind, on_bind),
    TROUPE_ON_EXIT(on_exit_of_friend), TROUPE_ON_STOP(on_binder_stop));

static troupe_err
use_bonds(struct troupe_self *self)
{
    troupe_pid faller;
    troupe_pid binder;
    troupe_err err = troupe_spawn(self, faller, &faller);

    if (err == TROUPE_OK) {
        err = troupe_spawn(self, binder, &binder);
    }
    if (err == TROUPE_OK) {
        err = troupe_tell(self, binder, bind, .to = faller);
    }
    return err;
}

/* ---- all of it ----------------------------------------------------------- */

static void
keep_quiet(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static troupe_err
use(struct troupe_runtime *runtime)
{
    static const char bytes[LARGE_BYTES];
    struct troupe_self *self = troupe_thread_self(runtime);
    struct sum sum;
    troupe_pid one;
    troupe_pid other;
    troupe_err err;

    if (self == NULL) {
        return TROUPE_E_NO_MEMORY;
    }
    if ((err = troupe_spawn(self, counter, &one)) != TROUPE_OK ||
        (err = troupe_spawn(self, asker, &other)) != TROUPE_OK ||
        (err = troupe_tell(self, one, add, .value = 5)) != TROUPE_OK) {
        return err;
    }
    accepted += 5;
    if ((err = troupe_tell(self, one, blob, .bytes = {bytes, LARGE_BYTES})) !=
        TROUPE_OK) {
        return err;
    }
    accepted += 1;
    if ((err = troupe_tell(self, other, ask_on, .to = one)) != TROUPE_OK ||
        (err = use_bonds(self)) != TROUPE_OK) {
        return err;
    }
    return troupe_ask(self, one, TROUPE_SECONDS(1), sum, &sum, get);
}

/* ---- supervised ---------------------------------------------------------- */

static const struct troupe_child inner_children[] = {
    TROUPE_CHILD(.name = "counter", .behaviour = &counter_behaviour)};
static const struct troupe_supervisor inner =
    TROUPE_SUPERVISOR(TROUPE_CHILDREN(inner_children));
static const struct counter first_state = {.sum = 3};
static const struct troupe_child outer_children[] = {
    TROUPE_CHILD(.name = "counter", .behaviour = &counter_behaviour,
        .state = &first_state),
    TROUPE_CHILD(.name = "inner", .supervisor = &inner)};
static const struct troupe_supervisor outer =
    TROUPE_SUPERVISOR(.strategy = TROUPE_ONE_FOR_ALL,
        .backoff_ns = TROUPE_MS(1), TROUPE_CHILDREN(outer_children));

/* Tells the child three numbers; on the second it has failed meanwhile. */
static troupe_err
use_child(struct troupe_self *self, troupe_pid child)
{
    troupe_err err = TROUPE_OK;
    struct sum sum;

    for (int i = 0; i < 3 && err == TROUPE_OK; i++) {
        err = troupe_tell(self, child, add, .value = 5);
        accepted += err == TROUPE_OK ? 5 : 0;
        if (i == 0 && err == TROUPE_OK) {
            err = troupe_tell(self, child, fail);
        }
    }
    return err != TROUPE_OK
               ? err
               : troupe_ask(self, child, TROUPE_SECONDS(9), sum, &sum, get);
}

static troupe_err
use_supervisors(struct troupe_runtime *runtime)
{
    struct troupe_self *self = troupe_thread_self(runtime);
    troupe_pid children[2];
    troupe_pid supervisor;
    troupe_pid added;
    troupe_err err;

    if (self == NULL) {
        return TROUPE_E_NO_MEMORY;
    }
    err = troupe_supervise(self, &outer, &supervisor, children);
    if (err == TROUPE_OK) {
        err =
            troupe_supervisor_add(self, supervisor, &inner_children[0], &added);
    }
    if (err == TROUPE_OK) {
        err = use_child(self, children[0]);
    }
    return err != TROUPE_OK ? err : use_child(self, added);
}

/* ---- both ---------------------------------------------------------------- */

typedef troupe_err user(struct troupe_runtime *runtime);

static struct troupe_stop_report report;

static troupe_err
run(user *use_it)
{
    struct troupe_runtime *runtime = NULL;
    troupe_err err = troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = 1, .log = keep_quiet),
        &runtime);

    report = (struct troupe_stop_report)TROUPE_STOP_REPORT;
    accepted = 0;
    counted = 0;
    timers_set_count = 0;
    timers_run_count = 0;
    monitors_made_count = 0;
    monitors_run_count = 0;
    links_made_count = 0;
    links_told_count = 0;
    was_told_to_fall = false;
    if (err == TROUPE_OK) {
        err = troupe_runtime_start(runtime);
    }
    if (err == TROUPE_OK) {
        err = use_it(runtime);
        CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(9), &report) ==
              TROUPE_OK);
    }
    troupe_runtime_destroy(&runtime);
    CHECK(runtime == NULL);
    return err;
}

static void
each_request_for_memory_may_fail(void **state)
{
    uint64_t blocks;
    uint64_t mappings;
    int refused_count = 0;
    int served_count = 0;

    (void)state;
    assert_int_equal(run(use), TROUPE_OK); /* registers what stays for ever */
    blocks = tp_memory_blocks_count();
    mappings = tp_memory_mappings_count();
    for (uint64_t n = 1; n <= REQUESTS_COUNT_MAX; n++) {
        troupe_err err;

        tp_memory_fail_at(n);
        err = run(use);
        tp_memory_fail_at(0);
        assert_true(err == TROUPE_OK || err == TROUPE_E_NO_MEMORY ||
                    err == TROUPE_E_NO_REPLY || err == TROUPE_E_TIMED_OUT);
        assert_int_equal(accepted, counted);
        assert_in_range(timers_run_count, 0, timers_set_count);
        assert_int_equal(
            monitors_run_count, was_told_to_fall ? monitors_made_count : 0);
        assert_int_equal(
            links_told_count, was_told_to_fall ? links_made_count : 0);
        assert_int_equal(tp_memory_blocks_count(), blocks);
        assert_int_equal(tp_memory_mappings_count(), mappings);
        refused_count += err != TROUPE_OK;
        served_count += err == TROUPE_OK;
    }
    assert_true(refused_count >= 8);
    assert_true(served_count >= 50);
}

static void
each_request_of_a_supervised_program_may_fail(void **state)
{
    uint64_t blocks;
    uint64_t mappings;
    int refused_count = 0;
    int served_count = 0;

    (void)state;
    assert_int_equal(run(use_supervisors), TROUPE_OK);
    blocks = tp_memory_blocks_count();
    mappings = tp_memory_mappings_count();
    for (uint64_t n = 1; n <= REQUESTS_COUNT_MAX; n++) {
        troupe_err err;
        int64_t unheard;

        tp_memory_fail_at(n);
        err = run(use_supervisors);
        tp_memory_fail_at(0);
        assert_true(err == TROUPE_OK || err == TROUPE_E_NO_MEMORY ||
                    err == TROUPE_E_NO_REPLY || err == TROUPE_E_NO_SUCH_ACTOR);
        unheard =
            5 * (int64_t)
                    report.dead_letters_count[TROUPE_DEAD_LETTER_NO_SUCH_ACTOR];
        assert_in_range(accepted - counted, 0, unheard);
        assert_int_equal(tp_memory_blocks_count(), blocks);
        assert_int_equal(tp_memory_mappings_count(), mappings);
        refused_count += err != TROUPE_OK;
        served_count += err == TROUPE_OK;
    }
    assert_true(refused_count >= 8);
    assert_true(served_count >= 50);
}

static void
a_runtime_without_any_memory_says_so(void **state)
{
    struct troupe_runtime *runtime = NULL;

    (void)state;
    tp_memory_fail_every(true);
    assert_int_equal(troupe_runtime_create(NULL, &runtime), TROUPE_E_NO_MEMORY);
    tp_memory_fail_every(false);
    assert_null(runtime);
}

static void
a_message_larger_than_a_message_may_be_is_refused(void **state)
{
    struct troupe_runtime *runtime = NULL;
    struct troupe_self *self;
    troupe_pid pid;
    volatile uint32_t too_many = TROUPE_PAYLOAD_BYTES_MAX + 1;

    (void)state;
    report = (struct troupe_stop_report)TROUPE_STOP_REPORT;
    assert_int_equal(
        troupe_runtime_create(&TROUPE_OPTIONS(.log = keep_quiet), &runtime),
        TROUPE_OK);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    self = troupe_thread_self(runtime);
    assert_int_equal(troupe_spawn(self, counter, &pid), TROUPE_OK);
    assert_int_equal(troupe_tell(self, pid, blob, .bytes = {"", too_many}),
        TROUPE_E_MESSAGE_TOO_LARGE);
    assert_int_equal(
        troupe_runtime_stop(runtime, TROUPE_SECONDS(60), &report), TROUPE_OK);
    assert_int_equal(report.dead_letters_count[TROUPE_DEAD_LETTER_REFUSED], 1);
    troupe_runtime_destroy(&runtime);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_for_memory_may_fail),
        cmocka_unit_test(each_request_of_a_supervised_program_may_fail),
        cmocka_unit_test(a_runtime_without_any_memory_says_so),
        cmocka_unit_test(a_message_larger_than_a_message_may_be_is_refused),
    };
    return cmocka_run_group_tests_name("failing_memory", tests, NULL, NULL);
}
