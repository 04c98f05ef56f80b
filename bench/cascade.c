/* SPDX-License-Identifier: BSD-2-Clause */
/* What does it cost that linked actors fall with one another? */
#include "bench/bench.h"

#include <stdatomic.h>

#define NUMBER(FIELD) FIELD(uint64, value)
#define LAST(FIELD) FIELD(pid, last)
TROUPE_MESSAGE(spawn_links, NUMBER)
TROUPE_MESSAGE(spawned, LAST)

enum { ASK_SECONDS = 60 };

static _Atomic(uint64_t) standing_count; /* but for the first */

static troupe_pid spawn_linked(struct troupe_self *self);

static void
on_spawn_links(
    struct troupe_self *self, void *state, const struct spawn_links *wanted)
{
    troupe_pid last = TROUPE_NO_PID;

    (void)state;
    for (uint64_t i = 0; i < wanted->value; i++) {
        last = spawn_linked(self);
    }
    (void)troupe_reply(self, spawned, .last = last);
}

static void
on_stop(struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    (void)state, (void)why;
    if (atomic_fetch_sub(&standing_count, 1) == 1) {
        troupe_runtime_quit(self);
    }
}

TROUPE_BEHAVIOUR(
    link, 0, TROUPE_ON(spawn_links, on_spawn_links), TROUPE_ON_STOP(on_stop));

static troupe_pid
spawn_linked(struct troupe_self *self)
{
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn_with(
        self, link, &TROUPE_SPAWN_OPTIONS(.link = true), &pid));
    return pid;
}

static troupe_pid
grow(const struct bench_case *bench, troupe_pid from, uint64_t count)
{
    struct spawned spawned = {0};

    TROUPE_CHECK(troupe_ask(bench->self, from, TROUPE_SECONDS(ASK_SECONDS),
        spawned, &spawned, spawn_links, .value = count));
    return spawned.last;
}

/* From the kill of the first to the end of the last. */
static bool
fell(const struct bench_case *bench, troupe_pid first,
    struct bench_result *result)
{
    uint64_t start_ns = bench_now_ns();

    TROUPE_CHECK(troupe_kill(bench->self, first));
    result->value = bench_wait_ns(bench, start_ns) / (double)bench->count;
    result->is_right = atomic_load(&standing_count) == 0;
    return true;
}

static bool
run_chain(const struct bench_case *bench, struct bench_result *result)
{
    troupe_pid first;
    troupe_pid last;

    atomic_store(&standing_count, bench->count - 1);
    TROUPE_CHECK(troupe_spawn(bench->self, link, &first));
    last = first;
    for (uint64_t i = 1; i < bench->count; i++) {
        last = grow(bench, last, 1);
    }
    return fell(bench, first, result);
}

static bool
run_star(const struct bench_case *bench, struct bench_result *result)
{
    troupe_pid first;

    atomic_store(&standing_count, bench->count - 1);
    TROUPE_CHECK(troupe_spawn(bench->self, link, &first));
    (void)grow(bench, first, bench->count - 1);
    return fell(bench, first, result);
}

const struct bench bench_cascade = {
    .name = "cascade",
    .question = "that a chain of linked actors falls",
    .unit = "ns/actor",
    .count = 100000,
    .run = run_chain,
};

const struct bench bench_cascade_star = {
    .name = "cascade-star",
    .question = "that all fall that are linked with one",
    .unit = "ns/actor",
    .count = 100000,
    .run = run_star,
};
