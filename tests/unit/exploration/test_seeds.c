/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: many seeds find what one seed does not, the seed that failed fails
 * again in the same way, and the faults that a plan asks for come, as many as
 * it says, and no others.
 *
 * Method: actors that tell a collector, which notes what it got; faults are
 * counted by what is missing there.
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
#include "troupe/troupe.h"

#define NUMBER(FIELD) FIELD(int64, value)
TROUPE_MESSAGE(put, NUMBER)
TROUPE_MESSAGE(go, TROUPE_NO_FIELDS)

enum { SENDERS_COUNT = 3, PUTS_COUNT = 5, SEEDS_COUNT = 200 };

/* ---- the system ---------------------------------------------------------- */

static troupe_pid collector_pid;
static troupe_pid sender_pids[SENDERS_COUNT];
static int ended_count;   /* actors that were told why they end */
static int refused_count; /* messages that could not be sent */

struct collected {
    int count;
    int64_t last[SENDERS_COUNT]; /* of each sender */
    bool is_turned;              /* 0 came after 1 */
};

static void
on_put(struct troupe_self *self, void *state, const struct put *put)
{
    struct collected *collected = state;
    int64_t sender = put->value / 100;

    (void)self;
    CHECK(collected->last[sender] < put->value);
    collected->last[sender] = put->value;
    collected->is_turned |= sender == 0 && collected->last[1] > 0;
    collected->count++;
}

static void
on_stop(struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    (void)self, (void)state, (void)why;
    ended_count++;
}

TROUPE_BEHAVIOUR(collector, sizeof(struct collected), TROUPE_ON(put, on_put),
    TROUPE_ON_STOP(on_stop));

static void
tell(struct troupe_self *self, int64_t value)
{
    if (troupe_tell(self, collector_pid, put, .value = value) != TROUPE_OK) {
        refused_count++;
    }
}

static void
on_go(struct troupe_self *self, void *state, const struct go *go)
{
    const int64_t *index = state;

    (void)go;
    for (int i = 1; i <= PUTS_COUNT; i++) {
        tell(self, *index * 100 + i);
    }
}

TROUPE_BEHAVIOUR(
    sender, sizeof(int64_t), TROUPE_ON(go, on_go), TROUPE_ON_STOP(on_stop));

static void
begin(struct troupe_self *self, void *context)
{
    (void)context;
    ended_count = 0;
    refused_count = 0;
    CHECK(troupe_spawn(self, collector, &collector_pid) == TROUPE_OK);
    for (int64_t i = 0; i < SENDERS_COUNT; i++) {
        CHECK(
            troupe_spawn_with(self, sender, &TROUPE_SPAWN_OPTIONS(.state = &i),
                &sender_pids[i]) == TROUPE_OK);
        CHECK(troupe_tell(self, sender_pids[i], go) == TROUPE_OK);
    }
}

static int
alive_count(struct troupe_explored *run)
{
    int count = troupe_explored_state_view(run, collector_pid) != NULL;

    for (int i = 0; i < SENDERS_COUNT; i++) {
        count += troupe_explored_state_view(run, sender_pids[i]) != NULL;
    }
    return count;
}

/* ---- seeds --------------------------------------------------------------- */

static FILE *stream;

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
all_have_come_in_order(struct troupe_explored *run, void *context)
{
    const struct collected *collected =
        troupe_explored_state_view(run, collector_pid);

    (void)context;
    TROUPE_EXPLORED_CHECK(run, collected->count == SENDERS_COUNT * PUTS_COUNT);
    TROUPE_EXPLORED_CHECK(run, !collected->is_turned);
}

static void
the_seed_that_fails_is_told_and_fails_again(void **state)
{
    struct troupe_explore_report first = TROUPE_EXPLORE_REPORT;
    struct troupe_explore_report again = TROUPE_EXPLORE_REPORT;
    struct troupe_explore_options options =
        TROUPE_EXPLORE_OPTIONS(.setup = begin, .at_end = all_have_come_in_order,
            .stream = stream);
    char expected[64];
    char told[64];

    (void)state;
    assert_int_equal(troupe_explore_seeds(&options, 1, SEEDS_COUNT, &first),
        TROUPE_E_CHECK_FAILED);
    assert_non_null(strstr(first.reason, "!collected->is_turned"));
    assert_int_equal(troupe_explore_seeds(&options, first.seed, 1, &again),
        TROUPE_E_CHECK_FAILED);
    assert_int_equal(again.order_signature, first.order_signature);
    assert_int_equal(again.failing_steps_count, first.failing_steps_count);
    snprintf(expected, sizeof(expected), "seed=%d: ", (int)first.seed);
    rewind(stream);
    assert_non_null(fgets(told, sizeof(told), stream));
    assert_memory_equal(told, expected, strlen(expected));
    /* All before it were right. */
    assert_int_equal(
        troupe_explore_seeds(&options, 1, first.seed - 1, &again), TROUPE_OK);
}

