/* SPDX-License-Identifier: BSD-2-Clause */
/* What the bank answers to what it is asked, and what it remembers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/bank/service/account.h"
#include "examples/bank/service/messages.h"
#include "examples/bank/service/service.h"

#include <stdlib.h>
#include <string.h>

#define ASK_NS TROUPE_SECONDS(60)
#define REST_NS TROUPE_SECONDS(1)

static struct troupe_runtime *runtime;
static struct troupe_self *caller;
static struct bank_journal *journal;
static troupe_pid bank;

/* ---- the stage ----------------------------------------------------------- */

static void
keep_quiet(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static void
begin_on_journal(void)
{
    assert_int_equal(troupe_runtime_create(&TROUPE_OPTIONS(.simulate = true,
                                               .seed = 3, .log = keep_quiet),
                         &runtime),
        TROUPE_OK);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    caller = troupe_thread_self(runtime);
    assert_int_equal(bank_service_start(caller,
                         &(struct bank_service_options){
                             .journal = journal, .rest_ns = REST_NS},
                         &bank),
        TROUPE_OK);
}

static int
begin(void **state)
{
    (void)state;
    journal = bank_journal_memory_create();
    assert_non_null(journal);
    begin_on_journal();
    return 0;
}

static void
finish_runtime(void)
{
    assert_int_equal(
        troupe_runtime_stop(runtime, TROUPE_SECONDS(10), NULL), TROUPE_OK);
    troupe_runtime_destroy(&runtime);
}

static int
finish(void **state)
{
    (void)state;
    finish_runtime();
    bank_journal_destroy(&journal);
    return 0;
}

/* ---- asking -------------------------------------------------------------- */

/* The answer that was of another type is an error. */
static int64_t
code_of(troupe_err err)
{
    const uint8_t *payload = NULL;
    const uint8_t *end = NULL;
    struct troupe_rpc_error error = {.code = 0};

    assert_int_equal(err, TROUPE_E_UNEXPECTED_REPLY);
    assert_int_equal(
        troupe_receive_view(caller, &troupe_rpc_error_schema, &payload, &end),
        TROUPE_OK);
    assert_int_equal(troupe_rpc_error_decode(payload, end, &error), 0);
    return error.code;
}

static struct money last_money;

static int64_t
money_of(troupe_err err)
{
    return err == TROUPE_OK ? last_money.cents : -code_of(err);
}

/* The answer, or minus the code of the error. */
#define MONEY(...)                                                             \
    money_of(troupe_ask(caller, bank, ASK_NS, money, &last_money, __VA_ARGS__))

static int64_t
open_account(const char *name, int64_t cents)
{
    return MONEY(open, .account = troupe_str_of(name), .amount_cents = cents);
}

static int64_t
balance_of(const char *name)
{
    return MONEY(balance, .account = troupe_str_of(name));
}

static int64_t
deposit_to(const char *name, int64_t cents)
{
    return MONEY(
        deposit, .account = troupe_str_of(name), .amount_cents = cents);
}

static int64_t
take_from(const char *name, int64_t cents)
{
    return MONEY(
        withdraw, .account = troupe_str_of(name), .amount_cents = cents);
}

static int64_t
total_of_all(void)
{
    return MONEY(total);
}

/* The balance of `from`, or minus the code of the error. */
static int64_t
transfer_with(
    const char *from, const char *to, int64_t cents, struct troupe_raw key)
{
    struct moved moved = {0};
    troupe_err err = troupe_ask(caller, bank, ASK_NS, moved, &moved, transfer,
        .from = troupe_str_of(from), .to = troupe_str_of(to),
        .amount_cents = cents, .key = key);

    return err == TROUPE_OK ? moved.from_balance : -code_of(err);
}

static int64_t
move(const char *from, const char *to, int64_t cents)
{
    return transfer_with(from, to, cents, (struct troupe_raw){NULL, 0});
}

TROUPE_MESSAGE(stay_silent, TROUPE_NO_FIELDS)

static void
on_stay_silent(
    struct troupe_self *mute, void *state, const struct stay_silent *message)
{
    struct troupe_request **kept = state;

    (void)message;
    assert_int_equal(troupe_request_keep(mute, kept), TROUPE_OK);
}

TROUPE_BEHAVIOUR(mute, sizeof(struct troupe_request *),
    TROUPE_ON(stay_silent, on_stay_silent));

/* Virtual time in which accounts without work go to rest. */
static void
let_rest(void)
{
    struct money money;
    troupe_pid silent;

    assert_int_equal(troupe_spawn(caller, mute, &silent), TROUPE_OK);
    assert_int_equal(
        troupe_ask(caller, silent, 5 * REST_NS, money, &money, stay_silent),
        TROUPE_E_TIMED_OUT);
    assert_int_equal(troupe_stop(caller, silent), TROUPE_OK);
    assert_int_equal(balance_of("nobody"), -404); /* and it has stopped */
}

/* ---- answers ------------------------------------------------------------- */

static void
each_change_is_answered_with_the_new_balance(void **state)
{
    (void)state;
    assert_int_equal(open_account("ann", 100), 100);
    assert_int_equal(open_account("bob", 0), 0);
    assert_int_equal(deposit_to("ann", 20), 120);
    assert_int_equal(take_from("ann", 50), 70);
    assert_int_equal(move("ann", "bob", 30), 40);
    assert_int_equal(balance_of("ann"), 40);
    assert_int_equal(balance_of("bob"), 30);
    assert_int_equal(total_of_all(), 70);
}

static void
what_is_wrong_is_said_and_nothing_is_done(void **state)
{
    (void)state;
    assert_int_equal(open_account("ann", 100), 100);
    assert_int_equal(open_account("bob", INT64_MAX), INT64_MAX);
    assert_int_equal(balance_of("cid"), -404);
    assert_int_equal(deposit_to("cid", 1), -404);
    assert_int_equal(move("ann", "cid", 1), -404);
    assert_int_equal(move("cid", "ann", 1), -404);
    assert_int_equal(open_account("ann", 1), -409);
    assert_int_equal(take_from("ann", 101), -409);
    assert_int_equal(move("ann", "bob", 101), -409);
    assert_int_equal(open_account("cid", -1), -400);
    assert_int_equal(open_account("", 1), -400);
    assert_int_equal(open_account("a\nb", 1), -400);
    assert_int_equal(open_account("\xff", 1), -400);
    assert_int_equal(deposit_to("ann", 0), -400);
    assert_int_equal(deposit_to("ann", -1), -400);
    assert_int_equal(take_from("ann", 0), -400);
    assert_int_equal(move("ann", "bob", 0), -400);
    assert_int_equal(move("ann", "ann", 1), -400);
    assert_int_equal(deposit_to("bob", 1), -400);
    assert_int_equal(balance_of("ann"), 100);
    assert_int_equal(balance_of("bob"), INT64_MAX);
    assert_int_equal(balance_of("cid"), -404); /* it was never opened */
}

static void
a_transfer_that_has_no_room_comes_back(void **state)
{
    (void)state;
    assert_int_equal(open_account("ann", 100), 100);
    assert_int_equal(open_account("bob", INT64_MAX - 5), INT64_MAX - 5);
    assert_int_equal(move("ann", "bob", 6), -409);
    assert_int_equal(balance_of("ann"), 100);
    assert_int_equal(move("ann", "bob", 5), 95);
    assert_int_equal(balance_of("bob"), INT64_MAX);
}

/* ---- keys ---------------------------------------------------------------- */

static const uint8_t key_bytes[] = {0xa2, 'k', '1'};
static const struct troupe_raw key = {key_bytes, sizeof(key_bytes)};

static void
a_key_is_applied_once_and_answered_the_same(void **state)
{
    (void)state;
    assert_int_equal(open_account("ann", 100), 100);
    assert_int_equal(open_account("bob", 0), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(MONEY(deposit, .account = troupe_str_of("ann"),
                             .amount_cents = 5, .key = key),
            105);
        assert_int_equal(transfer_with("bob", "ann", 1, key), -409);
    }
    assert_int_equal(deposit_to("bob", 50), 50);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(transfer_with("bob", "ann", 20, key), 30);
    }
    assert_int_equal(balance_of("ann"), 125);
    assert_int_equal(balance_of("bob"), 30);
}

