/* SPDX-License-Identifier: BSD-2-Clause */
/* What does an actor weigh that waits, and what does it cost to have it wait?
 */
#include "bench/bench.h"

#include <errno.h>
#include <sys/resource.h>
#include <time.h>

#define NUMBER(FIELD) FIELD(uint64, value)
TROUPE_MESSAGE(make_idlers, NUMBER)
TROUPE_MESSAGE(nudge, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(made, NUMBER)

static void
on_nudge(struct troupe_self *self, void *state, const struct nudge *nudge)
{
    (void)nudge, (void)state;
    (void)troupe_reply(self, made, .value = 1);
}

TROUPE_BEHAVIOUR(idler, 16, TROUPE_ON(nudge, on_nudge));

struct maker {
    troupe_pid last;
};

static void
on_make_idlers(struct troupe_self *self, void *state,
    const struct make_idlers *make_idlers)
{
    struct maker *maker = state;

    for (uint64_t i = 0; i < make_idlers->value; i++) {
        TROUPE_CHECK(troupe_spawn(self, idler, &maker->last));
    }
    (void)troupe_reply(self, made, .value = make_idlers->value);
}

TROUPE_BEHAVIOUR(
    maker, sizeof(struct maker), TROUPE_ON(make_idlers, on_make_idlers));

/* Makes so many actors, in steps, and waits until each has started. */
static bool
make(const struct bench_case *bench, uint64_t count)
{
    enum { STEP = 1000 };
    struct made made = {0};
    uint64_t left = count;
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn(bench->self, maker, &pid));
    while (left > 0) {
        uint64_t step = left < STEP ? left : STEP;

        TROUPE_CHECK(troupe_ask(bench->self, pid, TROUPE_SECONDS(60), made,
            &made, make_idlers, .value = step));
        left -= step;
    }
    return troupe_runtime_actors_count(bench->runtime) == count + 1;
}

static bool
weigh(const struct bench_case *bench, struct bench_result *result)
{
    uint64_t before = bench_resident_bytes();

    result->is_right = make(bench, bench->count);
    result->value =
        (double)(bench_resident_bytes() - before) / (double)bench->count;
    return true;
}

const struct bench bench_idle = {
    .name = "idle",
    .question = "what an actor weighs that waits",
    .unit = "bytes/actor",
    .count = 1000000,
    .run = weigh,
};

static double
cpu_us(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static void
wait_a_second(void)
{
    struct timespec left = {.tv_sec = 1};

    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

static bool
measure_cpu(const struct bench_case *bench, struct bench_result *result)
{
    double before;

    result->is_right = make(bench, bench->count);
    before = cpu_us();
    wait_a_second();
    result->value = cpu_us() - before;
    return true;
}

const struct bench bench_idle_cpu = {
    .name = "idle-cpu",
    .question = "processor time of an idle second",
    .unit = "us/second",
    .count = 10000,
    .run = measure_cpu,
};
