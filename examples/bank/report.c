/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/report.h"

#include "cli/number.h"
#include "cli/table.h"
#include "examples/bank/spread.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* What is told of a trial besides its shown pass. */
struct figures {
    struct bank_spread seconds;
    double transactions_per_second;
    uint64_t voluntary_switches_count;
    uint64_t involuntary_switches_count;
    uint64_t worst_lost_count;
};

enum column {
    VARIANT,
    TRANSACTIONS,
    DECLINED,
    EXPECTED_TOTAL,
    OBSERVED_TOTAL,
    UPDATES_LOST,
    WORST_PASS,
    WRONG_ACCOUNTS,
    SECONDS,
    MIDDLE_HALF,
    RATE,
    VOLUNTARY_SWITCHES,
    INVOLUNTARY_SWITCHES,
    PEAK_RSS,
    COLUMNS_COUNT
};

static const char *const headings[COLUMNS_COUNT] = {
    [VARIANT] = "variant",
    [TRANSACTIONS] = "transactions",
    [DECLINED] = "declined",
    [EXPECTED_TOTAL] = "expected total",
    [OBSERVED_TOTAL] = "observed total",
    [UPDATES_LOST] = "updates lost",
    [WORST_PASS] = "worst pass",
    [WRONG_ACCOUNTS] = "wrong accounts",
    [SECONDS] = "seconds",
    [MIDDLE_HALF] = "middle half",
    [RATE] = "transactions/s",
    [VOLUNTARY_SWITCHES] = "vol. switches",
    [INVOLUNTARY_SWITCHES] = "invol. switches",
    [PEAK_RSS] = "peak RSS MiB",
};

static double
seconds_of(const struct bank_pass *pass)
{
    return pass->seconds;
}

static double
voluntary_of(const struct bank_pass *pass)
{
    return (double)pass->voluntary_switches_count;
}

static double
involuntary_of(const struct bank_pass *pass)
{
    return (double)pass->involuntary_switches_count;
}

/* numbers: room for one of each pass. */
static struct bank_spread
spread_of(const struct bank_trial *trial,
    double (*figure)(const struct bank_pass *pass), double *numbers)
{
    for (size_t i = 0; i < trial->passes_count; i++) {
        numbers[i] = figure(&trial->passes[i]);
    }
    return bank_spread_of(numbers, trial->passes_count);
}

static bool
summarise(const struct bank_trial *trial, struct figures *figures)
{
    double *numbers = malloc(trial->passes_count * sizeof(*numbers));

    if (numbers == NULL) {
        return false;
    }
    figures->seconds = spread_of(trial, seconds_of, numbers);
    figures->transactions_per_second =
        (double)trial->transactions_count / figures->seconds.median;
    figures->voluntary_switches_count =
        (uint64_t)spread_of(trial, voluntary_of, numbers).median;
    figures->involuntary_switches_count =
        (uint64_t)spread_of(trial, involuntary_of, numbers).median;
    figures->worst_lost_count = 0;
    for (size_t i = 0; i < trial->passes_count; i++) {
        uint64_t lost = trial->passes[i].updates_lost_count;

        if (lost > figures->worst_lost_count) {
            figures->worst_lost_count = lost;
        }
    }
    free(numbers);
    return true;
}

static void
set_count(struct cli_table *table, size_t row, size_t column, uint64_t count)
{
    char text[CLI_NUMBER_SIZE];

    cli_table_set(table, row, column, "%s", cli_number_format(text, count));
}

static void
set_row(struct cli_table *table, size_t row, const struct bank_trial *trial,
    const struct figures *figures)
{
    const struct bank_pass *shown = &trial->passes[trial->shown];
    char text[BANK_MONEY_TEXT_SIZE];

    cli_table_set(table, row, VARIANT, "%s", trial->variant->name);
    set_count(table, row, TRANSACTIONS, trial->transactions_count);
    set_count(table, row, DECLINED, shown->declined_count);
    cli_table_set(table, row, EXPECTED_TOTAL, "%s",
        bank_money_format(text, shown->expected_total));
    cli_table_set(table, row, OBSERVED_TOTAL, "%s",
        bank_money_format(text, shown->observed_total));
    set_count(table, row, UPDATES_LOST, trial->updates_lost_count);
    set_count(table, row, WORST_PASS, figures->worst_lost_count);
    set_count(table, row, WRONG_ACCOUNTS, shown->wrong_accounts_count);
    cli_table_set(table, row, SECONDS, "%.3g", figures->seconds.median);
    cli_table_set(table, row, MIDDLE_HALF, "%.3g-%.3g",
        figures->seconds.lower_quartile, figures->seconds.upper_quartile);
    set_count(table, row, RATE, (uint64_t)figures->transactions_per_second);
    set_count(
        table, row, VOLUNTARY_SWITCHES, figures->voluntary_switches_count);
    set_count(
        table, row, INVOLUNTARY_SWITCHES, figures->involuntary_switches_count);
    cli_table_set(table, row, PEAK_RSS, "%.1f",
        (double)trial->peak_rss_bytes / (1 << 20));
}

/* One clause about a trial: what became of the balances. */
static void
print_finding(const struct bank_trial *trial, FILE *stream)
{
    const struct bank_pass *shown = &trial->passes[trial->shown];
    char lost[CLI_NUMBER_SIZE];
    char applied[CLI_NUMBER_SIZE];
    char passes[CLI_NUMBER_SIZE];

    cli_number_format(passes, trial->passes_count);
    fprintf(stream, "%s ", trial->variant->name);
    if (trial->updates_lost_count > 0) {
        fprintf(stream, "lost %s of %s updates",
            cli_number_format(lost, trial->updates_lost_count),
            cli_number_format(applied, trial->updates_applied_count));
    } else if (!trial->is_exact) {
        fprintf(stream, "left %s accounts wrong",
            cli_number_format(lost, shown->wrong_accounts_count));
    } else if (trial->variant->is_safe) {
        fputs("was exact", stream);
    } else {
        fputs("happened to lose nothing", stream);
    }
    fprintf(
        stream, " in %s pass%s", passes, trial->passes_count == 1 ? "" : "es");
}

