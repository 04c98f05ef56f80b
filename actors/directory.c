/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/directory.h"

#include "actors/name_waits.h"
#include "actors/post.h"
#include "base/assert.h"
#include "base/err.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>

void
tp_directory_init(struct tp_directory *directory)
{
    memset(directory, 0, sizeof(*directory));
    pthread_mutex_init(&directory->mutex, NULL);
    tp_grace_init(&directory->grace);
}

/* Who was never started may still have names. */
void
tp_directory_fini(struct tp_directory *directory)
{
    tp_stakes_fini(&directory->stakes);
    tp_words_fini(&directory->words);
    tp_grace_fini(&directory->grace);
    pthread_mutex_destroy(&directory->mutex);
}

/* ---- the mutex ----------------------------------------------------------- */

static struct tp_directory *
directory_of(struct troupe_self *self)
{
    return &self->runtime->directory;
}

struct tp_directory *
tp_directory_lock(struct troupe_self *self)
{
    struct tp_directory *directory = directory_of(self);

    pthread_mutex_lock(&directory->mutex);
    return directory;
}

void
tp_directory_unlock(struct tp_directory *directory)
{
    tp_grace_reclaim(&directory->grace);
    pthread_mutex_unlock(&directory->mutex);
}

void
tp_directory_note_change(struct troupe_self *self)
{
    if (self->runtime->is_simulated) {
        directory_of(self)->changes_count++;
    }
}

static void
note_read(struct troupe_self *self)
{
    if (self->runtime->is_simulated) {
        directory_of(self)->reads_count++;
    }
}

/* ---- reading ------------------------------------------------------------- */

uint64_t
tp_directory_enter(struct troupe_self *self)
{
    note_read(self);
    return tp_grace_begin(&directory_of(self)->grace, &self->reader);
}

void
tp_directory_leave(struct troupe_self *self, uint64_t was)
{
    tp_grace_end(&self->reader, was);
}

const struct tp_word *
tp_directory_find(struct troupe_self *self, const char *word)
{
    return tp_words_find(&directory_of(self)->words, word);
}

/* ---- stakes; with the mutex ---------------------------------------------- */

static void
give_up_name(struct tp_word *word, troupe_pid pid)
{
    if (word->holder == pid) {
        ck_pr_store_64(&word->holder, TROUPE_NO_PID);
    } else {
        TP_ASSERT(word->reserved == pid);
        word->reserved = TROUPE_NO_PID;
    }
}

static void
give_up_wait(struct troupe_self *self, struct tp_stake *stake)
{
    struct tp_stake **place = &stake->word->waits;

    if (stake->message != NULL) {
        while (*place != stake) {
            place = &(*place)->next_wait;
        }
        *place = stake->next_wait;
        tp_post_free(self, stake->message);
    }
    stake->word->waits_count--;
}

void
tp_directory_give_up(struct troupe_self *self, struct tp_directory *directory,
    struct tp_stake **place)
{
    struct tp_stake *stake = tp_stakes_take(&directory->stakes, place);

    switch (stake->kind) {
    case TP_STAKE_NAME:
        give_up_name(stake->word, stake->pid);
        break;
    case TP_STAKE_MEMBER:
        tp_words_leave(stake->word, &directory->grace, stake->place);
        break;
    case TP_STAKE_WAIT:
        give_up_wait(self, stake);
        break;
    }
    tp_words_tidy(&directory->words, &directory->grace, stake->word);
    tp_memory_free(stake);
    tp_directory_note_change(self);
}

static void
give_up_if_any(struct troupe_self *self, enum tp_stake_kind kind,
    troupe_pid pid, const char *text)
{
    struct tp_directory *directory = tp_directory_lock(self);
    struct tp_stake **place =
        tp_stakes_find(&directory->stakes, kind, pid, text);

    note_read(self);
    if (*place != NULL) {
        tp_directory_give_up(self, directory, place);
    }
    tp_directory_unlock(directory);
}

static troupe_err
no_memory(const char *what)
{
    return tp_err_set(TROUPE_E_NO_MEMORY, "no memory for %s", what);
}

/* ---- telling others that they are listed --------------------------------- */

/* The message that must follow when another is listed; for the caller itself
 * there is none. */
