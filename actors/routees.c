/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/routees.h"

#include "actors/self.h"
#include "base/assert.h"
#include "base/hash.h"
#include "base/random.h"
#include "troupe/memory.h"

#include <string.h>

size_t
tp_routees_find(const struct tp_routees *routees, troupe_pid pid)
{
    size_t i = 0;

    while (i < routees->count && routees->items[i].pid != pid) {
        i++;
    }
    return i;
}

static bool
grow(struct troupe_self *self, struct tp_routees *routees)
{
    size_t capacity = routees->capacity == 0 ? 8 : 2 * routees->capacity;
    struct tp_routee *items = troupe_realloc(
        self, routees->items, capacity * sizeof(routees->items[0]));

    if (items == NULL) {
        return false;
    }
    routees->items = items;
    routees->capacity = capacity;
    return true;
}

bool
tp_routees_add(struct troupe_self *self, struct tp_routees *routees,
    const struct tp_routee *routee)
{
    if (routees->count == routees->capacity && !grow(self, routees)) {
        return false;
    }
    routees->items[routees->count] = *routee;
    routees->items[routees->count].hash = tp_hash_mix(routee->pid);
    routees->count++;
    return true;
}

void
tp_routees_remove(struct tp_routees *routees, size_t index)
{
    TP_ASSERT(index < routees->count);
    routees->count--;
    memmove(routees->items + index, routees->items + index + 1,
        (routees->count - index) * sizeof(routees->items[0]));
    if (index < routees->next) {
        routees->next--;
    }
    if (routees->next == routees->count) {
        routees->next = 0;
    }
}

static size_t
choose_in_turn(struct tp_routees *routees)
{
    size_t chosen = routees->next++;

    if (routees->next == routees->count) {
        routees->next = 0;
    }
    return chosen;
}

static size_t
choose_by_chance(struct troupe_self *self, size_t count)
{
    return (size_t)tp_random_below(&self->random, count);
}

static size_t
choose_by_load(struct troupe_self *self, const struct tp_routees *routees)
{
    size_t one;
    size_t other;

    if (routees->count == 1) {
        return 0;
    }
    one = choose_by_chance(self, routees->count);
    other = choose_by_chance(self, routees->count - 1);
    other += other >= one;
    return tp_routee_load(&routees->items[other]) <
                   tp_routee_load(&routees->items[one])
               ? other
               : one;
}

static size_t
choose_by_key(const struct tp_routees *routees, uint64_t key)
{
    uint64_t mixed = tp_hash_mix(key);
    uint64_t heaviest = 0;
    size_t chosen = 0;

    for (size_t i = 0; i < routees->count; i++) {
        uint64_t weight = tp_hash_mix(mixed ^ routees->items[i].hash);

        if (weight > heaviest) {
            heaviest = weight;
            chosen = i;
        }
    }
    return chosen;
}

size_t
tp_routees_choose(struct troupe_self *self, struct tp_routees *routees,
    enum troupe_route kind, uint64_t key)
{
    TP_ASSERT(routees->count > 0);
    switch (kind) {
    case TROUPE_ROUTE_RANDOM:
        return choose_by_chance(self, routees->count);
    case TROUPE_ROUTE_LEAST_LOADED:
        return choose_by_load(self, routees);
    case TROUPE_ROUTE_CONSISTENT_HASH:
        return choose_by_key(routees, key);
    case TROUPE_ROUTE_ROUND_ROBIN:
        break;
    }
    return choose_in_turn(routees);
}
