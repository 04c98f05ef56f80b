/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: blocks are large enough, apart from each other and reused, and travel
 * between caches in whole batches.
 *
 * Method: built with mailbox/block_cache.c in every build; that other builds
 * use another implementation makes no difference here. Where a block comes from
 * shows when the system has no more memory to give.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "mailbox/block_cache.h"

enum { BATCH = TP_BLOCK_BATCH_COUNT, MANY = 5000 };

static struct tp_block_depot depot;
static struct tp_block_cache maker;
static struct tp_block_cache freer;
static unsigned char *blocks[MANY];

static int
setup(void **state)
{
    (void)state;
    tp_block_depot_init(&depot);
    tp_block_cache_init(&maker, &depot);
    tp_block_cache_init(&freer, &depot);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    tp_memory_fail_every(false);
    tp_block_depot_fini(&depot);
    return tp_memory_mappings_count() == 0 && tp_memory_blocks_count() == 0
               ? 0
               : -1;
}

static void *
take(struct tp_block_cache *cache, size_t bytes)
{
    return tp_block_take(cache, tp_block_class_of(bytes), bytes);
}

static void
take_many(struct tp_block_cache *cache, int count, size_t bytes)
{
    for (int i = 0; i < count; i++) {
        blocks[i] = take(cache, bytes);
        assert_non_null(blocks[i]);
    }
}

static void
give_many(struct tp_block_cache *cache, int count, size_t bytes)
{
    for (int i = 0; i < count; i++) {
        tp_block_give(cache, tp_block_class_of(bytes), blocks[i]);
    }
}

/* How many blocks cache can take without the system. */
static int
count_at_hand(struct tp_block_cache *cache, size_t bytes)
{
    int count = 0;

    tp_memory_fail_every(true);
    while (take(cache, bytes) != NULL) {
        count++;
    }
    tp_memory_fail_every(false);
    return count;
}

static void
each_size_has_the_smallest_class_that_holds_it(void **state)
{
    (void)state;
    assert_int_equal(tp_block_class_of(0), 0);
    assert_int_equal(tp_block_class_of(1), 0);
    for (unsigned i = 0; i < TP_BLOCK_CLASSES_COUNT; i++) {
        size_t bytes = (size_t)64 << i;

        assert_int_equal(tp_block_bytes_of(i), bytes);
        assert_int_equal(tp_block_class_of(bytes - 1), i);
        assert_int_equal(tp_block_class_of(bytes), i);
        assert_int_equal(tp_block_class_of(bytes + 1), i + 1);
    }
    assert_int_equal(tp_block_class_of(TP_BLOCK_BYTES_MAX), 6);
    assert_int_equal(
        tp_block_class_of(TP_BLOCK_BYTES_MAX + 1), TP_BLOCK_CLASS_LARGE);
    assert_int_equal(tp_block_class_of(SIZE_MAX), TP_BLOCK_CLASS_LARGE);
}

/* Every byte of every block is its own, over more than one chunk. */
static void
blocks_of_a_size_do_not_overlap(size_t bytes)
{
    size_t whole = tp_block_bytes_of(tp_block_class_of(bytes));
    int count = (int)(600000 / whole) < MANY ? (int)(600000 / whole) : MANY;

    take_many(&maker, count, bytes);
    for (int i = 0; i < count; i++) {
        assert_int_equal((uintptr_t)blocks[i] % 64, 0);
        memset(blocks[i], i % 251, whole);
    }
    for (int i = 0; i < count; i++) {
        assert_int_equal(blocks[i][0], i % 251);
        assert_int_equal(blocks[i][whole - 1], i % 251);
    }
    give_many(&maker, count, bytes);
}

static void
blocks_of_every_size_are_apart(void **state)
{
    (void)state;
    for (size_t bytes = 64; bytes <= TP_BLOCK_BYTES_MAX; bytes *= 2) {
        blocks_of_a_size_do_not_overlap(bytes);
    }
}

static void
a_large_block_is_the_systems(void **state)
{
    size_t bytes = TP_BLOCK_BYTES_MAX + 1;
    uint64_t before = tp_memory_blocks_count();
    unsigned char *block = take(&maker, bytes);

    (void)state;
    assert_non_null(block);
    memset(block, 1, bytes);
    assert_true(tp_memory_blocks_count() == before + 1);
    tp_block_give(&freer, TP_BLOCK_CLASS_LARGE, block);
    assert_true(tp_memory_blocks_count() == before);
}

