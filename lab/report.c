/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/report.h"

#include "cli/number.h"
#include "cli/table.h"
#include "lab/lab.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINE_WIDTH = 78,
    VALUE_SIZE = 48,
    PARAGRAPH_SIZE = 2048,
    TICKS_LEAST = 100, /* of all processors: a second of one */
};

static bool
is_text(const struct lab_report *report)
{
    return report->form == LAB_TEXT;
}

const char *
lab_verdict_name(enum lab_verdict verdict)
{
    static const char *const names[] = {
        "not shown", "holds", "holds partly", "does not hold"};

    return names[verdict];
}

uint64_t
lab_size(const struct lab_report *report, uint64_t full, uint64_t quick)
{
    return report->form == LAB_CHECK ? quick : full;
}

bool
lab_is_fixed(const struct lab_report *report)
{
    return !report->is_swapped;
}

/* ---- figures ------------------------------------------------------------- */

static const char *
format_value(char text[VALUE_SIZE], double value)
{
    char digits[CLI_NUMBER_SIZE];

    if (value >= 100) {
        snprintf(text, VALUE_SIZE, "%s",
            cli_number_format(digits, (uint64_t)(value + 0.5)));
    } else if (value == (double)(uint64_t)value) {
        snprintf(text, VALUE_SIZE, "%.0f", value);
    } else {
        snprintf(text, VALUE_SIZE, "%.*f", value >= 10 ? 1 : 2, value);
    }
    return text;
}

/* The place of a text among those of the same kind so far, which it joins. */
static size_t
place_of(const char **texts, size_t *count, const char *text)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(texts[i], text) == 0) {
            return i;
        }
    }
    texts[*count] = text;
    return (*count)++;
}

static void
fill_table(struct cli_table *table, const struct lab_figure *figures,
    size_t count, const char **rows, const char **columns)
{
    size_t rows_count = 0;
    size_t columns_count = 0;
    char value[VALUE_SIZE];

    for (size_t i = 0; i < count; i++) {
        size_t row = 1 + place_of(rows, &rows_count, figures[i].what);
        size_t column = 1 + place_of(columns, &columns_count, figures[i].who);

        if (figures[i].unit[0] == '\0') {
            cli_table_set(table, row, 0, "%s", figures[i].what);
        } else {
            cli_table_set(
                table, row, 0, "%s, %s", figures[i].what, figures[i].unit);
        }
        cli_table_set(table, 0, column, "%s", figures[i].who);
        cli_table_set(
            table, row, column, "%s", format_value(value, figures[i].value));
    }
}

/* What has been given since the last table. */
static void
print_figures(struct lab_report *report)
{
    const struct lab_figure *figures = report->figures + report->printed_count;
    size_t count = report->figures_count - report->printed_count;
    const char *rows[LAB_FIGURES_MAX];
    const char *columns[LAB_FIGURES_MAX];
    size_t rows_count = 0;
    size_t columns_count = 0;
    struct cli_table table;

    report->printed_count = report->figures_count;
    if (!is_text(report) || count == 0) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        (void)place_of(rows, &rows_count, figures[i].what);
        (void)place_of(columns, &columns_count, figures[i].who);
    }
    if (cli_table_init(&table, rows_count + 1, columns_count + 1)) {
        fill_table(&table, figures, count, rows, columns);
        cli_table_print(
            &table, report->stream, cli_table_width_of(report->stream));
        fputc('\n', report->stream);
        cli_table_fini(&table);
    }
}

void
lab_measured(struct lab_report *report, const char *who, const char *what,
    const char *unit, double value)
{
    struct lab_figure *figure;

    if (report->figures_count == LAB_FIGURES_MAX) {
        abort();
    }
    figure = &report->figures[report->figures_count++];
    snprintf(figure->who, sizeof(figure->who), "%s", who);
    snprintf(figure->what, sizeof(figure->what), "%s", what);
    figure->unit = unit;
    figure->value = value;
}

/* ---- sentences ----------------------------------------------------------- */

static size_t
width_of(const char *word, size_t length)
{
    size_t width = 0;

    for (size_t i = 0; i < length; i++) {
        width += (word[i] & 0xc0) != 0x80;
    }
    return width;
}

static void
print_wrapped(FILE *stream, const char *text)
{
    size_t column = 0;

    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        size_t width = width_of(text, length);

        if (column > 0 && column + 1 + width > LINE_WIDTH) {
            fputc('\n', stream);
            column = 0;
        }
        fprintf(stream, "%s%.*s", column > 0 ? " " : "", (int)length, text);
        column += width + (column > 0);
        text += length + (text[length] == ' ');
    }
    fputs("\n\n", stream);
}

void
lab_say(struct lab_report *report, const char *format, ...)
{
    char text[PARAGRAPH_SIZE];
    va_list arguments;

    print_figures(report);
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (is_text(report)) {
        print_wrapped(report->stream, text);
        fflush(report->stream);
    }
}

void
lab_show(struct lab_report *report, const char *lines)
{
    print_figures(report);
    if (!is_text(report)) {
        return;
    }
    while (*lines != '\0') {
        size_t length = strcspn(lines, "\n");

        fprintf(report->stream, "%s%.*s\n", length > 0 ? "    " : "",
            (int)length, lines);
        lines += length + (lines[length] == '\n');
    }
    fputc('\n', report->stream);
}

/* ---- what must hold ------------------------------------------------------ */