static void
the_environment_chooses_one_seed(void **state)
{
    struct troupe_explore_report report = TROUPE_EXPLORE_REPORT;
    struct troupe_explore_options options =
        TROUPE_EXPLORE_OPTIONS(.setup = begin);

    (void)state;
    setenv("TROUPE_SIM", "17", 1);
    assert_int_equal(
        troupe_explore_seeds(&options, 1, SEEDS_COUNT, &report), TROUPE_OK);
    assert_int_equal(report.runs_count, 1);
    assert_int_equal(report.seed, 17);
    setenv("TROUPE_SIM", "many", 1);
    assert_int_equal(troupe_explore_seeds(&options, 1, SEEDS_COUNT, &report),
        TROUPE_E_INVALID_ARGUMENT);
    unsetenv("TROUPE_SIM");
}

/* ---- faults -------------------------------------------------------------- */

static unsigned kills_planned;
static int lives_counts[SENDERS_COUNT + 2]; /* runs by actors left alive */

static void
count_lives(struct troupe_explored *run, void *context)
{
    (void)context;
    CHECK(ended_count == 0); /* stop handlers do not run */
    lives_counts[alive_count(run)]++;
}

static void
run_with_kills(unsigned kills_count, unsigned turns_count)
{
    struct troupe_options runtime =
        TROUPE_OPTIONS(.faults = {.kills_count = kills_count,
                           .turns_count = turns_count});

    memset(lives_counts, 0, sizeof(lives_counts));
    kills_planned = kills_count;
    assert_int_equal(
        troupe_explore_seeds(&TROUPE_EXPLORE_OPTIONS(.setup = begin,
                                 .at_end = count_lives, .runtime = &runtime),
            1, SEEDS_COUNT, NULL),
        TROUPE_OK);
}

/* The first turns give birth, and there are at least four of them. */
static void
as_many_actors_are_killed_as_planned(void **state)
{
    (void)state;
    run_with_kills(0, 0);
    assert_int_equal(lives_counts[4], SEEDS_COUNT);
    run_with_kills(1, 4);
    assert_true(lives_counts[3] > SEEDS_COUNT / 4);
    assert_int_equal(lives_counts[4] + lives_counts[3], SEEDS_COUNT);
    run_with_kills(2, 6);
    assert_true(lives_counts[2] > 0);
    assert_int_equal(
        lives_counts[4] + lives_counts[3] + lives_counts[2], SEEDS_COUNT);
}

static int refusals_seen;
static int runs_with_refusals;

static void
count_refusals(struct troupe_explored *run, void *context)
{
    const struct collected *collected =
        troupe_explored_state_view(run, collector_pid);

    (void)context;
    CHECK(collected->count + refused_count == SENDERS_COUNT * PUTS_COUNT);
    refusals_seen += refused_count;
    runs_with_refusals += refused_count > 0;
}

/* Blocks are taken by the dozen, or one by one: how often a handler meets the
 * failure is the build's, that it meets it once at most is the plan's. */
static void
as_many_requests_for_memory_fail_as_planned(void **state)
{
    struct troupe_options runtime =
        TROUPE_OPTIONS(.faults = {
                           .failed_allocations_count = 1, .turns_count = 6});

    (void)state;
    refusals_seen = 0;
    runs_with_refusals = 0;
    assert_int_equal(
        troupe_explore_seeds(&TROUPE_EXPLORE_OPTIONS(.setup = begin,
                                 .at_end = count_refusals, .runtime = &runtime),
            1, SEEDS_COUNT, NULL),
        TROUPE_OK);
    assert_true(refusals_seen > 0);
    assert_int_equal(refusals_seen, runs_with_refusals);
    /* Nothing is planned any more. */
    free(tp_memory_alloc(1));
}

/* Between two messages of one sender, sent in one handler. */
static int between_count;

