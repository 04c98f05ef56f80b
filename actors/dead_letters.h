/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dead_letters: what was sent and not handled, counted by cause and schema.
 *
 * Every message that troupe drops passes here, so that a person sees it: the
 * first of a kind is logged, then the tenth, the hundredth and so on, each with
 * its latest receiver and sender. A flood costs an addition each.
 *
 *     tp_dead_letters_record    any thread
 *     tp_dead_letters_count     any thread; exact when no thread records
 *
 * A kind gets a place in a table by a compare-and-swap of its key and keeps it.
 * When the table is full, further kinds share a last place.
 */
#ifndef TROUPE_ACTORS_DEAD_LETTERS_H
#define TROUPE_ACTORS_DEAD_LETTERS_H

#include "actors/log.h"
#include "actors/pid_text.h"
#include "mailbox/message.h"
#include "troupe/runtime.h"

enum { TP_DEAD_LETTERS_KINDS_MAX = 255 };

struct tp_dead_letters {
    struct tp_log log;
    struct {
        /*
         * 1 + cause in the high half, schema in the low one; 0: free. Written
         * once by compare-and-swap, by any thread.
         */
        uint64_t kind;
        /* Added to by any thread; orders nothing. */
        uint64_t count;
    } kinds[TP_DEAD_LETTERS_KINDS_MAX + 1];
    /* How many of each cause. Added to by any thread; orders nothing. */
    uint64_t causes[TROUPE_DEAD_LETTER_CAUSES_COUNT];
};

struct tp_dead_letter {
    enum troupe_dead_letter_cause cause;
    uint32_t schema;
    troupe_pid receiver;
    troupe_pid sender;
};

void tp_dead_letters_record(
    struct tp_dead_letters *letters, const struct tp_dead_letter *letter);

/* How many there were of this cause. */
uint64_t tp_dead_letters_count(
    struct tp_dead_letters *letters, enum troupe_dead_letter_cause cause);

#endif
