/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does a meal cost when 20 philosophers dine and one arbiter has the
 * forks?
 *
 * Who is hungry asks the arbiter, who gives both forks or none: who is denied
 * asks again, at once. How often is chance, so what is counted is meals. A fork
 * that two have, or that is never laid down, makes the result wrong.
 */
#include "bench/savina/play.h"

enum { SEATS_COUNT = 20 };

#define SEAT(FIELD) FIELD(uint8, seat)
TROUPE_MESSAGE(philosopher_hungry, SEAT)
TROUPE_MESSAGE(philosopher_done, SEAT)
TROUPE_MESSAGE(philosopher_leaves, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(philosopher_denied, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(philosopher_eats, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(philosopher_thinks, TROUPE_NO_FIELDS)

/* ---- a philosopher ------------------------------------------------------- */

struct philosopher {
    troupe_pid arbiter;
    uint64_t meals_left;
    uint8_t seat;
};

static void
be_hungry(struct troupe_self *self, const struct philosopher *philosopher)
{
    (void)troupe_tell(self, philosopher->arbiter, philosopher_hungry,
        .seat = philosopher->seat);
}

static void
on_philosopher_start(struct troupe_self *self, void *state)
{
    be_hungry(self, state);
}

static void
on_thinks(struct troupe_self *self, void *state,
    const struct philosopher_thinks *thinks)
{
    (void)thinks;
    be_hungry(self, state);
}

static void
on_denied(struct troupe_self *self, void *state,
    const struct philosopher_denied *denied)
{
    (void)denied;
    be_hungry(self, state);
}

static void
on_eats(
    struct troupe_self *self, void *state, const struct philosopher_eats *eats)
{
    struct philosopher *philosopher = state;

    (void)eats;
    (void)troupe_tell(self, philosopher->arbiter, philosopher_done,
        .seat = philosopher->seat);
    if (--philosopher->meals_left > 0) {
        (void)troupe_tell(self, troupe_self_pid(self), philosopher_thinks);
        return;
    }
    (void)troupe_tell(self, philosopher->arbiter, philosopher_leaves);
    (void)troupe_stop(self, troupe_self_pid(self));
}

TROUPE_BEHAVIOUR(philosopher, sizeof(struct philosopher),
    TROUPE_ON_START(on_philosopher_start),
    TROUPE_ON(philosopher_denied, on_denied),
    TROUPE_ON(philosopher_eats, on_eats),
    TROUPE_ON(philosopher_thinks, on_thinks));

/* ---- the arbiter --------------------------------------------------------- */

enum { NOBODY = SEATS_COUNT };

struct arbiter {
    troupe_pid collector;
    uint64_t meals_each;
    uint64_t meals;
    unsigned left;
    uint8_t has_fork[SEATS_COUNT]; /* which seat has it; NOBODY */
};

static unsigned
right_of(uint8_t seat)
{
    return (seat + 1u) % SEATS_COUNT;
}

static void
on_hungry(struct troupe_self *self, void *state,
    const struct philosopher_hungry *hungry)
{
    struct arbiter *arbiter = state;
    uint8_t *left = &arbiter->has_fork[hungry->seat];
    uint8_t *right = &arbiter->has_fork[right_of(hungry->seat)];

    if (*left != NOBODY || *right != NOBODY) {
        (void)troupe_tell(self, troupe_sender(self), philosopher_denied);
        return;
    }
    *left = *right = hungry->seat;
    (void)troupe_tell(self, troupe_sender(self), philosopher_eats);
}

/* A meal counts if who ate had both forks all the time. */
static void
on_done(
    struct troupe_self *self, void *state, const struct philosopher_done *done)
{
    struct arbiter *arbiter = state;
    uint8_t *left = &arbiter->has_fork[done->seat];
    uint8_t *right = &arbiter->has_fork[right_of(done->seat)];

    (void)self;
    arbiter->meals += *left == done->seat && *right == done->seat;
    *left = *right = NOBODY;
}

static void
on_leaves(struct troupe_self *self, void *state,
    const struct philosopher_leaves *leaves)
{
    struct arbiter *arbiter = state;
    uint64_t forks_count = 0;

    (void)leaves;
    if (--arbiter->left > 0) {
        return;
    }
    for (int i = 0; i < SEATS_COUNT; i++) {
        forks_count += arbiter->has_fork[i] == NOBODY;
    }
    (void)troupe_tell(self, arbiter->collector, outcome,
        .value = arbiter->meals + forks_count);
}

static void
on_start(struct troupe_self *self, void *state)
{
    struct arbiter *arbiter = state;

    arbiter->left = SEATS_COUNT;
    memset(arbiter->has_fork, NOBODY, sizeof(arbiter->has_fork));
    for (uint8_t i = 0; i < SEATS_COUNT; i++) {
        const struct philosopher philosopher = {
            troupe_self_pid(self), arbiter->meals_each, i};
        troupe_pid pid;

        TROUPE_CHECK(troupe_spawn_with(self, philosopher,
            &TROUPE_SPAWN_OPTIONS(.state = &philosopher), &pid));
    }
}

TROUPE_BEHAVIOUR(philosopher_arbiter, sizeof(struct arbiter),
    TROUPE_ON_START(on_start), TROUPE_ON(philosopher_hungry, on_hungry),
    TROUPE_ON(philosopher_done, on_done),
    TROUPE_ON(philosopher_leaves, on_leaves));

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    struct arbiter arbiter = {
        .collector = bench_collector_spawn(bench, 1),
        .meals_each = bench_play_at_least(bench->count / SEATS_COUNT, 1),
    };
    uint64_t meals = SEATS_COUNT * arbiter.meals_each;

    return bench_play(bench,
        &(struct bench_play){
            .first = &philosopher_arbiter_behaviour,
            .state = &arbiter,
            .collector = arbiter.collector,
            .sum = meals + SEATS_COUNT,
            .units_count = meals,
        },
        result);
}

const struct bench bench_philosophers = {
    .name = "philosophers",
    .group = "savina",
    .question = "20 philosophers dine, one arbiter",
    .unit = "ns/meal",
    .count = 2000000,
    .run = run,
};
