/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shared: one payload that several messages have.
 *
 * What is published is made once, as a message like any other: the content. It
 * is sent to nobody. Each receiver gets an envelope, a message of kind SHARED
 * in a block of the smallest size, which has the content's schema and size and,
 * where its own payload would be, a pointer to the content. It goes the way of
 * every tell: it is counted, paused for, dropped, buried, handled. Handlers,
 * dead letters and reports read the payload by tp_message_payload_view(), and
 * see no difference.
 *
 * The content counts who has it. Its maker knows how many envelopes there may
 * be before it sends the first, so it sets the count once, high enough, and
 * takes off what was too much at the end; each envelope that is freed takes off
 * one, and who takes off the last frees the content, to the block cache of its
 * own thread. Nothing is ever added while others have it.
 *
 * An envelope is freed wherever a message is: its size class, which is none of
 * the block cache's, leads each tp_post_free() here (actors/post.h), and makes
 * a mailbox count it like a block of the system's, by its payload_size. So a
 * payload counts whole in each mailbox, though there is only one.
 *
 * Nobody writes to a content that has been sent: its handlers get it const.
 *
 *     tp_shared_begin, _make, _end    who publishes
 *     tp_shared_free                  whoever holds the envelope
 *     tp_message_payload_view         the same
 *
 * Not chosen: a reference count before each message (all would pay for what few
 * need); payloads of 24 bytes and less in a content (they fit the envelope,
 * where a copy costs less than the count: actors/publish.c).
 */
#ifndef TROUPE_MAILBOX_SHARED_H
#define TROUPE_MAILBOX_SHARED_H

#include "mailbox/block_cache.h"
#include "mailbox/message.h"

#include <string.h>

/* The size class of an envelope. */
enum { TP_SHARED_CLASS = TP_BLOCK_CLASS_LARGE + 1 };

/* The content of an envelope. */
static inline struct troupe_message *
tp_shared_content(const struct troupe_message *envelope)
{
    struct troupe_message *content;

    memcpy(&content, envelope->payload, sizeof(content));
    return content;
}

static inline const uint8_t *
tp_shared_payload_view(const struct troupe_message *envelope)
{
    return tp_shared_content(envelope)->payload;
}

/* The payload, payload_size bytes, wherever it is. */
static inline const uint8_t *
tp_message_payload_view(const struct troupe_message *message)
{
    return message->kind == TP_MESSAGE_SHARED ? tp_shared_payload_view(message)
                                              : message->payload;
}

/* The content may get so many envelopes, and stays the caller's until
 * tp_shared_end(). */
void tp_shared_begin(struct troupe_message *content, uint64_t envelopes_max);

/* An envelope for the content; NULL: no memory. */
struct troupe_message *tp_shared_make(
    struct tp_block_cache *blocks, struct troupe_message *content);

/* So many of those that were allowed have not been made. Takes *content. */
void tp_shared_end(struct tp_block_cache *blocks,
    struct troupe_message **content, uint64_t unused_count);

/* Frees an envelope, and its content if it was the last that had it. */
void tp_shared_free(
    struct tp_block_cache *blocks, struct troupe_message *envelope);

#endif
