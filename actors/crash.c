/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/crash.h"

#include "actors/actor.h"
#include "actors/actor_text.h"
#include "actors/runtime.h"
#include "mailbox/printed_form.h"
#include "mailbox/shared.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { HAND_BYTES = 200, EARLIER_BYTES = 160, OVERFLOW_BYTES = 64 };

static const char *
signal_name(int signal)
{
    switch (signal) {
    case SIGSEGV:
        return "SIGSEGV";
    case SIGBUS:
        return "SIGBUS";
    case SIGFPE:
        return "SIGFPE";
    case SIGILL:
        return "SIGILL";
    default:
        return "a signal";
    }
}

/* What the actor was at that has no printed form; NULL: a message of
 * somebody's.
 */
static const char *
occasion_of(const struct troupe_message *message)
{
    if (message == NULL) {
        return "with no message in hand";
    }
    switch ((enum tp_message_kind)message->kind) {
    case TP_MESSAGE_TELL:
    case TP_MESSAGE_SHARED:
    case TP_MESSAGE_REQUEST:
        return NULL;
    case TP_MESSAGE_REPLY:
        return message->err == TROUPE_OK ? NULL : "while an ask had failed";
    case TP_MESSAGE_EXPIRED:
        return "while an ask had timed out";
    case TP_MESSAGE_TIMER:
        return "while it ran a timer";
    case TP_MESSAGE_IO:
        return "while it had news of its connection";
    case TP_MESSAGE_NAMED:
        return "while it was told of a name";
    default:
        return "while it was told of another's end";
    }
}

static void
print_hand(char *text, size_t size, const struct troupe_message *message)
{
    static const char handled[] = "while it handled ";
    const char *occasion = occasion_of(message);

    snprintf(text, size, "%s", occasion == NULL ? handled : occasion);
    if (occasion == NULL) {
        (void)tp_printed_form_write(text + strlen(handled),
            size - strlen(handled), message->schema,
            tp_message_payload_view(message), message->payload_size);
    }
}

static void
append_name(char *text, size_t size, uint32_t number)
{
    const struct troupe_schema *schema = troupe_schema_by_number_view(number);
    size_t length = strlen(text);

    snprintf(text + length, size - length, "%s%s",
        length == 0 ? "; before that, in the same turn: " : ", ",
        schema == NULL ? "?" : schema->name);
}

/* How many messages have been handled when the one in hand is not. A body's
 * is counted when it is received. */
static uint64_t
handled_before(const struct troupe_self *self)
{
    bool is_counted = self->process != NULL && self->in_hand != NULL &&
                      tp_message_is_limited(self->in_hand) &&
                      self->handled_count > self->handled_before_turn;

    return self->handled_count - is_counted;
}

/* The last messages that this actor has handled in this turn, oldest first. */
static void
print_earlier(char *text, size_t size, const struct troupe_self *self)
{
    uint64_t end = handled_before(self);
    uint64_t count = end - self->handled_before_turn;

    /* The place of the message in hand is the oldest one's. */
    if (count > TP_SELF_RECENT_COUNT - 1) {
        count = TP_SELF_RECENT_COUNT - 1;
    }
    text[0] = '\0';
    for (uint64_t i = end - count; i < end; i++) {
        append_name(text, size, self->recent[i % TP_SELF_RECENT_COUNT]);
    }
}

static void
print_overflow(char *text, size_t size, const struct tp_crash *crash)
{
    text[0] = '\0';
    if (crash->stack_bytes != 0) {
        snprintf(text, size, "stack overflow, %zu bytes: ", crash->stack_bytes);
    }
}

static void __attribute__((format(printf, 3, 4))) give_text(
    struct troupe_self *self, struct tp_exit *why, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    tp_exit_print_text(self, why, format, arguments);
    va_end(arguments);
}

struct tp_exit
tp_crash_exit(struct troupe_self *self, const struct tp_crash *crash)
{
    struct tp_exit why = {.kind = TROUPE_EXIT_CRASHED,
        .signal = (uint8_t)crash->signal,
        .address = crash->address};

    if (crash->stack_bytes != 0) {
        give_text(self, &why, "stack overflow, %zu bytes", crash->stack_bytes);
    }
    return why;
}

void
tp_crash_report(struct troupe_self *self, const struct tp_crash *crash)
{
    char actor[TP_ACTOR_TEXT_BYTES];
    char hand[HAND_BYTES];
    char before[EARLIER_BYTES];
    char overflow[OVERFLOW_BYTES];

    print_hand(hand, sizeof(hand), self->in_hand);
    print_earlier(before, sizeof(before), self);
    print_overflow(overflow, sizeof(overflow), crash);
    tp_log_write(&self->runtime->log, TROUPE_LOG_ERROR,
        "actor %s crashed: %s%s at address 0x%" PRIx64 " %s%s",
        tp_actor_text(self, self->pid, self->actor->table->name, actor),
        overflow, signal_name(crash->signal), crash->address, hand, before);
}
