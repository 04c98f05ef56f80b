/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory: the one place where troupe takes memory from the system.
 *
 * Everything above asks here, so that a test can make the n-th request fail
 * and see what a correct program would have met, in the very build that ships.
 * Blocks come from malloc, chunks from mmap. Nothing is cached: whoever asks
 * often (message blocks, actor slots) keeps free lists of its own, so the cost
 * of a call here does not matter, and each one counts what is alive.
 *
 * Who may call what: every function, any thread. The failure plan and the two
 * counts belong to the process, not to a runtime; only tests plan failures,
 * and what is counted is only read by tests and reports.
 *
 * Not chosen: a table of function pointers in each runtime (an indirect call
 * and an argument through every layer, only for tests), replacing malloc at
 * link time (would fail the test's own allocations too, and is not the build
 * that ships).
 */
#ifndef TROUPE_BASE_MEMORY_H
#define TROUPE_BASE_MEMORY_H

#include "troupe/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The caller's until tp_memory_free(); NULL only if there is no memory, so 0
 * bytes are as good as 1.
 */
TROUPE_MUST_USE void *tp_memory_alloc(size_t bytes);

/* count items of size bytes, all zero; NULL too if the product overflows. */
TROUPE_MUST_USE void *tp_memory_alloc_zeroed(size_t count, size_t size);

/* alignment is a power of two; freed like the others. */
TROUPE_MUST_USE void *tp_memory_alloc_aligned(size_t alignment, size_t bytes);

/* Like realloc: on NULL the old memory is untouched and still the caller's. */
TROUPE_MUST_USE void *tp_memory_realloc(void *memory, size_t bytes);

/* NULL is allowed and nothing happens. */
void tp_memory_free(void *memory);

/* Zeroed pages at a page boundary; physical only once touched. NULL: none. */
TROUPE_MUST_USE void *tp_memory_map(size_t bytes);

/* The whole of one tp_memory_map(), with the same bytes. */
void tp_memory_unmap(void *memory, size_t bytes);

/*
 * From now on the n-th request of any kind fails, once, and all others are
 * served; 1 is the next one, 0 calls the plan off.
 */
void tp_memory_fail_at(uint64_t n);

/* The request that is planned to fail is so many requests away; 0: it has
 * failed, or none is planned. */
uint64_t tp_memory_fails_in(void);

/* Every request fails until this is called with false; calls fail_at off. */
void tp_memory_fail_every(bool is_failing);

/* Blocks that are allocated and not freed; exact when no thread is at it. */
uint64_t tp_memory_blocks_count(void);

/* Mappings that are not unmapped; exact when no thread is at it. */
uint64_t tp_memory_mappings_count(void);

#endif
