/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/load/flights.h"

#include <stdlib.h>

bool
bank_flights_init(struct bank_flights *flights, uint32_t count)
{
    *flights = (struct bank_flights){.count = count, .free_count = count};
    flights->places = calloc(count, sizeof(*flights->places));
    flights->free = calloc(count, sizeof(*flights->free));
    if (flights->places == NULL || flights->free == NULL) {
        bank_flights_fini(flights);
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        flights->places[i].id = i;
        flights->free[i] = (uint16_t)i;
    }
    return true;
}

void
bank_flights_fini(struct bank_flights *flights)
{
    free(flights->places);
    free(flights->free);
    *flights = (struct bank_flights){.count = 0};
}

uint32_t
bank_flights_count(const struct bank_flights *flights)
{
    return flights->count - flights->free_count;
}

uint32_t
bank_flights_begin(struct bank_flights *flights,
    const struct bank_request *request, uint64_t due_ns)
{
    struct bank_flight *flight =
        &flights->places[flights->free[flights->free_at]];

    flights->free_at = (flights->free_at + 1) % flights->count;
    flights->free_count--;
    flight->id += BANK_FLIGHTS_MAX;
    flight->due_ns = due_ns;
    flight->cents = request->cents;
    flight->kind = (uint8_t)request->kind;
    flight->is_taken = true;
    return flight->id;
}

bool
bank_flights_end(
    struct bank_flights *flights, uint32_t id, struct bank_flight *flight)
{
    uint32_t place = id % BANK_FLIGHTS_MAX;

    if (place >= flights->count || !flights->places[place].is_taken ||
        flights->places[place].id != id) {
        return false;
    }
    *flight = flights->places[place];
    flights->places[place].is_taken = false;
    flights->free[(flights->free_at + flights->free_count) % flights->count] =
        (uint16_t)place;
    flights->free_count++;
    flights->next = (flights->next + 1) % flights->count;
    return true;
}

uint32_t
bank_flights_first(const struct bank_flights *flights)
{
    return flights->places[flights->next].id;
}
