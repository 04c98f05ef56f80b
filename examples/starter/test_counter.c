/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The counter is tested in a simulation: one thread, a seed instead of chance,
 * and a clock that never waits. The same seed gives the same run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "counter.h"

struct world {
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid counter;
};

static int
begin(void **state)
{
    static struct world world;

    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = 7), &world.runtime));
    TROUPE_CHECK(troupe_runtime_start(world.runtime));
    world.self = troupe_thread_self(world.runtime);
    TROUPE_CHECK(troupe_spawn(world.self, counter, &world.counter));
    *state = &world;
    return 0;
}

static int
end(void **state)
{
    struct world *world = *state;

    troupe_runtime_destroy(&world->runtime);
    return 0;
}

static int64_t
sum_of(struct world *world)
{
    struct sum sum;

    TROUPE_CHECK(troupe_ask(
        world->self, world->counter, TROUPE_SECONDS(5), sum, &sum, get_sum));
    return sum.value;
}

static void
a_new_counter_is_at_zero(void **state)
{
    assert_int_equal(sum_of(*state), 0);
}

static void
what_was_told_before_is_in_the_sum(void **state)
{
    struct world *world = *state;

    TROUPE_CHECK(troupe_tell(world->self, world->counter, add, .amount = 50));
    TROUPE_CHECK(troupe_tell(world->self, world->counter, add, .amount = -20));
    assert_int_equal(sum_of(world), 30);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_counter_is_at_zero, begin, end),
        cmocka_unit_test_setup_teardown(
            what_was_told_before_is_in_the_sum, begin, end),
    };
    return cmocka_run_group_tests_name("counter", tests, NULL, NULL);
}