static void
a_key_is_for_one_change(void **state)
{
    (void)state;
    assert_int_equal(open_account("ann", 100), 100);
    assert_int_equal(MONEY(deposit, .account = troupe_str_of("ann"),
                         .amount_cents = 5, .key = key),
        105);
    assert_int_equal(MONEY(deposit, .account = troupe_str_of("ann"),
                         .amount_cents = 6, .key = key),
        -409);
    assert_int_equal(MONEY(withdraw, .account = troupe_str_of("ann"),
                         .amount_cents = 5, .key = key),
        -409);
    assert_int_equal(balance_of("ann"), 105);
}

static void
a_key_may_be_a_text_bytes_or_an_integer(void **state)
{
    static const uint8_t array[] = {0x91, 1};
    static const uint8_t number[] = {7};

    (void)state;
    assert_int_equal(open_account("ann", 100), 100);
    assert_int_equal(MONEY(deposit, .account = troupe_str_of("ann"),
                         .amount_cents = 1, .key = {array, 2}),
        -400);
    assert_int_equal(MONEY(deposit, .account = troupe_str_of("ann"),
                         .amount_cents = 1, .key = {number, 1}),
        101);
    assert_int_equal(MONEY(deposit, .account = troupe_str_of("ann"),
                         .amount_cents = 1, .key = {number, 1}),
        101);
}

/* ---- what lasts ---------------------------------------------------------- */

static uint64_t
actors_count(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    unsigned number;
    unsigned count = 0;

    assert_int_equal(troupe_dump(runtime, NULL, stream), TROUPE_OK);
    fclose(stream);
    assert_int_equal(sscanf(text, "runtime %u: %u actors", &number, &count), 2);
    free(text);
    return count;
}

