/* SPDX-License-Identifier: BSD-2-Clause */
/* When an actor that has more to do lets others run, and what becomes of a
 * message that is alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "actors/actor.h"
#include "tests/support/check.h"
#include "troupe/troupe.h"

enum {
    STEPS_COUNT = 20,
    RECEIVERS_COUNT = 16,
    ROUNDS_COUNT = TP_ACTOR_TURN_PUSHES_MAX / RECEIVERS_COUNT,
};

#define NUMBER(FIELD) FIELD(uint64, value)
TROUPE_MESSAGE(card, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(deal, NUMBER)

/* One worker, so that no two handlers run at once. */
static struct {
    troupe_pid receivers[RECEIVERS_COUNT];
    uint64_t rounds; /* a step */
    uint64_t dealt_count;
    uint64_t taken_count;
    uint64_t left_max; /* sent and not handled when a step began */
} game;

static void
on_card(struct troupe_self *self, void *state, const struct card *card)
{
    (void)self, (void)state, (void)card;
    game.taken_count++;
}

TROUPE_BEHAVIOUR(receiver, 0, TROUPE_ON(card, on_card));

static void
on_deal(struct troupe_self *self, void *state, const struct deal *deal)
{
    uint64_t left = game.dealt_count - game.taken_count;

    (void)state;
    game.left_max = left > game.left_max ? left : game.left_max;
    for (uint64_t i = 0; i < game.rounds * RECEIVERS_COUNT; i++) {
        CHECK(troupe_tell(self, game.receivers[i % RECEIVERS_COUNT], card) ==
              TROUPE_OK);
        game.dealt_count++;
    }
    if (deal->value > 1) {
        CHECK(troupe_tell(self, troupe_self_pid(self), deal,
                  .value = deal->value - 1) == TROUPE_OK);
    } else {
        troupe_runtime_quit(self);
    }
}

TROUPE_BEHAVIOUR(dealer, 0, TROUPE_ON(deal, on_deal));

static void
play(uint64_t rounds)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid pid;

    assert_int_equal(
        troupe_runtime_create(&TROUPE_OPTIONS(.workers_count = 1), &runtime),
        TROUPE_OK);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    self = troupe_thread_self(runtime);
    game.rounds = rounds;
    game.dealt_count = 0;
    game.taken_count = 0;
    game.left_max = 0;
    for (int i = 0; i < RECEIVERS_COUNT; i++) {
        assert_int_equal(
            troupe_spawn(self, receiver, &game.receivers[i]), TROUPE_OK);
    }
    assert_int_equal(troupe_spawn(self, dealer, &pid), TROUPE_OK);
    assert_int_equal(
        troupe_tell(self, pid, deal, .value = STEPS_COUNT), TROUPE_OK);
    troupe_runtime_wait(runtime);
    assert_int_equal(
        troupe_runtime_stop(runtime, TROUPE_SECONDS(60), NULL), TROUPE_OK);
    troupe_runtime_destroy(&runtime);
    assert_int_equal(game.dealt_count, STEPS_COUNT * rounds * RECEIVERS_COUNT);
    assert_int_equal(game.taken_count, game.dealt_count);
}

static void
who_sends_much_lets_its_receivers_run_before_it_goes_on(void **state)
{
    (void)state;
    play(ROUNDS_COUNT);
    assert_int_equal(game.left_max, 0);
}

static void
who_sends_little_goes_on_to_its_next_message(void **state)
{
    (void)state;
    play(1);
    assert_in_range(
        game.left_max, 1, TP_ACTOR_TURN_PUSHES_MAX + RECEIVERS_COUNT);
}

/* ---- how long a turn is -------------------------------------------------- */

enum { FEW = 500, MORE_THAN_CONGESTS = 20000 };

TROUPE_MESSAGE(feed, NUMBER)
TROUPE_MESSAGE(tick, TROUPE_NO_FIELDS)

static uint64_t last_taken_count;
static uint64_t turn_max; /* cards taken between two ticks */

static void
on_feed(struct troupe_self *self, void *state, const struct feed *feed)
{
    (void)state;
    CHECK(troupe_tell(self, game.receivers[1], tick) == TROUPE_OK);
    for (uint64_t i = 0; i < feed->value; i++) {
        CHECK(troupe_tell(self, game.receivers[0], card) == TROUPE_OK);
    }
    game.dealt_count = feed->value;
}

