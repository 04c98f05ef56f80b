/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a stack is as large as was asked for, nobody runs off it unnoticed
 * whatever guards it, and what is given back is used again and costs nothing
 * but addresses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/stack.h"
#include "tests/support/sanitized.h"

enum { STACKS_COUNT = 300, BYTES = 1 << 16 };

static struct tp_stack_pool pool;

static int
set_up(void **state)
{
    (void)state;
    pool = (struct tp_stack_pool){.strongest = TP_STACK_MARKED};
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    tp_stack_pool_fini(&pool);
    return tp_memory_blocks_count() == 0 && tp_memory_mappings_count() == 0
               ? 0
               : -1;
}

/* Whether the kernel lets a byte be read: it fails with EFAULT in a guard. */
static bool
is_readable(const char *at)
{
    int pipe_ends[2];
    ssize_t written;

    assert_int_equal(pipe(pipe_ends), 0);
    written = write(pipe_ends[1], at, 1);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    return written == 1;
}

static void
a_stack_is_at_least_as_large_as_was_asked_for(void **state)
{
    static const size_t asked[] = {0, 1, 1 << 14, 20000, 1 << 20, 3 << 20};

    (void)state;
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        struct tp_stack *stack = tp_stack_take(&pool, asked[i]);

        assert_non_null(stack);
        assert_true(stack->bytes >= asked[i]);
        assert_int_equal(stack->bytes, tp_stack_bytes_for(asked[i]));
        memset(stack->low, 0x5a, stack->bytes);
        tp_stack_give(&pool, stack);
    }
    assert_null(tp_stack_take(&pool, (size_t)1 << 40));
}

static void
stacks_do_not_overlap(void **state)
{
    struct tp_stack *stacks[STACKS_COUNT];

    (void)state;
    for (int i = 0; i < STACKS_COUNT; i++) {
        stacks[i] = tp_stack_take(&pool, BYTES);
        memset(stacks[i]->low, i, BYTES);
    }
    for (int i = 0; i < STACKS_COUNT; i++) {
        assert_int_equal(stacks[i]->low[0], (char)i);
        assert_int_equal(stacks[i]->low[BYTES - 1], (char)i);
    }
    assert_int_equal(pool.taken_count, STACKS_COUNT);
}

static void
check_unreadable(enum tp_stack_guard wanted)
{
    struct tp_stack *stack = tp_stack_take(&pool, BYTES);

    if (stack->guard != wanted) {
        assert_int_equal(wanted, TP_STACK_MARKED);
        skip(); /* an older kernel */
    }
    assert_int_equal(pool.cut_count[wanted], 1);
    assert_true(is_readable(stack->low));
    assert_false(is_readable(stack->low - 1));
    assert_true(tp_stack_guards(stack, (uintptr_t)stack->low - 1));
    assert_false(tp_stack_guards(stack, (uintptr_t)stack->low));
    assert_true(tp_stack_is_intact(stack));
}

static void
below_a_marked_stack_nothing_can_be_touched(void **state)
{
    (void)state;
    check_unreadable(TP_STACK_MARKED);
}

static void
below_a_protected_stack_nothing_can_be_touched(void **state)
{
    (void)state;
    pool.strongest = TP_STACK_PROTECTED;
    check_unreadable(TP_STACK_PROTECTED);
}

static void
a_marked_stack_stays_so_when_its_pages_are_given_back(void **state)
{
    struct tp_stack *stacks[STACKS_COUNT];

    (void)state;
    for (int i = 0; i < STACKS_COUNT; i++) {
        stacks[i] = tp_stack_take(&pool, BYTES);
    }
    if (stacks[0]->guard != TP_STACK_MARKED) {
        skip();
    }
    for (int i = 0; i < STACKS_COUNT; i++) {
        tp_stack_give(&pool, stacks[i]);
    }
    for (int i = 0; i < STACKS_COUNT; i++) {
        stacks[i] = tp_stack_take(&pool, BYTES);
        assert_false(is_readable(stacks[i]->low - 1));
    }
}

