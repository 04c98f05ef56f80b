/* SPDX-License-Identifier: BSD-2-Clause */
/* When an actor that has more to do lets others run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            who_sends_much_lets_its_receivers_run_before_it_goes_on),
        cmocka_unit_test(who_sends_little_goes_on_to_its_next_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
