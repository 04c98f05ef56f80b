/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does an actor cost that asks two others, and so on down?
 *
 * The n-th number of Fibonacci by its definition: an actor for each call. Each
 * spawns one for n - 1 and one for n - 2, adds up what they say, tells its
 * parent and stops.
 */
#include "bench/savina/play.h"

#define REQUEST(FIELD) FIELD(uint32, index)
#define ANSWER(FIELD) FIELD(uint64, value)
TROUPE_MESSAGE(fibonacci_request, REQUEST)
TROUPE_MESSAGE(fibonacci_answer, ANSWER)

struct adder {
    troupe_pid parent;
    uint64_t sum;
    unsigned left;
};

TROUPE_BEHAVIOUR_DECLARE(fibonacci_adder);

static void
ask(struct troupe_self *self, uint32_t index)
{
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn(self, fibonacci_adder, &pid));
    (void)troupe_tell(self, pid, fibonacci_request, .index = index);
}

static void
answer(struct troupe_self *self, const struct adder *adder)
{
    (void)troupe_tell(
        self, adder->parent, fibonacci_answer, .value = adder->sum);
    (void)troupe_stop(self, troupe_self_pid(self));
}

static void
on_request(struct troupe_self *self, void *state,
    const struct fibonacci_request *request)
{
    struct adder *adder = state;

    adder->parent = troupe_sender(self);
    if (request->index <= 2) {
        adder->sum = 1;
        answer(self, adder);
        return;
    }
    adder->left = 2;
    ask(self, request->index - 1);
    ask(self, request->index - 2);
}

static void
on_answer(struct troupe_self *self, void *state,
    const struct fibonacci_answer *answered)
{
    struct adder *adder = state;

    adder->sum += answered->value;
    if (--adder->left == 0) {
        answer(self, adder);
    }
}

TROUPE_BEHAVIOUR(fibonacci_adder, sizeof(struct adder),
    TROUPE_ON(fibonacci_request, on_request),
    TROUPE_ON(fibonacci_answer, on_answer));

struct asker {
    troupe_pid collector;
    uint32_t index;
};

static void
on_start(struct troupe_self *self, void *state)
{
    const struct asker *asker = state;

    ask(self, asker->index);
}

static void
on_last_answer(struct troupe_self *self, void *state,
    const struct fibonacci_answer *answered)
{
    const struct asker *asker = state;

    (void)troupe_tell(
        self, asker->collector, outcome, .value = answered->value);
}

TROUPE_BEHAVIOUR(fibonacci_asker, sizeof(struct asker),
    TROUPE_ON_START(on_start), TROUPE_ON(fibonacci_answer, on_last_answer));

/* For the n-th number there are twice as many actors as it is large, less one:
 * as many leaves as that, and the nodes above them. */
static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    struct asker asker = {bench_collector_spawn(bench, 1), 2};
    uint64_t number = 1;
    uint64_t next = 2;

    while (2 * next - 1 <= bench->count) {
        uint64_t after = number + next;

        number = next;
        next = after;
        asker.index++;
    }
    return bench_play(bench,
        &(struct bench_play){
            .first = &fibonacci_asker_behaviour,
            .state = &asker,
            .collector = asker.collector,
            .sum = number,
            .units_count = 2 * number - 1,
        },
        result);
}

const struct bench bench_fibonacci = {
    .name = "fibonacci",
    .group = "savina",
    .question = "an actor for each call of the recursion",
    .unit = "ns/actor",
    .count = 2000000,
    .run = run,
};
