/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does a message cost when everybody talks to everybody?
 *
 * Each of 120 actors pings one of them, itself among them, waits for its pong
 * and pings the next. Who has had all its pongs goes on serving the others,
 * until the host has heard that all have. A pong of anybody but the one that
 * was pinged makes the result wrong.
 *
 * Nobody pings before everybody knows the others: what the host tells one guest
 * and what another guest tells it come in any order.
 */
#include "bench/collector.h"
#include "bench/sequence.h"

#include <string.h>

enum { GUESTS_COUNT = 120 };

#define GUEST(FIELD) FIELD(uint32, guest)
#define PARTY(FIELD) FIELD(pid, collector) FIELD(uint64, pings)
#define GUESTS(FIELD)                                                          \
    FIELD(uint32, guest)                                                       \
    FIELD(bin, guests) FIELD(pid, collector) FIELD(uint64, pings)
TROUPE_MESSAGE(big_ping, GUEST)
TROUPE_MESSAGE(big_pong, GUEST)
TROUPE_MESSAGE(meet_guests, GUESTS)
TROUPE_MESSAGE(met_guests, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(start_pinging, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(had_all, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(go_home, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(hold_party, PARTY)

struct guest {
    troupe_pid host;
    troupe_pid collector;
    uint64_t sequence;
    uint64_t left;
    uint64_t served;
    uint32_t guest;    /* which one this is */
    uint32_t expected; /* whose pong is to come */
    bool was_fooled;
    troupe_pid guests[GUESTS_COUNT];
};

static void
ping_next(struct troupe_self *self, struct guest *guest)
{
    if (guest->left == 0) {
        (void)troupe_tell(self, guest->host, had_all);
        return;
    }
    guest->left--;
    guest->expected =
        (uint32_t)bench_sequence_below(&guest->sequence, GUESTS_COUNT);
    (void)troupe_tell(
        self, guest->guests[guest->expected], big_ping, .guest = guest->guest);
}

static void
on_meet_guests(struct troupe_self *self, void *state,
    const struct meet_guests *meet_guests)
{
    struct guest *guest = state;

    guest->host = troupe_sender(self);
    guest->collector = meet_guests->collector;
    guest->guest = meet_guests->guest;
    guest->sequence = meet_guests->guest;
    guest->left = meet_guests->pings;
    memcpy(guest->guests, meet_guests->guests.data, sizeof(guest->guests));
    (void)troupe_tell(self, guest->host, met_guests);
}

static void
on_start_pinging(struct troupe_self *self, void *state,
    const struct start_pinging *start_pinging)
{
    (void)start_pinging;
    ping_next(self, state);
}

static void
on_big_ping(
    struct troupe_self *self, void *state, const struct big_ping *big_ping)
{
    struct guest *guest = state;

    guest->served++;
    (void)troupe_tell(
        self, guest->guests[big_ping->guest], big_pong, .guest = guest->guest);
}

static void
on_big_pong(
    struct troupe_self *self, void *state, const struct big_pong *big_pong)
{
    struct guest *guest = state;

    guest->was_fooled |= big_pong->guest != guest->expected;
    ping_next(self, guest);
}

static void
on_go_home(struct troupe_self *self, void *state, const struct go_home *go_home)
{
    struct guest *guest = state;

    (void)go_home;
    (void)troupe_tell(self, guest->collector, outcome,
        .value = guest->was_fooled ? 0 : guest->served);
    (void)troupe_stop(self, troupe_self_pid(self));
}

TROUPE_BEHAVIOUR(guest, sizeof(struct guest), TROUPE_ON(big_ping, on_big_ping),
    TROUPE_ON(big_pong, on_big_pong), TROUPE_ON(meet_guests, on_meet_guests),
    TROUPE_ON(start_pinging, on_start_pinging), TROUPE_ON(go_home, on_go_home));

struct host {
    troupe_pid guests[GUESTS_COUNT];
    unsigned met_count;
    unsigned had_all_count;
};

static void
on_hold_party(
    struct troupe_self *self, void *state, const struct hold_party *hold_party)
{
    struct host *host = state;

    for (uint32_t i = 0; i < GUESTS_COUNT; i++) {
        TROUPE_CHECK(troupe_spawn(self, guest, &host->guests[i]));
    }
    for (uint32_t i = 0; i < GUESTS_COUNT; i++) {
        (void)troupe_tell(self, host->guests[i], meet_guests, .guest = i,
            .guests = {host->guests, sizeof(host->guests)},
            .collector = hold_party->collector, .pings = hold_party->pings);
    }
}

static void
on_met_guests(
    struct troupe_self *self, void *state, const struct met_guests *met_guests)
{
    struct host *host = state;

    (void)met_guests;
    if (++host->met_count < GUESTS_COUNT) {
        return;
    }
    for (uint32_t i = 0; i < GUESTS_COUNT; i++) {
        (void)troupe_tell(self, host->guests[i], start_pinging);
    }
}

static void
on_had_all(struct troupe_self *self, void *state, const struct had_all *had_all)
{
    struct host *host = state;

    (void)had_all;
    if (++host->had_all_count < GUESTS_COUNT) {
        return;
    }
    for (uint32_t i = 0; i < GUESTS_COUNT; i++) {
        (void)troupe_tell(self, host->guests[i], go_home);
    }
}

TROUPE_BEHAVIOUR(host, sizeof(struct host),
    TROUPE_ON(hold_party, on_hold_party), TROUPE_ON(met_guests, on_met_guests),
    TROUPE_ON(had_all, on_had_all));

/* A ping and its pong are two messages. */
static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    uint64_t pings = bench->count / 2 / GUESTS_COUNT;
    troupe_pid sink = bench_collector_spawn(bench, GUESTS_COUNT);
    troupe_pid source;
    uint64_t start_ns;

    TROUPE_CHECK(troupe_spawn(bench->self, host, &source));
    start_ns = bench_now_ns();
    TROUPE_CHECK(troupe_tell(
        bench->self, source, hold_party, .collector = sink, .pings = pings));
    result->value =
        bench_wait_ns(bench, start_ns) / (double)(2 * pings * GUESTS_COUNT);
    result->is_right = bench_collector_sum(bench, sink) == pings * GUESTS_COUNT;
    return true;
}

const struct bench bench_big = {
    .name = "big",
    .question = "120 actors, all to all, ping and pong",
    .unit = "ns/message",
    .count = 1200000,
    .floor_messages_count = 1,
    .run = run,
};
