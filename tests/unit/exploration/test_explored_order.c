/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: an exploration runs what urgent messages may overtake, and what later
 * ones may replace, in every order; and whatever a simulation does is among
 * those.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/order_world.h"

/* ---- senders ------------------------------------------------------------- */

struct sender {
    troupe_pid to;
    const char *script; /* "i1c2a3": item 1, command 2, a price 3 of a */
};

static void
send_one(struct troupe_self *own, troupe_pid to, const char *word)
{
    uint64_t value = (uint64_t)(word[1] - '0');

    switch (word[0]) {
    case 'i':
        CHECK(troupe_tell(own, to, item, .value = value) == TROUPE_OK);
        break;
    case 'c':
        CHECK(troupe_tell(own, to, command, .value = value) == TROUPE_OK);
        break;
    default:
        CHECK(troupe_tell(own, to, price, .cents = value,
                  .symbol = {word, 1}) == TROUPE_OK);
    }
}

static void
send_all(struct troupe_self *own, void *state)
{
    const struct sender *sender = state;

    for (const char *word = sender->script; *word != '\0'; word += 2) {
        send_one(own, sender->to, word);
    }
}

TROUPE_BEHAVIOUR(sending, sizeof(struct sender), TROUPE_ON_START(send_all));

/* ---- outcomes ------------------------------------------------------------ */

enum { OUTCOMES_MAX = 4000, OUTCOME_BYTES = 64, SENDERS_MAX = 3 };

static const char *scripts[SENDERS_MAX];
static char outcomes[OUTCOMES_MAX][OUTCOME_BYTES];
static unsigned outcomes_count;
static bool has_surprise; /* a simulation did what no exploration had done */
static bool is_exploring;

static void
begin_scripts(struct troupe_self *own, void *context)
{
    (void)context;
    forget_seen();
    TROUPE_CHECK(troupe_spawn(own, ordered, &receiver_pid));
    for (unsigned i = 0; i < SENDERS_MAX && scripts[i] != NULL; i++) {
        struct sender sender = {receiver_pid, scripts[i]};
        troupe_pid pid;

        TROUPE_CHECK(troupe_spawn_with(
            own, sending, &TROUPE_SPAWN_OPTIONS(.state = &sender), &pid));
    }
}

static bool
is_known(const char *outcome)
{
    bool found = false;

    for (unsigned i = 0; i < outcomes_count; i++) {
        found |= strcmp(outcomes[i], outcome) == 0;
    }
    return found;
}

static void
note_outcome(struct troupe_explored *run, void *context)
{
    (void)run, (void)context;
    CHECK(strlen(seen) < OUTCOME_BYTES);
    if (is_known(seen)) {
        return;
    }
    if (!is_exploring) {
        has_surprise = true;
        print_error("not explored: %s\n", seen);
        return;
    }
    CHECK(outcomes_count < OUTCOMES_MAX);
    (void)strcpy(outcomes[outcomes_count++], seen);
}

/* All orders; then seeds, which show nothing new. */
static void
explore(const char *first, const char *second, const char *third)
{
    struct troupe_options plan = TROUPE_OPTIONS(.faults = {.reorder = true});
    struct troupe_explore_options options =
        TROUPE_EXPLORE_OPTIONS(.setup = begin_scripts, .at_end = note_outcome);

    scripts[0] = first;
    scripts[1] = second;
    scripts[2] = third;
    outcomes_count = 0;
    has_surprise = false;
    is_exploring = true;
    assert_int_equal(troupe_explore(&options, NULL), TROUPE_OK);
    is_exploring = false;
    assert_int_equal(troupe_explore_seeds(&options, 1, 200, NULL), TROUPE_OK);
    options.runtime = &plan;
    assert_int_equal(troupe_explore_seeds(&options, 1, 200, NULL), TROUPE_OK);
    assert_false(has_surprise);
}

#define ASSERT_OUTCOMES(...)                                                   \
    do {                                                                       \
        static const char *const expected[] = {__VA_ARGS__};                   \
        size_t count = sizeof(expected) / sizeof(expected[0]);                 \
                                                                               \
        for (size_t i = 0; i < count; i++) {                                   \
            if (!is_known(expected[i])) {                                      \
                fail_msg("never: %s", expected[i]);                            \
            }                                                                  \
        }                                                                      \
        assert_int_equal(outcomes_count, count);                               \
    } while (0)

