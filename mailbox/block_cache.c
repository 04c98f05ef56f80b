/* SPDX-License-Identifier: BSD-2-Clause */
#include "mailbox/block_cache.h"

#include "base/assert.h"
#include "base/memory.h"

#include <ck_pr.h>

/* A run of memory that blocks of one size are cut from. */
struct tp_block_chunk {
    struct tp_block_chunk *next;
    size_t bytes;
};

enum { CHUNK_BYTES = 1 << 18 };

CK_STACK_CONTAINER(struct tp_block, in_depot, batch_of)

void
tp_block_depot_init(struct tp_block_depot *depot)
{
    for (unsigned i = 0; i < TP_BLOCK_CLASSES_COUNT; i++) {
        ck_stack_init(&depot->classes[i].batches);
    }
    depot->chunks = NULL;
}

void
tp_block_depot_fini(struct tp_block_depot *depot)
{
    struct tp_block_chunk *chunk = depot->chunks;

    while (chunk != NULL) {
        struct tp_block_chunk *next = chunk->next;

        tp_memory_unmap(chunk, chunk->bytes);
        chunk = next;
    }
    depot->chunks = NULL;
}

void
tp_block_cache_init(struct tp_block_cache *cache, struct tp_block_depot *depot)
{
    *cache = (struct tp_block_cache){.depot = depot};
}

static struct tp_block *
pop_batch(struct tp_block_depot *depot, unsigned size_class)
{
    ck_stack_t *batches = &depot->classes[size_class].batches;
    ck_stack_entry_t *entry;

    while (ck_pr_load_ptr(&batches->head) != NULL) {
        if (ck_stack_trypop_mpmc(batches, &entry)) {
            return batch_of(entry);
        }
    }
    return NULL;
}

/* Maps memory for more blocks of this size. False: there is none. */
static bool
map_chunk(struct tp_block_cache *cache, unsigned size_class)
{
    struct tp_block_depot *depot = cache->depot;
    size_t block_bytes = tp_block_bytes_of(size_class);
    struct tp_block_chunk *chunk = tp_memory_map(CHUNK_BYTES);
    struct tp_block_chunk *seen;

    if (chunk == NULL) {
        return false;
    }
    chunk->bytes = CHUNK_BYTES;
    seen = ck_pr_load_ptr(&depot->chunks);
    do {
        chunk->next = seen;
        ck_pr_fence_release();
    } while (!ck_pr_cas_ptr_value(&depot->chunks, seen, chunk, &seen));
    /* The first block's place is the chunk's own header's. */
    cache->classes[size_class].fresh = (char *)chunk + block_bytes;
    cache->classes[size_class].fresh_count =
        (uint32_t)(CHUNK_BYTES / block_bytes) - 1;
    return true;
}

static struct tp_block *
cut(struct tp_block_cache *cache, unsigned size_class)
{
    struct tp_block *block;

    if (cache->classes[size_class].fresh_count == 0 &&
        !map_chunk(cache, size_class)) {
        return NULL;
    }
    block = (struct tp_block *)(void *)cache->classes[size_class].fresh;
    cache->classes[size_class].fresh += tp_block_bytes_of(size_class);
    cache->classes[size_class].fresh_count--;
    return block;
}

void *
tp_block_take_slow(
    struct tp_block_cache *cache, unsigned size_class, size_t bytes)
{
    struct tp_block *batch;

    if (size_class == TP_BLOCK_CLASS_LARGE) {
        return tp_memory_alloc(bytes);
    }
    batch = pop_batch(cache->depot, size_class);
    if (batch == NULL) {
        return cut(cache, size_class);
    }
    cache->classes[size_class].free = batch->next;
    cache->classes[size_class].free_count = TP_BLOCK_BATCH_COUNT - 1;
    return batch;
}

static void
push_batch(struct tp_block_cache *cache, unsigned size_class)
{
    struct tp_block *batch = cache->classes[size_class].free;
    struct tp_block *last = batch;

    for (int i = 1; i < TP_BLOCK_BATCH_COUNT; i++) {
        last = last->next;
    }
    cache->classes[size_class].free = last->next;
    cache->classes[size_class].free_count -= TP_BLOCK_BATCH_COUNT;
    last->next = NULL;
    ck_pr_fence_release(); /* ck_stack orders stores only; pairs with the pop */
    ck_stack_push_mpmc(
        &cache->depot->classes[size_class].batches, &batch->in_depot);
}

void
tp_block_give_slow(
    struct tp_block_cache *cache, unsigned size_class, void *memory)
{
    if (size_class == TP_BLOCK_CLASS_LARGE) {
        tp_memory_free(memory);
        return;
    }
    push_batch(cache, size_class);
    tp_block_give(cache, size_class, memory);
}
