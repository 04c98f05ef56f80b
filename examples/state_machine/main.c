/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * state_machine: a turnstile in both styles. A coin unlocks it, a push goes
 * through and locks it; who does not push within five seconds has lost the
 * coin.
 *
 *                 coin
 *     locked ------------> unlocked
 *        ^                     |
 *        +--- push, or 5 s ----+
 */
#include <stdio.h>
#include <troupe/troupe.h>

TROUPE_MESSAGE(coin, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(push, TROUPE_NO_FIELDS)

/* ---- with handlers: a state is a behaviour ------------------------------- */

TROUPE_BEHAVIOUR_DECLARE(locked);
TROUPE_BEHAVIOUR_DECLARE(unlocked);

static void
on_too_late(struct troupe_self *self, void *state, uint64_t context)
{
    (void)state, (void)context;
    printf("  the time is up\n");
    TROUPE_CHECK(troupe_become(self, locked));
}

static void
on_coin(struct troupe_self *self, void *state, const struct coin *coin)
{
    troupe_timer *timer = state;

    (void)coin;
    printf("  a coin\n");
    TROUPE_CHECK(troupe_after(self, TROUPE_SECONDS(5), on_too_late, 0, timer));
    TROUPE_CHECK(troupe_become(self, unlocked));
}

static void
on_push(struct troupe_self *self, void *state, const struct push *push)
{
    troupe_timer *timer = state;

    (void)push;
    printf("  somebody goes through\n");
    troupe_timer_cancel(self, timer);
    TROUPE_CHECK(troupe_become(self, locked));
}

static void
on_push_in_vain(struct troupe_self *self, void *state, const struct push *push)
{
    (void)self, (void)state, (void)push;
    printf("  it is locked\n");
}

TROUPE_BEHAVIOUR(locked, sizeof(troupe_timer), TROUPE_ON(coin, on_coin),
    TROUPE_ON(push, on_push_in_vain));
TROUPE_BEHAVIOUR(unlocked, sizeof(troupe_timer), TROUPE_ON(push, on_push));

/* ---- in sequential style: a state is a place in the text ----------------- */

static void
turn(struct troupe_self *self, void *state)
{
    const struct troupe_message *message;
    struct coin coin;
    struct push push;

    (void)state;
    for (;;) {
        TROUPE_CHECK(troupe_receive(self, &message, TROUPE_FOREVER));
        if (!coin_in(message, &coin)) {
            printf("  it is locked\n");
            continue;
        }
        printf("  a coin\n");
        if (troupe_receive_only(self, push, &push, TROUPE_SECONDS(5)) ==
            TROUPE_OK) {
            printf("  somebody goes through\n");
        } else {
            printf("  the time is up\n");
        }
    }
}

TROUPE_PROCESS(turnstile, 0, turn);

/* ---- those who come ------------------------------------------------------ */

static void
visit(struct troupe_self *self, troupe_pid turnstile)
{
    troupe_tell(self, turnstile, push);
    troupe_tell(self, turnstile, coin);
    troupe_sleep(self, TROUPE_SECONDS(2));
    troupe_tell(self, turnstile, push);
    troupe_tell(self, turnstile, coin);
    troupe_sleep(self, TROUPE_SECONDS(10));
    troupe_tell(self, turnstile, push);
    troupe_sleep(self, TROUPE_SECONDS(1));
}

static void
come(struct troupe_self *self, void *state)
{
    troupe_pid one;
    troupe_pid other;

    (void)state;
    TROUPE_CHECK(troupe_spawn(self, locked, &one));
    TROUPE_CHECK(troupe_spawn(self, turnstile, &other));
    printf("with handlers:\n");
    visit(self, one);
    printf("in sequential style:\n");
    visit(self, other);
    troupe_runtime_quit(self);
}

TROUPE_PROCESS(visitors, 0, come);

int
main(void)
{
    struct troupe_runtime *runtime;
    troupe_pid pid;

    /* Simulated, so that nobody has to wait for the seconds. */
    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = 1), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    TROUPE_CHECK(troupe_spawn(troupe_thread_self(runtime), visitors, &pid));
    troupe_runtime_wait(runtime);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(1), NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}
