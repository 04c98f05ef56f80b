/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tally: what came of a program, counted, and whether the counts agree.
 *
 * Each message that it has tried to send was handled, was replaced by a later
 * one, or is one dead letter, for want of memory if and only if the caller was
 * told so; each ask that was made
 * was answered once; each monitor and link of who fell has been told of it. The
 * first error is kept.
 *
 *     note, TELL          any thread
 *     tally_begin, tally_dead, tally_check
 *                         the test's thread, when the program does not run
 *
 * Handlers count what they have handled themselves; one that fails on a message
 * does not, as that is a dead letter.
 */
#ifndef TROUPE_TESTS_SUPPORT_TALLY_H
#define TROUPE_TESTS_SUPPORT_TALLY_H

#include <stdatomic.h>
#include <string.h>

#include "tests/support/check.h"
#include "troupe/troupe.h"

static struct {
    atomic_int first_err;
    atomic_int tried_count;  /* tells, also those that were refused */
    atomic_int unmade_count; /* for which there was no memory */
    atomic_int handled_count;
    int dead_count;     /* of the same */
    int replaced_count; /* by later ones, as their receivers wanted */
    int dead_unmade_count;
    atomic_int asked_count, answered_count;
    atomic_int timers_set_count, timers_run_count;
    atomic_int monitors_made_count, monitors_run_count;
    atomic_int links_made_count, links_told_count;
    atomic_int falls_told_count; /* to whom is watched */
} seen;

/* Returns err. What a call returned, so there is a sentence about it. */
static troupe_err
note(troupe_err err)
{
    int none = TROUPE_OK;

    if (err != TROUPE_OK) {
        CHECK(strlen(troupe_err_detail()) > strlen("no memory"));
        (void)atomic_compare_exchange_strong(&seen.first_err, &none, (int)err);
    }
    return err;
}

static troupe_err
note_tell(troupe_err err)
{
    atomic_fetch_add(&seen.tried_count, 1);
    atomic_fetch_add(&seen.unmade_count, err == TROUPE_E_NO_MEMORY);
    return note(err);
}

#define TELL(...) note_tell(troupe_tell(__VA_ARGS__))

static void
tally_begin(void)
{
    memset(&seen, 0, sizeof(seen));
}

/* Of the messages that are told, and not asked or replied. */
static void
tally_dead(
    const struct troupe_runtime *runtime, bool (*is_told)(const char *message))
{
    enum { ROWS_MAX = 256 };
    static struct troupe_dead_letters_row rows[ROWS_MAX];
    size_t count = troupe_dead_letters_read(runtime, rows, ROWS_MAX);

    CHECK(count <= ROWS_MAX);
    for (size_t i = 0; i < count; i++) {
        CHECK(!rows[i].has_many_messages);
        if (is_told(rows[i].message)) {
            seen.dead_count += (int)rows[i].count;
            if (rows[i].cause == TROUPE_DEAD_LETTER_NO_MEMORY) {
                seen.dead_unmade_count += (int)rows[i].count;
            }
        }
    }
}

/* Who watches somebody that falls is told of it, or that somebody never was. */
static void
tally_check(void)
{
    int falls = seen.falls_told_count;

    CHECK(seen.tried_count ==
          seen.handled_count + seen.dead_count + seen.replaced_count);
    CHECK(seen.unmade_count == seen.dead_unmade_count);
    CHECK(seen.asked_count == seen.answered_count);
    CHECK(seen.timers_run_count <= seen.timers_set_count);
    CHECK(seen.monitors_run_count == falls * seen.monitors_made_count);
    CHECK(seen.links_told_count == falls * seen.links_made_count);
}

#endif
