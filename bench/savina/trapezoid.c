/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does it cost to deal an integral out to 100 workers?
 *
 * The area under a curve from 1 to 5, as the sum of so many trapezoids. Each
 * worker gets a hundredth of the range and says what area it has found. Few
 * messages and much to compute: this asks whether the workers are kept busy.
 */
#include "bench/savina/play.h"

#include <math.h>

enum { WORKERS_COUNT = 100 };

static const double left_end = 1;
static const double right_end = 5;

#define RANGE(FIELD)                                                           \
    FIELD(double, from) FIELD(double, width) FIELD(uint64, count)
TROUPE_MESSAGE(trapezoid_work, RANGE)

static double
height(double x)
{
    return sin(pow(x, 3) - 1) / (x + 1) * sqrt(1 + exp(sqrt(2 * x)));
}

/* Of so many trapezoids of this width, the first at left. */
static double
area(double left, double width, uint64_t count)
{
    double sum = 0;

    for (uint64_t i = 0; i < count; i++) {
        double x = left + (double)i * width;

        sum += 0.5 * (height(x) + height(x + width)) * width;
    }
    return sum;
}

/* ---- a worker ------------------------------------------------------------ */

struct worker {
    troupe_pid collector;
};

static void
on_work(
    struct troupe_self *self, void *state, const struct trapezoid_work *work)
{
    const struct worker *worker = state;
    double found = area(work->from, work->width, work->count);

    (void)troupe_tell(
        self, worker->collector, outcome, .value = bench_play_bits(found));
    (void)troupe_stop(self, troupe_self_pid(self));
}

TROUPE_BEHAVIOUR(trapezoid_worker, sizeof(struct worker),
    TROUPE_ON(trapezoid_work, on_work));

/* ---- the master ---------------------------------------------------------- */

struct master {
    troupe_pid collector;
    uint64_t count; /* for each worker */
};

static double
width_of(uint64_t count)
{
    return (right_end - left_end) / (double)(WORKERS_COUNT * count);
}

static double
left_of(int worker)
{
    return left_end + (right_end - left_end) / WORKERS_COUNT * worker;
}

static void
on_start(struct troupe_self *self, void *state)
{
    const struct master *master = state;
    const struct worker worker = {master->collector};

    for (int i = 0; i < WORKERS_COUNT; i++) {
        troupe_pid pid;

        TROUPE_CHECK(troupe_spawn_with(self, trapezoid_worker,
            &TROUPE_SPAWN_OPTIONS(.state = &worker), &pid));
        (void)troupe_tell(self, pid, trapezoid_work, .from = left_of(i),
            .width = width_of(master->count), .count = master->count);
    }
}

TROUPE_BEHAVIOUR(
    trapezoid_master, sizeof(struct master), TROUPE_ON_START(on_start));

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    struct master master = {
        bench_collector_spawn(bench, WORKERS_COUNT),
        bench_play_at_least(bench->count / WORKERS_COUNT, 1),
    };
    uint64_t sum = 0;

    for (int i = 0; i < WORKERS_COUNT; i++) {
        sum += bench_play_bits(
            area(left_of(i), width_of(master.count), master.count));
    }
    return bench_play(bench,
        &(struct bench_play){
            .first = &trapezoid_master_behaviour,
            .state = &master,
            .collector = master.collector,
            .sum = sum,
            .units_count = WORKERS_COUNT * master.count,
        },
        result);
}

const struct bench bench_trapezoid = {
    .name = "trapezoid",
    .group = "savina",
    .question = "an integral, dealt out to 100 workers",
    .unit = "ns/piece",
    .count = 5000000,
    .run = run,
};
