/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: an exploration runs processes in every order in which they can receive,
 * and no other, and finds what goes wrong in one of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/support/check.h"
#include "troupe/troupe.h"

#define NUMBER(FIELD) FIELD(int64, value)
TROUPE_MESSAGE(number, NUMBER)
TROUPE_MESSAGE(other_number, NUMBER)
TROUPE_MESSAGE(query, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(result, NUMBER)

/* ---- senders and receivers ----------------------------------------------- */

struct sender {
    troupe_pid to;
    int64_t from;
    int64_t until;
    bool sends_others;
};

static void
send_all(struct troupe_self *self, void *state)
{
    const struct sender *sender = state;

    for (int64_t i = sender->from; i <= sender->until; i++) {
        CHECK((sender->sends_others
                      ? troupe_tell(self, sender->to, other_number, .value = i)
                      : troupe_tell(self, sender->to, number, .value = i)) ==
              TROUPE_OK);
    }
    (void)troupe_sleep(self, TROUPE_FOREVER); /* an end would have an order */
}

TROUPE_PROCESS(sending, sizeof(struct sender), send_all);

struct receiver {
    int64_t seen; /* the numbers, a digit each */
    int64_t other;
    bool is_late;
};

static void
receive_all(struct troupe_self *self, void *state)
{
    struct receiver *receiver = state;
    const struct troupe_message *message;
    struct number number;

    while (troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK) {
        CHECK(number_in(message, &number));
        receiver->seen = 10 * receiver->seen + number.value;
    }
}

static void
receive_the_other_first(struct troupe_self *self, void *state)
{
    struct receiver *receiver = state;
    struct other_number other;

    CHECK(troupe_receive_only(self, other_number, &other, TROUPE_FOREVER) ==
          TROUPE_OK);
    CHECK(receiver->seen == 0);
    receiver->other = other.value;
    receive_all(self, state);
}

static void
receive_in_time(struct troupe_self *self, void *state)
{
    struct receiver *receiver = state;
    const struct troupe_message *message;

    receiver->is_late =
        troupe_receive(self, &message, TROUPE_MS(10)) == TROUPE_E_TIMED_OUT;
    (void)troupe_sleep(self, TROUPE_FOREVER);
}

TROUPE_PROCESS(receiving, sizeof(struct receiver), receive_all);
TROUPE_PROCESS(choosy, sizeof(struct receiver), receive_the_other_first);
TROUPE_PROCESS(timely, sizeof(struct receiver), receive_in_time);

static struct troupe_behaviour *receiver_behaviour;
static troupe_pid receiver_pid;
static bool seen_late;
static bool seen_in_time;

static void
spawn_sender(struct troupe_self *self, const struct sender *sender)
{
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn_with(
        self, sending, &TROUPE_SPAWN_OPTIONS(.state = sender), &pid));
}

static void
two_senders(struct troupe_self *self, void *context)
{
    (void)context;
    TROUPE_CHECK(
        troupe_spawn_behaviour(self, receiver_behaviour, NULL, &receiver_pid));
    spawn_sender(self, &(struct sender){receiver_pid, 1, 2, false});
    spawn_sender(self, &(struct sender){receiver_pid, 3, 4, false});
}

static void
two_kinds(struct troupe_self *self, void *context)
{
    (void)context;
    TROUPE_CHECK(troupe_spawn(self, choosy, &receiver_pid));
    spawn_sender(self, &(struct sender){receiver_pid, 1, 2, false});
    spawn_sender(self, &(struct sender){receiver_pid, 5, 5, true});
}

static void
look_at_the_choosy(struct troupe_explored *run, void *context)
{
    const struct receiver *receiver =
        troupe_explored_state_view(run, receiver_pid);

    (void)context;
    if (receiver->seen != 12 || receiver->other != 5) {
        troupe_explored_fail(run, "it has seen %d and %d", (int)receiver->seen,
            (int)receiver->other);
    }
}

static void
one_sender(struct troupe_self *self, void *context)
{
    (void)context;
    TROUPE_CHECK(troupe_spawn(self, timely, &receiver_pid));
    spawn_sender(self, &(struct sender){receiver_pid, 1, 1, false});
}

