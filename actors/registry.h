/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * registry: the slots of all actors, and the pids that name them.
 *
 * Slots lie in chunks that are mapped when first needed and stay until the
 * runtime is destroyed; a table of 2^16 chunk pointers leads to them, so
 * finding the slot of a pid is two loads. Free slots are kept in a list a
 * worker and travel between workers in batches of 64, through a lock-free
 * stack.
 *
 * A slot's life is counted by its incarnation. When 2^32 - 1 of them have been
 * given out the slot is retired.
 *
 *     tp_registry_find            any thread
 *     tp_registry_take, _give     the list's thread
 *     tp_registry_init, _fini     nobody else may use it
 *
 * Slots are type-stable for the same reason as blocks are, and batches popped
 * in the same way: see block_cache.h.
 */
#ifndef TROUPE_ACTORS_REGISTRY_H
#define TROUPE_ACTORS_REGISTRY_H

#include "actors/actor.h"
#include "troupe/pid.h"

#include <ck_stack.h>

enum {
    TP_REGISTRY_SLOTS_MAX = 1 << 28,
    TP_REGISTRY_CHUNK_SLOTS = 4096,
    TP_REGISTRY_CHUNKS_MAX = TP_REGISTRY_SLOTS_MAX / TP_REGISTRY_CHUNK_SLOTS,
    TP_REGISTRY_BATCH_COUNT = 64,
};

struct tp_registry {
    uint32_t runtime_number;
    uint32_t slots_max;
    /*
     * Chunks; NULL: not mapped. Each written once, by compare-and-swap with
     * release by whoever needs it first; pairs with the acquire in find. A
     * stale NULL: a pid that was made up is refused, or a chunk mapped in vain.
     */
    struct tp_actor **chunks;
    /*
     * Batches of free slots. Pushed and popped by any thread with a list,
     * through ck_stack's functions: a push releases what the slots hold, the
     * load of the head that a pop begins with acquires it. Stale: as those of
     * blocks (mailbox/block_cache.h).
     */
    ck_stack_t batches __attribute__((aligned(64)));
    /*
     * Slots below this have been handed to some list, and their chunks are
     * mapped. Raised by any thread with compare-and-swap and release, after it
     * has mapped the chunk; pairs with the acquire in tp_registry_count().
     * Stale: who goes through all slots misses those born since.
     */
    uint32_t slots_count __attribute__((aligned(64)));
};

/* Free slots of one thread. */
struct tp_free_slots {
    struct tp_actor *first;
    uint32_t count;
};

/* NO_MEMORY. slots_max is rounded up to a whole batch. */
TROUPE_MUST_USE troupe_err tp_registry_init(
    struct tp_registry *registry, uint32_t runtime_number, uint32_t slots_max);

void tp_registry_fini(struct tp_registry *registry);

/*
 * A free slot, the caller's to give a new incarnation (tp_registry_issue).
 * NO_MEMORY, TOO_MANY_ACTORS.
 */
TROUPE_MUST_USE troupe_err tp_registry_take(struct tp_registry *registry,
    struct tp_free_slots *free, struct tp_actor **actor);

/* The same, of those that nobody has ever had. */
TROUPE_MUST_USE troupe_err tp_registry_take_fresh(struct tp_registry *registry,
    struct tp_free_slots *free, struct tp_actor **actor);

/* The same, and the caller owns its inbox (tp_inbox_try_occupy()). Of those
 * whose inbox is asleep: in others stale mail is being run. */
TROUPE_MUST_USE troupe_err tp_registry_take_awake(struct tp_registry *registry,
    struct tp_free_slots *free, struct tp_actor **actor);

/* Takes a slot back, unless its incarnations are used up. */
void tp_registry_give(struct tp_registry *registry, struct tp_free_slots *free,
    struct tp_actor *actor);

/* Gives out the next incarnation of a slot that the caller took. */
troupe_pid tp_registry_issue(
    struct tp_registry *registry, struct tp_actor *actor);

/* The pid of a life in a slot. */
static inline troupe_pid
tp_registry_pid(const struct tp_registry *registry,
    const struct tp_actor *actor, uint32_t incarnation)
{
    return (uint64_t)incarnation << 32 |
           (uint64_t)registry->runtime_number << 28 | actor->index;
}

/* The slot that pid names; NULL if this runtime never made such a pid. */
static inline struct tp_actor *
tp_registry_find(struct tp_registry *registry, troupe_pid pid)
{
    uint32_t slot = troupe_pid_slot(pid);
    struct tp_actor *chunk =
        ck_pr_load_ptr(&registry->chunks[slot / TP_REGISTRY_CHUNK_SLOTS]);
    struct tp_actor *actor;

    ck_pr_fence_acquire();
    if (__builtin_expect(chunk == NULL || troupe_pid_runtime(pid) !=
                                              registry->runtime_number,
            0)) {
        return NULL;
    }
    actor = &chunk[slot % TP_REGISTRY_CHUNK_SLOTS];
    if (__builtin_expect(
            troupe_pid_incarnation(pid) - 1 >= ck_pr_load_32(&actor->issued),
            0)) {
        return NULL; /* 0, or not given out yet */
    }
    return actor;
}

/* The slots that there are up to now: tp_registry_at() has those below. */
uint32_t tp_registry_count(const struct tp_registry *registry);

/* The slot at index, which is below a tp_registry_count(). */
struct tp_actor *tp_registry_at(struct tp_registry *registry, uint32_t index);

#endif
