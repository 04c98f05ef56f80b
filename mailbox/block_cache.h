/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * block_cache: memory for messages and small states, a cache a thread.
 *
 * Blocks come in powers of two from 64 to 4096 bytes. Each thread that makes or
 * frees messages has a cache with a free list a size, so that a block costs two
 * loads and a store. Where one thread makes and another frees, blocks travel
 * back in batches of 64 through the depot: a lock-free stack a size, shared by
 * all caches of a runtime. Blocks are cut from chunks that the depot maps and
 * gives back only when it is finished. Larger blocks are the system's, one by
 * one.
 *
 * Blocks are type-stable because of the depot: popping a batch reads a link in
 * a block that another thread may have popped, and begun to use, meanwhile. The
 * stack's generation then makes the pop fail, and what was read is dropped.
 * Each try reads generation, head and link anew, in this order: that a swap
 * which fails returns both words as they were at one moment is not so on
 * aarch64, and ck_stack_pop_mpmc() would go on with them.
 *
 *     tp_block_take, tp_block_give        the cache's thread
 *     tp_block_depot_init, _fini          nobody else may use it
 *
 * A second implementation, block_cache_each.c, makes every block a malloc of
 * its own, so that sanitizers and memcheck see each one live and die.
 *
 * Not chosen: malloc for all (20 ns against 2, and a lock when one thread frees
 * what another made), mimalloc (a library must not bring the program another
 * malloc), a free list without batches (the depot's stack would be contended).
 */
#ifndef TROUPE_MAILBOX_BLOCK_CACHE_H
#define TROUPE_MAILBOX_BLOCK_CACHE_H

#include <ck_stack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TP_BLOCK_CLASSES_COUNT = 7,
    TP_BLOCK_BYTES_MIN = 64,
    TP_BLOCK_BYTES_MAX = TP_BLOCK_BYTES_MIN << (TP_BLOCK_CLASSES_COUNT - 1),
    TP_BLOCK_BATCH_COUNT = 64,
    TP_BLOCK_CLASS_LARGE = TP_BLOCK_CLASSES_COUNT, /* the system's */
};

/* A free block. */
struct tp_block {
    struct tp_block *next;     /* in a cache's list or a batch */
    ck_stack_entry_t in_depot; /* of the first block of a batch */
};

struct tp_block_chunk;

struct tp_block_depot {
    /*
     * Batches of each size. Pushed and popped by any cache's thread, through
     * ck_stack's mpmc functions only: a push releases what the batch holds, the
     * load of the head that a pop begins with acquires it. A stale read costs
     * a swap that fails, or a batch that is found later.
     */
    struct {
        ck_stack_t batches;
    } __attribute__((aligned(64))) classes[TP_BLOCK_CLASSES_COUNT];
    /*
     * All chunks. Pushed by any cache's thread with release, read by fini when
     * no thread is left. A stale read costs a failed compare-and-swap.
     */
    struct tp_block_chunk *chunks;
};

struct tp_block_cache {
    struct tp_block_depot *depot;
    struct {
        struct tp_block *free;
        uint32_t free_count;
        uint32_t fresh_count; /* not yet cut blocks at fresh */
        char *fresh;
    } classes[TP_BLOCK_CLASSES_COUNT];
};

void tp_block_depot_init(struct tp_block_depot *depot);

/* Gives all chunks back; blocks still in use are gone. Large ones are not. */
void tp_block_depot_fini(struct tp_block_depot *depot);

void tp_block_cache_init(
    struct tp_block_cache *cache, struct tp_block_depot *depot);

/* The class that holds so many bytes. */
static inline unsigned
tp_block_class_of(size_t bytes)
{
    if (bytes <= TP_BLOCK_BYTES_MIN) {
        return 0;
    }
    if (bytes > TP_BLOCK_BYTES_MAX) {
        return TP_BLOCK_CLASS_LARGE;
    }
    return (unsigned)(64 - __builtin_clzll((bytes - 1) >> 6));
}

static inline size_t
tp_block_bytes_of(unsigned size_class)
{
    return (size_t)TP_BLOCK_BYTES_MIN << size_class;
}

void *tp_block_take_slow(
    struct tp_block_cache *cache, unsigned size_class, size_t bytes);
void tp_block_give_slow(
    struct tp_block_cache *cache, unsigned size_class, void *block);

/* A block of a class that is not LARGE, if one is free at hand; else NULL. */
static inline void *
tp_block_try_take(struct tp_block_cache *cache, unsigned size_class)
{
    struct tp_block *block = cache->classes[size_class].free;

    if (__builtin_expect(block != NULL, 1)) {
        cache->classes[size_class].free = block->next;
        cache->classes[size_class].free_count--;
    }
    return block;
}

/*
 * A block of at least so many bytes, size_class being tp_block_class_of(bytes);
 * NULL if there is no memory.
 */
static inline void *
tp_block_take(struct tp_block_cache *cache, unsigned size_class, size_t bytes)
{
    if (__builtin_expect(size_class != TP_BLOCK_CLASS_LARGE, 1)) {
        void *block = tp_block_try_take(cache, size_class);

        if (__builtin_expect(block != NULL, 1)) {
            return block;
        }
    }
    return tp_block_take_slow(cache, size_class, bytes);
}

/* Takes back a block of a class below LARGE, if there is room at hand. A class
 * that is above, whatever it means to the caller, there is not. */
static inline __attribute__((always_inline)) bool
tp_block_try_give(
    struct tp_block_cache *cache, unsigned size_class, void *memory)
{
    struct tp_block *block = memory;

    if (__builtin_expect(size_class < TP_BLOCK_CLASS_LARGE &&
                             cache->classes[size_class].free_count <
                                 2 * TP_BLOCK_BATCH_COUNT,
            1)) {
        block->next = cache->classes[size_class].free;
        cache->classes[size_class].free = block;
        cache->classes[size_class].free_count++;
        return true;
    }
    return false;
}

/* Takes back a block, which may come from another cache of the same depot. */
static inline __attribute__((always_inline)) void
tp_block_give(struct tp_block_cache *cache, unsigned size_class, void *memory)
{
    if (!tp_block_try_give(cache, size_class, memory)) {
        tp_block_give_slow(cache, size_class, memory);
    }
}

#endif