static troupe_err
make_listed(
    struct troupe_self *self, troupe_pid pid, struct troupe_message **listed)
{
    *listed = NULL;
    if (self->worker != NULL && pid == self->pid) {
        return TROUPE_OK;
    }
    *listed = tp_post_block(self, 0);
    if (*listed == NULL) {
        return no_memory("telling an actor that it is listed");
    }
    (*listed)->kind = TP_MESSAGE_LISTED;
    (*listed)->request = pid;
    return TROUPE_OK;
}

/* To an actor that has been made: it cannot be refused. */
static void
post(struct troupe_self *self, troupe_pid to, struct troupe_message *message)
{
    troupe_err err = tp_post(self, to, &message);

    TP_ASSERT(err == TROUPE_OK);
}

/* ---- names --------------------------------------------------------------- */

static troupe_err __attribute__((cold))
name_taken(const char *name, const struct tp_word *word)
{
    char text[TP_PID_TEXT_BYTES];

    return tp_err_set(TROUPE_E_NAME_TAKEN, "the name %s is held by %s", name,
        tp_pid_text(text,
            word->holder != TROUPE_NO_PID ? word->holder : word->reserved));
}

static bool
is_free(const struct tp_word *word)
{
    return word->holder == TROUPE_NO_PID && word->reserved == TROUPE_NO_PID;
}

static void
show(struct tp_word *word, troupe_pid pid, struct troupe_message **notices)
{
    word->reserved = TROUPE_NO_PID;
    ck_pr_store_64(&word->holder, pid);
    *notices = tp_name_waits_take(word);
}

/* The word with a stake of the pid's, which holds it by no means yet. With the
 * mutex. *word is NULL if it holds it already. */
static troupe_err
claim(struct tp_directory *directory, const char *name, troupe_pid pid,
    struct tp_word **word)
{
    struct tp_stake *stake;

    *word = tp_words_get(&directory->words, &directory->grace, name);
    if (*word == NULL) {
        return no_memory("a name");
    }
    if ((*word)->holder == pid) {
        *word = NULL;
        return TROUPE_OK;
    }
    if (!is_free(*word)) {
        return name_taken(name, *word);
    }
    stake = tp_stakes_make(&directory->stakes);
    if (stake == NULL) {
        tp_words_tidy(&directory->words, &directory->grace, *word);
        return no_memory("a name");
    }
    tp_stakes_add(&directory->stakes, stake, TP_STAKE_NAME, pid, *word);
    return TROUPE_OK;
}

troupe_err
tp_directory_register(
    struct troupe_self *self, const char *name, troupe_pid pid)
{
    struct troupe_message *notices = NULL;
    struct tp_directory *directory;
    struct troupe_message *listed;
    struct tp_word *word = NULL;
    troupe_err err = make_listed(self, pid, &listed);

    if (err != TROUPE_OK) {
        return err;
    }
    directory = tp_directory_lock(self);
    tp_directory_note_change(self);
    err = claim(directory, name, pid, &word);
    if (err == TROUPE_OK && word != NULL) {
        show(word, pid, &notices);
    }
    tp_directory_unlock(directory);
    if (err == TROUPE_OK && word != NULL && listed != NULL) {
        post(self, pid, listed);
    } else if (listed != NULL) {
        tp_post_free(self, listed);
    }
    tp_name_waits_post(self, notices);
    return err;
}

troupe_err
tp_directory_reserve(struct troupe_self *self, const char *name, troupe_pid pid)
{
    struct tp_directory *directory = tp_directory_lock(self);
    struct tp_word *word = NULL;
    troupe_err err = claim(directory, name, pid, &word);

    tp_directory_note_change(self);
    if (err == TROUPE_OK) {
        word->reserved = pid;
    }
    tp_directory_unlock(directory);
    return err;
}

void
tp_directory_show(struct troupe_self *self, troupe_pid pid)
{
    struct troupe_message *notices = NULL;
    struct tp_directory *directory = tp_directory_lock(self);
    struct tp_stake *stake =
        *tp_stakes_find(&directory->stakes, TP_STAKE_NAME, pid, NULL);

    while (stake != NULL) {
        if (stake->kind == TP_STAKE_NAME && stake->pid == pid &&
            stake->word->reserved == pid) {
            show(stake->word, pid, &notices);
            tp_directory_note_change(self);
            break; /* a spawn has one name */
        }
        stake = stake->next;
    }
    tp_directory_unlock(directory);
    tp_name_waits_post(self, notices);
}

