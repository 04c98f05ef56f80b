/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does a message cost more when more wait?
 *
 * An actor sends itself so many numbers in one handler and then handles them,
 * again and again; the last of a round, which begins the next, counts too. Its
 * mailbox is unbounded, the only option that this sets: by default more than a
 * million are refused.
 */
#include "bench/bench.h"

#define ROUNDS(FIELD) FIELD(uint64, backlog) FIELD(uint64, rounds)
#define NUMBER(FIELD) FIELD(uint64, value)
TROUPE_MESSAGE(pile_up, ROUNDS)
TROUPE_MESSAGE(piled, NUMBER)
TROUPE_MESSAGE(pile_end, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(piled_sum, NUMBER)

struct pile {
    uint64_t backlog;
    uint64_t rounds_left;
    uint64_t sum;
    struct troupe_request *asked;
};

static void
fill(struct troupe_self *self, struct pile *pile)
{
    troupe_pid me = troupe_self_pid(self);

    pile->rounds_left--;
    for (uint64_t i = 0; i < pile->backlog; i++) {
        (void)troupe_tell(self, me, piled, .value = i);
    }
    (void)troupe_tell(self, me, pile_end);
}

static void
on_pile_up(struct troupe_self *self, void *state, const struct pile_up *pile_up)
{
    struct pile *pile = state;

    pile->backlog = pile_up->backlog;
    pile->rounds_left = pile_up->rounds;
    pile->sum = 0;
    TROUPE_CHECK(troupe_request_keep(self, &pile->asked));
    fill(self, pile);
}

static void
on_piled(struct troupe_self *self, void *state, const struct piled *piled)
{
    struct pile *pile = state;

    (void)self;
    pile->sum += piled->value;
}

static void
on_pile_end(
    struct troupe_self *self, void *state, const struct pile_end *pile_end)
{
    struct pile *pile = state;

    (void)pile_end;
    if (pile->rounds_left > 0) {
        fill(self, pile);
    } else {
        (void)troupe_reply_to(
            self, &pile->asked, piled_sum, .value = pile->sum);
    }
}

TROUPE_BEHAVIOUR(pile, sizeof(struct pile), TROUPE_ON(pile_up, on_pile_up),
    TROUPE_ON(piled, on_piled), TROUPE_ON(pile_end, on_pile_end));

static bool
pile_up(const struct bench_case *bench, troupe_pid pile, uint64_t rounds)
{
    struct piled_sum sum = {0};
    uint64_t each = bench->at * (bench->at - 1) / 2;

    TROUPE_CHECK(troupe_ask(bench->self, pile, TROUPE_SECONDS(120), piled_sum,
        &sum, pile_up, .backlog = bench->at, .rounds = rounds));
    return sum.value == rounds * each;
}

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    uint64_t rounds = bench->count > bench->at ? bench->count / bench->at : 1;
    uint64_t start_ns;
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn_with(bench->self, pile,
        &TROUPE_SPAWN_OPTIONS(.mailbox.policy = TROUPE_MAILBOX_UNBOUNDED),
        &pid));
    result->is_right = pile_up(bench, pid, 1); /* its memory comes now */
    start_ns = bench_now_ns();
    result->is_right &= pile_up(bench, pid, rounds);
    result->value = (double)(bench_now_ns() - start_ns) /
                    (double)(rounds * (bench->at + 1));
    return true;
}

static const struct bench_axis axis = {
    .name = "waiting",
    .points = (const uint64_t[]){1, 10, 100, 1000, 10000, 100000, 1000000,
        5000000, 0},
    .is_scaled = true,
};

const struct bench bench_grow_backlog = {
    .name = "grow-backlog",
    .question = "an unbounded mailbox with",
    .unit = "ns/message",
    .count = 5000000,
    .floor_messages_count = 1,
    .axis = &axis,
    .workers = BENCH_WORKERS_ONE,
    .run = run,
};
