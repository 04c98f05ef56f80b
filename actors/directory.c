/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/directory.h"

#include "actors/post.h"
#include "base/assert.h"
#include "base/err.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>

enum { LINES_MIN = 16 };

enum stake_kind { STAKE_NAME, STAKE_MEMBER, STAKE_WAIT };

struct tp_stake {
    struct tp_stake *next; /* in its line, the latest first */
    troupe_pid pid;
    struct tp_word *word;
    enum stake_kind kind;
    uint32_t place; /* MEMBER */

    /* WAIT. */
    struct tp_stake *next_wait;     /* of the same word; until it is told */
    struct troupe_message *message; /* NULL: it has been told */
    troupe_name_handler *then;
    uint64_t context;
    uint64_t number;
};

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
    for (uint32_t i = 0; directory->lines != NULL && i <= directory->mask;
         i++) {
        while (directory->lines[i] != NULL) {
            struct tp_stake *stake = directory->lines[i];

            directory->lines[i] = stake->next;
            tp_memory_free(stake);
        }
    }
    tp_memory_free(directory->lines);
    tp_words_fini(&directory->words);
    tp_grace_fini(&directory->grace);
    pthread_mutex_destroy(&directory->mutex);
}

troupe_err
tp_directory_check(const char *word)
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

/* ---- the mutex ----------------------------------------------------------- */

static struct tp_directory *
directory_of(struct troupe_self *self)
{
    return &self->runtime->directory;
}

static struct tp_directory *
lock(struct troupe_self *self)
{
    struct tp_directory *directory = directory_of(self);

    pthread_mutex_lock(&directory->mutex);
    return directory;
}

/* What was taken out may be freed from here on. */
static void
unlock(struct tp_directory *directory)
{
    tp_grace_reclaim(&directory->grace);
    pthread_mutex_unlock(&directory->mutex);
}

static void
note_change(struct troupe_self *self)
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

static struct tp_stake **
line_of(struct tp_directory *directory, troupe_pid pid)
{
    uint64_t hash = pid * UINT64_C(0x9e3779b97f4a7c15);

    return &directory->lines[hash >> 32 & directory->mask];
}

static void
put_in_line(struct tp_directory *directory, struct tp_stake *stake)
{
    struct tp_stake **line = line_of(directory, stake->pid);

    stake->next = *line;
    *line = stake;
}

/* Twice as many lines. In each the latest stake stays first. */
static void
part_lines(
    struct tp_directory *directory, struct tp_stake **old, uint32_t old_count)
{
    for (uint32_t i = 0; i < old_count; i++) {
        struct tp_stake *turned = NULL;

        while (old[i] != NULL) {
            struct tp_stake *stake = old[i];

            old[i] = stake->next;
            stake->next = turned;
            turned = stake;
        }
        while (turned != NULL) {
            struct tp_stake *next = turned->next;

            put_in_line(directory, turned);
            turned = next;
        }
    }
}

/* Without memory for more lines it gets slow, not full. False: not even the
 * first could be made. */
static bool
make_lines(struct tp_directory *directory)
{
    struct tp_stake **old = directory->lines;
    uint32_t old_count = old == NULL ? 0 : directory->mask + 1;
    uint32_t count = old == NULL ? LINES_MIN : 2 * old_count;
    struct tp_stake **made;

    if (old != NULL && directory->stakes_count < old_count) {
        return true;
    }
    made = tp_memory_alloc_zeroed(count, sizeof(struct tp_stake *));
    if (made == NULL) {
        return old != NULL;
    }
    directory->lines = made;
    directory->mask = count - 1;
    part_lines(directory, old, old_count);
    tp_memory_free(old);
    return true;
}

static void
count_stakes(struct tp_directory *directory, troupe_pid pid, uint32_t delta)
{
    uint32_t i = troupe_pid_slot(pid) % TP_DIRECTORY_COUNTS;

    ck_pr_store_32(&directory->counts[i], directory->counts[i] + delta);
    directory->stakes_count += delta;
}

/* A stake of nobody yet; NULL: no memory. */
static struct tp_stake *
make_stake(struct tp_directory *directory)
{
    return make_lines(directory)
               ? tp_memory_alloc_zeroed(1, sizeof(struct tp_stake))
               : NULL;
}

static void
own(struct tp_directory *directory, struct tp_stake *stake,
    enum stake_kind kind, troupe_pid pid, struct tp_word *word)
{
    stake->kind = kind;
    stake->pid = pid;
    stake->word = word;
    put_in_line(directory, stake);
    count_stakes(directory, pid, 1);
}

/* The place that points to the stake of that kind and word, or to NULL. */
static struct tp_stake **
find_stake(struct tp_directory *directory, enum stake_kind kind, troupe_pid pid,
    const char *text)
{
    static struct tp_stake *none;
    struct tp_stake **place =
        directory->lines == NULL ? &none : line_of(directory, pid);

    while (*place != NULL &&
           ((*place)->pid != pid || (*place)->kind != kind ||
               (text != NULL && strcmp((*place)->word->text, text) != 0))) {
        place = &(*place)->next;
    }
    return place;
}

