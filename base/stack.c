/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/stack.h"

#include "base/announce.h"
#include "base/memory.h"

#include <ck_pr.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* the headers of Debian 12 are older */
#endif

enum {
    GUARD_BYTES_MIN = 1 << 14,
    SLAB_BYTES = 4 << 20,
    MAPPINGS_DEFAULT = 65530,
    MADV_UNKNOWN = -1,
    CHECKED_WORDS = 128, /* next to the stack: a kibibyte, or half of one */
};

/* Some of one size, cut one after the other. */
struct tp_stack_slab {
    struct tp_stack_slab *next;
    char *memory;
    size_t bytes;
    unsigned count;
    unsigned cut_count;
    struct tp_stack stacks[];
};

/*
 * Stacks that are PROTECTED, in the process. Added to by any thread, each
 * change one atomic add; it orders nothing. Stale: a few more or fewer, for
 * which there is room.
 */
static uint64_t protected_count;

/* ---- sizes --------------------------------------------------------------- */

static size_t
page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t
guard_bytes(void)
{
    size_t page = page_bytes();

    return page > GUARD_BYTES_MIN ? page : GUARD_BYTES_MIN;
}

/* The place of that size; TP_STACK_SIZES_COUNT: it is too large. */
static unsigned
place_of(size_t bytes)
{
    unsigned place = 0;

    while (place < TP_STACK_SIZES_COUNT &&
           ((size_t)1 << (TP_STACK_BYTES_LOG2_MIN + place)) < bytes) {
        place++;
    }
    return place;
}

size_t
tp_stack_bytes_for(size_t bytes)
{
    size_t least = page_bytes();

    return (size_t)1 << (TP_STACK_BYTES_LOG2_MIN +
                         place_of(bytes > least ? bytes : least));
}

/* ---- guards -------------------------------------------------------------- */

static pthread_once_t protected_max_once = PTHREAD_ONCE_INIT;
static uint64_t protected_max;

/* Some are left for the rest of the program. */
static void
find_protected_max(void)
{
    unsigned long mappings = MAPPINGS_DEFAULT;
    FILE *file = fopen("/proc/sys/vm/max_map_count", "re");

    if (file != NULL) {
        if (fscanf(file, "%lu", &mappings) != 1) {
            mappings = MAPPINGS_DEFAULT;
        }
        (void)fclose(file);
    }
    protected_max = (mappings - mappings / 8) / 2;
}

/* An emulator may say yes to any advice, and do nothing: it is asked for one
 * that nobody knows, too, once a pool. */
static bool
try_mark(struct tp_stack_pool *pool, char *guard)
{
    bool takes_any = pool->cut_count[TP_STACK_MARKED] == 0 &&
                     madvise(guard, guard_bytes(), MADV_UNKNOWN) == 0;

    return !takes_any && madvise(guard, guard_bytes(), MADV_GUARD_INSTALL) == 0;
}

static bool
try_protect(char *guard)
{
    (void)pthread_once(&protected_max_once, find_protected_max);
    if (ck_pr_faa_64(&protected_count, 1) < protected_max &&
        mprotect(guard, guard_bytes(), PROT_NONE) == 0) {
        return true;
    }
    ck_pr_dec_64(&protected_count);
    return false;
}

/* The strongest guard that there is. A system without the first will not get
 * it later. */
static enum tp_stack_guard
guard(struct tp_stack_pool *pool, char *below)
{
    if (pool->strongest == TP_STACK_MARKED) {
        if (try_mark(pool, below)) {
            return TP_STACK_MARKED;
        }
        pool->strongest = TP_STACK_PROTECTED;
    }
    if (pool->strongest == TP_STACK_PROTECTED && try_protect(below)) {
        return TP_STACK_PROTECTED;
    }
    return TP_STACK_CHECKED;
}

bool
tp_stack_is_intact(const struct tp_stack *stack)
{
    const uintptr_t *words = (const uintptr_t *)(const void *)stack->low;
    uintptr_t seen = 0;

    for (int i = 1; stack->guard == TP_STACK_CHECKED && i <= CHECKED_WORDS;
         i++) {
        seen |= words[-i];
    }
    return seen == 0;
}

bool
tp_stack_guards(const struct tp_stack *stack, uintptr_t address)
{
    uintptr_t low = (uintptr_t)stack->low;

    return address < low && address >= low - guard_bytes();
}

/* ---- slabs --------------------------------------------------------------- */