TROUPE_BEHAVIOUR(feeder, 0, TROUPE_ON(feed, on_feed));

static void
on_tick(struct troupe_self *self, void *state, const struct tick *tick_)
{
    uint64_t turn = game.taken_count - last_taken_count;

    (void)state, (void)tick_;
    last_taken_count = game.taken_count;
    turn_max = turn > turn_max ? turn : turn_max;
    if (game.taken_count == 0 || game.taken_count < game.dealt_count) {
        CHECK(troupe_tell(self, troupe_self_pid(self), tick) == TROUPE_OK);
    } else {
        troupe_runtime_quit(self);
    }
}

TROUPE_BEHAVIOUR(ticker, 0, TROUPE_ON(tick, on_tick));

static void
feed_one(uint64_t count)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid pid;

    game.dealt_count = 0;
    game.taken_count = 0;
    last_taken_count = 0;
    turn_max = 0;
    assert_int_equal(
        troupe_runtime_create(&TROUPE_OPTIONS(.workers_count = 1), &runtime),
        TROUPE_OK);
    self = troupe_thread_self(runtime);
    assert_int_equal(
        troupe_spawn(self, receiver, &game.receivers[0]), TROUPE_OK);
    assert_int_equal(troupe_spawn(self, ticker, &game.receivers[1]), TROUPE_OK);
    assert_int_equal(troupe_spawn(self, feeder, &pid), TROUPE_OK);
    assert_int_equal(troupe_tell(self, pid, feed, .value = count), TROUPE_OK);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    troupe_runtime_wait(runtime);
    assert_int_equal(
        troupe_runtime_stop(runtime, TROUPE_SECONDS(60), NULL), TROUPE_OK);
    troupe_runtime_destroy(&runtime);
    assert_int_equal(game.taken_count, count);
}

static void
a_turn_is_a_quantum_of_messages_while_others_wait(void **state)
{
    (void)state;
    feed_one(FEW);
    assert_in_range(turn_max, 1, TP_WORKER_QUANTUM);
}

static void
a_turn_is_longer_while_the_mailbox_is_congested(void **state)
{
    (void)state;
    feed_one(MORE_THAN_CONGESTS);
    assert_in_range(
        turn_max, TP_WORKER_QUANTUM + 1, TP_ACTOR_CONGESTED_STEPS_MAX);
}

/* ---- a message that is alone ---------------------------------------------
 */

enum { ECHOES_COUNT = 3, RUNS_COUNT = 50 };

enum ending { ENDS_USUALLY, ENDS_BY_FAILURE, ENDS_BY_STOP };

