/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report: figures as a table for people or as JSON for programs.
 *
 * The table comes row by row, as the figures do, and ends with the machine. The
 * JSON is an array of objects, one a row: name unit workers_count
 * messages_count median min max runs_count ok; then, where there is one, part,
 * axis and at, floor (in the unit) and seed; and machine and versions.
 */
#ifndef TROUPE_BENCH_REPORT_H
#define TROUPE_BENCH_REPORT_H

#include "bench/machine.h"
#include "bench/measurement.h"

#include <jansson.h>

struct bench_report {
    json_t *rows; /* NULL: a table */
    struct bench_machine_load before;
    const struct bench_plan *plan; /* borrowed */
    bool is_right;                 /* all figures so far are */
};

void bench_report_begin(
    struct bench_report *report, const struct bench_plan *plan, bool is_json);
void bench_report_add(
    struct bench_report *report, const struct bench_figure *figure);
void bench_report_end(struct bench_report *report);

#endif
