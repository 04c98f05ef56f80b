/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include "base/clock.h"

static void
a_virtual_clock_tells_what_its_owner_wrote(void **state)
{
    uint64_t now_ns = 7;
    struct tp_clock clock = tp_clock_virtual(&now_ns);

    (void)state;
    assert_int_equal(tp_clock_now_ns(&clock), 7);
    assert_int_equal(tp_clock_now_ns(&clock), 7);
    now_ns = UINT64_MAX;
    assert_true(tp_clock_now_ns(&clock) == UINT64_MAX);
}

static uint64_t
system_now_ns(void)
{
    struct timespec now;

    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void
the_monotonic_clock_tells_the_systems_time_in_nanoseconds(void **state)
{
    struct tp_clock clock = tp_clock_monotonic();

    (void)state;
    for (int i = 0; i < 1000; i++) {
        uint64_t before_ns = system_now_ns();
        uint64_t now_ns = tp_clock_now_ns(&clock);
        uint64_t after_ns = system_now_ns();

        assert_in_range(now_ns, before_ns, after_ns);
    }
}

static void
a_span_that_reaches_beyond_all_time_ends_never(void **state)
{
    (void)state;
    assert_int_equal(tp_clock_after_ns(7, 5), 12);
    assert_true(tp_clock_after_ns(7, UINT64_MAX - 7) == UINT64_MAX);
    assert_true(tp_clock_after_ns(7, UINT64_MAX - 6) == UINT64_MAX);
    assert_true(tp_clock_after_ns(UINT64_MAX, UINT64_MAX) == UINT64_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_virtual_clock_tells_what_its_owner_wrote),
        cmocka_unit_test(
            the_monotonic_clock_tells_the_systems_time_in_nanoseconds),
        cmocka_unit_test(a_span_that_reaches_beyond_all_time_ends_never),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
