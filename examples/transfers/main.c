/* SPDX-License-Identifier: BSD-2-Clause */
/* A bank whose tellers get a balance and then set it, in every order. */
#include <stdio.h>
#include <troupe/troupe.h>

#define AMOUNT(FIELD) FIELD(int64, cents)
#define TRANSFER(FIELD) FIELD(pid, from) FIELD(pid, to) FIELD(int64, cents)
TROUPE_MESSAGE(get, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(balance, AMOUNT)
TROUPE_MESSAGE(set, AMOUNT)
TROUPE_MESSAGE(add, AMOUNT)
TROUPE_MESSAGE(transfer, TRANSFER)

static void
on_get(struct troupe_self *self, void *state, const struct get *get)
{
    const int64_t *cents = state;

    (void)get;
    (void)troupe_reply(self, balance, .cents = *cents);
}

static void
on_set(struct troupe_self *self, void *state, const struct set *set)
{
    int64_t *cents = state;

    (void)self;
    *cents = set->cents;
}

static void
on_add(struct troupe_self *self, void *state, const struct add *add)
{
    int64_t *cents = state;

    (void)self;
    *cents += add->cents;
}

TROUPE_BEHAVIOUR(account, sizeof(int64_t), TROUPE_ON(get, on_get),
    TROUPE_ON(set, on_set), TROUPE_ON(add, on_add));

/* ---- a teller that asks first -------------------------------------------- */

static void
on_balance(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    const struct transfer *transfer = state;
    struct balance balance;

    (void)context;
    if (balance_from(answer, &balance) == TROUPE_OK) {
        (void)troupe_tell(self, transfer->from, set,
            .cents = balance.cents - transfer->cents);
        (void)troupe_tell(self, transfer->to, add, .cents = transfer->cents);
    }
}

static void
on_transfer(
    struct troupe_self *self, void *state, const struct transfer *transfer)
{
    *(struct transfer *)state = *transfer;
    (void)troupe_ask_then(
        self, transfer->from, TROUPE_SECONDS(5), on_balance, 0, get);
}

TROUPE_BEHAVIOUR(
    teller, sizeof(struct transfer), TROUPE_ON(transfer, on_transfer));

/* ---- a teller that lets the account reckon ------------------------------- */

static void
on_transfer_by_adding(
    struct troupe_self *self, void *state, const struct transfer *transfer)
{
    (void)state;
    (void)troupe_tell(self, transfer->from, add, .cents = -transfer->cents);
    (void)troupe_tell(self, transfer->to, add, .cents = transfer->cents);
}

TROUPE_BEHAVIOUR(better_teller, 0, TROUPE_ON(transfer, on_transfer_by_adding));

/* ---- the bank ------------------------------------------------------------ */

struct bank {
    struct troupe_behaviour *teller;
    troupe_pid alice;
    troupe_pid bob;
};

static void
open_bank(struct troupe_self *self, void *context)
{
    struct bank *bank = context;
    int64_t cents = 100;
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn_with(
        self, account, &TROUPE_SPAWN_OPTIONS(.state = &cents), &bank->alice));
    TROUPE_CHECK(troupe_spawn_with(
        self, account, &TROUPE_SPAWN_OPTIONS(.state = &cents), &bank->bob));
    for (int i = 0; i < 2; i++) {
        TROUPE_CHECK(troupe_spawn_behaviour(self, bank->teller, NULL, &pid));
        TROUPE_CHECK(troupe_tell(self, pid, transfer, .from = bank->alice,
            .to = bank->bob, .cents = 30));
    }
}

static void
no_cent_is_lost(struct troupe_explored *run, void *context)
{
    const struct bank *bank = context;
    const int64_t *alice = troupe_explored_state_view(run, bank->alice);
    const int64_t *bob = troupe_explored_state_view(run, bank->bob);

    if (*alice + *bob != 200) {
        troupe_explored_fail(run, "alice has %d cents and bob %d, not 200",
            (int)*alice, (int)*bob);
    }
}

/* ---- the exploration ----------------------------------------------------- */

int
main(void)
{
    struct bank bank = {.teller = &teller_behaviour};
    struct troupe_explore_report report = TROUPE_EXPLORE_REPORT;
    struct troupe_explore_options options =
        TROUPE_EXPLORE_OPTIONS(.setup = open_bank, .at_end = no_cent_is_lost,
            .context = &bank, .stream = stdout);
    troupe_err err = troupe_explore(&options, &report);

    if (err != TROUPE_E_CHECK_FAILED) {
        return 1;
    }
    err = troupe_explore_seeds(&options, 1, 1000, &report);
    if (err != TROUPE_E_CHECK_FAILED) {
        return 1;
    }
    bank.teller = &better_teller_behaviour;
    TROUPE_CHECK(troupe_explore(&options, &report));
    printf("\nBy adding, no cent is lost in %d orders.\n",
        (int)report.orders_count);
    TROUPE_CHECK(troupe_explore_seeds(&options, 1, 1000, &report));
}
