/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program to be looked at: one worker stands in a handler of <0.1.1>, two
 * orders and the latest price wait for it, and an order has just arrived at
 * <0.2.1>. Without a debugger it goes on, and prints a dump as JSON.
 */
#include <pthread.h>
#include <stdio.h>
#include <troupe/troupe.h>

#define ORDER(FIELD)                                                           \
    FIELD(str, item)                                                           \
    FIELD(int32, count) FIELD(pid, buyer) FIELD(bool, is_urgent)
#define PEERS(FIELD) FIELD(pid, shelf) FIELD(pid, other)
TROUPE_MESSAGE(order, ORDER)
TROUPE_MESSAGE(look, PEERS)
#define PRICE(FIELD) FIELD(uint32, pence)
TROUPE_MESSAGE(price, PRICE)

static volatile int stood_count;

/* Where the debugger stops it. */
void __attribute__((noinline)) stand_here(void);
void
stand_here(void)
{
    stood_count++;
}

static void
on_order(struct troupe_self *self, void *state, const struct order *order)
{
    (void)self, (void)state, (void)order;
}

static void
on_price(struct troupe_self *self, void *state, const struct price *price)
{
    (void)self, (void)state, (void)price;
}

/* To tell another one brings what was told before on its way. */
static void
on_look(struct troupe_self *self, void *state, const struct look *look)
{
    (void)state;
    (void)troupe_tell(self, look->shelf, order, .item = troupe_str_of("milk"),
        .count = -70000);
    (void)troupe_tell(self, look->other, order, .count = 1);
    stand_here();
    troupe_runtime_quit(self);
}

TROUPE_BEHAVIOUR(shop, 0, TROUPE_ON(order, on_order), TROUPE_ON(look, on_look),
    TROUPE_ON_LATEST(price, on_price));

int
main(void)
{
    struct troupe_options options = TROUPE_OPTIONS(.workers_count = 1);
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid shops[3];

    TROUPE_CHECK(troupe_runtime_create(&options, &runtime));
    self = troupe_thread_self(runtime);
    for (int i = 0; i < 3; i++) {
        TROUPE_CHECK(troupe_spawn(self, shop, &shops[i]));
    }
    TROUPE_CHECK(troupe_tell(
        self, shops[0], look, .shelf = shops[1], .other = shops[2]));
    TROUPE_CHECK(
        troupe_tell(self, shops[0], order, .item = troupe_str_of("tea"),
            .count = 2, .buyer = shops[2], .is_urgent = true));
    TROUPE_CHECK(troupe_tell(self, shops[0], order,
        .item = troupe_str_of("more tea"), .count = 300));
    for (uint32_t pence = 80; pence <= 90; pence += 10) {
        TROUPE_CHECK(troupe_tell(self, shops[0], price, .pence = pence));
    }
    TROUPE_CHECK(troupe_runtime_start(runtime));
    troupe_runtime_wait(runtime);
    TROUPE_CHECK(troupe_dump(
        runtime, &TROUPE_DUMP_OPTIONS(.format = TROUPE_DUMP_JSON), stdout));
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}