TROUPE_MESSAGE(act, NUMBER)
TROUPE_MESSAGE(echo, NUMBER)
TROUPE_MESSAGE(unknown, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(ping, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(pong, TROUPE_NO_FIELDS)

static uint64_t echoes_count;

/* What it tells itself lies above this message when that is put down. */
static void
on_act(struct troupe_self *self, void *state, const struct act *act)
{
    (void)state;
    for (uint64_t i = 0; i < ECHOES_COUNT; i++) {
        CHECK(troupe_tell(self, troupe_self_pid(self), echo, .value = i) ==
              TROUPE_OK);
    }
    if (act->value == ENDS_BY_FAILURE) {
        troupe_fail(self, 1, "on purpose");
    } else if (act->value == ENDS_BY_STOP) {
        CHECK(troupe_stop(self, troupe_self_pid(self)) == TROUPE_OK);
    }
}

static void
on_echo(struct troupe_self *self, void *state, const struct echo *echo)
{
    (void)self, (void)state;
    CHECK(echo->value == echoes_count);
    echoes_count++;
}

TROUPE_BEHAVIOUR(actress, 0, TROUPE_ON(act, on_act), TROUPE_ON(echo, on_echo));

static void
on_ping(struct troupe_self *self, void *state, const struct ping *ping)
{
    (void)state, (void)ping;
    CHECK(troupe_reply(self, pong) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(other, 0, TROUPE_ON(ping, on_ping));

/* Whoever is ready has its turn meanwhile. */
static void
let_run(struct troupe_self *self, troupe_pid other_pid)
{
    struct pong pong;

    for (int i = 0; i < RUNS_COUNT; i++) {
        assert_int_equal(
            troupe_ask(self, other_pid, TROUPE_SECONDS(60), pong, &pong, ping),
            TROUPE_OK);
    }
}

/* Bytes that are no echo. */
static void
send_garbage(struct troupe_self *self, troupe_pid to)
{
    static const uint8_t text[] = {0x91, 0xa1, 'x'};
    struct troupe_message *message;

    assert_int_equal(
        troupe_message_create(self, "echo", text, sizeof(text), &message),
        TROUPE_OK);
    assert_int_equal(troupe_send(self, to, &message), TROUPE_OK);
}

static void
perform(enum ending ending, bool simulate, uint64_t *dead_letters_count)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid pid;
    troupe_pid other_pid;

    echoes_count = 0;
    assert_int_equal(troupe_runtime_create(&TROUPE_OPTIONS(.workers_count = 1,
                                               .simulate = simulate, .seed = 1),
                         &runtime),
        TROUPE_OK);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    self = troupe_thread_self(runtime);
    assert_int_equal(troupe_spawn(self, other, &other_pid), TROUPE_OK);
    assert_int_equal(troupe_spawn(self, actress, &pid), TROUPE_OK);
    let_run(self, other_pid);
    send_garbage(self, pid);
    let_run(self, other_pid);
    assert_int_equal(troupe_tell(self, pid, unknown), TROUPE_OK);
    let_run(self, other_pid);
    assert_int_equal(troupe_tell(self, pid, act, .value = ending), TROUPE_OK);
    let_run(self, other_pid);
    assert_int_equal(troupe_tell(self, pid, unknown), TROUPE_OK);
    assert_int_equal(
        troupe_runtime_stop(runtime, TROUPE_SECONDS(60), &report), TROUPE_OK);
    troupe_runtime_destroy(&runtime);
    memcpy(dead_letters_count, report.dead_letters_count,
        sizeof(report.dead_letters_count));
    assert_int_equal(dead_letters_count[TROUPE_DEAD_LETTER_DECODE], 1);
}

static void
what_an_actor_tells_itself_comes_after_a_message_that_was_alone(void **state)
{
    uint64_t dead[TROUPE_DEAD_LETTER_CAUSES_COUNT];

    (void)state;
    for (int simulate = 0; simulate < 2; simulate++) {
        perform(ENDS_USUALLY, simulate, dead);
        assert_int_equal(echoes_count, ECHOES_COUNT);
        assert_int_equal(dead[TROUPE_DEAD_LETTER_NO_HANDLER], 2);
    }
}

static void
an_actor_that_fails_on_a_message_that_was_alone_loses_none(void **state)
{
    uint64_t dead[TROUPE_DEAD_LETTER_CAUSES_COUNT];

    (void)state;
    for (int simulate = 0; simulate < 2; simulate++) {
        perform(ENDS_BY_FAILURE, simulate, dead);
        assert_int_equal(echoes_count, 0);
        assert_int_equal(dead[TROUPE_DEAD_LETTER_FAILED], 1);
        assert_int_equal(
            dead[TROUPE_DEAD_LETTER_NO_SUCH_ACTOR], ECHOES_COUNT + 1);
        assert_int_equal(dead[TROUPE_DEAD_LETTER_NO_HANDLER], 1);
    }
}

static void
an_actor_that_stops_at_a_message_that_was_alone_loses_none(void **state)
{
    uint64_t dead[TROUPE_DEAD_LETTER_CAUSES_COUNT];

    (void)state;
    for (int simulate = 0; simulate < 2; simulate++) {
        perform(ENDS_BY_STOP, simulate, dead);
        assert_int_equal(echoes_count, 0);
        assert_int_equal(
            dead[TROUPE_DEAD_LETTER_NO_SUCH_ACTOR], ECHOES_COUNT + 1);
        assert_int_equal(dead[TROUPE_DEAD_LETTER_NO_HANDLER], 1);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            who_sends_much_lets_its_receivers_run_before_it_goes_on),
        cmocka_unit_test(who_sends_little_goes_on_to_its_next_message),
        cmocka_unit_test(a_turn_is_a_quantum_of_messages_while_others_wait),
        cmocka_unit_test(a_turn_is_longer_while_the_mailbox_is_congested),
        cmocka_unit_test(
            what_an_actor_tells_itself_comes_after_a_message_that_was_alone),
        cmocka_unit_test(
            an_actor_that_fails_on_a_message_that_was_alone_loses_none),
        cmocka_unit_test(
            an_actor_that_stops_at_a_message_that_was_alone_loses_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
