/* SPDX-License-Identifier: BSD-2-Clause */
/* Making, telling and sending messages: the public calls. */
#include "actors/isolation.h"
#include "actors/outside.h"
#include "actors/post.h"
#include "actors/process.h"
#include "base/err.h"
#include "mailbox/printed_form.h"
#include "mailbox/scan.h"
#include "mailbox/schema.h"

#include <string.h>

/* ---- messages ------------------------------------------------------------ */

static inline __attribute__((always_inline)) troupe_err
open_block(struct troupe_self *self, uint32_t schema, const char *name,
    size_t payload_bytes, struct troupe_message **message)
{
    struct troupe_message *made;

    if (__builtin_expect(payload_bytes > TROUPE_PAYLOAD_BYTES_MAX, 0)) {
        return tp_err_set(TROUPE_E_MESSAGE_TOO_LARGE,
            "a %s of %zu bytes; a message holds at most %u", name,
            payload_bytes, TROUPE_PAYLOAD_BYTES_MAX);
    }
    made = tp_post_block(self, payload_bytes);
    if (__builtin_expect(made == NULL, 0)) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory for a %s of %zu bytes",
            name, payload_bytes);
    }
    made->schema = schema;
    made->sender = TROUPE_NO_PID;
    *message = made;
    return TROUPE_OK;
}

static troupe_err __attribute__((noinline))
open_slowly(struct troupe_self *self, struct troupe_schema *schema,
    size_t payload_size_max, struct troupe_message **message, uint8_t **payload)
{
    TP_RUNTIME_CALL();
    uint32_t number = troupe_schema_number(schema);
    troupe_err err;

    if (__builtin_expect(self == NULL, 0)) {
        return tp_outside_check(NULL);
    }
    if (__builtin_expect(number == 0, 0)) {
        err = troupe_schema_intern(schema);
        if (err != TROUPE_OK) {
            return err;
        }
        number = troupe_schema_number(schema);
    }
    err = open_block(self, number, schema->name, payload_size_max, message);
    if (err == TROUPE_OK) {
        *payload = (*message)->payload;
        tp_containment.opened = *message;
    }
    return err;
}

/* As troupe_tell_closed(). */
troupe_err
troupe_message_open(struct troupe_self *self, struct troupe_schema *schema,
    size_t payload_size_max, struct troupe_message **message, uint8_t **payload)
{
    const uint32_t was = tp_containment_begin_call();
    uint32_t number = troupe_schema_number(schema);
    struct troupe_message *made = NULL;

    if (__builtin_expect(self != NULL && number != 0, 1)) {
        made = tp_post_try_block(self, payload_size_max);
    }
    if (__builtin_expect(made != NULL, 1)) {
        made->schema = number;
        made->sender = TROUPE_NO_PID;
        *message = made;
        *payload = made->payload;
        tp_containment.opened = made;
    }
    tp_containment_end_call(&was);
    return __builtin_expect(made != NULL, 1)
               ? TROUPE_OK
               : open_slowly(self, schema, payload_size_max, message, payload);
}

void
troupe_message_close(struct troupe_message *message, const uint8_t *end)
{
    message->payload_size = (uint32_t)(end - message->payload);
    tp_containment.opened = NULL;
}

troupe_err
troupe_message_create(struct troupe_self *self, const char *schema_name,
    const void *payload, size_t payload_size, struct troupe_message **message)
{
    TP_RUNTIME_CALL();
    size_t value_size;
    uint32_t number;
    troupe_err err = tp_outside_check(self);

    if (err == TROUPE_OK) {
        err = tp_scan_value(
            payload, payload_size, &TP_SCAN_BOUNDS_DEFAULT, &value_size);
    }
    if (err == TROUPE_OK && value_size != payload_size) {
        err = tp_err_set(TROUPE_E_MALFORMED,
            "offset %zu: %zu bytes follow the value", value_size,
            payload_size - value_size);
    }
    if (err == TROUPE_OK) {
        err = tp_schema_intern_name(schema_name, strlen(schema_name), &number);
    }
    if (err == TROUPE_OK) {
        err = open_block(self, number, schema_name, payload_size, message);
    }
    if (err == TROUPE_OK) {
        memcpy((*message)->payload, payload, payload_size);
        (*message)->payload_size = (uint32_t)payload_size;
    }
    return err;
}

