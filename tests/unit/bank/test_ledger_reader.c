/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/bank/ledger_reader.h"

#include <stdlib.h>
#include <string.h>

#define HEADER "id,kind,account,to,amount\n"
#define OPENS                                                                  \
    HEADER "1,open,alice,,100\n"                                               \
           "2,open,bob,,0\n"
#define TEN "xxxxxxxxxx"
#define SIXTY TEN TEN TEN TEN TEN TEN
#define LARGEST "92233720368547758.07"

static struct bank_ledger ledger;
static struct bank_ledger_fault fault;

static bool
read_text(const char *text)
{
    FILE *stream = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    bool is_good;

    assert_non_null(stream);
    bank_ledger_init(&ledger);
    is_good = bank_ledger_read(&ledger, stream, NULL, &fault);
    fclose(stream);
    return is_good;
}

static int
teardown(void **state)
{
    (void)state;
    bank_ledger_fini(&ledger);
    return 0;
}

static void
good_lines_are_packed_in_file_order(void **state)
{
    const struct bank_transaction *transactions;

    (void)state;
    assert_true(read_text(OPENS "3,deposit,alice,,1.50\n"
                                "4,withdraw,bob,,0.25\n"
                                "5,transfer,alice,bob,10\n"));
    transactions = ledger.transactions;
    assert_int_equal(ledger.accounts.count, 2);
    assert_int_equal(ledger.transactions_count, 3);
    assert_int_equal(ledger.opening_cents[0], 10000);
    assert_int_equal(transactions[0].from, BANK_NOBODY);
    assert_int_equal(transactions[0].to, 0);
    assert_int_equal(transactions[0].cents, 150);
    assert_int_equal(transactions[1].from, 1);
    assert_int_equal(transactions[1].to, BANK_NOBODY);
    assert_int_equal(transactions[2].from, 0);
    assert_int_equal(transactions[2].to, 1);
    assert_int_equal(ledger.closing_cents[0], 10000 + 150 - 1000);
    assert_int_equal(ledger.closing_cents[1], -25 + 1000);
}

static void
a_ledger_may_have_no_transactions_and_no_accounts(void **state)
{
    (void)state;
    assert_true(read_text(HEADER));
    assert_int_equal(ledger.accounts.count, 0);
    assert_int_equal(ledger.transactions_count, 0);
}

static void
marks_comments_quotes_and_crlf_are_accepted(void **state)
{
    (void)state;
    assert_true(read_text("\xef\xbb\xbf# a ledger\r\nid,kind,account,to,amount"
                          "\r\n\r\n1,open,\"a\nb\",,1\r\n# more\r\n"
                          "\"#2,\"\"x\"\"\",open,\"c,d\",,2\r\n"
                          ",\"transfer\",\"a\nb\",\"c,d\",0.5"));
    assert_int_equal(ledger.transactions_count, 1);
    assert_int_equal(bank_accounts_find(&ledger.accounts, "a\nb", 3), 0);
    assert_int_equal(bank_accounts_find(&ledger.accounts, "c,d", 3), 1);
}

static void
sixty_four_bytes_of_any_language_are_a_name(void **state)
{
    (void)state;
    assert_true(read_text(
        HEADER SIXTY "abcd,open," SIXTY "\xf0\x9f\x8f\xa6"
                     ",,1\n" SIXTY "abcd,deposit," SIXTY "\xf0\x9f\x8f\xa6"
                     ",,1\n"));
    assert_int_equal(ledger.closing_cents[0], 200);
}

static void
an_account_may_be_opened_between_transactions(void **state)
{
    (void)state;
    assert_true(read_text(OPENS "3,deposit,bob,,5\n4,open,carol,,7\n"
                                "5,transfer,bob,carol,1\n"));
    assert_int_equal(ledger.closing_cents[2], 800);
}

static void
the_largest_amount_fits_either_way(void **state)
{
    (void)state;
    assert_true(read_text(
        HEADER "1,open,a,,0\n2,deposit,a,," LARGEST "\n3,withdraw,a,," LARGEST
               "\n4,withdraw,a,," LARGEST "\n"));
    assert_int_equal(ledger.closing_cents[0], -INT64_MAX);
}

