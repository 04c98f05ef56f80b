/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: every order in which messages can be delivered is run, and none twice;
 * what does not hold in one of them is found, in as few steps as it takes.
 *
 * Method: systems so small that their orders are counted by hand, and systems
 * with a planted fault that only some orders show.
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

enum { ACTORS_MAX = 8, DIGITS_MAX = 100 };

/* ---- actors -------------------------------------------------------------- */

/* What the actors of a test are told to do when they get go{}. */
static struct {
    troupe_pid pids[ACTORS_MAX];
    void (*on_go)(struct troupe_self *self, int index);
    bool forwards;      /* all but the collector, who is 0: to 0 */
    uint64_t digits;    /* of what the collector got, in order */
    uint64_t forwarded; /* the same of what was forwarded to it */
    uint64_t seen[DIGITS_MAX];
    int seen_count;
} world;

static int
index_of(troupe_pid pid)
{
    int i = 0;

    while (i < ACTORS_MAX && world.pids[i] != pid) {
        i++;
    }
    return i;
}

/* Writes down the numbers that it is told, as digits of one. */
static void
on_put(struct troupe_self *self, void *state, const struct put *put)
{
    uint64_t *digits = state;

    if (world.forwards && troupe_self_pid(self) != world.pids[0]) {
        world.forwarded = world.forwarded * 10 + (uint64_t)put->value;
        CHECK(troupe_forward(self, world.pids[0]) == TROUPE_OK);
        return;
    }
    *digits = *digits * 10 + (uint64_t)put->value;
    world.digits = *digits;
}

static void
on_go(struct troupe_self *self, void *state, const struct go *go)
{
    (void)state, (void)go;
    world.on_go(self, index_of(troupe_self_pid(self)));
}

TROUPE_BEHAVIOUR(
    collector, sizeof(uint64_t), TROUPE_ON(put, on_put), TROUPE_ON(go, on_go));

static void
tell(struct troupe_self *self, int to, int value)
{
    CHECK(troupe_tell(self, world.pids[to], put, .value = value) == TROUPE_OK);
}

static void
tell_go(struct troupe_self *self, int to)
{
    CHECK(troupe_tell(self, world.pids[to], go) == TROUPE_OK);
}

static void
spawn(struct troupe_self *self, int count)
{
    memset(world.pids, 0, sizeof(world.pids));
    world.digits = 0;
    world.forwarded = 0;
    world.forwards = false;
    for (int i = 0; i < count; i++) {
        CHECK(troupe_spawn(self, collector, &world.pids[i]) == TROUPE_OK);
    }
}

/* ---- what is seen -------------------------------------------------------- */

/* At the end of each order. */
static void
note_digits(struct troupe_explored *run, void *context)
{
    (void)run, (void)context;
    CHECK(world.seen_count < DIGITS_MAX);
    world.seen[world.seen_count++] = world.digits;
}

static bool
has_seen(uint64_t digits)
{
    for (int i = 0; i < world.seen_count; i++) {
        if (world.seen[i] == digits) {
            return true;
        }
    }
    return false;
}

static uint64_t
count_orders(troupe_explore_setup *setup)
{
    struct troupe_explore_report report = TROUPE_EXPLORE_REPORT;

    world.seen_count = 0;
    assert_int_equal(troupe_explore(&TROUPE_EXPLORE_OPTIONS(.setup = setup,
                                        .at_end = note_digits),
                         &report),
        TROUPE_OK);
    assert_int_equal(world.seen_count, report.orders_count);
    return report.orders_count;
}

/* ---- counting ------------------------------------------------------------ */

static void
one_sender_two_messages(struct troupe_self *self, void *context)
{
    (void)context;
    spawn(self, 1);
    tell(self, 0, 1);
    tell(self, 0, 2);
}

static void
messages_of_one_sender_have_one_order(void **state)
{
    (void)state;
    assert_int_equal(count_orders(one_sender_two_messages), 1);
    assert_true(has_seen(12));
}

/* Actors 1 to 3 tell actor 0 who they are. */
static void
tell_index(struct troupe_self *self, int index)
{
    tell(self, 0, index);
}

