/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: whatever the order in which messages come, a total is right while a
 * transfer moves money, and what a client has heard of outlives the bank.
 *
 * Method: two accounts, one transfer and one total, in every order. Then one
 * change, with the bank killed at any moment: what was acknowledged must be in
 * the total of the bank that begins again. A few orders; all of them if
 * TROUPE_TEST_FULL is set.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/bank/service/messages.h"
#include "examples/bank/service/service.h"
#include "tests/support/check.h"
#include "tests/support/sanitized.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ASK_NS TROUPE_SECONDS(60)
/* Accounts do not rest while a run lasts. */
#define REST_NS (2 * RUN_NS)
#define RUN_NS TROUPE_SECONDS(600)

enum { CENTS_EACH = 100, AMOUNT = 30, RUNS_FEW = IS_SANITIZED ? 400 : 1500 };

TROUPE_MESSAGE(begin_now, TROUPE_NO_FIELDS)

static struct stage {
    struct bank_journal *journal;
    troupe_pid bank;
    unsigned moved_count;
    int64_t total;
    int64_t told; /* the balance that was acknowledged */
} stage;

/* ---- actors -------------------------------------------------------------- */

static void
on_total(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct money money;

    (void)self, (void)state, (void)context;
    CHECK(money_from(answer, &money) == TROUPE_OK);
    stage.total = money.cents;
}

static void
on_begin_auditor(
    struct troupe_self *self, void *state, const struct begin_now *begin_now)
{
    (void)state, (void)begin_now;
    TROUPE_CHECK(troupe_ask_then(self, stage.bank, ASK_NS, on_total, 0, total));
}

TROUPE_BEHAVIOUR(auditor, 0, TROUPE_ON(begin_now, on_begin_auditor));

static void
on_moved(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct moved moved;

    (void)self, (void)state, (void)context;
    CHECK(moved_from(answer, &moved) == TROUPE_OK);
    CHECK(moved.from_balance == CENTS_EACH - AMOUNT);
    CHECK(moved.to_balance == CENTS_EACH + AMOUNT);
    stage.moved_count++;
}

static void
on_begin_mover(
    struct troupe_self *self, void *state, const struct begin_now *begin_now)
{
    (void)state, (void)begin_now;
    TROUPE_CHECK(troupe_ask_then(self, stage.bank, ASK_NS, on_moved, 0,
        transfer, .from = troupe_str_of("ann"), .to = troupe_str_of("bob"),
        .amount_cents = AMOUNT));
}

TROUPE_BEHAVIOUR(mover, 0, TROUPE_ON(begin_now, on_begin_mover));

/* It may hear nothing, should the bank be killed with its request. */
static void
on_told(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct money money;

    (void)self, (void)state, (void)context;
    if (money_from(answer, &money) == TROUPE_OK) {
        stage.told = money.cents;
    }
}

static void
on_begin_saver(
    struct troupe_self *self, void *state, const struct begin_now *begin_now)
{
    (void)state, (void)begin_now;
    TROUPE_CHECK(troupe_ask_then(self, stage.bank, ASK_NS, on_told, 0, deposit,
        .account = troupe_str_of("ann"), .amount_cents = AMOUNT));
}

TROUPE_BEHAVIOUR(saver, 0, TROUPE_ON(begin_now, on_begin_saver));

static void
on_begin_opener(
    struct troupe_self *self, void *state, const struct begin_now *begin_now)
{
    (void)state, (void)begin_now;
    TROUPE_CHECK(troupe_ask_then(self, stage.bank, ASK_NS, on_told, 0, open,
        .account = troupe_str_of("eve"), .amount_cents = AMOUNT));
}

TROUPE_BEHAVIOUR(opener, 0, TROUPE_ON(begin_now, on_begin_opener));

/* ---- the stage ----------------------------------------------------------- */

static void
open_in_journal(const char *name)
{
    struct bank_event event = {.kind = BANK_OPEN,
        .number = 1,
        .id = 1,
        .cents = CENTS_EACH,
        .balance = CENTS_EACH};
    struct bank_owner owner = {1, 0};
    struct bank_image image;

    CHECK(stage.journal->calls->load(
        stage.journal, name, strlen(name), &owner, &image));
    CHECK(stage.journal->calls->append(
        stage.journal, name, strlen(name), 1, &event));
}

