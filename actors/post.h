/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * post: gives messages to pids.
 *
 * The one way from a sender to a mailbox: find the slot, count the message
 * against the receiver's limit, push it, make the receiver ready if it slept.
 * After that the sender may find itself noted to be paused (self->congested).
 *
 * All functions are for self's thread.
 */
#ifndef TROUPE_ACTORS_POST_H
#define TROUPE_ACTORS_POST_H

#include "actors/runtime.h"

/*
 * Gives *message to the actor and sets it to NULL. NO_SUCH_ACTOR: never made;
 * MAILBOX_FULL; NO_HANDLER: a thread outside takes only replies.
 */
TROUPE_MUST_USE troupe_err tp_post(
    struct troupe_self *self, troupe_pid to, struct troupe_message **message);

/* A block for a message of so many payload bytes; NULL: no memory. */
struct troupe_message *tp_post_block(
    struct troupe_self *self, size_t payload_bytes);

/* What a message takes up of its receiver's limit: its whole block. */
uint64_t tp_post_bytes_of(const struct troupe_message *message);

static inline void
tp_post_free(struct troupe_self *self, struct troupe_message *message)
{
    tp_block_give(&self->blocks, message->size_class, message);
}

/* Resumes whoever is paused on the limit. */
void tp_post_resume_paused(struct troupe_self *self, struct tp_limit *limit);

/*
 * Turns the request into the answer that there is none, and gives it to its
 * sender. Needs no memory. Takes *request.
 */
void tp_post_refusal(
    struct troupe_self *self, struct troupe_message **request, troupe_err err);

/*
 * Takes *message, which nobody will handle: it is recorded as a dead letter,
 * and if it is a request, answered with err.
 */
void tp_post_dead(struct troupe_self *self, struct troupe_message **message,
    troupe_pid receiver, enum troupe_dead_letter_cause cause, troupe_err err);

#endif
