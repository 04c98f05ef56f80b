/* SPDX-License-Identifier: BSD-2-Clause */
/* What the bank answers to requests that come at once, or are too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/bank/service/messages.h"
#include "examples/bank/service/service.h"

#include <string.h>

#define ASK_NS TROUPE_SECONDS(60)

enum { CENTS = 100, AMOUNT = 30, MESSAGES_HARD = 64, FLOODS_COUNT = 50 };

static const uint8_t key_bytes[] = {0xa2, 'k', '1'};
static const struct troupe_raw key = {key_bytes, sizeof(key_bytes)};

static struct troupe_runtime *runtime;
static struct troupe_self *caller;
static struct bank_journal *journal;
static troupe_pid bank;

/* What the actors were answered. */
static struct heard {
    unsigned count;
    int64_t balances[2];
    int64_t other_balances[2];

    troupe_pid account; /* who answered */
    uint32_t code;      /* 0: no error */
    uint64_t retry_ms;
} heard;

TROUPE_MESSAGE(act, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(acted, TROUPE_NO_FIELDS)

/* It acts when it is asked to, and answers when it has heard. */
struct client {
    struct troupe_request *request;
};

static void
answer(struct troupe_self *self, struct client *client)
{
    (void)troupe_reply_to(self, &client->request, acted);
    troupe_request_release(self, &client->request);
}

/* ---- the stage ----------------------------------------------------------- */

static void
keep_quiet(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static int64_t
balance_of(const char *name)
{
    struct money money = {-1};

    assert_int_equal(troupe_ask(caller, bank, ASK_NS, money, &money, balance,
                         .account = troupe_str_of(name)),
        TROUPE_OK);
    return money.cents;
}

static void
open_account(const char *name)
{
    struct money money;

    assert_int_equal(troupe_ask(caller, bank, ASK_NS, money, &money, open,
                         .account = troupe_str_of(name), .amount_cents = CENTS),
        TROUPE_OK);
}

static int
begin(void **state)
{
    (void)state;
    memset(&heard, 0, sizeof(heard));
    journal = bank_journal_memory_create();
    assert_non_null(journal);
    assert_int_equal(
        troupe_runtime_create(
            &TROUPE_OPTIONS(.simulate = true, .seed = 3, .log = keep_quiet,
                .mailbox = {.messages_high = MESSAGES_HARD / 2,
                    .messages_hard = MESSAGES_HARD}),
            &runtime),
        TROUPE_OK);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    caller = troupe_thread_self(runtime);
    assert_int_equal(bank_service_start(caller,
                         &(struct bank_service_options){.journal = journal,
                             .rest_ns = TROUPE_SECONDS(1000)},
                         &bank),
        TROUPE_OK);
    open_account("ann");
    open_account("bob");
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

static void
let_act(troupe_pid actor)
{
    struct acted acted;

    assert_int_equal(
        troupe_ask(caller, actor, ASK_NS, acted, &acted, act), TROUPE_OK);
}

/* ---- the same key, twice at once ----------------------------------------- */

static void
hear(struct troupe_self *self, struct client *client, int64_t balance,
    int64_t other_balance)
{
    heard.balances[heard.count] = balance;
    heard.other_balances[heard.count] = other_balance;
    if (++heard.count == 2) {
        answer(self, client);
    }
}

static void
on_moved(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *got)
{
    struct moved moved = {-1, -1};

    (void)context;
    (void)moved_from(got, &moved);
    hear(self, state, moved.from_balance, moved.to_balance);
}

static void
on_act_mover(struct troupe_self *self, void *state, const struct act *told)
{
    struct client *client = state;

    (void)told;
    TROUPE_CHECK(troupe_request_keep(self, &client->request));
    for (int i = 0; i < 2; i++) {
        TROUPE_CHECK(troupe_ask_then(self, bank, ASK_NS, on_moved, 0, transfer,
            .from = troupe_str_of("ann"), .to = troupe_str_of("bob"),
            .amount_cents = AMOUNT, .key = key));
    }
}

TROUPE_BEHAVIOUR(mover, sizeof(struct client), TROUPE_ON(act, on_act_mover));

static void
on_deposited(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *got)
{
    struct money money = {-1};

    (void)context;
    (void)money_from(got, &money);
    hear(self, state, money.cents, 0);
}

static void
on_act_saver(struct troupe_self *self, void *state, const struct act *told)
{
    struct client *client = state;

    (void)told;
    TROUPE_CHECK(troupe_request_keep(self, &client->request));
    for (int i = 0; i < 2; i++) {
        TROUPE_CHECK(troupe_ask_then(self, bank, ASK_NS, on_deposited, 0,
            deposit, .account = troupe_str_of("ann"), .amount_cents = AMOUNT,
            .key = key));
    }
}

TROUPE_BEHAVIOUR(saver, sizeof(struct client), TROUPE_ON(act, on_act_saver));

static void
a_transfer_asked_again_while_it_is_under_way_is_made_once(void **state)
{
    troupe_pid actor;

    (void)state;
    assert_int_equal(troupe_spawn(caller, mover, &actor), TROUPE_OK);
    let_act(actor);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(heard.balances[i], CENTS - AMOUNT);
        assert_int_equal(heard.other_balances[i], CENTS + AMOUNT);
    }
    assert_int_equal(balance_of("ann"), CENTS - AMOUNT);
    assert_int_equal(balance_of("bob"), CENTS + AMOUNT);
}

static void
a_deposit_asked_again_while_it_is_under_way_is_made_once(void **state)
{
    troupe_pid actor;

    (void)state;
    assert_int_equal(troupe_spawn(caller, saver, &actor), TROUPE_OK);
    let_act(actor);
    assert_int_equal(heard.balances[0], CENTS + AMOUNT);
    assert_int_equal(heard.balances[1], CENTS + AMOUNT);
    assert_int_equal(balance_of("ann"), CENTS + AMOUNT);
}

/* ---- a full mailbox ------------------------------------------------------ */

static void
on_answered(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *got)
{
    struct money money;
    struct troupe_rpc_error error = {.code = 1};

    (void)context;
    heard.code = 0;
    if (money_from(got, &money) == TROUPE_OK) {
        heard.account = troupe_sender(self);
    } else {
        (void)troupe_rpc_error_from(got, &error);
        heard.code = error.code;
        heard.retry_ms = error.retry_ms;
    }
    answer(self, state);
}

/* Fills the mailbox of the account, if it knows who that is, with what changes
 * nothing; then asks for a change. */
static void
on_act_flood(struct troupe_self *self, void *state, const struct act *told)
{
    struct client *client = state;

    (void)told;
    while (heard.account != TROUPE_NO_PID &&
           troupe_tell(self, heard.account, forget,
               .from = troupe_str_of("nobody")) == TROUPE_OK) {
    }
    TROUPE_CHECK(troupe_request_keep(self, &client->request));
    TROUPE_CHECK(troupe_ask_then(self, bank, ASK_NS, on_answered, 0, deposit,
        .account = troupe_str_of("ann"), .amount_cents = 1));
}

TROUPE_BEHAVIOUR(flood, sizeof(struct client), TROUPE_ON(act, on_act_flood));

/* Whether the bank hands it on before the account has begun with what waits is
 * for chance to say. */
static void
an_account_with_too_much_to_do_refuses_and_changes_nothing(void **state)
{
    int64_t deposited = 0;
    unsigned refused_count = 0;
    troupe_pid actor;

    (void)state;
    assert_int_equal(troupe_spawn(caller, flood, &actor), TROUPE_OK);
    for (int i = 0; i < FLOODS_COUNT; i++) {
        let_act(actor);
        if (heard.code == 0) {
            deposited++;
        } else {
            assert_int_equal(heard.code, 503);
            assert_true(heard.retry_ms > 0);
            refused_count++;
        }
    }
    assert_true(refused_count > 0);
    assert_true(deposited > 1);
    assert_int_equal(balance_of("ann"), CENTS + deposited);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, begin, finish)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(a_transfer_asked_again_while_it_is_under_way_is_made_once),
        STAGED(a_deposit_asked_again_while_it_is_under_way_is_made_once),
        STAGED(an_account_with_too_much_to_do_refuses_and_changes_nothing),
    };

    return cmocka_run_group_tests_name("bank_crowds", tests, NULL, NULL);
}
