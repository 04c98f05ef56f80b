/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does a message to each of a group cost, and what would telling each?
 *
 * One actor tells `at` members the same again and again: by publishing it once,
 * or by a tell for each. The unit is a message that one member has handled.
 */
#include "bench/finish.h"

#include <stdlib.h>

enum {
    LARGE_BYTES = 4096,
    LARGE_SHARE = 8,   /* fewer of those by so much */
    STEP_COUNT = 1000, /* messages of one handler, unless a round is more */
    ROUNDS_MIN = 3,
};

#define TICK(FIELD) FIELD(uint64, number)
#define PAGE(FIELD) FIELD(uint64, number) FIELD(bin, bytes)
#define NUMBER(FIELD) FIELD(uint64, value)
#define FINISH(FIELD) FIELD(pid, finish)
TROUPE_MESSAGE(tick, TICK)
TROUPE_MESSAGE(page, PAGE)
TROUPE_MESSAGE(tell_rounds, NUMBER)
TROUPE_MESSAGE(tell_more, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(expect_last, FINISH)

/* How it is told; one run at a time, set before it. */
static struct {
    troupe_pid *members;
    uint64_t members_count;
    bool is_large;
    bool is_each;
} how;
static char bytes[LARGE_BYTES];

/* ---- who is told --------------------------------------------------------- */

struct member {
    troupe_pid finish;
    uint64_t count;
};

static void
on_expect_last(
    struct troupe_self *self, void *state, const struct expect_last *expect)
{
    struct member *member = state;

    (void)self;
    member->finish = expect->finish;
}

static void
count(struct troupe_self *self, struct member *member, uint64_t number)
{
    member->count++;
    if (number == 0) {
        (void)troupe_tell(
            self, member->finish, arrived, .value = member->count);
    }
}

static void
on_tick(struct troupe_self *self, void *state, const struct tick *tick)
{
    count(self, state, tick->number);
}

static void
on_page(struct troupe_self *self, void *state, const struct page *page)
{
    count(self, state, page->number + (page->bytes.size != LARGE_BYTES));
}

TROUPE_BEHAVIOUR(listener, sizeof(struct member), TROUPE_ON(tick, on_tick),
    TROUPE_ON(page, on_page), TROUPE_ON(expect_last, on_expect_last));

/* ---- who tells ----------------------------------------------------------- */

static void
publish(struct troupe_self *self, uint64_t number)
{
    if (how.is_large) {
        (void)troupe_publish(self, "members", page, .number = number,
            .bytes = {bytes, LARGE_BYTES});
    } else {
        (void)troupe_publish(self, "members", tick, .number = number);
    }
}

static void
tell_each(struct troupe_self *self, uint64_t number)
{
    for (uint64_t i = 0; i < how.members_count; i++) {
        if (how.is_large) {
            (void)troupe_tell(self, how.members[i], page, .number = number,
                .bytes = {bytes, LARGE_BYTES});
        } else {
            (void)troupe_tell(self, how.members[i], tick, .number = number);
        }
    }
}

static void
tell_step(struct troupe_self *self, uint64_t *rounds_left)
{
    uint64_t told_count = 0;

    while (*rounds_left > 0 && told_count < STEP_COUNT) {
        --*rounds_left;
        if (how.is_each) {
            tell_each(self, *rounds_left);
        } else {
            publish(self, *rounds_left);
        }
        told_count += how.members_count;
    }
    if (*rounds_left > 0) {
        (void)troupe_tell(self, troupe_self_pid(self), tell_more);
    }
}

static void
on_tell_rounds(
    struct troupe_self *self, void *state, const struct tell_rounds *rounds)
{
    uint64_t *rounds_left = state;

    *rounds_left = rounds->value;
    tell_step(self, rounds_left);
}

static void
on_tell_more(
    struct troupe_self *self, void *state, const struct tell_more *tell_more)
{
    (void)tell_more;
    tell_step(self, state);
}

TROUPE_BEHAVIOUR(publisher, sizeof(uint64_t),
    TROUPE_ON(tell_rounds, on_tell_rounds), TROUPE_ON(tell_more, on_tell_more));

/* ---- measuring ----------------------------------------------------------- */

static void
gather_members(const struct bench_case *bench, troupe_pid finish)
{
    how.members_count = bench->at;
    how.members = calloc(bench->at, sizeof(*how.members));
    TROUPE_CHECK(how.members == NULL ? TROUPE_E_NO_MEMORY : TROUPE_OK);
    for (uint64_t i = 0; i < bench->at; i++) {
        TROUPE_CHECK(troupe_spawn(bench->self, listener, &how.members[i]));
        TROUPE_CHECK(troupe_tell(
            bench->self, how.members[i], expect_last, .finish = finish));
        TROUPE_CHECK(troupe_join(bench->self, "members", how.members[i]));
    }
}

/* True: each member had what it should. */
static bool
lap(const struct bench_case *bench, troupe_pid publisher, troupe_pid finish,
    uint64_t rounds, uint64_t rounds_before)
{
    TROUPE_CHECK(
        troupe_tell(bench->self, publisher, tell_rounds, .value = rounds));
    return bench_finish_wait(bench, finish, bench->at) ==
           bench->at * (rounds_before + rounds);
}

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    uint64_t messages =
        how.is_large ? bench->count / LARGE_SHARE : bench->count;
    uint64_t rounds =
        messages / bench->at < ROUNDS_MIN ? ROUNDS_MIN : messages / bench->at;
    troupe_pid finish = bench_finish_spawn(bench);
    troupe_pid publisher;
    uint64_t start_ns;

    TROUPE_CHECK(troupe_spawn(bench->self, publisher, &publisher));
    gather_members(bench, finish);
    result->is_right = lap(bench, publisher, finish, 1, 0);
    start_ns = bench_now_ns();
    result->is_right &= lap(bench, publisher, finish, rounds, 1);
    result->value =
        (double)(bench_now_ns() - start_ns) / (double)(rounds * bench->at);
    free(how.members);
    return true;
}

static bool
run_small(const struct bench_case *bench, struct bench_result *result)
{
    how.is_each = how.is_large = false;
    return run(bench, result);
}

static bool
run_small_each(const struct bench_case *bench, struct bench_result *result)
{
    how.is_each = true;
    how.is_large = false;
    return run(bench, result);
}

static bool
run_large(const struct bench_case *bench, struct bench_result *result)
{
    how.is_each = false;
    how.is_large = true;
    return run(bench, result);
}

static bool
run_large_each(const struct bench_case *bench, struct bench_result *result)
{
    how.is_each = how.is_large = true;
    return run(bench, result);
}

static const struct bench_axis axis = {
    .name = "members",
    .points = (const uint64_t[]){1, 10, 1000, 100000, 0},
    .is_scaled = true,
};

#define BENCH(id, says, asks, does)                                            \
    const struct bench bench_##id = {                                          \
        .name = says,                                                          \
        .question = asks,                                                      \
        .unit = "ns/message",                                                  \
        .count = 2000000,                                                      \
        .floor_messages_count = 1,                                             \
        .axis = &axis,                                                         \
        .run = does,                                                           \
    }

BENCH(publish_small, "publish-small", "8 bytes published to", run_small);
BENCH(publish_small_each, "publish-small-each", "8 bytes told to each of",
    run_small_each);
BENCH(publish_large, "publish-large", "4 KiB published to", run_large);
BENCH(publish_large_each, "publish-large-each", "4 KiB told to each of",
    run_large_each);
