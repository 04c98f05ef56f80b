/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seeds: a system of actors, run by many seeds, and some of them twice.
 *
 * Three hundred seeds, a hundred under a sanitizer, which makes minutes of
 * them; five thousand if TROUPE_TEST_FULL is set. Each tenth one runs a second
 * time: its order signature must be the same, or a seed that fails would be of
 * no use. And no run may leave memory behind that the first ones did not: a
 * message that is neither handled nor freed. TROUPE_SIM=seed runs that one
 * alone.
 */
#ifndef TROUPE_TESTS_SUPPORT_SEEDS_H
#define TROUPE_TESTS_SUPPORT_SEEDS_H

#include <inttypes.h>
#include <stdlib.h>

#include "base/memory.h"
#include "tests/support/check.h"
#include "tests/support/sanitized.h"
#include "troupe/troupe.h"

enum {
    SEEDS_BATCH = 10,
    SEEDS_COUNT = IS_SANITIZED ? 100 : 300,
    SEEDS_COUNT_FULL = 5000,
};

/* What was found is on standard error then. */
static void
seeds_must_hold(troupe_err err)
{
    if (err != TROUPE_OK) {
        fprintf(stderr, "%s\n", troupe_err_detail());
        exit(1);
    }
}

static void
seeds_repeat_last(const struct troupe_explore_options *options,
    const struct troupe_explore_report *last)
{
    struct troupe_explore_report again = TROUPE_EXPLORE_REPORT;

    seeds_must_hold(troupe_explore_seeds(options, last->seed, 1, &again));
    if (again.order_signature != last->order_signature) {
        fprintf(stderr,
            "seed=%" PRIu64 ": order signature %016" PRIx64 ", and %016" PRIx64
            " when it ran again\n",
            last->seed, last->order_signature, again.order_signature);
        exit(1);
    }
}

/* For one system in a program. Ends the program with 1 if a check fails. */
static inline void
seeds_run(const struct troupe_explore_options *options)
{
    uint64_t count =
        getenv("TROUPE_TEST_FULL") != NULL ? SEEDS_COUNT_FULL : SEEDS_COUNT;
    uint64_t steps_max = 0;
    uint64_t blocks_count = 0;

    for (uint64_t first = 1; first <= count; first += SEEDS_BATCH) {
        struct troupe_explore_report report = TROUPE_EXPLORE_REPORT;

        seeds_must_hold(
            troupe_explore_seeds(options, first, SEEDS_BATCH, &report));
        seeds_repeat_last(options, &report);
        if (report.steps_max > steps_max) {
            steps_max = report.steps_max;
        }
        if (first == 1) {
            blocks_count = tp_memory_blocks_count(); /* schemas and the like */
        }
        CHECK(tp_memory_blocks_count() <= blocks_count);
        CHECK(tp_memory_mappings_count() == 0);
    }
    printf("%" PRIu64 " seeds, at most %" PRIu64 " steps\n", count, steps_max);
}

#endif
