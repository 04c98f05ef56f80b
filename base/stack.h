/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack: memory to run a piece of sequential code on, and what is below it.
 *
 *     low address                                             high address
 *     | guard | the stack, which grows downwards ............ | guard | ...
 *
 * Stacks of one size are cut from slabs of a few MiB, one mapping each, that a
 * pool keeps until its end. A page of a stack is physical only once it has been
 * touched, so a large stack costs no more than a small one until it is used;
 * large pages are refused, or the first touch would take 2 MiB. A stack that
 * is given back is the next to be taken, while it is in a cache. Beyond
 * WARM_MAX free ones their pages go back to the system, and the addresses stay.
 *
 * What is below. Who runs off a stack must not run on in what lies there. Three
 * ways to see to it, the first that the system has:
 *
 *     MARKED     madvise(MADV_GUARD_INSTALL), Linux 6.13: the pages fault, and
 *                the slab stays one mapping
 *     PROTECTED  mprotect(): the same, but two mappings more a stack, of which
 *                a process has 65,530 (vm.max_map_count). From near that on:
 *     CHECKED    the pages are as all others, and nobody writes to them: they
 *                are all zeros, or the stack has overflowed. Whoever switches
 *                stacks looks at those next to the stack. So an overflow is
 *                found late, but before it has left the guard, unless a single
 *                frame skips it.
 *
 * A guard is several pages, because a frame with an array in it may skip one.
 *
 * A pool is used by one thread at a time; its counts may be read by any. How
 * many stacks are PROTECTED is counted for the process, as the kernel does.
 *
 * Not chosen: a mapping a stack (65,530 are not many, and unmapping each costs
 * more than all its life did), stacks that grow by moving (pointers into them),
 * malloc (no guards, and no pages to give back).
 */
#ifndef TROUPE_BASE_STACK_H
#define TROUPE_BASE_STACK_H

#include "troupe/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TP_STACK_BYTES_LOG2_MIN = 14,
    TP_STACK_BYTES_LOG2_MAX = 26,
    TP_STACK_SIZES_COUNT =
        TP_STACK_BYTES_LOG2_MAX - TP_STACK_BYTES_LOG2_MIN + 1,
    TP_STACK_WARM_MAX = 64, /* free stacks of a size that keep their pages */
};

/* The strongest first. */
enum tp_stack_guard {
    TP_STACK_MARKED,
    TP_STACK_PROTECTED,
    TP_STACK_CHECKED,
    TP_STACK_GUARDS_COUNT
};

struct tp_stack {
    struct tp_stack *next; /* while it is free */
    char *low;             /* its lowest byte; the guard ends here */
    size_t bytes;
    enum tp_stack_guard guard;
    bool is_warm;
    unsigned watched; /* its number with valgrind */
};

struct tp_stack_slab;

/* Zeroed memory is an empty one. */
struct tp_stack_pool {
    enum tp_stack_guard strongest; /* that may be tried; tests choose less */
    struct tp_stack *free[TP_STACK_SIZES_COUNT];
    unsigned warm_count[TP_STACK_SIZES_COUNT];
    struct tp_stack_slab *slabs[TP_STACK_SIZES_COUNT];
    /*
     * Stacks that there are, by guard, and how many of all are taken. Written
     * by the pool's thread; read by any thread, for people: they order nothing.
     * Stale: a count of a moment ago.
     */
    uint64_t cut_count[TP_STACK_GUARDS_COUNT];
    uint64_t taken_count;
};

/* How large a stack is that was asked for with so many bytes. */
size_t tp_stack_bytes_for(size_t bytes);

/* A stack of at least so many bytes, whatever is in them. NULL: no memory, or
 * it is more than 2 to the power of TP_STACK_BYTES_LOG2_MAX. */
TROUPE_MUST_USE struct tp_stack *tp_stack_take(
    struct tp_stack_pool *pool, size_t bytes);

/* Takes stack, on which nothing runs any more. */
void tp_stack_give(struct tp_stack_pool *pool, struct tp_stack *stack);

/* Unmaps all stacks of the pool, also those that were taken. */
void tp_stack_pool_fini(struct tp_stack_pool *pool);

/* False: it has overflowed. Only a CHECKED one can tell. */
bool tp_stack_is_intact(const struct tp_stack *stack);

/* Whether the address is in the guard, so that a fault there is an overflow. */
bool tp_stack_guards(const struct tp_stack *stack, uintptr_t address);

#endif