static void
three_senders(struct troupe_self *self, void *context)
{
    (void)context;
    world.on_go = tell_index;
    spawn(self, 4);
    for (int i = 1; i <= 3; i++) {
        tell_go(self, i);
    }
}

static void
three_senders_have_six_orders(void **state)
{
    static const uint64_t all[] = {123, 132, 213, 231, 312, 321};

    (void)state;
    assert_int_equal(count_orders(three_senders), 6);
    for (int i = 0; i < 6; i++) {
        assert_true(has_seen(all[i]));
    }
}

static void
tell_two(struct troupe_self *self, int index)
{
    tell(self, 0, 2 * index - 1);
    tell(self, 0, 2 * index);
}

static void
two_senders_of_two(struct troupe_self *self, void *context)
{
    (void)context;
    world.on_go = tell_two;
    spawn(self, 3);
    tell_go(self, 1);
    tell_go(self, 2);
}

/* 4! / (2! 2!), also those in which one sender comes between two messages that
 * another sends in one handler. */
static void
two_senders_of_two_messages_have_six_orders(void **state)
{
    static const uint64_t all[] = {1234, 1324, 1342, 3124, 3142, 3412};

    (void)state;
    assert_int_equal(count_orders(two_senders_of_two), 6);
    for (int i = 0; i < 6; i++) {
        assert_true(has_seen(all[i]));
    }
}

static void
five_alone(struct troupe_self *self, void *context)
{
    (void)context;
    spawn(self, 5);
    for (int i = 0; i < 5; i++) {
        tell(self, i, i);
    }
}

static void
actors_that_have_nothing_to_do_with_each_other_have_one_order(void **state)
{
    (void)state;
    assert_int_equal(count_orders(five_alone), 1);
}

/* 1 tells 0, and 2, who then tells 0; 3 tells 0. */
static void
tell_on(struct troupe_self *self, int index)
{
    tell(self, 0, index);
    if (index == 1) {
        tell_go(self, 2);
    }
}

static void
chain_and_another(struct troupe_self *self, void *context)
{
    (void)context;
    world.on_go = tell_on;
    spawn(self, 4);
    tell_go(self, 1);
    tell_go(self, 3);
}

/* Between different senders there is no order, though 2 was told by 1: 3!. */
static void
who_was_told_by_another_may_come_first(void **state)
{
    (void)state;
    assert_int_equal(count_orders(chain_and_another), 6);
    assert_true(has_seen(213));
}

/* 3 sends to 0 by way of 1 and of 2. */
static void
tell_both(struct troupe_self *self, int index)
{
    (void)index;
    tell(self, 1, 1);
    tell(self, 2, 2);
}

static void
two_ways(struct troupe_self *self, void *context)
{
    (void)context;
    world.on_go = tell_both;
    spawn(self, 4);
    world.forwards = true;
    tell_go(self, 3);
}

/* 3 sends to 0 by way of 1 and directly. */
static void
tell_around_and_directly(struct troupe_self *self, int index)
{
    (void)index;
    tell(self, 1, 1);
    tell(self, 0, 2);
}

static void
around_and_directly(struct troupe_self *self, void *context)
{
    (void)context;
    world.on_go = tell_around_and_directly;
    spawn(self, 4);
    world.forwards = true;
    tell_go(self, 3);
}

static void
tell_twice(struct troupe_self *self, int index)
{
    (void)index;
    tell(self, 1, 1);
    tell(self, 1, 2);
}

static void
one_way(struct troupe_self *self, void *context)
{
    (void)context;
    world.on_go = tell_twice;
    spawn(self, 4);
    world.forwards = true;
    tell_go(self, 3);
}

static void
what_is_forwarded_by_two_ways_has_no_order(void **state)
{
    (void)state;
    assert_true(count_orders(two_ways) >= 2);
    assert_true(has_seen(12) && has_seen(21));
    assert_true(count_orders(around_and_directly) >= 2);
    assert_true(has_seen(12) && has_seen(21));
}

static void
what_is_forwarded_by_one_way_keeps_its_order(void **state)
{
    (void)state;
    assert_true(count_orders(one_way) >= 1);
    assert_true(has_seen(12) && !has_seen(21));
}

