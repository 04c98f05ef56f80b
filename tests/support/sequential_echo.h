/* SPDX-License-Identifier: BSD-2-Clause */
/* sequential_echo: a process that sends back what its peer sends, and tells the
 * watcher of tests/support/network.h how it has ended. */
#ifndef TROUPE_TESTS_SUPPORT_SEQUENTIAL_ECHO_H
#define TROUPE_TESTS_SUPPORT_SEQUENTIAL_ECHO_H

#include "tests/support/network.h"
#include "troupe/sequential.h"

static void
run_echo(struct troupe_self *self, void *state)
{
    struct troupe_net_bytes got;

    (void)state;
    while (troupe_receive_only(self, troupe_net_bytes, &got, TROUPE_FOREVER) ==
           TROUPE_OK) {
        CHECK(troupe_net_write(self, got.bytes.data, got.bytes.size) ==
              TROUPE_OK);
    }
}
TROUPE_PROCESS(echo, 0, run_echo, TROUPE_ON_STOP(tell_why));

#endif
