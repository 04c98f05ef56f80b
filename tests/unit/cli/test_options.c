/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/options.h"

#include <stdlib.h>
#include <string.h>

enum { ARGUMENTS_MAX = 12 };

struct race_options {
    int64_t threads_count;
    int64_t skew_millionths;
    const char *ledger;
    bool is_json;
};

/* What the command last ran with. */
static struct {
    int runs_count;
    struct race_options options;
    char operands[64];
} seen;

static int
run_race(const void *options, char *const *operands, size_t operands_count)
{
    seen.runs_count++;
    seen.options = *(const struct race_options *)options;
    seen.operands[0] = '\0';
    for (size_t i = 0; i < operands_count; i++) {
        strcat(strcat(seen.operands, operands[i]), ";");
    }
    return 7;
}

static const struct race_options race_defaults = {.threads_count = 2};

static const struct cli_option race_options[] = {
    CLI_INTEGER(
        struct race_options, threads_count, "threads", "N", 1, 16, "how many"),
    CLI_DECIMAL(struct race_options, skew_millionths, "skew", "Z", 0,
        10 * CLI_MILLION, "how uneven"),
    CLI_TEXT(struct race_options, ledger, "ledger", "FILE", "which\nledger"),
    CLI_FLAG(struct race_options, is_json, "json", "print JSON"),
};

static const struct cli_command commands[] = {
    {.name = "race",
        .summary = "Run a race",
        .example = "bank race --threads 4 -",
        .options = race_options,
        .options_count = 4,
        .defaults = &race_defaults,
        .defaults_size = sizeof(race_defaults),
        .operands_usage = "NAME...",
        .operands_min = 0,
        .operands_max = 2,
        .run = run_race},
    {.name = "walk",
        .summary = "Take a walk",
        .example = "bank walk home",
        .operands_usage = "PLACE",
        .operands_min = 1,
        .operands_max = 1},
};

static const struct cli_program bank = {"bank", "A bank", commands, 2};

/* What one command line came to. */
struct outcome {
    int status;
    char *out;
    char *err;
};

static struct outcome
run(const char *line)
{
    char *copy = strdup(line);
    char *argv[ARGUMENTS_MAX + 1] = {0};
    int argc = 0;
    struct outcome outcome;
    size_t size;
    FILE *out = open_memstream(&outcome.out, &size);
    FILE *err = open_memstream(&outcome.err, &size);

    for (char *word = strtok(copy, " "); word != NULL;
         word = strtok(NULL, " ")) {
        argv[argc++] = word;
    }
    memset(&seen, 0, sizeof(seen));
    outcome.status = cli_main_on(&bank, argc, argv, out, err);
    if (seen.options.ledger != NULL) {
        assert_string_equal(seen.options.ledger, "a.csv");
    }
    fclose(out);
    fclose(err);
    free(copy);
    return outcome;
}

static void
forget(struct outcome *outcome)
{
    free(outcome->out);
    free(outcome->err);
}

/* The command runs and nothing is printed. */
static void
expect_run(const char *line)
{
    struct outcome outcome = run(line);

    assert_string_equal(outcome.err, "");
    assert_string_equal(outcome.out, "");
    assert_int_equal(outcome.status, 7);
    assert_int_equal(seen.runs_count, 1);
    forget(&outcome);
}

/* The command does not run, and stderr says so. */
static void
expect_refusal(const char *line, const char *sentence)
{
    struct outcome outcome = run(line);

    assert_non_null(strstr(outcome.err, sentence));
    assert_non_null(strstr(outcome.err, "--help"));
    assert_string_equal(outcome.out, "");
    assert_int_equal(outcome.status, CLI_EXIT_USAGE);
    assert_int_equal(seen.runs_count, 0);
    forget(&outcome);
}

static void
without_options_the_defaults_hold(void **state)
{
    (void)state;
    expect_run("bank race");
    assert_int_equal(seen.options.threads_count, 2);
    assert_false(seen.options.is_json);
    assert_null(seen.options.ledger);
}

static void
a_value_follows_its_option_or_an_equals_sign(void **state)
{
    (void)state;
    expect_run("bank race --threads 4 --skew=0.5 --ledger=a.csv --json");
    assert_int_equal(seen.options.threads_count, 4);
    assert_int_equal(seen.options.skew_millionths, 500000);
    assert_non_null(seen.options.ledger);
    assert_true(seen.options.is_json);
}

static void
the_last_of_several_wins(void **state)
{
    (void)state;
    expect_run("bank race --threads 4 --threads=5");
    assert_int_equal(seen.options.threads_count, 5);
}

