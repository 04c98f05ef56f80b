/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does it cost to sort by handing the values down a tree of actors, and
 * back?
 *
 * A sorter with 2,048 values or more takes the middle one for its pivot, makes
 * a sorter for the smaller ones and one for the larger, and puts their answers
 * together. One with fewer sorts them itself. Values travel in the messages: at
 * each level of the tree all of them are copied down once and up once.
 */
#include "bench/savina/memory.h"
#include "bench/savina/values.h"

enum { THRESHOLD = 2048, SMALLER = 0, LARGER = 1 };

#define VALUES(FIELD) FIELD(uint8, side) FIELD(bin, values)
TROUPE_MESSAGE(quicksort_sort, VALUES)
TROUPE_MESSAGE(quicksort_sorted, VALUES)

/* Values in memory of their own: in a message they need not be aligned. */
struct part {
    uint64_t *values;
    size_t count;
};

static struct part
part_create(size_t count)
{
    return (struct part){bench_memory(count, sizeof(uint64_t)), count};
}

static struct part
part_create_from(struct troupe_bin bytes)
{
    struct part part = part_create(bytes.size / sizeof(uint64_t));

    if (bytes.size > 0) {
        memcpy(part.values, bytes.data, bytes.size);
    }
    return part;
}

static struct troupe_bin
part_view(const struct part *part)
{
    return (struct troupe_bin){
        part->values, (uint32_t)(part->count * sizeof(part->values[0]))};
}

static void
part_append(struct part *part, const struct part *tail)
{
    if (tail->count > 0) {
        memcpy(part->values + part->count, tail->values,
            tail->count * sizeof(tail->values[0]));
    }
    part->count += tail->count;
}

/* ---- a sorter ------------------------------------------------------------ */

struct sorter {
    troupe_pid parent;
    uint8_t side; /* of its parent's pivot */
    uint8_t answers_count;
    uint64_t pivot;
    size_t pivots_count;  /* values equal to it */
    struct part sides[2]; /* sorted, once they have come */
};

TROUPE_BEHAVIOUR_DECLARE(quicksort_sorter);

static void
answer(struct troupe_self *self, const struct sorter *sorter,
    const struct part *sorted)
{
    (void)troupe_tell(self, sorter->parent, quicksort_sorted,
        .side = sorter->side, .values = part_view(sorted));
    (void)troupe_stop(self, troupe_self_pid(self));
}

static void
delegate(struct troupe_self *self, uint8_t side, const struct part *part)
{
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn(self, quicksort_sorter, &pid));
    (void)troupe_tell(
        self, pid, quicksort_sort, .side = side, .values = part_view(part));
}

static void
split(struct troupe_self *self, struct sorter *sorter, const struct part *all)
{
    struct part smaller = part_create(all->count);
    struct part larger = part_create(all->count);

    sorter->pivot = all->values[all->count / 2];
    smaller.count = larger.count = 0;
    for (size_t i = 0; i < all->count; i++) {
        if (all->values[i] < sorter->pivot) {
            smaller.values[smaller.count++] = all->values[i];
        } else if (all->values[i] > sorter->pivot) {
            larger.values[larger.count++] = all->values[i];
        }
    }
    sorter->pivots_count = all->count - smaller.count - larger.count;
    delegate(self, SMALLER, &smaller);
    delegate(self, LARGER, &larger);
    free(smaller.values);
    free(larger.values);
}

static void
on_sort(
    struct troupe_self *self, void *state, const struct quicksort_sort *sort)
{
    struct sorter *sorter = state;
    struct part all = part_create_from(sort->values);

    sorter->parent = troupe_sender(self);
    sorter->side = sort->side;
    if (all.count < THRESHOLD) {
        bench_values_sort(all.values, all.count);
        answer(self, sorter, &all);
    } else {
        split(self, sorter, &all);
    }
    free(all.values);
}

static void
join(struct troupe_self *self, const struct sorter *sorter)
{
    const struct part *smaller = &sorter->sides[SMALLER];
    const struct part *larger = &sorter->sides[LARGER];
    struct part all =
        part_create(smaller->count + sorter->pivots_count + larger->count);

    all.count = 0;
    part_append(&all, smaller);
    for (size_t i = 0; i < sorter->pivots_count; i++) {
        all.values[all.count++] = sorter->pivot;
    }
    part_append(&all, larger);
    answer(self, sorter, &all);
    free(all.values);
}

static void
on_sorted(
    struct troupe_self *self, void *state, const struct quicksort_sorted *told)
{
    struct sorter *sorter = state;

    sorter->sides[told->side] = part_create_from(told->values);
    if (++sorter->answers_count == 2) {
        join(self, sorter);
    }
}

static void
on_stop(struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    struct sorter *sorter = state;

    (void)self, (void)why;
    free(sorter->sides[SMALLER].values);
    free(sorter->sides[LARGER].values);
}

TROUPE_BEHAVIOUR(quicksort_sorter, sizeof(struct sorter),
    TROUPE_ON(quicksort_sort, on_sort), TROUPE_ON(quicksort_sorted, on_sorted),
    TROUPE_ON_STOP(on_stop));

/* ---- whose values they are ----------------------------------------------- */

struct owner {
    troupe_pid collector;
    uint64_t count;
};

static void
on_start(struct troupe_self *self, void *state)
{
    const struct owner *owner = state;
    struct part all = part_create(owner->count);
    struct tp_random random;

    bench_values_init(&random);
    for (size_t i = 0; i < all.count; i++) {
        all.values[i] = bench_values_draw(&random);
    }
    delegate(self, SMALLER, &all);
    free(all.values);
}

static void
on_all_sorted(
    struct troupe_self *self, void *state, const struct quicksort_sorted *told)
{
    const struct owner *owner = state;
    struct part all = part_create_from(told->values);
    uint64_t seal = 0;

    for (size_t i = 0; i < all.count; i++) {
        seal = bench_values_seal(seal, all.values[i]);
    }
    free(all.values);
    (void)troupe_tell(self, owner->collector, outcome, .value = seal);
}

TROUPE_BEHAVIOUR(quicksort_owner, sizeof(struct owner),
    TROUPE_ON_START(on_start), TROUPE_ON(quicksort_sorted, on_all_sorted));

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    struct owner owner = {
        bench_collector_spawn(bench, 1), bench_play_at_least(bench->count, 1)};

    return bench_play(bench,
        &(struct bench_play){
            .first = &quicksort_owner_behaviour,
            .state = &owner,
            .collector = owner.collector,
            .sum = bench_values_sorted_seal(owner.count),
            .units_count = owner.count,
        },
        result);
}

const struct bench bench_quicksort = {
    .name = "quicksort",
    .group = "savina",
    .question = "values go down a tree and back, sorted",
    .unit = "ns/value",
    .count = 1000000,
    .run = run,
};
