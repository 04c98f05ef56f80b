/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/collector.h"

#define NUMBER(FIELD) FIELD(uint64, value)
TROUPE_MESSAGE(expect_outcomes, NUMBER)
TROUPE_MESSAGE(get_outcomes, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(outcomes_sum, NUMBER)

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
on_expect_outcomes(struct troupe_self *self, void *state,
    const struct expect_outcomes *expect_outcomes)
{
    struct collector *collector = state;

    (void)self;
    collector->left = expect_outcomes->value;
}

static void
on_get_outcomes(struct troupe_self *self, void *state,
    const struct get_outcomes *get_outcomes)
{
    struct collector *collector = state;

    (void)get_outcomes;
    (void)troupe_reply(self, outcomes_sum, .value = collector->sum);
}

TROUPE_BEHAVIOUR(collector, sizeof(struct collector),
    TROUPE_ON(outcome, on_outcome),
    TROUPE_ON(expect_outcomes, on_expect_outcomes),
    TROUPE_ON(get_outcomes, on_get_outcomes));

troupe_pid
bench_collector_spawn(const struct bench_case *bench, uint64_t outcomes_count)
{
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn(bench->self, collector, &pid));
    TROUPE_CHECK(troupe_tell(
        bench->self, pid, expect_outcomes, .value = outcomes_count));
    return pid;
}

uint64_t
bench_collector_sum(const struct bench_case *bench, troupe_pid collector)
{
    struct outcomes_sum sum = {0};

    TROUPE_CHECK(troupe_ask(bench->self, collector, TROUPE_SECONDS(60),
        outcomes_sum, &sum, get_outcomes));
    return sum.value;
}
