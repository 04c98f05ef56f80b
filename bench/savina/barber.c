/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does a haircut cost, with a barber who sleeps and a waiting room that
 * may be full?
 *
 * A street sends customers to the room, one after the other with some work
 * between them. The room seats at most 1,000; who finds it full goes back to
 * the street and is sent again at once. The room wakes the barber, who asks for
 * the next customer after each haircut and sleeps when there is none. Every
 * customer is an actor, which ends with its haircut.
 *
 * Work is steps of a sequence (bench/sequence.h). The street and the barber
 * draw the lengths of theirs in an order of their own, so what they come to is
 * known, as is the number of customers.
 */
#include "base/random.h"
#include "bench/savina/fifo.h"
#include "bench/savina/play.h"
#include "bench/sequence.h"

enum {
    SEATS_COUNT = 1000,
    STEPS_MIN = 10,
    STEPS_SPAN = 1000,
    SEED_OF_STREET = 1,
    SEED_OF_BARBER = 2,
};

#define CUSTOMER(FIELD) FIELD(pid, customer)
TROUPE_MESSAGE(barber_next_comer, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(barber_enter, CUSTOMER)
TROUPE_MESSAGE(barber_full, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(barber_returned, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(barber_wait, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(barber_cut, CUSTOMER)
TROUPE_MESSAGE(barber_begins, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(barber_done, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(barber_next, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(barber_sleep, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(barber_exit, TROUPE_NO_FIELDS)

static uint64_t
work(struct tp_random *random)
{
    return bench_sequence_after(
        0, STEPS_MIN + tp_random_below(random, STEPS_SPAN));
}

/* ---- a customer ---------------------------------------------------------- */

struct customer {
    troupe_pid street;
};

static void
on_full(struct troupe_self *self, void *state, const struct barber_full *full)
{
    const struct customer *customer = state;

    (void)full;
    (void)troupe_tell(self, customer->street, barber_returned);
}

static void
on_wait(struct troupe_self *self, void *state, const struct barber_wait *wait)
{
    (void)self, (void)state, (void)wait;
}

static void
on_begins(
    struct troupe_self *self, void *state, const struct barber_begins *begins)
{
    (void)self, (void)state, (void)begins;
}

static void
on_haircut(
    struct troupe_self *self, void *state, const struct barber_done *done)
{
    const struct customer *customer = state;

    (void)done;
    (void)troupe_tell(self, customer->street, barber_done);
    (void)troupe_stop(self, troupe_self_pid(self));
}

TROUPE_BEHAVIOUR(barber_customer, sizeof(struct customer),
    TROUPE_ON(barber_full, on_full), TROUPE_ON(barber_wait, on_wait),
    TROUPE_ON(barber_begins, on_begins), TROUPE_ON(barber_done, on_haircut));

/* ---- the barber ---------------------------------------------------------- */

struct barber {
    troupe_pid collector;
    uint64_t sum;
    struct tp_random random;
};

static void
on_cut(struct troupe_self *self, void *state, const struct barber_cut *cut)
{
    struct barber *barber = state;

    (void)troupe_tell(self, cut->customer, barber_begins);
    barber->sum += work(&barber->random);
    (void)troupe_tell(self, cut->customer, barber_done);
    (void)troupe_tell(self, troupe_sender(self), barber_next);
}

static void
on_sleep(
    struct troupe_self *self, void *state, const struct barber_sleep *sleeps)
{
    (void)self, (void)state, (void)sleeps;
}

static void
on_barber_exit(
    struct troupe_self *self, void *state, const struct barber_exit *told)
{
    const struct barber *barber = state;

    (void)told;
    (void)troupe_tell(self, barber->collector, outcome, .value = barber->sum);
    (void)troupe_stop(self, troupe_self_pid(self));
}

TROUPE_BEHAVIOUR(barber, sizeof(struct barber), TROUPE_ON(barber_cut, on_cut),
    TROUPE_ON(barber_sleep, on_sleep), TROUPE_ON(barber_exit, on_barber_exit));

/* ---- the waiting room ---------------------------------------------------- */

struct room {
    troupe_pid barber;
    bool is_barber_awake;
    struct bench_fifo waiting;
};

static void
on_enter(
    struct troupe_self *self, void *state, const struct barber_enter *enter)
{
    struct room *room = state;

    if (room->waiting.count == SEATS_COUNT) {
        (void)troupe_tell(self, enter->customer, barber_full);
        return;
    }
    bench_fifo_push(&room->waiting, enter->customer);
    if (room->is_barber_awake) {
        (void)troupe_tell(self, enter->customer, barber_wait);
    } else {
        room->is_barber_awake = true;
        (void)troupe_tell(self, troupe_self_pid(self), barber_next);
    }
}

static void
on_next(struct troupe_self *self, void *state, const struct barber_next *next)
{
    struct room *room = state;
    troupe_pid customer;

    (void)next;
    room->is_barber_awake = bench_fifo_pop(&room->waiting, &customer);
    if (room->is_barber_awake) {
        (void)troupe_tell(self, room->barber, barber_cut, .customer = customer);
    } else {
        (void)troupe_tell(self, room->barber, barber_sleep);
    }
}

static void
on_room_exit(
    struct troupe_self *self, void *state, const struct barber_exit *told)
{
    const struct room *room = state;

    (void)told;
    (void)troupe_tell(self, room->barber, barber_exit);
}

static void
on_room_stop(
    struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    struct room *room = state;

    (void)self, (void)why;
    bench_fifo_fini(&room->waiting);
}

TROUPE_BEHAVIOUR(barber_room, sizeof(struct room),
    TROUPE_ON(barber_enter, on_enter), TROUPE_ON(barber_next, on_next),
    TROUPE_ON(barber_exit, on_room_exit), TROUPE_ON_STOP(on_room_stop));

/* ---- the street ---------------------------------------------------------- */

struct street {
    troupe_pid collector;
    troupe_pid room;
    uint64_t to_come;
    uint64_t to_leave;
    uint64_t sum;
    struct tp_random random;
};

static void
send_comer(struct troupe_self *self, struct street *street)
{
    const struct customer customer = {troupe_self_pid(self)};
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn_with(self, barber_customer,
        &TROUPE_SPAWN_OPTIONS(.state = &customer), &pid));
    (void)troupe_tell(self, street->room, barber_enter, .customer = pid);
    street->sum += work(&street->random);
    if (--street->to_come > 0) {
        (void)troupe_tell(self, troupe_self_pid(self), barber_next_comer);
    }
}

static void
on_next_comer(
    struct troupe_self *self, void *state, const struct barber_next_comer *next)
{
    (void)next;
    send_comer(self, state);
}

static void
on_returned(struct troupe_self *self, void *state,
    const struct barber_returned *returned)
{
    const struct street *street = state;

    (void)returned;
    (void)troupe_tell(
        self, street->room, barber_enter, .customer = troupe_sender(self));
}

static void
on_done(struct troupe_self *self, void *state, const struct barber_done *done)
{
    struct street *street = state;

    (void)done;
    if (--street->to_leave == 0) {
        (void)troupe_tell(
            self, street->collector, outcome, .value = street->sum);
        (void)troupe_tell(self, street->room, barber_exit);
    }
}

static void
on_start(struct troupe_self *self, void *state)
{
    struct street *street = state;
    struct barber barber = {.collector = street->collector};
    struct room room = {0};

    tp_random_init(&barber.random, SEED_OF_BARBER);
    TROUPE_CHECK(troupe_spawn_with(
        self, barber, &TROUPE_SPAWN_OPTIONS(.state = &barber), &room.barber));
    TROUPE_CHECK(troupe_spawn_with(self, barber_room,
        &TROUPE_SPAWN_OPTIONS(.state = &room), &street->room));
    send_comer(self, street);
}

TROUPE_BEHAVIOUR(barber_street, sizeof(struct street),
    TROUPE_ON_START(on_start), TROUPE_ON(barber_next_comer, on_next_comer),
    TROUPE_ON(barber_returned, on_returned), TROUPE_ON(barber_done, on_done));

static uint64_t
sum_of_work(uint64_t seed, uint64_t times)
{
    struct tp_random random;
    uint64_t sum = 0;

    tp_random_init(&random, seed);
    for (uint64_t i = 0; i < times; i++) {
        sum += work(&random);
    }
    return sum;
}

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    uint64_t haircuts = bench_play_at_least(bench->count, 1);
    struct street street = {
        .collector = bench_collector_spawn(bench, 2),
        .to_come = haircuts,
        .to_leave = haircuts,
    };

    tp_random_init(&street.random, SEED_OF_STREET);
    return bench_play(bench,
        &(struct bench_play){
            .first = &barber_street_behaviour,
            .state = &street,
            .collector = street.collector,
            .sum = sum_of_work(SEED_OF_STREET, haircuts) +
                   sum_of_work(SEED_OF_BARBER, haircuts),
            .units_count = haircuts,
        },
        result);
}

const struct bench bench_barber = {
    .name = "barber",
    .group = "savina",
    .question = "a barber, a waiting room, and customers",
    .unit = "ns/haircut",
    .count = 200000,
    .run = run,
};
