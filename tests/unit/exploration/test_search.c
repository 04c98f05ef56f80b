/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: of all orders the search takes exactly one of each class, and so it
 * does of all beginnings of orders.
 *
 * Method: small systems by chance, of processes that send when they take. All
 * orders are enumerated by brute force, and each is reduced to what its
 * processes could tell: who sent what each of them took, in order. Whatever is
 * left must be what the search has found, each once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "exploration/search.h"
#include "tests/support/check.h"

enum {
    PROCESSES_COUNT = 3,
    TAKES_MAX = 8, /* in an order */
    SENDS_MAX = 2, /* when a message is taken */
    CLASSES_MAX = 40000,
    SYSTEMS_COUNT = 300,
    EVERYTHING = TP_EFFECT_EVERYTHING,
};

/* ---- systems ------------------------------------------------------------- */

/* To whom a process sends when it takes its n-th message; -1: to nobody. */
struct rules {
    int first[PROCESSES_COUNT]
             [PROCESSES_COUNT]; /* who sends to whom at first */
    int to[PROCESSES_COUNT][TAKES_MAX][SENDS_MAX];
    int effects[PROCESSES_COUNT]; /* of what it takes first */
};

struct world {
    int waiting[PROCESSES_COUNT][PROCESSES_COUNT]; /* from, to */
    int taken[PROCESSES_COUNT];
    int sender[PROCESSES_COUNT][TAKES_MAX];
    int steps[TAKES_MAX]; /* those that have effects, in order */
    int steps_count;
    int count;
};

static void
make_rules(struct rules *rules, uint64_t seed)
{
    struct tp_random random;

    tp_random_init(&random, seed);
    memset(rules, 0, sizeof(*rules));
    for (int i = 0; i < 4; i++) {
        rules->first[tp_random_below(&random, PROCESSES_COUNT)]
                    [tp_random_below(&random, PROCESSES_COUNT)]++;
    }
    for (int p = 0; p < PROCESSES_COUNT; p++) {
        rules->effects[p] =
            tp_random_below(&random, 3) == 0 ? TP_EFFECT_CHANCE : 0;
        for (int n = 0; n < TAKES_MAX; n++) {
            for (int i = 0; i < SENDS_MAX; i++) {
                rules->to[p][n][i] =
                    (int)tp_random_below(&random, 5 * PROCESSES_COUNT);
                if (rules->to[p][n][i] >= PROCESSES_COUNT || n >= 2) {
                    rules->to[p][n][i] = -1;
                }
            }
        }
    }
}

static void
begin(struct world *world, const struct rules *rules)
{
    memset(world, 0, sizeof(*world));
    memcpy(world->waiting, rules->first, sizeof(world->waiting));
}

static int
effects_of(const struct world *world, const struct rules *rules, int to)
{
    return world->taken[to] == 0 ? rules->effects[to] : 0;
}

static void
take(struct world *world, const struct rules *rules, int from, int to)
{
    int n = world->taken[to];

    CHECK(n < TAKES_MAX && world->count < TAKES_MAX);
    if (effects_of(world, rules, to) != 0) {
        world->steps[world->steps_count++] = to;
    }
    world->waiting[from][to]--;
    world->sender[to][n] = from;
    world->taken[to]++;
    world->count++;
    for (int i = 0; i < SENDS_MAX; i++) {
        if (rules->to[to][n][i] >= 0) {
            world->waiting[to][rules->to[to][n][i]]++;
        }
    }
}

/* What the processes could tell. */
static uint64_t
class_of(const struct world *world)
{
    uint64_t hash = 1;

    for (int p = 0; p < PROCESSES_COUNT; p++) {
        for (int n = 0; n < world->taken[p]; n++) {
            hash = hash * 11 + (uint64_t)world->sender[p][n] + 1;
        }
        hash = hash * 11 + 5;
    }
    for (int i = 0; i < world->steps_count; i++) {
        hash = hash * 11 + (uint64_t)world->steps[i] + 6;
    }
    return hash;
}

/* ---- classes ------------------------------------------------------------- */

struct classes {
    uint64_t members[CLASSES_MAX];
    size_t count;
};

static struct classes all;
static struct classes found;

static bool
has(const struct classes *classes, uint64_t class)
{
    for (size_t i = 0; i < classes->count; i++) {
        if (classes->members[i] == class) {
            return true;
        }
    }
    return false;
}

static void
add(struct classes *classes, uint64_t class)
{
    CHECK(classes->count < CLASSES_MAX);
    classes->members[classes->count++] = class;
}

