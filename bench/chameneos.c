/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does a message cost when pairs meet through one actor?
 *
 * A chameneo enters the mall; the first of each two is told of the second, both
 * take on the colour that the two had not, and enter again. After so many
 * meetings the mall sends each away, which then reports its own meetings: two
 * for each meeting, together.
 */
#include "bench/collector.h"

enum { CHAMENEOS_COUNT = 100, COLOURS_COUNT = 3 };

#define COLOUR(FIELD) FIELD(uint8, colour)
#define MEET(FIELD) FIELD(uint8, colour) FIELD(pid, other)
#define BEGIN(FIELD) FIELD(uint8, colour) FIELD(pid, collector)
#define MALL(FIELD) FIELD(pid, collector) FIELD(uint64, meetings)
TROUPE_MESSAGE(begin_life, BEGIN)
TROUPE_MESSAGE(enter_mall, COLOUR)
TROUPE_MESSAGE(meet, MEET)
TROUPE_MESSAGE(change_colour, COLOUR)
TROUPE_MESSAGE(leave_mall, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(open_mall, MALL)

struct chameneo {
    troupe_pid mall;
    troupe_pid collector;
    uint64_t meetings;
    uint8_t colour;
};

/* The same for two of the same colour, else the third. */
static uint8_t
complement(uint8_t one, uint8_t other)
{
    return one == other ? one : (uint8_t)(COLOURS_COUNT - one - other);
}

static void
enter(struct troupe_self *self, const struct chameneo *chameneo)
{
    (void)troupe_tell(
        self, chameneo->mall, enter_mall, .colour = chameneo->colour);
}

static void
on_begin_life(
    struct troupe_self *self, void *state, const struct begin_life *begin_life)
{
    struct chameneo *chameneo = state;

    chameneo->mall = troupe_sender(self);
    chameneo->collector = begin_life->collector;
    chameneo->colour = begin_life->colour;
    enter(self, chameneo);
}

static void
on_meet(struct troupe_self *self, void *state, const struct meet *meet)
{
    struct chameneo *chameneo = state;

    chameneo->colour = complement(chameneo->colour, meet->colour);
    chameneo->meetings++;
    (void)troupe_tell(
        self, meet->other, change_colour, .colour = chameneo->colour);
    enter(self, chameneo);
}

static void
on_change_colour(struct troupe_self *self, void *state,
    const struct change_colour *change_colour)
{
    struct chameneo *chameneo = state;

    chameneo->colour = change_colour->colour;
    chameneo->meetings++;
    enter(self, chameneo);
}

static void
on_leave_mall(
    struct troupe_self *self, void *state, const struct leave_mall *leave_mall)
{
    struct chameneo *chameneo = state;

    (void)leave_mall;
    (void)troupe_tell(
        self, chameneo->collector, outcome, .value = chameneo->meetings);
    (void)troupe_stop(self, troupe_self_pid(self));
}

TROUPE_BEHAVIOUR(chameneo, sizeof(struct chameneo), TROUPE_ON(meet, on_meet),
    TROUPE_ON(change_colour, on_change_colour),
    TROUPE_ON(begin_life, on_begin_life), TROUPE_ON(leave_mall, on_leave_mall));

struct mall {
    troupe_pid waiting; /* TROUPE_NO_PID: nobody */
    uint64_t meetings_left;
};

static void
on_open_mall(
    struct troupe_self *self, void *state, const struct open_mall *open_mall)
{
    struct mall *mall = state;

    mall->waiting = TROUPE_NO_PID;
    mall->meetings_left = open_mall->meetings;
    for (int i = 0; i < CHAMENEOS_COUNT; i++) {
        troupe_pid pid;

        TROUPE_CHECK(troupe_spawn(self, chameneo, &pid));
        (void)troupe_tell(self, pid, begin_life,
            .colour = (uint8_t)(i % COLOURS_COUNT),
            .collector = open_mall->collector);
    }
}

static void
on_enter_mall(
    struct troupe_self *self, void *state, const struct enter_mall *enter_mall)
{
    struct mall *mall = state;
    troupe_pid comer = troupe_sender(self);

    if (mall->meetings_left == 0) {
        (void)troupe_tell(self, comer, leave_mall);
    } else if (mall->waiting == TROUPE_NO_PID) {
        mall->waiting = comer;
    } else {
        (void)troupe_tell(self, mall->waiting, meet,
            .colour = enter_mall->colour, .other = comer);
        mall->waiting = TROUPE_NO_PID;
        mall->meetings_left--;
    }
}

TROUPE_BEHAVIOUR(mall, sizeof(struct mall),
    TROUPE_ON(enter_mall, on_enter_mall), TROUPE_ON(open_mall, on_open_mall));

/* A meeting is four messages: two that enter, one to meet, one to change. */
static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    uint64_t meetings = bench->count / 4;
    troupe_pid sink = bench_collector_spawn(bench, CHAMENEOS_COUNT);
    troupe_pid source;
    uint64_t start_ns;

    TROUPE_CHECK(troupe_spawn(bench->self, mall, &source));
    start_ns = bench_now_ns();
    TROUPE_CHECK(troupe_tell(bench->self, source, open_mall, .collector = sink,
        .meetings = meetings));
    result->value = bench_wait_ns(bench, start_ns) / (double)(4 * meetings);
    result->is_right = bench_collector_sum(bench, sink) == 2 * meetings;
    return true;
}

const struct bench bench_chameneos = {
    .name = "chameneos",
    .question = "100 actors meet in pairs through one",
    .unit = "ns/message",
    .count = 2000000,
    .floor_messages_count = 1,
    .run = run,
};
