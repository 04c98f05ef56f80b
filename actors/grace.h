/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * grace: when what readers may still look at can be freed.
 *
 * Readers look at a structure of pointers while one writer, who holds a mutex,
 * changes it. What the writer takes out it may not free at once: a reader may
 * have come to it before. So it is retired, and freed when all who read then
 * have stopped: at some later change, by the next writer.
 *
 * Each reader has a mark: 0, or the epoch in which it began to read. To begin
 * is one read-modify-write of the reader's own word, and to stop is a store; no
 * reader waits for anybody, nor does it touch what another one writes.
 *
 * The writer unlinks, then moves the epoch on by one and tags what it has
 * unlinked with the epoch before. It frees what has a tag below the mark of
 * everybody who reads. Whoever began in a later epoch has acquired it, and with
 * it the unlinking. Whoever's mark the writer does not see yet has not read
 * anything before its mark: the mark and the look at the structure have a full
 * fence between, and so have the unlinking and the look at the marks; one of
 * the two sees the other. So nobody comes to what has been freed.
 *
 * A reader is listed when it first reads, and stays so: who has never read is
 * not looked at. If the writer does not see a reader in the list, the same
 * argument holds: it is listed before it is marked.
 *
 * A reader that stands still in the middle delays the freeing, of what was
 * retired since it began, and nothing else. What is retired waits for the next
 * change of the structure.
 *
 *     tp_grace_begin, _end            the reader's thread; they nest
 *     tp_grace_retire, _reclaim       the writer, with its mutex
 *     tp_grace_fini                   nobody reads any more
 *
 * Not chosen: a mutex for readers too (a worker would wait for a thread that
 * the system has put aside), a count of readers in one word (all would write to
 * it, and it need never be 0), records that are never freed (words come and go
 * by the million).
 */
#ifndef TROUPE_ACTORS_GRACE_H
#define TROUPE_ACTORS_GRACE_H

#include <ck_pr.h>
#include <stdbool.h>
#include <stdint.h>

struct tp_grace_reader {
    /*
     * 0: it does not read; else the epoch in which it began. Written by its
     * thread: begun with a full fence after, ended with release, so that what
     * it has read is read before it is freed; read by the writer, with acquire.
     * Stale: as the header says, or a later freeing.
     */
    uint64_t mark;
    struct tp_grace_reader *next; /* written before it is listed */
    bool is_listed;               /* its thread's */
};

/* The first field of what is retired. It was got by tp_memory_alloc(). */
struct tp_grace_retired {
    struct tp_grace_retired *next;
    uint64_t epoch;
};

struct tp_grace {
    /*
     * 1 and up. Written by the writer with release, after it has unlinked; read
     * by readers with acquire. Stale: what was retired since then is kept for
     * longer.
     */
    uint64_t epoch;
    /*
     * All who have ever read. Pushed by each at its first reading, by
     * compare-and-swap with release; pairs with the acquire of the writer.
     * Stale: as the header says.
     */
    struct tp_grace_reader *readers;
    struct tp_grace_retired *retired; /* the writer's */
};

void tp_grace_init(struct tp_grace *grace);

/* Frees all that is retired. */
void tp_grace_fini(struct tp_grace *grace);

/* Lists a reader that has not read before. */
void tp_grace_list(struct tp_grace *grace, struct tp_grace_reader *reader);

/* From here on nothing that is found is freed. What it returns is for
 * tp_grace_end(). */
static inline uint64_t
tp_grace_begin(struct tp_grace *grace, struct tp_grace_reader *reader)
{
    uint64_t was = reader->mark;

    if (was == 0) {
        uint64_t epoch = ck_pr_load_64(&grace->epoch);

        ck_pr_fence_acquire(); /* pairs with tp_grace_retire() */
        if (__builtin_expect(!reader->is_listed, 0)) {
            tp_grace_list(grace, reader);
        }
        (void)ck_pr_fas_64(&reader->mark, epoch);
        ck_pr_fence_memory(); /* the mark before what is read */
    }
    return was;
}

static inline void
tp_grace_end(struct tp_grace_reader *reader, uint64_t was)
{
    if (was == 0) {
        ck_pr_fence_release(); /* pairs with oldest_mark() */
        ck_pr_store_64(&reader->mark, 0);
    }
}

/* What has just been unlinked, to be freed some time. */
void tp_grace_retire(struct tp_grace *grace, struct tp_grace_retired *retired);

/* Frees what nobody reads any more. */
void tp_grace_reclaim(struct tp_grace *grace);

#endif
