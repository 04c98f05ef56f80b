/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/name_waits.h"

#include "actors/post.h"
#include "base/assert.h"
#include "base/err.h"
#include "base/memory.h"

#include <string.h>

static troupe_err
no_memory(void)
{
    return tp_err_set(TROUPE_E_NO_MEMORY, "no memory for waiting for a name");
}

struct troupe_message *
tp_name_waits_take(struct tp_word *word)
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

void
tp_name_waits_post(struct troupe_self *self, struct troupe_message *notices)
{
    while (notices != NULL) {
        struct troupe_message *next = notices->next;

        troupe_err err = tp_post(self, notices->sender, &notices);

        TP_ASSERT(err == TROUPE_OK); /* it waits, so it has been made */
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
    struct tp_stake *stake = tp_stakes_make(&directory->stakes);
    struct tp_word *word = stake == NULL ? NULL
                                         : tp_words_get(&directory->words,
                                               &directory->grace, name);

    if (word == NULL) {
        tp_memory_free(stake);
        return no_memory();
    }
    tp_stakes_add(&directory->stakes, stake, TP_STAKE_WAIT, self->pid, word);
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
tp_name_waits_await(struct troupe_self *self, const char *name,
    troupe_name_handler *then, uint64_t context)
{
    struct troupe_message *notice = make_notice(self);
    struct troupe_message *notices = NULL;
    struct tp_directory *directory;
    struct tp_stake *stake = NULL;
    troupe_err err;

    if (notice == NULL) {
        return no_memory();
    }
    directory = tp_directory_lock(self);
    tp_directory_note_change(self);
    err = enter_wait(self, directory, name, &stake, &notice);
    if (err == TROUPE_OK) {
        stake->then = then;
        stake->context = context;
        if (stake->word->holder != TROUPE_NO_PID) {
            notices = tp_name_waits_take(stake->word);
        }
    }
    tp_directory_unlock(directory);
    if (notice != NULL) {
        tp_post_free(self, notice);
    }
    tp_name_waits_post(self, notices);
    return err;
}

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
    struct tp_directory *directory = tp_directory_lock(self);
    struct tp_stake **place =
        tp_stakes_find(&directory->stakes, TP_STAKE_WAIT, self->pid, NULL);
    bool is_there;

    while (*place != NULL && (*place)->number != number) {
        place = &(*place)->next;
    }
    is_there = *place != NULL;
    if (is_there) {
        told->then = (*place)->then;
        told->context = (*place)->context;
        memcpy(told->name, (*place)->word->text, (*place)->word->length + 1);
        tp_directory_give_up(self, directory, place);
    }
    tp_directory_unlock(directory);
    return is_there;
}

void
tp_name_waits_handle(
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
