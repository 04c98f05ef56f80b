/* SPDX-License-Identifier: BSD-2-Clause */
/* A shop that asks its warehouse before it answers, and keeps who asked. */
#include <stdio.h>
#include <stdlib.h>
#include <troupe/troupe.h>

#define WAREHOUSE(FIELD) FIELD(pid, pid)
#define NUMBER(FIELD) FIELD(uint32, pieces)
TROUPE_MESSAGE(supplied_by, WAREHOUSE)
TROUPE_MESSAGE(is_there, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(get_stock, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(stock, NUMBER)

static void
on_get_stock(
    struct troupe_self *self, void *state, const struct get_stock *get_stock)
{
    (void)state, (void)get_stock;
    troupe_reply(self, stock, .pieces = 12);
}

TROUPE_BEHAVIOUR(warehouse, 0, TROUPE_ON(get_stock, on_get_stock));

struct shop {
    troupe_pid warehouse;
    struct troupe_request *customer; /* NULL: nobody waits */
};

static void
on_supplied_by(struct troupe_self *self, void *state,
    const struct supplied_by *supplied_by)
{
    struct shop *shop = state;

    (void)self;
    shop->warehouse = supplied_by->pid;
}

static void
on_stock(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct shop *shop = state;
    struct stock stock;

    (void)context;
    if (stock_from(answer, &stock) == TROUPE_OK) {
        troupe_reply_to(self, &shop->customer, stock, .pieces = stock.pieces);
    } else {
        troupe_request_release(self, &shop->customer);
    }
}

static void
on_is_there(
    struct troupe_self *self, void *state, const struct is_there *is_there)
{
    struct shop *shop = state;

    (void)is_there;
    if (shop->customer != NULL ||
        troupe_request_keep(self, &shop->customer) != TROUPE_OK) {
        return; /* one at a time: the second customer is told NO_REPLY */
    }
    if (troupe_ask_then(self, shop->warehouse, TROUPE_SECONDS(1), on_stock, 0,
            get_stock) != TROUPE_OK) {
        troupe_request_release(self, &shop->customer);
    }
}

TROUPE_BEHAVIOUR(shop, sizeof(struct shop),
    TROUPE_ON(supplied_by, on_supplied_by), TROUPE_ON(is_there, on_is_there));

int
main(void)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    struct stock stock;
    troupe_pid supplier;
    troupe_pid corner;

    TROUPE_CHECK(troupe_runtime_create(NULL, &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, warehouse, &supplier));
    TROUPE_CHECK(troupe_spawn(self, shop, &corner));
    TROUPE_CHECK(troupe_tell(self, corner, supplied_by, .pid = supplier));
    TROUPE_CHECK(
        troupe_ask(self, corner, TROUPE_SECONDS(5), stock, &stock, is_there));
    printf("%u pieces\n", stock.pieces);
    TROUPE_CHECK(troupe_stop(self, supplier));
    printf("without a supplier: %s\n",
        troupe_err_text(troupe_ask(
            self, corner, TROUPE_SECONDS(5), stock, &stock, is_there)));
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), NULL));
    troupe_runtime_destroy(&runtime);
    return EXIT_SUCCESS;
}
