/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does a value cost on its way through eight channels of filters and
 * together again?
 *
 * A source asks a producer for each value and hands it to all channels. In each
 * it goes through a delay, a filter, a sampler that lets every so many-th pass
 * and turns the others to 0, a delay and a filter, and is marked with its
 * channel. An integrator waits until it has one of each channel, and what
 * combines adds the eight up. A filter says nothing before it is full.
 *
 * What delays, filters and samples (bench/savina/filters.h) is the same code in
 * the actors and in the computation without them: what is checked is that
 * nothing is lost, doubled or overtaken between them.
 */
#include "bench/savina/fifo.h"
#include "bench/savina/filters.h"
#include "bench/savina/play.h"

enum { COLUMNS_MIN = 2, COLUMNS_MAX = 256, VALUES = 1000 };

#define VALUE(FIELD) FIELD(double, value)
#define MARKED(FIELD) FIELD(uint8, channel) FIELD(double, value)
#define COLLECTION(FIELD) FIELD(bin, values)
TROUPE_MESSAGE(bank_next, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(bank_boot, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(bank_value, VALUE)
TROUPE_MESSAGE(bank_marked, MARKED)
TROUPE_MESSAGE(bank_collection, COLLECTION)
TROUPE_MESSAGE(bank_end, TROUPE_NO_FIELDS)

/* ---- what is common to all actors of a channel --------------------------- */

struct place {
    troupe_pid next;
    size_t columns;
    unsigned channel;
};

static void
pass(struct troupe_self *self, const struct place *place, double value)
{
    (void)troupe_tell(self, place->next, bank_value, .value = value);
}

/* Each state here begins with its place. */
static void
on_end(struct troupe_self *self, void *state, const struct bank_end *end)
{
    const struct place *place = state;

    (void)end;
    (void)troupe_tell(self, place->next, bank_end);
    (void)troupe_stop(self, troupe_self_pid(self));
}

/* ---- an actor that delays ------------------------------------------------ */

struct delayer {
    struct place place;
    struct bench_delay delay;
};

static void
on_delayer_start(struct troupe_self *self, void *state)
{
    struct delayer *delayer = state;

    (void)self;
    bench_delay_init(&delayer->delay, delayer->place.columns);
}

static void
on_delayer_value(
    struct troupe_self *self, void *state, const struct bank_value *told)
{
    struct delayer *delayer = state;

    pass(self, &delayer->place, bench_delay_step(&delayer->delay, told->value));
}

static void
on_delayer_stop(
    struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    struct delayer *delayer = state;

    (void)self, (void)why;
    bench_delay_fini(&delayer->delay);
}

TROUPE_BEHAVIOUR(bank_delayer, sizeof(struct delayer),
    TROUPE_ON_START(on_delayer_start), TROUPE_ON(bank_value, on_delayer_value),
    TROUPE_ON(bank_end, on_end), TROUPE_ON_STOP(on_delayer_stop));

/* ---- one that filters ---------------------------------------------------- */

struct filterer {
    struct place place;
    bool is_first; /* of the two of its channel */
    struct bench_filter filter;
};

static void
on_filterer_start(struct troupe_self *self, void *state)
{
    struct filterer *filterer = state;

    (void)self;
    (filterer->is_first ? bench_filter_init_first : bench_filter_init_second)(
        &filterer->filter, filterer->place.columns, filterer->place.channel);
}

static void
on_filterer_value(
    struct troupe_self *self, void *state, const struct bank_value *told)
{
    struct filterer *filterer = state;
    double filtered;

    if (bench_filter_step(&filterer->filter, told->value, &filtered)) {
        pass(self, &filterer->place, filtered);
    }
}

static void
on_filterer_stop(
    struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    struct filterer *filterer = state;

    (void)self, (void)why;
    bench_filter_fini(&filterer->filter);
}

TROUPE_BEHAVIOUR(bank_filterer, sizeof(struct filterer),
    TROUPE_ON_START(on_filterer_start),
    TROUPE_ON(bank_value, on_filterer_value), TROUPE_ON(bank_end, on_end),
    TROUPE_ON_STOP(on_filterer_stop));

/* ---- one that samples, and one that marks -------------------------------- */

struct sampling {
    struct place place;
    struct bench_sampler sampler;
};

static void
on_sampling_value(
    struct troupe_self *self, void *state, const struct bank_value *told)
{
    struct sampling *sampling = state;

    pass(self, &sampling->place,
        bench_sampler_step(&sampling->sampler, told->value));
}

TROUPE_BEHAVIOUR(bank_sampling, sizeof(struct sampling),
    TROUPE_ON(bank_value, on_sampling_value), TROUPE_ON(bank_end, on_end));

static void
on_marker_value(
    struct troupe_self *self, void *state, const struct bank_value *told)
{
    const struct place *place = state;

    (void)troupe_tell(self, place->next, bank_marked,
        .channel = (uint8_t)place->channel, .value = told->value);
}

TROUPE_BEHAVIOUR(bank_marker, sizeof(struct place),
    TROUPE_ON(bank_value, on_marker_value), TROUPE_ON(bank_end, on_end));

/* ---- what brings the channels together ----------------------------------- */

struct integrator {
    struct place place;
    unsigned channels_left;
    unsigned ready_count;                           /* channels with a value */
    struct bench_fifo values[BENCH_CHANNELS_COUNT]; /* as bits */
};

static void
hand_on(struct troupe_self *self, struct integrator *integrator)
{
    uint64_t values[BENCH_CHANNELS_COUNT] = {0};

    for (int i = 0; i < BENCH_CHANNELS_COUNT; i++) {
        (void)bench_fifo_pop(&integrator->values[i], &values[i]);
        if (integrator->values[i].count == 0) {
            integrator->ready_count--;
        }
    }
    (void)troupe_tell(self, integrator->place.next, bank_collection,
        .values = {values, sizeof(values)});
}

static void
on_marked(struct troupe_self *self, void *state, const struct bank_marked *told)
{
    struct integrator *integrator = state;
    struct bench_fifo *values = &integrator->values[told->channel];

    bench_fifo_push(values, bench_play_bits(told->value));
    if (values->count == 1) {
        integrator->ready_count++;
    }
    if (integrator->ready_count == BENCH_CHANNELS_COUNT) {
        hand_on(self, integrator);
    }
}

static void
on_channel_end(
    struct troupe_self *self, void *state, const struct bank_end *end)
{
    struct integrator *integrator = state;

    if (--integrator->channels_left == 0) {
        on_end(self, state, end);
    }
}

static void
on_integrator_stop(
    struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    struct integrator *integrator = state;

    (void)self, (void)why;
    for (int i = 0; i < BENCH_CHANNELS_COUNT; i++) {
        bench_fifo_fini(&integrator->values[i]);
    }
}

TROUPE_BEHAVIOUR(bank_integrator, sizeof(struct integrator),
    TROUPE_ON(bank_marked, on_marked), TROUPE_ON(bank_end, on_channel_end),
    TROUPE_ON_STOP(on_integrator_stop));

static double
add_up(const double *values)
{
    double sum = 0;

    for (int i = 0; i < BENCH_CHANNELS_COUNT; i++) {
        sum += values[i];
    }
    return sum;
}

static void
on_collection(
    struct troupe_self *self, void *state, const struct bank_collection *told)
{
    double values[BENCH_CHANNELS_COUNT];

    memcpy(values, told->values.data, sizeof(values));
    pass(self, state, add_up(values));
}

TROUPE_BEHAVIOUR(bank_combiner, sizeof(struct place),
    TROUPE_ON(bank_collection, on_collection), TROUPE_ON(bank_end, on_end));

/* Each result counts by its place among them. */
static uint64_t
seal(uint64_t sealed, double value)
{
    return (sealed ^ bench_play_bits(value)) * UINT64_C(0x100000001b3);
}

struct sink {
    troupe_pid collector;
    uint64_t sealed;
};

static void
on_result(struct troupe_self *self, void *state, const struct bank_value *told)
{
    struct sink *sink = state;

    (void)self;
    sink->sealed = seal(sink->sealed, told->value);
}

static void
on_last_end(struct troupe_self *self, void *state, const struct bank_end *end)
{
    const struct sink *sink = state;

    (void)end;
    (void)troupe_tell(self, sink->collector, outcome, .value = sink->sealed);
    (void)troupe_stop(self, troupe_self_pid(self));
}

TROUPE_BEHAVIOUR(bank_sink, sizeof(struct sink),
    TROUPE_ON(bank_value, on_result), TROUPE_ON(bank_end, on_last_end));

/* ---- what brings the values ---------------------------------------------- */

struct producer {
    uint64_t left;
};

static void
on_next(struct troupe_self *self, void *state, const struct bank_next *next)
{
    struct producer *producer = state;

    (void)next;
    if (producer->left > 0) {
        producer->left--;
        (void)troupe_tell(self, troupe_sender(self), bank_boot);
    } else {
        (void)troupe_tell(self, troupe_sender(self), bank_end);
        (void)troupe_stop(self, troupe_self_pid(self));
    }
}

TROUPE_BEHAVIOUR(
    bank_producer, sizeof(struct producer), TROUPE_ON(bank_next, on_next));

struct branches {
    troupe_pid channels[BENCH_CHANNELS_COUNT];
};

static void
on_branches_value(
    struct troupe_self *self, void *state, const struct bank_value *told)
{
    const struct branches *branches = state;

    for (int i = 0; i < BENCH_CHANNELS_COUNT; i++) {
        (void)troupe_tell(
            self, branches->channels[i], bank_value, .value = told->value);
    }
}

static void
on_branches_end(
    struct troupe_self *self, void *state, const struct bank_end *end)
{
    const struct branches *branches = state;

    (void)end;
    for (int i = 0; i < BENCH_CHANNELS_COUNT; i++) {
        (void)troupe_tell(self, branches->channels[i], bank_end);
    }
    (void)troupe_stop(self, troupe_self_pid(self));
}

TROUPE_BEHAVIOUR(bank_branches, sizeof(struct branches),
    TROUPE_ON(bank_value, on_branches_value),
    TROUPE_ON(bank_end, on_branches_end));

/* ---- the source, which makes all others ---------------------------------- */

struct source {
    struct place place;
    troupe_pid collector;
    troupe_pid producer;
    uint64_t count;
    uint64_t value;
};

static troupe_pid
spawn(struct troupe_self *self, struct troupe_behaviour *behaviour,
    const void *state)
{
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn_behaviour(
        self, behaviour, &TROUPE_SPAWN_OPTIONS(.state = state), &pid));
    return pid;
}

/* A channel's actors from the last to the first, whose pid it returns. */
static troupe_pid
spawn_channel(struct troupe_self *self, struct place place)
{
    place.next = spawn(self, &bank_marker_behaviour, &place);
    place.next = spawn(self, &bank_filterer_behaviour,
        &(struct filterer){.place = place, .is_first = false});
    place.next =
        spawn(self, &bank_delayer_behaviour, &(struct delayer){.place = place});
    place.next = spawn(self, &bank_sampling_behaviour,
        &(struct sampling){place, {.rate = place.columns}});
    place.next = spawn(self, &bank_filterer_behaviour,
        &(struct filterer){.place = place, .is_first = true});
    return spawn(
        self, &bank_delayer_behaviour, &(struct delayer){.place = place});
}

static void
on_start(struct troupe_self *self, void *state)
{
    struct source *source = state;
    struct place place = {.columns = source->place.columns};
    struct branches branches;

    place.next =
        spawn(self, &bank_sink_behaviour, &(struct sink){source->collector, 0});
    place.next = spawn(self, &bank_combiner_behaviour, &place);
    place.next = spawn(self, &bank_integrator_behaviour,
        &(struct integrator){
            .place = place, .channels_left = BENCH_CHANNELS_COUNT});
    for (unsigned i = 0; i < BENCH_CHANNELS_COUNT; i++) {
        place.channel = i;
        branches.channels[i] = spawn_channel(self, place);
    }
    source->place.next = spawn(self, &bank_branches_behaviour, &branches);
    source->producer = spawn(
        self, &bank_producer_behaviour, &(struct producer){source->count});
    (void)troupe_tell(self, source->producer, bank_next);
}

static void
on_boot(struct troupe_self *self, void *state, const struct bank_boot *boot)
{
    struct source *source = state;

    (void)boot;
    pass(self, &source->place, (double)source->value);
    source->value = (source->value + 1) % VALUES;
    (void)troupe_tell(self, source->producer, bank_next);
}

TROUPE_BEHAVIOUR(bank_source, sizeof(struct source), TROUPE_ON_START(on_start),
    TROUPE_ON(bank_boot, on_boot), TROUPE_ON(bank_end, on_end));

/* ---- the same without actors --------------------------------------------- */

struct channel {
    struct bench_delay delays[2];
    struct bench_filter filters[2];
    struct bench_sampler sampler;
};

static void
channel_init(struct channel *channel, size_t columns, unsigned number)
{
    bench_delay_init(&channel->delays[0], columns);
    bench_delay_init(&channel->delays[1], columns);
    bench_filter_init_first(&channel->filters[0], columns, number);
    bench_filter_init_second(&channel->filters[1], columns, number);
    channel->sampler = (struct bench_sampler){.rate = columns};
}

static bool
channel_step(struct channel *channel, double value, double *result)
{
    double filtered;

    if (!bench_filter_step(&channel->filters[0],
            bench_delay_step(&channel->delays[0], value), &filtered)) {
        return false;
    }
    filtered = bench_sampler_step(&channel->sampler, filtered);
    return bench_filter_step(&channel->filters[1],
        bench_delay_step(&channel->delays[1], filtered), result);
}

static uint64_t
expected_seal(uint64_t count, size_t columns)
{
    struct channel channels[BENCH_CHANNELS_COUNT];
    double results[BENCH_CHANNELS_COUNT] = {0};
    uint64_t sealed = 0;

    for (unsigned i = 0; i < BENCH_CHANNELS_COUNT; i++) {
        channel_init(&channels[i], columns, i);
    }
    for (uint64_t k = 0; k < count; k++) {
        bool is_there = true;

        for (int i = 0; i < BENCH_CHANNELS_COUNT; i++) {
            is_there &=
                channel_step(&channels[i], (double)(k % VALUES), &results[i]);
        }
        sealed = is_there ? seal(sealed, add_up(results)) : sealed;
    }
    for (int i = 0; i < BENCH_CHANNELS_COUNT; i++) {
        for (int k = 0; k < 2; k++) {
            bench_delay_fini(&channels[i].delays[k]);
            bench_filter_fini(&channels[i].filters[k]);
        }
    }
    return sealed;
}

/* So long a filter that most values find it full. */
static size_t
columns_for(uint64_t count)
{
    uint64_t columns = bench_play_at_least(count / 8, COLUMNS_MIN);

    return columns < COLUMNS_MAX ? columns : COLUMNS_MAX;
}

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    uint64_t count = bench_play_at_least(bench->count, 1);
    struct source source = {
        .place = {.columns = columns_for(count)},
        .collector = bench_collector_spawn(bench, 1),
        .count = count,
    };

    return bench_play(bench,
        &(struct bench_play){
            .first = &bank_source_behaviour,
            .state = &source,
            .collector = source.collector,
            .sum = expected_seal(count, source.place.columns),
            .units_count = count,
        },
        result);
}

const struct bench bench_filterbank = {
    .name = "filterbank",
    .group = "savina",
    .question = "values through eight channels of filters",
    .unit = "ns/value",
    .count = 34816,
    .run = run,
};
