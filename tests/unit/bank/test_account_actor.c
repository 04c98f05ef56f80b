/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The accounts are tested in a simulation, each case under many seeds: many
 * orders in which the same messages are handled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/bank/account_actor.h"

enum { SEEDS = 50 };

#define PATIENCE_NS TROUPE_SECONDS(5)

static struct troupe_runtime *runtime;
static struct troupe_self *self;

static void
begin(uint64_t seed)
{
    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = seed), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
}

static void
end(void)
{
    troupe_runtime_destroy(&runtime);
}

static troupe_pid
open_with(int64_t cents)
{
    troupe_pid account;
    struct balance balance;

    TROUPE_CHECK(troupe_spawn(self, account, &account));
    TROUPE_CHECK(troupe_ask(self, account, PATIENCE_NS, balance, &balance,
        open_account, .cents = cents));
    assert_int_equal(balance.cents, cents);
    return account;
}

/* Run until nothing moves any more: to stop drains. */
static void
expect_balance(troupe_pid account, int64_t cents, uint64_t updates_count)
{
    struct balance balance;

    TROUPE_CHECK(
        troupe_ask(self, account, PATIENCE_NS, balance, &balance, get_balance));
    assert_int_equal(balance.cents, cents);
    assert_int_equal(balance.updates_count, updates_count);
}
