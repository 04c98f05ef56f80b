/* SPDX-License-Identifier: BSD-2-Clause */
/* What does an actor cost that gets one message, reports and dies? */
#include "bench/collector.h"
#include "bench/sequence.h"

enum { STEP = 1000 };

#define WORK(FIELD) FIELD(pid, collector) FIELD(uint64, value)
#define FORK(FIELD)                                                            \
    FIELD(pid, collector) FIELD(uint64, first) FIELD(uint64, end)
TROUPE_MESSAGE(work, WORK)
TROUPE_MESSAGE(fork_all, FORK)

static void
on_work(struct troupe_self *self, void *state, const struct work *work)
{
    (void)state;
    (void)troupe_tell(self, work->collector, outcome,
        .value = bench_sequence_next(work->value));
    (void)troupe_stop(self, troupe_self_pid(self));
}

TROUPE_BEHAVIOUR(forked, 0, TROUPE_ON(work, on_work));

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
    troupe_pid sink = bench_collector_spawn(bench, bench->count);
    troupe_pid source;
    uint64_t start_ns;

    TROUPE_CHECK(troupe_spawn(bench->self, forker, &source));
    start_ns = bench_now_ns();
    TROUPE_CHECK(troupe_tell(bench->self, source, fork_all, .collector = sink,
        .first = 0, .end = bench->count));
    result->value = bench_wait_ns(bench, start_ns) / (double)bench->count;
    result->is_right =
        bench_collector_sum(bench, sink) == bench_sequence_sum(bench->count);
    return true;
}

const struct bench bench_fjcreate = {
    .name = "fjcreate",
    .question = "actors get one message, report and die",
    .unit = "ns/actor",
    .count = 500000,
    .floor_messages_count = 3,
    .run = run,
};
