/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flights: the requests of one connection that are not answered yet.
 *
 * Each has a place, and there are as many places as requests may be in flight.
 * Its id is its place and how often that was taken, so that an answer that
 * nobody waits for is known as one. Places that become free are taken again in
 * that order: where answers come in the order of the requests the places go
 * round, and the next answer's is known without an id.
 *
 *     every function    one thread at a time
 */
#ifndef TROUPE_BANK_LOAD_FLIGHTS_H
#define TROUPE_BANK_LOAD_FLIGHTS_H

#include "examples/bank/load/request.h"

#include <stdbool.h>
#include <stdint.h>

enum { BANK_FLIGHTS_MAX = 1 << 14 };

struct bank_flight {
    uint64_t due_ns; /* when it was to be sent */
    int64_t cents;
    uint32_t id;
    uint8_t kind; /* enum bank_request_kind */
    bool is_taken;
};

struct bank_flights {
    struct bank_flight *places;
    uint16_t *free; /* a ring of places, the first to be taken at free_at */
    uint32_t count; /* of places */
    uint32_t free_at;
    uint32_t free_count;
    uint32_t next; /* the place of the next answer, where they come in order */
};

/* count: 1 to BANK_FLIGHTS_MAX. False: out of memory, and nothing to fini. */
bool bank_flights_init(struct bank_flights *flights, uint32_t count);
void bank_flights_fini(struct bank_flights *flights);

/* How many are in flight. */
uint32_t bank_flights_count(const struct bank_flights *flights);

/* One more, of which there is room: free_count > 0. Returns its id. */
uint32_t bank_flights_begin(struct bank_flights *flights,
    const struct bank_request *request, uint64_t due_ns);

/* Its answer has come: true, and it is in *flight. False: there is no such one.
 */
bool bank_flights_end(
    struct bank_flights *flights, uint32_t id, struct bank_flight *flight);

/* The id of the one that was begun first, where answers come in order; any
 * other if none is in flight. */
uint32_t bank_flights_first(const struct bank_flights *flights);

#endif
