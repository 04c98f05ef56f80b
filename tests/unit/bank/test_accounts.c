/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/bank/accounts.h"

#include <stdio.h>
#include <string.h>

static void
names_are_numbered_in_the_order_they_come(void **state)
{
    struct bank_accounts accounts;
    size_t length;

    (void)state;
    bank_accounts_init(&accounts);
    assert_int_equal(bank_accounts_find(&accounts, "alice", 5), BANK_NOBODY);
    assert_int_equal(bank_accounts_add(&accounts, "alice", 5), 0);
    assert_int_equal(bank_accounts_add(&accounts, "bob", 3), 1);
    assert_int_equal(bank_accounts_find(&accounts, "alice", 5), 0);
    assert_int_equal(bank_accounts_find(&accounts, "bob", 3), 1);
    assert_memory_equal(
        bank_accounts_name_view(&accounts, 1, &length), "bob", 3);
    assert_int_equal(length, 3);
    bank_accounts_fini(&accounts);
}

static void
names_that_share_a_beginning_or_hold_zero_bytes_are_told_apart(void **state)
{
    struct bank_accounts accounts;

    (void)state;
    bank_accounts_init(&accounts);
    assert_int_equal(bank_accounts_add(&accounts, "a", 1), 0);
    assert_int_equal(bank_accounts_add(&accounts, "a\0", 2), 1);
    assert_int_equal(bank_accounts_add(&accounts, "a\0b", 3), 2);
    assert_int_equal(bank_accounts_find(&accounts, "a\0", 2), 1);
    assert_int_equal(bank_accounts_find(&accounts, "a\0c", 3), BANK_NOBODY);
    bank_accounts_fini(&accounts);
}

static void
many_names_are_all_found_again(void **state)
{
    enum { MANY = 20000 };
    struct bank_accounts accounts;
    char name[16];

    (void)state;
    bank_accounts_init(&accounts);
    for (uint32_t i = 0; i < MANY; i++) {
        size_t length = (size_t)sprintf(name, "name%u", i);

        assert_int_equal(bank_accounts_add(&accounts, name, length), i);
    }
    for (uint32_t i = 0; i < MANY; i++) {
        size_t length = (size_t)sprintf(name, "name%u", i);

        assert_int_equal(bank_accounts_find(&accounts, name, length), i);
    }
    assert_int_equal(bank_accounts_find(&accounts, "name", 4), BANK_NOBODY);
    bank_accounts_fini(&accounts);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_numbered_in_the_order_they_come),
        cmocka_unit_test(
            names_that_share_a_beginning_or_hold_zero_bytes_are_told_apart),
        cmocka_unit_test(many_names_are_all_found_again),
    };
    return cmocka_run_group_tests_name("accounts", tests, NULL, NULL);
}
