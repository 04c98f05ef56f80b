/* SPDX-License-Identifier: BSD-2-Clause */
/* What does an actor cost that gets one message, reports and dies? */
#include "bench/bench.h"

enum { STEP = 1000 };

#define NUMBER(FIELD) FIELD(uint64, value)
#define WORK(FIELD) FIELD(pid, collector) FIELD(uint64, value)
#define FORK(FIELD)                                                            \
    FIELD(pid, collector) FIELD(uint64, first) FIELD(uint64, end)
TROUPE_MESSAGE(work, WORK)
TROUPE_MESSAGE(outcome, NUMBER)
TROUPE_MESSAGE(await, NUMBER)
TROUPE_MESSAGE(fork_all, FORK)
TROUPE_MESSAGE(get_outcomes, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(outcomes, NUMBER)

/* In place of a computation that a compiler would fold away. */
static uint64_t
compute(uint64_t value)
{
    return (value * 1309 + 13849) & 65535;
}

static void
on_work(struct troupe_self *self, void *state, const struct work *work)
{
    (void)state;
    (void)troupe_tell(
        self, work->collector, outcome, .value = compute(work->value));
    (void)troupe_stop(self, troupe_self_pid(self));
}

TROUPE_BEHAVIOUR(forked, 0, TROUPE_ON(work, on_work));

struct collector {
    uint64_t sum;
    uint64_t left;
};

static void
on_outcome(struct troupe_self *self, void *state, const struct outcome *outcome)
{
    struct collector *collector = state;

    collector->sum += outcome->value;
    if (--collector->left == 0) {
        troupe_runtime_quit(self);
    }
}

static void
on_await(struct troupe_self *self, void *state, const struct await *await)
{
    struct collector *collector = state;

    (void)self;
    collector->left = await->value;
}

static void
on_get_outcomes(struct troupe_self *self, void *state,
    const struct get_outcomes *get_outcomes)
{
    struct collector *collector = state;

    (void)get_outcomes;
    (void)troupe_reply(self, outcomes, .value = collector->sum);
}

TROUPE_BEHAVIOUR(collector, sizeof(struct collector),
    TROUPE_ON(outcome, on_outcome), TROUPE_ON(await, on_await),
    TROUPE_ON(get_outcomes, on_get_outcomes));

/* Yields every STEP actors, by a message to itself. */
static void
on_fork_all(
    struct troupe_self *self, void *state, const struct fork_all *fork_all)
{
    uint64_t end = fork_all->first + STEP;

    (void)state;
    if (end > fork_all->end) {
        end = fork_all->end;
    }
    for (uint64_t i = fork_all->first; i < end; i++) {
        troupe_pid pid;

        TROUPE_CHECK(troupe_spawn(self, forked, &pid));
        (void)troupe_tell(
            self, pid, work, .collector = fork_all->collector, .value = i);
    }
    if (end < fork_all->end) {
        (void)troupe_tell(self, troupe_self_pid(self), fork_all,
            .collector = fork_all->collector, .first = end,
            .end = fork_all->end);
    }
}

TROUPE_BEHAVIOUR(forker, 0, TROUPE_ON(fork_all, on_fork_all));

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    struct outcomes sum = {0};
    uint64_t expected = 0;
    troupe_pid sink;
    troupe_pid source;
    uint64_t start_ns;

    TROUPE_CHECK(troupe_spawn(bench->self, collector, &sink));
    TROUPE_CHECK(troupe_spawn(bench->self, forker, &source));
    TROUPE_CHECK(troupe_tell(bench->self, sink, await, .value = bench->count));
    start_ns = bench_now_ns();
    TROUPE_CHECK(troupe_tell(bench->self, source, fork_all, .collector = sink,
        .first = 0, .end = bench->count));
    result->value = bench_wait_ns(bench, start_ns) / (double)bench->count;
    TROUPE_CHECK(troupe_ask(
        bench->self, sink, TROUPE_SECONDS(60), outcomes, &sum, get_outcomes));
    for (uint64_t i = 0; i < bench->count; i++) {
        expected += compute(i);
    }
    result->is_right = sum.value == expected;
    return true;
}

const struct bench bench_fjcreate = {
    .name = "fjcreate",
    .question = "actors get one message, report and die",
    .unit = "ns/actor",
    .count = 500000,
    .run = run,
};
