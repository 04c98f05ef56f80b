/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quarantine: the blocks that messages have left, poisoned, of one sender's
 * thread.
 *
 * A ring, oldest first out, bounded by count and by bytes: long enough that a
 * late touch meets poison, short enough that a test that sends for minutes
 * stays small. A block larger than all the bytes passes through at once. Beside
 * each block stands what a report needs to name it; a place is written whole
 * before its block is published.
 *
 * There is one a self, made when it first sends. Builds with address sanitizer
 * only (actors/isolation.h), where each block is a malloc of its own.
 *
 *     tp_quarantine_make, _add, _destroy    the thread of its block cache
 *     tp_quarantine_find                    any thread, to report
 */
#ifndef TROUPE_ACTORS_QUARANTINE_H
#define TROUPE_ACTORS_QUARANTINE_H

#include "mailbox/block_cache.h"
#include "mailbox/message.h"

enum {
    TP_QUARANTINE_BLOCKS_MAX = 4096,
    TP_QUARANTINE_BYTES_MAX = 1 << 24,
};

struct tp_quarantined {
    /*
     * NULL: none. Written by the quarantine's thread after the rest, with
     * release; pairs with the acquire in find. A stale read costs a report its
     * names, or gives it those of a later message.
     */
    struct troupe_message *block;
    size_t bytes;
    troupe_pid sender;
    troupe_pid receiver;
    const char *behaviour; /* the sender's; NULL: a thread outside */
    uint32_t schema;
};

struct tp_quarantine {
    struct tp_block_cache *blocks;
    uint64_t added_count;
    uint64_t freed_count;
    size_t bytes;
    struct tp_quarantined places[TP_QUARANTINE_BLOCKS_MAX];
};

/* Empty; blocks is where its blocks go in the end. NULL: no memory. */
struct tp_quarantine *tp_quarantine_make(struct tp_block_cache *blocks);

/* Takes what->block and poisons it; frees the oldest if it is too much. */
void tp_quarantine_add(
    struct tp_quarantine *quarantine, const struct tp_quarantined *what);

/* What is known of the block at this address; false: it is none of these. */
bool tp_quarantine_find(struct tp_quarantine *quarantine, const void *address,
    struct tp_quarantined *found);

/* Frees all blocks and the quarantine, which may be NULL. */
void tp_quarantine_destroy(struct tp_quarantine **quarantine);

#endif
