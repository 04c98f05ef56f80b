/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/dead_letters.h"

#include <ck_pr.h>
#include <inttypes.h>

static const char *
cause_text(enum troupe_dead_letter_cause cause)
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

static uint64_t
kind_of(const struct tp_dead_letter *letter)
{
    return (uint64_t)(letter->cause + 1) << 32 | letter->schema;
}

/* The place of this kind; the last one when there is no other left. */
static unsigned
place_of(struct tp_dead_letters *letters, uint64_t kind)
{
    unsigned start = (unsigned)(kind ^ kind >> 29) % TP_DEAD_LETTERS_KINDS_MAX;

    for (unsigned i = 0; i < TP_DEAD_LETTERS_KINDS_MAX; i++) {
        unsigned place = (start + i) % TP_DEAD_LETTERS_KINDS_MAX;
        uint64_t seen = ck_pr_load_64(&letters->kinds[place].kind);

        if (seen == kind ||
            (seen == 0 && (ck_pr_cas_64_value(
                               &letters->kinds[place].kind, 0, kind, &seen) ||
                              seen == kind))) {
            return place;
        }
    }
    return TP_DEAD_LETTERS_KINDS_MAX;
}

static bool
is_power_of_ten(uint64_t count)
{
    while (count >= 10 && count % 10 == 0) {
        count /= 10;
    }
    return count == 1;
}

static const char *
schema_name(uint32_t number)
{
    const struct troupe_schema *schema = troupe_schema_by_number_view(number);

    return schema == NULL ? "?" : schema->name;
}

static void
report(struct tp_dead_letters *letters, const struct tp_dead_letter *letter,
    uint64_t count)
{
    char receiver[TP_PID_TEXT_BYTES];
    char sender[TP_PID_TEXT_BYTES];

    tp_log_write(&letters->log, TROUPE_LOG_WARNING,
        "dead letter: %s to %s from %s: %s (%" PRIu64 " so far)",
        schema_name(letter->schema), tp_pid_text(receiver, letter->receiver),
        tp_pid_text(sender, letter->sender), cause_text(letter->cause), count);
}

void
tp_dead_letters_record(
    struct tp_dead_letters *letters, const struct tp_dead_letter *letter)
{
    unsigned place = place_of(letters, kind_of(letter));
    uint64_t count = ck_pr_faa_64(&letters->kinds[place].count, 1) + 1;

    /* What a stop leaves behind is in its report. */
    if (is_power_of_ten(count) &&
        letter->cause != TROUPE_DEAD_LETTER_RUNTIME_STOPPED) {
        report(letters, letter, count);
    }
    ck_pr_add_64(&letters->causes[letter->cause], 1);
}

uint64_t
tp_dead_letters_count(
    struct tp_dead_letters *letters, enum troupe_dead_letter_cause cause)
{
    return ck_pr_load_64(&letters->causes[cause]);
}
