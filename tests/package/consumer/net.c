/* SPDX-License-Identifier: BSD-2-Clause */
/* A program of somebody else's with a network: it listens. */
#include <troupe/net.h>
#include <troupe/troupe.h>

#include <stdio.h>

static void
on_nobody(struct troupe_self *self, void *state)
{
    (void)self, (void)state;
}

TROUPE_BEHAVIOUR(nobody, 0, TROUPE_ON_START(on_nobody));

static void
on_start(struct troupe_self *self, void *state)
{
    (void)state;
    TROUPE_CHECK(troupe_net_listen(self, "127.0.0.1:0",
        TROUPE_NET_LISTEN(.behaviour = &nobody_behaviour)));
    printf("alice has 5023 cents\n");
    troupe_runtime_quit(self);
}

TROUPE_BEHAVIOUR(listener, 0, TROUPE_ON_START(on_start));

int
main(void)
{
    struct troupe_runtime *runtime;
    troupe_pid pid;

    TROUPE_CHECK(
        troupe_runtime_create(&TROUPE_OPTIONS(.io = troupe_net()), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    TROUPE_CHECK(troupe_spawn(troupe_thread_self(runtime), listener, &pid));
    troupe_runtime_wait(runtime);
    troupe_runtime_destroy(&runtime);
    return 0;
}
