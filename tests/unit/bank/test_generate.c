/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/bank/generate.h"
#include "examples/bank/ledger_reader.h"

#include <stdlib.h>
#include <string.h>

struct text {
    char *bytes;
    size_t size;
};

static struct text
generate(int64_t transactions, int64_t accounts, int64_t skew, int64_t seed)
{
    struct bank_generate_options options = {.transactions_count = transactions,
        .accounts_count = accounts,
        .skew_millionths = skew,
        .seed = seed};
    struct text text;
    FILE *stream = open_memstream(&text.bytes, &text.size);

    assert_non_null(stream);
    assert_true(bank_generate_on(&options, stream));
    fclose(stream);
    return text;
}

static uint64_t
fnv1a(const struct text *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < text->size; i++) {
        hash = (hash ^ (unsigned char)text->bytes[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

/* Also on another machine and from another compiler: these are the bytes. */
static void
the_same_options_give_the_same_bytes(void **state)
{
    struct text text = generate(6, 3, 1000000, 1);

    (void)state;
    assert_string_equal(text.bytes, "id,kind,account,to,amount\n"
                                    "o1,open,acct1,,566561.58\n"
                                    "o2,open,acct2,,745781.76\n"
                                    "o3,open,acct3,,971002.76\n"
                                    "t1,withdraw,acct2,,877.35\n"
                                    "t2,transfer,acct1,acct2,454.94\n"
                                    "t3,transfer,acct2,acct3,681.71\n"
                                    "t4,transfer,acct1,acct2,286.92\n"
                                    "t5,deposit,acct2,,43.75\n"
                                    "t6,transfer,acct2,acct3,253.28\n");
    free(text.bytes);
    text = generate(5000, 200, 1250000, 42);
    assert_true(fnv1a(&text) == UINT64_C(0x9333ca489dcc7d63));
    free(text.bytes);
}

static void
another_seed_gives_another_ledger(void **state)
{
    struct text one = generate(100, 10, 1000000, 1);
    struct text two = generate(100, 10, 1000000, 2);

    (void)state;
    assert_string_not_equal(one.bytes, two.bytes);
    free(one.bytes);
    free(two.bytes);
}

/* Reads what was generated back through the checks of every ledger. */
static void
generate_ledger(int64_t transactions, int64_t accounts, int64_t skew,
    struct bank_ledger *ledger)
{
    struct text text = generate(transactions, accounts, skew, 7);
    FILE *stream = fmemopen(text.bytes, text.size, "r");
    struct bank_ledger_fault fault;

    assert_non_null(stream);
    bank_ledger_init(ledger);
    if (!bank_ledger_read(ledger, stream, NULL, &fault)) {
        fail_msg("%zu:%zu: %s", fault.position.line, fault.position.column,
            fault.sentence);
    }
    fclose(stream);
    free(text.bytes);
}

static void
expect_good_ledger(int64_t transactions, int64_t accounts, int64_t skew)
{
    struct bank_ledger ledger;

    generate_ledger(transactions, accounts, skew, &ledger);
    assert_int_equal(ledger.transactions_count, transactions);
    assert_int_equal(ledger.accounts.count, accounts);
    bank_ledger_fini(&ledger);
}

static void
every_generated_ledger_passes_the_checks(void **state)
{
    (void)state;
    expect_good_ledger(20000, 1000, 1000000);
    expect_good_ledger(2000, 1, 1000000);
    expect_good_ledger(2000, 2, 10000000);
    expect_good_ledger(0, 12, 0);
}

static size_t
count_uses(const struct bank_ledger *ledger, uint32_t account)
{
    size_t count = 0;

    for (size_t i = 0; i < ledger->transactions_count; i++) {
        count += ledger->transactions[i].from == account;
        count += ledger->transactions[i].to == account;
    }
    return count;
}

static void
the_first_accounts_are_the_busiest(void **state)
{
    struct bank_ledger ledger;

    (void)state;
    generate_ledger(20000, 100, 1000000, &ledger);
    assert_true(count_uses(&ledger, 0) > 20 * count_uses(&ledger, 49));
    assert_true(count_uses(&ledger, 49) > 0);
    bank_ledger_fini(&ledger);
}

static void
what_cannot_be_written_is_reported(void **state)
{
    struct bank_generate_options options = {
        .transactions_count = 100000, .accounts_count = 10};
    FILE *stream = fopen("/dev/full", "w");

    (void)state;
    assert_non_null(stream);
    assert_false(bank_generate_on(&options, stream));
    fclose(stream);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_options_give_the_same_bytes),
        cmocka_unit_test(another_seed_gives_another_ledger),
        cmocka_unit_test(every_generated_ledger_passes_the_checks),
        cmocka_unit_test(the_first_accounts_are_the_busiest),
        cmocka_unit_test(what_cannot_be_written_is_reported),
    };
    return cmocka_run_group_tests_name("generate", tests, NULL, NULL);
}
