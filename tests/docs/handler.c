/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For a fragment of a page that stands in a handler: self, state, and two other
 * actors, alice and bob.
 */
#include <stdio.h>
#include <troupe/troupe.h>

#define CENTS(FIELD) FIELD(int64, cents)
#define PIDS(FIELD) FIELD(pid, alice) FIELD(pid, bob)
TROUPE_MESSAGE(deposit, CENTS)
TROUPE_MESSAGE(begin, PIDS)

static void
on_deposit(struct troupe_self *self, void *state, const struct deposit *deposit)
{
    int64_t *cents = state;

    (void)self;
    *cents += deposit->cents;
}

TROUPE_BEHAVIOUR(account, sizeof(int64_t), TROUPE_ON(deposit, on_deposit));

static void
on_begin(struct troupe_self *self, void *state, const struct begin *begin)
{
    troupe_pid alice = begin->alice;
    troupe_pid bob = begin->bob;

    /* HERE */
}

TROUPE_BEHAVIOUR(teller, sizeof(int64_t), TROUPE_ON(begin, on_begin));

int
main(void)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid pids[3];

    TROUPE_CHECK(troupe_runtime_create(NULL, &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, account, &pids[0]));
    TROUPE_CHECK(troupe_spawn(self, account, &pids[1]));
    TROUPE_CHECK(troupe_spawn(self, teller, &pids[2]));
    TROUPE_CHECK(
        troupe_tell(self, pids[2], begin, .alice = pids[0], .bob = pids[1]));
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}
