/* SPDX-License-Identifier: BSD-2-Clause */
/* What does a message cost when a token goes round a hundred actors? */
#include "bench/bench.h"

enum { ACTORS_COUNT = 100 };

#define NUMBER(FIELD) FIELD(uint64, value)
#define PEER(FIELD) FIELD(pid, next)
TROUPE_MESSAGE(token, NUMBER)
TROUPE_MESSAGE(join_ring, PEER)
TROUPE_MESSAGE(was_last, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(yes_or_no, NUMBER)

struct member {
    troupe_pid next;
    uint64_t was_last;
};

static void
on_token(struct troupe_self *self, void *state, const struct token *token)
{
    struct member *member = state;

    if (token->value > 0) {
        (void)troupe_tell(self, member->next, token, .value = token->value - 1);
        return;
    }
    member->was_last = 1;
    troupe_runtime_quit(self);
}

static void
on_join_ring(
    struct troupe_self *self, void *state, const struct join_ring *join_ring)
{
    struct member *member = state;

    (void)self;
    member->next = join_ring->next;
}

static void
on_was_last(
    struct troupe_self *self, void *state, const struct was_last *was_last)
{
    struct member *member = state;

    (void)was_last;
    (void)troupe_reply(self, yes_or_no, .value = member->was_last);
}

TROUPE_BEHAVIOUR(member, sizeof(struct member), TROUPE_ON(token, on_token),
    TROUPE_ON(join_ring, on_join_ring), TROUPE_ON(was_last, on_was_last));

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    troupe_pid members[ACTORS_COUNT];
    struct yes_or_no was_last = {0};
    uint64_t start_ns;

    for (int i = 0; i < ACTORS_COUNT; i++) {
        TROUPE_CHECK(troupe_spawn(bench->self, member, &members[i]));
    }
    for (int i = 0; i < ACTORS_COUNT; i++) {
        TROUPE_CHECK(troupe_tell(bench->self, members[i], join_ring,
            .next = members[(i + 1) % ACTORS_COUNT]));
    }
    start_ns = bench_now_ns();
    TROUPE_CHECK(
        troupe_tell(bench->self, members[0], token, .value = bench->count));
    result->value = bench_wait_ns(bench, start_ns) / (double)bench->count;
    TROUPE_CHECK(troupe_ask(bench->self, members[bench->count % ACTORS_COUNT],
        TROUPE_SECONDS(60), yes_or_no, &was_last, was_last));
    result->is_right = was_last.value == 1;
    return true;
}

const struct bench bench_ring = {
    .name = "ring",
    .question = "a token goes round 100 actors",
    .unit = "ns/message",
    .count = 2000000,
    .floor_messages_count = 1,
    .run = run,
};
