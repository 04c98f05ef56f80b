/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does an item cost between 40 producers and 40 consumers, by way of a
 * buffer of 50?
 *
 * The buffer tells a producer when it may make another item, and keeps what no
 * consumer is free for. It stops asking producers when it is so full that one
 * more item of each would just fit. To make an item and to consume one is 2,500
 * logarithms, so most of the time is theirs.
 *
 * An item is a number; the work adds to it. Whoever consumes which, the sum of
 * all that was consumed is the same.
 */
#include "base/random.h"
#include "bench/savina/fifo.h"
#include "bench/savina/play.h"

#include <math.h>

enum {
    PRODUCERS_COUNT = 40,
    CONSUMERS_COUNT = 40,
    BUFFER_SIZE = 50,
    /* Each producer may be at work on an item that has to find room. */
    PENDING_MAX = BUFFER_SIZE - PRODUCERS_COUNT,
    COST = 25,
    LOGARITHMS_COUNT = 100 * COST,
};

#define ITEM(FIELD) FIELD(int64, value)
TROUPE_MESSAGE(buffer_produce, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(buffer_item, ITEM)
TROUPE_MESSAGE(buffer_consume, ITEM)
TROUPE_MESSAGE(buffer_ready, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(buffer_exit, TROUPE_NO_FIELDS)

/* Rounded, so that a sum of items does not depend on their order. */
static int64_t
work(void)
{
    struct tp_random random;
    int64_t sum = 0;

    tp_random_init(&random, COST);
    for (int i = 0; i < LOGARITHMS_COUNT; i++) {
        double fraction = (double)(tp_random_u64(&random) >> 11) * 0x1p-53;

        sum += (int64_t)(log(fraction + 0.01) * 1e6);
    }
    return sum;
}

/* ---- producers ----------------------------------------------------------- */

struct producer {
    troupe_pid buffer;
    uint64_t left;
    int64_t value;
};

static void
on_produce(
    struct troupe_self *self, void *state, const struct buffer_produce *produce)
{
    struct producer *producer = state;

    (void)produce;
    if (producer->left == 0) {
        (void)troupe_tell(self, producer->buffer, buffer_exit);
        (void)troupe_stop(self, troupe_self_pid(self));
        return;
    }
    producer->left--;
    producer->value += work();
    (void)troupe_tell(
        self, producer->buffer, buffer_item, .value = producer->value);
}

TROUPE_BEHAVIOUR(buffer_producer, sizeof(struct producer),
    TROUPE_ON(buffer_produce, on_produce));

/* ---- consumers ----------------------------------------------------------- */

struct consumer {
    troupe_pid buffer;
    troupe_pid collector;
    int64_t sum;
};

static void
on_consume(
    struct troupe_self *self, void *state, const struct buffer_consume *consume)
{
    struct consumer *consumer = state;

    consumer->sum += consume->value + work();
    (void)troupe_tell(self, consumer->buffer, buffer_ready);
}

static void
on_consumer_exit(
    struct troupe_self *self, void *state, const struct buffer_exit *told)
{
    struct consumer *consumer = state;

    (void)told;
    (void)troupe_tell(
        self, consumer->collector, outcome, .value = (uint64_t)consumer->sum);
    (void)troupe_stop(self, troupe_self_pid(self));
}

TROUPE_BEHAVIOUR(buffer_consumer, sizeof(struct consumer),
    TROUPE_ON(buffer_consume, on_consume),
    TROUPE_ON(buffer_exit, on_consumer_exit));

/* ---- the buffer ---------------------------------------------------------- */

struct buffer {
    troupe_pid collector;
    uint64_t items_per_producer;
    unsigned producers_left;
    struct bench_fifo items;
    struct bench_fifo consumers; /* who are free */
    struct bench_fifo producers; /* who wait for room */
};

static void
exit_if_done(struct troupe_self *self, struct buffer *buffer)
{
    troupe_pid consumer;

    if (buffer->producers_left > 0 ||
        buffer->consumers.count < CONSUMERS_COUNT) {
        return;
    }
    while (bench_fifo_pop(&buffer->consumers, &consumer)) {
        (void)troupe_tell(self, consumer, buffer_exit);
    }
}

static void
on_item(struct troupe_self *self, void *state, const struct buffer_item *item)
{
    struct buffer *buffer = state;
    troupe_pid consumer;

    if (bench_fifo_pop(&buffer->consumers, &consumer)) {
        (void)troupe_tell(self, consumer, buffer_consume, .value = item->value);
    } else {
        bench_fifo_push(&buffer->items, (uint64_t)item->value);
    }
    if (buffer->items.count >= PENDING_MAX) {
        bench_fifo_push(&buffer->producers, troupe_sender(self));
    } else {
        (void)troupe_tell(self, troupe_sender(self), buffer_produce);
    }
}

static void
on_ready(
    struct troupe_self *self, void *state, const struct buffer_ready *ready)
{
    struct buffer *buffer = state;
    troupe_pid producer;
    uint64_t item;

    (void)ready;
    if (!bench_fifo_pop(&buffer->items, &item)) {
        bench_fifo_push(&buffer->consumers, troupe_sender(self));
        exit_if_done(self, buffer);
        return;
    }
    (void)troupe_tell(
        self, troupe_sender(self), buffer_consume, .value = (int64_t)item);
    if (bench_fifo_pop(&buffer->producers, &producer)) {
        (void)troupe_tell(self, producer, buffer_produce);
    }
}

static void
on_producer_exit(
    struct troupe_self *self, void *state, const struct buffer_exit *told)
{
    struct buffer *buffer = state;

    (void)told;
    buffer->producers_left--;
    exit_if_done(self, buffer);
}

static void
on_start(struct troupe_self *self, void *state)
{
    struct buffer *buffer = state;
    const struct consumer consumer = {
        troupe_self_pid(self), buffer->collector, 0};
    const struct producer producer = {
        troupe_self_pid(self), buffer->items_per_producer, 0};
    troupe_pid pid;

    for (int i = 0; i < CONSUMERS_COUNT; i++) {
        TROUPE_CHECK(troupe_spawn_with(self, buffer_consumer,
            &TROUPE_SPAWN_OPTIONS(.state = &consumer), &pid));
        bench_fifo_push(&buffer->consumers, pid);
    }
    buffer->producers_left = PRODUCERS_COUNT;
    for (int i = 0; i < PRODUCERS_COUNT; i++) {
        TROUPE_CHECK(troupe_spawn_with(self, buffer_producer,
            &TROUPE_SPAWN_OPTIONS(.state = &producer), &pid));
        (void)troupe_tell(self, pid, buffer_produce);
    }
}

static void
on_stop(struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    struct buffer *buffer = state;

    (void)self, (void)why;
    bench_fifo_fini(&buffer->items);
    bench_fifo_fini(&buffer->consumers);
    bench_fifo_fini(&buffer->producers);
}

TROUPE_BEHAVIOUR(buffer, sizeof(struct buffer), TROUPE_ON_START(on_start),
    TROUPE_ON(buffer_item, on_item), TROUPE_ON(buffer_ready, on_ready),
    TROUPE_ON(buffer_exit, on_producer_exit), TROUPE_ON_STOP(on_stop));

/* A producer's i-th item has been worked on i times, and once more when it is
 * consumed. */
static uint64_t
expected_sum(uint64_t items_per_producer)
{
    uint64_t works =
        items_per_producer * (items_per_producer + 1) / 2 + items_per_producer;

    return PRODUCERS_COUNT * works * (uint64_t)work();
}

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    struct buffer buffer = {
        .collector = bench_collector_spawn(bench, CONSUMERS_COUNT),
        .items_per_producer =
            bench_play_at_least(bench->count / PRODUCERS_COUNT, 1),
    };

    return bench_play(bench,
        &(struct bench_play){
            .first = &buffer_behaviour,
            .state = &buffer,
            .collector = buffer.collector,
            .sum = expected_sum(buffer.items_per_producer),
            .units_count = PRODUCERS_COUNT * buffer.items_per_producer,
        },
        result);
}

const struct bench bench_boundedbuffer = {
    .name = "boundedbuffer",
    .group = "savina",
    .question = "producers, a buffer of 50, consumers",
    .unit = "ns/item",
    .count = 8000,
    .run = run,
};
