/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/registry.h"

#include "base/assert.h"
#include "base/err.h"
#include "base/memory.h"

/* A free slot that leads a batch is linked through its unused extension. */
struct batch {
    ck_stack_entry_t in_stack;
};

_Static_assert(sizeof(struct batch) <= sizeof(struct tp_extension *),
    "the link of a batch lies in the slot's unused pointer");

static ck_stack_entry_t *
entry_of(struct tp_actor *actor)
{
    return (ck_stack_entry_t *)(void *)&actor->extension;
}

static struct tp_actor *
actor_of(ck_stack_entry_t *entry)
{
    return (struct tp_actor *)(void *)((char *)entry -
                                       offsetof(struct tp_actor, extension));
}

static size_t
chunk_bytes(void)
{
    return TP_REGISTRY_CHUNK_SLOTS * sizeof(struct tp_actor);
}

troupe_err
tp_registry_init(
    struct tp_registry *registry, uint32_t runtime_number, uint32_t slots_max)
{
    registry->runtime_number = runtime_number;
    registry->slots_max = (slots_max + TP_REGISTRY_BATCH_COUNT - 1) /
                          TP_REGISTRY_BATCH_COUNT * TP_REGISTRY_BATCH_COUNT;
    registry->chunks =
        tp_memory_map(TP_REGISTRY_CHUNKS_MAX * sizeof(registry->chunks[0]));
    ck_stack_init(&registry->batches);
    registry->slots_count = 0;
    if (registry->chunks == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory for the registry");
    }
    return TROUPE_OK;
}

void
tp_registry_fini(struct tp_registry *registry)
{
    if (registry->chunks == NULL) {
        return;
    }
    for (uint32_t i = 0; i < TP_REGISTRY_CHUNKS_MAX; i++) {
        if (registry->chunks[i] == NULL) {
            break;
        }
        tp_memory_unmap(registry->chunks[i], chunk_bytes());
    }
    tp_memory_unmap(
        registry->chunks, TP_REGISTRY_CHUNKS_MAX * sizeof(registry->chunks[0]));
}

/* The chunk that slot index lies in, mapped if need be; NULL: no memory. */
static struct tp_actor *
chunk_for(struct tp_registry *registry, uint32_t index)
{
    struct tp_actor **place =
        &registry->chunks[index / TP_REGISTRY_CHUNK_SLOTS];
    struct tp_actor *chunk = ck_pr_load_ptr(place);
    struct tp_actor *mapped;

    if (chunk != NULL) {
        ck_pr_fence_acquire();
        return chunk;
    }
    mapped = tp_memory_map(chunk_bytes());
    if (mapped == NULL) {
        return NULL;
    }
    ck_pr_fence_release();
    if (ck_pr_cas_ptr_value(place, NULL, mapped, &chunk)) {
        return mapped;
    }
    ck_pr_fence_acquire();
    tp_memory_unmap(mapped, chunk_bytes());
    return chunk;
}

/* Fresh slots for a list: a batch that nobody has used. */
static troupe_err
cut(struct tp_registry *registry, struct tp_free_slots *free)
{
    uint32_t first = ck_pr_load_32(&registry->slots_count);
    struct tp_actor *chunk;

    do {
        if (first >= registry->slots_max) {
            return tp_err_set(TROUPE_E_TOO_MANY_ACTORS,
                "all %u actor slots are taken; actors_count_max sets how many",
                registry->slots_max);
        }
        chunk = chunk_for(registry, first);
        if (chunk == NULL) {
            return tp_err_set(TROUPE_E_NO_MEMORY,
                "no memory for %zu bytes of actor slots", chunk_bytes());
        }
        /* The chunk before the count; pairs with tp_registry_count(). */
        ck_pr_fence_release();
    } while (!ck_pr_cas_32_value(&registry->slots_count, first,
        first + TP_REGISTRY_BATCH_COUNT, &first));
    for (uint32_t i = TP_REGISTRY_BATCH_COUNT; i-- > 0;) {
        struct tp_actor *actor = &chunk[(first + i) % TP_REGISTRY_CHUNK_SLOTS];

        actor->index = first + i;
        actor->next_free = free->first;
        free->first = actor;
    }
    free->count += TP_REGISTRY_BATCH_COUNT;
    return TROUPE_OK;
}

