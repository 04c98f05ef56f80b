/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * post: gives messages to pids.
 *
 * The one way from a sender to a mailbox: find the slot, count the message
 * against the receiver's limit, push it, make the receiver ready if it slept.
 * After that the sender may find itself noted to be paused (self->congested).
 *
 * What a handler sends to one receiver in a row is chained and pushed at once:
 * when it sends to another, when the handler ends, or when CHAIN_MAX wait. So a
 * flood costs one pair of read-modify-writes on the receiver's line for dozens
 * of messages. Order stays causal: a chain is pushed before anything else its
 * handler sends. A message that is refused is refused when it is sent, since
 * chains begin only where there is room.
 *
 * For a receiver with a profile of its own nothing is chained: each message is
 * counted when it is sent, so that its marks are exact, and if there is no room
 * its policy says what becomes of it (actors/profile.h). A message that is
 * redirected is tried once more, at the other receiver, and not a third time.
 * Only a receiver whose policy is to pause gets its senders paused.
 *
 * All functions are for self's thread.
 */
#ifndef TROUPE_ACTORS_POST_H
#define TROUPE_ACTORS_POST_H

#include "actors/call.h"
#include "actors/observer.h"
#include "actors/runtime.h"
#include "mailbox/shared.h"

enum {
    TP_POST_CHAINED_CLASS_MAX = 4,
    /* The largest block that is chained. */
    TP_POST_CHAINED_BYTES = TP_BLOCK_BYTES_MIN
                            << (TP_POST_CHAINED_CLASS_MAX - 1),
};

/*
 * Gives *message to the actor, or to what its mailbox's policy says, and sets
 * it to NULL. NO_SUCH_ACTOR: never made; MAILBOX_FULL; NO_HANDLER: a thread
 * outside takes only replies.
 */
TROUPE_MUST_USE troupe_err tp_post(
    struct troupe_self *self, troupe_pid to, struct troupe_message **message);

/* As tp_post(), and the message keeps its sender: who hands on what somebody
 * else has sent. */
TROUPE_MUST_USE troupe_err tp_post_on(
    struct troupe_self *self, troupe_pid to, struct troupe_message **message);

/* Pushes what the handler has chained; called when it has returned. */
void tp_post_flush(struct troupe_self *self);

/* Whether an uncounted message to that pid will be taken: NO_SUCH_ACTOR if it
 * was never made or is a thread. */
TROUPE_MUST_USE troupe_err tp_post_check(
    struct troupe_self *self, troupe_pid to);

/* Gives the uncounted message to an actor that has been made, in the name of
 * another one than the caller. Takes it. */
void tp_post_from(struct troupe_self *self, troupe_pid from, troupe_pid to,
    struct troupe_message *message);

/* Around a handler for what is no tell and no request: message is in hand, and
 * stays the caller's. */
static inline void
tp_post_begin_handler(struct troupe_self *self, struct troupe_message *message)
{
    self->in_hand = message;
    if (__builtin_expect(self->is_observed, 0)) {
        tp_observer_begin(self, message);
    }
    tp_containment_enter();
}

static inline void
tp_post_end_handler(struct troupe_self *self)
{
    tp_containment_leave();
    if (self->chain.newest != NULL) {
        tp_post_flush(self);
    }
    if (__builtin_expect(self->is_observed, 0)) {
        tp_observer_end(self);
    }
    self->in_hand = NULL;
}

/* What a chainable message adds to its receiver's limit. */
static inline uint64_t
tp_post_held_by(const struct troupe_message *message)
{
    return tp_message_is_limited(message)
               ? TP_LIMIT_OF(1, tp_block_bytes_of(message->size_class))
               : 0;
}

/* Large messages are not worth the delay, and would overrun the hard mark. On a
 * thread of its own an actor may block before its handler ends: it chains none.
 * What is observed is chained by a longer way (actors/observer.h). */
static inline bool
tp_post_is_chainable(
    const struct troupe_self *self, const struct troupe_message *message)
{
    return message->size_class < self->chained_class_max;
}

/* Whether a chain may begin. A mailbox that is full is congested. */
static inline bool
tp_post_has_room(struct troupe_self *self, struct tp_actor *actor)
{
    return tp_profile_is_usual(actor) &&
           (!tp_limit_is_congested(&actor->limit) ||
               !tp_limit_is_full(&actor->limit, &self->runtime->marks));
}

