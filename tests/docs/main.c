/* SPDX-License-Identifier: BSD-2-Clause */
/* For a fragment of a page that stands in main(): an account alice, and self.
 */
#include <stdio.h>
#include <string.h>
#include <troupe/troupe.h>

#define CENTS(FIELD) FIELD(int64, cents)
TROUPE_MESSAGE(deposit, CENTS)
TROUPE_MESSAGE(balance, CENTS)
TROUPE_MESSAGE(get_balance, TROUPE_NO_FIELDS)

struct account {
    int64_t cents;
};

static void
on_deposit(struct troupe_self *self, void *state, const struct deposit *deposit)
{
    struct account *account = state;

    (void)self;
    account->cents += deposit->cents;
}

static void
on_get_balance(
    struct troupe_self *self, void *state, const struct get_balance *request)
{
    struct account *account = state;

    (void)request;
    troupe_reply(self, balance, .cents = account->cents);
}

TROUPE_BEHAVIOUR(account, sizeof(struct account),
    TROUPE_ON(deposit, on_deposit), TROUPE_ON(get_balance, on_get_balance));

int
main(void)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid alice;

    TROUPE_CHECK(troupe_runtime_create(NULL, &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, account, &alice));
    {
        /* HERE */
    }
    troupe_runtime_destroy(&runtime);
    return 0;
}