void
tp_stake_move(struct tp_stake *stake, uint32_t place)
{
    stake->place = place;
}

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

/* Takes back the stake that *place points to. */
static void
give_up(struct troupe_self *self, struct tp_directory *directory,
    struct tp_stake **place)
{
    struct tp_stake *stake = *place;

    *place = stake->next;
    count_stakes(directory, stake->pid, UINT32_MAX); /* one less */
    switch (stake->kind) {
    case STAKE_NAME:
        give_up_name(stake->word, stake->pid);
        break;
    case STAKE_MEMBER:
        tp_words_leave(stake->word, &directory->grace, stake->place);
        break;
    case STAKE_WAIT:
        give_up_wait(self, stake);
        break;
    }
    tp_words_tidy(&directory->words, &directory->grace, stake->word);
    tp_memory_free(stake);
    note_change(self);
}

static void
give_up_if_any(struct troupe_self *self, enum stake_kind kind, troupe_pid pid,
    const char *text)
{
    struct tp_directory *directory = lock(self);
    struct tp_stake **place = find_stake(directory, kind, pid, text);

    note_read(self);
    if (*place != NULL) {
        give_up(self, directory, place);
    }
    unlock(directory);
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

/* ---- waits --------------------------------------------------------------- */

/* Who waits for the word is to be told of its holder: their messages, linked,
 * each with its receiver in `sender`. With the mutex. */
static struct troupe_message *
take_notices(struct tp_word *word)
{
    struct troupe_message *notices = NULL;

    while (word->waits != NULL) {
        struct tp_stake *stake = word->waits;
        struct troupe_message *notice = stake->message;

        word->waits = stake->next_wait;
        stake->message = NULL;
        memcpy(notice->payload, &word->holder, sizeof(word->holder));
        notice->sender = stake->pid;
        notice->next = notices;
        notices = notice;
    }
    return notices;
}

/* Without the mutex. */
static void
post_notices(struct troupe_self *self, struct troupe_message *notices)
{
    while (notices != NULL) {
        struct troupe_message *next = notices->next;

        post(self, notices->sender, notices);
        notices = next;
    }
}

static struct troupe_message *
make_notice(struct troupe_self *self)
{
    struct troupe_message *notice = tp_post_block(self, sizeof(troupe_pid));

    if (notice != NULL) {
        notice->kind = TP_MESSAGE_NAMED;
        notice->schema = 0;
    }
    return notice;
}

/* With the mutex. Takes *notice. */
static troupe_err
enter_wait(struct troupe_self *self, struct tp_directory *directory,
    const char *name, struct tp_stake **made, struct troupe_message **notice)
{
    struct tp_stake *stake = make_stake(directory);
    struct tp_word *word = stake == NULL ? NULL
                                         : tp_words_get(&directory->words,
                                               &directory->grace, name);

    if (word == NULL) {
        tp_memory_free(stake);
        return no_memory("waiting for a name");
    }
    own(directory, stake, STAKE_WAIT, self->pid, word);
    stake->number = ++directory->waits_count;
    (*notice)->request = stake->number;
    stake->message = *notice;
    stake->next_wait = word->waits;
    word->waits = stake;
    word->waits_count++;
    *notice = NULL;
    *made = stake;
    return TROUPE_OK;
}

troupe_err
tp_directory_await(struct troupe_self *self, const char *name,
    troupe_name_handler *then, uint64_t context)
{
    struct troupe_message *notice = make_notice(self);
    struct troupe_message *notices = NULL;
    struct tp_directory *directory;
    struct tp_stake *stake = NULL;
    troupe_err err;

    if (notice == NULL) {
        return no_memory("waiting for a name");
    }
    directory = lock(self);
    note_change(self);
    err = enter_wait(self, directory, name, &stake, &notice);
    if (err == TROUPE_OK) {
        stake->then = then;
        stake->context = context;
        if (stake->word->holder != TROUPE_NO_PID) {
            notices = take_notices(stake->word);
        }
    }
    unlock(directory);
    if (notice != NULL) {
        tp_post_free(self, notice);
    }
    post_notices(self, notices);
    return err;
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
    *notices = take_notices(word);
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
    stake = make_stake(directory);
    if (stake == NULL) {
        tp_words_tidy(&directory->words, &directory->grace, *word);
        return no_memory("a name");
    }
    own(directory, stake, STAKE_NAME, pid, *word);
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
    directory = lock(self);
    note_change(self);
    err = claim(directory, name, pid, &word);
    if (err == TROUPE_OK && word != NULL) {
        show(word, pid, &notices);
    }
    unlock(directory);
    if (err == TROUPE_OK && word != NULL && listed != NULL) {
        post(self, pid, listed);
    } else if (listed != NULL) {
        tp_post_free(self, listed);
    }
    post_notices(self, notices);
    return err;
}

troupe_err
tp_directory_reserve(struct troupe_self *self, const char *name, troupe_pid pid)
{
    struct tp_directory *directory = lock(self);
    struct tp_word *word = NULL;
    troupe_err err = claim(directory, name, pid, &word);

    note_change(self);
    if (err == TROUPE_OK) {
        word->reserved = pid;
    }
    unlock(directory);
    return err;
}

void
tp_directory_show(struct troupe_self *self, troupe_pid pid)
{
    struct troupe_message *notices = NULL;
    struct tp_directory *directory = lock(self);
    struct tp_stake *stake = *find_stake(directory, STAKE_NAME, pid, NULL);

    while (stake != NULL) {
        if (stake->kind == STAKE_NAME && stake->pid == pid &&
            stake->word->reserved == pid) {
            show(stake->word, pid, &notices);
            note_change(self);
            break; /* a spawn has one name */
        }
        stake = stake->next;
    }
    unlock(directory);
    post_notices(self, notices);
}

void
tp_directory_unregister(
    struct troupe_self *self, const char *name, troupe_pid pid)
{
    give_up_if_any(self, STAKE_NAME, pid, name);
}

size_t
tp_directory_name_of(
    struct troupe_self *self, troupe_pid pid, char *out, size_t size)
{
    struct tp_directory *directory = lock(self);
    struct tp_stake *stake = *find_stake(directory, STAKE_NAME, pid, NULL);
    size_t length = stake == NULL ? 0 : stake->word->length;

    note_read(self);
    if (size > 0) {
        snprintf(out, size, "%s", stake == NULL ? "" : stake->word->text);
    }
    unlock(directory);
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

    *is_new = *find_stake(directory, STAKE_MEMBER, pid, group) == NULL;
    if (!*is_new) {
        return TROUPE_OK;
    }
    word = tp_words_get(&directory->words, &directory->grace, group);
    if (word == NULL) {
        return no_memory("a group");
    }
    stake = make_stake(directory);
    if (stake != NULL) {
        stake->place = tp_words_take_place(word, &directory->grace);
    }
    if (stake == NULL || stake->place == UINT32_MAX) {
        tp_memory_free(stake);
        tp_words_tidy(&directory->words, &directory->grace, word);
        return no_memory("a member of a group");
    }
    own(directory, stake, STAKE_MEMBER, pid, word);
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
    directory = lock(self);
    note_change(self);
    err = join(directory, group, pid, &is_new);
    unlock(directory);
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
    give_up_if_any(self, STAKE_MEMBER, pid, group);
}

/* ---- ends ---------------------------------------------------------------- */

void
tp_directory_end_slow(struct troupe_self *self, troupe_pid pid)
{
    struct tp_directory *directory = lock(self);
    struct tp_stake **place =
        directory->lines == NULL ? NULL : line_of(directory, pid);

    while (place != NULL && *place != NULL) {
        if ((*place)->pid == pid) {
            give_up(self, directory, place);
        } else {
            place = &(*place)->next;
        }
    }
    unlock(directory);
}

void
tp_directory_end_waits_slow(struct troupe_self *self, troupe_pid pid)
{
    struct tp_directory *directory = lock(self);
    struct tp_stake **place;

    while (*(place = find_stake(directory, STAKE_WAIT, pid, NULL)) != NULL) {
        give_up(self, directory, place);
    }
    unlock(directory);
}

/* ---- messages ------------------------------------------------------------ */

/* A wait that is over, as its function is told. */
struct told {
    troupe_name_handler *then;
    uint64_t context;
    char name[TROUPE_NAME_BYTES_MAX + 1];
};

/* False: the life that waited has ended. */
static bool
take_wait(struct troupe_self *self, uint64_t number, struct told *told)
{
    struct tp_directory *directory = lock(self);
    struct tp_stake **place =
        find_stake(directory, STAKE_WAIT, self->pid, NULL);
    bool is_there;

    while (*place != NULL && (*place)->number != number) {
        place = &(*place)->next;
    }
    is_there = *place != NULL;
    if (is_there) {
        told->then = (*place)->then;
        told->context = (*place)->context;
        memcpy(told->name, (*place)->word->text, (*place)->word->length + 1);
        give_up(self, directory, place);
    }
    unlock(directory);
    return is_there;
}

static void
handle_named(
    struct troupe_self *self, struct troupe_message *message, void *state)
{
    troupe_pid holder;
    struct told told;

    memcpy(&holder, message->payload, sizeof(holder));
    if (take_wait(self, message->request, &told)) {
        message->request = 0; /* it is no request */
        tp_post_begin_handler(self, message);
        told.then(self, state, told.context, told.name, holder);
        tp_post_end_handler(self);
    }
}

void
tp_directory_handle(
    struct troupe_self *self, struct troupe_message *message, void *state)
{
    if (message->kind == TP_MESSAGE_NAMED) {
        handle_named(self, message, state);
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
