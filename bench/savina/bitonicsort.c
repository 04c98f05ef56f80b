/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does a message cost in a network of many thousand actors?
 *
 * Batcher's bitonic sort, in which everything is an actor: a comparator takes
 * two values and hands on the smaller, then the larger one, or the other way
 * round; splitters deal values out in turn, joiners take them in turn again.
 * The network is made once, and each value flows through it once.
 *
 * To sort n values, sequences of 2, 4, ... n are merged. A merge of p has a
 * step for each length p, p / 2, ... 2: the n values are cut into sequences of
 * that length, and in each the first half is compared with the second, value by
 * value. Neighbouring sequences of p are sorted in opposite directions, so two
 * of them are one bitonic sequence of the next merge.
 */
#include "bench/savina/fifo.h"
#include "bench/savina/memory.h"
#include "bench/savina/values.h"

enum { STEP = 1000 };

TROUPE_MESSAGE(bitonic_go_on, TROUPE_NO_FIELDS)

/* ---- a comparator -------------------------------------------------------- */

struct comparator {
    troupe_pid next;
    uint32_t input; /* of next */
    bool is_up;     /* the smaller one comes first */
    bool has_value;
    uint64_t value;
};

static void
on_comparable(
    struct troupe_self *self, void *state, const struct sort_value *told)
{
    struct comparator *comparator = state;
    uint64_t first = comparator->value;
    uint64_t second = told->value;

    comparator->has_value = !comparator->has_value;
    if (comparator->has_value) {
        comparator->value = told->value;
        return;
    }
    if ((first > second) == comparator->is_up) {
        first = told->value;
        second = comparator->value;
    }
    (void)troupe_tell(self, comparator->next, sort_value,
        .input = comparator->input, .value = first);
    (void)troupe_tell(self, comparator->next, sort_value,
        .input = comparator->input, .value = second);
}

TROUPE_BEHAVIOUR(bitonic_comparator, sizeof(struct comparator),
    TROUPE_ON(sort_value, on_comparable));

/* ---- a splitter ---------------------------------------------------------- */

struct splitter {
    troupe_pid *receivers; /* the splitter's own, to be freed */
    uint32_t receivers_count;
    uint32_t length; /* so many to each, then to the next */
    uint32_t receiver;
    uint32_t sent;
};

static void
on_whole(struct troupe_self *self, void *state, const struct sort_value *told)
{
    struct splitter *splitter = state;

    (void)troupe_tell(self, splitter->receivers[splitter->receiver], sort_value,
        .value = told->value);
    if (++splitter->sent == splitter->length) {
        splitter->sent = 0;
        splitter->receiver =
            (splitter->receiver + 1) % splitter->receivers_count;
    }
}

static void
on_splitter_stop(
    struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    struct splitter *splitter = state;

    (void)self, (void)why;
    free(splitter->receivers);
}

TROUPE_BEHAVIOUR(bitonic_splitter, sizeof(struct splitter),
    TROUPE_ON(sort_value, on_whole), TROUPE_ON_STOP(on_splitter_stop));

static troupe_pid
spawn_splitter(struct troupe_self *self, troupe_pid *receivers, uint32_t count,
    uint32_t length)
{
    const struct splitter splitter = {receivers, count, length, 0, 0};
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn_with(self, bitonic_splitter,
        &TROUPE_SPAWN_OPTIONS(.state = &splitter), &pid));
    return pid;
}

/* ---- a joiner ------------------------------------------------------------ */

struct joiner {
    troupe_pid next;
    uint32_t input; /* of next */
    uint32_t inputs_count;
    uint32_t length; /* so many from each, then from the next */
    uint32_t turn;   /* whose it is */
    uint32_t sent;
    struct bench_fifo *inputs; /* what has come before its turn */
};

static void
on_joiner_start(struct troupe_self *self, void *state)
{
    struct joiner *joiner = state;

    (void)self;
    joiner->inputs =
        bench_memory(joiner->inputs_count, sizeof(joiner->inputs[0]));
}

static void
on_part(struct troupe_self *self, void *state, const struct sort_value *told)
{
    struct joiner *joiner = state;
    uint64_t value;

    bench_fifo_push(&joiner->inputs[told->input], told->value);
    while (bench_fifo_pop(&joiner->inputs[joiner->turn], &value)) {
        (void)troupe_tell(self, joiner->next, sort_value,
            .input = joiner->input, .value = value);
        if (++joiner->sent == joiner->length) {
            joiner->sent = 0;
            joiner->turn = (joiner->turn + 1) % joiner->inputs_count;
        }
    }
}

static void
on_joiner_stop(
    struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    struct joiner *joiner = state;

    (void)self, (void)why;
    for (uint32_t i = 0; i < joiner->inputs_count; i++) {
        bench_fifo_fini(&joiner->inputs[i]);
    }
    free(joiner->inputs);
}

TROUPE_BEHAVIOUR(bitonic_joiner, sizeof(struct joiner),
    TROUPE_ON_START(on_joiner_start), TROUPE_ON(sort_value, on_part),
    TROUPE_ON_STOP(on_joiner_stop));

