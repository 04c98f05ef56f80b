/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/words.h"

#include "base/err.h"
#include "base/memory.h"

#include <string.h>

enum { PLACES_MIN = 16, MEMBERS_MIN = 4, MEMBERS_CROWDED = 64 };

/* In a place where a word was. */
static struct tp_word gone;

/* ---- what a word is ---------------------------------------------------------
 */

troupe_err
tp_words_check(const char *word)
{
    size_t length;

    if (word == NULL || *word == '\0') {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "a name is at least one byte long, and this one is %s",
            word == NULL ? "NULL" : "empty");
    }
    for (length = 0; word[length] != '\0'; length++) {
        unsigned char byte = (unsigned char)word[length];

        if (length == TROUPE_NAME_BYTES_MAX) {
            return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
                "a name is at most %d bytes long; this one begins with "
                "\"%.20s\"",
                TROUPE_NAME_BYTES_MAX, word);
        }
        if (byte < ' ' || byte == 0x7f) {
            return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
                "a name has no control characters; byte %zu of this one is "
                "0x%02x",
                length, byte);
        }
    }
    return TROUPE_OK;
}

/* ---- the table ----------------------------------------------------------- */

/* FNV-1a, and its high bits folded in: places are told by the low ones. */
static uint64_t
hash_of(const char *text, size_t length)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    }
    return hash ^ hash >> 32;
}

static bool
is_word(
    const struct tp_word *word, const char *text, size_t length, uint64_t hash)
{
    return word != &gone && word->hash == hash && word->length == length &&
           memcmp(word->text, text, length) == 0;
}

struct tp_word *
tp_words_find(const struct tp_words *words, const char *text)
{
    const struct tp_word_places *table = ck_pr_load_ptr(&words->places);
    size_t length = strlen(text);
    uint64_t hash = hash_of(text, length);
    struct tp_word *word;

    if (table == NULL) {
        return NULL;
    }
    for (uint64_t i = hash;; i++) {
        word = ck_pr_load_ptr(&table->places[i & table->mask]);
        if (word == NULL || is_word(word, text, length, hash)) {
            return word;
        }
    }
}

static void
put(struct tp_word_places *table, struct tp_word *word)
{
    uint64_t i = word->hash;

    while (table->places[i & table->mask] != NULL) {
        i++;
    }
    table->used_count++;
    ck_pr_fence_store(); /* pairs with the way through the pointer */
    ck_pr_store_ptr(&table->places[i & table->mask], word);
}

static struct tp_word_places *
make_places(uint32_t count)
{
    struct tp_word_places *made = tp_memory_alloc_zeroed(
        1, sizeof(*made) + count * sizeof(made->places[0]));

    if (made != NULL) {
        made->mask = count - 1;
    }
    return made;
}

/* A table with room for as many words again. */
static bool
renew(struct tp_words *words, struct tp_grace *grace)
{
    struct tp_word_places *old = words->places;
    struct tp_word_places *made;
    uint32_t count = PLACES_MIN;

    while (count / 4 < words->count + 1) {
        count *= 2;
    }
    made = make_places(count);
    if (made == NULL) {
        return false;
    }
    for (uint32_t i = 0; old != NULL && i <= old->mask; i++) {
        if (old->places[i] != NULL && old->places[i] != &gone) {
            put(made, old->places[i]);
        }
    }
    ck_pr_fence_store(); /* pairs with the way through the pointer */
    ck_pr_store_ptr(&words->places, made);
    if (old != NULL) {
        tp_grace_retire(grace, &old->retired);
    }
    return true;
}

static bool
has_room(const struct tp_words *words)
{
    return words->places != NULL &&
           words->places->used_count < (words->places->mask + 1) / 2;
}

struct tp_word *
tp_words_get(struct tp_words *words, struct tp_grace *grace, const char *text)
{
    struct tp_word *word = tp_words_find(words, text);
    size_t length = strlen(text);

    if (word != NULL) {
        return word;
    }
    if (!has_room(words) && !renew(words, grace)) {
        return NULL;
    }
    word = tp_memory_alloc_zeroed(1, sizeof(*word) + length + 1);
    if (word != NULL) {
        word->hash = hash_of(text, length);
        word->length = length;
        memcpy(word->text, text, length);
        put(words->places, word);
        words->count++;
    }
    return word;
}

