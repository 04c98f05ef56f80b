/* SPDX-License-Identifier: BSD-2-Clause */
/* troupe-bench: what things cost, on this machine. */
#include "bench/catalogue.h"
#include "bench/report.h"
#include "cli/options.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS_KINDS_MAX = 2, OPERANDS_MAX = 64 };

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct options {
    int64_t runs_count;
    int64_t warm_up_count;
    int64_t workers_count; /* 0: one, and then two */
    int64_t scale;         /* counts are divided by it */
    int64_t seed;
    int64_t at; /* this point of an axis only; 0: all */
    bool is_json;
};

/* ---- for the benchmarks -------------------------------------------------- */

uint64_t
bench_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Pages, all and those that are in memory. */
static void
count_pages(unsigned long *total, unsigned long *resident)
{
    FILE *statm = fopen("/proc/self/statm", "r");

    *total = *resident = 0;
    if (statm == NULL) {
        return;
    }
    if (fscanf(statm, "%lu %lu", total, resident) != 2) {
        *total = *resident = 0;
    }
    fclose(statm);
}

uint64_t
bench_resident_bytes(void)
{
    unsigned long total;
    unsigned long resident;

    count_pages(&total, &resident);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t
bench_virtual_bytes(void)
{
    unsigned long total;
    unsigned long resident;

    count_pages(&total, &resident);
    return total * (uint64_t)sysconf(_SC_PAGESIZE);
}

double
bench_wait_ns(const struct bench_case *bench, uint64_t since_ns)
{
    troupe_runtime_wait(bench->runtime);
    return (double)(bench_now_ns() - since_ns);
}

/* ---- what to measure ----------------------------------------------------- */

static void
measure_point(const struct bench *bench, uint64_t at, unsigned workers_count,
    struct bench_report *report)
{
    struct bench_figure figures[BENCH_PARTS_MAX];
    unsigned count =
        bench_measure(bench, at, workers_count, report->plan, figures);

    for (unsigned i = 0; i < count; i++) {
        bench_report_add(report, &figures[i]);
    }
}

/* 1, 2, 4 ... workers, and as many as there may be. */
static void
measure_by_workers(const struct bench *bench, const struct options *options,
    struct bench_report *report)
{
    unsigned most = options->workers_count > 0
                        ? (unsigned)options->workers_count
                        : bench_machine_processors_count();

    if (options->at > 0) {
        measure_point(
            bench, (uint64_t)options->at, (unsigned)options->at, report);
        return;
    }
    for (unsigned count = 1; count < most; count *= 2) {
        measure_point(bench, count, count, report);
    }
    measure_point(bench, most, most, report);
}

/* Whether a point is asked for: by --at, or all but those that --scale leaves
 * out. */
static bool
is_asked(const struct bench_axis *axis, uint64_t point,
    const struct options *options)
{
    uint64_t largest = 0;

    if (options->at > 0) {
        return point == (uint64_t)options->at;
    }
    for (size_t i = 0; axis->points[i] != 0; i++) {
        largest = axis->points[i];
    }
    return !axis->is_scaled || point == axis->points[0] ||
           point <= largest / (uint64_t)options->scale;
}

static void
measure_with(const struct bench *bench, unsigned workers_count,
    const struct options *options, struct bench_report *report)
{
    const struct bench_axis *axis = bench->axis;

    if (axis == NULL) {
        measure_point(bench, 0, workers_count, report);
        return;
    }
    for (size_t i = 0; axis->points[i] != 0; i++) {
        if (is_asked(axis, axis->points[i], options)) {
            measure_point(bench, axis->points[i], workers_count, report);
        }
    }
}

/* One worker, and two: what sharing costs shows between them. */
static void
measure(const struct bench *bench, const struct options *options,
    struct bench_report *report)
{
    if (bench->axis != NULL && bench->axis->points == NULL) {
        measure_by_workers(bench, options, report);
    } else if (bench->workers == BENCH_WORKERS_ONE) {
        measure_with(bench, 1, options, report);
    } else if (options->workers_count > 0) {
        measure_with(bench, (unsigned)options->workers_count, options, report);
    } else {
        for (unsigned count = 1; count <= WORKERS_KINDS_MAX; count++) {
            measure_with(bench, count, options, report);
        }
    }
}

/* ---- the command --------------------------------------------------------- */

static bool
are_known(char *const *names, size_t names_count)
{
    for (size_t i = 0; i < names_count; i++) {
        if (!bench_catalogue_has(names[i])) {
            fprintf(stderr,
                "troupe-bench: no benchmark is called '%s'; there are",
                names[i]);
            bench_catalogue_print(stderr);
            fputc('\n', stderr);
            return false;
        }
    }
    return true;
}

static int
run(const void *given, char *const *names, size_t names_count)
{
    const struct options *options = given;
    struct bench_plan plan = {
        .runs_count = (unsigned)options->runs_count,
        .warm_up_count = (unsigned)options->warm_up_count,
        .scale = (uint64_t)options->scale,
        .seed = (uint64_t)options->seed,
    };
    struct bench_report report;

    if (!are_known(names, names_count)) {
        return CLI_EXIT_USAGE;
    }
    plan.floor = bench_measure_floor(&plan);
    bench_report_begin(&report, &plan, options->is_json);
    for (size_t i = 0; bench_catalogue[i] != NULL; i++) {
        if (bench_catalogue_is_meant(bench_catalogue[i], names, names_count)) {
            measure(bench_catalogue[i], options, &report);
        }
    }
    bench_report_end(&report);
    return report.is_right ? 0 : 1;
}

static const struct options defaults = {
    .runs_count = 5, .warm_up_count = 1, .scale = 1, .seed = 1};

static const struct cli_option bench_options[] = {
    CLI_INTEGER(struct options, runs_count, "runs", "N", 1,
        BENCH_RUNS_COUNT_MAX, "measured runs of each (default: 5)"),
    CLI_INTEGER(struct options, warm_up_count, "warm-up", "N", 0,
        BENCH_RUNS_COUNT_MAX,
        "runs before them that do not count (default: 1)"),
    CLI_INTEGER(struct options, workers_count, "workers", "N", 1, 1024,
        "threads that run actors (default: 1, then 2);\nthe most of them for "
        "grow-workers"),
    CLI_INTEGER(struct options, scale, "scale", "N", 1, 1000,
        "divide all counts by N, to try it out"),
    CLI_INTEGER(struct options, seed, "seed", "N", 1, INT64_MAX,
        "of what is drawn by chance (default: 1); each run\nhas the next one"),
    CLI_INTEGER(struct options, at, "at", "N", 1, 1000000000,
        "of a grow-*, publish-* only this point (default: all)"),
    CLI_FLAG(struct options, is_json, "json", "print JSON, no table"),
};

static const struct cli_command command = {
    .summary = "measure what messages and actors cost",
    .details =
        "NAMEs are (default: all but the last; grow, publish, latency: "
        "each\nthat "
        "begins so):"
        "\n  what primitives cost: floor"
        "\n  what things cost: pingpong pingpong-seq switch counting fanin ring"
        "\n    fjcreate fjthrput big chameneos banking skynet idle idle-cpu"
        "\n    seq-idle timers-set timers-cancel timers-run timers-size cascade"
        "\n    cascade-star place-bound place-own router"
        "\n  how cost grows: grow-actors grow-flight grow-backlog grow-size"
        "\n    grow-fields grow-workers"
        "\n  what it costs to tell many: publish-small publish-small-each"
        "\n    publish-large publish-large-each"
        "\n  how long one waits: latency-10 latency-50 latency-90 wake "
        "timer-late fair"
        "\n  the rest of the Savina suite, not run unless named; savina means "
        "all:"
        "\n    dictionary sortedlist boundedbuffer philosophers smokers barber"
        "\n    logmap quicksort radixsort bitonicsort matmul nqueens astar apsp"
        "\n    trapezoid pi filterbank cobweb facility sor sieve fibonacci"
        "\n\nEach run is a process of its own, with default options. 'x floor'"
        " is the median\nas a multiple of the least that it could be: for"
        " messages, a block, a\ncompare-and-swap, a swap and a number encoded"
        " and decoded, on one core (floor);\nan actor made, told and heard of"
        " is three messages. grow-size has a copy of its\nbytes, grow-fields"
        " its own codec, latency a queue that costs nothing with the\nsame"
        " arrivals, wake a futex."
        "\n\nExit status: 0 if every result was right, 1 if one was wrong, 2"
        " for bad usage.",
    .example = "troupe-bench pingpong grow-size --runs 9",
    .options = bench_options,
    .options_count = COUNT_OF(bench_options),
    .defaults = &defaults,
    .defaults_size = sizeof(defaults),
    .operands_usage = "[NAME...]",
    .operands_max = OPERANDS_MAX,
    .run = run,
};

int
main(int argc, char **argv)
{
    static const struct cli_program program = {
        .name = "troupe-bench",
        .summary = "what things cost, on this machine",
        .commands = &command,
        .commands_count = 1,
    };

    return cli_main(&program, argc, argv);
}