/* 2 and 3, or 2, 3 and 4, send to 0 by way of 1, twice each. */
static void
tell_by_way(struct troupe_self *self, int index)
{
    tell(self, 1, index);
    tell(self, 1, index + 3);
}

static void
one_way_for(struct troupe_self *self, int senders)
{
    world.on_go = tell_by_way;
    spawn(self, 2 + senders);
    world.forwards = true;
    for (int i = 0; i < senders; i++) {
        tell_go(self, 2 + i);
    }
}

static void
one_way_for_two(struct troupe_self *self, void *context)
{
    (void)context;
    one_way_for(self, 2);
}

static void
one_way_for_three(struct troupe_self *self, void *context)
{
    (void)context;
    one_way_for(self, 3);
}

static void
check_forwarded(struct troupe_explored *run, void *context)
{
    (void)context;
    TROUPE_EXPLORED_CHECK(run, world.digits == world.forwarded);
    if (!has_seen(world.digits)) {
        CHECK(world.seen_count < DIGITS_MAX);
        world.seen[world.seen_count++] = world.digits;
    }
}

/* Of two that send twice each there are 4!/(2!2!) orders. Nothing commutes with
 * a step that forwards: of three there are too many runs, and seeds choose. */
static void
what_one_actor_forwards_keeps_its_order_whoever_has_sent_it(void **state)
{
    struct troupe_options runtime = TROUPE_OPTIONS(.faults = {.reorder = true});
    struct troupe_explore_options options =
        TROUPE_EXPLORE_OPTIONS(.setup = one_way_for_three,
            .at_end = check_forwarded, .runtime = &runtime);

    (void)state;
    world.seen_count = 0;
    assert_int_equal(troupe_explore_seeds(&options, 1, 100, NULL), TROUPE_OK);
    assert_true(world.seen_count > 10);
    world.seen_count = 0;
    options.setup = one_way_for_two;
    options.runtime = NULL;
    assert_int_equal(troupe_explore(&options, NULL), TROUPE_OK);
    assert_int_equal(world.seen_count, 6);
}

/* 0 tells 1, and 1 answers; both are told go by the thread. */
static void
tell_each_other(struct troupe_self *self, int index)
{
    tell(self, 1 - index, 1);
}

static void
ping_both(struct troupe_self *self, void *context)
{
    (void)context;
    world.on_go = tell_each_other;
    spawn(self, 2);
    tell_go(self, 0);
    tell_go(self, 1);
}

/* Each of the two takes go and put: 2 times 2 orders, but not both puts first,
 * since each is sent by the other's go. */
static void
two_that_tell_each_other_have_three_orders(void **state)
{
    (void)state;
    assert_int_equal(count_orders(ping_both), 3);
}

/* ---- states -------------------------------------------------------------- */

static unsigned pairs; /* a bit for each pair of numbers of messages taken */

static unsigned
digits_of(struct troupe_explored *run, int index)
{
    const uint64_t *digits = troupe_explored_state_view(run, world.pids[index]);
    unsigned count = 0;

    CHECK(digits != NULL);
    for (uint64_t rest = *digits; rest > 0; rest /= 10) {
        count++;
    }
    return count;
}

static void
note_pair(struct troupe_explored *run, void *context)
{
    (void)context;
    pairs |= 1u << (3 * digits_of(run, 0) + digits_of(run, 1));
}

static void
two_alone(struct troupe_self *self, void *context)
{
    (void)context;
    spawn(self, 2);
    for (int i = 0; i < 4; i++) {
        tell(self, i % 2, 1);
    }
}

static void
each_state_of_the_whole_is_seen_though_the_order_is_one(void **state)
{
    struct troupe_explore_report report = TROUPE_EXPLORE_REPORT;

    (void)state;
    pairs = 0;
    assert_int_equal(troupe_explore(&TROUPE_EXPLORE_OPTIONS(.setup = two_alone,
                                        .after_step = note_pair),
                         &report),
        TROUPE_OK);
    assert_int_equal(report.orders_count, 1);
    assert_int_equal(pairs, 0x1ff);
}

/* ---- starts, stops, kills ------------------------------------------------ */

