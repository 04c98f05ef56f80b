/* SPDX-License-Identifier: BSD-2-Clause */
/* What does a message cost when two processes take turns? As pingpong.c. */
#include "bench/bench.h"

#define NUMBER(FIELD) FIELD(uint64, value)
TROUPE_MESSAGE(ping, NUMBER)
TROUPE_MESSAGE(pong, NUMBER)
TROUPE_MESSAGE(get_last, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(last, NUMBER)

struct player {
    troupe_pid peer;
    uint64_t rounds;
};

static void
serve(struct troupe_self *self, void *state)
{
    const struct player *player = state;
    const struct troupe_message *message;
    struct pong pong = {0};
    struct get_last get_last;

    while (pong.value < player->rounds) {
        (void)troupe_tell(self, player->peer, ping, .value = pong.value);
        if (troupe_receive(self, &message, TROUPE_FOREVER) != TROUPE_OK ||
            !pong_in(message, &pong)) {
            return;
        }
    }
    troupe_runtime_quit(self);
    if (troupe_receive_only(self, get_last, &get_last, TROUPE_FOREVER) ==
        TROUPE_OK) {
        (void)troupe_reply(self, last, .value = pong.value);
    }
}

TROUPE_PROCESS(server, sizeof(struct player), serve);

static void
return_all(struct troupe_self *self, void *state)
{
    const struct troupe_message *message;
    struct ping ping;

    (void)state;
    while (troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK) {
        if (ping_in(message, &ping)) {
            (void)troupe_tell(
                self, troupe_sender(self), pong, .value = ping.value + 1);
        }
    }
}

TROUPE_PROCESS(returner, 0, return_all);

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    struct player player = {.rounds = bench->count / 2};
    struct last last = {0};
    troupe_pid one;
    uint64_t start_ns;

    TROUPE_CHECK(troupe_spawn(bench->self, returner, &player.peer));
    start_ns = bench_now_ns();
    TROUPE_CHECK(troupe_spawn_with(
        bench->self, server, &TROUPE_SPAWN_OPTIONS(.state = &player), &one));
    result->value = bench_wait_ns(bench, start_ns) / (double)bench->count;
    TROUPE_CHECK(troupe_ask(
        bench->self, one, TROUPE_SECONDS(60), last, &last, get_last));
    result->is_right = last.value == player.rounds;
    return true;
}

const struct bench bench_pingpong_seq = {
    .name = "pingpong-seq",
    .question = "two processes take turns",
    .unit = "ns/message",
    .count = 2000000,
    .floor_messages_count = 1,
    .run = run,
};
