/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scatter_gather: a buyer asks four shops for a price at once and takes the
 * better of the first two that reply. One shop never does, one has closed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <troupe/troupe.h>

#define PRICE(FIELD) FIELD(uint32, cents)
#define WANTED(FIELD) FIELD(uint32, pieces)
TROUPE_MESSAGE(get_price, WANTED)
TROUPE_MESSAGE(price, PRICE)
TROUPE_MESSAGE(buy, WANTED)

static void
on_get_price(
    struct troupe_self *self, void *state, const struct get_price *request)
{
    const uint32_t *cents = state; /* a piece; 0: it does not say */

    if (*cents > 0) {
        troupe_reply(self, price, .cents = *cents * request->pieces);
    }
}

TROUPE_BEHAVIOUR(shop, sizeof(uint32_t), TROUPE_ON(get_price, on_get_price));

enum { SHOPS_COUNT = 4 };

struct buyer {
    troupe_pid shops[SHOPS_COUNT];
};

static void
on_prices(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_gathered *gathered)
{
    uint32_t best = UINT32_MAX;

    (void)state, (void)context;
    for (size_t i = 0; i < troupe_gathered_count(gathered); i++) {
        struct price price;

        if (price_from(troupe_gathered_answer_view(gathered, i), &price) ==
            TROUPE_OK) {
            printf("shop %zu: %u cents\n", i, price.cents);
            best = price.cents < best ? price.cents : best;
        }
    }
    if (troupe_gathered_err(gathered) == TROUPE_OK) {
        printf("the best price is %u cents\n", best);
    } else {
        printf("nothing bought: %s\n",
            troupe_err_text(troupe_gathered_err(gathered)));
    }
    troupe_runtime_quit(self);
}

static void
on_buy(struct troupe_self *self, void *state, const struct buy *buy)
{
    const struct buyer *buyer = state;

    TROUPE_CHECK(troupe_gather(self,
        &TROUPE_GATHER(.to = buyer->shops, .to_count = SHOPS_COUNT, .quorum = 2,
            .timeout_ns = TROUPE_SECONDS(1), .then = on_prices),
        get_price, .pieces = buy->pieces));
}

TROUPE_BEHAVIOUR(buyer, sizeof(struct buyer), TROUPE_ON(buy, on_buy));

int
main(void)
{
    static const uint32_t cents[SHOPS_COUNT] = {250, 0, 240, 230};
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    struct buyer first;
    troupe_pid alice;

    TROUPE_CHECK(troupe_runtime_create(NULL, &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    for (int i = 0; i < SHOPS_COUNT; i++) {
        TROUPE_CHECK(troupe_spawn_with(self, shop,
            &TROUPE_SPAWN_OPTIONS(.state = &cents[i]), &first.shops[i]));
    }
    TROUPE_CHECK(troupe_stop(self, first.shops[3]));
    TROUPE_CHECK(troupe_spawn_with(
        self, buyer, &TROUPE_SPAWN_OPTIONS(.state = &first), &alice));
    TROUPE_CHECK(troupe_tell(self, alice, buy, .pieces = 3));
    troupe_runtime_wait(runtime);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), NULL));
    troupe_runtime_destroy(&runtime);
    return EXIT_SUCCESS;
}
