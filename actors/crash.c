/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/crash.h"

#include "actors/actor.h"
#include "actors/pid_text.h"
#include "actors/runtime.h"
#include "mailbox/printed_form.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { HAND_BYTES = 200, EARLIER_BYTES = 160 };

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
            size - strlen(handled), message->schema, message->payload,
            message->payload_size);
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

/* The last messages that this actor has handled in this turn, oldest first. */
static void
print_earlier(char *text, size_t size, const struct troupe_self *self)
{
    uint64_t count = self->handled_count - self->handled_before_turn;

    /* The place of the message in hand is the oldest one's. */
    if (count > TP_SELF_RECENT_COUNT - 1) {
        count = TP_SELF_RECENT_COUNT - 1;
    }
    text[0] = '\0';
    for (uint64_t i = self->handled_count - count; i < self->handled_count;
         i++) {
        append_name(text, size, self->recent[i % TP_SELF_RECENT_COUNT]);
    }
}

void
tp_crash_report(struct troupe_self *self, const struct tp_crash *crash)
{
    char pid[TP_PID_TEXT_BYTES];
    char hand[HAND_BYTES];
    char before[EARLIER_BYTES];

    print_hand(hand, sizeof(hand), self->in_hand);
    print_earlier(before, sizeof(before), self);
    tp_log_write(&self->runtime->log, TROUPE_LOG_ERROR,
        "actor %s (%s) crashed: %s at address 0x%" PRIx64 " %s%s",
        tp_pid_text(pid, self->pid), self->actor->table->name,
        signal_name(crash->signal), crash->address, hand, before);
}
