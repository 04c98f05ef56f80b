/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does a chain of filters cost, each longer at work than the one before?
 *
 * The sieve of Eratosthenes: a producer sends the odd numbers to a filter that
 * keeps the first thousand primes. What none of them divides is the next prime,
 * or goes on to the next filter, which keeps the next thousand. After the last
 * number the primes are added up along the chain.
 */
#include "bench/savina/memory.h"
#include "bench/savina/play.h"

enum { PRIMES_PER_FILTER = 1000, STEP = 1000 };

#define NUMBER(FIELD) FIELD(uint64, value)
#define SUMS(FIELD) FIELD(uint64, sum)
TROUPE_MESSAGE(sieve_number, NUMBER)
TROUPE_MESSAGE(sieve_produce, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(sieve_end, SUMS)

struct filter {
    troupe_pid collector;
    troupe_pid next; /* TROUPE_NO_PID: this is the last one */
    uint64_t count;
    uint64_t primes[PRIMES_PER_FILTER];
};

TROUPE_BEHAVIOUR_DECLARE(sieve_filter);

static troupe_pid
spawn_filter(struct troupe_self *self, troupe_pid collector, uint64_t prime)
{
    const struct filter filter = {
        .collector = collector, .count = 1, .primes = {prime}};
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn_with(
        self, sieve_filter, &TROUPE_SPAWN_OPTIONS(.state = &filter), &pid));
    return pid;
}

static bool
is_divided(const struct filter *filter, uint64_t number)
{
    for (uint64_t i = 0; i < filter->count; i++) {
        if (number % filter->primes[i] == 0) {
            return true;
        }
    }
    return false;
}

static void
on_number(
    struct troupe_self *self, void *state, const struct sieve_number *number)
{
    struct filter *filter = state;

    if (is_divided(filter, number->value)) {
        return;
    }
    if (filter->next != TROUPE_NO_PID) {
        (void)troupe_tell(
            self, filter->next, sieve_number, .value = number->value);
    } else if (filter->count < PRIMES_PER_FILTER) {
        filter->primes[filter->count++] = number->value;
    } else {
        filter->next = spawn_filter(self, filter->collector, number->value);
    }
}

static void
on_end(struct troupe_self *self, void *state, const struct sieve_end *end)
{
    const struct filter *filter = state;
    uint64_t sum = end->sum;

    for (uint64_t i = 0; i < filter->count; i++) {
        sum += filter->primes[i];
    }
    if (filter->next != TROUPE_NO_PID) {
        (void)troupe_tell(self, filter->next, sieve_end, .sum = sum);
    } else {
        (void)troupe_tell(self, filter->collector, outcome, .value = sum);
    }
    (void)troupe_stop(self, troupe_self_pid(self));
}

TROUPE_BEHAVIOUR(sieve_filter, sizeof(struct filter),
    TROUPE_ON(sieve_number, on_number), TROUPE_ON(sieve_end, on_end));

struct producer {
    troupe_pid collector;
    troupe_pid filter;
    uint64_t number; /* the next one */
    uint64_t limit;
};

/* Yields every STEP numbers, by a message to itself. */
static void
produce(struct troupe_self *self, struct producer *producer)
{
    for (int i = 0; i < STEP && producer->number < producer->limit; i++) {
        (void)troupe_tell(
            self, producer->filter, sieve_number, .value = producer->number);
        producer->number += 2;
    }
    if (producer->number < producer->limit) {
        (void)troupe_tell(self, troupe_self_pid(self), sieve_produce);
    } else {
        (void)troupe_tell(self, producer->filter, sieve_end, .sum = 0);
    }
}

static void
on_produce(
    struct troupe_self *self, void *state, const struct sieve_produce *message)
{
    (void)message;
    produce(self, state);
}

static void
on_start(struct troupe_self *self, void *state)
{
    struct producer *producer = state;

    producer->filter = spawn_filter(self, producer->collector, 2);
    produce(self, producer);
}

TROUPE_BEHAVIOUR(sieve_producer, sizeof(struct producer),
    TROUPE_ON_START(on_start), TROUPE_ON(sieve_produce, on_produce));

/* By crossing out, without actors. */
static uint64_t
sum_primes_below(uint64_t limit)
{
    char *is_crossed = bench_memory(limit, 1);
    uint64_t sum = 0;

    for (uint64_t i = 2; i < limit; i++) {
        if (is_crossed[i]) {
            continue;
        }
        sum += i;
        for (uint64_t k = i * i; k < limit; k += i) {
            is_crossed[k] = 1;
        }
    }
    free(is_crossed);
    return sum;
}

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    uint64_t numbers = bench_play_at_least(bench->count, 1);
    struct producer producer = {
        .collector = bench_collector_spawn(bench, 1),
        .number = 3,
        .limit = 2 * numbers + 3,
    };

    return bench_play(bench,
        &(struct bench_play){
            .first = &sieve_producer_behaviour,
            .state = &producer,
            .collector = producer.collector,
            .sum = sum_primes_below(producer.limit),
            .units_count = numbers,
        },
        result);
}

const struct bench bench_sieve = {
    .name = "sieve",
    .group = "savina",
    .question = "primes, by a chain of filters",
    .unit = "ns/number",
    .count = 120000,
    .run = run,
};
