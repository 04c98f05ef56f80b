/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dead_letters: what was sent and not handled.
 *
 * Every message that troupe drops passes here, so that a person sees it:
 *
 *     the table           counts it, and keeps the last of each row
 *     the log             the first of a cause and message, the tenth, the
 *                         hundredth and so on, with receiver and sender
 *     the alarm           when there are too many within a time
 *     the subscribers     are told of each
 *
 * What is left when the runtime stops is in the table and in the report of the
 * stop, and nobody is told. A flood costs two additions and the copy of some
 * bytes each; with subscribers, a notice each until they are congested.
 *
 *     tp_dead_letters_init fini    one thread
 *     tp_dead_letters_record       self's thread
 *     tp_dead_letters_cause_of     any thread
 *     tp_dead_letters_count        any thread; exact when no thread records
 */
#ifndef TROUPE_ACTORS_DEAD_LETTERS_H
#define TROUPE_ACTORS_DEAD_LETTERS_H

#include "actors/letter_alarm.h"
#include "actors/letter_subscribers.h"
#include "actors/letter_table.h"
#include "mailbox/message.h"

struct tp_dead_letters {
    struct tp_letter_table *table;
    struct tp_letter_alarm alarm;
    struct tp_letter_subscribers subscribers;
};

/* Of zeroed memory. NO_MEMORY, INVALID_ARGUMENT (options); to be finished in
 * any case. */
TROUPE_MUST_USE troupe_err tp_dead_letters_init(
    struct tp_dead_letters *letters, const struct troupe_options *options);
void tp_dead_letters_fini(struct tp_dead_letters *letters);

/* What is not handled, and why; payload NULL if it could not be made. */
void tp_dead_letters_record(
    struct troupe_self *self, const struct tp_dead_letter *letter);

/* The cause of what could not be sent for that reason. */
enum troupe_dead_letter_cause tp_dead_letters_cause_of(troupe_err err);

/* A message that is not handled, for that receiver. It stays the caller's. */
void tp_dead_letters_record_message(struct troupe_self *self,
    const struct troupe_message *message, troupe_pid receiver,
    enum troupe_dead_letter_cause cause);

/* How many there were of this cause. */
uint64_t tp_dead_letters_count(
    const struct tp_dead_letters *letters, enum troupe_dead_letter_cause cause);

#endif
