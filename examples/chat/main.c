/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A room to talk in: what one says, a line at a time, all who are there get.
 * The first line is one's name. Each guest is an actor, and a member of the
 * group "room"; who does not read what is said is shown out.
 *
 *     chat [ADDRESS]      such as 127.0.0.1:4242; then: nc 127.0.0.1 4242
 */
#include "troupe/net.h"
#include "troupe/troupe.h"

#define SAID(FIELD) FIELD(str, text)
TROUPE_MESSAGE(said, SAID)

enum { LINE_BYTES_MAX = 500 };

struct guest {
    char name[32];
};

static void
on_line(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    struct guest *guest = state;
    const char *line = got->bytes.data;
    int length = (int)got->bytes.size;
    char text[sizeof(guest->name) + LINE_BYTES_MAX + 16];

    if (guest->name[0] == '\0') {
        snprintf(guest->name, sizeof(guest->name), "%.*s", length, line);
        snprintf(text, sizeof(text), "* %s is here\n", guest->name);
        if (troupe_join(self, "room", troupe_self_pid(self)) != TROUPE_OK) {
            troupe_fail(self, 1, "%s", troupe_err_detail());
        }
    } else {
        snprintf(text, sizeof(text), "%s: %.*s\n", guest->name, length, line);
    }
    (void)troupe_publish(self, "room", said, .text = troupe_str_of(text));
}

static void
on_said(struct troupe_self *self, void *state, const struct said *said)
{
    const struct guest *guest = state;

    if (troupe_net_write(self, said->text.data, said->text.length) !=
        TROUPE_OK) {
        troupe_log(self, TROUPE_LOG_WARNING, "%s does not read", guest->name);
        (void)troupe_stop(self, troupe_self_pid(self));
    }
}

TROUPE_BEHAVIOUR(guest, sizeof(struct guest),
    TROUPE_ON(troupe_net_bytes, on_line), TROUPE_ON(said, on_said));

static void
on_open(struct troupe_self *self, void *state)
{
    char address[TROUPE_NET_ADDRESS_MAX];

    TROUPE_CHECK(troupe_net_listen(self, *(const char *const *)state,
        TROUPE_NET_LISTEN(.behaviour = &guest_behaviour,
            .connection = &TROUPE_NET_OPTIONS(.line_max = LINE_BYTES_MAX))));
    (void)troupe_net_address(self, address, sizeof(address));
    printf("listening on %s\n", address);
    fflush(stdout);
}

TROUPE_BEHAVIOUR(door, sizeof(const char *), TROUPE_ON_START(on_open));

int
main(int argc, char **argv)
{
    const char *where = argc > 1 ? argv[1] : "127.0.0.1:0";
    struct troupe_runtime *runtime;

    troupe_signals_block();
    TROUPE_CHECK(
        troupe_runtime_create(&TROUPE_OPTIONS(.io = troupe_net()), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    TROUPE_CHECK(troupe_spawn_with(troupe_thread_self(runtime), door,
        &TROUPE_SPAWN_OPTIONS(.state = &where), &(troupe_pid){0}));
    TROUPE_CHECK(troupe_run_until_signal(runtime, NULL, NULL));
    troupe_runtime_destroy(&runtime);
    return 0;
}
