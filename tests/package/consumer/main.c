/* SPDX-License-Identifier: BSD-2-Clause */
/* A program of somebody else's, compiled as C and, as main.cpp, as C++17. */
#include <troupe/troupe.h>

#include <stdio.h>

#define DEPOSIT(FIELD) FIELD(int64, amount_cents)
#define BALANCE(FIELD) FIELD(int64, cents)
TROUPE_MESSAGE(deposit, DEPOSIT)
TROUPE_MESSAGE(get_balance, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(balance, BALANCE)

struct account {
    int64_t cents;
};

static void
on_deposit(struct troupe_self *self, void *state, const struct deposit *deposit)
{
    (void)self;
    ((struct account *)state)->cents += deposit->amount_cents;
}

static void
on_get_balance(
    struct troupe_self *self, void *state, const struct get_balance *request)
{
    (void)request;
    TROUPE_CHECK(
        troupe_reply(self, balance, .cents = ((struct account *)state)->cents));
}

TROUPE_BEHAVIOUR(account, sizeof(struct account),
    TROUPE_ON(deposit, on_deposit), TROUPE_ON(get_balance, on_get_balance));

int
main(void)
{
    struct troupe_options options = troupe_options_default();
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    struct balance balance;
    troupe_pid alice;

    options.workers_count = 1;
    TROUPE_CHECK(troupe_runtime_create(&options, &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, account, &alice));
    TROUPE_CHECK(troupe_tell(self, alice, deposit, .amount_cents = 5000));
    TROUPE_CHECK(troupe_tell(self, alice, deposit, .amount_cents = 23));
    TROUPE_CHECK(troupe_ask(
        self, alice, TROUPE_SECONDS(60), balance, &balance, get_balance));
    printf("alice has %lld cents\n", (long long)balance.cents);
    troupe_runtime_destroy(&runtime);
    return 0;
}
