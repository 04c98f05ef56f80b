/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: of messages of which only the latest is wanted one waits for each key,
 * where the first of them was; what it has replaced is freed, counted, and off
 * the limit; nothing else is lost.
 *
 * Simulated, so that a receiver runs only when the test lets it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "tests/support/order_world.h"

/* ---- what is handled ----------------------------------------------------- */

static void
of_each_key_the_latest_is_handled_where_the_first_was(void **state)
{
    (void)state;
    begin();
    tell_items(1, 1);
    tell_prices("a", 1, 2);
    tell_items(2, 2);
    tell_prices("b", 1, 3);
    tell_prices("a", 3, 5);
    tell_items(3, 3);
    EXPECT("i1 a5 i2 b3 i3");
    finish();
    assert_int_equal(report.messages_replaced_count, 6);
    assert_int_equal(report.messages_handled_count, 5);
}

static void
without_a_key_the_latest_of_all_is_handled(void **state)
{
    (void)state;
    begin();
    for (uint64_t i = 1; i <= 9; i++) {
        TELL(receiver_pid, status, .value = i);
    }
    EXPECT("s9");
    finish();
}

static void
values_that_come_one_by_one_are_all_handled(void **state)
{
    (void)state;
    begin();
    for (uint64_t i = 1; i <= 3; i++) {
        tell_prices("a", i, i);
        settle_down();
    }
    EXPECT("a1 a2 a3");
    finish();
    assert_int_equal(report.messages_replaced_count, 0);
}

static void
texts_that_begin_alike_are_different_keys(void **state)
{
    (void)state;
    begin();
    tell_prices("a", 1, 2);
    tell_prices("ab", 3, 4);
    tell_prices("", 5, 6);
    tell_prices("ab", 7, 7);
    settle_down();
    assert_int_equal(report.messages_replaced_count, 0);
    finish();
    assert_int_equal(report.messages_handled_count, 3);
    assert_int_equal(report.messages_replaced_count, 4);
}

static void
many_keys_wait_at_once(void **state)
{
    enum { KEYS = 150 }; /* three of each are no congestion */
    char symbol[8];

    (void)state;
    begin();
    for (uint64_t round = 1; round <= 3; round++) {
        for (int i = 0; i < KEYS; i++) {
            (void)snprintf(symbol, sizeof(symbol), "k%d", i);
            tell_prices(symbol, round, round);
        }
    }
    settle_down();
    assert_int_equal(handled_count('k'), KEYS);
    assert_int_equal(place_of("k3 "), 0);
    assert_null(strstr(seen, "k2"));
    finish();
    assert_int_equal(report.messages_replaced_count, 2 * KEYS);
}

/* ---- keys of each type --------------------------------------------------- */

#define KEYED(FIELD)                                                           \
    FIELD(int8, int8_key)                                                      \
    FIELD(int64, int64_key)                                                    \
    FIELD(uint16, uint16_key)                                                  \
    FIELD(uint64, uint64_key)                                                  \
    FIELD(bool, bool_key)                                                      \
    FIELD(pid, pid_key)                                                        \
    FIELD(bin, bin_key)                                                        \
    FIELD(double, double_key)                                                  \
    FIELD(uint64, value)
TROUPE_MESSAGE(keyed, KEYED)

static uint64_t handled[4];
static unsigned handled_values_count;

static void
on_keyed(struct troupe_self *own, void *state, const struct keyed *keyed)
{
    (void)own, (void)state;
    CHECK(handled_values_count < 4);
    handled[handled_values_count++] = keyed->value;
}