void
tp_directory_unregister(
    struct troupe_self *self, const char *name, troupe_pid pid)
{
    give_up_if_any(self, TP_STAKE_NAME, pid, name);
}

size_t
tp_directory_name_of(
    struct troupe_self *self, troupe_pid pid, char *out, size_t size)
{
    struct tp_directory *directory = tp_directory_lock(self);
    struct tp_stake *stake =
        *tp_stakes_find(&directory->stakes, TP_STAKE_NAME, pid, NULL);
    size_t length = stake == NULL ? 0 : stake->word->length;

    note_read(self);
    if (size > 0) {
        snprintf(out, size, "%s", stake == NULL ? "" : stake->word->text);
    }
    tp_directory_unlock(directory);
    return length;
}

/* ---- groups -------------------------------------------------------------- */

/* With the mutex. False in *is_new: it is a member already. */
static troupe_err
join(struct tp_directory *directory, const char *group, troupe_pid pid,
    bool *is_new)
{
    struct tp_stake *stake;
    struct tp_word *word;

    *is_new = *tp_stakes_find(
                  &directory->stakes, TP_STAKE_MEMBER, pid, group) == NULL;
    if (!*is_new) {
        return TROUPE_OK;
    }
    word = tp_words_get(&directory->words, &directory->grace, group);
    if (word == NULL) {
        return no_memory("a group");
    }
    stake = tp_stakes_make(&directory->stakes);
    if (stake != NULL) {
        stake->place = tp_words_take_place(word, &directory->grace);
    }
    if (stake == NULL || stake->place == UINT32_MAX) {
        tp_memory_free(stake);
        tp_words_tidy(&directory->words, &directory->grace, word);
        return no_memory("a member of a group");
    }
    tp_stakes_add(&directory->stakes, stake, TP_STAKE_MEMBER, pid, word);
    tp_words_join(word, stake->place, pid, stake);
    return TROUPE_OK;
}

troupe_err
tp_directory_join(struct troupe_self *self, const char *group, troupe_pid pid)
{
    struct tp_directory *directory;
    struct troupe_message *listed;
    bool is_new = false;
    troupe_err err = make_listed(self, pid, &listed);

    if (err != TROUPE_OK) {
        return err;
    }
    directory = tp_directory_lock(self);
    tp_directory_note_change(self);
    err = join(directory, group, pid, &is_new);
    tp_directory_unlock(directory);
    if (err == TROUPE_OK && is_new && listed != NULL) {
        post(self, pid, listed);
    } else if (listed != NULL) {
        tp_post_free(self, listed);
    }
    return err;
}

void
tp_directory_quit(struct troupe_self *self, const char *group, troupe_pid pid)
{
    give_up_if_any(self, TP_STAKE_MEMBER, pid, group);
}

/* ---- ends ---------------------------------------------------------------- */

void
tp_directory_end_slow(struct troupe_self *self, troupe_pid pid)
{
    struct tp_directory *directory = tp_directory_lock(self);
    struct tp_stake **place;

    while (*(place = tp_stakes_find_any(&directory->stakes, pid)) != NULL) {
        tp_directory_give_up(self, directory, place);
    }
    tp_directory_unlock(directory);
}

void
tp_directory_end_waits_slow(struct troupe_self *self, troupe_pid pid)
{
    struct tp_directory *directory = tp_directory_lock(self);
    struct tp_stake **place;

    while (*(place = tp_stakes_find(
                 &directory->stakes, TP_STAKE_WAIT, pid, NULL)) != NULL) {
        tp_directory_give_up(self, directory, place);
    }
    tp_directory_unlock(directory);
}

/* ---- messages ------------------------------------------------------------ */

void
tp_directory_handle(
    struct troupe_self *self, struct troupe_message *message, void *state)
{
    if (message->kind == TP_MESSAGE_NAMED) {
        tp_name_waits_handle(self, message, state);
    }
    tp_post_free(self, message);
}

void
tp_directory_drop(struct troupe_self *self, struct troupe_message *message)
{
    troupe_pid gone = message->request;

    if (message->kind == TP_MESSAGE_LISTED) {
        tp_directory_end_slow(self, gone);
    }
    tp_post_free(self, message);
}
