/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/flood.h"

#include "bench/collector.h"

enum { STEP = 1000 };

#define SEND(FIELD) FIELD(pid, consumer) FIELD(uint64, count)
TROUPE_MESSAGE(begin_flood, SEND)
TROUPE_MESSAGE(go_on, TROUPE_NO_FIELDS)

struct producer {
    troupe_pid consumer;
    uint64_t count;
    uint64_t sent;
};

static void
send_step(struct troupe_self *self, struct producer *producer)
{
    uint64_t end = producer->sent + STEP;

    if (end > producer->count) {
        end = producer->count;
    }
    while (producer->sent < end) {
        (void)troupe_tell(
            self, producer->consumer, outcome, .value = producer->sent++);
    }
    if (producer->sent < producer->count) {
        (void)troupe_tell(self, troupe_self_pid(self), go_on);
    }
}

static void
on_begin_flood(struct troupe_self *self, void *state,
    const struct begin_flood *begin_flood)
{
    struct producer *producer = state;

    producer->consumer = begin_flood->consumer;
    producer->count = begin_flood->count;
    send_step(self, producer);
}

static void
on_go_on(struct troupe_self *self, void *state, const struct go_on *go_on)
{
    (void)go_on;
    send_step(self, state);
}

TROUPE_BEHAVIOUR(producer, sizeof(struct producer),
    TROUPE_ON(begin_flood, on_begin_flood), TROUPE_ON(go_on, on_go_on));

bool
bench_flood(const struct bench_case *bench, uint64_t producers_count,
    struct bench_result *result)
{
    return bench_flood_by_way_of(bench, producers_count, NULL, result);
}

bool
bench_flood_by_way_of(const struct bench_case *bench, uint64_t producers_count,
    bench_flood_way *way, struct bench_result *result)
{
    uint64_t each = bench->count / producers_count;
    troupe_pid sink = bench_collector_spawn(bench, each * producers_count);
    troupe_pid to = way == NULL ? sink : way(bench, sink);
    uint64_t start_ns = bench_now_ns();

    for (uint64_t i = 0; i < producers_count; i++) {
        troupe_pid source;

        TROUPE_CHECK(troupe_spawn(bench->self, producer, &source));
        TROUPE_CHECK(troupe_tell(
            bench->self, source, begin_flood, .consumer = to, .count = each));
    }
    result->value =
        bench_wait_ns(bench, start_ns) / (double)(each * producers_count);
    result->is_right = bench_collector_sum(bench, sink) ==
                       producers_count * (each * (each - 1) / 2);
    return true;
}
