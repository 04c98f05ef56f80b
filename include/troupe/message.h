/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages: what actors exchange.
 *
 * A message is one block of memory: an envelope and a payload, and the payload
 * is MessagePack. It holds no pointer, so nothing can be shared through it.
 * TROUPE_MESSAGE makes a message type; troupe_message_create() makes a message
 * from bytes that any MessagePack library has packed.
 */
#ifndef TROUPE_MESSAGE_H
#define TROUPE_MESSAGE_H

#include "troupe/err.h"
#include "troupe/pid.h"
#include "troupe/schema.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The largest payload of one message, in bytes. */
#define TROUPE_PAYLOAD_BYTES_MAX (64u << 20)

/** A message. Owned by whoever holds it; sending it gives it away. */
struct troupe_message;

/**
 * Who calls: inside a handler the actor that runs, elsewhere a thread (see
 * troupe_thread_self()). Valid only on the thread that it was handed to, and
 * for a handler only until it returns.
 */
struct troupe_self;

/**
 * Makes a message named schema_name from payload, payload_size bytes that hold
 * exactly one MessagePack value. The bytes are checked and copied.
 *
 * Errors, with *message untouched: MALFORMED (the detail names the offset),
 * MESSAGE_TOO_LARGE, NO_MEMORY, NOT_RUNNING.
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_message_create(
    struct troupe_self *self, const char *schema_name, const void *payload,
    size_t payload_size, struct troupe_message **message);

/** Frees *message and sets it to NULL. A NULL message is fine. */
TROUPE_API void troupe_message_release(
    struct troupe_self *self, struct troupe_message **message);

/** The payload, *payload_size bytes of MessagePack; valid as long as message.
 */
TROUPE_API const void *troupe_message_payload_view(
    const struct troupe_message *message, size_t *payload_size);

/** The name of the message's schema; never NULL, valid for ever. */
TROUPE_API const char *troupe_message_name_view(
    const struct troupe_message *message);

/** Who sent the message; TROUPE_NO_PID if nobody has yet. */
TROUPE_API troupe_pid troupe_message_sender(
    const struct troupe_message *message);

/**
 * Writes the message as a person reads it, such as deposit{amount_cents: 5000},
 * to out, at most size bytes with the final NUL. Returns the length of the
 * whole, as snprintf does.
 */
TROUPE_API size_t troupe_message_print(
    char *out, size_t size, const struct troupe_message *message);

/**
 * Takes a block for a payload of at most payload_size_max bytes; the payload is
 * to be written from *payload on. Generated code calls this.
 *
 * Errors: NO_MEMORY, MESSAGE_TOO_LARGE, SCHEMA_CONFLICT.
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_message_open(
    struct troupe_self *self, struct troupe_schema *schema,
    size_t payload_size_max, struct troupe_message **message,
    uint8_t **payload);

/** Ends what troupe_message_open() began: the payload ends before end. */
TROUPE_API void troupe_message_close(
    struct troupe_message *message, const uint8_t *end);

#ifdef __cplusplus
}
#endif

#endif
