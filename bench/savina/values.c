/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/savina/values.h"
#include "bench/savina/memory.h"

enum { SEED = 2048, BITS = 60 };

void
bench_values_init(struct tp_random *random)
{
    tp_random_init(random, SEED);
}

uint64_t
bench_values_draw(struct tp_random *random)
{
    return tp_random_u64(random) >> (64 - BITS);
}

uint64_t
bench_values_seal(uint64_t seal, uint64_t value)
{
    return (seal ^ value) * UINT64_C(0x100000001b3) + 1;
}

static int
by_value(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

void
bench_values_sort(uint64_t *values, size_t count)
{
    qsort(values, count, sizeof(values[0]), by_value);
}

uint64_t
bench_values_sorted_seal(size_t count)
{
    uint64_t *values = bench_memory(count, sizeof(values[0]));
    struct tp_random random;
    uint64_t seal = 0;

    bench_values_init(&random);
    for (size_t i = 0; i < count; i++) {
        values[i] = bench_values_draw(&random);
    }
    bench_values_sort(values, count);
    for (size_t i = 0; i < count; i++) {
        seal = bench_values_seal(seal, values[i]);
    }
    free(values);
    return seal;
}

struct checker {
    troupe_pid collector;
    uint64_t left;
    uint64_t seal;
};

static void
on_value(struct troupe_self *self, void *state, const struct sort_value *told)
{
    struct checker *checker = state;

    checker->seal = bench_values_seal(checker->seal, told->value);
    if (--checker->left == 0) {
        (void)troupe_tell(
            self, checker->collector, outcome, .value = checker->seal);
        (void)troupe_stop(self, troupe_self_pid(self));
    }
}

TROUPE_BEHAVIOUR(
    values_checker, sizeof(struct checker), TROUPE_ON(sort_value, on_value));

troupe_pid
bench_values_spawn_checker(
    struct troupe_self *self, troupe_pid collector, uint64_t count)
{
    const struct checker checker = {collector, count, 0};
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn_with(
        self, values_checker, &TROUPE_SPAWN_OPTIONS(.state = &checker), &pid));
    return pid;
}
