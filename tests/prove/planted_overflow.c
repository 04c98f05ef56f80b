/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A planted bug, which the undefined behaviour sanitizer must find: an actor
 * adds to a sum that has no room left.
 */
#include "troupe/troupe.h"

#define AMOUNT(FIELD) FIELD(int64, cents)
TROUPE_MESSAGE(deposit, AMOUNT)

struct account {
    int64_t cents;
};

static void
on_deposit(struct troupe_self *self, void *state, const struct deposit *deposit)
{
    struct account *account = state;

    (void)self;
    account->cents += deposit->cents; /* the planted bug */
}

TROUPE_BEHAVIOUR(
    account, sizeof(struct account), TROUPE_ON(deposit, on_deposit));

int
main(void)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid pid;

    TROUPE_CHECK(
        troupe_runtime_create(&TROUPE_OPTIONS(.workers_count = 1), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, account, &pid));
    TROUPE_CHECK(troupe_tell(self, pid, deposit, .cents = INT64_MAX));
    TROUPE_CHECK(troupe_tell(self, pid, deposit, .cents = 1));
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(10), NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}
