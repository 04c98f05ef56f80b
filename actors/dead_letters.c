/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/dead_letters.h"

#include "actors/containment.h"
#include "actors/log.h"
#include "actors/observer.h"
#include "actors/outside.h"
#include "actors/runtime.h"
#include "base/err.h"
#include "mailbox/shared.h"

#include <inttypes.h>

const char *
troupe_dead_letter_cause_text(enum troupe_dead_letter_cause cause)
{
    switch (cause) {
#define X(name, text)                                                          \
    case TROUPE_DEAD_LETTER_##name:                                            \
        return text;
        TROUPE_DEAD_LETTER_MAP(X)
#undef X
    case TROUPE_DEAD_LETTER_CAUSES_COUNT:
        break;
    }
    return "unknown cause";
}

const char *
troupe_dead_letter_cause_name(enum troupe_dead_letter_cause cause)
{
    switch (cause) {
#define X(name, text)                                                          \
    case TROUPE_DEAD_LETTER_##name:                                            \
        return #name;
        TROUPE_DEAD_LETTER_MAP(X)
#undef X
    case TROUPE_DEAD_LETTER_CAUSES_COUNT:
        break;
    }
    return "UNKNOWN";
}

enum troupe_dead_letter_cause
tp_dead_letters_cause_of(troupe_err err)
{
    switch (err) {
    case TROUPE_E_NO_SUCH_ACTOR:
        return TROUPE_DEAD_LETTER_NO_SUCH_ACTOR;
    case TROUPE_E_MAILBOX_FULL:
        return TROUPE_DEAD_LETTER_MAILBOX_FULL;
    case TROUPE_E_NO_HANDLER:
        return TROUPE_DEAD_LETTER_NO_HANDLER;
    case TROUPE_E_NO_MEMORY:
        return TROUPE_DEAD_LETTER_NO_MEMORY;
    case TROUPE_E_NO_ROUTEE:
        return TROUPE_DEAD_LETTER_NO_ROUTEE;
    case TROUPE_E_TOO_MANY_HOPS:
        return TROUPE_DEAD_LETTER_TOO_MANY_HOPS;
    default:
        return TROUPE_DEAD_LETTER_REFUSED;
    }
}

/* ---- life ---------------------------------------------------------------- */

troupe_err
tp_dead_letters_init(
    struct tp_dead_letters *letters, const struct troupe_options *options)
{
    tp_letter_subscribers_init(&letters->subscribers);
    letters->table = tp_letter_table_create();
    if (letters->table == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY,
            "no memory for a table of dead letters, %zu bytes",
            sizeof(*letters->table));
    }
    return tp_letter_alarm_init(&letters->alarm, options);
}

void
tp_dead_letters_fini(struct tp_dead_letters *letters)
{
    tp_letter_subscribers_fini(&letters->subscribers);
    tp_letter_table_destroy(&letters->table);
}

/* ---- recording ----------------------------------------------------------- */

/* "word to <0.1.1> from <0.0.1>: the receiver has no handler for it" */
enum { LETTER_TEXT_BYTES = 320 };

static const char *
letter_text(char *out, const struct tp_dead_letter *letter)
{
    const struct troupe_schema *schema =
        troupe_schema_by_number_view(letter->schema);
    char receiver[TP_PID_TEXT_BYTES];
    char sender[TP_PID_TEXT_BYTES];

    snprintf(out, LETTER_TEXT_BYTES, "%s to %s from %s: %s",
        schema == NULL ? "?" : schema->name,
        tp_pid_text(receiver, letter->receiver),
        tp_pid_text(sender, letter->sender),
        troupe_dead_letter_cause_text(letter->cause));
    return out;
}

static void __attribute__((cold)) log_letter(struct troupe_self *self,
    const struct tp_dead_letter *letter, uint64_t count)
{
    char text[LETTER_TEXT_BYTES];

    tp_log_write(&self->runtime->log, TROUPE_LOG_WARNING,
        "dead letter: %s (%" PRIu64 " so far)", letter_text(text, letter),
        count);
}

static void __attribute__((cold))
raise_alarm(struct troupe_self *self, const struct tp_dead_letter *letter)
{
    const struct tp_letter_alarm *alarm = &self->runtime->dead_letters.alarm;
    char text[LETTER_TEXT_BYTES];

    tp_log_write(&self->runtime->log, TROUPE_LOG_ERROR,
        "alarm: more than %" PRIu32 " dead letters within %g s; the last was "
        "%s",
        alarm->letters_max, (double)alarm->period_us / 1e6,
        letter_text(text, letter));
    tp_letter_subscribers_alarm(self, alarm);
}

static bool
is_one_too_many(struct troupe_self *self)
{
    struct tp_letter_alarm *alarm = &self->runtime->dead_letters.alarm;

    return alarm->letters_max > 0 &&
           tp_letter_alarm_count(alarm, troupe_now_ns(self));
}