static void
a_dash_and_negative_numbers_are_operands(void **state)
{
    (void)state;
    expect_run("bank race - --json -5");
    assert_string_equal(seen.operands, "-;-5;");
    assert_true(seen.options.is_json);
}

static void
behind_two_dashes_everything_is_an_operand(void **state)
{
    (void)state;
    expect_run("bank race -- --json --");
    assert_string_equal(seen.operands, "--json;--;");
    assert_false(seen.options.is_json);
}

static void
an_unknown_option_names_the_nearest(void **state)
{
    (void)state;
    expect_refusal(
        "bank race --thread 4", "--thread; the nearest is --threads");
    expect_refusal("bank race --jsn=1", "--jsn; the nearest is --json");
    expect_refusal("bank race -x", "unknown option -x");
    expect_refusal("bank --hlep", "--hlep; the nearest is --help");
    expect_refusal("bank race --versoin", "the nearest is --version");
}

static void
an_unknown_command_names_the_nearest(void **state)
{
    (void)state;
    expect_refusal("bank rcae", "unknown command rcae; the nearest is race");
    expect_refusal("bank -- race", "unknown command --");
    expect_refusal("bank", "no command is given");
}

static void
a_value_out_of_range_is_named_with_what_is_allowed(void **state)
{
    (void)state;
    expect_refusal("bank race --threads 0",
        "--threads: \"0\" is not allowed; it takes a "
        "whole number from 1 to 16");
    expect_refusal("bank race --threads=17", "\"17\" is not allowed");
    expect_refusal("bank race --threads four", "\"four\" is not allowed");
    expect_refusal("bank race --skew 11",
        "--skew: \"11\" is not allowed; it takes a number from 0 to 10");
    expect_refusal("bank race --json=yes", "it takes no value");
}

static void
a_missing_value_is_asked_for(void **state)
{
    (void)state;
    expect_refusal("bank race --threads", "--threads needs a value");
}

static void
operands_too_many_or_too_few_are_refused(void **state)
{
    (void)state;
    expect_refusal("bank race a b c", "\"c\" is one argument too many");
    expect_refusal("bank walk", "something is missing: bank walk PLACE");
}

static void
help_goes_to_stdout_with_every_option_and_an_example(void **state)
{
    struct outcome outcome = run("bank race --threads 4 --help");

    (void)state;
    assert_int_equal(outcome.status, 0);
    assert_int_equal(seen.runs_count, 0);
    assert_string_equal(outcome.err, "");
    assert_non_null(strstr(outcome.out, "Usage: bank race [OPTIONS] NAME..."));
    assert_non_null(
        strstr(outcome.out, "  --threads N             how many\n"));
    assert_non_null(
        strstr(outcome.out, "which\n                          led"));
    assert_non_null(strstr(outcome.out, "--version"));
    assert_non_null(strstr(outcome.out, "Example:\n  bank race --threads 4 -"));
    forget(&outcome);
}

static void
help_of_the_program_lists_its_commands(void **state)
{
    struct outcome outcome = run("bank --help");

    (void)state;
    assert_int_equal(outcome.status, 0);
    assert_non_null(
        strstr(outcome.out, "  race                    Run a race"));
    assert_non_null(strstr(outcome.out, "walk"));
    assert_non_null(strstr(outcome.out, "Example:"));
    forget(&outcome);
}

static void
the_version_is_one_line_on_stdout(void **state)
{
    struct outcome outcome = run("bank --version");
    struct outcome of_command = run("bank race --version");

    (void)state;
    assert_int_equal(outcome.status, 0);
    assert_memory_equal(outcome.out, "bank ", 5);
    assert_ptr_equal(
        strchr(outcome.out, '\n'), outcome.out + strlen(outcome.out) - 1);
    assert_string_equal(of_command.out, outcome.out);
    forget(&outcome);
    forget(&of_command);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_options_the_defaults_hold),
        cmocka_unit_test(a_value_follows_its_option_or_an_equals_sign),
        cmocka_unit_test(the_last_of_several_wins),
        cmocka_unit_test(a_dash_and_negative_numbers_are_operands),
        cmocka_unit_test(behind_two_dashes_everything_is_an_operand),
        cmocka_unit_test(an_unknown_option_names_the_nearest),
        cmocka_unit_test(an_unknown_command_names_the_nearest),
        cmocka_unit_test(a_value_out_of_range_is_named_with_what_is_allowed),
        cmocka_unit_test(a_missing_value_is_asked_for),
        cmocka_unit_test(operands_too_many_or_too_few_are_refused),
        cmocka_unit_test(help_goes_to_stdout_with_every_option_and_an_example),
        cmocka_unit_test(help_of_the_program_lists_its_commands),
        cmocka_unit_test(the_version_is_one_line_on_stdout),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