/* With accounts that rest, or have just begun to work. */
static void
begin_bank(struct troupe_self *self, const char *const *names, bool are_at_work)
{
    struct money money;

    bank_journal_destroy(&stage.journal);
    memset(&stage, 0, sizeof(stage));
    stage.journal = bank_journal_memory_create();
    CHECK(stage.journal != NULL);
    for (int i = 0; names[i] != NULL; i++) {
        open_in_journal(names[i]);
    }
    TROUPE_CHECK(bank_service_start(self,
        &(struct bank_service_options){
            .journal = stage.journal, .rest_ns = REST_NS},
        &stage.bank));
    CHECK(troupe_ask(self, stage.bank, ASK_NS, money, &money, balance,
              .account = troupe_str_of("nobody")) ==
          TROUPE_E_UNEXPECTED_REPLY); /* it knows the accounts by now */
    for (int i = 0; are_at_work && names[i] != NULL; i++) {
        TROUPE_CHECK(troupe_ask(self, stage.bank, ASK_NS, money, &money,
            balance, .account = troupe_str_of(names[i])));
    }
}

static void
begin_client(struct troupe_self *self, struct troupe_behaviour *behaviour)
{
    troupe_pid pid;

    TROUPE_CHECK(
        troupe_spawn_behaviour(self, behaviour, &TROUPE_SPAWN_OPTIONS(), &pid));
    TROUPE_CHECK(troupe_tell(self, pid, begin_now));
}

static void
explore(troupe_explore_setup *setup, troupe_explore_check *at_end,
    const char *account, unsigned kills_max)
{
    bool is_full = getenv("TROUPE_TEST_FULL") != NULL;
    struct troupe_explore_report report = TROUPE_EXPLORE_REPORT;
    troupe_err err = troupe_explore(
        &TROUPE_EXPLORE_OPTIONS(.setup = setup, .at_end = at_end,
            .context = (void *)(uintptr_t)account, .kills_max = kills_max,
            .kill_only = "bank", .runs_max = is_full ? 0 : RUNS_FEW,
            .time_ns_max = RUN_NS, .errors_are_allowed = true),
        &report);

    print_message("%" PRIu64 " orders, at most %u steps\n", report.orders_count,
        report.steps_max);
    if (err != TROUPE_OK && (is_full || err != TROUPE_E_NOT_EXHAUSTED)) {
        fail_msg("%s", troupe_err_detail());
    }
    assert_true(report.orders_count > 1);
    bank_journal_destroy(&stage.journal);
}

/* ---- a total while money moves ------------------------------------------- */

static void
begin_transfer_and_total(struct troupe_self *self, void *context)
{
    (void)context;
    begin_bank(self, (const char *const[]){"ann", "bob", NULL}, true);
    begin_client(self, &mover_behaviour);
    begin_client(self, &auditor_behaviour);
}

static void
both_were_answered(struct troupe_explored *run, void *context)
{
    (void)context;
    TROUPE_EXPLORED_CHECK(run, stage.moved_count == 1);
    TROUPE_EXPLORED_CHECK(run, stage.total == 2 * CENTS_EACH);
}

static void
a_total_is_right_in_every_order(void **state)
{
    (void)state;
    explore(begin_transfer_and_total, both_were_answered, NULL, 0);
}

/* ---- the bank is killed -------------------------------------------------- */

static void
begin_deposit(struct troupe_self *self, void *context)
{
    (void)context;
    begin_bank(self, (const char *const[]){"ann", NULL}, false);
    begin_client(self, &saver_behaviour);
}

static void
begin_open(struct troupe_self *self, void *context)
{
    (void)context;
    begin_bank(self, (const char *const[]){NULL}, false);
    begin_client(self, &opener_behaviour);
}

/* The bank that lives now says what the journal has. */
static void
bank_knows_what_is_kept(struct troupe_explored *run, void *context)
{
    struct troupe_self *self = troupe_explored_self(run);
    const char *name = context;
    struct bank_image image;
    struct money money = {0};

    CHECK(stage.journal->calls->load(
        stage.journal, name, strlen(name), NULL, &image));
    TROUPE_EXPLORED_CHECK(run, image.balance >= stage.told);
    TROUPE_CHECK(troupe_ask(self, stage.bank, ASK_NS, money, &money, total));
    if (money.cents != image.balance) {
        troupe_explored_fail(run, "the total is %d cents, not %d",
            (int)money.cents, (int)image.balance);
    }
}

static void
a_deposit_that_was_answered_outlives_the_bank(void **state)
{
    (void)state;
    explore(begin_deposit, bank_knows_what_is_kept, "ann", 1);
}

static void
an_account_that_was_opened_outlives_the_bank(void **state)
{
    (void)state;
    explore(begin_open, bank_knows_what_is_kept, "eve", 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_total_is_right_in_every_order),
        cmocka_unit_test(a_deposit_that_was_answered_outlives_the_bank),
        cmocka_unit_test(an_account_that_was_opened_outlives_the_bank),
    };

    return cmocka_run_group_tests_name("bank_orders", tests, NULL, NULL);
}
