/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/report.h"

#include <stdio.h>

void
bench_report_begin(
    struct bench_report *report, const struct bench_plan *plan, bool is_json)
{
    report->rows = is_json ? json_array() : NULL;
    report->before = bench_machine_load_now();
    report->plan = plan;
    report->is_right = true;
    if (!is_json) {
        printf("%-13s %-42s %-12s %7s %9s %9s %9s %8s\n", "name", "question",
            "unit", "workers", "median", "min", "max", "x floor");
    }
}

/* ---- the table ----------------------------------------------------------- */

/* The question, and which of its answers this is. */
static void
describe(const struct bench_figure *figure, char *text, size_t size)
{
    const struct bench *bench = figure->bench;

    if (figure->part != NULL) {
        snprintf(text, size, "%s: %s", bench->question, figure->part);
    } else if (bench->axis != NULL && bench->axis->points != NULL) {
        snprintf(text, size, "%s: %llu %s", bench->question,
            (unsigned long long)figure->at, bench->axis->name);
    } else {
        snprintf(text, size, "%s", bench->question);
    }
}

static void
print_row(const struct bench_figure *figure)
{
    char question[64];
    char multiple[32] = "-";

    describe(figure, question, sizeof(question));
    if (figure->floor > 0) {
        snprintf(
            multiple, sizeof(multiple), "%.1f", figure->median / figure->floor);
    }
    printf("%-13s %-42s %-12s %7u %9.1f %9.1f %9.1f %8s  %s\n",
        figure->bench->name, question, figure->bench->unit,
        figure->workers_count, figure->median, figure->min, figure->max,
        multiple, figure->is_right ? "right" : "WRONG");
    fflush(stdout);
}

static void
print_foot(const struct bench_report *report)
{
    char machine[BENCH_MACHINE_TEXT_SIZE];
    char versions[BENCH_MACHINE_TEXT_SIZE];
    const struct bench_plan *plan = report->plan;

    printf("\n%s; %s\n", bench_machine_name(machine),
        bench_machine_versions(versions));
    printf("medians of %u runs after %u that do not count; seed %llu; the "
           "floor of a message is %.1f ns\n",
        plan->runs_count, plan->warm_up_count, (unsigned long long)plan->seed,
        bench_floor_message_ns(&plan->floor));
    printf("other processes took %.0f %% of the processors meanwhile\n",
        100 * bench_machine_others_since(&report->before));
}

/* ---- JSON ---------------------------------------------------------------- */

static void
add_what_there_is(json_t *row, const struct bench_figure *figure)
{
    if (figure->part != NULL) {
        json_object_set_new(row, "part", json_string(figure->part));
    }
    if (figure->bench->axis != NULL) {
        json_object_set_new(
            row, "axis", json_string(figure->bench->axis->name));
        json_object_set_new(row, "at", json_integer((json_int_t)figure->at));
    }
    if (figure->floor > 0) {
        json_object_set_new(row, "floor", json_real(figure->floor));
    }
    if (figure->seed != 0) {
        json_object_set_new(
            row, "seed", json_integer((json_int_t)figure->seed));
    }
}

static json_t *
to_json(const struct bench_figure *figure)
{
    char machine[BENCH_MACHINE_TEXT_SIZE];
    char versions[BENCH_MACHINE_TEXT_SIZE];
    json_t *row = json_pack("{s:s, s:s, s:i, s:I, s:f, s:f, s:f, s:i, s:b}",
        "name", figure->bench->name, "unit", figure->bench->unit,
        "workers_count", (int)figure->workers_count, "messages_count",
        (json_int_t)figure->count, "median", figure->median, "min", figure->min,
        "max", figure->max, "runs_count", (int)figure->runs_count, "ok",
        (int)figure->is_right);

    add_what_there_is(row, figure);
    json_object_set_new(
        row, "machine", json_string(bench_machine_name(machine)));
    json_object_set_new(
        row, "versions", json_string(bench_machine_versions(versions)));
    return row;
}

/* ---- either -------------------------------------------------------------- */

void
bench_report_add(struct bench_report *report, const struct bench_figure *figure)
{
    report->is_right &= figure->is_right;
    if (report->rows != NULL) {
        json_array_append_new(report->rows, to_json(figure));
    } else {
        print_row(figure);
    }
}

void
bench_report_end(struct bench_report *report)
{
    if (report->rows == NULL) {
        print_foot(report);
        return;
    }
    json_dumpf(report->rows, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(report->rows);
}
