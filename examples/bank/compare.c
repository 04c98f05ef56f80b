/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/compare.h"

#include "cli/nearest.h"
#include "cli/number.h"
#include "cli/table.h"
#include "examples/bank/balances.h"
#include "examples/bank/ledger_file.h"
#include "examples/bank/report.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* More names than this in one list are surely a mistake. */
enum { TRIALS_MAX = 16 };

struct comparison {
    const struct bank_compare_options *options;
    const struct bank_variant *variants[TRIALS_MAX];
    size_t variants_count;
    struct bank_ledger ledger;
    double reading_seconds;
    FILE *balances; /* NULL: not wanted */
    struct bank_trial trials[TRIALS_MAX];
    size_t trials_count;
};

static size_t
default_threads_count(void)
{
    cpu_set_t cpus;
    int count = 0;

    if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0) {
        count = CPU_COUNT(&cpus);
    }
    return count < 2 ? 2 : (size_t)count;
}

static const struct bank_variant *
find_variant(const char *name, size_t length)
{
    for (size_t i = 0; bank_variants[i] != NULL; i++) {
        if (strlen(bank_variants[i]->name) == length &&
            memcmp(bank_variants[i]->name, name, length) == 0) {
            return bank_variants[i];
        }
    }
    return NULL;
}

static bool
refuse_variant(const char *name, int length)
{
    const char *names[TRIALS_MAX];
    size_t count = 0;
    char *typed;

    for (; bank_variants[count] != NULL; count++) {
        names[count] = bank_variants[count]->name;
    }
    if (asprintf(&typed, "%.*s", length, name) < 0) {
        return false;
    }
    fprintf(stderr,
        "troupe-bank: --variants: there is no variant \"%s\"; "
        "the nearest is %s\n",
        typed, cli_nearest(typed, names, count));
    free(typed);
    return false;
}

/* Fills variants from the list between commas, or with all of them. */
static bool
choose_variants(struct comparison *comparison)
{
    const char *name = comparison->options->variants;

    for (size_t i = 0; name == NULL && bank_variants[i] != NULL; i++) {
        comparison->variants[comparison->variants_count++] = bank_variants[i];
    }
    while (name != NULL) {
        size_t length = strcspn(name, ",");
        const struct bank_variant *variant = find_variant(name, length);

        if (variant == NULL) {
            return refuse_variant(name, (int)length);
        }
        if (comparison->variants_count == TRIALS_MAX) {
            fprintf(
                stderr, "troupe-bank: --variants: at most %d\n", TRIALS_MAX);
            return false;
        }
        comparison->variants[comparison->variants_count++] = variant;
        name = name[length] == ',' ? name + length + 1 : NULL;
    }
    return true;
}

static double
seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Everything that may be found wrong before anything is applied. */
static bool
prepare(struct comparison *comparison)
{
    const struct bank_compare_options *options = comparison->options;
    double begin = seconds_now();

    if (!choose_variants(comparison) ||
        !bank_ledger_load(&comparison->ledger, options->ledger)) {
        return false;
    }
    comparison->reading_seconds = seconds_now() - begin;
    if (options->balances == NULL) {
        return true;
    }
    comparison->balances = fopen(options->balances, "we");
    if (comparison->balances == NULL) {
        fprintf(stderr, "%s: cannot be written: %m\n", options->balances);
    }
    return comparison->balances != NULL;
}

static bool
run_trials(struct comparison *comparison)
{
    const struct bank_compare_options *options = comparison->options;
    struct bank_job job = {
        .ledger = &comparison->ledger,
        .threads_count = options->threads_count > 0
                             ? (size_t)options->threads_count
                             : default_threads_count(),
        .refuses_overdraft = options->no_overdraft,
    };

    for (size_t i = 0; i < comparison->variants_count; i++) {
        if (!bank_trial_run(&comparison->trials[i], comparison->variants[i],
                &job, (size_t)options->runs_count)) {
            return false;
        }
        comparison->trials_count++;
    }
    return true;
}

static void
print_heading(const struct comparison *comparison)
{
    const struct bank_ledger *ledger = &comparison->ledger;
    char transactions[CLI_NUMBER_SIZE];
    char accounts[CLI_NUMBER_SIZE];

    printf("%s transactions over %s accounts, read and checked in %.2f s "
           "(%.1f MiB, part of every peak RSS)\n\n",
        cli_number_format(transactions, ledger->transactions_count),
        cli_number_format(accounts, ledger->accounts.count),
        comparison->reading_seconds,
        (double)(ledger->transactions_count * sizeof(*ledger->transactions)) /
            (1 << 20));
}

static bool
report(const struct comparison *comparison)
{
    bool is_done;

    if (comparison->options->is_json) {
        is_done = bank_report_json(
            comparison->trials, comparison->trials_count, stdout);
    } else {
        print_heading(comparison);
        is_done = bank_report_table(comparison->trials,
            comparison->trials_count, stdout, cli_table_width_of(stdout));
    }
    if (!is_done) {
        fputs("troupe-bank: the report could not be made: out of memory or "
              "output closed\n",
            stderr);
    }
    return is_done;
}

static bool
write_balances(const struct comparison *comparison)
{
    const struct bank_trial *last =
        &comparison->trials[comparison->trials_count - 1];

    if (comparison->balances == NULL ||
        bank_balances_write(
            &comparison->ledger.accounts, last->cents, comparison->balances)) {
        return true;
    }
    fprintf(
        stderr, "%s: cannot be written: %m\n", comparison->options->balances);
    return false;
}

/* True: every variant that promises to be exact was. */
static bool
is_kept(const struct comparison *comparison)
{
    for (size_t i = 0; i < comparison->trials_count; i++) {
        const struct bank_trial *trial = &comparison->trials[i];

        if (trial->variant->is_safe && !trial->is_exact) {
            return false;
        }
    }
    return true;
}

static int
run(struct comparison *comparison)
{
    if (!prepare(comparison)) {
        return BANK_EXIT_BAD_INPUT;
    }
    if (!run_trials(comparison) || !report(comparison) ||
        !write_balances(comparison)) {
        return BANK_EXIT_INEXACT;
    }
    return is_kept(comparison) ? BANK_EXIT_EXACT : BANK_EXIT_INEXACT;
}

int
bank_compare(const void *options, char *const *operands, size_t operands_count)
{
    struct comparison comparison = {.options = options};
    int status;

    (void)operands;
    (void)operands_count;
    bank_ledger_init(&comparison.ledger);
    status = run(&comparison);
    for (size_t i = 0; i < comparison.trials_count; i++) {
        bank_trial_fini(&comparison.trials[i]);
    }
    if (comparison.balances != NULL) {
        fclose(comparison.balances);
    }
    bank_ledger_fini(&comparison.ledger);
    return status;
}
