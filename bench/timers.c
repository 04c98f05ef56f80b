/* SPDX-License-Identifier: BSD-2-Clause */
/* What does a timer cost when one actor has a million of them? */
#include "bench/bench.h"

#include <stdlib.h>

#define SPAN(FIELD) FIELD(uint64, count) FIELD(uint64, delay_ns)
#define NUMBER(FIELD) FIELD(uint64, value)
TROUPE_MESSAGE(set_timers, SPAN)
TROUPE_MESSAGE(cancel_timers, NUMBER)
TROUPE_MESSAGE(timers_count, NUMBER)

enum { STRIDE = 7919 }; /* a prime: timers are not cancelled as they were set */

static troupe_timer *timers; /* as many as are to be set; the actor's */

struct owner {
    uint64_t set_count;
    uint64_t run_count;
};

static void
on_due(struct troupe_self *self, void *state, uint64_t context)
{
    struct owner *owner = state;

    (void)context;
    if (++owner->run_count == owner->set_count) {
        troupe_runtime_quit(self);
    }
}

/* In one handler, so that none is due before all are set. */
static void
on_set_timers(
    struct troupe_self *self, void *state, const struct set_timers *wanted)
{
    struct owner *owner = state;

    for (uint64_t i = 0; i < wanted->count; i++) {
        owner->set_count += troupe_after(self, wanted->delay_ns, on_due, i,
                                &timers[i]) == TROUPE_OK;
    }
    (void)troupe_reply(self, timers_count, .value = owner->set_count);
}

static void
on_cancel_timers(
    struct troupe_self *self, void *state, const struct cancel_timers *wanted)
{
    uint64_t cancelled_count = 0;

    (void)state;
    for (uint64_t i = 0; i < wanted->value; i++) {
        cancelled_count +=
            troupe_timer_cancel(self, &timers[i * STRIDE % wanted->value]);
    }
    (void)troupe_reply(self, timers_count, .value = cancelled_count);
}

TROUPE_BEHAVIOUR(owner, sizeof(struct owner),
    TROUPE_ON(set_timers, on_set_timers),
    TROUPE_ON(cancel_timers, on_cancel_timers));

/* Sets them, in `took_ns`; the actor that has them. */
static troupe_pid
set(const struct bench_case *bench, uint64_t delay_ns, uint64_t *took_ns)
{
    struct timers_count count = {0};
    uint64_t start_ns;
    troupe_pid pid;

    timers = calloc(bench->count, sizeof(*timers));
    TROUPE_CHECK(timers == NULL ? TROUPE_E_NO_MEMORY : TROUPE_OK);
    TROUPE_CHECK(troupe_spawn(bench->self, owner, &pid));
    start_ns = bench_now_ns();
    TROUPE_CHECK(troupe_ask(bench->self, pid, TROUPE_SECONDS(60), timers_count,
        &count, set_timers, .count = bench->count, .delay_ns = delay_ns));
    *took_ns = bench_now_ns() - start_ns;
    return count.value == bench->count ? pid : TROUPE_NO_PID;
}

static double
per_timer(const struct bench_case *bench, uint64_t value)
{
    return (double)value / (double)bench->count;
}

static bool
measure_set(const struct bench_case *bench, struct bench_result *result)
{
    uint64_t took_ns;

    result->is_right =
        set(bench, TROUPE_SECONDS(3600), &took_ns) != TROUPE_NO_PID;
    result->value = per_timer(bench, took_ns);
    return true;
}

static bool
measure_cancel(const struct bench_case *bench, struct bench_result *result)
{
    struct timers_count count = {0};
    uint64_t took_ns;
    troupe_pid pid = set(bench, TROUPE_SECONDS(3600), &took_ns);
    uint64_t start_ns = bench_now_ns();

    TROUPE_CHECK(troupe_ask(bench->self, pid, TROUPE_SECONDS(60), timers_count,
        &count, cancel_timers, .value = bench->count));
    result->value = per_timer(bench, bench_now_ns() - start_ns);
    result->is_right = count.value == bench->count;
    return true;
}

/* They are due when the handler that has set them returns, or a moment later.
 */
static bool
measure_run(const struct bench_case *bench, struct bench_result *result)
{
    uint64_t took_ns;

    result->is_right = set(bench, TROUPE_MS(1), &took_ns) != TROUPE_NO_PID;
    result->value = bench_wait_ns(bench, bench_now_ns()) / (double)bench->count;
    return true;
}

/* Less the names, which are the benchmark's own. */
static bool
weigh(const struct bench_case *bench, struct bench_result *result)
{
    uint64_t before = bench_resident_bytes();
    uint64_t took_ns;

    result->is_right =
        set(bench, TROUPE_SECONDS(3600), &took_ns) != TROUPE_NO_PID;
    result->value = per_timer(bench, bench_resident_bytes() - before) -
                    (double)sizeof(*timers);
    return true;
}

const struct bench bench_timers_set = {
    .name = "timers-set",
    .question = "to set a timer",
    .unit = "ns/timer",
    .count = 1000000,
    .run = measure_set,
};

const struct bench bench_timers_cancel = {
    .name = "timers-cancel",
    .question = "to cancel one, in no order",
    .unit = "ns/timer",
    .count = 1000000,
    .run = measure_cancel,
};

const struct bench bench_timers_run = {
    .name = "timers-run",
    .question = "from being due to having run",
    .unit = "ns/timer",
    .count = 1000000,
    .run = measure_run,
};

const struct bench bench_timers_size = {
    .name = "timers-size",
    .question = "what a timer weighs that waits",
    .unit = "bytes/timer",
    .count = 1000000,
    .run = weigh,
};
