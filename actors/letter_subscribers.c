/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/letter_subscribers.h"

#include "actors/letter_alarm.h"
#include "actors/post.h"
#include "base/err.h"

#include <string.h>

enum { DETAIL_BYTES_MAX = 256 };

void
tp_letter_subscribers_init(struct tp_letter_subscribers *subscribers)
{
    memset(subscribers, 0, sizeof(*subscribers));
    pthread_mutex_init(&subscribers->mutex, NULL);
}

void
tp_letter_subscribers_fini(struct tp_letter_subscribers *subscribers)
{
    pthread_mutex_destroy(&subscribers->mutex);
}

/* ---- the list ------------------------------------------------------------ */

static bool
is_listed(const struct tp_letter_subscribers *subscribers, troupe_pid pid)
{
    for (int i = 0; i < TROUPE_DEAD_LETTERS_SUBSCRIBERS_MAX; i++) {
        if (ck_pr_load_64(&subscribers->places[i].pid) == pid) {
            return true;
        }
    }
    return false;
}

/* With the mutex. */
static troupe_err
add(struct tp_letter_subscribers *subscribers, troupe_pid pid)
{
    if (is_listed(subscribers, pid)) {
        return TROUPE_OK;
    }
    for (int i = 0; i < TROUPE_DEAD_LETTERS_SUBSCRIBERS_MAX; i++) {
        struct tp_letter_subscriber *place = &subscribers->places[i];

        if (ck_pr_load_64(&place->pid) == TROUPE_NO_PID) {
            ck_pr_store_64(&place->missed, 0);
            ck_pr_inc_32(&subscribers->count);
            ck_pr_fence_release(); /* pairs with tell_one() */
            ck_pr_store_64(&place->pid, pid);
            return TROUPE_OK;
        }
    }
    return tp_err_set(TROUPE_E_TOO_MANY_SUBSCRIBERS,
        "%d actors are told of dead letters already; unsubscribe one",
        TROUPE_DEAD_LETTERS_SUBSCRIBERS_MAX);
}

troupe_err
tp_letter_subscribers_add(
    struct tp_letter_subscribers *subscribers, troupe_pid pid)
{
    troupe_err err;

    pthread_mutex_lock(&subscribers->mutex);
    err = add(subscribers, pid);
    pthread_mutex_unlock(&subscribers->mutex);
    return err;
}

void
tp_letter_subscribers_remove(
    struct tp_letter_subscribers *subscribers, troupe_pid pid)
{
    for (int i = 0; i < TROUPE_DEAD_LETTERS_SUBSCRIBERS_MAX; i++) {
        uint64_t seen;

        if (ck_pr_cas_64_value(
                &subscribers->places[i].pid, pid, TROUPE_NO_PID, &seen)) {
            ck_pr_dec_32(&subscribers->count);
        }
    }
}

/* ---- notices ------------------------------------------------------------- */

bool
tp_letter_subscribers_own(struct tp_letter_subscribers *subscribers,
    const struct tp_dead_letter *letter)
{
    /* Both have their numbers before there is a first subscriber. */
    if (letter->schema == 0 ||
        (letter->schema != troupe_schema_number(&troupe_dead_letter_schema) &&
            letter->schema !=
                troupe_schema_number(&troupe_dead_letters_alarm_schema))) {
        return false;
    }
    if (letter->cause == TROUPE_DEAD_LETTER_NO_SUCH_ACTOR) {
        tp_letter_subscribers_remove(subscribers, letter->receiver);
    }
    return true;
}

static bool
has_room(struct troupe_self *self, troupe_pid pid)
{
    struct tp_actor *actor = tp_registry_find(&self->runtime->registry, pid);

    return actor != NULL && !tp_limit_is_congested(&actor->limit);
}

/* Posts *message at once, and leaves who is to be paused as it was. */
static bool
post_aside(
    struct troupe_self *self, troupe_pid to, struct troupe_message *message)
{
    struct tp_actor *congested;

    if (self->chain.newest != NULL) {
        tp_post_flush(self);
    }
    congested = self->congested;
    if (tp_post(self, to, &message) != TROUPE_OK) {
        tp_post_free(self, message);
        return false;
    }
    if (self->chain.newest != NULL) {
        tp_post_flush(self);
    }
    self->congested = congested;
    return true;
}

static bool
try_tell(struct troupe_self *self, troupe_pid to,
    const struct troupe_dead_letter *notice)
{
    struct troupe_message *message;
    const uint8_t *end;

    if (!has_room(self, to) ||
        troupe_dead_letter_make(self, notice, &message, &end) != TROUPE_OK) {
        return false;
    }
    troupe_message_close(message, end);
    return post_aside(self, to, message);
}

