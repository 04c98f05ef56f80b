/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * work: functions that run on libuv's pool for an actor that waits.
 *
 * An actor that has work done has an open ask without anybody who was asked
 * (actors/ask.h); the answer is a reply, made by the loop that gave the work
 * away when the pool is done with it. So deadlines, the actor's end, the wait
 * of a drain and a late answer are those of asks.
 *
 * A job is a block of the system's: the pool's threads know no block lists. The
 * message that refuses is made with it, so that an answer can always be given.
 *
 * Whether a job is still wanted is a word in a table of its loop, because who
 * cancels may run on another worker, and the job may be gone by then:
 *
 *     FREE --give--> QUEUED --begin--> RUNNING --done--> FREE, next generation
 *                       \ cancel          \ cancel         ^
 *                        +----------------> CANCELLED -----+
 *
 *     from         to          by                    called by
 *     FREE      -> QUEUED      give()                the loop's worker
 *     QUEUED    -> RUNNING     run()                 a thread of the pool
 *     QUEUED    -> CANCELLED   troupe_work_cancel()  any thread
 *     RUNNING   -> CANCELLED   the same
 *     any other -> FREE        done()                the loop's worker
 *
 * A word has the generation in its upper bits, so that a name that is kept for
 * too long changes nothing. Words are never unmapped while the loop exists.
 */
#ifndef TROUPE_NET_WORK_H
#define TROUPE_NET_WORK_H

#include <stdint.h>

enum {
    TP_WORK_CHUNK_JOBS = 64,
    TP_WORK_CHUNKS_MAX = 1024,
};

struct tp_work_slot {
    /*
     * State in the low 2 bits, generation above. Written as in the table above,
     * by compare-and-swap where two may write. It orders nothing: a job is
     * handed on by libuv's queue. Stale: a job runs for nobody.
     */
    uint64_t word __attribute__((aligned(16)));
    uint32_t index;
    uint32_t next_free; /* 1 + index; 0: none; the worker's */
};

struct tp_work_slots {
    /*
     * Written once by the worker, with release; read, with acquire, by who
     * cancels, who has had the index from it. So it is never stale.
     */
    struct tp_work_slot *chunks[TP_WORK_CHUNKS_MAX];
    uint32_t count; /* the worker's */
    uint32_t free;  /* 1 + index; 0: none; the worker's */
};

/* When the pool is done with all. */
void tp_work_slots_fini(struct tp_work_slots *slots);

#endif
