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
    uint64_t digits; /* of what the collector got, in order */
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

    (void)self;
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
        cmocka_unit_test(two_that_tell_each_other_have_three_orders),
        cmocka_unit_test(
            each_state_of_the_whole_is_seen_though_the_order_is_one),
    };

    return cmocka_run_group_tests_name("explore", tests, NULL, NULL);
}
