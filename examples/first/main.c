/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <troupe/troupe.h>

#define DEPOSIT(FIELD) FIELD(int64, cents)
TROUPE_MESSAGE(deposit, DEPOSIT)

static void
on_deposit(struct troupe_self *self, void *state, const struct deposit *deposit)
{
    long long *balance = state; /* zero at first; only this actor sees it */
    *balance += deposit->cents;
    printf("the balance is %lld cents\n", *balance);
    (void)self;
}
TROUPE_BEHAVIOUR(account, sizeof(long long), TROUPE_ON(deposit, on_deposit));

int
main(void)
{
    struct troupe_runtime *runtime;
    troupe_pid alice;
    TROUPE_CHECK(troupe_runtime_create(NULL, &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    struct troupe_self *self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, account, &alice));
    TROUPE_CHECK(troupe_tell(self, alice, deposit, .cents = 5000));
    TROUPE_CHECK(troupe_tell(self, alice, deposit, .cents = 1500));
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), NULL));
    troupe_runtime_destroy(&runtime);
}
