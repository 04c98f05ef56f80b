/* SPDX-License-Identifier: BSD-2-Clause */
/* The public call: all orders, then the shortest that fails. */
#include "base/err.h"
#include "base/memory.h"
#include "exploration/diagram.h"
#include "exploration/run.h"
#include "exploration/search.h"

#include <inttypes.h>
#include <string.h>

/* The shortest order that fails, of those seen so far. */
struct failure {
    struct tp_choice *steps;
    size_t steps_count;
    bool is_known;
};

struct exploration {
    struct tp_run_plan plan;
    struct tp_search search;
    struct failure failure;
    struct troupe_explore_report report;
};

/* What came of an order. */
enum outcome {
    GOING,
    GIVEN_UP, /* all that follows has been seen, or is too long to matter */
    ENDED,
    CUT,
    FAILED,
};

struct attempt {
    struct troupe_explored run;
    struct tp_choices choices;
    enum outcome outcome;
    bool is_given_more; /* it ended, and has been given one step more */
};

/* How many steps matter: to fail after as many is nothing new. */
static size_t
steps_limit(const struct exploration *exploration)
{
    return exploration->failure.is_known ? exploration->failure.steps_count - 1
                                         : exploration->plan.options.steps_max;
}

/* ---- steps --------------------------------------------------------------- */

static troupe_err
begin(const struct exploration *exploration, struct attempt *attempt)
{
    const struct troupe_explore_options *options = &exploration->plan.options;
    troupe_err err = tp_run_begin(&attempt->run, &exploration->plan);

    if (err != TROUPE_OK) {
        return err;
    }
    attempt->choices = (struct tp_choices){
        .runtime = attempt->run.runtime,
        .timers_race = options->timers_race,
        .kills_left = options->kills_max,
        .kill_only = options->kill_only,
        .until_ns = options->time_ns_max,
    };
    return tp_choices_list(&attempt->choices);
}

static void
end(struct attempt *attempt)
{
    tp_choices_fini(&attempt->choices);
    if (attempt->run.runtime != NULL) {
        tp_run_end(&attempt->run);
    }
}

static struct tp_offer *
find_offer(struct tp_choices *choices, const struct tp_choice *choice)
{
    for (size_t i = 0; i < choices->offers_count; i++) {
        if (tp_choice_is_same(&choices->offers[i].choice, choice)) {
            return &choices->offers[i];
        }
    }
    return NULL;
}

/* diagram may be NULL. */
static troupe_err
take(struct tp_choices *choices, struct tp_choice *step, size_t index,
    struct tp_diagram *diagram)
{
    struct tp_offer *offer = find_offer(choices, step);

    if (offer == NULL) {
        return tp_err_set(TROUPE_E_NOT_REPEATABLE,
            "step %zu could be taken in one run and not in another that began "
            "with the same steps: the setup or a handler depends on something "
            "besides messages, states, troupe_now_ns() and "
            "troupe_random_below()",
            index + 1);
    }
    if (diagram != NULL) {
        tp_diagram_note(diagram, offer);
    }
    tp_choices_take(choices, offer);
    step->effects = offer->choice.effects;
    return tp_choices_list(choices);
}

/* ---- one order ----------------------------------------------------------- */

static void
check_step(struct attempt *attempt)
{
    if (!tp_run_check_step(&attempt->run)) {
        attempt->outcome = FAILED;
    }
}

/* All but the last have been taken, and looked at, in runs before. */
static troupe_err
take_given(struct exploration *exploration, struct attempt *attempt)
{
    size_t count = tp_search_steps_count(&exploration->search);
    troupe_err err = TROUPE_OK;

    for (size_t i = 0; i < count && err == TROUPE_OK; i++) {
        err = take(&attempt->choices, tp_search_step(&exploration->search, i),
            i, NULL);
    }
    if (err == TROUPE_OK) {
        check_step(attempt);
    }
    return err;
}

/* Opens the next step, or ends the attempt. */
static troupe_err
find_next(struct exploration *exploration, struct attempt *attempt)
{
    struct tp_choices *choices = &attempt->choices;
    bool is_end = tp_choices_is_end(choices);
    bool is_open = false;
    troupe_err err;

    if (is_end) {
        attempt->outcome = tp_run_check_end(&attempt->run) ? ENDED : FAILED;
        if (attempt->outcome == FAILED || choices->offers_count == 0) {
            return TROUPE_OK;
        }
    }
    if (tp_search_steps_count(&exploration->search) ==
        steps_limit(exploration)) {
        if (!is_end) {
            attempt->outcome = exploration->failure.is_known ? GIVEN_UP : CUT;
        }
        return TROUPE_OK;
    }
    err = tp_search_open(
        &exploration->search, choices->offers, choices->offers_count, &is_open);
    if (is_end) {
        attempt->is_given_more = is_open;
    } else if (!is_open) {
        attempt->outcome = GIVEN_UP;
    }
    return err;
}

static troupe_err
go_on(struct exploration *exploration, struct attempt *attempt)
{
    struct tp_search *search = &exploration->search;
    troupe_err err = TROUPE_OK;

    while (err == TROUPE_OK && attempt->outcome == GOING) {
        size_t count = tp_search_steps_count(search);

        err = find_next(exploration, attempt);
        if (err == TROUPE_OK && attempt->outcome == GOING) {
            err = take(
                &attempt->choices, tp_search_step(search, count), count, NULL);
            if (err == TROUPE_OK) {
                check_step(attempt);
            }
        }
    }
    return err;
}

/* ---- all orders ---------------------------------------------------------- */

