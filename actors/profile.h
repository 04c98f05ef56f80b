/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * profile: the marks of a mailbox, and what becomes of a message for which it
 * has no room.
 *
 * A sender has to know both, and reads nothing of the receiver but the first
 * line of its slot. So a slot has 32 bits there, task.tag: the index of an
 * entry in the runtime's table. Entry USUAL says that senders are paused at the
 * runtime's marks; nearly all actors have it, and a sender that finds it reads
 * no entry at all. Other entries are interned: equal ones are one. The highest
 * bit of the tag is not of the index: it says that the occupant is a router,
 * for who is paused on it (mailbox/limit.h).
 *
 *     tp_profiles_init, _fini     nobody else may use it
 *     tp_profiles_find, _assign   whoever holds the free slot
 *     tp_profiles_read            any thread
 *     tp_profiles_at              whoever knows that the entry is held
 *     tp_profiles_view            the owner of a slot with an occupant
 *
 * Who spawns finds or makes the entry, gives out the incarnation, writes the
 * tag, and only then shows the pid to anybody. So whoever has a pid honestly
 * and sends to a living actor reads its tag; and its entry, because a slot
 * holds on to its entry until the tag is written again, for the slot's next
 * life. An entry that no slot holds is filled anew by the next who needs one.
 *
 * A sender with the pid of a dead actor may find the tag of the slot's next
 * life, or, if it was slow, words of two entries. Memory is never given back,
 * all marks are in range, and limit.h needs no more than that of them, so this
 * costs a refusal or a count of a message that would have become a dead letter
 * anyhow. Only a redirection must not go wrong: who finds no room then looks
 * whether the incarnation it sends to is still the last one given out. That is
 * written before the tag, and the tag before an entry is filled anew, with
 * releases between, and read after them: so if it is, all that was read is of
 * the life that was meant.
 *
 * The mutex is taken by who spawns with options of its own and finds another
 * entry in the slot: it is not for the way of a message.
 *
 * Not chosen: marks in the slot (it has two lines, full), in the actor's
 * extension (the owner's; a sender would touch a third line and memory that
 * goes back), counting uses without a mutex (an entry would have to be kept
 * from being filled anew by a second word).
 */
#ifndef TROUPE_ACTORS_PROFILE_H
#define TROUPE_ACTORS_PROFILE_H

#include "actors/registry.h"

#include <pthread.h>

enum {
    TP_PROFILE_USUAL = 0,   /* to pause, at the runtime's marks */
    TP_PROFILE_DEFAULT = 1, /* the runtime's, if that is another policy */
    TP_PROFILES_CHUNK_COUNT = 64,
    TP_PROFILES_MAX = 1 << 16,
    TP_PROFILES_BUCKETS_COUNT = 256,
};

#define TP_PROFILE_ROUTES (UINT32_C(1) << 31)

/* Words only, since it is written and read word by word. */
struct tp_profile {
    struct tp_limit_marks marks; /* hard is where the policy begins to act */
    uint64_t policy;             /* a troupe_mailbox_policy, not DEFAULT */
    troupe_pid redirect_to;
};

struct tp_profile_entry {
    /*
     * Written by who fills the entry, word by word, with the mutex, after a
     * release fence; read by any thread, before an acquire fence and a look at
     * the slot's incarnation. Stale: as the header says.
     */
    struct tp_profile profile;

    /* By the mutex. */
    uint32_t index;
    uint32_t uses_count; /* slots that hold it; the first two are not counted */
    struct tp_profile_entry *next; /* in its bucket, or among the unused */
};

struct tp_profiles {
    struct tp_registry *registry;
    uint32_t default_index; /* of actors without options of their own */
    pthread_mutex_t mutex;
    /* By the mutex. */
    uint32_t entries_count;
    struct tp_profile_entry *unused;
    struct tp_profile_entry *buckets[TP_PROFILES_BUCKETS_COUNT];
    /*
     * NULL: not made. Each written once, with the mutex, before the release of
     * the first tag that leads to it; read by any thread that has acquired such
     * a tag, so never stale.
     */
    struct tp_profile_entry *chunks[TP_PROFILES_MAX / TP_PROFILES_CHUNK_COUNT];
};

/* INVALID_ARGUMENT, with a sentence; NO_MEMORY. The registry is found in the
 * table until fini. */
TROUPE_MUST_USE troupe_err tp_profiles_init(struct tp_profiles *profiles,
    struct tp_registry *registry, const struct troupe_mailbox_options *options);

/* Of zeroed memory too. */
void tp_profiles_fini(struct tp_profiles *profiles);

/*
 * The index of what the options ask for, to be given to tp_profiles_assign()
 * for the same slot. INVALID_ARGUMENT, NO_SUCH_ACTOR (redirect_to),
 * NO_MEMORY, each with a sentence.
 */
TROUPE_MUST_USE troupe_err tp_profiles_find(struct tp_profiles *profiles,
    struct tp_actor *actor, const struct troupe_mailbox_options *options,
    uint32_t *index);

/* Makes it the slot's, with ROUTES or without; after its incarnation has been
 * given out. */
void tp_profiles_assign(
    struct tp_profiles *profiles, struct tp_actor *actor, uint32_t tag);

/* The slot's, in *copy if it may change; see above. */
const struct tp_profile *tp_profiles_read(struct tp_profiles *profiles,
    struct tp_actor *actor, struct tp_profile *copy);

/* The entry at index, which some slot holds or which is always there. */
const struct tp_profile *tp_profiles_at(
    struct tp_profiles *profiles, uint32_t index);

/* The occupant's; it does not change while it lives. */
static inline const struct tp_profile *
tp_profiles_view(struct tp_profiles *profiles, struct tp_actor *actor)
{
    return tp_profiles_at(
        profiles, ck_pr_load_32(&actor->task.tag) & ~TP_PROFILE_ROUTES);
}

static inline bool
tp_profile_is_usual(struct tp_actor *actor)
{
    return (ck_pr_load_32(&actor->task.tag) & ~TP_PROFILE_ROUTES) ==
           TP_PROFILE_USUAL;
}

/* Of an occupant, or of who was one: it is a router. */
static inline bool
tp_profile_routes(struct tp_actor *actor)
{
    return (ck_pr_load_32(&actor->task.tag) & TP_PROFILE_ROUTES) != 0;
}

#endif