static size_t
find_trial(
    const struct bank_trial *trials, size_t trials_count, const char *name)
{
    size_t i = 0;

    while (i < trials_count && strcmp(trials[i].variant->name, name) != 0) {
        i++;
    }
    return i;
}

/* How fast actors are beside the variants with locks, as far as they took
 * part. */
static void
print_ratios(const struct bank_trial *trials, const struct figures *figures,
    size_t trials_count, FILE *stream)
{
    static const char *const names[] = {"mutex", "locks"};
    size_t actors = find_trial(trials, trials_count, "actors");
    const char *format = "; actors ran at %.2f times the rate of %s";

    for (size_t i = 0; actors < trials_count && i < 2; i++) {
        size_t other = find_trial(trials, trials_count, names[i]);

        if (other < trials_count) {
            fprintf(stream, format,
                figures[actors].transactions_per_second /
                    figures[other].transactions_per_second,
                names[i]);
            format = " and %.2f times that of %s";
        }
    }
}

static void
print_verdict(const struct bank_trial *trials, const struct figures *figures,
    size_t trials_count, FILE *stream)
{
    char threads[CLI_NUMBER_SIZE];

    fprintf(stream, "With %s thread%s ",
        cli_number_format(threads, trials[0].threads_count),
        trials[0].threads_count == 1 ? "" : "s");
    for (size_t i = 0; i < trials_count; i++) {
        fputs(i == 0 ? "" : i + 1 < trials_count ? ", " : " and ", stream);
        print_finding(&trials[i], stream);
    }
    print_ratios(trials, figures, trials_count, stream);
    fputs(".\n", stream);
}

static bool
print_table(const struct bank_trial *trials, const struct figures *figures,
    size_t trials_count, FILE *stream, size_t width)
{
    struct cli_table table;

    if (!cli_table_init(&table, trials_count + 1, COLUMNS_COUNT)) {
        return false;
    }
    for (size_t i = 0; i < COLUMNS_COUNT; i++) {
        cli_table_set(&table, 0, i, "%s", headings[i]);
    }
    for (size_t i = 0; i < trials_count; i++) {
        set_row(&table, i + 1, &trials[i], &figures[i]);
    }
    cli_table_print(&table, stream, width);
    cli_table_fini(&table);
    return true;
}

static struct figures *
summarise_all(const struct bank_trial *trials, size_t trials_count)
{
    struct figures *figures = calloc(trials_count, sizeof(*figures));

    for (size_t i = 0; figures != NULL && i < trials_count; i++) {
        if (!summarise(&trials[i], &figures[i])) {
            free(figures);
            return NULL;
        }
    }
    return figures;
}

bool
bank_report_table(const struct bank_trial *trials, size_t trials_count,
    FILE *stream, size_t width)
{
    struct figures *figures = summarise_all(trials, trials_count);
    bool is_done = figures != NULL &&
                   print_table(trials, figures, trials_count, stream, width);

    if (is_done) {
        fputc('\n', stream);
        print_verdict(trials, figures, trials_count, stream);
    }
    free(figures);
    return is_done;
}

static json_t *
total_json(bank_total cents)
{
    char text[BANK_MONEY_TEXT_SIZE];

    if (cents >= INT64_MIN && cents <= INT64_MAX) {
        return json_integer((json_int_t)cents);
    }
    return json_string(bank_money_format_cents(text, cents));
}

static json_t *
trial_json(const struct bank_trial *trial, const struct figures *figures)
{
    const struct bank_pass *shown = &trial->passes[trial->shown];

    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:I, s:I, s:f, s:f, "
                     "s:I, s:I, s:I}",
        "variant", trial->variant->name, "threads_count",
        (json_int_t)trial->threads_count, "runs_count",
        (json_int_t)trial->passes_count, "transactions_count",
        (json_int_t)trial->transactions_count, "declined_count",
        (json_int_t)shown->declined_count, "expected_total_cents",
        total_json(shown->expected_total), "observed_total_cents",
        total_json(shown->observed_total), "updates_lost_count",
        (json_int_t)trial->updates_lost_count, "wrong_accounts_count",
        (json_int_t)shown->wrong_accounts_count, "seconds",
        figures->seconds.median, "transactions_per_second",
        figures->transactions_per_second, "voluntary_switches_count",
        (json_int_t)figures->voluntary_switches_count,
        "involuntary_switches_count",
        (json_int_t)figures->involuntary_switches_count, "peak_rss_bytes",
        (json_int_t)trial->peak_rss_bytes);
}

bool
bank_report_json(
    const struct bank_trial *trials, size_t trials_count, FILE *stream)
{
    struct figures *figures = summarise_all(trials, trials_count);
    json_t *array = json_array();
    bool is_done = figures != NULL && array != NULL;

    for (size_t i = 0; is_done && i < trials_count; i++) {
        is_done = json_array_append_new(
                      array, trial_json(&trials[i], &figures[i])) == 0;
    }
    is_done = is_done && json_dumpf(array, stream,
                             JSON_INDENT(2) | JSON_REAL_PRECISION(9)) == 0;
    fputs(is_done ? "\n" : "", stream);
    json_decref(array);
    free(figures);
    return is_done;
}
