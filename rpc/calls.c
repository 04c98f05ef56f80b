/* SPDX-License-Identifier: BSD-2-Clause */
#include "rpc/calls.h"

#include "troupe/memory.h"

enum { CAPACITY_MIN = 8 };

static struct tp_rpc_call *
place_of(struct tp_rpc_call *places, uint32_t capacity, uint32_t id)
{
    return &places[id & (capacity - 1)];
}

static bool
grow(struct troupe_self *self, struct tp_rpc_calls *calls)
{
    uint32_t capacity =
        calls->capacity == 0 ? CAPACITY_MIN : calls->capacity * 2;
    struct tp_rpc_call *places = troupe_alloc(self, capacity * sizeof(*places));

    if (places == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < calls->capacity; i++) {
        if (calls->places[i].request != NULL) {
            *place_of(places, capacity, calls->places[i].id) = calls->places[i];
        }
    }
    troupe_free(self, calls->places);
    calls->places = places;
    calls->capacity = capacity;
    return true;
}

struct tp_rpc_call *
tp_rpc_calls_add(struct troupe_self *self, struct tp_rpc_calls *calls)
{
    struct tp_rpc_call *place;

    if (calls->count >= calls->capacity / 2 && !grow(self, calls)) {
        return NULL;
    }
    do {
        calls->next_id++;
        place = place_of(calls->places, calls->capacity, calls->next_id);
    } while (place->request != NULL || calls->next_id == 0);
    place->id = calls->next_id;
    calls->count++;
    return place;
}

static void
take(struct tp_rpc_calls *calls, struct tp_rpc_call *place,
    struct tp_rpc_call *call)
{
    *call = *place;
    place->request = NULL;
    calls->count--;
}

bool
tp_rpc_calls_take(
    struct tp_rpc_calls *calls, uint32_t id, struct tp_rpc_call *call)
{
    struct tp_rpc_call *place;

    if (calls->count == 0) {
        return false;
    }
    place = place_of(calls->places, calls->capacity, id);
    if (place->request == NULL || place->id != id) {
        return false;
    }
    take(calls, place, call);
    return true;
}

bool
tp_rpc_calls_take_late(
    struct tp_rpc_calls *calls, uint64_t now_ns, struct tp_rpc_call *call)
{
    for (uint32_t i = 0; i < calls->capacity && calls->count > 0; i++) {
        struct tp_rpc_call *place = &calls->places[i];

        if (place->request != NULL && place->deadline_ns <= now_ns) {
            take(calls, place, call);
            return true;
        }
    }
    return false;
}
