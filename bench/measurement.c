/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/measurement.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

unsigned
bench_parts_count(const struct bench *bench)
{
    unsigned count = 0;

    while (bench->parts != NULL && bench->parts[count] != NULL) {
        count++;
    }
    return count == 0 ? 1 : count;
}

/* ---- one run ------------------------------------------------------------- */

static void
run_here(const struct bench *bench, unsigned workers_count,
    struct bench_case *it, struct bench_result *result)
{
    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.workers_count = workers_count, .seed = it->seed),
        &it->runtime));
    TROUPE_CHECK(troupe_runtime_start(it->runtime));
    it->self = troupe_thread_self(it->runtime);
    if (!bench->run(it, result)) {
        result->is_right = false;
    }
    if (bench->parts == NULL) {
        result->parts[0] = (struct bench_value){result->value, result->floor};
    }
    TROUPE_CHECK(troupe_runtime_stop(it->runtime, TROUPE_SECONDS(10), NULL));
    troupe_runtime_destroy(&it->runtime);
}

static bool
run_apart(const struct bench *bench, unsigned workers_count,
    struct bench_case *it, struct bench_result *result)
{
    int ends[2];
    pid_t child;
    ssize_t got;
    int status = -1;

    if (pipe(ends) != 0) {
        return false;
    }
    fflush(stdout); /* or the child might print it again */
    child = fork();
    if (child == 0) {
        run_here(bench, workers_count, it, result);
        _exit(write(ends[1], result, sizeof(*result)) != sizeof(*result));
    }
    close(ends[1]);
    got = child < 0 ? -1 : read(ends[0], result, sizeof(*result));
    close(ends[0]);
    return child > 0 && waitpid(child, &status, 0) == child && status == 0 &&
           got == sizeof(*result);
}

/* ---- all of them --------------------------------------------------------- */

static int
by_value(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;

    return (a > b) - (a < b);
}

static double
median_of(double *values, unsigned count)
{
    qsort(values, count, sizeof(values[0]), by_value);
    return values[count / 2];
}

static void
sum_up(struct bench_figure *figure, const struct bench_result *results,
    unsigned part, const struct bench_plan *plan)
{
    double values[BENCH_RUNS_COUNT_MAX];
    double floors[BENCH_RUNS_COUNT_MAX];

    for (unsigned i = 0; i < figure->runs_count; i++) {
        values[i] = results[i].parts[part].value;
        floors[i] = results[i].parts[part].floor;
        figure->is_right &= results[i].is_right;
    }
    figure->median = median_of(values, figure->runs_count);
    figure->min = values[0];
    figure->max = values[figure->runs_count - 1];
    figure->floor = median_of(floors, figure->runs_count);
    if (figure->floor <= 0) {
        figure->floor = bench_floor_message_ns(&plan->floor) *
                        figure->bench->floor_messages_count;
    }
}

unsigned
bench_measure(const struct bench *bench, uint64_t at, unsigned workers_count,
    const struct bench_plan *plan, struct bench_figure figures[BENCH_PARTS_MAX])
{
    static struct bench_result results[BENCH_RUNS_COUNT_MAX];
    unsigned parts_count = bench_parts_count(bench);
    struct bench_result unused;
    uint64_t count = bench->count / plan->scale;

    for (unsigned i = 0; i < plan->warm_up_count + plan->runs_count; i++) {
        bool is_counted = i >= plan->warm_up_count;
        struct bench_result *result =
            is_counted ? &results[i - plan->warm_up_count] : &unused;
        struct bench_case it = {.count = count > 0 ? count : 1,
            .at = at,
            .seed = plan->seed + i,
            .floor = &plan->floor};

        memset(result, 0, sizeof(*result));
        if (!run_apart(bench, workers_count, &it, result)) {
            memset(result, 0, sizeof(*result));
        }
    }
    for (unsigned i = 0; i < parts_count; i++) {
        figures[i] = (struct bench_figure){
            .bench = bench,
            .part = bench->parts == NULL ? NULL : bench->parts[i],
            .at = at,
            .workers_count = workers_count,
            .count = count > 0 ? count : 1,
            .seed = bench->is_random ? plan->seed : 0,
            .runs_count = plan->runs_count,
            .is_right = true,
        };
        sum_up(&figures[i], results, i, plan);
    }
    return parts_count;
}

struct bench_floor
bench_measure_floor(const struct bench_plan *plan)
{
    struct bench_figure figures[BENCH_PARTS_MAX];
    struct bench_plan once = {
        .runs_count = 1, .scale = plan->scale, .seed = plan->seed};
    struct bench_floor floor = {0};

    bench_measure(&bench_floor, 0, 1, &once, figures);
    for (unsigned i = 0; i < BENCH_FLOOR_PARTS_COUNT; i++) {
        floor.part_ns[i] = figures[i].median;
    }
    return floor;
}
