/* SPDX-License-Identifier: BSD-2-Clause */
/* What does a message cost when two actors take turns? */
#include "bench/bench.h"

#define NUMBER(FIELD) FIELD(uint64, value)
#define PEER(FIELD) FIELD(pid, peer) FIELD(uint64, rounds)
TROUPE_MESSAGE(ping, NUMBER)
TROUPE_MESSAGE(pong, NUMBER)
TROUPE_MESSAGE(serve, PEER)
TROUPE_MESSAGE(get_last, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(last, NUMBER)

struct player {
    troupe_pid peer;
    uint64_t rounds;
    uint64_t last;
};

static void
on_serve(struct troupe_self *self, void *state, const struct serve *serve)
{
    struct player *player = state;

    player->peer = serve->peer;
    player->rounds = serve->rounds;
    (void)troupe_tell(self, player->peer, ping, .value = 0);
}

static void
on_pong(struct troupe_self *self, void *state, const struct pong *pong)
{
    struct player *player = state;

    player->last = pong->value;
    if (player->last < player->rounds) {
        (void)troupe_tell(self, player->peer, ping, .value = player->last);
    } else {
        troupe_runtime_quit(self);
    }
}

static void
on_get_last(
    struct troupe_self *self, void *state, const struct get_last *get_last)
{
    struct player *player = state;

    (void)get_last;
    (void)troupe_reply(self, last, .value = player->last);
}

TROUPE_BEHAVIOUR(pinger, sizeof(struct player), TROUPE_ON(serve, on_serve),
    TROUPE_ON(pong, on_pong), TROUPE_ON(get_last, on_get_last));

static void
on_ping(struct troupe_self *self, void *state, const struct ping *ping)
{
    (void)state;
    (void)troupe_tell(
        self, troupe_sender(self), pong, .value = ping->value + 1);
}

TROUPE_BEHAVIOUR(ponger, 0, TROUPE_ON(ping, on_ping));

static bool
play(const struct bench_case *bench, const struct troupe_spawn_options *other,
    struct bench_result *result)
{
    struct last last = {0};
    troupe_pid one;
    troupe_pid peer;
    uint64_t start_ns;

    TROUPE_CHECK(troupe_spawn(bench->self, pinger, &one));
    TROUPE_CHECK(troupe_spawn_with(bench->self, ponger, other, &peer));
    start_ns = bench_now_ns();
    TROUPE_CHECK(troupe_tell(
        bench->self, one, serve, .peer = peer, .rounds = bench->count / 2));
    result->value = bench_wait_ns(bench, start_ns) / (double)bench->count;
    TROUPE_CHECK(troupe_ask(
        bench->self, one, TROUPE_SECONDS(60), last, &last, get_last));
    result->is_right = last.value == bench->count / 2;
    return true;
}

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    return play(bench, &TROUPE_SPAWN_OPTIONS(.worker = 0), result);
}

const struct bench bench_pingpong = {
    .name = "pingpong",
    .question = "two actors take turns",
    .unit = "ns/message",
    .count = 2000000,
    .floor_messages_count = 1,
    .run = run,
};

static bool
run_bound(const struct bench_case *bench, struct bench_result *result)
{
    return play(
        bench, &TROUPE_SPAWN_OPTIONS(.worker = TROUPE_WORKER(0)), result);
}

const struct bench bench_place_bound = {
    .name = "place-bound",
    .question = "as pingpong, and one of the two is bound to a worker",
    .unit = "ns/message",
    .count = 2000000,
    .floor_messages_count = 1,
    .run = run_bound,
};

static bool
run_own(const struct bench_case *bench, struct bench_result *result)
{
    return play(bench, &TROUPE_SPAWN_OPTIONS(.own_thread = true), result);
}

/* Each message wakes a thread. */
const struct bench bench_place_own = {
    .name = "place-own",
    .question = "as pingpong, and one of the two has a thread of its own",
    .unit = "ns/message",
    .count = 100000,
    .run = run_own,
};
