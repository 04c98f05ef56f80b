/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * directory: who holds which name, who is in which group, who waits for a name.
 *
 * A runtime has one. Its words (actors/words.h) are read by anybody without
 * waiting; all changes take its mutex, as setting up does. What an actor has in
 * the directory is its stakes (actors/stakes.h), found by its pid, so that its
 * end undoes them. Who waits for a name: actors/name_waits.h.
 *
 * The end. Before others are told of it, an actor that ends takes all its
 * stakes back. Whether it has any says a table of counts, a count for every
 * 4,096th slot: one load for those who have none. No end is missed:
 *
 *   - What an actor lists of itself, and what its spawner lists before it is
 *     started, is counted before the end begins, on a way that hands over.
 *   - Whoever lists another then sends it the message LISTED. If it arrives at
 *     the actor, the count was raised before, and the end will see it: nothing
 *     needs to be done. If it finds the actor gone, the count may have come too
 *     late: whoever drops the message takes the stakes back.
 *
 * So a name that was given before its holder decided to end is free before
 * anybody hears of the end, and one that is given at the same time is free when
 * the slot has looked at its mail. Neither needs memory.
 *
 * A restart keeps pid, names and memberships; waits are a life's own and end
 * with it.
 *
 * Spawning with a name. Whoever finds a name may tell its holder at once, and
 * the message must not come before the START. So the name is reserved first,
 * and nobody else can take it; it is shown when START has been pushed, by the
 * spawner or by the start itself, whoever comes first: a start handler finds
 * its own name, and so does the spawner when the spawn has returned.
 *
 * Messages are posted without the mutex: a post may come back here, by way of a
 * dead letter and the program's log.
 *
 *     tp_directory_find, _count    any self's thread, waiting for nobody
 *     tp_directory_handle, _drop   the owner of the receiver's slot
 *     tp_directory_end, _end_waits the actor's owner
 *     all others                   any self's thread
 *
 * Not chosen: stakes in the actor's extension (others could list it only by a
 * message, and its name would not be free in time), a real monitor on each
 * holder (somebody would have to be the watcher, and be told among others).
 */
#ifndef TROUPE_ACTORS_DIRECTORY_H
#define TROUPE_ACTORS_DIRECTORY_H

#include "actors/stakes.h"
#include "actors/words.h"
#include "mailbox/message.h"

#include <pthread.h>

struct tp_directory {
    pthread_mutex_t mutex;
    struct tp_words words;
    struct tp_grace grace;

    struct tp_stakes stakes; /* by the mutex, but for their counts */
    uint64_t waits_count;    /* ever; numbers the next; by the mutex */

    /*
     * How often the directory was read and changed; in a simulation only, by
     * its thread.
     */
    uint64_t reads_count;
    uint64_t changes_count;
};

/* NO_MEMORY is not possible: the tables are made when first needed. */
void tp_directory_init(struct tp_directory *directory);

/* Nobody uses it any more; all actors have ended. */
void tp_directory_fini(struct tp_directory *directory);

/* ---- reading ------------------------------------------------------------- */

/* From here to tp_directory_leave() what tp_directory_find() returns stays. */
uint64_t tp_directory_enter(struct troupe_self *self);
void tp_directory_leave(struct troupe_self *self, uint64_t was);

/* NULL: nobody has to do with it. Between enter and leave. */
const struct tp_word *tp_directory_find(
    struct troupe_self *self, const char *word);

/* ---- names --------------------------------------------------------------- */

/* As troupe_register(), of an actor that has been made and a name that was
 * checked. */
TROUPE_MUST_USE troupe_err tp_directory_register(
    struct troupe_self *self, const char *name, troupe_pid pid);

/* The same for an actor that is about to be started: nobody finds it yet. */
TROUPE_MUST_USE troupe_err tp_directory_reserve(
    struct troupe_self *self, const char *name, troupe_pid pid);

/* Shows what was reserved for it. */
void tp_directory_show(struct troupe_self *self, troupe_pid pid);

void tp_directory_unregister(
    struct troupe_self *self, const char *name, troupe_pid pid);

size_t tp_directory_name_of(
    struct troupe_self *self, troupe_pid pid, char *out, size_t size);

/* ---- groups -------------------------------------------------------------- */

/* As troupe_join(), of an actor that has been made and a group that was
 * checked. */
TROUPE_MUST_USE troupe_err tp_directory_join(
    struct troupe_self *self, const char *group, troupe_pid pid);

void tp_directory_quit(
    struct troupe_self *self, const char *group, troupe_pid pid);

/* ---- messages and ends --------------------------------------------------- */

static inline bool
tp_directory_is_kind(unsigned kind)
{
    return kind == TP_MESSAGE_LISTED || kind == TP_MESSAGE_NAMED;
}

/* Takes LISTED or NAMED to the occupant. */
void tp_directory_handle(
    struct troupe_self *self, struct troupe_message *message, void *state);

/* Takes LISTED or NAMED to somebody who is gone. */
void tp_directory_drop(
    struct troupe_self *self, struct troupe_message *message);

/* Takes back all that the pid has. */
void tp_directory_end_slow(struct troupe_self *self, troupe_pid pid);

/* Takes back what a life of the pid waits for. */
void tp_directory_end_waits_slow(struct troupe_self *self, troupe_pid pid);

/* Whether the pid may have a stake. */
static inline bool
tp_directory_may_have(const struct tp_directory *directory, troupe_pid pid)
{
    return tp_stakes_may_have(&directory->stakes, pid);
}

/* ---- changing it, for those nouns that are a part of it -------------------
 */

/* The directory, with its mutex. */
struct tp_directory *tp_directory_lock(struct troupe_self *self);

/* What was taken out may be freed from here on. */
void tp_directory_unlock(struct tp_directory *directory);

/* Takes back the stake that *place points to; with the mutex. */
void tp_directory_give_up(struct troupe_self *self,
    struct tp_directory *directory, struct tp_stake **place);

/* In a simulation, that something was changed. */
void tp_directory_note_change(struct troupe_self *self);

#endif
