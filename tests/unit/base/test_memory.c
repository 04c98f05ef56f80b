/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "base/memory.h"
#include "tests/support/check.h"

#define MAPPING_BYTES ((size_t)1 << 16)
#define THREADS_COUNT 4
#define REQUESTS_COUNT 5000

static uint64_t blocks_before;
static uint64_t mappings_before;

static int
set_up(void **state)
{
    (void)state;
    blocks_before = tp_memory_blocks_count();
    mappings_before = tp_memory_mappings_count();
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    tp_memory_fail_at(0);
    return tp_memory_blocks_count() == blocks_before &&
                   tp_memory_mappings_count() == mappings_before
               ? 0
               : -1;
}

/* Every byte can be written, which the sanitizers and the kernel check. */
static void
free_written(void *memory, size_t bytes)
{
    assert_non_null(memory);
    memset(memory, 0x5a, bytes);
    tp_memory_free(memory);
}

static void
every_kind_of_block_is_writable(void **state)
{
    (void)state;
    free_written(tp_memory_alloc(100), 100);
    free_written(tp_memory_alloc_zeroed(10, 10), 100);
    free_written(tp_memory_alloc_aligned(64, 100), 100);
    free_written(tp_memory_realloc(NULL, 100), 100);
    free_written(tp_memory_realloc(tp_memory_alloc(1), 100), 100);
}

static void
no_bytes_are_as_good_as_one(void **state)
{
    void *memory;

    (void)state;
    free_written(tp_memory_alloc(0), 1);
    free_written(tp_memory_alloc_zeroed(0, 0), 1);
    free_written(tp_memory_alloc_aligned(64, 0), 1);
    memory = tp_memory_alloc(1);
    free_written(tp_memory_realloc(memory, 0), 1);
    tp_memory_free(NULL);
}

static void
zeroed_blocks_and_mappings_are_zero(void **state)
{
    unsigned char *block = tp_memory_alloc_zeroed(100, 3);
    unsigned char *mapping = tp_memory_map(MAPPING_BYTES);

    (void)state;
    assert_non_null(block);
    assert_non_null(mapping);
    for (size_t i = 0; i < 300; i++) {
        assert_int_equal(block[i], 0);
    }
    for (size_t i = 0; i < MAPPING_BYTES; i++) {
        assert_int_equal(mapping[i], 0);
    }
    mapping[MAPPING_BYTES - 1] = 1;
    tp_memory_free(block);
    tp_memory_unmap(mapping, MAPPING_BYTES);
}

static void
zeroed_blocks_too_large_to_count_are_refused(void **state)
{
    (void)state;
    assert_null(tp_memory_alloc_zeroed(SIZE_MAX / 2, 4));
}

static void
aligned_blocks_start_where_they_were_asked_to(void **state)
{
    (void)state;
    for (size_t alignment = 8; alignment <= 4096; alignment *= 2) {
        void *memory = tp_memory_alloc_aligned(alignment, 24);

        assert_int_equal((uintptr_t)memory % alignment, 0);
        free_written(memory, 24);
    }
}

static void
what_is_alive_is_counted(void **state)
{
    void *block = tp_memory_alloc(1);
    void *zeroed = tp_memory_alloc_zeroed(1, 1);
    void *aligned = tp_memory_alloc_aligned(64, 1);
    void *mapping = tp_memory_map(MAPPING_BYTES);

    (void)state;
    assert_int_equal(tp_memory_blocks_count(), blocks_before + 3);
    assert_int_equal(tp_memory_mappings_count(), mappings_before + 1);
    block = tp_memory_realloc(block, 1000);
    assert_int_equal(tp_memory_blocks_count(), blocks_before + 3);
    tp_memory_free(block);
    tp_memory_free(zeroed);
    tp_memory_free(aligned);
    tp_memory_unmap(mapping, MAPPING_BYTES);
    assert_int_equal(tp_memory_blocks_count(), blocks_before);
    assert_int_equal(tp_memory_mappings_count(), mappings_before);
}

static void
only_the_planned_request_fails(void **state)
{
    (void)state;
    tp_memory_fail_at(3);
    free_written(tp_memory_alloc(1), 1);
    free_written(tp_memory_alloc(1), 1);
    assert_null(tp_memory_alloc(1));
    free_written(tp_memory_alloc(1), 1);
}

static void
a_plan_of_0_fails_nothing(void **state)
{
    (void)state;
    tp_memory_fail_at(1);
    tp_memory_fail_at(0);
    free_written(tp_memory_alloc(1), 1);
}

static void
every_kind_of_request_can_be_the_one_that_fails(void **state)
{
    char *memory = tp_memory_alloc(1);

    (void)state;
    assert_non_null(memory);
    *memory = 'a';
    tp_memory_fail_every(true);
    assert_null(tp_memory_alloc(1));
    assert_null(tp_memory_alloc_zeroed(1, 1));
    assert_null(tp_memory_alloc_aligned(64, 1));
    assert_null(tp_memory_realloc(NULL, 1));
    assert_null(tp_memory_realloc(memory, 2));
    assert_null(tp_memory_map(MAPPING_BYTES));
    tp_memory_fail_every(false);
    assert_int_equal(*memory, 'a');
    tp_memory_free(memory);
    free_written(tp_memory_alloc(1), 1);
}

static void *
count_refusals(void *refusals)
{
    for (int i = 0; i < REQUESTS_COUNT; i++) {
        void *memory = tp_memory_alloc(1);

        *(int *)refusals += memory == NULL;
        tp_memory_free(memory);
    }
    return NULL;
}

static void
the_last_planned_request_of_all_threads_fails_alone(void **state)
{
    pthread_t threads[THREADS_COUNT];
    int refusals[THREADS_COUNT] = {0};
    int refusals_count = 0;

    (void)state;

    /* One step lost between two threads, and the plan would not be reached. */
    tp_memory_fail_at(REQUESTS_COUNT * THREADS_COUNT);
    for (int i = 0; i < THREADS_COUNT; i++) {
        CHECK(pthread_create(&threads[i], NULL, count_refusals, &refusals[i]) ==
              0);
    }
    for (int i = 0; i < THREADS_COUNT; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        refusals_count += refusals[i];
    }
    assert_int_equal(refusals_count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_kind_of_block_is_writable),
        TEST(no_bytes_are_as_good_as_one),
        TEST(zeroed_blocks_and_mappings_are_zero),
        TEST(zeroed_blocks_too_large_to_count_are_refused),
        TEST(aligned_blocks_start_where_they_were_asked_to),
        TEST(what_is_alive_is_counted),
        TEST(only_the_planned_request_fails),
        TEST(a_plan_of_0_fails_nothing),
        TEST(every_kind_of_request_can_be_the_one_that_fails),
        TEST(the_last_planned_request_of_all_threads_fails_alone),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
