/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does a customer cost when facilities are opened while customers come?
 *
 * Online facility location: the plane is a square, and an actor serves it from
 * a facility in its middle. A customer costs as much as it is far from the
 * nearest facility that the actor knows of. When what its customers cost
 * together is too much, the actor opens its facility: it splits its square in
 * four, with an actor each, and hands its customers and all later ones down.
 * The parent hears of the new facility, and by it all above; each of them tells
 * the quadrant opposite to the one where it was opened, and that all below it.
 *
 * One customer comes after the other has reached the first square; what happens
 * further down goes on meanwhile. So who hears of what first is chance, and how
 * many facilities there are. But every customer is in the end in one square
 * that it lies in, and there are four squares for each that was split.
 */
#include "base/random.h"
#include "bench/savina/memory.h"
#include "bench/savina/play.h"

#include <math.h>

enum { QUADRANTS_COUNT = 4, SEED = 123456 };

static const double side_of_all = 500;
static const double alpha = 2;

#define POINT(FIELD) FIELD(double, x) FIELD(double, y)
#define FACILITY(FIELD)                                                        \
    FIELD(double, x)                                                           \
    FIELD(double, y) FIELD(uint8, quadrant) FIELD(boolean, is_from_child)
#define POINTS(FIELD) FIELD(bin, facilities) FIELD(bin, customers)
#define COUNTS(FIELD)                                                          \
    FIELD(uint64, splits) FIELD(uint64, squares) FIELD(uint64, customers)