/* ---- tests --------------------------------------------------------------- */

static void
an_urgent_message_overtakes_what_was_sent_before_it_or_not(void **state)
{
    (void)state;
    explore("i1c1", NULL, NULL);
    ASSERT_OUTCOMES("i1 c1 ", "c1 i1 ");
}

static void
nothing_overtakes_an_urgent_message_of_its_sender(void **state)
{
    (void)state;
    explore("c1i1", NULL, NULL);
    ASSERT_OUTCOMES("c1 i1 ");
    explore("i1c1i2", NULL, NULL);
    ASSERT_OUTCOMES("i1 c1 i2 ", "c1 i1 i2 ");
}

static void
urgent_messages_of_two_senders_come_in_any_order(void **state)
{
    (void)state;
    explore("c1", "i2c2", NULL);
    ASSERT_OUTCOMES("c1 i2 c2 ", "c1 c2 i2 ", "c2 c1 i2 ", "c2 i2 c1 ",
        "i2 c1 c2 ", "i2 c2 c1 ");
}

static void
a_value_is_replaced_by_the_next_or_not(void **state)
{
    (void)state;
    explore("a1a2", NULL, NULL);
    ASSERT_OUTCOMES("a1 a2 ", "a2 ");
    explore("a1b2a3", NULL, NULL);
    ASSERT_OUTCOMES("a1 b2 a3 ", "a3 b2 ");
    explore("a1a2a3", NULL, NULL);
    ASSERT_OUTCOMES("a1 a2 a3 ", "a2 a3 ", "a1 a3 ", "a3 ");
}

static void
values_of_two_senders_replace_each_other_either_way(void **state)
{
    (void)state;
    explore("a1", "a2", NULL);
    ASSERT_OUTCOMES("a1 a2 ", "a2 a1 ", "a1 ", "a2 ");
    explore("a1", "i2a2", NULL);
    ASSERT_OUTCOMES(
        "a1 i2 a2 ", "i2 a1 a2 ", "i2 a2 a1 ", "a2 i2 ", "i2 a2 ", "i2 a1 ");
}

static void
what_a_simulation_does_is_explored(void **state)
{
    (void)state;
    explore("a1i1a2", "a3c1a4", NULL);
    explore("a1c1", "a2i2", "a3");
    assert_true(outcomes_count > 50);
}

/* ---- a mistake that it finds --------------------------------------------- */

static void
believe_in_order(struct troupe_explored *run, void *context)
{
    const char *close = strstr(seen, "i1");

    (void)context;
    TROUPE_EXPLORED_CHECK(run, close == NULL || strstr(close, "a2") != NULL);
}

static void
who_believes_that_no_value_comes_too_early_is_shown(void **state)
{
    char text[4096] = "";
    FILE *stream = fmemopen(text, sizeof(text), "w");

    (void)state;
    assert_non_null(stream);
    scripts[0] = "a1i1a2";
    scripts[1] = NULL;
    assert_int_equal(
        troupe_explore(&TROUPE_EXPLORE_OPTIONS(.setup = begin_scripts,
                           .at_end = believe_in_order, .stream = stream),
            NULL),
        TROUPE_E_CHECK_FAILED);
    assert_int_equal(fclose(stream), 0);
    assert_non_null(strstr(text, "replaced by a later one"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            an_urgent_message_overtakes_what_was_sent_before_it_or_not),
        cmocka_unit_test(nothing_overtakes_an_urgent_message_of_its_sender),
        cmocka_unit_test(urgent_messages_of_two_senders_come_in_any_order),
        cmocka_unit_test(a_value_is_replaced_by_the_next_or_not),
        cmocka_unit_test(values_of_two_senders_replace_each_other_either_way),
        cmocka_unit_test(what_a_simulation_does_is_explored),
        cmocka_unit_test(who_believes_that_no_value_comes_too_early_is_shown),
    };

    return cmocka_run_group_tests_name("explored_order", tests, NULL, NULL);
}