#define BY(type)                                                               \
    TROUPE_BEHAVIOUR(                                                          \
        by_##type, 0, TROUPE_ON_LATEST_BY(keyed, type##_key, on_keyed))
BY(int8);
BY(int64);
BY(uint16);
BY(uint64);
BY(bool);
BY(pid);
BY(bin);
BY(double);

/* Two of one key, one of another, one more of the first. */
static void
check_key(
    struct troupe_behaviour *behaviour, struct keyed one, struct keyed other)
{
    const uint64_t expected[] = {4, 3};
    troupe_pid pid;

    handled_values_count = 0;
    assert_int_equal(
        troupe_spawn_behaviour(tester, behaviour, NULL, &pid), TROUPE_OK);
    for (uint64_t i = 1; i <= 4; i++) {
        struct keyed next = i == 3 ? other : one;

        next.value = i;
        assert_int_equal(keyed_tell(tester, pid, next), TROUPE_OK);
    }
    settle_down();
    assert_int_equal(handled_values_count, 2);
    assert_memory_equal(handled, expected, sizeof(expected));
}

static void
a_key_is_an_integer_a_boolean_a_pid_or_bytes(void **state)
{
    (void)state;
    begin();
    check_key(&by_int8_behaviour, (struct keyed){.int8_key = -1},
        (struct keyed){.int8_key = 1});
    check_key(&by_int64_behaviour, (struct keyed){.int64_key = INT64_MIN},
        (struct keyed){.int64_key = INT64_MAX});
    check_key(&by_uint16_behaviour, (struct keyed){.uint16_key = 1},
        (struct keyed){.uint16_key = 257});
    check_key(&by_uint64_behaviour, (struct keyed){.uint64_key = UINT64_MAX},
        (struct keyed){.uint64_key = UINT32_MAX});
    check_key(&by_bool_behaviour, (struct keyed){.bool_key = true},
        (struct keyed){.bool_key = false});
    check_key(&by_pid_behaviour, (struct keyed){.pid_key = receiver_pid},
        (struct keyed){.pid_key = plain_pid});
    check_key(&by_bin_behaviour, (struct keyed){.bin_key = {"\0\1", 2}},
        (struct keyed){.bin_key = {"\0\2", 2}});
    finish();
}

static void
a_double_is_no_key(void **state)
{
    troupe_pid pid;

    (void)state;
    begin();
    assert_int_equal(
        troupe_spawn(tester, by_double, &pid), TROUPE_E_INVALID_ARGUMENT);
    assert_non_null(strstr(troupe_err_detail(),
        "the latest keyed by double_key, a double; a key is an integer"));
    finish();
}

/* ---- what is never replaced ---------------------------------------------- */

TROUPE_MESSAGE(watch_number, NUMBER)

static void
on_watch_number(
    struct troupe_self *own, void *state, const struct watch_number *message)
{
    (void)state;
    add_word(seen, 'w', message->value);
    (void)troupe_reply(own, number, .value = message->value);
}

TROUPE_BEHAVIOUR(answering, 0, TROUPE_ON(item, on_item),
    TROUPE_ON_LATEST(watch_number, on_watch_number));

TROUPE_MESSAGE(ask_thrice, TROUPE_NO_FIELDS)

static void
on_answer(struct troupe_self *own, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct number number;

    (void)own, (void)state;
    CHECK(number_from(answer, &number) == TROUPE_OK);
    CHECK(number.value == context);
    add_word(seen, 'r', number.value);
}

static void
on_ask_thrice(
    struct troupe_self *own, void *state, const struct ask_thrice *message)
{
    const troupe_pid *to = state;

    (void)message;
    for (uint64_t i = 1; i <= 3; i++) {
        CHECK(
            troupe_tell(own, *to, watch_number, .value = 10 * i) == TROUPE_OK);
        CHECK(troupe_ask_then(own, *to, long_ns, on_answer, i, watch_number,
                  .value = i) == TROUPE_OK);
    }
}

TROUPE_BEHAVIOUR(
    asker, sizeof(troupe_pid), TROUPE_ON(ask_thrice, on_ask_thrice));

static void
requests_are_never_replaced(void **state)
{
    troupe_pid to;
    troupe_pid pid;

    (void)state;
    begin();
    assert_int_equal(troupe_spawn(tester, answering, &to), TROUPE_OK);
    assert_int_equal(troupe_spawn_with(tester, asker,
                         &TROUPE_SPAWN_OPTIONS(.state = &to), &pid),
        TROUPE_OK);
    TELL(pid, ask_thrice);
    EXPECT("w30 w1 w2 w3 r1 r2 r3");
    finish();
}

static void
a_message_that_does_not_fit_its_schema_replaces_nothing(void **state)
{
    static const char payload[] = "\x92\xa3"
                                  "one\xa1"
                                  "a"; /* a text for cents */
    struct troupe_message *message = NULL;

    (void)state;
    begin();
    tell_prices("a", 1, 1);
    assert_int_equal(troupe_message_create(tester, "price", payload,
                         sizeof(payload) - 1, &message),
        TROUPE_OK);
    assert_int_equal(troupe_send(tester, receiver_pid, &message), TROUPE_OK);
    tell_prices("a", 2, 2);
    EXPECT("a2");
    finish();
    assert_int_equal(report.dead_letters_count[TROUPE_DEAD_LETTER_DECODE], 1);
}

static void
published_messages_are_replaced_too(void **state)
{
    static const char symbol[] = "a symbol that needs more than 24 bytes";

    (void)state;
    begin();
    for (uint64_t i = 1; i <= 3; i++) {
        const troupe_pid pids[] = {receiver_pid, plain_pid};

        assert_int_equal(troupe_tell_all(tester, pids, 2, price, .cents = i,
                             .symbol = troupe_str_of(symbol)),
            TROUPE_OK);
    }
    settle_down();
    assert_int_equal(handled_count('a'), 4);
    finish();
    assert_int_equal(report.messages_replaced_count, 2);
}

/* ---- counting ------------------------------------------------------------ */

static uint64_t
replaced_count(void)
{
    struct number number = {0};

    assert_int_equal(troupe_ask(tester, receiver_pid, long_ns, number, &number,
                         get_replaced),
        TROUPE_OK);
    return number.value;
}

static void
an_actor_can_tell_how_many_were_replaced(void **state)
{
    (void)state;
    begin();
    assert_int_equal(troupe_replaced_count(tester), 0);
    assert_int_equal(replaced_count(), 0);
    tell_prices("a", 1, 5);
    assert_int_equal(replaced_count(), 4);
    finish();
}

TROUPE_MESSAGE(burst, NUMBER)

/* Sends itself prices of one key until there is no room for more. */
static void
on_burst(struct troupe_self *own, void *state, const struct burst *burst)
{
    uint64_t taken = 0;

    (void)state;
    while (troupe_tell(own, troupe_self_pid(own), price, .cents = burst->value,
               .symbol = troupe_str_of("a")) == TROUPE_OK) {
        taken++;
    }
    add_word(seen, 'b', taken);
}

TROUPE_BEHAVIOUR(bursting, 0, TROUPE_ON(burst, on_burst),
    TROUPE_ON_LATEST_BY(price, symbol, on_price));

static void
what_is_replaced_is_off_the_limit_at_once(void **state)
{
    struct troupe_mailbox_options mailbox = {
        .policy = TROUPE_MAILBOX_REJECT, .messages_high = 8};
    troupe_pid pid;

    (void)state;
    begin();
    assert_int_equal(troupe_spawn_with(tester, bursting,
                         &TROUPE_SPAWN_OPTIONS(.mailbox = mailbox), &pid),
        TROUPE_OK);
    for (uint64_t i = 1; i <= 3; i++) {
        TELL(pid, burst, .value = i);
    }
    /* There is room for 5 beside the burst in hand and the two that wait; then
     * one burst and one price wait, then one price. */
    EXPECT("b5 b5 b6 a3");
    finish();
    assert_int_equal(report.messages_replaced_count, 15);
    assert_int_equal(
        report.dead_letters_count[TROUPE_DEAD_LETTER_MAILBOX_FULL], 3);
}

/* ---- its end, and drops -------------------------------------------------- */

static void
what_waits_when_it_ends_is_a_dead_letter_once(void **state)
{
    (void)state;
    begin();
    TELL(receiver_pid, kill_yourself);
    tell_prices("a", 1, 3);
    tell_prices("b", 1, 2);
    tell_items(1, 1);
    EXPECT("k");
    finish();
    assert_int_equal(report.messages_replaced_count, 3);
    assert_int_equal(
        report.dead_letters_count[TROUPE_DEAD_LETTER_NO_SUCH_ACTOR], 3);
}

static void
the_oldest_are_dropped_with_the_latest_in_their_places(void **state)
{
    (void)state;
    begin_with((struct troupe_mailbox_options){
        .policy = TROUPE_MAILBOX_DROP_OLDEST, .messages_high = 3});
    tell_prices("a", 1, 3);
    tell_prices("b", 1, 2);
    tell_items(1, 1);
    EXPECT("a3 b2 i1"); /* no more than three wait */
    tell_prices("a", 1, 3);
    tell_items(1, 3);
    tell_prices("a", 4, 4);
    EXPECT("i1 i2 i3");
    finish();
    assert_int_equal(report.messages_replaced_count, 6);
    assert_int_equal(report.dead_letters_count[TROUPE_DEAD_LETTER_DROPPED], 1);
}

static void
what_waits_at_the_end_of_the_runtime_is_freed(void **state)
{
    uint64_t blocks = tp_memory_blocks_count();

    (void)state;
    begin();
    tell_prices("a", 1, 3);
    assert_int_equal(troupe_runtime_stop(runtime, 0, &report), TROUPE_OK);
    troupe_runtime_destroy(&runtime);
    assert_int_equal(tp_memory_blocks_count(), blocks);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_each_key_the_latest_is_handled_where_the_first_was),
        cmocka_unit_test(without_a_key_the_latest_of_all_is_handled),
        cmocka_unit_test(values_that_come_one_by_one_are_all_handled),
        cmocka_unit_test(texts_that_begin_alike_are_different_keys),
        cmocka_unit_test(many_keys_wait_at_once),
        cmocka_unit_test(a_key_is_an_integer_a_boolean_a_pid_or_bytes),
        cmocka_unit_test(a_double_is_no_key),
        cmocka_unit_test(requests_are_never_replaced),
        cmocka_unit_test(
            a_message_that_does_not_fit_its_schema_replaces_nothing),
        cmocka_unit_test(published_messages_are_replaced_too),
        cmocka_unit_test(an_actor_can_tell_how_many_were_replaced),
        cmocka_unit_test(what_is_replaced_is_off_the_limit_at_once),
        cmocka_unit_test(what_waits_when_it_ends_is_a_dead_letter_once),
        cmocka_unit_test(
            the_oldest_are_dropped_with_the_latest_in_their_places),
        cmocka_unit_test(what_waits_at_the_end_of_the_runtime_is_freed),
    };

    return cmocka_run_group_tests_name("latest", tests, NULL, NULL);
}