TROUPE_MESSAGE(facility_customer, POINT)
TROUPE_MESSAGE(facility_opened, FACILITY)
TROUPE_MESSAGE(facility_inherit, POINTS)
TROUPE_MESSAGE(facility_next, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(facility_exit, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(facility_confirm, COUNTS)

/* ---- points -------------------------------------------------------------- */

struct point {
    double x;
    double y;
};

struct points {
    struct point *items;
    size_t count;
    size_t capacity;
};

static void
points_add(struct points *points, struct point point)
{
    if (points->count == points->capacity) {
        size_t capacity = points->capacity > 0 ? 2 * points->capacity : 16;
        struct point *items = bench_memory(capacity, sizeof(items[0]));

        if (points->count > 0) {
            memcpy(items, points->items, points->count * sizeof(items[0]));
        }
        free(points->items);
        points->items = items;
        points->capacity = capacity;
    }
    points->items[points->count++] = point;
}

static struct troupe_bin
points_view(const struct points *points)
{
    return (struct troupe_bin){
        points->items, (uint32_t)(points->count * sizeof(points->items[0]))};
}

/* The i-th of the points in a message, where they need not be aligned. */
static struct point
point_in(struct troupe_bin bytes, size_t i)
{
    struct point point;

    memcpy(
        &point, (const uint8_t *)bytes.data + i * sizeof(point), sizeof(point));
    return point;
}

static size_t
count_in(struct troupe_bin bytes)
{
    return bytes.size / sizeof(struct point);
}

/* ---- a square ------------------------------------------------------------ */

struct square {
    troupe_pid parent;    /* TROUPE_NO_PID: none */
    troupe_pid collector; /* of the first square */
    struct point low;     /* the corner */
    double side;
    double cost;
    struct points facilities;
    struct points customers; /* none once it is split */
    uint64_t strayed_count;  /* customers that do not lie in it */
    uint8_t quadrant;        /* of its parent's square */
    bool is_split;
    uint8_t confirmed_count;
    uint64_t splits; /* below it */
    uint64_t squares;
    uint64_t customers_below;
    troupe_pid quadrants[QUADRANTS_COUNT];
};

TROUPE_BEHAVIOUR_DECLARE(facility_square);

static struct point
middle(const struct square *square)
{
    return (struct point){
        square->low.x + square->side / 2, square->low.y + square->side / 2};
}

static bool
is_inside(const struct square *square, struct point point)
{
    return point.x >= square->low.x &&
           point.x <= square->low.x + square->side &&
           point.y >= square->low.y && point.y <= square->low.y + square->side;
}

/* 0 or 1 to the right, and 2 more above: so 3 - q is opposite to q. */
static uint8_t
quadrant_of(const struct square *square, struct point point)
{
    struct point at = middle(square);

    return (uint8_t)((point.x >= at.x ? 1 : 0) + (point.y >= at.y ? 2 : 0));
}

static double
cost_of(const struct square *square, struct point customer)
{
    double least = INFINITY;

    for (size_t i = 0; i < square->facilities.count; i++) {
        double x = square->facilities.items[i].x - customer.x;
        double y = square->facilities.items[i].y - customer.y;
        double distance = sqrt(x * x + y * y);

        least = distance < least ? distance : least;
    }
    return least;
}

static void
add_customer(struct square *square, struct point customer)
{
    square->strayed_count += !is_inside(square, customer);
    points_add(&square->customers, customer);
    square->cost += cost_of(square, customer);
}

static void
tell_opened(struct troupe_self *self, troupe_pid to,
    const struct square *square, struct point facility, bool is_from_child)
{
    if (to != TROUPE_NO_PID) {
        (void)troupe_tell(self, to, facility_opened, .x = facility.x,
            .y = facility.y, .quadrant = square->quadrant,
            .is_from_child = is_from_child);
    }
}

static troupe_pid
spawn_quadrant(
    struct troupe_self *self, const struct square *square, uint8_t quadrant)
{
    const struct square child = {
        .parent = troupe_self_pid(self),
        .low = {square->low.x + (quadrant % 2 > 0 ? square->side / 2 : 0),
            square->low.y + (quadrant / 2 > 0 ? square->side / 2 : 0)},
        .side = square->side / 2,
        .quadrant = quadrant,
    };
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn_with(
        self, facility_square, &TROUPE_SPAWN_OPTIONS(.state = &child), &pid));
    return pid;
}

static void
split(struct troupe_self *self, struct square *square)
{
    tell_opened(self, square->parent, square, middle(square), true);
    square->is_split = true;
    for (uint8_t i = 0; i < QUADRANTS_COUNT; i++) {
        square->quadrants[i] = spawn_quadrant(self, square, i);
        (void)troupe_tell(self, square->quadrants[i], facility_inherit,
            .facilities = points_view(&square->facilities),
            .customers = points_view(&square->customers));
    }
    square->customers.count = 0;
}

/* All facilities that the parent knew, and those of its customers that the
 * parent would send here. */
static void
on_inherit(
    struct troupe_self *self, void *state, const struct facility_inherit *told)
{
    struct square *square = state;
    struct square parent = {.side = 2 * square->side};

    (void)self;
    parent.low.x =
        square->low.x - (square->quadrant % 2 > 0 ? square->side : 0);
    parent.low.y =
        square->low.y - (square->quadrant / 2 > 0 ? square->side : 0);
    for (size_t i = 0; i < count_in(told->facilities); i++) {
        points_add(&square->facilities, point_in(told->facilities, i));
    }
    points_add(&square->facilities, middle(square));
    for (size_t i = 0; i < count_in(told->customers); i++) {
        struct point customer = point_in(told->customers, i);

        if (quadrant_of(&parent, customer) == square->quadrant) {
            add_customer(square, customer);
        }
    }
}

static void
on_customer(
    struct troupe_self *self, void *state, const struct facility_customer *told)
{
    struct square *square = state;
    struct point customer = {told->x, told->y};

    if (square->is_split) {
        (void)troupe_tell(self,
            square->quadrants[quadrant_of(square, customer)], facility_customer,
            .x = customer.x, .y = customer.y);
    } else {
        add_customer(square, customer);
        if (square->cost > alpha * sqrt(2) * side_of_all) {
            split(self, square);
        }
    }
    if (square->parent == TROUPE_NO_PID) {
        (void)troupe_tell(self, troupe_sender(self), facility_next);
    }
}

static void
on_opened(
    struct troupe_self *self, void *state, const struct facility_opened *told)
{
    struct square *square = state;
    struct point facility = {told->x, told->y};

    points_add(&square->facilities, facility);
    if (told->is_from_child) {
        tell_opened(self, square->parent, square, facility, true);
        tell_opened(self,
            square->quadrants[QUADRANTS_COUNT - 1 - told->quadrant], square,
            facility, false);
        return;
    }
    for (int i = 0; square->is_split && i < QUADRANTS_COUNT; i++) {
        tell_opened(self, square->quadrants[i], square, facility, false);
    }
}

/* Its own counts and those below, up, or to the collector. */
static void
confirm(struct troupe_self *self, const struct square *square)
{
    uint64_t splits = square->splits + (square->is_split ? 1 : 0);
    uint64_t squares = square->squares + 1;
    uint64_t customers = square->customers_below + square->customers.count -
                         square->strayed_count;

    if (square->parent != TROUPE_NO_PID) {
        (void)troupe_tell(self, square->parent, facility_confirm,
            .splits = splits, .squares = squares, .customers = customers);
    } else {
        (void)troupe_tell(self, square->collector, outcome,
            .value = squares == 1 + QUADRANTS_COUNT * splits ? customers : 0);
    }
}

/* Comes after all customers: they have gone the same way. */
static void
on_last_customer(
    struct troupe_self *self, void *state, const struct facility_exit *told)
{
    const struct square *square = state;

    (void)told;
    for (int i = 0; square->is_split && i < QUADRANTS_COUNT; i++) {
        (void)troupe_tell(self, square->quadrants[i], facility_exit);
    }
    if (!square->is_split) {
        confirm(self, square);
    }
}

static void
on_confirm(
    struct troupe_self *self, void *state, const struct facility_confirm *told)
{
    struct square *square = state;

    square->splits += told->splits;
    square->squares += told->squares;
    square->customers_below += told->customers;
    if (++square->confirmed_count == QUADRANTS_COUNT) {
        confirm(self, square);
    }
}

static void
on_square_stop(
    struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    struct square *square = state;

    (void)self, (void)why;
    free(square->facilities.items);
    free(square->customers.items);
}

TROUPE_BEHAVIOUR(facility_square, sizeof(struct square),
    TROUPE_ON(facility_customer, on_customer),
    TROUPE_ON(facility_opened, on_opened),
    TROUPE_ON(facility_inherit, on_inherit),
    TROUPE_ON(facility_exit, on_last_customer),
    TROUPE_ON(facility_confirm, on_confirm), TROUPE_ON_STOP(on_square_stop));

/* ---- who sends the customers --------------------------------------------- */

struct producer {
    troupe_pid collector;
    troupe_pid square;
    uint64_t left;
    struct tp_random random;
};

static double
draw(struct tp_random *random)
{
    return (double)(tp_random_u64(random) >> 11) * 0x1p-53 * side_of_all;
}

static void
produce(struct troupe_self *self, struct producer *producer)
{
    double x = draw(&producer->random);
    double y = draw(&producer->random);

    producer->left--;
    (void)troupe_tell(
        self, producer->square, facility_customer, .x = x, .y = y);
}

static void
on_next(struct troupe_self *self, void *state, const struct facility_next *next)
{
    struct producer *producer = state;

    (void)next;
    if (producer->left > 0) {
        produce(self, producer);
        return;
    }
    (void)troupe_tell(self, producer->square, facility_exit);
    (void)troupe_stop(self, troupe_self_pid(self));
}

static void
on_start(struct troupe_self *self, void *state)
{
    struct producer *producer = state;
    struct square square = {
        .collector = producer->collector, .side = side_of_all};

    points_add(&square.facilities, middle(&square));
    TROUPE_CHECK(troupe_spawn_with(self, facility_square,
        &TROUPE_SPAWN_OPTIONS(.state = &square), &producer->square));
    produce(self, producer);
}

TROUPE_BEHAVIOUR(facility_producer, sizeof(struct producer),
    TROUPE_ON_START(on_start), TROUPE_ON(facility_next, on_next));

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    uint64_t customers = bench_play_at_least(bench->count, 1);
    struct producer producer = {
        .collector = bench_collector_spawn(bench, 1), .left = customers};

    tp_random_init(&producer.random, SEED);
    return bench_play(bench,
        &(struct bench_play){
            .first = &facility_producer_behaviour,
            .state = &producer,
            .collector = producer.collector,
            .sum = customers,
            .units_count = customers,
        },
        result);
}

const struct bench bench_facility = {
    .name = "facility",
    .group = "savina",
    .question = "a square splits as customers come",
    .unit = "ns/customer",
    .count = 200000,
    .run = run,
};
