/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does a round cost when an arbiter lays out what one of 200 smokers
 * lacks?
 *
 * The smoker that is chosen takes it at once and says so, and then smokes for
 * as long as the arbiter has drawn, while the next one is chosen. To smoke is
 * so many steps of a sequence (bench/sequence.h); the number that each ends at
 * is known beforehand.
 */
#include "base/random.h"
#include "bench/savina/play.h"
#include "bench/sequence.h"

enum { SMOKERS_COUNT = 200, STEPS_MIN = 10, STEPS_SPAN = 1000, SEED = 200 };

#define STEPS(FIELD) FIELD(uint32, steps)
TROUPE_MESSAGE(smoker_smoke, STEPS)
TROUPE_MESSAGE(smoker_started, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(smoker_exit, TROUPE_NO_FIELDS)

struct round {
    unsigned smoker;
    uint32_t steps;
};

static struct round
draw(struct tp_random *random)
{
    struct round round;

    round.smoker = (unsigned)tp_random_below(random, SMOKERS_COUNT);
    round.steps = STEPS_MIN + (uint32_t)tp_random_below(random, STEPS_SPAN);
    return round;
}

/* ---- a smoker ------------------------------------------------------------ */

struct smoker {
    troupe_pid collector;
    uint64_t sum;
};

static void
on_smoke(
    struct troupe_self *self, void *state, const struct smoker_smoke *smoke)
{
    struct smoker *smoker = state;

    (void)troupe_tell(self, troupe_sender(self), smoker_started);
    smoker->sum += bench_sequence_after(0, smoke->steps);
}

static void
on_enough(struct troupe_self *self, void *state, const struct smoker_exit *told)
{
    const struct smoker *smoker = state;

    (void)told;
    (void)troupe_tell(self, smoker->collector, outcome, .value = smoker->sum);
    (void)troupe_stop(self, troupe_self_pid(self));
}

TROUPE_BEHAVIOUR(smoker, sizeof(struct smoker),
    TROUPE_ON(smoker_smoke, on_smoke), TROUPE_ON(smoker_exit, on_enough));

/* ---- the arbiter --------------------------------------------------------- */

struct arbiter {
    troupe_pid collector;
    uint64_t rounds_left;
    struct tp_random random;
    troupe_pid smokers[SMOKERS_COUNT];
};

static void
next_round(struct troupe_self *self, struct arbiter *arbiter)
{
    struct round round = draw(&arbiter->random);

    arbiter->rounds_left--;
    (void)troupe_tell(self, arbiter->smokers[round.smoker], smoker_smoke,
        .steps = round.steps);
}

static void
on_started(
    struct troupe_self *self, void *state, const struct smoker_started *started)
{
    struct arbiter *arbiter = state;

    (void)started;
    if (arbiter->rounds_left > 0) {
        next_round(self, arbiter);
        return;
    }
    for (int i = 0; i < SMOKERS_COUNT; i++) {
        (void)troupe_tell(self, arbiter->smokers[i], smoker_exit);
    }
    (void)troupe_stop(self, troupe_self_pid(self));
}

static void
on_start(struct troupe_self *self, void *state)
{
    struct arbiter *arbiter = state;
    const struct smoker smoker = {arbiter->collector, 0};

    for (int i = 0; i < SMOKERS_COUNT; i++) {
        TROUPE_CHECK(troupe_spawn_with(self, smoker,
            &TROUPE_SPAWN_OPTIONS(.state = &smoker), &arbiter->smokers[i]));
    }
    next_round(self, arbiter);
}

TROUPE_BEHAVIOUR(smoker_arbiter, sizeof(struct arbiter),
    TROUPE_ON_START(on_start), TROUPE_ON(smoker_started, on_started));

static uint64_t
expected_sum(struct tp_random random, uint64_t rounds)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < rounds; i++) {
        sum += bench_sequence_after(0, draw(&random).steps);
    }
    return sum;
}

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    struct arbiter arbiter = {
        .collector = bench_collector_spawn(bench, SMOKERS_COUNT),
        .rounds_left = bench_play_at_least(bench->count, 1),
    };

    tp_random_init(&arbiter.random, SEED);
    return bench_play(bench,
        &(struct bench_play){
            .first = &smoker_arbiter_behaviour,
            .state = &arbiter,
            .collector = arbiter.collector,
            .sum = expected_sum(arbiter.random, arbiter.rounds_left),
            .units_count = arbiter.rounds_left,
        },
        result);
}

const struct bench bench_smokers = {
    .name = "smokers",
    .group = "savina",
    .question = "an arbiter and 200 smokers",
    .unit = "ns/round",
    .count = 500000,
    .run = run,
};
