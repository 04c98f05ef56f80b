/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a test of a system of actors can look at them, is told what failed and
 * how it came to that, and is told when not all was seen.
 *
 * Method: a bank that reads a balance and then sets it, and other small systems
 * with one planted fault each. What is drawn is compared letter by letter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tests/support/check.h"
#include "tests/support/fault.h"
#include "troupe/troupe.h"

#define NUMBER(FIELD) FIELD(int64, cents)
TROUPE_MESSAGE(go, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(get, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(balance, NUMBER)
TROUPE_MESSAGE(set, NUMBER)

/* ---- the system ---------------------------------------------------------- */

static troupe_pid account_pid;
static troupe_pid clerk_pids[2];

static void
on_get(struct troupe_self *self, void *state, const struct get *get)
{
    const int64_t *cents = state;

    (void)get;
    CHECK(troupe_reply(self, balance, .cents = *cents) == TROUPE_OK);
}

static void
on_set(struct troupe_self *self, void *state, const struct set *set)
{
    int64_t *cents = state;

    (void)self;
    *cents = set->cents;
}

TROUPE_BEHAVIOUR(
    account, sizeof(int64_t), TROUPE_ON(get, on_get), TROUPE_ON(set, on_set));

static void
on_balance(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct balance balance;

    (void)state, (void)context;
    if (balance_from(answer, &balance) == TROUPE_OK) {
        CHECK(troupe_tell(self, account_pid, set,
                  .cents = balance.cents + 10) == TROUPE_OK);
    }
}

static void
on_go(struct troupe_self *self, void *state, const struct go *go)
{
    (void)state, (void)go;
    CHECK(troupe_ask_then(self, account_pid, TROUPE_SECONDS(5), on_balance, 0,
              get) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(clerk, 0, TROUPE_ON(go, on_go));

static void
two_clerks(struct troupe_self *self, void *context)
{
    (void)context;
    CHECK(troupe_spawn(self, account, &account_pid) == TROUPE_OK);
    for (int i = 0; i < 2; i++) {
        CHECK(troupe_spawn(self, clerk, &clerk_pids[i]) == TROUPE_OK);
        CHECK(troupe_tell(self, clerk_pids[i], go) == TROUPE_OK);
    }
}

/* ---- the stream ---------------------------------------------------------- */

static FILE *stream;
static char told[4096];

static int
setup(void **state)
{
    (void)state;
    stream = tmpfile();
    return stream != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
    (void)state;
    fclose(stream);
    return 0;
}

static void
read_told(void)
{
    size_t length;

    rewind(stream);
    length = fread(told, 1, sizeof(told) - 1, stream);
    told[length] = '\0';
}

/* ---- a fault that only some orders show ---------------------------------- */

static void
both_are_there(struct troupe_explored *run, void *context)
{
    const int64_t *cents = troupe_explored_state_view(run, account_pid);

    (void)context;
    if (*cents != 20) {
        troupe_explored_fail(
            run, "the account holds %d cents, not 20", (int)*cents);
    }
}

static void
a_lost_update_is_found_and_drawn(void **state)
{
    struct troupe_explore_report report = TROUPE_EXPLORE_REPORT;

    (void)state;
    assert_int_equal(
        troupe_explore(&TROUPE_EXPLORE_OPTIONS(.setup = two_clerks,
                           .at_end = both_are_there, .stream = stream),
            &report),
        TROUPE_E_CHECK_FAILED);
    assert_string_equal(report.reason, "the account holds 10 cents, not 20");
    assert_string_equal(troupe_err_detail(), report.reason);
    assert_int_equal(report.failing_steps_count, 8);
    assert_true(report.is_shortest);
    read_told();
    assert_string_equal(told,
        "A check fails after 8 steps, in no order after fewer:\n"
        "\n"
        "step  thread        account       clerk         clerk\n"
        "                    <0.1.1>       <0.2.1>       <0.3.1>\n"
        "   1     '-------------------------->o             |     go{}\n"
        "   2     '---------------------------------------->o     go{}\n"
        "   3     |             o<------------'             |     "
        "get{}, sent in step 1\n"
        "   4     |             '------------>o             |     "
        "balance{cents: 0}, sent in step 3\n"
        "   5     |             o<--------------------------'     "
        "get{}, sent in step 2\n"
        "   6     |             '-------------------------->o     "
        "balance{cents: 0}, sent in step 5\n"
        "   7     |             o<------------'             |     "
        "set{cents: 10}, sent in step 4\n"
        "   8     |             o<--------------------------'     "
        "set{cents: 10}, sent in step 6\n"
        "\n"
        "the account holds 10 cents, not 20\n");
}

/* ---- what the runtime finds ---------------------------------------------- */

static int gos_count; /* that the two actors below have taken */

/* The second to be told something crashes. */
static void
on_risky_go(struct troupe_self *self, void *state, const struct go *go)
{
    (void)state, (void)go;
    if (++gos_count == 2 && troupe_self_pid(self) == account_pid) {
        fault_do(FAULT_PAGE);
    }
}

TROUPE_BEHAVIOUR(risky, 0, TROUPE_ON(go, on_risky_go));

static void
two_risky(struct troupe_self *self, void *context)
{
    (void)context;
    gos_count = 0;
    CHECK(troupe_spawn(self, risky, &account_pid) == TROUPE_OK);
    CHECK(troupe_tell(self, account_pid, go) == TROUPE_OK);
    CHECK(troupe_tell(self, account_pid, go) == TROUPE_OK);
}

static void
a_crash_fails_the_run_unless_it_is_allowed(void **state)
{
    struct troupe_explore_report report = TROUPE_EXPLORE_REPORT;
    struct troupe_explore_options options =
        TROUPE_EXPLORE_OPTIONS(.setup = two_risky, .stream = stream);

    (void)state;
    fault_put_handlers_back();
    assert_int_equal(troupe_explore(&options, &report), TROUPE_E_CHECK_FAILED);
    assert_non_null(strstr(report.reason, "(risky) crashed: SIG"));
    assert_int_equal(report.failing_steps_count, 2);
    options.errors_are_allowed = true;
    assert_int_equal(troupe_explore(&options, &report), TROUPE_OK);
}

/* ---- what a check may look at -------------------------------------------- */

static bool was_seen_alive;
static bool was_seen_dead;

static void
stop_account(struct troupe_self *self, void *context)
{
    two_clerks(self, context);
    CHECK(troupe_stop(self, account_pid) == TROUPE_OK);
}

static void
look_whether_it_lives(struct troupe_explored *run, void *context)
{
    (void)context;
    CHECK(troupe_explored_self(run) == NULL);
    if (troupe_explored_state_view(run, account_pid) != NULL) {
        was_seen_alive = true;
    } else {
        was_seen_dead = true;
    }
}

static void
the_dead_have_no_state(void **state)
{
    (void)state;
    was_seen_alive = false;
    was_seen_dead = false;
    assert_int_equal(
        troupe_explore(&TROUPE_EXPLORE_OPTIONS(.setup = stop_account,
                           .after_step = look_whether_it_lives),
            NULL),
        TROUPE_OK);
    assert_true(was_seen_alive);
    assert_true(was_seen_dead);
}

/* Of an actor that is born while another one ends. */
static troupe_pid heir_pid;
static bool is_slot_inherited;

static void
on_birth(struct troupe_self *self, void *state, const struct go *go)
{
    int64_t cents = 77;

    (void)state, (void)go;
    CHECK(troupe_spawn_with(self, account,
              &TROUPE_SPAWN_OPTIONS(.state = &cents), &heir_pid) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(parent, 0, TROUPE_ON(go, on_birth));

static void
stop_one_and_bear_another(struct troupe_self *self, void *context)
{
    (void)context;
    heir_pid = TROUPE_NO_PID;
    CHECK(troupe_spawn(self, account, &account_pid) == TROUPE_OK);
    CHECK(troupe_spawn(self, parent, &clerk_pids[0]) == TROUPE_OK);
    CHECK(troupe_stop(self, account_pid) == TROUPE_OK);
    CHECK(troupe_tell(self, clerk_pids[0], go) == TROUPE_OK);
}

static void
look_for_the_heir(struct troupe_explored *run, void *context)
{
    const int64_t *cents = troupe_explored_state_view(run, account_pid);

    (void)context;
    TROUPE_EXPLORED_CHECK(run, cents == NULL || *cents == 0);
    is_slot_inherited |=
        troupe_pid_slot(heir_pid) == troupe_pid_slot(account_pid);
}

static void
the_next_in_its_slot_is_another(void **state)
{
    (void)state;
    is_slot_inherited = false;
    assert_int_equal(
        troupe_explore(
            &TROUPE_EXPLORE_OPTIONS(.setup = stop_one_and_bear_another,
                .after_step = look_for_the_heir),
            NULL),
        TROUPE_OK);
    assert_true(is_slot_inherited);
}

static int64_t asked_cents;

static void
ask_account(struct troupe_explored *run, void *context)
{
    struct troupe_self *self = troupe_explored_self(run);
    struct balance answer = {0};

    (void)context;
    CHECK(troupe_tell(self, account_pid, set, .cents = 7) == TROUPE_OK);
    CHECK(troupe_ask(self, account_pid, TROUPE_SECONDS(1), balance, &answer,
              get) == TROUPE_OK);
    asked_cents += answer.cents;
}

static void
an_actor_may_be_asked_at_the_end(void **state)
{
    struct troupe_explore_report report = TROUPE_EXPLORE_REPORT;

    (void)state;
    asked_cents = 0;
    assert_int_equal(troupe_explore(&TROUPE_EXPLORE_OPTIONS(.setup = two_clerks,
                                        .at_end = ask_account),
                         &report),
        TROUPE_OK);
    assert_int_equal(asked_cents, 7 * report.orders_count);
}

/* ---- when not all was seen ----------------------------------------------- */

static void
on_endless_go(struct troupe_self *self, void *state, const struct go *go)
{
    (void)state, (void)go;
    CHECK(troupe_tell(self, troupe_self_pid(self), go) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(endless, 0, TROUPE_ON(go, on_endless_go));

static void
one_endless(struct troupe_self *self, void *context)
{
    (void)context;
    CHECK(troupe_spawn(self, endless, &account_pid) == TROUPE_OK);
    CHECK(troupe_tell(self, account_pid, go) == TROUPE_OK);
}

static void
who_does_not_come_to_an_end_is_cut_short_and_says_so(void **state)
{
    struct troupe_explore_report report = TROUPE_EXPLORE_REPORT;

    (void)state;
    assert_int_equal(
        troupe_explore(&TROUPE_EXPLORE_OPTIONS(.setup = one_endless), &report),
        TROUPE_E_NOT_EXHAUSTED);
    assert_non_null(strstr(troupe_err_detail(), "raise .steps_max"));
    assert_int_equal(report.cut_count, 1);
    assert_int_equal(report.steps_max, 1000);
    assert_int_equal(report.orders_count, 0);
}

static void
too_many_orders_are_said_to_be_too_many(void **state)
{
    struct troupe_explore_report report = TROUPE_EXPLORE_REPORT;

    (void)state;
    assert_int_equal(troupe_explore(&TROUPE_EXPLORE_OPTIONS(.setup = two_clerks,
                                        .runs_max = 3),
                         &report),
        TROUPE_E_NOT_EXHAUSTED);
    assert_non_null(strstr(troupe_err_detail(), "raise .runs_max"));
    assert_int_equal(report.runs_count, 3);
}

/* Only the first two of the process tell anything. */
static void
on_changing_go(struct troupe_self *self, void *state, const struct go *go)
{
    (void)state, (void)go;
    if (++gos_count <= 2) {
        CHECK(troupe_tell(self, account_pid, set) == TROUPE_OK);
    }
}

TROUPE_BEHAVIOUR(changing, 0, TROUPE_ON(go, on_changing_go));

static void
two_that_change(struct troupe_self *self, void *context)
{
    (void)context;
    CHECK(troupe_spawn(self, account, &account_pid) == TROUPE_OK);
    for (int i = 0; i < 2; i++) {
        CHECK(troupe_spawn(self, changing, &clerk_pids[i]) == TROUPE_OK);
        CHECK(troupe_tell(self, clerk_pids[i], go) == TROUPE_OK);
    }
}

static void
handlers_that_do_not_repeat_themselves_are_noticed(void **state)
{
    (void)state;
    gos_count = 0;
    assert_int_equal(
        troupe_explore(&TROUPE_EXPLORE_OPTIONS(.setup = two_that_change), NULL),
        TROUPE_E_NOT_REPEATABLE);
    assert_non_null(strstr(troupe_err_detail(), "depends on something"));
}

static void
what_cannot_be_explored_is_refused(void **state)
{
    struct troupe_explore_options options =
        TROUPE_EXPLORE_OPTIONS(.setup = NULL);

    (void)state;
    assert_int_equal(troupe_explore(&options, NULL), TROUPE_E_INVALID_ARGUMENT);
    options.size = 3;
    assert_int_equal(troupe_explore(&options, NULL), TROUPE_E_ABI_MISMATCH);
    assert_int_equal(
        troupe_explore(
            &TROUPE_EXPLORE_OPTIONS(.setup = two_clerks,
                .runtime = &TROUPE_OPTIONS(.faults = {.kills_count = 1})),
            NULL),
        TROUPE_E_INVALID_ARGUMENT);
    assert_non_null(strstr(troupe_err_detail(), "troupe_explore_seeds()"));
}

/* ---- memory -------------------------------------------------------------- */

/* Schemas and behaviours are kept for good, from the first run on. */
static void
an_exploration_leaves_nothing_behind(void **state)
{
    struct troupe_explore_options options =
        TROUPE_EXPLORE_OPTIONS(.setup = two_clerks, .at_end = both_are_there,
            .stream = stream);
    uint64_t blocks_count;
    uint64_t mappings_count;

    (void)state;
    assert_int_equal(troupe_explore(&options, NULL), TROUPE_E_CHECK_FAILED);
    blocks_count = tp_memory_blocks_count();
    mappings_count = tp_memory_mappings_count();
    assert_int_equal(troupe_explore(&options, NULL), TROUPE_E_CHECK_FAILED);
    assert_int_equal(tp_memory_blocks_count(), blocks_count);
    assert_int_equal(tp_memory_mappings_count(), mappings_count);
}

/* Sets the handlers that contain crashes. */
static void
make_a_runtime(void)
{
    struct troupe_runtime *runtime;

    for (int i = 0; i < FAULT_SIGNALS_COUNT; i++) {
        signal(fault_signals_of_all[i], SIG_DFL); /* a sanitizer's go */
    }
    TROUPE_CHECK(troupe_runtime_create(NULL, &runtime));
    troupe_runtime_destroy(&runtime);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_lost_update_is_found_and_drawn, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_crash_fails_the_run_unless_it_is_allowed, setup, teardown),
        cmocka_unit_test(the_dead_have_no_state),
        cmocka_unit_test(the_next_in_its_slot_is_another),
        cmocka_unit_test(an_actor_may_be_asked_at_the_end),
        cmocka_unit_test(who_does_not_come_to_an_end_is_cut_short_and_says_so),
        cmocka_unit_test(too_many_orders_are_said_to_be_too_many),
        cmocka_unit_test(handlers_that_do_not_repeat_themselves_are_noticed),
        cmocka_unit_test(what_cannot_be_explored_is_refused),
        cmocka_unit_test_setup_teardown(
            an_exploration_leaves_nothing_behind, setup, teardown),
    };

    make_a_runtime();
    fault_save_handlers();
    return cmocka_run_group_tests_name("explored", tests, NULL, NULL);
}