struct last_two {
    int64_t numbers[SENDERS_COUNT];
    int64_t sender;
    bool is_inside;
};

static void
note_whether_between(
    struct troupe_self *self, void *state, const struct put *put)
{
    struct last_two *last = state;
    int64_t sender = put->value / 100;
    int64_t number = put->value % 100;

    (void)self;
    CHECK(number == ++last->numbers[sender]);
    between_count += last->is_inside && sender != last->sender;
    last->sender = sender;
    last->is_inside = number < PUTS_COUNT;
}

TROUPE_BEHAVIOUR(
    watcher, sizeof(struct last_two), TROUPE_ON(put, note_whether_between));

static void
begin_watched(struct troupe_self *self, void *context)
{
    begin(self, context);
    CHECK(troupe_spawn(self, watcher, &collector_pid) == TROUPE_OK);
}

static void
count_between(bool reorder)
{
    struct troupe_options runtime =
        TROUPE_OPTIONS(.faults = {.reorder = reorder});

    between_count = 0;
    assert_int_equal(
        troupe_explore_seeds(&TROUPE_EXPLORE_OPTIONS(.setup = begin_watched,
                                 .runtime = &runtime),
            1, SEEDS_COUNT, NULL),
        TROUPE_OK);
}

static void
mail_of_others_comes_between_when_it_is_reordered(void **state)
{
    (void)state;
    count_between(false);
    assert_int_equal(between_count, 0);
    count_between(true);
    assert_true(between_count > 0);
}

/* ---- delays -------------------------------------------------------------- */

static int late_count;

static void
on_slow_put(struct troupe_self *self, void *state, const struct put *put)
{
    (void)state, (void)put;
    (void)troupe_reply(self, put, .value = 1);
}

TROUPE_BEHAVIOUR(slow, 0, TROUPE_ON(put, on_slow_put));

static void
on_answer(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    (void)self, (void)state, (void)context;
    late_count += troupe_answer_err(answer) == TROUPE_E_TIMED_OUT;
}

static void
on_hurried_go(struct troupe_self *self, void *state, const struct go *go)
{
    (void)state, (void)go;
    CHECK(troupe_ask_then(self, collector_pid, TROUPE_SECONDS(1), on_answer, 0,
              put, .value = 1) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(hurried, 0, TROUPE_ON(go, on_hurried_go));

static void
begin_hurried(struct troupe_self *self, void *context)
{
    (void)context;
    CHECK(troupe_spawn(self, slow, &collector_pid) == TROUPE_OK);
    CHECK(troupe_spawn(self, hurried, &sender_pids[0]) == TROUPE_OK);
    CHECK(troupe_tell(self, sender_pids[0], go) == TROUPE_OK);
}

static void
count_late(uint64_t delay_ns_max)
{
    struct troupe_options runtime =
        TROUPE_OPTIONS(.faults = {.delay_ns_max = delay_ns_max});

    late_count = 0;
    assert_int_equal(
        troupe_explore_seeds(&TROUPE_EXPLORE_OPTIONS(.setup = begin_hurried,
                                 .runtime = &runtime),
            1, SEEDS_COUNT, NULL),
        TROUPE_OK);
}

static void
a_deadline_passes_when_turns_are_delayed(void **state)
{
    (void)state;
    count_late(0);
    assert_int_equal(late_count, 0);
    count_late(TROUPE_SECONDS(1));
    assert_true(late_count > 0 && late_count < SEEDS_COUNT);
}

static void
threads_have_no_faults(void **state)
{
    struct troupe_runtime *runtime = NULL;

    (void)state;
    assert_int_equal(
        troupe_runtime_create(
            &TROUPE_OPTIONS(.faults = {.reorder = true}), &runtime),
        TROUPE_E_INVALID_ARGUMENT);
    assert_non_null(strstr(troupe_err_detail(), "only a simulation"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            the_seed_that_fails_is_told_and_fails_again, setup, teardown),
        cmocka_unit_test(the_environment_chooses_one_seed),
        cmocka_unit_test(as_many_actors_are_killed_as_planned),
        cmocka_unit_test(as_many_requests_for_memory_fail_as_planned),
        cmocka_unit_test(mail_of_others_comes_between_when_it_is_reordered),
        cmocka_unit_test(a_deadline_passes_when_turns_are_delayed),
        cmocka_unit_test(threads_have_no_faults),
    };

    return cmocka_run_group_tests_name("seeds", tests, NULL, NULL);
}
