/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/bank/trial.h"

#include <stdlib.h>

/* Made-up variants: what they leave is looked up by the number of the pass.
 * They count in the trial's own process, so every trial begins at none. */
static struct bank_ledger ledger;
static const struct bank_job job = {&ledger, 2, false};
static int created_count;

static int
open_ledger(void **state)
{
    struct bank_transaction deposit = {BANK_NOBODY, 0, 100};
    uint32_t overflowing;

    (void)state;
    bank_ledger_init(&ledger);
    assert_int_equal(bank_ledger_open(&ledger, "a", 1, 0), BANK_LEDGER_ADDED);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(bank_ledger_post(&ledger, &deposit, &overflowing),
            BANK_LEDGER_ADDED);
    }
    return 0;
}

static int
close_ledger(void **state)
{
    (void)state;
    bank_ledger_fini(&ledger);
    return 0;
}

static void *
create(const struct bank_job *created_job)
{
    (void)created_job;
    created_count++;
    return &created_count;
}

static void *
create_nothing(const struct bank_job *created_job)
{
    (void)created_job;
    return NULL;
}

static void
apply_nothing(void *bank)
{
    (void)bank;
}

static void
apply_and_crash(void *bank)
{
    (void)bank;
    abort();
}

static void
collect_exact(void *bank, struct bank_outcome *outcome)
{
    (void)bank;
    outcome->cents[0] = 300;
    outcome->updates_count = 3;
}

/* Passes lose 0, 1, 2, 2 and 0 updates; each leaves another balance. */
static void
collect_lossy(void *bank, struct bank_outcome *outcome)
{
    static const uint64_t lost[] = {0, 1, 2, 2, 0};
    static const int64_t cents[] = {300, 200, 101, 102, 300};

    (void)bank;
    outcome->cents[0] = cents[created_count - 1];
    outcome->updates_count = 3 - lost[created_count - 1];
}

static void
destroy(void *bank)
{
    (void)bank;
}

static const struct bank_variant exact = {
    "exact", true, create, apply_nothing, collect_exact, destroy};
static const struct bank_variant lossy = {
    "lossy", false, create, apply_nothing, collect_lossy, destroy};
static const struct bank_variant crashing = {
    "crashing", true, create, apply_and_crash, collect_exact, destroy};
static const struct bank_variant impossible = {
    "impossible", true, create_nothing, apply_nothing, collect_exact, destroy};

static void
as_many_passes_are_run_as_are_asked_for(void **state)
{
    struct bank_trial trial;

    (void)state;
    assert_true(bank_trial_run(&trial, &exact, &job, 3));
    assert_int_equal(trial.passes_count, 3);
    assert_true(trial.is_exact);
    assert_int_equal(trial.cents[0], 300);
    assert_int_equal(trial.updates_applied_count, 9);
    assert_true(trial.peak_rss_bytes > 0);
    bank_trial_fini(&trial);
}

static void
passes_too_short_to_measure_come_to_an_end(void **state)
{
    struct bank_trial trial;

    (void)state;
    assert_true(bank_trial_run(&trial, &exact, &job, 0));
    assert_int_equal(trial.passes_count, BANK_TRIAL_PASSES_MAX);
    bank_trial_fini(&trial);
}

static void
the_later_of_the_worst_passes_is_shown_with_its_balances(void **state)
{
    struct bank_trial trial;

    (void)state;
    assert_true(bank_trial_run(&trial, &lossy, &job, 5));
    assert_false(trial.is_exact);
    assert_int_equal(trial.shown, 3);
    assert_int_equal(trial.cents[0], 102);
    assert_int_equal(trial.updates_lost_count, 5);
    assert_int_equal(trial.passes[trial.shown].updates_lost_count, 2);
    bank_trial_fini(&trial);
}

static void
what_a_trial_does_stays_in_its_process(void **state)
{
    struct bank_trial trial;

    (void)state;
    assert_true(bank_trial_run(&trial, &exact, &job, 2));
    assert_int_equal(created_count, 0);
    bank_trial_fini(&trial);
}

static void
a_variant_that_crashes_or_cannot_start_fails_its_trial_only(void **state)
{
    struct bank_trial trial;

    (void)state;
    assert_false(bank_trial_run(&trial, &crashing, &job, 2));
    assert_false(bank_trial_run(&trial, &impossible, &job, 2));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_passes_are_run_as_are_asked_for),
        cmocka_unit_test(passes_too_short_to_measure_come_to_an_end),
        cmocka_unit_test(
            the_later_of_the_worst_passes_is_shown_with_its_balances),
        cmocka_unit_test(what_a_trial_does_stays_in_its_process),
        cmocka_unit_test(
            a_variant_that_crashes_or_cannot_start_fails_its_trial_only),
    };
    return cmocka_run_group_tests_name(
        "trial", tests, open_ledger, close_ledger);
}
