/* SPDX-License-Identifier: BSD-2-Clause */
/* false-sharing: counters that share a cache line, and nothing else. */
#include "lab/lab.h"
#include "lab/system.h"
#include "lab/threads.h"
#include "lab/timing.h"

#include <stdlib.h>

enum { LINE_BYTES = 64, COUNTERS_COUNT = 2 };

/* ---- broken: side by side ------------------------------------------------ */

struct adjacent {
    volatile uint64_t value;
};

/* ---- mended: a line each ------------------------------------------------- */

struct padded {
    volatile uint64_t value;
} __attribute__((aligned(LINE_BYTES)));

/* ---- two threads that count, each its own -------------------------------- */

struct job {
    volatile uint64_t *counters[COUNTERS_COUNT];
    uint64_t rounds_count;
};

static void
count_up(void *context, unsigned index)
{
    const struct job *job = context;
    volatile uint64_t *counter = job->counters[index];

    threads_bind(index);
    for (uint64_t i = 0; i < job->rounds_count; i++) {
        *counter = *counter + 1;
    }
}

static uint64_t
lines_of(const struct job *job)
{
    uintptr_t one = (uintptr_t)job->counters[0] / LINE_BYTES;
    uintptr_t other = (uintptr_t)job->counters[1] / LINE_BYTES;

    return one == other ? 1 : 2;
}

struct result {
    double ns_each;
    uint64_t lines_count;
    uint64_t sum;
};

static struct result
count_with(uint64_t rounds_count, bool is_padded)
{
    static struct adjacent adjacent[COUNTERS_COUNT]
        __attribute__((aligned(LINE_BYTES)));
    static struct padded padded[COUNTERS_COUNT];
    struct job job = {.rounds_count = rounds_count};
    uint64_t start_ns;

    for (int i = 0; i < COUNTERS_COUNT; i++) {
        job.counters[i] = is_padded ? &padded[i].value : &adjacent[i].value;
        *job.counters[i] = 0;
    }
    start_ns = timing_now_ns();
    if (!threads_run(COUNTERS_COUNT, count_up, &job)) {
        abort();
    }
    return (struct result){
        (double)(timing_now_ns() - start_ns) / (double)rounds_count,
        lines_of(&job), *job.counters[0] + *job.counters[1]};
}

/* ---- actors: each counts in its own slot --------------------------------- */

#define ROUNDS(FIELD) FIELD(uint64, count)
TROUPE_MESSAGE(count_to, ROUNDS)
TROUPE_MESSAGE(counted, ROUNDS)

static void
on_count_to(
    struct troupe_self *self, void *state, const struct count_to *count_to)
{
    volatile uint64_t *counter = state;

    for (uint64_t i = 0; i < count_to->count; i++) {
        *counter = *counter + 1;
    }
    (void)troupe_reply(self, counted, .count = *counter);
}

TROUPE_BEHAVIOUR(
    own_counter, sizeof(uint64_t), TROUPE_ON(count_to, on_count_to));

struct pair {
    uint64_t sum;
    unsigned left;
};

static struct pair pair; /* of the actor `both`, for main when it has quit */
static uint64_t rounds_of_each;

static void
on_counted(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct counted counted;

    (void)state;
    (void)context;
    TROUPE_CHECK(counted_from(answer, &counted));
    pair.sum += counted.count;
    if (--pair.left == 0) {
        troupe_runtime_quit(self);
    }
}

static void
on_both_start(struct troupe_self *self, void *state)
{
    (void)state;
    pair = (struct pair){0, COUNTERS_COUNT};
    for (int i = 0; i < COUNTERS_COUNT; i++) {
        troupe_pid pid;

        TROUPE_CHECK(troupe_spawn(self, own_counter, &pid));
        TROUPE_CHECK(troupe_ask_then(self, pid, TROUPE_SECONDS(600), on_counted,
            0, count_to, .count = rounds_of_each));
    }
}

TROUPE_BEHAVIOUR(both, 0, TROUPE_ON_START(on_both_start));

static struct result
count_by_actors(uint64_t rounds_count)
{
    struct troupe_self *self = system_begin(NULL);
    uint64_t start_ns = timing_now_ns();
    troupe_pid pid;
    double ns_each;

    rounds_of_each = rounds_count;
    TROUPE_CHECK(troupe_spawn(self, both, &pid));
    system_wait();
    ns_each = (double)(timing_now_ns() - start_ns) / (double)rounds_count;
    system_end(NULL);
    return (struct result){ns_each, COUNTERS_COUNT, pair.sum};
}

static void
tell(struct lab_report *report, const char *who, const struct result *result)
{
    lab_measured(report, who, "one increment", "ns", result->ns_each);
}

static void
run(struct lab_report *report)
{
    uint64_t rounds_count = lab_size(report, 100000000, 10000);
    struct result adjacent = count_with(rounds_count, false);
    struct result padded = count_with(rounds_count, lab_is_fixed(report));
    struct result actors = count_by_actors(rounds_count);

    tell(report, "side by side", &adjacent);
    tell(report, "a line each", &padded);
    tell(report, "actors", &actors);
    lab_expect_equal(report, "cache lines of two counters side by side", 1,
        adjacent.lines_count);
    lab_expect_equal(
        report, "cache lines of two that are padded", 2, padded.lines_count);
    lab_expect_equal(report, "increments counted side by side",
        COUNTERS_COUNT * rounds_count, adjacent.sum);
    lab_expect_equal(report, "increments counted by actors",
        COUNTERS_COUNT * rounds_count, actors.sum);
    lab_say(report,
        "Two threads on two processors, each with a counter of its own; "
        "nothing "
        "is shared but the 64 bytes that processors hand each other. Actors "
        "have two lines each, so they cannot meet in one.");
    if (timing_processors_count() < COUNTERS_COUNT) {
        lab_conclude(report, LAB_NOT_SHOWN,
            "There is one processor here: no line travels.");
        return;
    }
    lab_conclude(report,
        adjacent.ns_each > 1.5 * padded.ns_each ? LAB_HOLDS : LAB_DOES_NOT_HOLD,
        "An increment takes %.1f ns side by side and %.1f ns with a line each.",
        adjacent.ns_each, padded.ns_each);
}

const struct lab lab_false_sharing = {
    .name = "false-sharing",
    .claim = "Two counters that share nothing slow each other down if they are "
             "neighbours.",
    .drawn = "ns",
    .duration_s = 2,
    .run = run,
};
