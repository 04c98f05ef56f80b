/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * words: a hash table from a word to who holds it as a name and who has joined
 * it as a group.
 *
 * Names and groups are the same words and do not get in each other's way. A
 * word has an entry while somebody holds it, is a member of it or waits for it.
 *
 * One writer at a time, with a mutex, and readers that wait for nobody. Places
 * are probed one after the other from where the word's hash points to; a place
 * is a pointer, NULL where no word ever was, or GONE. A table that is half full
 * of entries and GONEs is made anew and replaced. What is taken out is retired
 * (actors/grace.h), so a reader may go on with what it has found.
 *
 * Members are an array that grows at its end. Who leaves makes a hole, which
 * the next one fills; holes are linked, and no hole looks like a pid: its
 * incarnation is 0. A member stays at its place while it is one, so a reader
 * that goes along the array meets each, once, who is a member all that time. An
 * array that is full, or mostly holes, is replaced by one without holes; who
 * reads the old one sees who was there then.
 *
 *     tp_words_find, tp_members_...      a reader, between tp_grace_begin/end
 *     all others                         the writer
 *
 * Not chosen: ck_hs and ck_ht (their code is in libck, which libtroupe does not
 * link, and they leave it to their user when memory can be freed); an actor
 * that holds the table (a look-up would be an ask, and an end would have to
 * reach it before others hear of the end); an array that is copied for each
 * change (a hundred thousand joins would copy 40 GB).
 */
#ifndef TROUPE_ACTORS_WORDS_H
#define TROUPE_ACTORS_WORDS_H

#include "actors/grace.h"
#include "troupe/name.h"

#include <stddef.h>

struct tp_stake;

struct tp_member {
    /*
     * A member, or a hole: the place of the next hole, plus 1. Written by the
     * writer; read by any reader, who takes what it finds. Orders nothing.
     * Stale: somebody who
     * has just left is told, or somebody who has just come is not.
     */
    troupe_pid pid;
    struct tp_stake *stake; /* the writer's */
};

struct tp_members {
    struct tp_grace_retired retired;
    /*
     * Places below this have been taken. Raised by the writer with release,
     * after the place is written; pairs with the acquire of tp_members_used().
     * Stale: who has just come is not told.
     */
    uint32_t used;
    uint32_t capacity;
    uint32_t first_hole; /* its place, plus 1; 0: none. The writer's */
    struct tp_member places[];
};

struct tp_word {
    struct tp_grace_retired retired;
    /*
     * TROUPE_NO_PID: nobody. Written by the writer; read by any reader, who
     * takes what it finds. Orders nothing: a pid is safe to send to. Stale: as
     * if asked a moment ago.
     */
    troupe_pid holder;
    /*
     * NULL: nobody has ever joined. Written by the writer with a store fence
     * before; readers come to the array by way of the pointer. Stale: as `pid`.
     */
    struct tp_members *members;
    /* Written by the writer, read by any reader; orders nothing. Stale: as if
     * asked a moment ago. */
    uint32_t members_count;
    /* The writer's from here on. */
    uint32_t waits_count;
    troupe_pid reserved;    /* who will hold it when it has started */
    struct tp_stake *waits; /* who is to be told when it is held */
    uint64_t hash;
    size_t length;
    char text[]; /* ends with a NUL; never changes */
};

struct tp_word_places {
    struct tp_grace_retired retired;
    uint32_t mask;
    uint32_t used_count; /* that are not NULL; the writer's */
    /*
     * Each written by the writer with a store fence before; readers come to the
     * word by way of the pointer. A stale NULL or GONE: as if asked a moment
     * ago.
     */
    struct tp_word *places[];
};

struct tp_words {
    /*
     * NULL: no word yet. Written by the writer with a store fence before;
     * readers come to the places by way of the pointer. Stale: an older table,
     * which is retired and still right for that time.
     */
    struct tp_word_places *places;
    uint32_t count;
};

/* INVALID_ARGUMENT, if it may not be a word. Any thread. */
TROUPE_MUST_USE troupe_err tp_words_check(const char *text);

/* NULL: nobody has to do with it. */
struct tp_word *tp_words_find(const struct tp_words *words, const char *text);

/* The word, made if there is none. NULL: no memory. */
struct tp_word *tp_words_get(
    struct tp_words *words, struct tp_grace *grace, const char *text);

/* Takes the word out if nobody has to do with it any more. */
void tp_words_tidy(
    struct tp_words *words, struct tp_grace *grace, struct tp_word *word);

/* Frees all; nobody reads any more. */
void tp_words_fini(struct tp_words *words);

/* ---- members ------------------------------------------------------------- */

/* A free place; UINT32_MAX: no memory. May move members: their stakes are told
 * by tp_stake_move(). */
uint32_t tp_words_take_place(struct tp_word *word, struct tp_grace *grace);

/* Puts a member there. */
void tp_words_join(struct tp_word *word, uint32_t place, troupe_pid pid,
    struct tp_stake *stake);

/* Takes it out; may move others as tp_words_take_place(). */
void tp_words_leave(
    struct tp_word *word, struct tp_grace *grace, uint32_t place);

/* The stake's member is at another place from here on (actors/stakes.h). */
void tp_stake_move(struct tp_stake *stake, uint32_t place);

static inline const struct tp_members *
tp_members_of(const struct tp_word *word)
{
    return ck_pr_load_ptr(&word->members);
}

/* How many places there are to look at. */
static inline uint32_t
tp_members_used(const struct tp_members *members)
{
    uint32_t used = ck_pr_load_32(&members->used);

    ck_pr_fence_acquire();
    return used;
}

/* Who is at a place; TROUPE_NO_PID: nobody. */
static inline troupe_pid
tp_members_at(const struct tp_members *members, uint32_t place)
{
    troupe_pid pid = ck_pr_load_64(&members->places[place].pid);

    return troupe_pid_incarnation(pid) == 0 ? TROUPE_NO_PID : pid;
}

#endif
