/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run: a system of actors from its setup to its end, with its checks.
 *
 *     begin -> tp_run_check_step() any number of times -> tp_run_check_end()
 *           -> end
 *
 * What the runtime logs as an error, a crash above all, fails the run too.
 * Other lines are for who watches one run, not for thousands: nobody gets them,
 * unless the run is shown.
 *
 * One thread, which makes and runs the simulation.
 */
#ifndef TROUPE_EXPLORATION_RUN_H
#define TROUPE_EXPLORATION_RUN_H

#include "actors/runtime.h"
#include "troupe/explore.h"

/* TROUPE_ options with the defaults filled in. */
struct tp_run_plan {
    struct troupe_explore_options options;
    struct troupe_options runtime;
    bool is_directed; /* by choices; else by the seed */
    bool is_shown;
};

struct troupe_explored {
    const struct tp_run_plan *plan;
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    bool is_at_end;
    bool has_failed;
    char reason[TROUPE_EXPLORE_REASON_BYTES];
};

/* ABI_MISMATCH, INVALID_ARGUMENT. */
TROUPE_MUST_USE troupe_err tp_run_make_plan(
    const struct troupe_explore_options *given, struct tp_run_plan *plan);

/* Makes the runtime and sets the system up. As troupe_runtime_create(); then
 * there is nothing to end. */
TROUPE_MUST_USE troupe_err tp_run_begin(
    struct troupe_explored *run, const struct tp_run_plan *plan);

void tp_run_end(struct troupe_explored *run);

/* False: the run has failed. */
bool tp_run_check_step(struct troupe_explored *run);
bool tp_run_check_end(struct troupe_explored *run);

/* That runs were cut short: NOT_EXHAUSTED, with a sentence. */
TROUPE_MUST_USE troupe_err tp_run_say_cut(
    const struct tp_run_plan *plan, const struct troupe_explore_report *report);

/* Gives the caller, if he wants it, what his report has room for. */
void tp_run_hand_over(const struct troupe_explore_report *made,
    struct troupe_explore_report *report);

#endif
