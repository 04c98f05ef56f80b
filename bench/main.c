/* SPDX-License-Identifier: BSD-2-Clause */
/* troupe-bench: what things cost, on this machine. */
#include "bench/bench.h"
#include "cli/options.h"
#include "cli/table.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUNS_COUNT_MAX = 100, WORKERS_KINDS_MAX = 2 };

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct bench *const benches[] = {
    &bench_pingpong,
    &bench_counting,
    &bench_fanin,
    &bench_ring,
    &bench_fjcreate,
    &bench_fjthrput,
    &bench_big,
    &bench_chameneos,
    &bench_banking,
    &bench_skynet,
    &bench_idle,
    &bench_idle_cpu,
    &bench_timers_set,
    &bench_timers_cancel,
    &bench_timers_run,
    &bench_timers_size,
    &bench_cascade,
    &bench_cascade_star,
    &bench_dictionary,
    &bench_sortedlist,
    &bench_boundedbuffer,
    &bench_philosophers,
    &bench_smokers,
    &bench_barber,
    &bench_logmap,
    &bench_quicksort,
    &bench_radixsort,
    &bench_bitonicsort,
    &bench_matmul,
    &bench_nqueens,
    &bench_astar,
    &bench_apsp,
    &bench_trapezoid,
    &bench_pi,
    &bench_filterbank,
    &bench_cobweb,
    &bench_facility,
    &bench_sor,
    &bench_sieve,
    &bench_fibonacci,
};

struct options {
    int64_t runs_count;
    int64_t workers_count; /* 0: one, and as many as the machine gives */
    int64_t scale;         /* counts are divided by it */
    bool is_json;
};

struct figure {
    const struct bench *bench;
    unsigned workers_count;
    uint64_t count;
    double median;
    double min;
    double max;
    unsigned runs_count;
    bool is_right;
};

/* ---- for the benchmarks -------------------------------------------------- */

uint64_t
bench_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t
bench_resident_bytes(void)
{
    unsigned long total = 0;
    unsigned long resident = 0;
    FILE *statm = fopen("/proc/self/statm", "r");

    if (statm == NULL) {
        return 0;
    }
    if (fscanf(statm, "%lu %lu", &total, &resident) != 2) {
        resident = 0;
    }
    fclose(statm);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

double
bench_wait_ns(const struct bench_case *bench, uint64_t since_ns)
{
    troupe_runtime_wait(bench->runtime);
    return (double)(bench_now_ns() - since_ns);
}

/* ---- one run, in a process of its own ------------------------------------ */

static void
run_here(const struct bench *bench, unsigned workers_count, uint64_t count,
    struct bench_result *result)
{
    struct bench_case it = {.count = count};

    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.workers_count = workers_count), &it.runtime));
    TROUPE_CHECK(troupe_runtime_start(it.runtime));
    it.self = troupe_thread_self(it.runtime);
    if (!bench->run(&it, result)) {
        result->is_right = false;
    }
    TROUPE_CHECK(troupe_runtime_stop(it.runtime, TROUPE_SECONDS(10), NULL));
    troupe_runtime_destroy(&it.runtime);
}

/* So that no run finds warm or fragmented memory of the one before. */
static bool
run_apart(const struct bench *bench, unsigned workers_count, uint64_t count,
    struct bench_result *result)
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
        run_here(bench, workers_count, count, result);
        _exit(write(ends[1], result, sizeof(*result)) != sizeof(*result));
    }
    close(ends[1]);
    got = child < 0 ? -1 : read(ends[0], result, sizeof(*result));
    close(ends[0]);
    return child > 0 && waitpid(child, &status, 0) == child && status == 0 &&
           got == sizeof(*result);
}

static int
by_value(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;

    return (a > b) - (a < b);
}

static struct figure
measure(const struct bench *bench, unsigned workers_count,
    const struct options *options)
{
    struct figure figure = {
        .bench = bench,
        .workers_count = workers_count,
        .count = bench->count / (uint64_t)options->scale,
        .runs_count = (unsigned)options->runs_count,
        .is_right = true,
    };
    double values[RUNS_COUNT_MAX];
    struct bench_result result;

    for (unsigned i = 0; i < figure.runs_count; i++) {
        if (!run_apart(bench, workers_count, figure.count, &result)) {
            result = (struct bench_result){0, false};
        }
        values[i] = result.value;
        figure.is_right &= result.is_right;
    }
    qsort(values, figure.runs_count, sizeof(values[0]), by_value);
    figure.min = values[0];
    figure.median = values[figure.runs_count / 2];
    figure.max = values[figure.runs_count - 1];
    return figure;
}

/* ---- printing ------------------------------------------------------------ */

static void
print_row(const struct figure *figure)
{
    printf("%-13s %-40s %-12s %7u %9.1f %9.1f %9.1f  %s\n", figure->bench->name,
        figure->bench->question, figure->bench->unit, figure->workers_count,
        figure->median, figure->min, figure->max,
        figure->is_right ? "right" : "WRONG");
    fflush(stdout);
}

