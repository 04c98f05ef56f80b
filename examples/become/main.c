/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * become: a turnstile is locked or unlocked. Each is a behaviour of its own,
 * and the state stays when one gives way to the other.
 */
#include <stdio.h>
#include <troupe/troupe.h>

TROUPE_MESSAGE(coin, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(push, TROUPE_NO_FIELDS)

struct turnstile {
    int passed_count;
};

TROUPE_BEHAVIOUR_DECLARE(locked);
TROUPE_BEHAVIOUR_DECLARE(unlocked);

static void
on_coin(struct troupe_self *self, void *state, const struct coin *coin)
{
    (void)state, (void)coin;
    puts("a coin: unlocked");
    TROUPE_CHECK(troupe_become(self, unlocked));
}

static void
on_push_locked(struct troupe_self *self, void *state, const struct push *push)
{
    (void)self, (void)state, (void)push;
    puts("a push: it is locked");
}

static void
on_push_unlocked(struct troupe_self *self, void *state, const struct push *push)
{
    struct turnstile *turnstile = state;

    (void)push;
    printf("a push: number %d passes, locked\n", ++turnstile->passed_count);
    TROUPE_CHECK(troupe_become(self, locked));
}

TROUPE_BEHAVIOUR(locked, sizeof(struct turnstile), TROUPE_ON(coin, on_coin),
    TROUPE_ON(push, on_push_locked));
TROUPE_BEHAVIOUR(unlocked, sizeof(struct turnstile), TROUPE_ON(coin, on_coin),
    TROUPE_ON(push, on_push_unlocked));

int
main(void)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid turnstile;

    TROUPE_CHECK(troupe_runtime_create(NULL, &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, locked, &turnstile));
    TROUPE_CHECK(troupe_tell(self, turnstile, push));
    TROUPE_CHECK(troupe_tell(self, turnstile, coin));
    TROUPE_CHECK(troupe_tell(self, turnstile, push));
    TROUPE_CHECK(troupe_tell(self, turnstile, push));
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}