/* One fault for each rule: where it is and what is said about it. */
static void
a_fault_is_told_with_its_line_and_column(void **state)
{
    static const struct {
        const char *text;
        size_t line;
        size_t column;
        const char *sentence;
    } cases[] = {
        {"# nothing\n", 2, 1, "the ledger is empty"},
        {"\n# nothing", 2, 1, "the ledger is empty"},
        {"kind,id,account,to,amount\n", 1, 1, "begins with the header"},
        {"\n1,open,alice,,1\n", 2, 1, "begins with the header"},
        {"id,kind,account,to,amount,note\n", 1, 27, "nothing behind"},
        {OPENS "3,deposit,alice,5\n", 4, 18, "has 4 fields"},
        {OPENS "3\n", 4, 2, "has 1 field instead"},
        {OPENS "3,deposit,alice,,5,6\n", 4, 20, "has 6 fields"},
        {OPENS SIXTY "12345,deposit,alice,,5\n", 4, 1, "id has 65 bytes"},
        {OPENS "3,depositt,alice,,5\n", 4, 3,
            "unknown kind \"depositt\"; there are open, deposit, withdraw and "
            "transfer, and the nearest is deposit"},
        {OPENS "3,Open,carol,,5\n", 4, 3, "unknown kind \"Open\""},
        {OPENS "3,,alice,,5\n", 4, 3, "unknown kind \"\""},
        {OPENS "3,deposit,,,5\n", 4, 11, "the account is missing"},
        {OPENS "3,open," SIXTY "12345,,5\n", 4, 8, "account has 65 bytes"},
        {OPENS "3,open,\xff,,5\n", 4, 8, "\"\\xff\" is not UTF-8"},
        {OPENS "3,deposit,carol,,5\n", 4, 11,
            "account \"carol\" has not been opened"},
        {OPENS "3,deposit, alice,,5\n", 4, 11, "\" alice\" has not been"},
        {OPENS "3,open,bob,,5\n", 4, 8, "\"bob\" is opened a second time"},
        {OPENS "3,deposit,alice,bob,5\n", 4, 17, "only a transfer names"},
        {OPENS "3,open,carol,bob,5\n", 4, 14, "only a transfer names"},
        {OPENS "3,transfer,alice,,5\n", 4, 18, "needs an account to"},
        {OPENS "3,transfer,alice,carol,5\n", 4, 18, "\"carol\" has not been"},
        {OPENS "3,transfer,bob,bob,5\n", 4, 16, "\"bob\" to itself"},
        {OPENS "3,transfer,bob," SIXTY "12345,5\n", 4, 16, "to has 65 bytes"},
        {OPENS "3,deposit,alice,,0\n", 4, 18, "a deposit must be more than"},
        {OPENS "3,withdraw,alice,,-1\n", 4, 19, "a withdrawal must be more"},
        {OPENS "3,transfer,alice,bob,0.00\n", 4, 22, "a transfer must be more"},
        {OPENS "3,open,carol,,-0.01\n", 4, 15, "less than zero"},
        {OPENS "3,deposit,alice,,ten\n", 4, 18, "\"ten\" is not an amount"},
        {OPENS "3,deposit,alice,,\n", 4, 18, "\"\" is not an amount"},
        {OPENS "3,deposit,alice,,0.001\n", 4, 18, "more than two decimals"},
        {OPENS "3,deposit,alice,,92233720368547758.08\n", 4, 18,
            "beyond the largest amount"},
        {OPENS "3,deposit,alice,," LARGEST "\n", 4, 18,
            "balance of account \"alice\" beyond " LARGEST},
        {OPENS "3,withdraw,bob,," LARGEST "\n4,withdraw,bob,,0.01\n", 5, 17,
            "balance of account \"bob\" beyond -" LARGEST},
        {OPENS "3,withdraw,bob,," LARGEST "\n4,transfer,bob,alice,0.01\n", 5,
            22, "balance of account \"bob\" beyond -" LARGEST},
        {OPENS "3,deposit,bob,," LARGEST "\n4,transfer,alice,bob,0.01\n", 5, 22,
            "balance of account \"bob\" beyond " LARGEST},
        {OPENS "\"3\n4\",deposit,\"al\nice\",,1\n", 5, 12,
            "\"al\\x0aice\" has not been opened"},
        {OPENS "3,deposit,alice,,\"5\n", 4, 18, "quotation mark"},
        {OPENS "3,deposit,al\"ice,,5\n", 4, 13, "quotation mark"},
        {OPENS "3,deposit,alice,,5\r4,deposit,bob,,5\n", 4, 19,
            "carriage return"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool is_good = read_text(cases[i].text);

        bank_ledger_fini(&ledger);
        if (is_good || strstr(fault.sentence, cases[i].sentence) == NULL ||
            fault.position.line != cases[i].line ||
            fault.position.column != cases[i].column) {
            fail_msg("%s\nexpected %zu:%zu: %s\ngot %zu:%zu: %s", cases[i].text,
                cases[i].line, cases[i].column, cases[i].sentence,
                fault.position.line, fault.position.column,
                is_good ? "(no fault)" : fault.sentence);
        }
    }
    bank_ledger_init(&ledger);
}

static void
only_the_first_fault_in_file_order_counts(void **state)
{
    (void)state;
    assert_false(read_text(OPENS "3,deposit,alice,,x\n4,oops,,,\n"));
    assert_int_equal(fault.position.line, 4);
}

static void
a_transfer_that_overflows_leaves_both_balances(void **state)
{
    struct bank_transaction transfer = {.from = 0, .to = 1, .cents = 5};
    uint32_t overflowing = BANK_NOBODY;

    (void)state;
    bank_ledger_init(&ledger);
    assert_int_equal(bank_ledger_open(&ledger, "a", 1, 10), BANK_LEDGER_ADDED);
    assert_int_equal(
        bank_ledger_open(&ledger, "b", 1, INT64_MAX), BANK_LEDGER_ADDED);
    assert_int_equal(bank_ledger_post(&ledger, &transfer, &overflowing),
        BANK_LEDGER_OVERFLOWS);
    assert_int_equal(overflowing, 1);
    assert_int_equal(ledger.closing_cents[0], 10);
    assert_int_equal(ledger.closing_cents[1], INT64_MAX);
    assert_int_equal(ledger.transactions_count, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(
            good_lines_are_packed_in_file_order, teardown),
        cmocka_unit_test_teardown(
            a_ledger_may_have_no_transactions_and_no_accounts, teardown),
        cmocka_unit_test_teardown(
            marks_comments_quotes_and_crlf_are_accepted, teardown),
        cmocka_unit_test_teardown(
            sixty_four_bytes_of_any_language_are_a_name, teardown),
        cmocka_unit_test_teardown(
            an_account_may_be_opened_between_transactions, teardown),
        cmocka_unit_test_teardown(the_largest_amount_fits_either_way, teardown),
        cmocka_unit_test_teardown(
            a_fault_is_told_with_its_line_and_column, teardown),
        cmocka_unit_test_teardown(
            only_the_first_fault_in_file_order_counts, teardown),
        cmocka_unit_test_teardown(
            a_transfer_that_overflows_leaves_both_balances, teardown),
    };
    return cmocka_run_group_tests_name("ledger_reader", tests, NULL, NULL);
}