static json_t *
to_json(const struct figure *figure)
{
    return json_pack("{s:s, s:s, s:i, s:I, s:f, s:f, s:f, s:i, s:b}", "name",
        figure->bench->name, "unit", figure->bench->unit, "workers_count",
        (int)figure->workers_count, "messages_count", (json_int_t)figure->count,
        "median", figure->median, "min", figure->min, "max", figure->max,
        "runs_count", (int)figure->runs_count, "ok", (int)figure->is_right);
}

/* ---- the command --------------------------------------------------------- */

static bool
is_called(const struct bench *bench, const char *name)
{
    return strcmp(bench->name, name) == 0 ||
           (bench->group != NULL && strcmp(bench->group, name) == 0);
}

static bool
is_known(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(benches); i++) {
        if (is_called(benches[i], name)) {
            return true;
        }
    }
    return false;
}

static bool
are_known(char *const *names, size_t names_count)
{
    for (size_t i = 0; i < names_count; i++) {
        if (!is_known(names[i])) {
            fprintf(stderr,
                "troupe-bench: no benchmark is called '%s'; there "
                "are",
                names[i]);
            for (size_t k = 0; k < COUNT_OF(benches); k++) {
                fprintf(stderr, " %s", benches[k]->name);
            }
            fputc('\n', stderr);
            return false;
        }
    }
    return true;
}

static bool
is_wanted(const struct bench *bench, char *const *names, size_t names_count)
{
    for (size_t i = 0; i < names_count; i++) {
        if (is_called(bench, names[i])) {
            return true;
        }
    }
    return names_count == 0 && bench->group == NULL;
}

/* One worker, and two: what sharing costs shows between them. */
static size_t
choose_workers(const struct options *options, unsigned *workers)
{
    if (options->workers_count > 0) {
        workers[0] = (unsigned)options->workers_count;
        return 1;
    }
    workers[0] = 1;
    workers[1] = 2;
    return WORKERS_KINDS_MAX;
}

static bool
report(const struct bench *bench, unsigned workers_count,
    const struct options *options, json_t *rows)
{
    struct figure figure = measure(bench, workers_count, options);

    if (rows != NULL) {
        json_array_append_new(rows, to_json(&figure));
    } else {
        print_row(&figure);
    }
    return figure.is_right;
}

static int
run(const void *given, char *const *names, size_t names_count)
{
    const struct options *options = given;
    unsigned workers[WORKERS_KINDS_MAX];
    size_t workers_kinds = choose_workers(options, workers);
    json_t *rows = options->is_json ? json_array() : NULL;
    bool is_right = true;

    if (!are_known(names, names_count)) {
        return CLI_EXIT_USAGE;
    }
    if (rows == NULL) {
        printf("%-13s %-40s %-12s %7s %9s %9s %9s\n", "name", "question",
            "unit", "workers", "median", "min", "max");
    }
    for (size_t i = 0; i < COUNT_OF(benches); i++) {
        for (size_t k = 0; k < workers_kinds; k++) {
            if (is_wanted(benches[i], names, names_count)) {
                is_right &= report(benches[i], workers[k], options, rows);
            }
        }
    }
    if (rows != NULL) {
        json_dumpf(rows, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(rows);
    }
    return is_right ? 0 : 1;
}

static const struct options defaults = {.runs_count = 5, .scale = 1};

static const struct cli_option bench_options[] = {
    CLI_INTEGER(struct options, runs_count, "runs", "N", 1, RUNS_COUNT_MAX,
        "measured runs of each (default: 5)"),
    CLI_INTEGER(struct options, workers_count, "workers", "N", 1, 1024,
        "threads that run actors (default: 1, then 2)"),
    CLI_INTEGER(struct options, scale, "scale", "N", 1, 1000,
        "divide all counts by N, to try it out"),
    CLI_FLAG(struct options, is_json, "json", "print JSON, no table"),
};

static const struct cli_command command = {
    .summary = "measure what messages and actors cost",
    .details =
        "NAMEs are: pingpong counting fanin ring fjcreate fjthrput big "
        "chameneos\nbanking skynet idle idle-cpu timers-set timers-cancel "
        "timers-run timers-size\ncascade cascade-star (default: all of these). The rest of the Savina suite,\n"
        "together called savina: dictionary sortedlist boundedbuffer philosophers\n"
        "smokers barber logmap quicksort radixsort bitonicsort matmul nqueens astar\n"
        "apsp trapezoid pi filterbank cobweb facility sor sieve fibonacci.\n"
        "\n"
        "Each run is a process of its own, with default options.\n\nExit "
        "status: 0 if every result was right, 1 if one was wrong, 2 for "
        "bad\nusage.",
    .example = "troupe-bench pingpong ring --runs 9",
    .options = bench_options,
    .options_count = COUNT_OF(bench_options),
    .defaults = &defaults,
    .defaults_size = sizeof(defaults),
    .operands_usage = "[NAME...]",
    .operands_max = COUNT_OF(benches),
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