static void
accounts_without_work_rest_and_come_back_as_they_were(void **state)
{
    uint64_t few;

    (void)state;
    assert_int_equal(balance_of("ann"), -404); /* the bank has begun */
    few = actors_count();
    assert_int_equal(open_account("ann", 100), 100);
    assert_int_equal(open_account("bob", 0), 0);
    assert_int_equal(transfer_with("ann", "bob", 20, key), 80);
    assert_true(actors_count() == few + 2);
    let_rest();
    assert_true(actors_count() == few);
    assert_int_equal(total_of_all(), 100);
    assert_int_equal(transfer_with("ann", "bob", 20, key), 80);
    assert_int_equal(move("ann", "bob", 1), 79);
    assert_int_equal(balance_of("bob"), 21);
    assert_int_equal(total_of_all(), 100);
}

static void
whatever_crashes_what_was_answered_has_been_done(void **state)
{
    (void)state;
    assert_int_equal(open_account("ann", 100), 100);
    assert_int_equal(open_account("bob", 0), 0);
    assert_int_equal(transfer_with("ann", "bob", 20, key), 80);
    assert_int_equal(troupe_kill(caller, bank), TROUPE_OK);
    assert_int_equal(transfer_with("ann", "bob", 20, key), 80);
    assert_int_equal(balance_of("bob"), 20);
    assert_int_equal(total_of_all(), 100);
}

static void
a_program_that_begins_again_has_what_the_journal_has(void **state)
{
    (void)state;
    assert_int_equal(open_account("ann", 100), 100);
    assert_int_equal(open_account("bob", 0), 0);
    assert_int_equal(transfer_with("ann", "bob", 20, key), 80);
    finish_runtime();
    begin_on_journal();
    assert_int_equal(total_of_all(), 100);
    assert_int_equal(transfer_with("ann", "bob", 20, key), 80);
    assert_int_equal(balance_of("ann"), 80);
    assert_int_equal(open_account("bob", 0), -409);
}

/* ---- history ------------------------------------------------------------- */

static uint32_t
history_of(const char *name, uint32_t limit, char *text, size_t size)
{
    struct changes changes = {{NULL, 0}};
    uint32_t count = 0;
    struct troupe_message *message = NULL;

    assert_int_equal(
        troupe_ask(caller, bank, ASK_NS, changes, &changes, history,
            .account = troupe_str_of(name), .limit = limit),
        TROUPE_OK);
    assert_non_null(troupe_wire_get_array_header(
        changes.list.data, changes.list.data + changes.list.size, &count));
    assert_int_equal(troupe_message_create(caller, "shown", changes.list.data,
                         changes.list.size, &message),
        TROUPE_OK);
    (void)troupe_message_print(text, size, message);
    troupe_message_release(caller, &message);
    return count;
}

static void
the_history_has_the_newest_first(void **state)
{
    char text[2000];

    (void)state;
    assert_int_equal(open_account("ann", 100), 100);
    assert_int_equal(open_account("bob", 0), 0);
    assert_int_equal(deposit_to("ann", 5), 105);
    assert_int_equal(move("ann", "bob", 30), 75);
    assert_int_equal(history_of("ann", 2, text, sizeof(text)), 2);
    assert_non_null(strstr(text,
        "{\"id\": 3, \"kind\": \"transfer_out\", \"amount_cents\": 30, "
        "\"balance_cents\": 75, \"other\": \"bob\"}, {\"id\": 2, \"kind\": "
        "\"deposit\""));
    assert_int_equal(history_of("ann", 100, text, sizeof(text)), 3);
    assert_int_equal(history_of("bob", 1, text, sizeof(text)), 1);
    assert_non_null(strstr(text, "transfer_in"));
    assert_int_equal(history_of("bob", 0, text, sizeof(text)), 0);
}

static void
the_history_is_bounded(void **state)
{
    static char text[200000];

    (void)state;
    assert_int_equal(open_account("ann", 0), 0);
    for (int i = 1; i <= BANK_CHANGES_KEPT + 100; i++) {
        assert_int_equal(deposit_to("ann", 1), i);
    }
    assert_int_equal(
        history_of("ann", UINT32_MAX, text, sizeof(text)), BANK_CHANGES_KEPT);
    assert_non_null(strstr(text, "\"id\": 1101"));
    assert_null(strstr(text, "\"id\": 101,"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_change_is_answered_with_the_new_balance),
        TEST(what_is_wrong_is_said_and_nothing_is_done),
        TEST(a_transfer_that_has_no_room_comes_back),
        TEST(a_key_is_applied_once_and_answered_the_same),
        TEST(a_key_is_for_one_change),
        TEST(a_key_may_be_a_text_bytes_or_an_integer),
        TEST(accounts_without_work_rest_and_come_back_as_they_were),
        TEST(whatever_crashes_what_was_answered_has_been_done),
        TEST(a_program_that_begins_again_has_what_the_journal_has),
        TEST(the_history_has_the_newest_first),
        TEST(the_history_is_bounded),
    };

    return cmocka_run_group_tests_name("bank_service", tests, NULL, NULL);
}
