/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: whatever goes wrong, no cent is lost or made, each message is handled
 * once or a dead letter once, each ask ends once, and nobody stands still.
 *
 * Method: a bank by many seeds. Tellers ask accounts for their balance and tell
 * them to pay each other, a cent a message; mailboxes are so small that tellers
 * are paused; accounts are closed. Actors are killed, requests for memory fail,
 * mail of different senders overtakes, turns take so long that deadlines pass.
 * A cent is with an account that lives, or was with one when that ended, or is
 * in a dead letter.
 *
 * Blocks are mallocs of their own here, so that each may fail and each that is
 * lost is missed.
 */
#include <string.h>

#include "actors/runtime.h"
#include "tests/support/seeds.h"

#define PAYEE(FIELD) FIELD(pid, to)
#define AMOUNT(FIELD) FIELD(int64, cents)
TROUPE_MESSAGE(work, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(get, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(balance, AMOUNT)
TROUPE_MESSAGE(pay, PAYEE)
TROUPE_MESSAGE(deposit, TROUPE_NO_FIELDS) /* of one cent */

enum {
    ACCOUNTS = 4,
    TELLERS = 3,
    CENTS_EACH = 10,
    ROUNDS = 8,
    PAYMENTS = 8,        /* in a round */
    CLOSING_PERIOD = 20, /* rounds until an account is closed, about */
    ROWS_MAX = 64,
};

struct account {
    int64_t cents;
};

struct teller {
    int rounds_count;
    int asks_count;
    int answers_count;
};

static struct bank {
    struct troupe_runtime *runtime;
    troupe_pid accounts[ACCOUNTS];
    troupe_pid tellers[TELLERS];
    int64_t cents[ACCOUNTS]; /* when it was last seen */
    uint64_t told_count;     /* messages that were taken */
    uint64_t handled_count;  /* handlers that ran */
} bank;

static bool
is_told(troupe_err err)
{
    CHECK(err == TROUPE_OK || err == TROUPE_E_NO_MEMORY);
    bank.told_count += err == TROUPE_OK;
    return err == TROUPE_OK;
}

/* ---- accounts ------------------------------------------------------------ */

static void
on_get(struct troupe_self *self, void *state, const struct get *get)
{
    const struct account *account = state;

    (void)get;
    bank.handled_count++;
    (void)troupe_reply(self, balance, .cents = account->cents);
}

static void
on_pay(struct troupe_self *self, void *state, const struct pay *pay)
{
    struct account *account = state;

    bank.handled_count++;
    if (account->cents > 0 && is_told(troupe_tell(self, pay->to, deposit))) {
        account->cents--;
    }
}

static void
on_deposit(struct troupe_self *self, void *state, const struct deposit *deposit)
{
    struct account *account = state;

    (void)self, (void)deposit;
    bank.handled_count++;
    account->cents++;
}

/* A stop may come in the middle of a turn, so nobody else sees the last cents.
 */
static void
on_close(struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    const struct account *account = state;

    (void)why;
    for (int i = 0; i < ACCOUNTS; i++) {
        if (bank.accounts[i] == troupe_self_pid(self)) {
            bank.cents[i] = account->cents;
        }
    }
}

TROUPE_BEHAVIOUR(account, sizeof(struct account), TROUPE_ON(get, on_get),
    TROUPE_ON(pay, on_pay), TROUPE_ON(deposit, on_deposit),
    TROUPE_ON_STOP(on_close));

/* ---- tellers ------------------------------------------------------------- */

static troupe_pid
any_account(struct troupe_self *self)
{
    return bank.accounts[troupe_random_below(self, ACCOUNTS)];
}

static void
begin_round(struct troupe_self *self, troupe_pid teller)
{
    while (!is_told(troupe_tell(self, teller, work))) {
    }
}

static void
on_balance(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct teller *teller = state;
    troupe_pid from = bank.accounts[context];
    struct balance balance;

    teller->answers_count++;
    if (balance_from(answer, &balance) == TROUPE_OK) {
        CHECK(balance.cents >= 0 && balance.cents <= ACCOUNTS * CENTS_EACH);
        for (int i = 0; i < PAYMENTS; i++) {
            (void)is_told(
                troupe_tell(self, from, pay, .to = any_account(self)));
        }
    }
    begin_round(self, troupe_self_pid(self));
}

static void
on_work(struct troupe_self *self, void *state, const struct work *work)
{
    struct teller *teller = state;
    uint64_t index = troupe_random_below(self, ACCOUNTS);

    (void)work;
    bank.handled_count++;
    if (teller->rounds_count == ROUNDS) {
        return;
    }
    teller->rounds_count++;
    if (troupe_random_below(self, CLOSING_PERIOD) == 0) {
        (void)troupe_stop(self, any_account(self));
    }
    if (is_told(troupe_ask_then(self, bank.accounts[index],
            TROUPE_MS(1 + index), on_balance, index, get))) {
        teller->asks_count++;
    } else {
        begin_round(self, troupe_self_pid(self));
    }
}

TROUPE_BEHAVIOUR(teller, sizeof(struct teller), TROUPE_ON(work, on_work));

/* ---- the bank ------------------------------------------------------------ */

/* Half of the accounts have marks of their own. */
static void
open_account(struct troupe_self *self, int index)
{
    struct account begins = {.cents = CENTS_EACH};
    struct troupe_spawn_options options =
        TROUPE_SPAWN_OPTIONS(.state = &begins);

    if (index % 2 == 0) {
        options.mailbox = (struct troupe_mailbox_options){
            .messages_high = 3, .messages_low = 1};
    }
    TROUPE_CHECK(
        troupe_spawn_with(self, account, &options, &bank.accounts[index]));
    bank.cents[index] = CENTS_EACH;
}

static void
open_bank(struct troupe_self *self, void *context)
{
    (void)context;
    memset(&bank, 0, sizeof(bank));
    bank.runtime = self->runtime;
    for (int i = 0; i < ACCOUNTS; i++) {
        open_account(self, i);
    }
    for (int i = 0; i < TELLERS; i++) {
        TROUPE_CHECK(troupe_spawn(self, teller, &bank.tellers[i]));
        begin_round(self, bank.tellers[i]);
    }
}

/* A kill comes before a turn, so the last look was right. */
static void
look_at_accounts(struct troupe_explored *run, void *context)
{
    (void)context;
    for (int i = 0; i < ACCOUNTS; i++) {
        const struct account *account =
            troupe_explored_state_view(run, bank.accounts[i]);

        if (account != NULL) {
            TROUPE_EXPLORED_CHECK(run, account->cents >= 0);
            bank.cents[i] = account->cents;
        }
    }
}

/* Of one message, or of all but replies. What found no memory was not taken.
 */
static uint64_t
dead_letters_count(const char *message)
{
    struct troupe_dead_letters_row rows[ROWS_MAX];
    size_t rows_count = troupe_dead_letters_read(bank.runtime, rows, ROWS_MAX);
    uint64_t count = 0;

    CHECK(rows_count <= ROWS_MAX);
    for (size_t i = 0; i < rows_count; i++) {
        CHECK(!rows[i].has_many_messages);
        if (rows[i].cause != TROUPE_DEAD_LETTER_NO_MEMORY &&
            (message != NULL ? strcmp(rows[i].message, message) == 0
                             : strcmp(rows[i].message, "balance") != 0)) {
            count += rows[i].count;
        }
    }
    return count;
}

static void
each_has_come_to_its_end(struct troupe_explored *run)
{
    for (int i = 0; i < TELLERS; i++) {
        const struct teller *teller =
            troupe_explored_state_view(run, bank.tellers[i]);

        if (teller != NULL) {
            TROUPE_EXPLORED_CHECK(run, teller->rounds_count == ROUNDS);
            TROUPE_EXPLORED_CHECK(
                run, teller->answers_count == teller->asks_count);
        }
    }
}

/* Or the next life of the slot would begin with some of its room taken. */
static void
the_dead_hold_nothing(struct troupe_explored *run)
{
    for (int i = 0; i < ACCOUNTS; i++) {
        struct tp_actor *slot =
            tp_registry_find(&bank.runtime->registry, bank.accounts[i]);

        TROUPE_EXPLORED_CHECK(
            run, slot->pid != TROUPE_NO_PID || slot->limit.held == 0);
    }
}

static void
nothing_is_lost(struct troupe_explored *run, void *context)
{
    int64_t cents = (int64_t)dead_letters_count("deposit");

    (void)context;
    for (int i = 0; i < ACCOUNTS; i++) {
        cents += bank.cents[i];
    }
    if (cents != ACCOUNTS * CENTS_EACH) {
        troupe_explored_fail(run, "there are %d cents, not %d", (int)cents,
            ACCOUNTS * CENTS_EACH);
    }
    if (bank.told_count != bank.handled_count + dead_letters_count(NULL)) {
        troupe_explored_fail(run, "%d were told, %d handled, %d dead letters",
            (int)bank.told_count, (int)bank.handled_count,
            (int)dead_letters_count(NULL));
    }
    each_has_come_to_its_end(run);
    the_dead_hold_nothing(run);
}

static void
run_bank(bool reorder)
{
    struct troupe_options runtime =
        TROUPE_OPTIONS(.mailbox = {.messages_high = 10, .messages_low = 8},
            .faults = {.kills_count = 2,
                .failed_allocations_count = 3,
                .turns_count = 60,
                .reorder = reorder,
                .delay_ns_max = TROUPE_MS(1)});

    seeds_run(&TROUPE_EXPLORE_OPTIONS(.setup = open_bank,
        .after_step = look_at_accounts, .at_end = nothing_is_lost,
        .runtime = &runtime, .steps_max = 10000));
}

/* With reordering a turn is one message, without it is several. */
int
main(void)
{
    run_bank(true);
    run_bank(false);
}
