/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/quarantine.h"

#include "base/memory.h"

#include <ck_pr.h>
#include <sanitizer/asan_interface.h>

struct tp_quarantine *
tp_quarantine_make(struct tp_block_cache *blocks)
{
    struct tp_quarantine *made = tp_memory_alloc_zeroed(1, sizeof(*made));

    if (made != NULL) {
        made->blocks = blocks;
    }
    return made;
}

static struct tp_quarantined *
place_of(struct tp_quarantine *quarantine, uint64_t number)
{
    return &quarantine->places[number % TP_QUARANTINE_BLOCKS_MAX];
}

static void
free_oldest(struct tp_quarantine *quarantine)
{
    struct tp_quarantined *oldest =
        place_of(quarantine, quarantine->freed_count++);
    struct troupe_message *block = oldest->block;

    quarantine->bytes -= oldest->bytes;
    ck_pr_store_ptr(&oldest->block, NULL);
    __asan_unpoison_memory_region(block, oldest->bytes);
    tp_block_give(quarantine->blocks, block->size_class, block);
}

static bool
is_over_full(const struct tp_quarantine *quarantine)
{
    return quarantine->added_count - quarantine->freed_count ==
               TP_QUARANTINE_BLOCKS_MAX ||
           quarantine->bytes > TP_QUARANTINE_BYTES_MAX;
}

void
tp_quarantine_add(
    struct tp_quarantine *quarantine, const struct tp_quarantined *what)
{
    struct tp_quarantined *place =
        place_of(quarantine, quarantine->added_count++);
    struct tp_quarantined written = *what;

    __asan_poison_memory_region(what->block, what->bytes);
    written.block = NULL;
    *place = written;
    ck_pr_fence_release();
    ck_pr_store_ptr(&place->block, what->block);
    quarantine->bytes += what->bytes;
    while (is_over_full(quarantine)) {
        free_oldest(quarantine);
    }
}

bool
tp_quarantine_find(struct tp_quarantine *quarantine, const void *address,
    struct tp_quarantined *found)
{
    for (uint64_t i = 0; i < TP_QUARANTINE_BLOCKS_MAX; i++) {
        struct tp_quarantined *place = place_of(quarantine, i);
        uintptr_t block = (uintptr_t)ck_pr_load_ptr(&place->block);

        ck_pr_fence_acquire();
        if (block != 0 && (uintptr_t)address - block < place->bytes) {
            *found = *place;
            return true;
        }
    }
    return false;
}

void
tp_quarantine_destroy(struct tp_quarantine **quarantine)
{
    struct tp_quarantine *dying = *quarantine;

    *quarantine = NULL;
    if (dying == NULL) {
        return;
    }
    while (dying->freed_count < dying->added_count) {
        free_oldest(dying);
    }
    tp_memory_free(dying);
}
