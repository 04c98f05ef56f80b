/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: no two caches ever hold the same block, even if a batch that one is
 * about to pop is popped, used and pushed again by another meanwhile.
 *
 * Method: one thread pops a batch; the other pops two, and pushes back one
 * whose first block is that of the first popped, so that the stack's head is
 * what it was and its next is not. Every order of the operations, also with the
 * first thread frozen at each of its steps; afterwards all blocks are
 * collected, and each must be there once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/memory.h"
#include "mailbox/block_cache.h"
#include "tests/support/check.h"
#include "tests/support/orders.h"

enum { BATCH = TP_BLOCK_BATCH_COUNT, BLOCKS = 6 * BATCH };

static struct tp_block_depot depot;
static struct tp_block_cache popper;
static struct tp_block_cache recycler;
static void *popped;
static void *spares[BATCH];
static void *first;
static void *taken[BATCH];

static void *
take(struct tp_block_cache *cache)
{
    return tp_block_take(cache, 0, 64);
}

static void
give(struct tp_block_cache *cache, void *block)
{
    tp_block_give(cache, 0, block);
}

static void
pop_one(void *arg)
{
    (void)arg;
    popped = take(&popper);
}

static void
pop_two_and_push_one(void *arg)
{
    (void)arg;
    first = take(&recycler);
    for (int i = 0; i < BATCH; i++) {
        taken[i] = take(&recycler); /* the last is the second batch's */
    }
    for (int i = 0; i < BATCH; i++) {
        give(&recycler, spares[i]);
    }
    give(&recycler, first);
    for (int i = 0; i < BATCH; i++) {
        give(&recycler, taken[i]);
    }
}

/* Three batches in the depot, a batch of spares, and no fresh blocks. */
static void
begin(struct steps *steps)
{
    struct tp_block_cache maker;
    void *blocks[BLOCKS];

    popped = NULL;
    tp_block_depot_init(&depot);
    tp_block_cache_init(&maker, &depot);
    tp_block_cache_init(&popper, &depot);
    tp_block_cache_init(&recycler, &depot);
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = take(&maker);
    }
    for (int i = 0; i < BATCH; i++) {
        spares[i] = blocks[i];
    }
    for (int i = BATCH; i < BLOCKS; i++) {
        give(&maker, blocks[i]);
    }
    steps_add(steps, pop_one, NULL);
    steps_add(steps, pop_two_and_push_one, NULL);
}

static int
compare(const void *left, const void *right)
{
    uintptr_t one = *(const uintptr_t *)left;
    uintptr_t other = *(const uintptr_t *)right;

    return (one > other) - (one < other);
}

static uint64_t
end(void)
{
    void *blocks[2 * BLOCKS];
    size_t count = 0;

    if (popped != NULL) {
        blocks[count++] = popped;
    }
    tp_memory_fail_every(true);
    while (count < 2 * BLOCKS && (blocks[count] = take(&popper)) != NULL) {
        count++;
    }
    while (count < 2 * BLOCKS && (blocks[count] = take(&recycler)) != NULL) {
        count++;
    }
    tp_memory_fail_every(false);
    CHECK(count < BLOCKS);
    qsort(blocks, count, sizeof(blocks[0]), compare);
    for (size_t i = 1; i < count; i++) {
        CHECK(blocks[i - 1] != blocks[i]);
    }
    tp_block_depot_fini(&depot);
    return count;
}

static void
a_batch_that_comes_back_is_not_mistaken_for_what_it_was(void **state)
{
    static const struct orders_world world = {
        .begin = begin,
        .end = end,
    };

    (void)state;
    assert_true(orders_run_both(world) > 10);
    assert_true(orders_run_frozen(&world) > 10);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_batch_that_comes_back_is_not_mistaken_for_what_it_was),
    };
    return cmocka_run_group_tests_name("depot", tests, NULL, NULL);
}
