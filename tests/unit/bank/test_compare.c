/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: the exit status of a comparison says whether every promise was kept.
 *
 * Method: this program has variants of its own, which the linker takes instead
 * of the real ones: two that leave right and wrong balances and promise to be
 * exact, one that leaves wrong ones and promises nothing, and one that crashes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/bank/compare.h"
#include "examples/bank/variant.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/troupe-compare-XXXXXX";
static char ledger_path[64];
static char balances_path[64];

static void *
create(const struct bank_job *job)
{
    return (void *)(uintptr_t)job->ledger;
}

static void
apply(void *bank)
{
    (void)bank;
}

static void
crash(void *bank)
{
    (void)bank;
    abort();
}

static void
collect_right(void *bank, struct bank_outcome *outcome)
{
    const struct bank_ledger *ledger = bank;

    outcome->updates_count = ledger->transactions_count;
    for (size_t i = 0; i < ledger->accounts.count; i++) {
        outcome->cents[i] = ledger->closing_cents[i];
    }
}

static void
collect_wrong(void *bank, struct bank_outcome *outcome)
{
    collect_right(bank, outcome);
    outcome->cents[0]++;
}

static void
destroy(void *bank)
{
    (void)bank;
}

static const struct bank_variant right = {
    "right", true, create, apply, collect_right, destroy};
static const struct bank_variant wrong = {
    "wrong", true, create, apply, collect_wrong, destroy};
static const struct bank_variant careless = {
    "careless", false, create, apply, collect_wrong, destroy};
static const struct bank_variant crashing = {
    "crashing", true, create, crash, collect_right, destroy};

const struct bank_variant *const bank_variants[] = {
    &right, &careless, &wrong, &crashing, NULL};

static void
write_file(const char *path, const char *text)
{
    FILE *stream = fopen(path, "w");

    assert_non_null(stream);
    fputs(text, stream);
    fclose(stream);
}

static int
make_folder(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(ledger_path, sizeof(ledger_path), "%s/ledger", folder);
    snprintf(balances_path, sizeof(balances_path), "%s/balances", folder);
    write_file(ledger_path, "id,kind,account,to,amount\n"
                            "1,open,a,,5\n2,deposit,a,,1\n");
    return 0;
}

static int
remove_folder(void **state)
{
    (void)state;
    unlink(ledger_path);
    unlink(balances_path);
    return rmdir(folder);
}

/* The exit status of a comparison, whose table is not looked at. */
static int
compare(const char *variants, const char *ledger)
{
    struct bank_compare_options options = {.ledger = ledger,
        .variants = variants,
        .balances = balances_path,
        .runs_count = 2};
    int nowhere = open("/dev/null", O_WRONLY);
    int kept = dup(STDOUT_FILENO);
    int status;

    fflush(stdout);
    dup2(nowhere, STDOUT_FILENO);
    status = bank_compare(&options, NULL, 0);
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    close(nowhere);
    return status;
}

static void
it_is_0_if_every_safe_variant_was_exact(void **state)
{
    (void)state;
    assert_int_equal(compare("right", ledger_path), BANK_EXIT_EXACT);
    assert_int_equal(compare("right,careless", ledger_path), BANK_EXIT_EXACT);
}

static void
it_is_1_if_a_safe_variant_was_not_exact(void **state)
{
    (void)state;
    assert_int_equal(
        compare("right,wrong,right", ledger_path), BANK_EXIT_INEXACT);
}

static void
it_is_1_if_a_variant_could_not_finish(void **state)
{
    (void)state;
    assert_int_equal(compare("crashing", ledger_path), BANK_EXIT_INEXACT);
    assert_int_equal(compare(NULL, ledger_path), BANK_EXIT_INEXACT);
}

static void
it_is_2_for_bad_usage_or_input(void **state)
{
    (void)state;
    assert_int_equal(compare("rihgt", ledger_path), BANK_EXIT_BAD_INPUT);
    assert_int_equal(compare("right,", ledger_path), BANK_EXIT_BAD_INPUT);
    assert_int_equal(compare("right", "/nowhere"), BANK_EXIT_BAD_INPUT);
    assert_int_equal(compare("right", "/dev/null"), BANK_EXIT_BAD_INPUT);
}

static void
balances_are_those_of_the_last_variant(void **state)
{
    char text[64] = "";
    FILE *stream;

    (void)state;
    assert_int_equal(compare("right,careless", ledger_path), BANK_EXIT_EXACT);
    stream = fopen(balances_path, "r");
    assert_non_null(stream);
    assert_true(fread(text, 1, sizeof(text) - 1, stream) > 0);
    fclose(stream);
    assert_string_equal(text, "account,balance\na,6.01\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_0_if_every_safe_variant_was_exact),
        cmocka_unit_test(it_is_1_if_a_safe_variant_was_not_exact),
        cmocka_unit_test(it_is_1_if_a_variant_could_not_finish),
        cmocka_unit_test(it_is_2_for_bad_usage_or_input),
        cmocka_unit_test(balances_are_those_of_the_last_variant),
    };
    return cmocka_run_group_tests_name(
        "compare", tests, make_folder, remove_folder);
}
