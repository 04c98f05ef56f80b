/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A planted bug, which the address sanitizer must find: an actor reads the
 * state of another.
 *
 * The shop leaves a pointer to its state where everybody can reach it, to save
 * the till a message. The till reads the price through it while the shop is
 * idle, so that nothing races: ThreadSanitizer has nothing to say. There is one
 * worker, so that the shop's handler has returned when the till's begins.
 */
#include "troupe/troupe.h"

#define PEER(FIELD) FIELD(pid, till)
#define PRICE(FIELD) FIELD(int64, cents)
TROUPE_MESSAGE(open_shop, PEER)
TROUPE_MESSAGE(sell, PRICE)

struct shop {
    int64_t cents;
    int64_t sold_count;
    int64_t left_count;
};

static const struct shop *shortcut;

static void
on_open_shop(
    struct troupe_self *self, void *state, const struct open_shop *open_shop)
{
    struct shop *shop = state;

    shop->cents = 250;
    shortcut = shop; /* the planted bug */
    (void)troupe_tell(self, open_shop->till, sell, .cents = shop->cents);
}

TROUPE_BEHAVIOUR(shop, sizeof(struct shop), TROUPE_ON(open_shop, on_open_shop));

struct till {
    int64_t cents;
};

static void
on_sell(struct troupe_self *self, void *state, const struct sell *sell)
{
    struct till *till = state;

    (void)sell;
    till->cents += shortcut->cents;
    troupe_runtime_quit(self);
}

TROUPE_BEHAVIOUR(till, sizeof(struct till), TROUPE_ON(sell, on_sell));

int
main(void)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid shop_pid;
    troupe_pid till_pid;

    TROUPE_CHECK(
        troupe_runtime_create(&TROUPE_OPTIONS(.workers_count = 1), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, till, &till_pid));
    TROUPE_CHECK(troupe_spawn(self, shop, &shop_pid));
    TROUPE_CHECK(troupe_tell(self, shop_pid, open_shop, .till = till_pid));
    troupe_runtime_wait(runtime);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(10), NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}
