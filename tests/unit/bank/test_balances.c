/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/bank/balances.h"

#include <stdlib.h>
#include <string.h>

struct named {
    const char *name;
    int64_t cents;
};

static char *
write_balances(const struct named *named, size_t count)
{
    struct bank_accounts accounts;
    int64_t cents[16];
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    assert_non_null(stream);
    bank_accounts_init(&accounts);
    for (size_t i = 0; i < count; i++) {
        cents[i] = named[i].cents;
        assert_int_equal(
            bank_accounts_add(&accounts, named[i].name, strlen(named[i].name)),
            i);
    }
    assert_true(bank_balances_write(&accounts, cents, stream));
    fclose(stream);
    bank_accounts_fini(&accounts);
    return text;
}

static void
names_are_sorted_by_their_bytes(void **state)
{
    static const struct named named[] = {{"b", 1}, {"\xc3\xa9", -5}, {"aa", 3},
        {"a", -123456}, {"B", 0}, {"Z", 100}};
    char *text = write_balances(named, 6);

    (void)state;
    assert_string_equal(text, "account,balance\n"
                              "B,0.00\n"
                              "Z,1.00\n"
                              "a,-1234.56\n"
                              "aa,0.03\n"
                              "b,0.01\n"
                              "\xc3\xa9,-0.05\n");
    free(text);
}

static void
only_what_would_break_a_line_is_quoted(void **state)
{
    static const struct named named[] = {{" a b ", 1}, {"#c", 2}, {"d,e", 3},
        {"f\"g", 4}, {"h\ni", 5}, {"j\rk", 6}, {"l;m'n", 7}};
    char *text = write_balances(named, 7);

    (void)state;
    assert_string_equal(text, "account,balance\n"
                              " a b ,0.01\n"
                              "#c,0.02\n"
                              "\"d,e\",0.03\n"
                              "\"f\"\"g\",0.04\n"
                              "\"h\ni\",0.05\n"
                              "\"j\rk\",0.06\n"
                              "l;m'n,0.07\n");
    free(text);
}

static void
without_accounts_there_is_a_header(void **state)
{
    char *text = write_balances(NULL, 0);

    (void)state;
    assert_string_equal(text, "account,balance\n");
    free(text);
}

static void
what_cannot_be_written_is_reported(void **state)
{
    struct bank_accounts accounts;
    FILE *stream = fopen("/dev/full", "w");

    (void)state;
    assert_non_null(stream);
    bank_accounts_init(&accounts);
    assert_false(bank_balances_write(&accounts, NULL, stream));
    bank_accounts_fini(&accounts);
    fclose(stream);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_sorted_by_their_bytes),
        cmocka_unit_test(only_what_would_break_a_line_is_quoted),
        cmocka_unit_test(without_accounts_there_is_a_header),
        cmocka_unit_test(what_cannot_be_written_is_reported),
    };
    return cmocka_run_group_tests_name("balances", tests, NULL, NULL);
}
