/* SPDX-License-Identifier: BSD-2-Clause */
/* For sanitizers and memcheck: every block is an allocation of its own. */
#include "mailbox/block_cache.h"

#include "base/memory.h"

void
tp_block_depot_init(struct tp_block_depot *depot)
{
    depot->chunks = NULL;
}

void
tp_block_depot_fini(struct tp_block_depot *depot)
{
    (void)depot;
}

/* No free list ever holds a block: tp_block_take() finds it empty, and
 * tp_block_give() finds it full. */
void
tp_block_cache_init(struct tp_block_cache *cache, struct tp_block_depot *depot)
{
    *cache = (struct tp_block_cache){.depot = depot};
    for (unsigned i = 0; i < TP_BLOCK_CLASSES_COUNT; i++) {
        cache->classes[i].free_count = 2 * TP_BLOCK_BATCH_COUNT;
    }
}

void *
tp_block_take_slow(
    struct tp_block_cache *cache, unsigned size_class, size_t bytes)
{
    (void)cache;
    return tp_memory_alloc(size_class == TP_BLOCK_CLASS_LARGE
                               ? bytes
                               : tp_block_bytes_of(size_class));
}

void
tp_block_give_slow(
    struct tp_block_cache *cache, unsigned size_class, void *block)
{
    (void)cache;
    (void)size_class;
    tp_memory_free(block);
}