static void
without_memory_there_is_no_block(void **state)
{
    (void)state;
    tp_memory_fail_every(true);
    assert_null(take(&maker, 64));
    assert_null(take(&maker, TP_BLOCK_BYTES_MAX));
    assert_null(take(&maker, TP_BLOCK_BYTES_MAX + 1));
    tp_memory_fail_every(false);
    assert_non_null(take(&maker, 64));
}

static void
the_block_given_last_is_taken_first(void **state)
{
    (void)state;
    take_many(&maker, 2, 64);
    give_many(&maker, 2, 64);
    assert_ptr_equal(take(&maker, 64), blocks[1]);
    assert_ptr_equal(take(&maker, 64), blocks[0]);
}

static void
a_cache_keeps_two_batches_to_itself(void **state)
{
    (void)state;
    take_many(&maker, 2 * BATCH, 64);
    give_many(&freer, 2 * BATCH, 64);
    (void)count_at_hand(&maker, 64); /* its chunk's rest */
    assert_int_equal(count_at_hand(&maker, 64), 0);
    assert_int_equal(count_at_hand(&freer, 64), 2 * BATCH);
}

static void
the_block_after_two_batches_sends_one_away(void **state)
{
    (void)state;
    take_many(&maker, 2 * BATCH + 1, 64);
    (void)count_at_hand(&maker, 64);
    give_many(&freer, 2 * BATCH + 1, 64);
    assert_int_equal(count_at_hand(&maker, 64), BATCH);
    assert_int_equal(count_at_hand(&freer, 64), BATCH + 1);
}

static void
batches_of_one_size_are_not_taken_for_another(void **state)
{
    (void)state;
    take_many(&maker, 3 * BATCH, 64);
    give_many(&freer, 3 * BATCH, 64);
    assert_int_equal(count_at_hand(&freer, 128), 0);
}

static void
what_one_makes_and_another_frees_goes_round(void **state)
{
    uint64_t mappings_count;

    (void)state;
    take_many(&maker, MANY, 256);
    give_many(&freer, MANY, 256);
    mappings_count = tp_memory_mappings_count();
    for (int round = 0; round < 20; round++) {
        /* Up to two batches a cache stay with the freer. */
        take_many(&maker, MANY - 2 * BATCH, 256);
        give_many(&freer, MANY - 2 * BATCH, 256);
    }
    assert_true(tp_memory_mappings_count() == mappings_count);
}

static void
a_batch_is_counted_when_it_is_taken(void **state)
{
    (void)state;
    take_many(&maker, 3 * BATCH, 64);
    give_many(&freer, 3 * BATCH, 64);
    assert_int_equal(freer.classes[0].free_count, 2 * BATCH);
    assert_non_null(take(&maker, 64));
    assert_int_equal(maker.classes[0].free_count, BATCH - 1);
}

static void
a_cache_that_takes_batches_can_give_them_again(void **state)
{
    (void)state;
    take_many(&maker, MANY, 64);
    give_many(&freer, MANY, 64);
    for (int round = 0; round < 5; round++) {
        take_many(&maker, MANY - 2 * BATCH, 64);
        give_many(&maker, MANY - 2 * BATCH, 64);
    }
}

static void
a_block_keeps_its_bytes_until_it_is_given(void **state)
{
    (void)state;
    take_many(&maker, MANY, 64);
    for (int i = 0; i < MANY; i++) {
        memcpy(blocks[i], &i, sizeof(i));
    }
    for (int i = 0; i < MANY; i++) {
        assert_memory_equal(blocks[i], &i, sizeof(i));
        tp_block_give(&freer, 0, blocks[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_size_has_the_smallest_class_that_holds_it),
        cmocka_unit_test_setup_teardown(
            blocks_of_every_size_are_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_large_block_is_the_systems, setup, teardown),
        cmocka_unit_test_setup_teardown(
            without_memory_there_is_no_block, setup, teardown),
        cmocka_unit_test_setup_teardown(
            the_block_given_last_is_taken_first, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_cache_keeps_two_batches_to_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(
            the_block_after_two_batches_sends_one_away, setup, teardown),
        cmocka_unit_test_setup_teardown(
            batches_of_one_size_are_not_taken_for_another, setup, teardown),
        cmocka_unit_test_setup_teardown(
            what_one_makes_and_another_frees_goes_round, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_batch_is_counted_when_it_is_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_cache_that_takes_batches_can_give_them_again, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_block_keeps_its_bytes_until_it_is_given, setup, teardown),
    };
    return cmocka_run_group_tests_name("block_cache", tests, NULL, NULL);
}
