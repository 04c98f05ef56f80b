/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/bank/report.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Three passes of an unsafe variant, and one of each safe one. */
static struct bank_pass unsafe_passes[] = {
    {.seconds = 0.2, .updates_applied_count = 20, .is_exact = true},
    {.seconds = 0.1,
        .updates_applied_count = 20,
        .updates_lost_count = 7,
        .wrong_accounts_count = 2,
        .expected_total = 1900,
        .observed_total = 1700,
        .voluntary_switches_count = 4},
    {.seconds = 0.5, .updates_applied_count = 20, .updates_lost_count = 1},
};
static struct bank_pass mutex_passes[] = {{.seconds = 0.4,
    .updates_applied_count = 20,
    .declined_count = 3,
    .expected_total = (bank_total)INT64_MAX + 1,
    .observed_total = (bank_total)INT64_MIN - 1,
    .is_exact = true}};
static struct bank_pass actors_passes[] = {
    {.seconds = 0.8, .updates_applied_count = 20, .is_exact = true}};

static struct bank_pass locks_passes[] = {
    {.seconds = 1, .updates_applied_count = 20, .is_exact = true}};

static const struct bank_variant unsafe = {.name = "unsafe"};
static const struct bank_variant mutex = {.name = "mutex", .is_safe = true};
static const struct bank_variant locks = {.name = "locks", .is_safe = true};
static const struct bank_variant actors = {.name = "actors", .is_safe = true};

static const struct bank_trial trials[] = {
    {.variant = &unsafe,
        .threads_count = 2,
        .transactions_count = 1000,
        .passes = unsafe_passes,
        .passes_count = 3,
        .shown = 1,
        .updates_lost_count = 8,
        .updates_applied_count = 60,
        .peak_rss_bytes = 3 << 20},
    {.variant = &mutex,
        .threads_count = 2,
        .transactions_count = 1000,
        .passes = mutex_passes,
        .passes_count = 1,
        .is_exact = true},
    {.variant = &actors,
        .threads_count = 2,
        .transactions_count = 1000,
        .passes = actors_passes,
        .passes_count = 1,
        .is_exact = true},
    {.variant = &locks,
        .threads_count = 2,
        .transactions_count = 1000,
        .passes = locks_passes,
        .passes_count = 1,
        .is_exact = true},
};

/* Inlined, gcc 12 takes what it returns for a pointer to its own variable. */
static __attribute__((noinline)) char *
print_table(size_t trials_count, size_t width)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    assert_non_null(stream);
    assert_true(bank_report_table(trials, trials_count, stream, width));
    fclose(stream);
    return text;
}

static json_t *
print_json(size_t trials_count)
{
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    json_t *array;

    assert_non_null(stream);
    assert_true(bank_report_json(trials, trials_count, stream));
    fclose(stream);
    array = json_loads(text, 0, NULL);
    free(text);
    assert_int_equal(json_array_size(array), trials_count);
    return array;
}

static void
a_row_tells_medians_sums_and_the_worst_pass(void **state)
{
    static const char *const cells[] = {"unsafe", "1,000", "19.00", "17.00",
        " 8 ", " 7 ", " 2 ", " 0.2 ", "0.15-0.35", "5,000", "3.0"};
    char *text = print_table(1, 0);
    const char *at = strchr(text, '\n');

    (void)state;
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        at = strstr(at, cells[i]);
        assert_non_null(at);
    }
    free(text);
}

static void
the_verdict_says_what_was_lost_and_how_fast_actors_are(void **state)
{
    char *text = print_table(3, 0);

    (void)state;
    assert_non_null(strstr(text,
        "\nWith 2 threads unsafe lost 8 of 60 updates in 3 passes, mutex was "
        "exact in 1 pass and actors was exact in 1 pass; actors ran at 0.50 "
        "times the rate of mutex.\n"));
    free(text);
    text = print_table(4, 0);
    assert_non_null(strstr(text,
        "; actors ran at 0.50 times the rate of mutex and 1.25 times that of "
        "locks.\n"));
    free(text);
}

static void
json_has_the_very_keys_in_order(void **state)
{
    static const char *const keys[] = {"variant", "threads_count", "runs_count",
        "transactions_count", "declined_count", "expected_total_cents",
        "observed_total_cents", "updates_lost_count", "wrong_accounts_count",
        "seconds", "transactions_per_second", "voluntary_switches_count",
        "involuntary_switches_count", "peak_rss_bytes"};
    json_t *array = print_json(1);
    json_t *row = json_array_get(array, 0);
    const char *key;
    json_t *value;
    size_t i = 0;

    (void)state;
    json_object_foreach(row, key, value)
    {
        assert_true(i < sizeof(keys) / sizeof(keys[0]));
        assert_string_equal(key, keys[i++]);
    }
    assert_int_equal(i, sizeof(keys) / sizeof(keys[0]));
    assert_int_equal(
        json_integer_value(json_object_get(row, "updates_lost_count")), 8);
    assert_int_equal(
        json_integer_value(json_object_get(row, "observed_total_cents")), 1700);
    assert_true(json_real_value(json_object_get(row, "seconds")) == 0.2);
    json_decref(array);
}

static void
a_total_beyond_64_bits_is_a_string_in_json(void **state)
{
    json_t *array = print_json(2);
    json_t *row = json_array_get(array, 1);

    (void)state;
    assert_string_equal(
        json_string_value(json_object_get(row, "expected_total_cents")),
        "9223372036854775808");
    assert_string_equal(
        json_string_value(json_object_get(row, "observed_total_cents")),
        "-9223372036854775809");
    json_decref(array);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_tells_medians_sums_and_the_worst_pass),
        cmocka_unit_test(
            the_verdict_says_what_was_lost_and_how_fast_actors_are),
        cmocka_unit_test(json_has_the_very_keys_in_order),
        cmocka_unit_test(a_total_beyond_64_bits_is_a_string_in_json),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
