/* SPDX-License-Identifier: BSD-2-Clause */
/* What a caller gets wrong is refused with a sentence, and nothing has
 * happened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/support/check.h"
#include "troupe/troupe.h"

#define PEER(FIELD) FIELD(pid, pid)
TROUPE_MESSAGE(ask_amiss, PEER)
TROUPE_MESSAGE(gather_amiss, PEER)
TROUPE_MESSAGE(watch_amiss, PEER)
TROUPE_MESSAGE(question, TROUPE_NO_FIELDS)

static const uint64_t long_ns = TROUPE_SECONDS(60);

static struct troupe_runtime *runtime;
static struct troupe_self *self;
static troupe_err refusal;

static void
begin(void)
{
    assert_int_equal(
        troupe_runtime_create(
            &TROUPE_OPTIONS(.simulate = true, .seed = 3), &runtime),
        TROUPE_OK);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    self = troupe_thread_self(runtime);
}

static void
finish(void)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;

    assert_int_equal(troupe_runtime_stop(runtime, long_ns, &report), TROUPE_OK);
    for (int i = 0; i < TROUPE_DEAD_LETTER_CAUSES_COUNT; i++) {
        assert_int_equal(report.dead_letters_count[i], 0);
    }
    troupe_runtime_destroy(&runtime);
}

/* ---- an actor that gets things wrong ---------------------------------------
 */

static void
on_ask_amiss(
    struct troupe_self *me, void *state, const struct ask_amiss *message)
{
    (void)state;
    refusal = troupe_ask_then(me, message->pid, long_ns, NULL, 0, question);
}

static void
on_gather_amiss(
    struct troupe_self *me, void *state, const struct gather_amiss *message)
{
    (void)state;
    refusal = troupe_gather(
        me, &TROUPE_GATHER(.to = &message->pid, .to_count = 1), question);
}

static void
on_watch_amiss(
    struct troupe_self *me, void *state, const struct watch_amiss *message)
{
    (void)state;
    refusal = troupe_monitor(me, message->pid, NULL, 0, NULL);
}

static void
on_question(struct troupe_self *me, void *state, const struct question *message)
{
    (void)me, (void)state, (void)message;
    CHECK(false); /* what was refused was not sent */
}

TROUPE_BEHAVIOUR(clumsy, 0, TROUPE_ON(ask_amiss, on_ask_amiss),
    TROUPE_ON(gather_amiss, on_gather_amiss),
    TROUPE_ON(watch_amiss, on_watch_amiss), TROUPE_ON(question, on_question));

static void
assert_refused(troupe_err err, const char *sentence)
{
    assert_int_equal(refusal, err);
    assert_string_equal(troupe_err_detail(), sentence);
}

/* Lets the actor handle what it was told, and keeps what that has said. */
static void
let_it_try(troupe_err told)
{
    assert_int_equal(told, TROUPE_OK);
    refusal = TROUPE_OK;
    troupe_runtime_wait(runtime); /* until nothing more happens */
}

static void
what_goes_on_with_nothing_is_refused(void **state)
{
    troupe_pid pid;
    troupe_pid other;

    (void)state;
    begin();
    assert_int_equal(troupe_spawn(self, clumsy, &pid), TROUPE_OK);
    assert_int_equal(troupe_spawn(self, clumsy, &other), TROUPE_OK);
    let_it_try(troupe_tell(self, pid, ask_amiss, .pid = other));
    assert_refused(TROUPE_E_INVALID_ARGUMENT,
        "an ask without a function that takes the answer; give one");
    let_it_try(troupe_tell(self, pid, gather_amiss, .pid = other));
    assert_refused(TROUPE_E_INVALID_ARGUMENT,
        "a gathering needs a function to go on with: .then");
    let_it_try(troupe_tell(self, pid, watch_amiss, .pid = other));
    assert_refused(TROUPE_E_INVALID_ARGUMENT,
        "a monitor without a function to run; give one");
    finish();
}

static void
a_thread_outside_is_told_of_its_own_ask(void **state)
{
    troupe_pid pid;

    (void)state;
    begin();
    assert_int_equal(troupe_spawn(self, clumsy, &pid), TROUPE_OK);
    refusal = troupe_ask_then(self, pid, long_ns, NULL, 0, question);
    assert_refused(TROUPE_E_WRONG_THREAD,
        "troupe_ask_then() is for handlers; a thread outside has troupe_ask()");
    finish();
}

/* ---- supervisors -----------------------------------------------------------
 */

static void
a_supervisor_needs_a_description_that_can_be(void **state)
{
    const struct troupe_supervisor many =
        TROUPE_SUPERVISOR(.restarts_max = 1000000000);
    const struct troupe_supervisor hollow =
        TROUPE_SUPERVISOR(.children_count = 2);
    const struct troupe_supervisor empty =
        TROUPE_SUPERVISOR(.children_count = 0);
    troupe_pid pid;

    (void)state;
    begin();
    refusal = troupe_supervise(self, NULL, &pid, NULL);
    assert_refused(TROUPE_E_INVALID_ARGUMENT,
        "a supervisor without a description; make one by TROUPE_SUPERVISOR");
    refusal = troupe_supervise(self, &many, &pid, NULL);
    assert_int_equal(refusal, TROUPE_E_INVALID_ARGUMENT);
    assert_non_null(
        strstr(troupe_err_detail(), "restarts_max is 1000000000; at most"));
    refusal = troupe_supervise(self, &hollow, &pid, NULL);
    assert_refused(TROUPE_E_INVALID_ARGUMENT,
        "children is NULL and children_count 2; use TROUPE_CHILDREN");
    assert_int_equal(troupe_supervise(self, &empty, &pid, NULL), TROUPE_OK);
    refusal = troupe_supervisor_add(self, pid, NULL, NULL);
    assert_refused(TROUPE_E_INVALID_ARGUMENT,
        "a child without a description; make one by TROUPE_CHILD");
    finish();
}

/* ---- the rest --------------------------------------------------------------
 */

static void
what_is_no_cause_has_a_name_all_the_same(void **state)
{
    enum troupe_dead_letter_cause none = TROUPE_DEAD_LETTER_CAUSES_COUNT;

    (void)state;
    assert_string_equal(troupe_dead_letter_cause_name(none), "UNKNOWN");
    assert_string_equal(troupe_dead_letter_cause_text(none), "unknown cause");
}

static void
containment_may_be_asked_for_by_environment(void **state)
{
    (void)state;
    setenv("TROUPE_CONTAIN", "1", 1);
    begin();
    finish();
    unsetenv("TROUPE_CONTAIN");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_on_with_nothing_is_refused),
        cmocka_unit_test(a_thread_outside_is_told_of_its_own_ask),
        cmocka_unit_test(a_supervisor_needs_a_description_that_can_be),
        cmocka_unit_test(what_is_no_cause_has_a_name_all_the_same),
        cmocka_unit_test(containment_may_be_asked_for_by_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
