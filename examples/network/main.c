/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Both ends of a connection: a client sends what a file holds, a server sends
 * it back in capitals. The file is read by the pool for blocking work. Who
 * waits for the client is told how it has ended.
 */
#define _POSIX_C_SOURCE 200809L /* for mkdtemp() */
#include "troupe/net.h"
#include "troupe/troupe.h"
#include "troupe/work.h"

#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- the server ---------------------------------------------------------- */

static void
on_letters(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    const unsigned char *letters = got->bytes.data;
    unsigned char capitals[256];

    (void)state;
    for (size_t at = 0; at < got->bytes.size; at += sizeof(capitals)) {
        size_t left = got->bytes.size - at;
        size_t count = left < sizeof(capitals) ? left : sizeof(capitals);

        for (size_t i = 0; i < count; i++) {
            capitals[i] = (unsigned char)toupper(letters[at + i]);
        }
        TROUPE_CHECK(troupe_net_write(self, capitals, count));
    }
}

TROUPE_BEHAVIOUR(capitals, 0, TROUPE_ON(troupe_net_bytes, on_letters));

static void
on_server_start(struct troupe_self *self, void *state)
{
    const char *const *address = state;

    TROUPE_CHECK(troupe_net_listen(
        self, *address, TROUPE_NET_LISTEN(.behaviour = &capitals_behaviour)));
}

TROUPE_MESSAGE(are_you_ready, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(ready, TROUPE_NO_FIELDS)

static void
on_are_you_ready(
    struct troupe_self *self, void *state, const struct are_you_ready *asked)
{
    (void)state, (void)asked;
    TROUPE_CHECK(troupe_reply(self, ready));
}

TROUPE_BEHAVIOUR(server, sizeof(const char *), TROUPE_ON_START(on_server_start),
    TROUPE_ON(are_you_ready, on_are_you_ready));

/* ---- the client ---------------------------------------------------------- */

struct client {
    const char *address;
    const char *file;
};

static void
on_client_start(struct troupe_self *self, void *state)
{
    struct client *client = state;

    TROUPE_CHECK(troupe_net_connect(self, client->address,
        &TROUPE_NET_OPTIONS(.connect_ns = TROUPE_SECONDS(5))));
}

static void
on_read(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct troupe_work_done done;

    (void)state, (void)context;
    TROUPE_CHECK(troupe_work_done_from(answer, &done));
    TROUPE_CHECK(troupe_net_write(self, done.bytes.data, done.bytes.size));
    TROUPE_CHECK(troupe_net_shut(self)); /* that was all from this side */
}

static void
on_opened(struct troupe_self *self, void *state,
    const struct troupe_net_opened *opened)
{
    struct client *client = state;

    (void)opened;
    TROUPE_CHECK(troupe_read_file(
        self, client->file, 1000, TROUPE_SECONDS(5), on_read, 0));
}

static void
on_capitals(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    (void)self, (void)state;
    printf("%.*s", (int)got->bytes.size, (const char *)got->bytes.data);
}

TROUPE_BEHAVIOUR(client, sizeof(struct client),
    TROUPE_ON_START(on_client_start), TROUPE_ON(troupe_net_opened, on_opened),
    TROUPE_ON(troupe_net_bytes, on_capitals));

/* ---- who waits ----------------------------------------------------------- */

static void
on_client_down(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_down *down)
{
    char why[256];

    (void)state, (void)context;
    troupe_exit_print(why, sizeof(why), down->why);
    printf("the client %s\n", why);
    troupe_runtime_quit(self);
}

static void
on_waiter_start(struct troupe_self *self, void *state)
{
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn_with(
        self, client, &TROUPE_SPAWN_OPTIONS(.state = state), &pid));
    TROUPE_CHECK(troupe_monitor(self, pid, on_client_down, 0, NULL));
}

TROUPE_BEHAVIOUR(
    waiter, sizeof(struct client), TROUPE_ON_START(on_waiter_start));

int
main(void)
{
    char folder[] = "/tmp/troupe-XXXXXX";
    char address[64];
    char file[64];
    struct client state = {address, file};
    const char *server_state = address;
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    struct ready is_ready;
    troupe_pid pid;
    FILE *letters;

    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    snprintf(address, sizeof(address), "unix:%s/socket", folder);
    snprintf(file, sizeof(file), "%s/letters", folder);
    letters = fopen(file, "w");
    if (letters == NULL || fputs("small letters\n", letters) < 0 ||
        fclose(letters) != 0) {
        return 1;
    }

    TROUPE_CHECK(
        troupe_runtime_create(&TROUPE_OPTIONS(.io = troupe_net()), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn_with(
        self, server, &TROUPE_SPAWN_OPTIONS(.state = &server_state), &pid));
    TROUPE_CHECK(troupe_ask(
        self, pid, TROUPE_SECONDS(5), ready, &is_ready, are_you_ready));
    TROUPE_CHECK(troupe_spawn_with(
        self, waiter, &TROUPE_SPAWN_OPTIONS(.state = &state), &pid));
    troupe_runtime_wait(runtime);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(5), NULL));
    troupe_runtime_destroy(&runtime);
    remove(file);
    rmdir(folder);
    return 0;
}
