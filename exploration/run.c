/* SPDX-License-Identifier: BSD-2-Clause */
#include "exploration/run.h"

#include "actors/life.h"
#include "base/err.h"
#include "scheduler/simulation.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { RUNS_MAX = 1000000, STEPS_MAX = 1000 };

/* ---- plans --------------------------------------------------------------- */

static void
fill_in(struct troupe_explore_options *options)
{
    if (options->runs_max == 0) {
        options->runs_max = RUNS_MAX;
    }
    if (options->steps_max == 0) {
        options->steps_max = STEPS_MAX;
    }
    if (options->time_ns_max == 0) {
        options->time_ns_max = TROUPE_SECONDS(3600);
    }
    if (options->stream == NULL) {
        options->stream = stderr;
    }
}

troupe_err
tp_run_make_plan(
    const struct troupe_explore_options *given, struct tp_run_plan *plan)
{
    *plan = (struct tp_run_plan){.runtime = troupe_options_default()};
    if (given->size < sizeof(size_t) || given->size > sizeof(plan->options)) {
        return tp_err_set(TROUPE_E_ABI_MISMATCH,
            "explore options of %zu bytes, this library knows %zu: make them "
            "by TROUPE_EXPLORE_OPTIONS",
            given->size, sizeof(plan->options));
    }
    memcpy(&plan->options, given, given->size);
    if (plan->options.setup == NULL) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "there is nothing to explore: .setup is to spawn the actors");
    }
    fill_in(&plan->options);
    if (plan->options.runtime != NULL) {
        plan->runtime = *plan->options.runtime;
    }
    plan->runtime.simulate = true;
    if (plan->runtime.seed == 0) {
        plan->runtime.seed = 1;
    }
    return TROUPE_OK;
}

/* ---- reports ------------------------------------------------------------- */

troupe_err
tp_run_say_cut(
    const struct tp_run_plan *plan, const struct troupe_explore_report *report)
{
    return tp_err_set(TROUPE_E_NOT_EXHAUSTED,
        "%" PRIu64 " of %" PRIu64 " runs were not at their end after %u steps; "
        "raise .steps_max, or let the system come to its end sooner",
        report->cut_count, report->runs_count, plan->options.steps_max);
}

void
tp_run_hand_over(const struct troupe_explore_report *made,
    struct troupe_explore_report *report)
{
    size_t size;

    if (report == NULL) {
        return;
    }
    size = report->size < sizeof(*made) ? report->size : sizeof(*made);
    memcpy(report, made, size);
    report->size = size;
}

/* ---- failures ------------------------------------------------------------ */

static void
fail(struct troupe_explored *run, const char *format, va_list arguments)
{
    if (!run->has_failed) {
        run->has_failed = true;
        (void)vsnprintf(run->reason, sizeof(run->reason), format, arguments);
    }
}

void
troupe_explored_fail(struct troupe_explored *run, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fail(run, format, arguments);
    va_end(arguments);
}

static void
show(const struct tp_run_plan *plan, enum troupe_log_level level,
    const char *line)
{
    const struct troupe_options *given = plan->options.runtime;

    if (given != NULL && given->log != NULL) {
        given->log(given->log_context, level, line);
    } else if (level <= TROUPE_LOG_WARNING) {
        fprintf(plan->options.stream, "%s\n", line);
    }
}

static void
take_line(void *context, enum troupe_log_level level, const char *line)
{
    struct troupe_explored *run = context;

    if (run->plan->is_shown) {
        show(run->plan, level, line);
    }
    if (level == TROUPE_LOG_ERROR && !run->plan->options.errors_are_allowed) {
        troupe_explored_fail(run, "%s", line);
    }
}

/* ---- a run --------------------------------------------------------------- */

troupe_err
tp_run_begin(struct troupe_explored *run, const struct tp_run_plan *plan)
{
    struct troupe_options options = plan->runtime;
    troupe_err err;

    *run = (struct troupe_explored){.plan = plan};
    options.log = take_line;
    options.log_context = run;
    err = troupe_runtime_create(&options, &run->runtime);
    if (err != TROUPE_OK) {
        return err;
    }
    if (plan->is_directed) {
        run->runtime->scheduler->simulation->is_directed = true;
        run->runtime->scheduler->simulation->messages_max = 1;
    }
    err = troupe_runtime_start(run->runtime);
    if (err == TROUPE_OK) {
        run->self = troupe_thread_self(run->runtime);
        err = run->self != NULL ? TROUPE_OK : TROUPE_E_NO_MEMORY;
    }
    if (err != TROUPE_OK) {
        tp_run_end(run);
        return err;
    }
    plan->options.setup(run->self, plan->options.context);
    return TROUPE_OK;
}

void
tp_run_end(struct troupe_explored *run)
{
    troupe_runtime_destroy(&run->runtime);
}

/* A check may have opened states to look at them. */
static void
close_states(struct troupe_runtime *runtime)
{
    struct tp_registry *registry = &runtime->registry;

    for (uint32_t i = 0; i < tp_registry_count(registry); i++) {
        tp_isolation_close_state(tp_registry_at(registry, i));
    }
}

static bool
check(struct troupe_explored *run, troupe_explore_check *look)
{
    if (look != NULL && !run->has_failed) {
        look(run, run->plan->options.context);
        close_states(run->runtime);
    }
    return !run->has_failed;
}

bool
tp_run_check_step(struct troupe_explored *run)
{
    return check(run, run->plan->options.after_step);
}

bool
tp_run_check_end(struct troupe_explored *run)
{
    run->is_at_end = true;
    return check(run, run->plan->options.at_end);
}

/* ---- what checks look at ------------------------------------------------- */

const void *
troupe_explored_state_view(struct troupe_explored *run, troupe_pid pid)
{
    struct tp_actor *actor = tp_registry_find(&run->runtime->registry, pid);

    if (actor == NULL || actor->pid != pid || actor->table == NULL ||
        (actor->flags & TP_ACTOR_IS_SUSPENDED) != 0) {
        return NULL;
    }
    return tp_life_open_state(actor);
}

struct troupe_self *
troupe_explored_self(struct troupe_explored *run)
{
    return run->is_at_end ? run->self : NULL;
}
