/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"

static void
a_seed_fills_the_state_as_splitmix64_is_published_to(void **state)
{
    /* The widely published first outputs of splitmix64 for 1234567. */
    const uint64_t expected[4] = {UINT64_C(6457827717110365317),
        UINT64_C(3203168211198807973), UINT64_C(9817491932198370423),
        UINT64_C(4593380528125082431)};
    struct tp_random random;

    (void)state;
    tp_random_init(&random, 1234567);
    assert_memory_equal(random.state, expected, sizeof(expected));
}

static void
numbers_are_those_that_xoshiro256_is_published_to_give(void **state)
{
    /* The widely published first outputs for the state 1, 2, 3, 4. */
    const uint64_t expected[] = {11520, 0, 1509978240,
        UINT64_C(1215971899390074240), UINT64_C(1216172134540287360),
        UINT64_C(607988272756665600), UINT64_C(16172922978634559625)};
    struct tp_random random = {{1, 2, 3, 4}};

    (void)state;
    for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
        assert_true(tp_random_u64(&random) == expected[i]);
    }
}

static void
one_seed_gives_one_sequence_and_another_another(void **state)
{
    struct tp_random first, same, other;
    int equal_count = 0;

    (void)state;
    tp_random_init(&first, 0);
    tp_random_init(&same, 0);
    tp_random_init(&other, 1);
    for (int i = 0; i < 1000; i++) {
        uint64_t number = tp_random_u64(&first);

        assert_true(number == tp_random_u64(&same));
        equal_count += number == tp_random_u64(&other);
    }
    assert_int_equal(equal_count, 0);
}

static void
numbers_below_n_are_below_n_and_all_of_them_come(void **state)
{
    struct tp_random random;

    (void)state;
    tp_random_init(&random, 42);
    for (uint64_t n = 1; n <= 40; n++) {
        uint64_t seen = 0;

        for (int i = 0; i < 2000; i++) {
            uint64_t number = tp_random_below(&random, n);

            assert_true(number < n);
            seen |= UINT64_C(1) << number;
        }
        assert_true(seen == (UINT64_C(1) << n) - 1);
    }
}

/*
 * Of 2^64 numbers cut into 3 * 2^62 answers, every third would come twice as
 * often if none were refused: 1/2 of all instead of 1/3. The numbers are
 * seeded, so the count is the same on every run.
 */
static void
no_number_below_n_is_favoured(void **state)
{
    const uint64_t n = UINT64_C(3) << 62;
    struct tp_random random;
    int counts[3] = {0};

    (void)state;
    tp_random_init(&random, 7);
    for (int i = 0; i < 30000; i++) {
        counts[tp_random_below(&random, n) % 3]++;
    }
    for (int i = 0; i < 3; i++) {
        assert_in_range(counts[i], 9700, 10300);
    }
}

static void
the_system_gives_a_new_seed_each_time(void **state)
{
    (void)state;
    assert_true(tp_random_seed() != tp_random_seed());
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_fills_the_state_as_splitmix64_is_published_to),
        cmocka_unit_test(
            numbers_are_those_that_xoshiro256_is_published_to_give),
        cmocka_unit_test(one_seed_gives_one_sequence_and_another_another),
        cmocka_unit_test(numbers_below_n_are_below_n_and_all_of_them_come),
        cmocka_unit_test(no_number_below_n_is_favoured),
        cmocka_unit_test(the_system_gives_a_new_seed_each_time),
    };
    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