static void
expect(struct lab_report *report, bool holds, const char *what,
    const char *expected, const char *observed)
{
    report->outcome->checks_count++;
    report->outcome->failed_count += !holds;
    if (report->form == LAB_CHECK) {
        fprintf(report->stream, "%s %s: %s: expected %s, observed %s\n",
            holds ? "ok" : "FAILED", report->lab->name, what, expected,
            observed);
    } else if (report->form == LAB_JSON) {
        json_t *row = json_pack("{s:s, s:s, s:s, s:b}", "what", what,
            "expected", expected, "observed", observed, "holds", holds);

        json_array_append_new(json_object_get(report->json, "checks"), row);
    } else if (is_text(report) && !holds) {
        print_figures(report);
        fprintf(report->stream, "FAILED: %s: expected %s, observed %s\n\n",
            what, expected, observed);
    }
}

static void
expect_number(struct lab_report *report, bool holds, const char *what,
    const char *relation, uint64_t expected, uint64_t observed)
{
    char digits[CLI_NUMBER_SIZE];
    char wanted[VALUE_SIZE];
    char seen[CLI_NUMBER_SIZE];

    snprintf(wanted, sizeof(wanted), "%s%s", relation,
        cli_number_format(digits, expected));
    expect(report, holds, what, wanted, cli_number_format(seen, observed));
}

void
lab_expect_equal(struct lab_report *report, const char *what, uint64_t expected,
    uint64_t observed)
{
    expect_number(report, expected == observed, what, "", expected, observed);
}

void
lab_expect_at_least(struct lab_report *report, const char *what, uint64_t least,
    uint64_t observed)
{
    expect_number(
        report, observed >= least, what, "at least ", least, observed);
}

void
lab_expect_at_most(struct lab_report *report, const char *what, uint64_t most,
    uint64_t observed)
{
    expect_number(report, observed <= most, what, "at most ", most, observed);
}

void
lab_expect_text(struct lab_report *report, const char *what,
    const char *expected, const char *observed)
{
    expect(report, strcmp(expected, observed) == 0, what, expected, observed);
}

/* ---- beginning and end --------------------------------------------------- */

void
lab_report_begin(struct lab_report *report)
{
    report->load = bench_machine_load_now();
    if (is_text(report)) {
        fprintf(report->stream, "%s\n", report->lab->name);
        for (size_t i = 0; i < strlen(report->lab->name); i++) {
            fputc('=', report->stream);
        }
        fputs("\n", report->stream);
        lab_say(report, "The claim: %s", report->lab->claim);
    } else if (report->form == LAB_JSON) {
        report->json =
            json_pack("{s:s, s:s, s:[], s:[]}", "name", report->lab->name,
                "claim", report->lab->claim, "measured", "checks");
        if (report->json == NULL) {
            abort();
        }
    }
}

void
lab_conclude(struct lab_report *report, enum lab_verdict verdict,
    const char *format, ...)
{
    va_list arguments;

    report->outcome->verdict = verdict;
    va_start(arguments, format);
    vsnprintf(report->outcome->reason, LAB_REASON_SIZE, format, arguments);
    va_end(arguments);
}

/* Whether it took long enough, in ticks, to tell what others had of it. */
static bool
has_taken_long(const struct lab_report *report)
{
    return bench_machine_load_now().all_ticks - report->load.all_ticks >=
           TICKS_LEAST;
}

static void
print_machine(const struct lab_report *report)
{
    char name[BENCH_MACHINE_TEXT_SIZE];
    char text[BENCH_MACHINE_TEXT_SIZE + 96];
    int length =
        snprintf(text, sizeof(text), "On %s.", bench_machine_name(name));

    if (has_taken_long(report)) {
        snprintf(text + length, sizeof(text) - (size_t)length,
            " Others had %.0f %% of its processors meanwhile.",
            100 * bench_machine_others_since(&report->load));
    }
    print_wrapped(report->stream, text);
}

static void
print_json(struct lab_report *report)
{
    json_t *measured = json_object_get(report->json, "measured");
    char machine[BENCH_MACHINE_TEXT_SIZE];

    for (size_t i = 0; i < report->figures_count; i++) {
        const struct lab_figure *figure = &report->figures[i];

        json_array_append_new(measured,
            json_pack("{s:s, s:s, s:s, s:f}", "what", figure->what, "who",
                figure->who, "unit", figure->unit, "value", figure->value));
    }
    json_object_set_new(report->json, "verdict",
        json_string(lab_verdict_name(report->outcome->verdict)));
    json_object_set_new(
        report->json, "reason", json_string(report->outcome->reason));
    json_object_set_new(
        report->json, "machine", json_string(bench_machine_name(machine)));
    if (has_taken_long(report)) {
        json_object_set_new(report->json, "others_share",
            json_real(bench_machine_others_since(&report->load)));
    }
    json_dumpf(report->json, report->stream,
        JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
    fputc('\n', report->stream);
    json_decref(report->json);
}

void
lab_report_end(struct lab_report *report)
{
    const struct lab_outcome *outcome = report->outcome;

    print_figures(report);
    if (report->form == LAB_JSON) {
        print_json(report);
    } else if (is_text(report)) {
        char text[LAB_REASON_SIZE + 32];

        snprintf(text, sizeof(text), "Verdict: %s. %s",
            lab_verdict_name(outcome->verdict), outcome->reason);
        print_wrapped(report->stream, text);
        print_machine(report);
    } else if (report->form == LAB_CHECK && outcome->verdict == LAB_NOT_SHOWN) {
        fprintf(report->stream, "not shown: %s\n", outcome->reason);
    }
    fflush(report->stream);
    report->outcome->is_over = true;
}
