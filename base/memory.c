/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/memory.h"

#include "base/assert.h"

#include <ck_pr.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PLAN_NONE 0
#define PLAN_EVERY UINT64_MAX
#define CACHE_LINE_BYTES 64

/*
 * Reached through ck_pr only, without order: they guard nothing.
 *
 * failure_plan: how many requests from now the one that fails is, or PLAN_*.
 * Written by tests; counted down by whoever asks for memory, a step at a time,
 * so that exactly one of them meets the 1. In a program it is 0 for ever, so
 * its line, which it shares with nothing that is written, stays in each cache.
 *
 * The counts: written by any thread, each change one atomic add. A stale read
 * is a count of a moment ago.
 */
static struct {
    _Alignas(CACHE_LINE_BYTES) uint64_t failure_plan;
    _Alignas(CACHE_LINE_BYTES) uint64_t blocks_count;
    uint64_t mappings_count;
} shared;

/* True for the one request that the plan is about. */
static bool
count_down(uint64_t plan)
{
    while (plan != PLAN_NONE && plan != PLAN_EVERY) {
        if (ck_pr_cas_64_value(&shared.failure_plan, plan, plan - 1, &plan)) {
            return plan == 1;
        }
    }
    return plan == PLAN_EVERY;
}

static bool
is_to_fail(void)
{
    uint64_t plan = ck_pr_load_64(&shared.failure_plan);

    return __builtin_expect(plan != PLAN_NONE, 0) && count_down(plan);
}

static void *
counted(uint64_t *count, void *memory)
{
    if (memory != NULL) {
        ck_pr_inc_64(count);
    }
    return memory;
}

static size_t
at_least_one(size_t bytes)
{
    return bytes != 0 ? bytes : 1;
}

void *
tp_memory_alloc(size_t bytes)
{
    if (is_to_fail()) {
        return NULL;
    }
    return counted(&shared.blocks_count, malloc(at_least_one(bytes)));
}

void *
tp_memory_alloc_zeroed(size_t count, size_t size)
{
    size_t bytes;

    /* calloc would look too, but under asan it ends the process. */
    if (is_to_fail() || __builtin_mul_overflow(count, size, &bytes)) {
        return NULL;
    }
    return counted(&shared.blocks_count, calloc(1, at_least_one(bytes)));
}

void *
tp_memory_alloc_aligned(size_t alignment, size_t bytes)
{
    void *memory = NULL;

    TP_ASSERT(
        alignment >= sizeof(void *) && (alignment & (alignment - 1)) == 0);
    if (is_to_fail() ||
        posix_memalign(&memory, alignment, at_least_one(bytes)) != 0) {
        return NULL;
    }
    return counted(&shared.blocks_count, memory);
}

void *
tp_memory_realloc(void *memory, size_t bytes)
{
    if (memory == NULL) {
        return tp_memory_alloc(bytes);
    }
    if (is_to_fail()) {
        return NULL;
    }
    return realloc(memory, at_least_one(bytes));
}

void
tp_memory_free(void *memory)
{
    if (memory != NULL) {
        ck_pr_dec_64(&shared.blocks_count);
        free(memory);
    }
}

void *
tp_memory_map(size_t bytes)
{
    void *memory;

    if (is_to_fail()) {
        return NULL;
    }
    memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return counted(
        &shared.mappings_count, memory != MAP_FAILED ? memory : NULL);
}

void
tp_memory_unmap(void *memory, size_t bytes)
{
    int failed = munmap(memory, bytes);

    TP_ASSERT(!failed);
    ck_pr_dec_64(&shared.mappings_count);
}

void
tp_memory_fail_at(uint64_t n)
{
    TP_ASSERT(n != PLAN_EVERY);
    ck_pr_store_64(&shared.failure_plan, n);
}

uint64_t
tp_memory_fails_in(void)
{
    return ck_pr_load_64(&shared.failure_plan);
}

void
tp_memory_fail_every(bool is_failing)
{
    ck_pr_store_64(&shared.failure_plan, is_failing ? PLAN_EVERY : PLAN_NONE);
}

uint64_t
tp_memory_blocks_count(void)
{
    return ck_pr_load_64(&shared.blocks_count);
}

uint64_t
tp_memory_mappings_count(void)
{
    return ck_pr_load_64(&shared.mappings_count);
}