static struct tp_stack_slab *
make_slab(size_t stack_bytes)
{
    size_t stride = guard_bytes() + stack_bytes;
    unsigned count = stride < SLAB_BYTES ? (unsigned)(SLAB_BYTES / stride) : 1u;
    struct tp_stack_slab *slab =
        tp_memory_alloc(sizeof(*slab) + count * sizeof(slab->stacks[0]));

    if (slab == NULL) {
        return NULL;
    }
    *slab = (struct tp_stack_slab){.bytes = count * stride, .count = count};
    slab->memory = tp_memory_map(slab->bytes);
    if (slab->memory == NULL) {
        tp_memory_free(slab);
        return NULL;
    }
    /* Refused where the kernel has no large pages, which is as good. */
    (void)madvise(slab->memory, slab->bytes, MADV_NOHUGEPAGE);
    return slab;
}

static struct tp_stack *
cut(struct tp_stack_pool *pool, struct tp_stack_slab *slab, size_t stack_bytes)
{
    struct tp_stack *stack = &slab->stacks[slab->cut_count];
    size_t stride = slab->bytes / slab->count;
    char *below = slab->memory + slab->cut_count++ * stride;

    *stack =
        (struct tp_stack){.low = below + guard_bytes(), .bytes = stack_bytes};
    stack->guard = guard(pool, below);
    stack->watched = tp_announce_stack(stack->low, stack->bytes);
    ck_pr_store_64(
        &pool->cut_count[stack->guard], pool->cut_count[stack->guard] + 1);
    return stack;
}

static void
destroy_slab(struct tp_stack_slab *slab)
{
    for (unsigned i = 0; i < slab->cut_count; i++) {
        tp_announce_stack_gone(slab->stacks[i].watched);
        if (slab->stacks[i].guard == TP_STACK_PROTECTED) {
            ck_pr_dec_64(&protected_count);
        }
    }
    tp_announce_unused(slab->memory, slab->bytes);
    tp_memory_unmap(slab->memory, slab->bytes);
    tp_memory_free(slab);
}

void
tp_stack_pool_fini(struct tp_stack_pool *pool)
{
    for (unsigned place = 0; place < TP_STACK_SIZES_COUNT; place++) {
        while (pool->slabs[place] != NULL) {
            struct tp_stack_slab *slab = pool->slabs[place];

            pool->slabs[place] = slab->next;
            destroy_slab(slab);
        }
    }
    *pool = (struct tp_stack_pool){.strongest = pool->strongest};
}

/* ---- taking and giving --------------------------------------------------- */

static struct tp_stack *
take_fresh(struct tp_stack_pool *pool, unsigned place, size_t bytes)
{
    struct tp_stack_slab **slab = &pool->slabs[place];

    if (*slab == NULL || (*slab)->cut_count == (*slab)->count) {
        struct tp_stack_slab *made = make_slab(bytes);

        if (made == NULL) {
            return NULL;
        }
        made->next = *slab;
        *slab = made;
    }
    return cut(pool, *slab, bytes);
}

static struct tp_stack *
take_free(struct tp_stack_pool *pool, unsigned place)
{
    struct tp_stack *stack = pool->free[place];

    pool->free[place] = stack->next;
    if (stack->is_warm) {
        pool->warm_count[place]--;
    }
    return stack;
}

struct tp_stack *
tp_stack_take(struct tp_stack_pool *pool, size_t bytes)
{
    size_t whole = tp_stack_bytes_for(bytes);
    unsigned place = place_of(whole);
    struct tp_stack *stack;

    if (place == TP_STACK_SIZES_COUNT) {
        return NULL;
    }
    stack = pool->free[place] != NULL ? take_free(pool, place)
                                      : take_fresh(pool, place, whole);
    if (stack != NULL) {
        ck_pr_store_64(&pool->taken_count, pool->taken_count + 1);
    }
    return stack;
}

/* What has run over must not be found by the next one. */
static void
clear_guard(struct tp_stack *stack)
{
    if (stack->guard == TP_STACK_CHECKED) {
        (void)madvise(stack->low - guard_bytes(), guard_bytes(), MADV_DONTNEED);
    }
}

void
tp_stack_give(struct tp_stack_pool *pool, struct tp_stack *stack)
{
    unsigned place = place_of(stack->bytes);

    tp_announce_unused(stack->low, stack->bytes);
    if (!tp_stack_is_intact(stack)) {
        clear_guard(stack);
    }
    stack->is_warm = pool->warm_count[place] < TP_STACK_WARM_MAX;
    if (stack->is_warm) {
        pool->warm_count[place]++;
    } else {
        (void)madvise(stack->low, stack->bytes, MADV_DONTNEED);
    }
    stack->next = pool->free[place];
    pool->free[place] = stack;
    ck_pr_store_64(&pool->taken_count, pool->taken_count - 1);
}