static troupe_err
note_failure(struct exploration *exploration, const struct attempt *attempt)
{
    struct failure *failure = &exploration->failure;
    size_t count = tp_search_steps_count(&exploration->search);
    struct tp_choice *steps =
        tp_memory_realloc(failure->steps, (count + 1) * sizeof(*steps));

    if (steps == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory for %zu steps", count);
    }
    for (size_t i = 0; i < count; i++) {
        steps[i] = *tp_search_step(&exploration->search, i);
    }
    *failure = (struct failure){steps, count, true};
    exploration->report.failing_steps_count = (unsigned)count;
    memcpy(exploration->report.reason, attempt->run.reason,
        sizeof(attempt->run.reason));
    return TROUPE_OK;
}

static troupe_err
count_attempt(struct exploration *exploration, const struct attempt *attempt)
{
    struct troupe_explore_report *report = &exploration->report;
    size_t steps = tp_search_steps_count(&exploration->search);

    report->runs_count++;
    report->orders_count += attempt->outcome == ENDED;
    report->cut_count += attempt->outcome == CUT;
    if (steps > report->steps_max) {
        report->steps_max = (unsigned)steps;
    }
    return attempt->outcome == FAILED ? note_failure(exploration, attempt)
                                      : TROUPE_OK;
}

/* Runs the order that is given, and moves on to the next one. */
static troupe_err
run_order(struct exploration *exploration, bool *is_last)
{
    struct attempt attempt = {.outcome = GOING};
    troupe_err err = begin(exploration, &attempt);

    if (err == TROUPE_OK) {
        err = take_given(exploration, &attempt);
    }
    if (err == TROUPE_OK) {
        err = go_on(exploration, &attempt);
    }
    if (err == TROUPE_OK) {
        err = count_attempt(exploration, &attempt);
    }
    end(&attempt);
    *is_last =
        exploration->failure.is_known && exploration->failure.steps_count == 0;
    if (err == TROUPE_OK && !*is_last && !attempt.is_given_more) {
        *is_last =
            !tp_search_advance(&exploration->search, steps_limit(exploration));
    }
    return err;
}

/* TROUPE_OK: all orders have been run, or runs_max has been reached
 * (*is_all). */
static troupe_err
run_all(struct exploration *exploration, bool *is_all)
{
    troupe_err err = TROUPE_OK;

    *is_all = false;
    while (
        err == TROUPE_OK && !*is_all &&
        exploration->report.runs_count < exploration->plan.options.runs_max) {
        err = run_order(exploration, is_all);
    }
    return err;
}

/* ---- what is told -------------------------------------------------------- */

static troupe_err
draw(struct exploration *exploration)
{
    struct failure *failure = &exploration->failure;
    struct attempt attempt = {.outcome = GOING};
    struct tp_diagram diagram = {.runtime = NULL};
    troupe_err err;

    exploration->plan.is_shown = true;
    err = begin(exploration, &attempt);
    if (err == TROUPE_OK) {
        tp_diagram_begin(&diagram, attempt.run.runtime, attempt.run.self);
    }
    for (size_t i = 0; i < failure->steps_count && err == TROUPE_OK; i++) {
        err = take(&attempt.choices, &failure->steps[i], i, &diagram);
        tp_diagram_look(&diagram);
    }
    if (err == TROUPE_OK) {
        tp_diagram_print(&diagram, exploration->plan.options.stream);
    }
    end(&attempt);
    tp_diagram_fini(&diagram);
    return err;
}

static troupe_err
tell_failure(struct exploration *exploration)
{
    const struct troupe_explore_report *report = &exploration->report;
    troupe_err err;

    fprintf(exploration->plan.options.stream,
        "A check fails after %u steps%s:\n\n", report->failing_steps_count,
        report->is_shortest ? ", in no order after fewer" : "");
    err = draw(exploration);
    fprintf(exploration->plan.options.stream, "\n%s\n", report->reason);
    return err == TROUPE_OK
               ? tp_err_set(TROUPE_E_CHECK_FAILED, "%s", report->reason)
               : err;
}

static troupe_err
conclude(struct exploration *exploration, bool is_all)
{
    struct troupe_explore_report *report = &exploration->report;

    if (exploration->failure.is_known) {
        report->is_shortest = is_all;
        return tell_failure(exploration);
    }
    if (report->cut_count > 0) {
        return tp_run_say_cut(&exploration->plan, report);
    }
    if (!is_all) {
        return tp_err_set(TROUPE_E_NOT_EXHAUSTED,
            "there are more orders than %" PRIu64 " runs can show; raise "
            ".runs_max, or make the system smaller",
            report->runs_count);
    }
    return TROUPE_OK;
}

/* What the seed decides is not explored. */
static troupe_err
refuse_faults(const struct troupe_faults *faults)
{
    if (faults->kills_count > 0 || faults->failed_allocations_count > 0) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "faults that a seed decides are for troupe_explore_seeds(); "
            "troupe_explore() has .kills_max");
    }
    return TROUPE_OK;
}

troupe_err
troupe_explore(const struct troupe_explore_options *options,
    struct troupe_explore_report *report)
{
    struct exploration exploration = {.report = TROUPE_EXPLORE_REPORT};
    bool is_all;
    troupe_err err = tp_run_make_plan(options, &exploration.plan);

    if (err == TROUPE_OK) {
        err = refuse_faults(&exploration.plan.runtime.faults);
    }
    if (err != TROUPE_OK) {
        return err;
    }
    exploration.plan.is_directed = true;
    err = run_all(&exploration, &is_all);
    if (err == TROUPE_OK) {
        err = conclude(&exploration, is_all);
    }
    tp_run_hand_over(&exploration.report, report);
    tp_search_fini(&exploration.search);
    tp_memory_free(exploration.failure.steps);
    return err;
}
