/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: who sends too fast is paused, so that what waits is bounded, and nobody
 * stays paused, whatever goes wrong.
 *
 * Method: flooders by many seeds, each of which sends bursts to the two sinks,
 * one with the marks of the runtime and one with marks of its own. After each
 * step the limit word of each sink says how much waits: at most what a mark
 * allows, and a burst of each flooder beyond that, since a handler runs to its
 * end. Each request for memory that fails may cost a pause.
 *
 * Blocks are mallocs of their own here, so that each may fail and each that is
 * lost is missed.
 */
#include <string.h>

#include "actors/runtime.h"
#include "tests/support/seeds.h"

#define INDEX(FIELD) FIELD(uint64, sink)
TROUPE_MESSAGE(flood, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(drop, INDEX)

enum {
    SINKS = 2,
    FLOODERS = 3,
    BURSTS = 20,
    BURST = 3,
    HIGH = 6,
    LOW = 2,
    FAILURES = 2,
    WAITING_MAX = HIGH + (FLOODERS + FAILURES) * BURST,
};

static struct {
    struct troupe_runtime *runtime;
    troupe_pid sinks[SINKS];
    troupe_pid flooders[FLOODERS];
    uint64_t told_counts[SINKS];
    uint64_t handled_counts[SINKS];
} stage;

/* ---- actors -------------------------------------------------------------- */

static void
on_drop(struct troupe_self *self, void *state, const struct drop *drop)
{
    (void)self, (void)state;
    stage.handled_counts[drop->sink]++;
}

TROUPE_BEHAVIOUR(sink, 0, TROUPE_ON(drop, on_drop));

static void
begin_burst(struct troupe_self *self, troupe_pid flooder)
{
    while (troupe_tell(self, flooder, flood) != TROUPE_OK) {
    }
}

static void
on_flood(struct troupe_self *self, void *state, const struct flood *flood)
{
    int *bursts_count = state;
    uint64_t to = troupe_random_below(self, SINKS);

    (void)flood;
    for (int i = 0; i < BURST; i++) {
        stage.told_counts[to] +=
            troupe_tell(self, stage.sinks[to], drop, .sink = to) == TROUPE_OK;
    }
    if (++*bursts_count < BURSTS) {
        begin_burst(self, troupe_self_pid(self));
    }
}

TROUPE_BEHAVIOUR(flooder, sizeof(int), TROUPE_ON(flood, on_flood));

/* ---- the stage ----------------------------------------------------------- */

static void
set_up(struct troupe_self *self, void *context)
{
    const struct troupe_mailbox_options own = {
        .messages_high = HIGH - 1, .messages_low = LOW - 1};

    (void)context;
    memset(&stage, 0, sizeof(stage));
    stage.runtime = self->runtime;
    TROUPE_CHECK(troupe_spawn(self, sink, &stage.sinks[0]));
    TROUPE_CHECK(troupe_spawn_with(
        self, sink, &TROUPE_SPAWN_OPTIONS(.mailbox = own), &stage.sinks[1]));
    for (int i = 0; i < FLOODERS; i++) {
        TROUPE_CHECK(troupe_spawn(self, flooder, &stage.flooders[i]));
        begin_burst(self, stage.flooders[i]);
    }
}

static uint64_t
waiting_count(int index)
{
    struct tp_actor *actor =
        tp_registry_find(&stage.runtime->registry, stage.sinks[index]);

    return (actor->limit.held & ~TP_LIMIT_CONGESTED) >> TP_LIMIT_BYTES_BITS;
}

static void
little_waits(struct troupe_explored *run, void *context)
{
    (void)context;
    for (int i = 0; i < SINKS; i++) {
        if (waiting_count(i) > WAITING_MAX) {
            troupe_explored_fail(
                run, "%d messages wait for sink %d", (int)waiting_count(i), i);
        }
    }
}

static void
all_have_flooded(struct troupe_explored *run, void *context)
{
    (void)context;
    for (int i = 0; i < FLOODERS; i++) {
        const int *bursts_count =
            troupe_explored_state_view(run, stage.flooders[i]);

        TROUPE_EXPLORED_CHECK(
            run, bursts_count == NULL || *bursts_count == BURSTS);
    }
    for (int i = 0; i < SINKS; i++) {
        TROUPE_EXPLORED_CHECK(
            run, troupe_explored_state_view(run, stage.sinks[i]) == NULL ||
                     stage.handled_counts[i] == stage.told_counts[i]);
    }
}

static void
run_stage(bool reorder)
{
    struct troupe_options runtime =
        TROUPE_OPTIONS(.mailbox = {.messages_high = HIGH, .messages_low = LOW},
            .faults = {.kills_count = 1,
                .failed_allocations_count = FAILURES,
                .turns_count = 60,
                .reorder = reorder,
                .delay_ns_max = TROUPE_MS(1)});

    seeds_run(&TROUPE_EXPLORE_OPTIONS(.setup = set_up,
        .after_step = little_waits, .at_end = all_have_flooded,
        .runtime = &runtime, .steps_max = 10000));
}

/* With reordering a turn is one message, without it is several. */
int
main(void)
{
    run_stage(true);
    run_stage(false);
}
