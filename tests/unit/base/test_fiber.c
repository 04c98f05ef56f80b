/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a fiber goes on where it left, with all that it had at hand, and may be
 * ended or escaped from at any time.
 */
/* A jump between two stacks is what is tested. */
#undef _FORTIFY_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>

#include "base/fiber.h"
#include "base/memory.h"
#include "tests/support/fault.h"

enum { BYTES = 1 << 17, FIBERS_COUNT = 50, TURNS_COUNT = 20 };

static struct tp_stack_pool pool;

struct counter {
    struct tp_fiber fiber;
    int until;
    int64_t sum;
    double product;
};

static int
tear_down(void **state)
{
    (void)state;
    tp_stack_pool_fini(&pool);
    return tp_memory_blocks_count() == 0 && tp_memory_mappings_count() == 0
               ? 0
               : -1;
}

/* All that it counts with is in registers or on its stack. */
static void
count(void *argument)
{
    struct counter *counter = argument;
    volatile char touched[1000];
    int64_t sum = 0;
    double product = 1;

    for (int i = 1; i <= counter->until; i++) {
        touched[i % 1000] = (char)i;
        sum += i;
        product *= 1.5;
        tp_fiber_leave(&counter->fiber);
        sum += touched[i % 1000];
    }
    counter->sum = sum;
    counter->product = product;
}

static void
begin(struct counter *counter, int until)
{
    *counter = (struct counter){.until = until};
    tp_fiber_begin(
        &counter->fiber, tp_stack_take(&pool, BYTES), count, counter);
}

static void
end(struct counter *counter)
{
    struct tp_stack *stack = counter->fiber.stack;

    tp_fiber_end(&counter->fiber);
    tp_stack_give(&pool, stack);
}

static void
a_fiber_goes_on_where_it_left(void **state)
{
    struct counter counter;
    double product = 1;

    (void)state;
    begin(&counter, TURNS_COUNT);
    for (int i = 1; i <= TURNS_COUNT; i++) {
        tp_fiber_enter(&counter.fiber);
        assert_false(tp_fiber_is_over(&counter.fiber));
        product *= 1.5;
    }
    tp_fiber_enter(&counter.fiber);
    assert_true(tp_fiber_is_over(&counter.fiber));
    assert_int_equal(counter.sum, TURNS_COUNT * (TURNS_COUNT + 1));
    assert_true(counter.product == product);
    end(&counter);
}

static void
many_fibers_take_turns(void **state)
{
    static struct counter counters[FIBERS_COUNT];

    (void)state;
    for (int i = 0; i < FIBERS_COUNT; i++) {
        begin(&counters[i], i);
    }
    for (int turn = 0; turn <= FIBERS_COUNT; turn++) {
        for (int i = 0; i < FIBERS_COUNT; i++) {
            if (!tp_fiber_is_over(&counters[i].fiber)) {
                tp_fiber_enter(&counters[i].fiber);
            }
        }
    }
    for (int i = 0; i < FIBERS_COUNT; i++) {
        assert_true(tp_fiber_is_over(&counters[i].fiber));
        assert_int_equal(counters[i].sum, i * (i + 1));
        end(&counters[i]);
    }
}

static struct counter inner;

static void
count_the_inner_ones_turns(void *argument)
{
    struct counter *counter = argument;

    while (!tp_fiber_is_over(&inner.fiber)) {
        tp_fiber_enter(&inner.fiber);
        counter->sum++;
        tp_fiber_leave(&counter->fiber);
    }
}

static void
a_fiber_may_enter_another(void **state)
{
    struct counter outer = {.sum = 0};

    (void)state;
    begin(&inner, TURNS_COUNT);
    tp_fiber_begin(&outer.fiber, tp_stack_take(&pool, BYTES),
        count_the_inner_ones_turns, &outer);
    while (!tp_fiber_is_over(&outer.fiber)) {
        tp_fiber_enter(&outer.fiber);
    }
    assert_int_equal(outer.sum, TURNS_COUNT + 1);
    end(&outer);
    end(&inner);
}

static void
a_fiber_that_waits_may_be_ended_and_its_stack_used_again(void **state)
{
    struct counter counter;

    (void)state;
    for (int i = 0; i < 10 * FIBERS_COUNT; i++) {
        begin(&counter, TURNS_COUNT);
        for (int turn = 0; turn < i % TURNS_COUNT; turn++) {
            tp_fiber_enter(&counter.fiber);
        }
        end(&counter);
    }
    assert_int_equal(pool.taken_count, 0);
}

static sigjmp_buf before;
static struct counter escaping;

/* On the thread's alternate stack, as after a fault. */
static void
on_fault(int signal)
{
    (void)signal;
    tp_fiber_escape(&escaping.fiber);
    siglongjmp(before, 1);
}

static void
fill_and_fault(void *argument)
{
    volatile char touched[1000];

    (void)argument;
    for (int i = 0; i < 1000; i++) {
        touched[i] = (char)i;
    }
    escaping.sum = touched[7];
    fault_do(FAULT_PAGE);
}

static void
have_signals_on_another_stack(void)
{
    static char other[1 << 16];
    stack_t now;
    stack_t mine = {.ss_sp = other, .ss_size = sizeof(other)};
    struct sigaction action = {
        .sa_handler = on_fault, .sa_flags = SA_ONSTACK | SA_NODEFER};

    assert_int_equal(sigaltstack(NULL, &now), 0);
    if ((now.ss_flags & SS_DISABLE) != 0) {
        assert_int_equal(sigaltstack(&mine, NULL), 0);
    }
    assert_int_equal(sigaction(SIGSEGV, &action, NULL), 0);
}

static void
a_fiber_may_be_escaped_from(void **state)
{
    static volatile int round;

    (void)state;
    have_signals_on_another_stack();
    for (round = 0; round < FIBERS_COUNT; round++) {
        escaping = (struct counter){.sum = 0};
        tp_fiber_begin(
            &escaping.fiber, tp_stack_take(&pool, BYTES), fill_and_fault, NULL);
        if (sigsetjmp(before, 1) == 0) {
            tp_fiber_enter(&escaping.fiber);
            fail();
        }
        assert_int_equal(escaping.sum, 7);
        end(&escaping);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_fiber_goes_on_where_it_left, tear_down),
        cmocka_unit_test_teardown(many_fibers_take_turns, tear_down),
        cmocka_unit_test_teardown(a_fiber_may_enter_another, tear_down),
        cmocka_unit_test_teardown(
            a_fiber_that_waits_may_be_ended_and_its_stack_used_again,
            tear_down),
        cmocka_unit_test_teardown(a_fiber_may_be_escaped_from, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
