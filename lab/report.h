/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report: what a lab tells, and how it is printed.
 *
 * A lab says sentences, shows drawings, gives figures, expects what must hold,
 * and ends with a verdict on its claim. What of that is printed depends on who
 * asks:
 *
 *     TEXT     all of it, figures as tables: for people
 *     CHECK    a line an expectation: for tests; the sizes are small
 *     JSON     one object, at the end
 *     SILENT   nothing: for the table of all verdicts
 *
 * Figures are worth as much as the machine was quiet: the text ends with which
 * machine it was, and how much of it others had meanwhile.
 *
 * The figures given since the last sentence are one table: a row for each thing
 * that was measured, a column for each version it was measured of.
 *
 * One thread.
 */
#ifndef TROUPE_LAB_REPORT_H
#define TROUPE_LAB_REPORT_H

#include "bench/machine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct lab;

enum lab_form { LAB_TEXT, LAB_CHECK, LAB_JSON, LAB_SILENT };

enum lab_verdict {
    LAB_NOT_SHOWN,
    LAB_HOLDS,
    LAB_PARTLY,
    LAB_DOES_NOT_HOLD,
};

enum { LAB_REASON_SIZE = 256, LAB_FIGURES_MAX = 128, LAB_TEXT_SIZE = 64 };

struct lab_figure {
    char what[LAB_TEXT_SIZE];
    char who[LAB_TEXT_SIZE];
    const char *unit; /* a literal */
    double value;
};

/* What came of it; in memory that the process that waits for it shares. */
struct lab_outcome {
    bool is_over;
    enum lab_verdict verdict;
    char reason[LAB_REASON_SIZE];
    unsigned checks_count;
    unsigned failed_count;
};

struct lab_report {
    const struct lab *lab;
    enum lab_form form;
    bool is_swapped;
    FILE *stream;
    struct bench_machine_load load; /* when it began */
    struct lab_outcome *outcome;
    struct lab_figure figures[LAB_FIGURES_MAX];
    size_t figures_count;
    size_t printed_count; /* of figures */
    void *json;           /* json_t; JSON only */
};

void lab_report_begin(struct lab_report *report);
void lab_report_end(struct lab_report *report);

/* The words of a verdict: "holds" and so on. */
const char *lab_verdict_name(enum lab_verdict verdict);

/* ---- for labs ------------------------------------------------------------ */

/* How much of something: full for people, quick for a check. */
uint64_t lab_size(
    const struct lab_report *report, uint64_t full, uint64_t quick);

/* Whether the fixed version is to be run where this is asked; false: the broken
 * one in its stead (--swapped). */
bool lab_is_fixed(const struct lab_report *report);

/* A paragraph; it is wrapped. */
void lab_say(struct lab_report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Lines as they are, indented; without the last newline or with it. */
void lab_show(struct lab_report *report, const char *lines);

/* A figure of a version: lab_measured(report, "threads", "memory each", "KiB",
 * 8.2). */
void lab_measured(struct lab_report *report, const char *who, const char *what,
    const char *unit, double value);

/* What must hold, on any machine. */
void lab_expect_equal(struct lab_report *report, const char *what,
    uint64_t expected, uint64_t observed);
void lab_expect_at_least(struct lab_report *report, const char *what,
    uint64_t least, uint64_t observed);
void lab_expect_at_most(struct lab_report *report, const char *what,
    uint64_t most, uint64_t observed);
void lab_expect_text(struct lab_report *report, const char *what,
    const char *expected, const char *observed);

/* The last word, in a sentence that says why. Once. */
void lab_conclude(struct lab_report *report, enum lab_verdict verdict,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
