/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dead letters: what was sent and not handled.
 *
 * Each is counted in a table, by cause, message and receiver. There are three
 * ways to hear of them besides the log: a thread reads or prints the table; an
 * actor subscribes and is told of each; and an alarm, set by the runtime's
 * options, is raised when there are many within a short time.
 */
#ifndef TROUPE_DEAD_LETTERS_H
#define TROUPE_DEAD_LETTERS_H

#include "troupe/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/** "NO_SUCH_ACTOR" and so on; never NULL, valid for ever. Any thread. */
TROUPE_API const char *troupe_dead_letter_cause_name(
    enum troupe_dead_letter_cause cause);

/** The sentence for it; never NULL, valid for ever. Any thread. */
TROUPE_API const char *troupe_dead_letter_cause_text(
    enum troupe_dead_letter_cause cause);

/* ---- the table ----------------------------------------------------------- */

/** The longest text of a message in a row or a notice, with its NUL. */
#define TROUPE_DEAD_LETTER_TEXT_BYTES 160

/** How many there were of one cause, message and receiver. */
struct troupe_dead_letters_row {
    enum troupe_dead_letter_cause cause;
    /** The name of the message; valid for ever. */
    const char *message;
    /** The row counts messages of several names, which found no row of their
     * own: `message` is the last one's. */
    bool has_many_messages;
    troupe_pid receiver;
    /** The row counts several receivers: those after the first 7 of this cause
     * and message. `receiver` is the last one. */
    bool has_many_receivers;
    uint64_t count;
    /** Who sent the last one. */
    troupe_pid sender;
    /** The last one as a person reads it, shortened; empty if it could not even
     * be made. Under a flood it may be an earlier one. */
    char example[TROUPE_DEAD_LETTER_TEXT_BYTES];
};

/**
 * Copies at most `capacity` rows, those with the highest counts first, and
 * returns how many there are. rows may be NULL if capacity is 0. Takes no lock;
 * a row may change while others are read. Any thread, until the runtime is
 * destroyed.
 */
TROUPE_API size_t troupe_dead_letters_read(const struct troupe_runtime *runtime,
    struct troupe_dead_letters_row *rows, size_t capacity);

/** Writes all rows as a table. Any thread, until the runtime is destroyed. */
TROUPE_API void troupe_dead_letters_print(
    FILE *stream, const struct troupe_runtime *runtime);

/* ---- subscribing --------------------------------------------------------- */

/** What a subscriber is told of one dead letter. */
#define TROUPE_DEAD_LETTER_FIELDS(FIELD)                                       \
    FIELD(uint8, cause)   /* an enum troupe_dead_letter_cause */               \
    FIELD(str, message)   /* its name */                                       \
    FIELD(pid, receiver)  /* whom it was for */                                \
    FIELD(pid, sender)    /* who sent it */                                    \
    FIELD(uint64, count)  /* of this cause, message and receiver so far */     \
    FIELD(uint64, missed) /* notices left out before this one */               \
    FIELD(str, example)   /* as a person reads it, shortened; or empty */
TROUPE_MESSAGE(troupe_dead_letter, TROUPE_DEAD_LETTER_FIELDS)

/** What a subscriber is told when the alarm is raised. */
#define TROUPE_DEAD_LETTERS_ALARM_FIELDS(FIELD)                                \
    FIELD(uint64, dead_letters_max)       /* there were more than these, */    \
    FIELD(uint64, dead_letters_period_ns) /* within this time */
TROUPE_MESSAGE(troupe_dead_letters_alarm, TROUPE_DEAD_LETTERS_ALARM_FIELDS)

/** So many actors of a runtime may subscribe. */
#define TROUPE_DEAD_LETTERS_SUBSCRIBERS_MAX 8

/**
 * From now on the actor `subscriber` is told of every dead letter by a message
 * troupe_dead_letter, and of every alarm by a troupe_dead_letters_alarm, until
 * it stops or is unsubscribed. Twice is as good as once.
 *
 * While its mailbox is congested, notices are left out, and counted in the next
 * one's `missed`. Nobody is told of a notice that has become a dead letter, of
 * what a subscriber has sent, nor of what is left when the runtime stops. The
 * sender of a notice is whoever found the dead letter.
 *
 * Errors: NO_SUCH_ACTOR (never made), NO_HANDLER (a thread outside),
 * TOO_MANY_SUBSCRIBERS, SCHEMA_CONFLICT, NO_MEMORY, NOT_RUNNING.
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_dead_letters_subscribe(
    struct troupe_self *self, troupe_pid subscriber);

/** The actor is told no more; what waits in its mailbox stays there. One that
 * does not subscribe is fine. */
TROUPE_API void troupe_dead_letters_unsubscribe(
    struct troupe_self *self, troupe_pid subscriber);

#ifdef __cplusplus
}
#endif

#endif
