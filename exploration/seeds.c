/* SPDX-License-Identifier: BSD-2-Clause */
/* The public call: one run a seed. */
#include "base/err.h"
#include "exploration/run.h"
#include "scheduler/simulation.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* TROUPE_SIM=seed runs that one alone. */
static troupe_err
read_environment(uint64_t *first_seed, uint64_t *seeds_count)
{
    const char *text = getenv("TROUPE_SIM");
    char *end;

    if (text == NULL) {
        return TROUPE_OK;
    }
    *first_seed = strtoull(text, &end, 10);
    *seeds_count = 1;
    if (*text < '0' || *text > '9' || *end != '\0') {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "TROUPE_SIM is \"%s\"; it must be a seed, a whole number", text);
    }
    return TROUPE_OK;
}

static void
run_to_its_end(
    struct troupe_explored *run, struct troupe_explore_report *report)
{
    const struct troupe_explore_options *options = &run->plan->options;
    unsigned steps = 0;
    bool is_end = false;

    while (tp_run_check_step(run) && !is_end && steps < options->steps_max) {
        is_end =
            !tp_simulation_step(run->runtime->scheduler, options->time_ns_max);
        steps += !is_end;
    }
    if (is_end && tp_run_check_end(run)) {
        report->orders_count++;
    }
    report->runs_count++;
    report->cut_count += !is_end && !run->has_failed;
    report->failing_steps_count = run->has_failed ? steps : 0;
    if (steps > report->steps_max) {
        report->steps_max = steps;
    }
}

static troupe_err
run_seed(struct tp_run_plan *plan, uint64_t seed,
    struct troupe_explore_report *report)
{
    struct troupe_explored run;
    troupe_err err;

    plan->runtime.seed = seed;
    err = tp_run_begin(&run, plan);
    if (err != TROUPE_OK) {
        return err;
    }
    run_to_its_end(&run, report);
    report->seed = troupe_runtime_seed(run.runtime);
    report->order_signature = troupe_runtime_order_signature(run.runtime);
    tp_run_end(&run);
    if (!run.has_failed) {
        return TROUPE_OK;
    }
    memcpy(report->reason, run.reason, sizeof(run.reason));
    fprintf(plan->options.stream,
        "seed=%" PRIu64 ": %s\nafter %u steps; order signature %016" PRIx64
        "; TROUPE_SIM=%" PRIu64 " runs this seed alone\n",
        report->seed, run.reason, report->failing_steps_count,
        report->order_signature, report->seed);
    return tp_err_set(TROUPE_E_CHECK_FAILED, "seed=%" PRIu64 ": %s",
        report->seed, run.reason);
}

troupe_err
troupe_explore_seeds(const struct troupe_explore_options *options,
    uint64_t first_seed, uint64_t seeds_count,
    struct troupe_explore_report *report)
{
    struct troupe_explore_report made = TROUPE_EXPLORE_REPORT;
    struct tp_run_plan plan;
    troupe_err err = tp_run_make_plan(options, &plan);

    if (err == TROUPE_OK) {
        err = read_environment(&first_seed, &seeds_count);
    }
    for (uint64_t i = 0; i < seeds_count && err == TROUPE_OK; i++) {
        err = run_seed(&plan, first_seed + i, &made);
    }
    if (err == TROUPE_OK && made.cut_count > 0) {
        err = tp_run_say_cut(&plan, &made);
    }
    tp_run_hand_over(&made, report);
    return err;
}