static void
on_start(struct troupe_self *self, void *state)
{
    (void)state;
    CHECK(troupe_tell(self, world.pids[0], put, .value = 9) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(starter, 0, TROUPE_ON_START(on_start));

static void
start_and_another(struct troupe_self *self, void *context)
{
    troupe_pid pid;

    (void)context;
    spawn(self, 1);
    tell(self, 0, 1);
    CHECK(troupe_spawn(self, starter, &pid) == TROUPE_OK);
}

static void
a_start_handler_is_a_step_like_any_other(void **state)
{
    struct troupe_explore_report report = TROUPE_EXPLORE_REPORT;

    (void)state;
    assert_int_equal(count_orders(start_and_another), 2);
    assert_int_equal(
        troupe_explore(
            &TROUPE_EXPLORE_OPTIONS(.setup = start_and_another), &report),
        TROUPE_OK);
    assert_int_equal(report.steps_max, 3);
    assert_true(has_seen(19));
    assert_true(has_seen(91));
}

static void
tell_stop_tell(struct troupe_self *self, int index)
{
    (void)index;
    tell(self, 0, 1);
    CHECK(troupe_stop(self, world.pids[0]) == TROUPE_OK);
    tell(self, 0, 2);
}

static void
stopped_by_another(struct troupe_self *self, void *context)
{
    (void)context;
    world.on_go = tell_stop_tell;
    spawn(self, 2);
    tell_go(self, 1);
}

/* What is sent after the stop never comes before it. */
static void
a_stop_overtakes_what_was_sent_before_it_or_not(void **state)
{
    (void)state;
    assert_int_equal(count_orders(stopped_by_another), 2);
    assert_true(has_seen(0));
    assert_true(has_seen(1));
}

static void
one_message_each(struct troupe_self *self, void *context)
{
    (void)context;
    spawn(self, 2);
    tell(self, 0, 1);
    tell(self, 1, 1);
}

/* Nobody is killed; or one of two is, before its message or after it. */
static void
a_kill_may_come_at_any_moment(void **state)
{
    struct troupe_explore_report report = TROUPE_EXPLORE_REPORT;

    (void)state;
    assert_int_equal(
        troupe_explore(
            &TROUPE_EXPLORE_OPTIONS(.setup = one_message_each, .kills_max = 1),
            &report),
        TROUPE_OK);
    assert_int_equal(report.orders_count, 1 + 2 * 2);
    assert_int_equal(
        troupe_explore(
            &TROUPE_EXPLORE_OPTIONS(.setup = one_message_each, .kills_max = 2),
            &report),
        TROUPE_OK);
    /* If both are, who is first is another order: lives end. */
    assert_int_equal(report.orders_count, 1 + 2 * 2 + 2 * (2 * 2));
    assert_int_equal(
        troupe_explore(&TROUPE_EXPLORE_OPTIONS(.setup = one_message_each,
                           .kills_max = 1, .kill_only = "nobody"),
            &report),
        TROUPE_OK);
    assert_int_equal(report.orders_count, 1);
}

/* ---- what all share ------------------------------------------------------ */

static void
draw(struct troupe_self *self, int index)
{
    (void)index;
    (void)troupe_random_below(self, 10);
}

static void
spawn_another(struct troupe_self *self, int index)
{
    (void)index;
    CHECK(troupe_spawn(self, collector, &world.pids[7]) == TROUPE_OK);
}

static void
nothing(struct troupe_self *self, int index)
{
    (void)self, (void)index;
}

static void
two_that_do(struct troupe_self *self, void *context)
{
    (void)context;
    spawn(self, 2);
    tell_go(self, 0);
    tell_go(self, 1);
}

static void
steps_that_draw_or_spawn_have_an_order(void **state)
{
    (void)state;
    world.on_go = nothing;
    assert_int_equal(count_orders(two_that_do), 1);
    world.on_go = draw;
    assert_int_equal(count_orders(two_that_do), 2);
    world.on_go = spawn_another;
    assert_int_equal(count_orders(two_that_do), 2);
}

static void
look_for_a_name(struct troupe_self *self, int index)
{
    (void)index;
    (void)troupe_whereis(self, "first");
}

static void
take_a_name(struct troupe_self *self, int index)
{
    troupe_err err = troupe_register(self, "first", troupe_self_pid(self));

    CHECK(err == TROUPE_OK || err == TROUPE_E_NAME_TAKEN);
    (void)index;
}

static void
take_or_look(struct troupe_self *self, int index)
{
    if (index == 1) {
        take_a_name(self, index);
    } else {
        look_for_a_name(self, index);
    }
}

static void
publish_to_nobody(struct troupe_self *self, int index)
{
    (void)index;
    CHECK(troupe_publish(self, "nobody", go) == TROUPE_OK);
}

static void
steps_that_change_names_have_an_order_and_those_that_look_have_none(
    void **state)
{
    (void)state;
    world.on_go = look_for_a_name;
    assert_int_equal(count_orders(two_that_do), 1);
    world.on_go = publish_to_nobody;
    assert_int_equal(count_orders(two_that_do), 1);
    world.on_go = take_a_name;
    assert_int_equal(count_orders(two_that_do), 2);
    world.on_go = take_or_look;
    assert_int_equal(count_orders(two_that_do), 2);
}

/* Whom the mailbox of one message has refused. */
static int refused[2];

static void
tell_if_there_is_room(struct troupe_self *self, int index)
{
    if (troupe_tell(self, world.pids[0], put, .value = index) != TROUPE_OK) {
        refused[index - 1]++;
    }
}

static void
two_for_one_place(struct troupe_self *self, void *context)
{
    (void)context;
    world.on_go = tell_if_there_is_room;
    spawn(self, 3);
    CHECK(troupe_spawn_with(self, collector,
              &TROUPE_SPAWN_OPTIONS(.mailbox =
                                        {
                                            .policy = TROUPE_MAILBOX_REJECT,
                                            .messages_high = 1,
                                        }),
              &world.pids[0]) == TROUPE_OK);
    tell_go(self, 1);
    tell_go(self, 2);
}

/* 12, 21, and one of them refused because the other waits. */
static void
who_is_refused_depends_on_who_came_first(void **state)
{
    (void)state;
    refused[0] = 0;
    refused[1] = 0;
    (void)count_orders(two_for_one_place);
    assert_true(has_seen(12));
    assert_true(has_seen(21));
    assert_true(has_seen(1));
    assert_true(has_seen(2));
    assert_true(refused[0] > 0);
    assert_true(refused[1] > 0);
}

/* ---- time ---------------------------------------------------------------- */

static void
note_time(struct troupe_self *self, void *state, uint64_t context)
{
    (void)state, (void)context;
    tell(self, 0, 9);
}

static void
set_timer(struct troupe_self *self, int index)
{
    (void)index;
    CHECK(
        troupe_after(self, TROUPE_SECONDS(1), note_time, 0, NULL) == TROUPE_OK);
    tell(self, 0, 1);
}

static void
one_timer(struct troupe_self *self, void *context)
{
    (void)context;
    world.on_go = set_timer;
    spawn(self, 2);
    tell_go(self, 1);
}

static void
time_passes_when_nothing_else_can_happen(void **state)
{
    (void)state;
    assert_int_equal(count_orders(one_timer), 1);
    assert_true(has_seen(19));
}

static troupe_err
explore_reasons(const char *reason, struct troupe_explore_options options,
    struct troupe_explore_report *report)
{
    FILE *stream = tmpfile();
    troupe_err err;

    assert_non_null(stream);
    *report = (struct troupe_explore_report)TROUPE_EXPLORE_REPORT;
    options.stream = stream;
    err = troupe_explore(&options, report);
    fclose(stream);
    if (reason != NULL) {
        assert_int_equal(err, TROUPE_E_CHECK_FAILED);
        assert_non_null(strstr(report->reason, reason));
        assert_non_null(strstr(troupe_err_detail(), reason));
    }
    return err;
}

/* The one message is taken before or after the second has passed, and the
 * timer's too; the two are of one sender. */
static void
timers_that_race_are_due_before_or_after_what_waits(void **state)
{
    struct troupe_explore_report report = TROUPE_EXPLORE_REPORT;

    (void)state;
    assert_int_equal(troupe_explore(&TROUPE_EXPLORE_OPTIONS(.setup = one_timer,
                                        .timers_race = true),
                         &report),
        TROUPE_OK);
    assert_int_equal(report.orders_count, 2);
}

/* ---- what fails ---------------------------------------------------------- */

static void
four_senders(struct troupe_self *self, void *context)
{
    (void)context;
    world.on_go = tell_index;
    spawn(self, 6);
    for (int i = 1; i <= 5; i++) {
        tell_go(self, i);
    }
}

static void
five_is_not_before_four(struct troupe_explored *run, void *context)
{
    (void)context;
    TROUPE_EXPLORED_CHECK(run, world.digits % 100 != 54);
}

/* go{} to 5 and to 4, and what they tell. */
static void
the_shortest_order_that_fails_is_found(void **state)
{
    struct troupe_explore_report report;

    (void)state;
    explore_reasons("world.digits % 100 != 54",
        TROUPE_EXPLORE_OPTIONS(.setup = four_senders,
            .after_step = five_is_not_before_four),
        &report);
    assert_int_equal(report.failing_steps_count, 4);
    assert_true(report.is_shortest);
}

static void
not_321(struct troupe_explored *run, void *context)
{
    (void)context;
    if (world.digits == 321) {
        troupe_explored_fail(run, "the digits are %d", (int)world.digits);
        troupe_explored_fail(run, "again");
    }
}

static void
one_order_of_six_is_found_at_its_end(void **state)
{
    struct troupe_explore_report report;

    (void)state;
    explore_reasons("the digits are 321",
        TROUPE_EXPLORE_OPTIONS(.setup = three_senders, .at_end = not_321),
        &report);
    assert_int_equal(report.failing_steps_count, 6);
    assert_string_equal(report.reason, "the digits are 321");
}

static void
fail_always(struct troupe_explored *run, void *context)
{
    (void)context;
    troupe_explored_fail(run, "never right");
}

static void
what_is_wrong_after_the_setup_needs_no_steps(void **state)
{
    struct troupe_explore_report report;

    (void)state;
    explore_reasons("never right",
        TROUPE_EXPLORE_OPTIONS(.setup = three_senders,
            .after_step = fail_always),
        &report);
    assert_int_equal(report.failing_steps_count, 0);
    assert_int_equal(report.runs_count, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_of_one_sender_have_one_order),
        cmocka_unit_test(three_senders_have_six_orders),
        cmocka_unit_test(two_senders_of_two_messages_have_six_orders),
        cmocka_unit_test(
            actors_that_have_nothing_to_do_with_each_other_have_one_order),
        cmocka_unit_test(who_was_told_by_another_may_come_first),
        cmocka_unit_test(what_is_forwarded_by_two_ways_has_no_order),
        cmocka_unit_test(what_is_forwarded_by_one_way_keeps_its_order),
        cmocka_unit_test(
            what_one_actor_forwards_keeps_its_order_whoever_has_sent_it),
        cmocka_unit_test(two_that_tell_each_other_have_three_orders),
        cmocka_unit_test(
            each_state_of_the_whole_is_seen_though_the_order_is_one),
        cmocka_unit_test(a_start_handler_is_a_step_like_any_other),
        cmocka_unit_test(a_stop_overtakes_what_was_sent_before_it_or_not),
        cmocka_unit_test(a_kill_may_come_at_any_moment),
        cmocka_unit_test(steps_that_draw_or_spawn_have_an_order),
        cmocka_unit_test(
            steps_that_change_names_have_an_order_and_those_that_look_have_none),
        cmocka_unit_test(who_is_refused_depends_on_who_came_first),
        cmocka_unit_test(time_passes_when_nothing_else_can_happen),
        cmocka_unit_test(timers_that_race_are_due_before_or_after_what_waits),
        cmocka_unit_test(the_shortest_order_that_fails_is_found),
        cmocka_unit_test(one_order_of_six_is_found_at_its_end),
        cmocka_unit_test(what_is_wrong_after_the_setup_needs_no_steps),
    };

    return cmocka_run_group_tests_name("explore", tests, NULL, NULL);
}
