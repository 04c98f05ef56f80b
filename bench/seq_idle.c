/* SPDX-License-Identifier: BSD-2-Clause */
/* What does a process weigh that waits, and how many addresses does it take? */
#include "bench/bench.h"

#define NUMBER(FIELD) FIELD(uint64, value)
TROUPE_MESSAGE(make_waiters, NUMBER)
TROUPE_MESSAGE(made, NUMBER)

static void
wait_for_ever(struct troupe_self *self, void *state)
{
    const struct troupe_message *message;

    (void)state;
    while (troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK) {
        troupe_decline(self);
    }
}

TROUPE_PROCESS(waiter, 16, wait_for_ever);

static void
on_make_waiters(struct troupe_self *self, void *state,
    const struct make_waiters *make_waiters)
{
    (void)state;
    for (uint64_t i = 0; i < make_waiters->value; i++) {
        troupe_pid pid;

        TROUPE_CHECK(troupe_spawn(self, waiter, &pid));
    }
    (void)troupe_reply(self, made, .value = make_waiters->value);
}

TROUPE_BEHAVIOUR(waiter_maker, 0, TROUPE_ON(make_waiters, on_make_waiters));

/* Their bodies wait, too: each has begun. */
static bool
has_begun(const struct bench_case *bench)
{
    uint64_t since_ns = bench_now_ns();
    struct troupe_stacks stacks = TROUPE_STACKS;

    do {
        troupe_stacks_count(bench->runtime, &stacks);
    } while (stacks.taken_count < bench->count &&
             bench_now_ns() - since_ns < TROUPE_SECONDS(60));
    return stacks.taken_count == bench->count;
}

static bool
make(const struct bench_case *bench)
{
    struct made made = {0};
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn(bench->self, waiter_maker, &pid));
    TROUPE_CHECK(troupe_ask(bench->self, pid, TROUPE_SECONDS(60), made, &made,
        make_waiters, .value = bench->count));
    return has_begun(bench);
}

static bool
weigh(const struct bench_case *bench, struct bench_result *result)
{
    uint64_t resident = bench_resident_bytes();
    uint64_t addresses = bench_virtual_bytes();
    double count = (double)bench->count;

    result->is_right = make(bench);
    result->parts[0].value =
        (double)(bench_resident_bytes() - resident) / count;
    result->parts[1].value =
        (double)(bench_virtual_bytes() - addresses) / count;
    return true;
}

static const char *const parts[] = {"resident", "virtual", NULL};

const struct bench bench_seq_idle = {
    .name = "seq-idle",
    .question = "what a process weighs that waits",
    .unit = "bytes/actor",
    .count = 100000,
    .parts = parts,
    .run = weigh,
};
