/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * outcome: what came of a run of the load generator.
 *
 * Written by the conductor until it lets the program go on, and then read by
 * that.
 */
#ifndef TROUPE_BANK_LOAD_OUTCOME_H
#define TROUPE_BANK_LOAD_OUTCOME_H

#include "examples/bank/load/histogram.h"

#include <stdbool.h>

enum {
    BANK_REFUSALS_COUNT = 8,
    BANK_REFUSAL_TEXT_SIZE = 96,
    BANK_OUTCOME_WHY_SIZE = 320
};

/* Requests that were answered by one code of error. */
struct bank_refusal {
    uint64_t count;
    uint32_t code;
    char text[BANK_REFUSAL_TEXT_SIZE]; /* of the first */
};

struct bank_outcome {
    struct bank_histogram waits; /* its count: requests that were answered */
    uint64_t elapsed_ns;         /* until the last answer */
    uint64_t unsent_count;       /* of an open loop that fell behind */
    uint64_t refused_count;
    struct bank_refusal refusals[BANK_REFUSALS_COUNT]; /* the first codes */

    /* What the bank must have by the answers, from the least to the most, and
     * what it said. */
    int64_t expected_least_cents;
    int64_t expected_most_cents;
    int64_t total_cents;

    /* Empty: it went through to the end. */
    char why[BANK_OUTCOME_WHY_SIZE];
};

/* Whether it went through, and the total is right. */
bool bank_outcome_is_right(const struct bank_outcome *outcome);

double bank_outcome_rate(const struct bank_outcome *outcome);

#endif
