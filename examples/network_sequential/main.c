/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The example "network" in sequential style: a client sends what a file holds,
 * a server sends it back in capitals. Where handlers would be called, the
 * bodies wait: for bytes, for the file, for room to write.
 */
#define _POSIX_C_SOURCE 200809L /* for mkdtemp() */
#include "troupe/net.h"
#include "troupe/sequential.h"
#include "troupe/troupe.h"
#include "troupe/work.h"

#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- the server ---------------------------------------------------------- */

static void
send_capitals(struct troupe_self *self, void *state)
{
    struct troupe_net_bytes got;

    (void)state;
    for (;;) {
        TROUPE_CHECK(
            troupe_receive_only(self, troupe_net_bytes, &got, TROUPE_FOREVER));
        for (size_t i = 0; i < got.bytes.size; i++) {
            char capital =
                (char)toupper(((const unsigned char *)got.bytes.data)[i]);

            TROUPE_CHECK(troupe_net_write(self, &capital, 1));
        }
    }
}

TROUPE_PROCESS(capitals, 0, send_capitals);

TROUPE_MESSAGE(are_you_ready, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(ready, TROUPE_NO_FIELDS)

static void
serve(struct troupe_self *self, void *state)
{
    const char *const *address = state;
    struct are_you_ready asked;

    TROUPE_CHECK(troupe_net_listen(
        self, *address, TROUPE_NET_LISTEN(.behaviour = &capitals_behaviour)));
    for (;;) {
        TROUPE_CHECK(
            troupe_receive_only(self, are_you_ready, &asked, TROUPE_FOREVER));
        TROUPE_CHECK(troupe_reply(self, ready));
    }
}

TROUPE_PROCESS(server, sizeof(const char *), serve);

/* ---- the client ---------------------------------------------------------- */

struct client {
    const char *address;
    const char *file;
};

static void
talk(struct troupe_self *self, void *state)
{
    const struct client *client = state;
    const struct troupe_message *message;
    struct troupe_work_done letters;
    struct troupe_net_bytes got;

    TROUPE_CHECK(troupe_net_connect(self, client->address, NULL));
    TROUPE_CHECK(troupe_read_file_wait(
        self, client->file, 1000, TROUPE_SECONDS(5), &letters));
    TROUPE_CHECK(
        troupe_net_write(self, letters.bytes.data, letters.bytes.size));
    TROUPE_CHECK(troupe_net_shut(self)); /* that was all from this side */
    for (;;) {
        TROUPE_CHECK(troupe_receive_any_of(self, &message, TROUPE_SECONDS(5),
            troupe_net_bytes, troupe_net_ended));
        if (!troupe_net_bytes_in(message, &got)) {
            return; /* the server sends no more */
        }
        printf("%.*s", (int)got.bytes.size, (const char *)got.bytes.data);
    }
}

TROUPE_PROCESS(client, sizeof(struct client), talk);

/* ---- who waits ----------------------------------------------------------- */

static void
wait_for_client(struct troupe_self *self, void *state)
{
    struct troupe_ended ended;
    char why[256];
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn_with(
        self, client, &TROUPE_SPAWN_OPTIONS(.state = state), &pid));
    TROUPE_CHECK(troupe_monitor(self, pid, NULL, 0, NULL));
    TROUPE_CHECK(
        troupe_receive_only(self, troupe_ended, &ended, TROUPE_FOREVER));
    troupe_exit_print(why, sizeof(why), &ended.why);
    printf("the client %s\n", why);
    troupe_runtime_quit(self);
}

TROUPE_PROCESS(waiter, sizeof(struct client), wait_for_client);

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