static troupe_pid
spawn_joiner(struct troupe_self *self, struct joiner joiner)
{
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn_with(
        self, bitonic_joiner, &TROUPE_SPAWN_OPTIONS(.state = &joiner), &pid));
    return pid;
}

/* ---- the network, from its end to its beginning -------------------------- */

static troupe_pid
spawn_comparator(
    struct troupe_self *self, troupe_pid next, uint32_t input, bool is_up)
{
    const struct comparator comparator = {
        .next = next, .input = input, .is_up = is_up};
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn_with(self, bitonic_comparator,
        &TROUPE_SPAWN_OPTIONS(.state = &comparator), &pid));
    return pid;
}

/* What compares one sequence: value i with value i + length / 2. */
static troupe_pid
spawn_partition(struct troupe_self *self, troupe_pid next, uint32_t input,
    uint32_t length, bool is_up)
{
    uint32_t half = length / 2;
    troupe_pid *comparators;
    troupe_pid joiner;

    if (half == 1) {
        return spawn_comparator(self, next, input, is_up);
    }
    comparators = bench_memory(half, sizeof(comparators[0]));
    joiner = spawn_joiner(self,
        (struct joiner){
            .next = next, .input = input, .inputs_count = half, .length = 1});
    for (uint32_t i = 0; i < half; i++) {
        comparators[i] = spawn_comparator(self, joiner, i, is_up);
    }
    return spawn_splitter(self, comparators, half, 1);
}

/* A step of the merge of sequences of merged values, in sequences of length. */
static troupe_pid
spawn_step(struct troupe_self *self, troupe_pid next, uint32_t count,
    uint32_t merged, uint32_t length)
{
    uint32_t sequences = count / length;
    troupe_pid *partitions = bench_memory(sequences, sizeof(partitions[0]));
    troupe_pid joiner = spawn_joiner(
        self, (struct joiner){
                  .next = next, .inputs_count = sequences, .length = length});

    for (uint32_t i = 0; i < sequences; i++) {
        bool is_up = i * length / merged % 2 == 0;

        partitions[i] = spawn_partition(self, joiner, i, length, is_up);
    }
    return spawn_splitter(self, partitions, sequences, length);
}

static troupe_pid
spawn_network(struct troupe_self *self, troupe_pid last, uint32_t count)
{
    troupe_pid next = last;

    for (uint32_t merged = count; merged >= 2; merged /= 2) {
        for (uint32_t length = 2; length <= merged; length *= 2) {
            next = spawn_step(self, next, count, merged, length);
        }
    }
    return next;
}

/* ---- the source ---------------------------------------------------------- */

struct source {
    troupe_pid collector;
    troupe_pid next;
    uint32_t count;
    uint32_t left;
    struct tp_random random;
};

/* Yields every STEP values, by a message to itself. */
static void
produce(struct troupe_self *self, struct source *source)
{
    for (int i = 0; i < STEP && source->left > 0; i++) {
        (void)troupe_tell(self, source->next, sort_value,
            .value = bench_values_draw(&source->random));
        source->left--;
    }
    if (source->left > 0) {
        (void)troupe_tell(self, troupe_self_pid(self), bitonic_go_on);
    }
}

static void
on_go_on(
    struct troupe_self *self, void *state, const struct bitonic_go_on *go_on)
{
    (void)go_on;
    produce(self, state);
}

static void
on_start(struct troupe_self *self, void *state)
{
    struct source *source = state;
    troupe_pid checker =
        bench_values_spawn_checker(self, source->collector, source->count);

    source->next = spawn_network(self, checker, source->count);
    source->left = source->count;
    produce(self, source);
}

TROUPE_BEHAVIOUR(bitonic_source, sizeof(struct source),
    TROUPE_ON_START(on_start), TROUPE_ON(bitonic_go_on, on_go_on));

/* A step costs a value five messages, one of length 2 only three, and the
 * checker one more. A merge of 2^k values has k steps, the last of length 2. */
static uint64_t
messages_of(uint64_t count)
{
    uint64_t per_value = 1;

    for (uint64_t merged = 2, steps = 1; merged <= count; merged *= 2) {
        per_value += 5 * (steps++ - 1) + 3;
    }
    return count * per_value;
}

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    struct source source = {
        .collector = bench_collector_spawn(bench, 1), .count = 2};

    while (messages_of(2 * source.count) <= bench->count) {
        source.count *= 2;
    }
    bench_values_init(&source.random);
    return bench_play(bench,
        &(struct bench_play){
            .first = &bitonic_source_behaviour,
            .state = &source,
            .collector = source.collector,
            .sum = bench_values_sorted_seal(source.count),
            .units_count = messages_of(source.count),
        },
        result);
}

const struct bench bench_bitonicsort = {
    .name = "bitonicsort",
    .group = "savina",
    .question = "a network, an actor for each comparator",
    .unit = "ns/message",
    .count = 1503232,
    .floor_messages_count = 1,
    .run = run,
};
