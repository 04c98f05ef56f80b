/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An echo over TLS, both sides of it.
 *
 *     tls serve CERTIFICATE KEY             until its standard input ends
 *     tls ask AUTHORITIES ADDRESS NAME      says hello, prints what comes back
 */
#include "troupe/net.h"
#include "troupe/troupe.h"

#include <string.h>

static struct troupe_tls *tls;

/* ---- the server ---------------------------------------------------------- */

static void
on_server_bytes(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    (void)state;
    TROUPE_CHECK(troupe_net_write(self, got->bytes.data, got->bytes.size));
}

TROUPE_BEHAVIOUR(echo, 0, TROUPE_ON(troupe_net_bytes, on_server_bytes));

static void
on_server_start(struct troupe_self *self, void *state)
{
    char address[TROUPE_NET_ADDRESS_MAX];

    (void)state;
    TROUPE_CHECK(troupe_net_listen(self, "127.0.0.1:0",
        TROUPE_NET_LISTEN(.behaviour = &echo_behaviour,
            .connection = &TROUPE_NET_OPTIONS(.tls = tls))));
    (void)troupe_net_address(self, address, sizeof(address));
    printf("listening on %s\n", address);
    fflush(stdout);
}

TROUPE_BEHAVIOUR(server, 0, TROUPE_ON_START(on_server_start));

static void
serve(struct troupe_self *self)
{
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn(self, server, &pid));
    while (getchar() != EOF) {
    }
}

/* ---- the client ---------------------------------------------------------- */

struct client {
    const char *address;
    const char *name;
};

static void
on_client_start(struct troupe_self *self, void *state)
{
    const struct client *client = state;

    TROUPE_CHECK(troupe_net_connect(self, client->address,
        &TROUPE_NET_OPTIONS(.tls = tls, .tls_name = client->name)));
    TROUPE_CHECK(troupe_net_write(self, "hello", 5));
    TROUPE_CHECK(troupe_net_shut(self)); /* and the echo ends by that, too */
}

static void
on_client_bytes(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    (void)self, (void)state;
    printf("%.*s", (int)got->bytes.size, (const char *)got->bytes.data);
}

static void
on_client_stop(
    struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    char text[256];

    (void)state;
    troupe_exit_print(text, sizeof(text), why);
    printf("\nthe client %s\n", text);
    troupe_runtime_quit(self);
}

TROUPE_BEHAVIOUR(client, sizeof(struct client),
    TROUPE_ON_START(on_client_start), TROUPE_ON_STOP(on_client_stop),
    TROUPE_ON(troupe_net_bytes, on_client_bytes));

static void
ask(struct troupe_self *self, struct troupe_runtime *runtime,
    struct client client)
{
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn_with(
        self, client, &TROUPE_SPAWN_OPTIONS(.state = &client), &pid));
    troupe_runtime_wait(runtime);
}

int
main(int argc, char **argv)
{
    bool is_server = argc == 4 && strcmp(argv[1], "serve") == 0;
    struct troupe_runtime *runtime;
    struct troupe_self *self;

    if (!is_server && (argc != 5 || strcmp(argv[1], "ask") != 0)) {
        fprintf(stderr, "usage: tls serve CERTIFICATE KEY\n"
                        "       tls ask AUTHORITIES ADDRESS NAME\n");
        return 2;
    }
    if ((is_server ? troupe_tls_create_server(argv[2], argv[3], &tls)
                   : troupe_tls_create_client(argv[2], &tls)) != TROUPE_OK) {
        fprintf(stderr, "%s\n", troupe_err_detail());
        return 1;
    }
    TROUPE_CHECK(
        troupe_runtime_create(&TROUPE_OPTIONS(.io = troupe_net()), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    if (is_server) {
        serve(self);
    } else {
        ask(self, runtime, (struct client){argv[3], argv[4]});
    }
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), NULL));
    troupe_runtime_destroy(&runtime);
    troupe_tls_destroy(&tls);
    return 0;
}
