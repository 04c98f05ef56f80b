/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dice: chance that can be repeated. Three players throw when they are told to;
 * who throws first, and what, is decided by the seed alone.
 */
#include <stdio.h>
#include <troupe/troupe.h>

#define THROW(FIELD) FIELD(uint32, player)
TROUPE_MESSAGE(throw_dice, THROW)

static void
on_throw(struct troupe_self *self, void *state, const struct throw_dice *turn)
{
    (void)state;
    printf("  player %u throws %llu\n", turn->player,
        (unsigned long long)troupe_random_below(self, 6) + 1);
}

TROUPE_BEHAVIOUR(player, 0, TROUPE_ON(throw_dice, on_throw));

static void
play(uint64_t seed)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid players[3];

    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = seed), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    for (int i = 0; i < 3; i++) {
        TROUPE_CHECK(troupe_spawn(self, player, &players[i]));
    }
    printf("seed %llu\n", (unsigned long long)troupe_runtime_seed(runtime));
    for (uint32_t i = 0; i < 3; i++) {
        TROUPE_CHECK(
            troupe_tell(self, players[i], throw_dice, .player = i + 1));
    }
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), NULL));
    troupe_runtime_destroy(&runtime);
}

int
main(void)
{
    play(1);
    play(2);
    play(1);
    return 0;
}