static void
who_runs_off_a_checked_stack_is_found_out(void **state)
{
    struct tp_stack *stack;

    (void)state;
    pool.strongest = TP_STACK_CHECKED;
    stack = tp_stack_take(&pool, BYTES);
    assert_int_equal(stack->guard, TP_STACK_CHECKED);
    memset(stack->low, 0x5a, BYTES);
    assert_true(tp_stack_is_intact(stack));
    stack->low[-1] = 1;
    assert_false(tp_stack_is_intact(stack));
}

static void
an_overflow_is_forgotten_with_the_stack(void **state)
{
    struct tp_stack *stack;

    (void)state;
    pool.strongest = TP_STACK_CHECKED;
    stack = tp_stack_take(&pool, BYTES);
    stack->low[-1] = 1;
    tp_stack_give(&pool, stack);
    assert_ptr_equal(tp_stack_take(&pool, BYTES), stack);
    assert_true(tp_stack_is_intact(stack));
}

/* So many stacks, as well guarded as the kernel lets a process have them. */
static uint64_t
protect_as_many_as_can_be(uint64_t count)
{
    uint64_t protected_count;

    pool.strongest = TP_STACK_PROTECTED;
    for (uint64_t i = 0; i < count; i++) {
        assert_non_null(tp_stack_take(&pool, 0));
    }
    protected_count = pool.cut_count[TP_STACK_PROTECTED];
    assert_int_equal(protected_count + pool.cut_count[TP_STACK_CHECKED], count);
    tp_stack_pool_fini(&pool);
    return protected_count;
}

static void
when_mappings_run_out_stacks_are_checked(void **state)
{
    enum { MANY = FEWER(40000) };
    uint64_t protected_count = protect_as_many_as_can_be(MANY);

    (void)state;
    if (protected_count == MANY) {
        skip(); /* vm.max_map_count has been raised, or it is valgrind */
    }
    assert_true(protected_count > MANY / 2);
    assert_int_equal(protect_as_many_as_can_be(MANY), protected_count);
}

static void
the_last_stack_given_back_is_the_first_taken(void **state)
{
    struct tp_stack *one = tp_stack_take(&pool, BYTES);
    struct tp_stack *other = tp_stack_take(&pool, BYTES);

    (void)state;
    tp_stack_give(&pool, one);
    tp_stack_give(&pool, other);
    assert_int_equal(pool.taken_count, 0);
    assert_ptr_equal(tp_stack_take(&pool, BYTES), other);
    assert_ptr_equal(tp_stack_take(&pool, BYTES), one);
    assert_ptr_not_equal(tp_stack_take(&pool, 2 * BYTES), one);
}

static bool
is_resident(char *page)
{
    unsigned char seen = 0;

    assert_int_equal(mincore(page, 1, &seen), 0);
    return (seen & 1) != 0;
}

static void
many_free_stacks_keep_no_pages(void **state)
{
    struct tp_stack *stacks[STACKS_COUNT];
    int resident_count = 0;

    (void)state;
    for (int i = 0; i < STACKS_COUNT; i++) {
        stacks[i] = tp_stack_take(&pool, BYTES);
        stacks[i]->low[0] = 1;
    }
    for (int i = 0; i < STACKS_COUNT; i++) {
        tp_stack_give(&pool, stacks[i]);
    }
    for (int i = 0; i < STACKS_COUNT; i++) {
        resident_count += is_resident(stacks[i]->low);
    }
    assert_int_equal(resident_count, TP_STACK_WARM_MAX);
}

static void
without_memory_there_is_no_stack(void **state)
{
    (void)state;
    for (uint64_t n = 1; n <= 2; n++) {
        tp_memory_fail_at(n);
        assert_null(tp_stack_take(&pool, BYTES));
    }
    assert_non_null(tp_stack_take(&pool, BYTES));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_stack_is_at_least_as_large_as_was_asked_for),
        TEST(stacks_do_not_overlap),
        TEST(below_a_marked_stack_nothing_can_be_touched),
        TEST(below_a_protected_stack_nothing_can_be_touched),
        TEST(a_marked_stack_stays_so_when_its_pages_are_given_back),
        TEST(who_runs_off_a_checked_stack_is_found_out),
        TEST(an_overflow_is_forgotten_with_the_stack),
        TEST(when_mappings_run_out_stacks_are_checked),
        TEST(the_last_stack_given_back_is_the_first_taken),
        TEST(many_free_stacks_keep_no_pages),
        TEST(without_memory_there_is_no_stack),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
