/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does a message cost in a pipeline of 60 that keeps back and lets go?
 *
 * A sorter for each bit, the lowest first. It lets a value pass whose bit is 0
 * and keeps one whose bit is 1; when all have come, those that it kept follow,
 * in the order in which they came.
 */
#include "bench/savina/fifo.h"
#include "bench/savina/values.h"

enum { BITS = 60, STEP = 1000 };

TROUPE_MESSAGE(radix_go_on, TROUPE_NO_FIELDS)

static void
pass(struct troupe_self *self, troupe_pid next, uint64_t value)
{
    (void)troupe_tell(self, next, sort_value, .value = value);
}

/* ---- a sorter ------------------------------------------------------------ */

struct sorter {
    troupe_pid next;
    uint64_t bit;
    uint64_t left; /* to come */
    struct bench_fifo kept;
};

/* Yields every STEP values, by a message to itself. */
static void
let_go(struct troupe_self *self, struct sorter *sorter)
{
    uint64_t value;

    for (int i = 0; i < STEP; i++) {
        if (!bench_fifo_pop(&sorter->kept, &value)) {
            (void)troupe_stop(self, troupe_self_pid(self));
            return;
        }
        pass(self, sorter->next, value);
    }
    (void)troupe_tell(self, troupe_self_pid(self), radix_go_on);
}

static void
on_value(struct troupe_self *self, void *state, const struct sort_value *told)
{
    struct sorter *sorter = state;

    if ((told->value & sorter->bit) == 0) {
        pass(self, sorter->next, told->value);
    } else {
        bench_fifo_push(&sorter->kept, told->value);
    }
    if (--sorter->left == 0) {
        let_go(self, sorter);
    }
}

static void
on_go_on(struct troupe_self *self, void *state, const struct radix_go_on *go_on)
{
    (void)go_on;
    let_go(self, state);
}

static void
on_stop(struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    struct sorter *sorter = state;

    (void)self, (void)why;
    bench_fifo_fini(&sorter->kept);
}

TROUPE_BEHAVIOUR(radix_sorter, sizeof(struct sorter),
    TROUPE_ON(sort_value, on_value), TROUPE_ON(radix_go_on, on_go_on),
    TROUPE_ON_STOP(on_stop));

/* ---- the source ---------------------------------------------------------- */

struct source {
    troupe_pid collector;
    troupe_pid next;
    uint64_t count;
    uint64_t left;
    struct tp_random random;
};

static void
produce(struct troupe_self *self, struct source *source)
{
    for (int i = 0; i < STEP && source->left > 0; i++) {
        pass(self, source->next, bench_values_draw(&source->random));
        source->left--;
    }
    if (source->left > 0) {
        (void)troupe_tell(self, troupe_self_pid(self), radix_go_on);
    }
}

static void
on_produce(
    struct troupe_self *self, void *state, const struct radix_go_on *go_on)
{
    (void)go_on;
    produce(self, state);
}

/* From the last to the first, so that each knows its next. */
static void
on_start(struct troupe_self *self, void *state)
{
    struct source *source = state;

    source->next =
        bench_values_spawn_checker(self, source->collector, source->count);
    for (int i = BITS - 1; i >= 0; i--) {
        const struct sorter sorter = {
            .next = source->next,
            .bit = UINT64_C(1) << i,
            .left = source->count,
        };

        TROUPE_CHECK(troupe_spawn_with(self, radix_sorter,
            &TROUPE_SPAWN_OPTIONS(.state = &sorter), &source->next));
    }
    source->left = source->count;
    produce(self, source);
}

TROUPE_BEHAVIOUR(radix_source, sizeof(struct source), TROUPE_ON_START(on_start),
    TROUPE_ON(radix_go_on, on_produce));

/* Each value goes to all sorters and to the checker. */
static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    struct source source = {
        .collector = bench_collector_spawn(bench, 1),
        .count = bench_play_at_least(bench->count / (BITS + 1), 1),
    };

    bench_values_init(&source.random);
    return bench_play(bench,
        &(struct bench_play){
            .first = &radix_source_behaviour,
            .state = &source,
            .collector = source.collector,
            .sum = bench_values_sorted_seal(source.count),
            .units_count = (BITS + 1) * source.count,
        },
        result);
}

const struct bench bench_radixsort = {
    .name = "radixsort",
    .group = "savina",
    .question = "a pipeline, an actor for each of 60 bits",
    .unit = "ns/message",
    .count = 6100000,
    .floor_messages_count = 1,
    .run = run,
};