static void
tell_one(struct troupe_self *self, struct tp_letter_subscriber *subscriber,
    struct troupe_dead_letter *notice)
{
    troupe_pid pid = ck_pr_load_64(&subscriber->pid);

    if (pid == TROUPE_NO_PID) {
        return;
    }
    ck_pr_fence_acquire(); /* pairs with add() */
    notice->missed = ck_pr_load_64(&subscriber->missed);
    if (notice->missed > 0) {
        notice->missed = ck_pr_fas_64(&subscriber->missed, 0);
    }
    if (!try_tell(self, pid, notice)) {
        ck_pr_add_64(&subscriber->missed, notice->missed + 1);
    }
}

static void
tell_all(struct troupe_self *self, const struct tp_dead_letter *letter,
    uint64_t count)
{
    struct tp_letter_subscribers *subscribers =
        &self->runtime->dead_letters.subscribers;
    const struct troupe_schema *schema =
        troupe_schema_by_number_view(letter->schema);
    char text[TROUPE_DEAD_LETTER_TEXT_BYTES];
    struct troupe_dead_letter notice = {
        .cause = (uint8_t)letter->cause,
        .message = troupe_str_of(schema == NULL ? "?" : schema->name),
        .receiver = letter->receiver,
        .sender = letter->sender,
        .count = count,
        .example = {text, (uint32_t)tp_letter_example_print(text, letter)},
    };

    for (int i = 0; i < TROUPE_DEAD_LETTERS_SUBSCRIBERS_MAX; i++) {
        tell_one(self, &subscribers->places[i], &notice);
    }
}

/* Whether anybody would run what is posted now. */
static bool
is_running(struct troupe_self *self)
{
    enum tp_runtime_state state = tp_runtime_state_of(self->runtime);

    return state < TP_RUNTIME_STOPPING ||
           (state == TP_RUNTIME_STOPPING && self->worker != NULL);
}

static bool
is_from_subscriber(const struct tp_letter_subscribers *subscribers,
    const struct tp_dead_letter *letter)
{
    return letter->sender != TROUPE_NO_PID &&
           is_listed(subscribers, letter->sender);
}

/* Keeps the sentence of the thread's last error, which is for whoever sent the
 * letter and not about its notices. */
struct kept_detail {
    char text[DETAIL_BYTES_MAX];
};

static void
keep_detail(struct kept_detail *kept)
{
    snprintf(kept->text, sizeof(kept->text), "%s", troupe_err_detail());
}

static void
restore_detail(const struct kept_detail *kept)
{
    (void)tp_err_set(TROUPE_OK, "%s", kept->text);
}

void
tp_letter_subscribers_tell(struct troupe_self *self,
    const struct tp_dead_letter *letter, uint64_t count)
{
    struct kept_detail kept;

    if (!is_running(self) ||
        is_from_subscriber(&self->runtime->dead_letters.subscribers, letter)) {
        return;
    }
    keep_detail(&kept);
    tell_all(self, letter, count);
    restore_detail(&kept);
}

/* Without regard to room: a period has one. */
static void
tell_of_alarm(struct troupe_self *self, troupe_pid pid,
    const struct troupe_dead_letters_alarm *notice)
{
    struct troupe_message *message;
    const uint8_t *end;

    if (troupe_dead_letters_alarm_make(self, notice, &message, &end) ==
        TROUPE_OK) {
        troupe_message_close(message, end);
        (void)post_aside(self, pid, message);
    }
}

void
tp_letter_subscribers_alarm(
    struct troupe_self *self, const struct tp_letter_alarm *alarm)
{
    struct tp_letter_subscribers *subscribers =
        &self->runtime->dead_letters.subscribers;
    struct troupe_dead_letters_alarm notice = {
        .dead_letters_max = alarm->letters_max,
        .dead_letters_period_ns = alarm->period_us * 1000,
    };
    struct kept_detail kept;

    if (!is_running(self)) {
        return;
    }
    keep_detail(&kept);
    for (int i = 0; i < TROUPE_DEAD_LETTERS_SUBSCRIBERS_MAX; i++) {
        troupe_pid pid = ck_pr_load_64(&subscribers->places[i].pid);

        if (pid != TROUPE_NO_PID) {
            tell_of_alarm(self, pid, &notice);
        }
    }
    restore_detail(&kept);
}
