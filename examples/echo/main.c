/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server that sends back what it is sent: each connection is an actor, and so
 * is who listens. It serves until it is told to end (SIGINT, SIGTERM); what
 * waits to be written is written before.
 *
 *     echo [ADDRESS]      such as 127.0.0.1:4242 or unix:/tmp/echo
 */
#include "troupe/net.h"
#include "troupe/troupe.h"

#include <signal.h>

/* ---- a connection -------------------------------------------------------- */

/* When the peer says that it sends no more, the connection closes, and this
 * actor ends, as soon as all is written. */
static void
on_bytes(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    (void)state;
    if (troupe_net_write(self, got->bytes.data, got->bytes.size) != TROUPE_OK) {
        troupe_fail(self, 1, "%s", troupe_err_detail());
    }
}

TROUPE_BEHAVIOUR(echo, 0, TROUPE_ON(troupe_net_bytes, on_bytes));

/* ---- who listens --------------------------------------------------------- */

TROUPE_MESSAGE(get_address, TROUPE_NO_FIELDS)
#define ADDRESS(FIELD) FIELD(str, text)
TROUPE_MESSAGE(address, ADDRESS)

static void
on_start(struct troupe_self *self, void *state)
{
    const char *const *where = state;

    if (troupe_net_listen(self, *where,
            TROUPE_NET_LISTEN(.behaviour = &echo_behaviour)) != TROUPE_OK) {
        troupe_fail(self, 1, "%s", troupe_err_detail());
    }
}

static void
on_get_address(
    struct troupe_self *self, void *state, const struct get_address *get)
{
    char text[TROUPE_NET_ADDRESS_MAX];

    (void)state, (void)get;
    (void)troupe_net_address(self, text, sizeof(text));
    (void)troupe_reply(self, address, .text = troupe_str_of(text));
}

TROUPE_BEHAVIOUR(listener, sizeof(const char *), TROUPE_ON_START(on_start),
    TROUPE_ON(get_address, on_get_address));

int
main(int argc, char **argv)
{
    const char *where = argc > 1 ? argv[1] : "127.0.0.1:0";
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    struct address is;
    troupe_pid pid;
    sigset_t ends;
    int signal;

    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    (void)troupe_net_raise_files(20000, NULL); /* or as many as may be */

    TROUPE_CHECK(
        troupe_runtime_create(&TROUPE_OPTIONS(.io = troupe_net()), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn_with(
        self, listener, &TROUPE_SPAWN_OPTIONS(.state = &where), &pid));
    TROUPE_CHECK(
        troupe_ask(self, pid, TROUPE_SECONDS(5), address, &is, get_address));
    printf("listening on %.*s\n", (int)is.text.length, is.text.data);
    fflush(stdout);
    sigwait(&ends, &signal);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}
