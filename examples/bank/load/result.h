/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * result: an outcome as people and programs read it.
 *
 *     every function    one thread
 */
#ifndef TROUPE_BANK_LOAD_RESULT_H
#define TROUPE_BANK_LOAD_RESULT_H

#include "examples/bank/load/outcome.h"
#include "examples/bank/load/plan.h"

#include <stdio.h>

/* A table that fits into width columns (0: any), and sentences. False: out of
 * memory. */
bool bank_result_table(const struct bank_plan *plan,
    const struct bank_outcome *outcome, FILE *stream, size_t width);

/* One object. False: out of memory, or stream could not be written. */
bool bank_result_json(const struct bank_plan *plan,
    const struct bank_outcome *outcome, FILE *stream);

#endif