static bool
pop_batch(struct tp_registry *registry, struct tp_free_slots *free)
{
    ck_stack_entry_t *entry;

    while (ck_pr_load_ptr(&registry->batches.head) != NULL) {
        if (ck_stack_trypop_mpmc(&registry->batches, &entry)) {
            free->first = actor_of(entry);
            free->first->extension = NULL;
            free->count = TP_REGISTRY_BATCH_COUNT;
            return true;
        }
    }
    return false;
}

troupe_err
tp_registry_take(struct tp_registry *registry, struct tp_free_slots *free,
    struct tp_actor **actor)
{
    if (free->first == NULL && !pop_batch(registry, free)) {
        troupe_err err = cut(registry, free);

        if (err != TROUPE_OK) {
            return err;
        }
    }
    *actor = free->first;
    free->first = (*actor)->next_free;
    free->count--;
    return TROUPE_OK;
}

troupe_err
tp_registry_take_fresh(struct tp_registry *registry, struct tp_free_slots *free,
    struct tp_actor **actor)
{
    troupe_err err = cut(registry, free);

    return err == TROUPE_OK ? tp_registry_take(registry, free, actor) : err;
}

troupe_err
tp_registry_take_awake(struct tp_registry *registry, struct tp_free_slots *free,
    struct tp_actor **actor)
{
    struct tp_actor *busy = NULL;
    troupe_err err;

    while ((err = tp_registry_take(registry, free, actor)) == TROUPE_OK &&
           !tp_inbox_try_occupy(&(*actor)->inbox)) {
        (*actor)->next_free = busy;
        busy = *actor;
    }
    while (busy != NULL) {
        struct tp_actor *next = busy->next_free;

        tp_registry_give(registry, free, busy);
        busy = next;
    }
    return err;
}

static void
push_batch(struct tp_registry *registry, struct tp_free_slots *free)
{
    struct tp_actor *batch = free->first;
    struct tp_actor *last = batch;

    for (int i = 1; i < TP_REGISTRY_BATCH_COUNT; i++) {
        last = last->next_free;
    }
    free->first = last->next_free;
    free->count -= TP_REGISTRY_BATCH_COUNT;
    last->next_free = NULL;
    ck_pr_fence_release(); /* ck_stack orders stores only; pairs with the pop */
    ck_stack_push_mpmc(&registry->batches, entry_of(batch));
}

void
tp_registry_give(struct tp_registry *registry, struct tp_free_slots *free,
    struct tp_actor *actor)
{
    if (ck_pr_load_32(&actor->issued) == UINT32_MAX) {
        return;
    }
    if (free->count >= 2 * TP_REGISTRY_BATCH_COUNT) {
        push_batch(registry, free);
    }
    actor->next_free = free->first;
    free->first = actor;
    free->count++;
}

troupe_pid
tp_registry_issue(struct tp_registry *registry, struct tp_actor *actor)
{
    uint32_t incarnation = ck_pr_load_32(&actor->issued) + 1;

    TP_ASSERT(incarnation != 0);
    /* Whose slot it is before the number; pairs with last_in() in waits.c. */
    ck_pr_fence_store();
    ck_pr_store_32(&actor->issued, incarnation);
    return tp_registry_pid(registry, actor, incarnation);
}

uint32_t
tp_registry_count(const struct tp_registry *registry)
{
    uint32_t count = ck_pr_load_32(&registry->slots_count);

    ck_pr_fence_acquire();
    return count;
}

struct tp_actor *
tp_registry_at(struct tp_registry *registry, uint32_t index)
{
    struct tp_actor *chunk =
        ck_pr_load_ptr(&registry->chunks[index / TP_REGISTRY_CHUNK_SLOTS]);

    ck_pr_fence_acquire();
    return &chunk[index % TP_REGISTRY_CHUNK_SLOTS];
}
