/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "examples/bank/zipf.h"

#include <math.h>
#include <stdlib.h>

/*
 * The part of all draws that each rank gets, found without chance: the columns
 * are gone through one by one, and of each the own share is what it says.
 */
static double *
find_parts(const struct bank_zipf *zipf)
{
    double *parts = calloc(zipf->ranks_count, sizeof(*parts));

    assert_non_null(parts);
    for (uint32_t i = 0; i < zipf->ranks_count; i++) {
        double own = (double)zipf->own_shares[i] / (double)zipf->height;

        own = zipf->aliases[i] == i ? 1 : own;
        parts[i] += own / zipf->ranks_count;
        parts[zipf->aliases[i]] += (1 - own) / zipf->ranks_count;
    }
    return parts;
}

static void
expect_law(uint32_t ranks_count, int64_t skew_millionths)
{
    struct bank_zipf zipf;
    double skew = (double)skew_millionths / 1e6;
    double sum = 0;
    double *parts;

    assert_true(bank_zipf_init(&zipf, ranks_count, skew_millionths));
    parts = find_parts(&zipf);
    for (uint32_t i = 0; i < ranks_count; i++) {
        sum += pow(i + 1, -skew);
    }
    for (uint32_t i = 0; i < ranks_count; i++) {
        double expected = pow(i + 1, -skew) / sum;

        assert_true(fabs(parts[i] - expected) < expected * 1e-6 + 1e-11);
    }
    free(parts);
    bank_zipf_fini(&zipf);
}

static void
ranks_are_as_likely_as_the_law_says(void **state)
{
    (void)state;
    expect_law(1, 1000000);
    expect_law(2, 1000000);
    expect_law(1000, 0);
    expect_law(1000, 1000000);
    expect_law(1000, 700000);
    expect_law(1000, 1234567);
    expect_law(777, 10000000);
    expect_law(20000, 990000);
}

static void
a_column_is_its_own_up_to_its_share(void **state)
{
    struct bank_zipf zipf;

    (void)state;
    assert_true(bank_zipf_init(&zipf, 2, 1000000));
    assert_int_equal(bank_zipf_draw(&zipf, 0, 0), 0);
    assert_int_equal(bank_zipf_draw(&zipf, 0, UINT64_MAX), 0);
    assert_int_equal(bank_zipf_draw(&zipf, UINT64_MAX, 0), 1);
    assert_int_equal(bank_zipf_draw(&zipf, UINT64_MAX, UINT64_MAX), 0);
    bank_zipf_fini(&zipf);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_are_as_likely_as_the_law_says),
        cmocka_unit_test(a_column_is_its_own_up_to_its_share),
    };
    return cmocka_run_group_tests_name("zipf", tests, NULL, NULL);
}