/* message: the letter itself, or NULL. */
static void
record(struct troupe_self *self, const struct tp_dead_letter *letter,
    const struct troupe_message *message)
{
    struct tp_dead_letters *letters = &self->runtime->dead_letters;
    struct tp_letter_counts counts =
        tp_letter_table_add(letters->table, letter);

    if (self->is_observed) {
        tp_observer_lose(self, letter, message);
    }
    if (letter->cause == TROUPE_DEAD_LETTER_RUNTIME_STOPPED) {
        return;
    }
    if (tp_log_is_round(counts.of_kind)) {
        log_letter(self, letter, counts.of_kind);
    }
    if (tp_letter_subscribers_own(&letters->subscribers, letter)) {
        return;
    }
    if (!tp_letter_subscribers_are_none(&letters->subscribers)) {
        tp_letter_subscribers_tell(self, letter, counts.of_row);
    }
    if (is_one_too_many(self)) {
        raise_alarm(self, letter);
    }
}

void
tp_dead_letters_record(
    struct troupe_self *self, const struct tp_dead_letter *letter)
{
    record(self, letter, NULL);
}

void
tp_dead_letters_record_message(struct troupe_self *self,
    const struct troupe_message *message, troupe_pid receiver,
    enum troupe_dead_letter_cause cause)
{
    struct tp_dead_letter letter = {
        .cause = cause,
        .schema = message->schema,
        .receiver = receiver,
        .sender = message->sender,
        .payload = tp_message_payload_view(message),
        .payload_size = message->payload_size,
    };

    record(self, &letter, message);
}

uint64_t
tp_dead_letters_count(
    const struct tp_dead_letters *letters, enum troupe_dead_letter_cause cause)
{
    return tp_letter_table_count(letters->table, cause);
}

/* ---- the table ----------------------------------------------------------- */

size_t
troupe_dead_letters_read(const struct troupe_runtime *runtime,
    struct troupe_dead_letters_row *rows, size_t capacity)
{
    const struct tp_letter_table *table = runtime->dead_letters.table;
    uint16_t numbers[TP_LETTER_TABLE_ROWS];
    size_t count = tp_letter_table_order(table, numbers);

    for (size_t i = 0; i < count && i < capacity; i++) {
        tp_letter_table_read(table, numbers[i], &rows[i]);
    }
    return count;
}

static void
print_row(FILE *stream, const struct troupe_dead_letters_row *row)
{
    char sender_text[TP_PID_TEXT_BYTES];
    char receiver_text[TP_PID_TEXT_BYTES];
    const char *sender = tp_pid_text(sender_text, row->sender);
    const char *receiver = tp_pid_text(receiver_text, row->receiver);

    fprintf(stream, "%10" PRIu64 "  %-15s  %-16s  %-16s  ", row->count,
        troupe_dead_letter_cause_name(row->cause),
        row->has_many_messages ? "others" : row->message,
        row->has_many_receivers ? "others" : receiver);
    fprintf(stream, "%s from %s",
        row->example[0] == '\0' ? row->message : row->example, sender);
    if (row->has_many_receivers) {
        fprintf(stream, " to %s", receiver);
    }
    fprintf(stream, "\n");
}

void
troupe_dead_letters_print(FILE *stream, const struct troupe_runtime *runtime)
{
    TP_RUNTIME_CALL();
    const struct tp_letter_table *table = runtime->dead_letters.table;
    uint16_t numbers[TP_LETTER_TABLE_ROWS];
    size_t count = tp_letter_table_order(table, numbers);

    if (count == 0) {
        fprintf(stream, "no dead letters\n");
        return;
    }
    fprintf(stream, "%10s  %-15s  %-16s  %-16s  %s\n", "count", "cause",
        "message", "receiver", "the last one");
    for (size_t i = 0; i < count; i++) {
        struct troupe_dead_letters_row row;

        tp_letter_table_read(table, numbers[i], &row);
        print_row(stream, &row);
    }
}

/* ---- subscribing --------------------------------------------------------- */

static troupe_err
check_subscriber(struct troupe_self *self, troupe_pid pid)
{
    struct tp_actor *actor = tp_registry_find(&self->runtime->registry, pid);
    char text[TP_PID_TEXT_BYTES];

    if (actor == NULL) {
        return tp_err_set(TROUPE_E_NO_SUCH_ACTOR,
            "this runtime never made an actor %s; only an actor can subscribe",
            tp_pid_text(text, pid));
    }
    if (ck_pr_load_32(&actor->task.bound) == TP_TASK_ELSEWHERE) {
        return tp_err_set(TROUPE_E_NO_HANDLER,
            "%s is a thread outside the runtime, which takes replies only: let "
            "it read the table, or an actor subscribe",
            tp_pid_text(text, pid));
    }
    return TROUPE_OK;
}

troupe_err
troupe_dead_letters_subscribe(struct troupe_self *self, troupe_pid subscriber)
{
    TP_RUNTIME_CALL();
    troupe_err err = tp_outside_check(self);

    if (err == TROUPE_OK) {
        err = check_subscriber(self, subscriber);
    }
    if (err == TROUPE_OK) {
        err = troupe_schema_intern(&troupe_dead_letter_schema);
    }
    if (err == TROUPE_OK) {
        err = troupe_schema_intern(&troupe_dead_letters_alarm_schema);
    }
    return err == TROUPE_OK
               ? tp_letter_subscribers_add(
                     &self->runtime->dead_letters.subscribers, subscriber)
               : err;
}

void
troupe_dead_letters_unsubscribe(struct troupe_self *self, troupe_pid subscriber)
{
    TP_RUNTIME_CALL();
    if (subscriber != TROUPE_NO_PID && tp_outside_check(self) == TROUPE_OK) {
        tp_letter_subscribers_remove(
            &self->runtime->dead_letters.subscribers, subscriber);
    }
}