void
troupe_message_release(
    struct troupe_self *self, struct troupe_message **message)
{
    TP_RUNTIME_CALL();
    struct troupe_message *released = *message;

    if (released != NULL) {
        if (tp_containment.opened == released) {
            tp_containment.opened = NULL;
        }
        *message = NULL;
        tp_post_free(self, released);
    }
}

const void *
troupe_message_payload_view(
    const struct troupe_message *message, size_t *payload_size)
{
    *payload_size = message->payload_size;
    return tp_message_payload_view(message);
}

const char *
troupe_message_name_view(const struct troupe_message *message)
{
    return troupe_schema_by_number_view(message->schema)->name;
}

troupe_pid
troupe_message_sender(const struct troupe_message *message)
{
    return message->sender;
}

size_t
troupe_message_print(
    char *out, size_t size, const struct troupe_message *message)
{
    return tp_printed_form_write(out, size, message->schema,
        tp_message_payload_view(message), message->payload_size);
}

/* ---- telling ------------------------------------------------------------- */

troupe_err
troupe_tell_refused(struct troupe_self *self, troupe_pid to,
    const struct troupe_schema *schema, troupe_err why)
{
    TP_RUNTIME_CALL();
    struct tp_dead_letter letter = {
        .cause = tp_dead_letters_cause_of(why),
        .schema = troupe_schema_number(schema),
        .receiver = to,
    };

    if (self == NULL) {
        return why; /* there is no runtime to count it */
    }
    letter.sender = self->pid;
    tp_dead_letters_record(self, &letter);
    return why;
}

static troupe_err __attribute__((noinline))
post(struct troupe_self *self, troupe_pid to, struct troupe_message **message)
{
    troupe_err err;

    if (self->worker != NULL) {
        err = tp_post(self, to, message);
        if (self->congested != NULL) {
            tp_process_wait_with(self, TROUPE_NO_PID, NULL);
        }
        return err;
    }
    err = tp_outside_check(self);
    if (err == TROUPE_OK) {
        err = tp_post(self, to, message);
    }
    if (self->congested != NULL) {
        tp_outside_pause(self);
    }
    return err;
}

static troupe_err __attribute__((noinline))
tell(struct troupe_self *self, troupe_pid to, struct troupe_message *message)
{
    TP_RUNTIME_CALL();
    troupe_err err = post(self, to, &message);

    if (err != TROUPE_OK) {
        message->sender = self->pid;
        tp_post_dead(self, &message, to, tp_dead_letters_cause_of(err), err);
    }
    return err;
}

/* Without a call on the way of nearly all messages, which is why what follows
 * from TP_RUNTIME_CALL() stands here by itself. */
troupe_err
troupe_tell_closed(struct troupe_self *self, troupe_pid to,
    struct troupe_message *message, const uint8_t *end)
{
    const uint32_t was = tp_containment_begin_call();
    bool is_chained;

    troupe_message_close(message, end);
    message->sender = self->pid;
    is_chained = !tp_isolation_moves() && tp_post_try_chain(self, to, message);
    tp_containment_end_call(&was);
    return __builtin_expect(is_chained, 1) ? TROUPE_OK
                                           : tell(self, to, message);
}

troupe_err
troupe_send(
    struct troupe_self *self, troupe_pid to, struct troupe_message **message)
{
    TP_RUNTIME_CALL();
    (*message)->kind = TP_MESSAGE_TELL;
    return post(self, to, message);
}
