/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report: what the trials of a comparison showed, for people or as JSON.
 *
 * Of seconds and switches the median over the passes is told, of seconds also
 * the middle half; of lost updates the sum over all passes and, in the table,
 * the worst pass. Everything else is of the trial's pass to be shown
 * (trial.h).
 *
 *     every function    one thread
 */
#ifndef TROUPE_BANK_REPORT_H
#define TROUPE_BANK_REPORT_H

#include "examples/bank/trial.h"

#include <stdio.h>

/* A table that fits into width columns (0: any), and a verdict. False: out of
 * memory. */
bool bank_report_table(const struct bank_trial *trials, size_t trials_count,
    FILE *stream, size_t width);

/*
 * An array with an object for each trial. A total is a number as long as it
 * fits 64 bits, otherwise a string of the same digits. False: out of memory.
 */
bool bank_report_json(
    const struct bank_trial *trials, size_t trials_count, FILE *stream);

#endif