static void
look_at_the_timely(struct troupe_explored *run, void *context)
{
    const struct receiver *receiver =
        troupe_explored_state_view(run, receiver_pid);

    (void)context;
    seen_late |= receiver->is_late;
    seen_in_time |= !receiver->is_late;
}

static struct troupe_explore_report report;

static troupe_err
explore(const struct troupe_explore_options *options)
{
    report = (struct troupe_explore_report)TROUPE_EXPLORE_REPORT;
    return troupe_explore(options, &report);
}

static void
a_process_receives_in_every_order(void **state)
{
    (void)state;
    receiver_behaviour = &receiving_behaviour;
    assert_int_equal(
        explore(&TROUPE_EXPLORE_OPTIONS(.setup = two_senders)), TROUPE_OK);
    assert_int_equal(report.orders_count, 6);
}

static void
what_is_not_wanted_yet_is_no_choice(void **state)
{
    (void)state;
    assert_int_equal(explore(&TROUPE_EXPLORE_OPTIONS(.setup = two_kinds,
                         .at_end = look_at_the_choosy)),
        TROUPE_OK);
    assert_int_equal(report.orders_count, 1);
}

static void
a_time_limit_is_met_or_not(void **state)
{
    (void)state;
    seen_late = seen_in_time = false;
    assert_int_equal(explore(&TROUPE_EXPLORE_OPTIONS(.setup = one_sender,
                         .at_end = look_at_the_timely)),
        TROUPE_OK);
    assert_true(seen_in_time && !seen_late);
    assert_int_equal(explore(&TROUPE_EXPLORE_OPTIONS(.setup = one_sender,
                         .at_end = look_at_the_timely, .timers_race = true)),
        TROUPE_OK);
    assert_true(seen_in_time && seen_late);
}

/* ---- a lost update ------------------------------------------------------- */

struct counter {
    int64_t value;
};

static void
count(struct troupe_self *self, void *state)
{
    struct counter *counter = state;
    const struct troupe_message *message;
    struct number number;
    struct query query;

    while (troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK) {
        if (query_in(message, &query)) {
            CHECK(troupe_reply(self, result, .value = counter->value) ==
                  TROUPE_OK);
        } else if (number_in(message, &number)) {
            counter->value = number.value;
        }
    }
}

TROUPE_PROCESS(counting, sizeof(struct counter), count);

/* Reads, adds, writes: as if nobody else did. */
static void
add_one(struct troupe_self *self, void *state)
{
    const troupe_pid *counter = state;
    struct result now;

    CHECK(troupe_ask(self, *counter, TROUPE_SECONDS(1), result, &now, query) ==
          TROUPE_OK);
    CHECK(troupe_tell(self, *counter, number, .value = now.value + 1) ==
          TROUPE_OK);
}

TROUPE_PROCESS(adding, sizeof(troupe_pid), add_one);

static void
two_adders(struct troupe_self *self, void *context)
{
    (void)context;
    TROUPE_CHECK(troupe_spawn(self, counting, &receiver_pid));
    for (int i = 0; i < 2; i++) {
        troupe_pid pid;

        TROUPE_CHECK(troupe_spawn_with(
            self, adding, &TROUPE_SPAWN_OPTIONS(.state = &receiver_pid), &pid));
    }
}

static void
nothing_is_lost(struct troupe_explored *run, void *context)
{
    const struct counter *counter =
        troupe_explored_state_view(run, receiver_pid);

    (void)context;
    if (counter->value != 2) {
        troupe_explored_fail(run, "the count is %d", (int)counter->value);
    }
}

static void
an_update_that_is_lost_between_two_waits_is_found(void **state)
{
    char drawn[4096] = "";
    FILE *stream = fmemopen(drawn, sizeof(drawn), "w");

    (void)state;
    assert_int_equal(explore(&TROUPE_EXPLORE_OPTIONS(.setup = two_adders,
                         .at_end = nothing_is_lost, .stream = stream)),
        TROUPE_E_CHECK_FAILED);
    fclose(stream);
    assert_non_null(strstr(drawn, "the count is 1"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_receives_in_every_order),
        cmocka_unit_test(what_is_not_wanted_yet_is_no_choice),
        cmocka_unit_test(a_time_limit_is_met_or_not),
        cmocka_unit_test(an_update_that_is_lost_between_two_waits_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
