/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * progress: one line on stderr that says how far long work has come.
 *
 * Drawn only when stderr is a terminal, so that logs and pipes stay clean, and
 * erased when the work ends, so that what is printed next starts at the left.
 * A bar is redrawn when its whole percentage changes, a count each time it
 * passes another CLI_PROGRESS_COUNT_STEP: callers may report as often as they
 * like, and nothing here reads a clock.
 *
 *     every function    the thread that does the work
 */
#ifndef TROUPE_CLI_PROGRESS_H
#define TROUPE_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Without a total: the units between two drawings. */
#define CLI_PROGRESS_COUNT_STEP (UINT64_C(1) << 20)

struct cli_progress {
    FILE *stream;      /* NULL: draws nothing */
    const char *label; /* borrowed */
    uint64_t total;    /* in the caller's unit; 0: not known */
    uint64_t drawn;    /* percent, or steps of a count, last drawn */
};

/* Draws on stderr if that is a terminal. total 0: how much is not known. */
void cli_progress_init(
    struct cli_progress *progress, const char *label, uint64_t total);

/* As above, on a stream that the caller knows to be a terminal. */
void cli_progress_init_on(struct cli_progress *progress, FILE *stream,
    const char *label, uint64_t total);

/* done: units since the start; never less than the time before. */
void cli_progress_update(struct cli_progress *progress, uint64_t done);

/* Erases the line. */
void cli_progress_fini(struct cli_progress *progress);

#endif
