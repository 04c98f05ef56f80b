/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A store of keys and values, over lines: "set KEY VALUE", "get KEY". One actor
 * has them all, so nothing is locked; each client is a process that asks the
 * store, and sends back what it answers.
 *
 *     key_value [ADDRESS]     such as 127.0.0.1:4242; then: nc 127.0.0.1 4242
 */
#include "troupe/net.h"
#include "troupe/sequential.h"
#include "troupe/troupe.h"

#include <string.h>

enum { ENTRIES_MAX = 1000, LINE_BYTES_MAX = 200 };

#define LINE(FIELD) FIELD(str, text)
TROUPE_MESSAGE(command, LINE)
TROUPE_MESSAGE(answer, LINE)

static void
serve(struct troupe_self *self, void *state)
{
    struct troupe_net_bytes line;
    struct answer answer;

    (void)state;
    while (troupe_receive_only(self, troupe_net_bytes, &line, TROUPE_FOREVER) ==
               TROUPE_OK &&
           troupe_ask(self, troupe_whereis(self, "store"), TROUPE_SECONDS(5),
               answer, &answer, command,
               .text = {line.bytes.data, line.bytes.size}) == TROUPE_OK &&
           troupe_net_write(self, answer.text.data, answer.text.length) ==
               TROUPE_OK &&
           troupe_net_write(self, "\n", 1) == TROUPE_OK) {
    }
    troupe_fail(self, 1, "%s", troupe_err_detail());
}

TROUPE_PROCESS(client, 0, serve);

struct store {
    const char *address;
    size_t count;
    struct {
        char key[32];
        char value[128];
    } entries[ENTRIES_MAX];
};

static void
on_command(struct troupe_self *self, void *state, const struct command *command)
{
    struct store *store = state;
    char line[LINE_BYTES_MAX + 1], verb[4] = "", key[32] = "", value[128];
    const char *said = "set KEY VALUE, or get KEY";
    size_t i = 0;
    int words;

    snprintf(line, sizeof(line), "%.*s", (int)command->text.length,
        command->text.data);
    words = sscanf(line, "%3s %31s %127[^\n]", verb, key, value);
    while (i < store->count && strcmp(store->entries[i].key, key) != 0) {
        i++;
    }
    if (words == 2 && strcmp(verb, "get") == 0) {
        said = i < store->count ? store->entries[i].value : "(none)";
    } else if (words == 3 && strcmp(verb, "set") == 0 && i < ENTRIES_MAX) {
        store->count += i == store->count;
        strcpy(store->entries[i].key, key);
        strcpy(store->entries[i].value, value);
        said = "ok";
    } else if (i == ENTRIES_MAX) {
        said = "full";
    }
    TROUPE_CHECK(troupe_reply(self, answer, .text = troupe_str_of(said)));
}

static void
on_open(struct troupe_self *self, void *state)
{
    const struct store *store = state;
    char address[TROUPE_NET_ADDRESS_MAX];

    TROUPE_CHECK(troupe_net_listen(self, store->address,
        TROUPE_NET_LISTEN(.behaviour = &client_behaviour,
            .connection = &TROUPE_NET_OPTIONS(.line_max = LINE_BYTES_MAX))));
    (void)troupe_net_address(self, address, sizeof(address));
    printf("listening on %s\n", address);
    fflush(stdout);
}

TROUPE_BEHAVIOUR(store, sizeof(struct store), TROUPE_ON_START(on_open),
    TROUPE_ON(command, on_command));

int
main(int argc, char **argv)
{
    struct store empty = {.address = argc > 1 ? argv[1] : "127.0.0.1:0"};
    struct troupe_runtime *runtime;

    troupe_signals_block();
    TROUPE_CHECK(
        troupe_runtime_create(&TROUPE_OPTIONS(.io = troupe_net()), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    TROUPE_CHECK(troupe_spawn_with(troupe_thread_self(runtime), store,
        &TROUPE_SPAWN_OPTIONS(.name = "store", .state = &empty),
        &(troupe_pid){0}));
    TROUPE_CHECK(troupe_run_until_signal(runtime, NULL, NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}
