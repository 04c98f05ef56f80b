/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a block that one thread takes and another gives is never two threads'
 * at once, and comes back.
 *
 * Method: MAKERS threads take blocks of several sizes, fill them and hand them
 * over; FREERS threads check that they hold what was written and give them to
 * caches of their own. Some blocks are large. Built with either implementation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ck_pr.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "base/memory.h"
#include "mailbox/block_cache.h"
#include "tests/support/check.h"

enum { MAKERS = 2, FREERS = 2, BLOCKS = 30000 };

struct filled {
    struct filled *next;
    size_t bytes;
    unsigned char content[];
};

static struct tp_block_depot depot;
static struct filled *handed_over; /* a stack, pushed by makers, taken whole */
static _Atomic(int) freed_count;

static size_t
bytes_of(int i)
{
    static const size_t sizes[] = {40, 64, 100, 64, 200, 64, 40, 5000};

    return sizes[i % 8];
}

static void
hand_over(struct filled *filled)
{
    struct filled *seen = ck_pr_load_ptr(&handed_over);

    do {
        filled->next = seen;
        ck_pr_fence_release();
    } while (!ck_pr_cas_ptr_value(&handed_over, seen, filled, &seen));
}

static void *
make_all(void *arg)
{
    struct tp_block_cache cache;

    tp_block_cache_init(&cache, &depot);
    for (int i = 0; i < BLOCKS; i++) {
        size_t bytes = bytes_of(i);
        struct filled *filled =
            tp_block_take(&cache, tp_block_class_of(bytes), bytes);

        CHECK(filled != NULL);
        filled->bytes = bytes;
        memset(filled->content, (int)((uintptr_t)arg * 100 + (unsigned)i % 100),
            bytes - sizeof(*filled));
        hand_over(filled);
        if (i % 256 == 0) {
            sched_yield();
        }
    }
    return NULL;
}

static void
check_and_give(struct tp_block_cache *cache, struct filled *filled)
{
    size_t length = filled->bytes - sizeof(*filled);

    for (size_t i = 1; i < length; i++) {
        CHECK(filled->content[i] == filled->content[0]);
    }
    tp_block_give(cache, tp_block_class_of(filled->bytes), filled);
    atomic_fetch_add(&freed_count, 1);
}

static void *
free_all(void *arg)
{
    struct tp_block_cache cache;

    (void)arg;
    tp_block_cache_init(&cache, &depot);
    while (atomic_load(&freed_count) < MAKERS * BLOCKS) {
        struct filled *filled = ck_pr_fas_ptr(&handed_over, NULL);

        ck_pr_fence_acquire();
        if (filled == NULL) {
            sched_yield();
        }
        while (filled != NULL) {
            struct filled *next = filled->next;

            check_and_give(&cache, filled);
            filled = next;
        }
    }
    return NULL;
}

static void
blocks_hold_what_was_written_until_they_are_given(void **state)
{
    pthread_t threads[MAKERS + FREERS];
    uint64_t blocks_count = tp_memory_blocks_count();

    (void)state;
    tp_block_depot_init(&depot);
    for (uintptr_t i = 0; i < MAKERS + FREERS; i++) {
        CHECK(pthread_create(&threads[i], NULL,
                  i < MAKERS ? make_all : free_all, (void *)i) == 0);
    }
    for (int i = 0; i < MAKERS + FREERS; i++) {
        pthread_join(threads[i], NULL);
    }
    tp_block_depot_fini(&depot);
    assert_true(tp_memory_blocks_count() == blocks_count);
    assert_true(tp_memory_mappings_count() == 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_hold_what_was_written_until_they_are_given),
    };
    return cmocka_run_group_tests_name("block_cache", tests, NULL, NULL);
}
