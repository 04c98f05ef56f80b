/* SPDX-License-Identifier: BSD-2-Clause */
/* What does a message cost when one actor deals to sixty in turn? */
#include "bench/collector.h"
#include "bench/sequence.h"

/* A step of the dealer is some thousand messages. */
enum { PLAYERS_COUNT = 60, ROUNDS_AT_ONCE = 16 };

#define NUMBER(FIELD) FIELD(uint64, value)
#define TASK(FIELD) FIELD(pid, collector) FIELD(uint64, rounds)
TROUPE_MESSAGE(card, NUMBER)
TROUPE_MESSAGE(join_game, TASK)
TROUPE_MESSAGE(deal, TASK)
TROUPE_MESSAGE(deal_on, TROUPE_NO_FIELDS)

struct card_player {
    troupe_pid collector;
    uint64_t left;
    uint64_t sum;
};

static void
on_join_game(
    struct troupe_self *self, void *state, const struct join_game *join_game)
{
    struct card_player *player = state;

    (void)self;
    player->collector = join_game->collector;
    player->left = join_game->rounds;
}

static void
on_card(struct troupe_self *self, void *state, const struct card *card)
{
    struct card_player *player = state;

    player->sum += bench_sequence_next(card->value);
    if (--player->left == 0) {
        (void)troupe_tell(
            self, player->collector, outcome, .value = player->sum);
        (void)troupe_stop(self, troupe_self_pid(self));
    }
}

TROUPE_BEHAVIOUR(card_player, sizeof(struct card_player),
    TROUPE_ON(card, on_card), TROUPE_ON(join_game, on_join_game));

struct dealer {
    troupe_pid players[PLAYERS_COUNT];
    uint64_t rounds;
    uint64_t round;
};

static void
deal_step(struct troupe_self *self, struct dealer *dealer)
{
    for (int i = 0; i < ROUNDS_AT_ONCE && dealer->round < dealer->rounds; i++) {
        for (int k = 0; k < PLAYERS_COUNT; k++) {
            (void)troupe_tell(
                self, dealer->players[k], card, .value = dealer->round);
        }
        dealer->round++;
    }
    if (dealer->round < dealer->rounds) {
        (void)troupe_tell(self, troupe_self_pid(self), deal_on);
    }
}

static void
on_deal(struct troupe_self *self, void *state, const struct deal *deal)
{
    struct dealer *dealer = state;

    dealer->rounds = deal->rounds;
    for (int i = 0; i < PLAYERS_COUNT; i++) {
        TROUPE_CHECK(troupe_spawn(self, card_player, &dealer->players[i]));
        (void)troupe_tell(self, dealer->players[i], join_game,
            .collector = deal->collector, .rounds = deal->rounds);
    }
    deal_step(self, dealer);
}

static void
on_deal_on(struct troupe_self *self, void *state, const struct deal_on *deal_on)
{
    (void)deal_on;
    deal_step(self, state);
}

TROUPE_BEHAVIOUR(dealer, sizeof(struct dealer), TROUPE_ON(deal, on_deal),
    TROUPE_ON(deal_on, on_deal_on));

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    uint64_t rounds = bench->count / PLAYERS_COUNT;
    troupe_pid sink = bench_collector_spawn(bench, PLAYERS_COUNT);
    troupe_pid source;
    uint64_t start_ns;

    TROUPE_CHECK(troupe_spawn(bench->self, dealer, &source));
    start_ns = bench_now_ns();
    TROUPE_CHECK(troupe_tell(
        bench->self, source, deal, .collector = sink, .rounds = rounds));
    result->value =
        bench_wait_ns(bench, start_ns) / (double)(rounds * PLAYERS_COUNT);
    result->is_right = bench_collector_sum(bench, sink) ==
                       PLAYERS_COUNT * bench_sequence_sum(rounds);
    return true;
}

const struct bench bench_fjthrput = {
    .name = "fjthrput",
    .question = "one actor deals to 60 in turn",
    .unit = "ns/message",
    .count = 3000000,
    .floor_messages_count = 1,
    .run = run,
};