/* ---- by brute force ------------------------------------------------------ */

/* Beginnings too, which are told apart from each other by their lengths. */
static void
enumerate(const struct world *world, const struct rules *rules)
{
    uint64_t class = class_of(world);

    if (!has(&all, class)) {
        add(&all, class);
    }
    if (world->count == TAKES_MAX) {
        return;
    }
    for (int from = 0; from < PROCESSES_COUNT; from++) {
        for (int to = 0; to < PROCESSES_COUNT; to++) {
            struct world next = *world;

            if (world->waiting[from][to] > 0) {
                take(&next, rules, from, to);
                enumerate(&next, rules);
            }
        }
    }
}

/* ---- by the search ------------------------------------------------------- */

static size_t
offer(const struct world *world, struct tp_offer *offers)
{
    size_t count = 0;

    for (uint32_t from = 0; from < PROCESSES_COUNT; from++) {
        for (uint32_t to = 0; to < PROCESSES_COUNT; to++) {
            if (world->waiting[from][to] > 0) {
                offers[count++] =
                    (struct tp_offer){.choice = {.queue = from, .slot = to}};
            }
        }
    }
    return count;
}

static void
take_step(
    struct world *world, const struct rules *rules, struct tp_choice *step)
{
    int to = (int)step->slot;

    step->effects = (uint8_t)effects_of(world, rules, to);
    take(world, rules, (int)step->queue, to);
}

static void
note_found(const struct world *world)
{
    CHECK(!has(&found, class_of(world)));
    add(&found, class_of(world));
}

static void
run_one(struct tp_search *search, const struct rules *rules)
{
    struct tp_offer offers[PROCESSES_COUNT * PROCESSES_COUNT];
    size_t given_count = tp_search_steps_count(search);
    struct world world;
    bool is_open = true;

    begin(&world, rules);
    for (size_t i = 0; i < given_count; i++) {
        take_step(&world, rules, tp_search_step(search, i));
    }
    note_found(&world);
    while (is_open && world.count < TAKES_MAX) {
        size_t count = offer(&world, offers);

        if (count == 0) {
            return;
        }
        CHECK(tp_search_open(search, offers, count, &is_open) == TROUPE_OK);
        if (is_open) {
            take_step(
                &world, rules, tp_search_step(search, (size_t)world.count));
            note_found(&world);
        }
    }
}

static void
each_class_is_found_once_and_each_of_its_beginnings(void **state)
{
    size_t largest = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SYSTEMS_COUNT; seed++) {
        struct tp_search search = {0};
        struct rules rules;
        struct world world;

        make_rules(&rules, seed);
        all.count = 0;
        found.count = 0;
        begin(&world, &rules);
        enumerate(&world, &rules);
        do {
            run_one(&search, &rules);
        } while (tp_search_advance(&search, TAKES_MAX));
        tp_search_fini(&search);
        assert_int_equal(found.count, all.count);
        largest = found.count > largest ? found.count : largest;
    }
    assert_true(largest > 100);
    assert_int_equal(tp_memory_blocks_count(), 0);
}

/* Four that commute with nothing: 4! orders, each at its end. */
static void
what_everything_depends_on_has_every_order(void **state)
{
    struct tp_search search = {0};
    int orders_count = 0;

    (void)state;
    do {
        bool is_left[4] = {true, true, true, true};
        bool is_open = true;

        for (size_t i = 0; i < 4 && is_open; i++) {
            struct tp_offer offers[4];
            struct tp_choice *step;
            size_t count = 0;

            for (uint32_t slot = 0; slot < 4; slot++) {
                if (is_left[slot]) {
                    offers[count++] =
                        (struct tp_offer){.choice = {.slot = slot}};
                }
            }
            if (i >= tp_search_steps_count(&search)) {
                assert_int_equal(
                    tp_search_open(&search, offers, count, &is_open),
                    TROUPE_OK);
            }
            if (is_open) {
                step = tp_search_step(&search, i);
                step->effects = EVERYTHING;
                is_left[step->slot] = false;
            }
        }
        orders_count += is_open;
    } while (tp_search_advance(&search, 4));
    tp_search_fini(&search);
    assert_int_equal(orders_count, 24);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_class_is_found_once_and_each_of_its_beginnings),
        cmocka_unit_test(what_everything_depends_on_has_every_order),
    };

    return cmocka_run_group_tests_name("search", tests, NULL, NULL);
}
