/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * router: a shop in front of which people queue. Three tills are a pool: each
 * customer goes to one of them, and a till that breaks is there again. Parcels
 * are kept by name on shelves, always the same shelf for the same name.
 */
#include <inttypes.h>
#include <stdio.h>
#include <troupe/troupe.h>

#define PAY(FIELD) FIELD(uint64, customer) FIELD(int64, cents)
#define RECEIPT(FIELD) FIELD(uint64, number)
#define PARCEL(FIELD) FIELD(str, name) FIELD(uint64, grams)
TROUPE_MESSAGE(pay, PAY)
TROUPE_MESSAGE(receipt, RECEIPT)
TROUPE_MESSAGE(parcel, PARCEL)

/* ---- tills --------------------------------------------------------------- */

struct till {
    uint64_t receipts_count;
};

static void
on_pay(struct troupe_self *self, void *state, const struct pay *pay)
{
    struct till *till = state;

    if (pay->cents < 0) {
        troupe_fail(self, 1, "customer %" PRIu64 " pays %" PRId64 " cents",
            pay->customer, pay->cents);
        return;
    }
    till->receipts_count++;
    (void)troupe_reply(self, receipt, .number = till->receipts_count);
}

TROUPE_BEHAVIOUR(till, sizeof(struct till), TROUPE_ON(pay, on_pay));

static const struct troupe_child till =
    TROUPE_CHILD(.name = "till", .behaviour = &till_behaviour);

static void
queue_at(struct troupe_self *self, troupe_pid tills, uint64_t customer,
    int64_t cents)
{
    struct receipt receipt;
    troupe_err err = troupe_ask(self, tills, TROUPE_SECONDS(5), receipt,
        &receipt, pay, .customer = customer, .cents = cents);

    if (err == TROUPE_OK) {
        printf("customer %" PRIu64 ": receipt %" PRIu64 " of a till\n",
            customer, receipt.number);
    } else {
        printf("customer %" PRIu64 ": %s\n", customer, troupe_err_text(err));
    }
}

static void
use_tills(struct troupe_self *self)
{
    troupe_pid tills;

    TROUPE_CHECK(troupe_router_spawn(self,
        &TROUPE_ROUTER_OPTIONS(.kind = TROUPE_ROUTE_ROUND_ROBIN,
            .worker = &till, .workers_count = 3),
        &tills));
    for (uint64_t customer = 1; customer <= 6; customer++) {
        queue_at(self, tills, customer, 990);
    }
    queue_at(self, tills, 7, -1);
    for (uint64_t customer = 8; customer <= 10; customer++) {
        queue_at(self, tills, customer, 990);
    }
}

/* ---- shelves ------------------------------------------------------------- */

struct shelf {
    uint64_t number;
};

static void
on_parcel(struct troupe_self *self, void *state, const struct parcel *parcel)
{
    const struct shelf *shelf = state;

    (void)self;
    printf("shelf %" PRIu64 ": %" PRIu64 " g for %.*s\n", shelf->number,
        parcel->grams, (int)parcel->name.length, parcel->name.data);
}

TROUPE_BEHAVIOUR(shelf, sizeof(struct shelf), TROUPE_ON(parcel, on_parcel));

static troupe_pid
spawn_shelf(struct troupe_self *self, uint64_t number)
{
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn_with(self, shelf,
        &TROUPE_SPAWN_OPTIONS(.state = &(struct shelf){number}), &pid));
    return pid;
}

static void
bring_parcels(struct troupe_runtime *runtime, troupe_pid shelves)
{
    static const char *const names[] = {"Ada", "Bo", "Cem", "Dora"};

    for (uint64_t i = 0; i < 4; i++) {
        TROUPE_CHECK(troupe_tell(troupe_thread_self(runtime), shelves, parcel,
            .name = troupe_str_of(names[i]), .grams = 100 * (i + 1)));
        troupe_runtime_wait(runtime);
    }
}

static void
use_shelves(struct troupe_runtime *runtime, struct troupe_self *self)
{
    troupe_pid pids[] = {spawn_shelf(self, 1), spawn_shelf(self, 2)};
    troupe_pid shelves;

    TROUPE_CHECK(troupe_router_spawn(self,
        &TROUPE_ROUTER_OPTIONS(.kind = TROUPE_ROUTE_CONSISTENT_HASH,
            .key_field = "name", .routees = pids, .routees_count = 2),
        &shelves));
    bring_parcels(runtime, shelves);
    puts("one shelf more");
    TROUPE_CHECK(troupe_tell(
        self, shelves, troupe_add_routee, .actor = spawn_shelf(self, 3)));
    bring_parcels(runtime, shelves);
}

int
main(void)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;

    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = 1), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    use_tills(self);
    use_shelves(runtime, self);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}
