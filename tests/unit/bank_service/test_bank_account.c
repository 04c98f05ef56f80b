/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: what an account hears of a cut, by whatever message, it hears before it
 * does what the message says.
 *
 * Method: an account and a journal, and a bank that is played. So the messages
 * of a total come in an order that messages of different senders may have, but
 * seldom do: the answer of another account before the cut that it has heard of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/bank/service/account.h"
#include "examples/bank/service/journal_actor.h"

#include <string.h>

#define ASK_NS TROUPE_SECONDS(60)
#define REST_NS TROUPE_SECONDS(1)

enum { CENTS = 100, AMOUNT = 30 };

static struct troupe_runtime *runtime;
static struct troupe_self *caller;
static struct bank_journal *journal;
static troupe_pid account;
static unsigned settled_count;

/* ---- the bank ------------------------------------------------------------ */

static void
on_opened(struct troupe_self *self, void *state, const struct opened *opened)
{
    (void)state, (void)opened;
    (void)troupe_reply(self, noted);
}

/* As the other account would that has taken its part of the first cut, and was
 * then done with its transfer. */
static void
on_settled(struct troupe_self *self, void *state, const struct settled *settled)
{
    (void)state, (void)settled;
    settled_count++;
    (void)troupe_reply(self, settlement, .is_settled = true, .heard = 1);
}

TROUPE_BEHAVIOUR(played_bank, 0, TROUPE_ON(opened, on_opened),
    TROUPE_ON(settled, on_settled));

/* ---- the stage ----------------------------------------------------------- */

static void
spawn_account(troupe_pid bank, troupe_pid keeper)
{
    struct accounts accounts;
    struct bank_account begins = {
        .bank = bank, .journal = keeper, .rest_ns = REST_NS};

    assert_int_equal(troupe_ask(caller, keeper, ASK_NS, accounts, &accounts,
                         list, .after = troupe_str_of("")),
        TROUPE_OK);
    begins.term = accounts.term;
    begins.length = 3;
    memcpy(begins.name, "bob", 3);
    assert_int_equal(troupe_spawn_with(caller, bank_account,
                         &TROUPE_SPAWN_OPTIONS(.state = &begins), &account),
        TROUPE_OK);
}

static int
begin(void **state)
{
    struct bank_journal_actor keeps;
    troupe_pid bank;
    troupe_pid keeper;

    (void)state;
    settled_count = 0;
    journal = bank_journal_memory_create();
    assert_non_null(journal);
    keeps.journal = journal;
    assert_int_equal(
        troupe_runtime_create(
            &TROUPE_OPTIONS(.simulate = true, .seed = 3), &runtime),
        TROUPE_OK);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    caller = troupe_thread_self(runtime);
    assert_int_equal(troupe_spawn(caller, played_bank, &bank), TROUPE_OK);
    assert_int_equal(troupe_spawn_with(caller, bank_journal_actor,
                         &TROUPE_SPAWN_OPTIONS(.state = &keeps), &keeper),
        TROUPE_OK);
    spawn_account(bank, keeper);
    return 0;
}

static int
finish(void **state)
{
    (void)state;
    assert_int_equal(troupe_runtime_stop(runtime, 0, NULL), TROUPE_OK);
    troupe_runtime_destroy(&runtime);
    bank_journal_destroy(&journal);
    return 0;
}

/* ---- what it says -------------------------------------------------------- */

static void
open_with_a_credit(void)
{
    struct money money;
    struct credited credited;

    assert_int_equal(
        troupe_ask(caller, account, ASK_NS, money, &money, open,
            .account = troupe_str_of("bob"), .amount_cents = CENTS),
        TROUPE_OK);
    assert_int_equal(
        troupe_ask(caller, account, ASK_NS, credited, &credited, credit,
            .to = troupe_str_of("bob"), .from = troupe_str_of("ann"),
            .transfer = 1, .cents = AMOUNT),
        TROUPE_OK);
    assert_int_equal(credited.balance, CENTS + AMOUNT);
}

/* How many transfers its part of that cut has applied and not forgotten. */
static size_t
applied_in_cut(uint64_t number)
{
    struct part part;

    assert_int_equal(
        troupe_ask(caller, account, ASK_NS, part, &part, cut, .number = number),
        TROUPE_OK);
    assert_int_equal(part.balance, CENTS + AMOUNT);
    return part.applied.size / sizeof(struct bank_applied);
}

TROUPE_MESSAGE(stay_silent, TROUPE_NO_FIELDS)

static void
on_stay_silent(
    struct troupe_self *self, void *state, const struct stay_silent *message)
{
    struct troupe_request **kept = state;

    (void)message;
    TROUPE_CHECK(troupe_request_keep(self, kept));
}

TROUPE_BEHAVIOUR(mute, sizeof(struct troupe_request *),
    TROUPE_ON(stay_silent, on_stay_silent));

/* It looks twice whether to rest, and the second time asks what it may forget.
 */
static void
let_ask(void)
{
    struct money money;
    troupe_pid silent;

    assert_int_equal(troupe_spawn(caller, mute, &silent), TROUPE_OK);
    assert_int_equal(
        troupe_ask(caller, silent, REST_NS * 5 / 2, money, &money, stay_silent),
        TROUPE_E_TIMED_OUT);
}

/*
 * The other account's part was taken down before it was done, and has the
 * transfer in its outbox. If this part had the money and not the transfer, the
 * money would be counted twice.
 */
static void
what_is_forgotten_after_a_cut_is_in_its_part(void **state)
{
    (void)state;
    open_with_a_credit();
    let_ask();
    assert_int_equal(settled_count, 1);
    assert_int_equal(applied_in_cut(1), 1);
    assert_int_equal(applied_in_cut(2), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            what_is_forgotten_after_a_cut_is_in_its_part, begin, finish),
    };

    return cmocka_run_group_tests_name("bank_account", tests, NULL, NULL);
}
