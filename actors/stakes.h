/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stakes: what each actor has in the directory: a name, a membership or a wait
 * each, in a hash table by pid.
 *
 * Whether an actor may have any says a table of counts, a count for every
 * 4,096th slot: one load for those who have none. It is what an actor looks at
 * when it ends (actors/directory.h).
 *
 *     tp_stakes_may_have    any thread
 *     all others            with the directory's mutex
 */
#ifndef TROUPE_ACTORS_STAKES_H
#define TROUPE_ACTORS_STAKES_H

#include "troupe/name.h"

#include <ck_pr.h>

struct tp_word;

enum { TP_STAKES_COUNTS = 4096 };

enum tp_stake_kind { TP_STAKE_NAME, TP_STAKE_MEMBER, TP_STAKE_WAIT };

struct tp_stake {
    struct tp_stake *next; /* in its line, the latest first */
    troupe_pid pid;
    struct tp_word *word;
    enum tp_stake_kind kind;
    uint32_t place; /* MEMBER */

    /* WAIT. */
    struct tp_stake *next_wait;     /* of the same word; until it is told */
    struct troupe_message *message; /* NULL: it has been told */
    troupe_name_handler *then;
    uint64_t context;
    uint64_t number;
};

/* Zeroed memory is an empty one. */
struct tp_stakes {
    struct tp_stake **lines; /* NULL: none yet */
    uint32_t mask;
    uint32_t count;
    /*
     * Stakes of those whose slot modulo COUNTS it is. Written with the mutex;
     * read by an actor's owner when it ends. Orders nothing itself: what hands
     * the actor over does (see above). A stale 0 is excluded there; any other
     * stale count costs a look.
     */
    uint32_t counts[TP_STAKES_COUNTS];
};

/* A stake of nobody yet; NULL: no memory. */
struct tp_stake *tp_stakes_make(struct tp_stakes *stakes);

/* Makes it the pid's. */
void tp_stakes_add(struct tp_stakes *stakes, struct tp_stake *stake,
    enum tp_stake_kind kind, troupe_pid pid, struct tp_word *word);

/* The place that points to the latest stake of that kind and word, any word if
 * text is NULL; or to NULL. */
struct tp_stake **tp_stakes_find(struct tp_stakes *stakes,
    enum tp_stake_kind kind, troupe_pid pid, const char *text);

/* The place that points to the latest stake of the pid, or to NULL. */
struct tp_stake **tp_stakes_find_any(struct tp_stakes *stakes, troupe_pid pid);

/* Takes out the stake that *place points to, which is the caller's to free. */
struct tp_stake *tp_stakes_take(
    struct tp_stakes *stakes, struct tp_stake **place);

/* Frees all. */
void tp_stakes_fini(struct tp_stakes *stakes);

/* Whether the pid may have a stake. */
static inline bool
tp_stakes_may_have(const struct tp_stakes *stakes, troupe_pid pid)
{
    return __builtin_expect(
        ck_pr_load_32(
            &stakes->counts[troupe_pid_slot(pid) % TP_STAKES_COUNTS]) != 0,
        0);
}

#endif
