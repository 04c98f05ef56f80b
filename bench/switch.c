/* SPDX-License-Identifier: BSD-2-Clause */
/* What does it cost to go on on another stack? */
#include "base/fiber.h"
#include "bench/bench.h"

struct turns {
    struct tp_fiber fiber;
    uint64_t count;
};

static void
take_turns(void *argument)
{
    struct turns *turns = argument;

    for (;;) {
        turns->count++;
        tp_fiber_leave(&turns->fiber);
    }
}

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    struct tp_stack_pool pool = {.strongest = TP_STACK_MARKED};
    struct tp_stack *stack = tp_stack_take(&pool, TROUPE_STACK_BYTES);
    struct turns turns = {.count = 0};
    uint64_t rounds = bench->count / 2;
    uint64_t start_ns;

    if (stack == NULL) {
        return false;
    }
    tp_fiber_begin(&turns.fiber, stack, take_turns, &turns);
    start_ns = bench_now_ns();
    for (uint64_t i = 0; i < rounds; i++) {
        tp_fiber_enter(&turns.fiber);
    }
    result->value = (double)(bench_now_ns() - start_ns) / (double)bench->count;
    result->is_right = turns.count == rounds;
    tp_fiber_end(&turns.fiber);
    tp_stack_pool_fini(&pool);
    return true;
}

const struct bench bench_switch = {
    .name = "switch",
    .question = "from one stack to another",
    .unit = "ns/switch",
    .count = 20000000,
    .workers = BENCH_WORKERS_ONE,
    .run = run,
};