void
tp_words_tidy(
    struct tp_words *words, struct tp_grace *grace, struct tp_word *word)
{
    struct tp_word_places *table = words->places;
    uint64_t i = word->hash;

    if (word->holder != TROUPE_NO_PID || word->reserved != TROUPE_NO_PID ||
        word->members_count > 0 || word->waits_count > 0) {
        return;
    }
    while (table->places[i & table->mask] != word) {
        i++;
    }
    ck_pr_store_ptr(&table->places[i & table->mask], &gone);
    words->count--;
    if (word->members != NULL) {
        tp_grace_retire(grace, &word->members->retired);
    }
    tp_grace_retire(grace, &word->retired);
}

void
tp_words_fini(struct tp_words *words)
{
    struct tp_word_places *table = words->places;

    for (uint32_t i = 0; table != NULL && i <= table->mask; i++) {
        struct tp_word *word = table->places[i];

        if (word != NULL && word != &gone) {
            tp_memory_free(word->members);
            tp_memory_free(word);
        }
    }
    tp_memory_free(table);
    words->places = NULL;
}

/* ---- members ------------------------------------------------------------- */

static void
append(struct tp_members *members, troupe_pid pid, struct tp_stake *stake)
{
    struct tp_member *member = &members->places[members->used];

    member->stake = stake;
    ck_pr_store_64(&member->pid, pid);
    ck_pr_fence_release(); /* pairs with tp_members_used() */
    ck_pr_store_32(&members->used, members->used + 1);
}

static void
move_members(struct tp_members *from, struct tp_members *to)
{
    for (uint32_t i = 0; i < from->used; i++) {
        if (tp_members_at(from, i) != TROUPE_NO_PID) {
            tp_stake_move(from->places[i].stake, to->used);
            append(to, from->places[i].pid, from->places[i].stake);
        }
    }
}

/* An array without holes, with room for as many again. */
static bool
renew_members(struct tp_word *word, struct tp_grace *grace)
{
    struct tp_members *old = word->members;
    uint32_t capacity = word->members_count < MEMBERS_MIN / 2
                            ? MEMBERS_MIN
                            : 2 * word->members_count;
    struct tp_members *made = tp_memory_alloc_zeroed(
        1, sizeof(*made) + capacity * sizeof(made->places[0]));

    if (made == NULL) {
        return false;
    }
    made->capacity = capacity;
    if (old != NULL) {
        move_members(old, made);
    }
    ck_pr_fence_store(); /* pairs with the way through the pointer */
    ck_pr_store_ptr(&word->members, made);
    if (old != NULL) {
        tp_grace_retire(grace, &old->retired);
    }
    return true;
}

uint32_t
tp_words_take_place(struct tp_word *word, struct tp_grace *grace)
{
    struct tp_members *members = word->members;

    if (members != NULL && members->first_hole != 0) {
        return members->first_hole - 1;
    }
    if ((members == NULL || members->used == members->capacity) &&
        !renew_members(word, grace)) {
        return UINT32_MAX;
    }
    return word->members->used;
}

void
tp_words_join(struct tp_word *word, uint32_t place, troupe_pid pid,
    struct tp_stake *stake)
{
    struct tp_members *members = word->members;

    if (place == members->used) {
        append(members, pid, stake);
    } else {
        struct tp_member *member = &members->places[place];

        members->first_hole = (uint32_t)member->pid;
        member->stake = stake;
        ck_pr_store_64(&member->pid, pid);
    }
    ck_pr_store_32(&word->members_count, word->members_count + 1);
}

void
tp_words_leave(struct tp_word *word, struct tp_grace *grace, uint32_t place)
{
    struct tp_members *members = word->members;

    ck_pr_store_64(&members->places[place].pid, members->first_hole);
    members->first_hole = place + 1;
    ck_pr_store_32(&word->members_count, word->members_count - 1);
    if (members->used > MEMBERS_CROWDED &&
        word->members_count < members->used / 4) {
        (void)renew_members(word, grace); /* else it is slow, and right */
    }
}