/* Begins a chain with the message, if there is room for it. There is none. */
static inline __attribute__((always_inline)) bool
tp_post_try_begin_chain(
    struct troupe_self *self, troupe_pid to, struct troupe_message *message)
{
    struct tp_actor *actor = tp_registry_find(&self->runtime->registry, to);

    if (__builtin_expect(actor == NULL || !tp_post_has_room(self, actor), 0)) {
        return false;
    }
    self->chain.newest = message;
    self->chain.oldest = message;
    self->chain.actor = actor;
    self->chain.to = to;
    self->chain.held = tp_post_held_by(message);
    message->incarnation = troupe_pid_incarnation(to);
    return true;
}

/* The same, after pushing the chain that there is. */
bool tp_post_try_chain_anew(
    struct troupe_self *self, troupe_pid to, struct troupe_message *message);

/*
 * Chains the message, if a handler has sent it and nothing is in the way: the
 * way of nearly all. Its sender is set. False: it is not chained.
 */
static inline __attribute__((always_inline)) bool
tp_post_try_chain(
    struct troupe_self *self, troupe_pid to, struct troupe_message *message)
{
    if (__builtin_expect(
            self->in_hand == NULL || !tp_post_is_chainable(self, message), 0)) {
        return false;
    }
    if (self->chain.newest == NULL) {
        return tp_post_try_begin_chain(self, to, message);
    }
    if (self->chain.to != to || self->chain.held >= self->chain_held_max) {
        return tp_post_try_chain_anew(self, to, message);
    }
    message->next = self->chain.newest;
    message->incarnation = troupe_pid_incarnation(to);
    self->chain.held += tp_post_held_by(message);
    self->chain.newest = message;
    return true;
}

static inline void
tp_post_init(struct troupe_message *message, unsigned size_class)
{
    message->request = 0;
    message->payload_size = 0;
    message->kind = TP_MESSAGE_TELL;
    message->size_class = (uint8_t)size_class;
    message->err = TROUPE_OK;
}

/* A block for a message of so many payload bytes, if it is small and there is
 * one at hand; else NULL. */
static inline __attribute__((always_inline)) struct troupe_message *
tp_post_try_block(struct troupe_self *self, size_t payload_bytes)
{
    size_t bytes = sizeof(struct troupe_message) + payload_bytes;
    struct troupe_message *message = NULL;

    if (__builtin_expect(bytes <= TP_BLOCK_BYTES_MAX, 1)) {
        unsigned size_class = tp_block_class_of(bytes);

        message = tp_block_try_take(&self->blocks, size_class);
        if (__builtin_expect(message != NULL, 1)) {
            tp_post_init(message, size_class);
        }
    }
    return message;
}

/* A block for a message of so many payload bytes; NULL: no memory. */
static inline struct troupe_message *
tp_post_block(struct troupe_self *self, size_t payload_bytes)
{
    size_t bytes = sizeof(struct troupe_message) + payload_bytes;
    unsigned size_class = tp_block_class_of(bytes);
    struct troupe_message *message;

    if (__builtin_expect(size_class == TP_BLOCK_CLASS_LARGE, 0)) {
        bytes += TP_CALL_BYTES_MAX; /* see call.h */
    }
    message = tp_block_take(&self->blocks, size_class, bytes);
    if (__builtin_expect(message != NULL, 1)) {
        tp_post_init(message, size_class);
    }
    return message;
}

/* What a message takes up of its receiver's limit: its whole block; if its
 * payload is shared, as much as if it were not. */
static inline uint64_t
tp_post_bytes_of(const struct troupe_message *message)
{
    if (__builtin_expect(message->size_class >= TP_BLOCK_CLASS_LARGE, 0)) {
        return sizeof(*message) + message->payload_size + TP_CALL_BYTES_MAX;
    }
    return tp_block_bytes_of(message->size_class);
}

/* Frees what is no block of a cache, or for which the cache has no room. */
void tp_post_free_slow(
    struct troupe_self *self, struct troupe_message *message);

/* Frees a message, and its payload if that is shared and nobody else has it. */
static inline void
tp_post_free(struct troupe_self *self, struct troupe_message *message)
{
    if (!tp_block_try_give(&self->blocks, message->size_class, message)) {
        tp_post_free_slow(self, message);
    }
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
