/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does a term cost of ten series that an actor each computes by asking
 * another?
 *
 * A logistic map: the next term is rate * term * (1 - term). A master tells
 * each series to go on, so often as it has terms; the series asks the actor
 * that knows its rate, and until that has answered it serves nothing else: what
 * comes meanwhile waits in a stash.
 */
#include "bench/savina/play.h"

enum { SERIES_COUNT = 10, STEP = 1000 };

static const double rate_at_first = 3.46;
static const double increment = 0.0025;

#define TERM(FIELD) FIELD(double, term)
TROUPE_MESSAGE(logmap_produce, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(logmap_go_on, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(logmap_get, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(logmap_compute, TERM)
TROUPE_MESSAGE(logmap_computed, TERM)

static double
next_term(double rate, double term)
{
    return rate * term * (1 - term);
}

/* ---- who knows a rate ---------------------------------------------------- */

struct computer {
    double rate;
};

static void
on_compute(
    struct troupe_self *self, void *state, const struct logmap_compute *compute)
{
    const struct computer *computer = state;

    (void)troupe_reply(self, logmap_computed,
        .term = next_term(computer->rate, compute->term));
}

TROUPE_BEHAVIOUR(logmap_computer, sizeof(struct computer),
    TROUPE_ON(logmap_compute, on_compute));

/* ---- a series ------------------------------------------------------------ */

struct series {
    troupe_pid computer;
    troupe_pid collector;
    double term;
    uint64_t stashed; /* how often to go on; a get would be the last one */
    bool is_waiting;
    bool is_asked; /* for its term, when nothing is stashed any more */
};

static void on_computed(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer);

static void
compute(struct troupe_self *self, struct series *series)
{
    series->is_waiting = true;
    TROUPE_CHECK(troupe_ask_then(self, series->computer, TROUPE_SECONDS(60),
        on_computed, 0, logmap_compute, .term = series->term));
}

static void
tell_term(struct troupe_self *self, const struct series *series)
{
    (void)troupe_tell(self, series->collector, outcome,
        .value = bench_play_bits(series->term));
}

/* Without an answer the term will not be right: the run is over. */
static void
on_computed(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct series *series = state;
    struct logmap_computed computed;

    (void)context;
    if (logmap_computed_from(answer, &computed) != TROUPE_OK) {
        troupe_runtime_quit(self);
        return;
    }
    series->term = computed.term;
    series->is_waiting = false;
    if (series->stashed > 0) {
        series->stashed--;
        compute(self, series);
    } else if (series->is_asked) {
        tell_term(self, series);
    }
}

static void
on_go_on(
    struct troupe_self *self, void *state, const struct logmap_go_on *go_on)
{
    struct series *series = state;

    (void)go_on;
    if (series->is_waiting) {
        series->stashed++;
    } else {
        compute(self, series);
    }
}

static void
on_get(struct troupe_self *self, void *state, const struct logmap_get *get)
{
    struct series *series = state;

    (void)get;
    series->is_asked = true;
    if (!series->is_waiting) {
        tell_term(self, series);
    }
}

TROUPE_BEHAVIOUR(logmap_series, sizeof(struct series),
    TROUPE_ON(logmap_go_on, on_go_on), TROUPE_ON(logmap_get, on_get));

/* ---- the master ---------------------------------------------------------- */

struct master {
    troupe_pid collector;
    uint64_t terms_left; /* of each series */
    troupe_pid series[SERIES_COUNT];
};

/* Yields every STEP messages, by one to itself. */
static void
produce(struct troupe_self *self, struct master *master)
{
    for (int i = 0; i < STEP / SERIES_COUNT && master->terms_left > 0; i++) {
        for (int k = 0; k < SERIES_COUNT; k++) {
            (void)troupe_tell(self, master->series[k], logmap_go_on);
        }
        master->terms_left--;
    }
    if (master->terms_left > 0) {
        (void)troupe_tell(self, troupe_self_pid(self), logmap_produce);
        return;
    }
    for (int k = 0; k < SERIES_COUNT; k++) {
        (void)troupe_tell(self, master->series[k], logmap_get);
    }
}

static void
on_produce(
    struct troupe_self *self, void *state, const struct logmap_produce *message)
{
    (void)message;
    produce(self, state);
}

static void
on_start(struct troupe_self *self, void *state)
{
    struct master *master = state;

    for (int k = 0; k < SERIES_COUNT; k++) {
        const struct computer computer = {rate_at_first + k * increment};
        struct series series = {
            .collector = master->collector, .term = k * increment};

        TROUPE_CHECK(troupe_spawn_with(self, logmap_computer,
            &TROUPE_SPAWN_OPTIONS(.state = &computer), &series.computer));
        TROUPE_CHECK(troupe_spawn_with(self, logmap_series,
            &TROUPE_SPAWN_OPTIONS(.state = &series), &master->series[k]));
    }
    produce(self, master);
}

TROUPE_BEHAVIOUR(logmap_master, sizeof(struct master),
    TROUPE_ON_START(on_start), TROUPE_ON(logmap_produce, on_produce));

static uint64_t
expected_sum(uint64_t terms)
{
    uint64_t sum = 0;

    for (int k = 0; k < SERIES_COUNT; k++) {
        double term = k * increment;

        for (uint64_t i = 0; i < terms; i++) {
            term = next_term(rate_at_first + k * increment, term);
        }
        sum += bench_play_bits(term);
    }
    return sum;
}

/* A term is three messages: to go on, to compute, and the answer. */
static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    struct master master = {
        .collector = bench_collector_spawn(bench, SERIES_COUNT),
        .terms_left = bench_play_at_least(bench->count / 3 / SERIES_COUNT, 1),
    };

    return bench_play(bench,
        &(struct bench_play){
            .first = &logmap_master_behaviour,
            .state = &master,
            .collector = master.collector,
            .sum = expected_sum(master.terms_left),
            .units_count = 3 * SERIES_COUNT * master.terms_left,
        },
        result);
}

const struct bench bench_logmap = {
    .name = "logmap",
    .group = "savina",
    .question = "ten series, each term by an ask",
    .unit = "ns/message",
    .count = 3000000,
    .floor_messages_count = 1,
    .run = run,
};
