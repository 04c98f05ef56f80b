/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: no news of an end is lost or doubled, and two actors always agree
 * whether they are linked.
 *
 * Method: small programs of two and three actors that link, watch, undo both,
 * and end, run in every order. Bonds share nothing but mailboxes, which keep
 * the order of each sender whatever workers do (test_inbox_sleep), so the
 * orders that matter are those in which messages are handled. The simulation
 * runs the code that ships; here it asks this file, not chance, who is next,
 * and each turn is one message. After each order, when nothing is left to do,
 * what has been told is compared with what has happened, and the tables of
 * those who are alive with each other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"

static uint64_t choose(uint64_t limit);

/* The simulation's chance. */
#define tp_random_below(random, limit) ((void)(random), choose(limit))
#include "scheduler/simulation.c"
#include "scheduler/worker.c"
#undef tp_random_below

#include "actors/runtime.h"
#include "tests/support/check.h"
#include "troupe/troupe.h"

#include <string.h>

enum { ACTORS_MAX = 3, CHOICES_COUNT_MAX = 64, ORDERS_MAX = 100000 };

/* ---- every order --------------------------------------------------------- */

static struct {
    uint64_t choices[CHOICES_COUNT_MAX];
    uint64_t limits[CHOICES_COUNT_MAX];
    unsigned count; /* made in this run */
    unsigned given; /* of them, the first so many repeat the last run's */
    bool is_open;   /* false: all are born first, in one order */
} order;

/* Who is next is one of a few; how long a turn takes, and how many messages it
 * has, is always the least. */
static uint64_t
choose(uint64_t limit)
{
    uint64_t choice = 0;

    if (!order.is_open || limit <= 1 || limit > ACTORS_MAX + 1) {
        return 0;
    }
    CHECK(order.count < CHOICES_COUNT_MAX);
    if (order.count < order.given) {
        choice = order.choices[order.count];
    }
    order.choices[order.count] = choice;
    order.limits[order.count] = limit;
    order.count++;
    return choice;
}

/* The next order in the dictionary; false: there is none. */
static bool
go_on(void)
{
    unsigned place = order.count;

    while (
        place > 0 && order.choices[place - 1] + 1 == order.limits[place - 1]) {
        place--;
    }
    if (place == 0) {
        return false;
    }
    order.choices[place - 1]++;
    order.given = place;
    return true;
}

/* ---- programs ------------------------------------------------------------ */

enum verb { LINK = 1, UNLINK, WATCH, LOOK_AWAY, FAIL, STOP, KILL };

struct cue {
    enum verb verb;
    int whom;
};

/* What each actor does, in this order, a message each: what others send comes
 * between. */
struct program {
    int actors_count;
    bool traps[ACTORS_MAX];
    struct cue cues[ACTORS_MAX][5];
};

#define PLACE(FIELD) FIELD(uint32, place)
TROUPE_MESSAGE(act, PLACE)

struct part {
    int number;
};

static const struct program *program;
static troupe_pid pids[ACTORS_MAX];
static struct {
    bool has_ended;
    bool watches[ACTORS_MAX];   /* now, by its own account */
    unsigned downs[ACTORS_MAX]; /* news since it began to watch */
    unsigned exits[ACTORS_MAX]; /* news of linked ones */
} parts[ACTORS_MAX];

static struct troupe_runtime *runtime;

/* Ends of one kind that an actor has at home: how many, and which. */
struct ends {
    unsigned count;
    uint64_t numbers_sum;
};

static void
add_line(struct ends *ends, const struct troupe_message *end,
    enum tp_message_kind kind, troupe_pid other)
{
    for (; end != NULL; end = end->next) {
        if (end->kind == kind && end->sender == other) {
            ends->count++;
            ends->numbers_sum += end->request;
        }
    }
}

static struct ends
look_at_ends(int number, enum tp_message_kind kind, troupe_pid other)
{
    const struct tp_actor *actor =
        tp_registry_find(&runtime->registry, pids[number]);
    struct ends ends = {0, 0};
    const struct tp_bonds *bonds;

    if (actor->extension == NULL) {
        return ends;
    }
    bonds = &actor->extension->bonds;
    add_line(&ends, bonds->single, kind, other);
    for (uint32_t i = 0; bonds->lines != NULL && i <= bonds->mask; i++) {
        add_line(&ends, bonds->lines[i], kind, other);
    }
    return ends;
}

static void
on_down(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_down *down)
{
    const struct part *part = state;

    (void)self;
    CHECK(down->actor == pids[context]);
    CHECK(parts[part->number].watches[context]);
    parts[part->number].watches[context] = false;
    CHECK(++parts[part->number].downs[context] == 1);
}

static troupe_monitor_id monitors[ACTORS_MAX];

static void
on_act(struct troupe_self *self, void *state, const struct act *act)
{
    const struct part *part = state;
    int me = part->number;
    const struct cue *cue = &program->cues[me][act->place];
    int whom = cue->whom;

    if (cue[1].verb != 0) {
        CHECK(troupe_tell(self, pids[me], act, .place = act->place + 1) ==
              TROUPE_OK);
    }
    switch (cue->verb) {
    case LINK: /* with one that has ended is told anew */
        parts[me].exits[whom] = 0;
        CHECK(troupe_link(self, pids[whom]) == TROUPE_OK);
        break;
    case UNLINK:
        troupe_unlink(self, pids[whom]);
        CHECK(look_at_ends(me, TP_MESSAGE_EXIT, pids[whom]).count == 0);
        break;
    case WATCH:
        CHECK(troupe_monitor(self, pids[whom], on_down, (uint64_t)whom,
                  &monitors[me]) == TROUPE_OK);
        parts[me].watches[whom] = true;
        parts[me].downs[whom] = 0;
        break;
    case LOOK_AWAY:
        troupe_demonitor(self, &monitors[me]);
        parts[me].watches[whom] = false;
        parts[me].downs[whom] = 1; /* none is to come */
        break;
    case FAIL:
        troupe_fail(self, me, "its part is over");
        break;
    case STOP:
        CHECK(troupe_stop(self, pids[me]) == TROUPE_OK);
        break;
    case KILL:
        CHECK(troupe_kill(self, pids[whom]) == TROUPE_OK);
        break;
    }
}

static void
on_exit_of_friend(struct troupe_self *self, void *state, troupe_pid actor,
    const struct troupe_exit *why)
{
    const struct part *part = state;

    (void)self, (void)why;
    for (int i = 0; i < program->actors_count; i++) {
        parts[part->number].exits[i] += actor == pids[i];
    }
}

TROUPE_BEHAVIOUR(plain, sizeof(struct part), TROUPE_ON(act, on_act));
TROUPE_BEHAVIOUR(trapper, sizeof(struct part), TROUPE_ON(act, on_act),
    TROUPE_ON_EXIT(on_exit_of_friend));

/* ---- what holds at rest -------------------------------------------------- */

static bool
is_alive(int number)
{
    const struct tp_actor *actor =
        tp_registry_find(&runtime->registry, pids[number]);

    return actor->pid == pids[number];
}

/* Whether each end of the one has its other end with the other. */
static void
match(int me, enum tp_message_kind mine, int other, enum tp_message_kind theirs,
    unsigned count_max)
{
    struct ends here = look_at_ends(me, mine, pids[other]);
    struct ends there = look_at_ends(other, theirs, pids[me]);

    CHECK(here.count == there.count);
    CHECK(here.numbers_sum == there.numbers_sum);
    CHECK(here.count <= count_max);
}

static void
look_at_pair(int me, int other)
{
    bool watches = parts[me].watches[other];

    CHECK(parts[me].exits[other] <= 1);
    if (is_alive(other)) {
        match(me, TP_MESSAGE_EXIT, other, TP_MESSAGE_EXIT, 2);
        match(me, TP_MESSAGE_DEMONITOR, other, TP_MESSAGE_DOWN, watches);
        CHECK(look_at_ends(me, TP_MESSAGE_DEMONITOR, pids[other]).count ==
              watches);
        CHECK(parts[me].exits[other] == 0);
    } else {
        CHECK(look_at_ends(me, TP_MESSAGE_EXIT, pids[other]).count == 0);
        CHECK(look_at_ends(me, TP_MESSAGE_DEMONITOR, pids[other]).count == 0);
        CHECK(look_at_ends(me, TP_MESSAGE_DOWN, pids[other]).count == 0);
        CHECK(!watches);
    }
}

static void
look_at_all(void)
{
    for (int me = 0; me < program->actors_count; me++) {
        for (int other = 0; other < program->actors_count; other++) {
            if (me != other && is_alive(me)) {
                look_at_pair(me, other);
            }
        }
    }
}

/* ---- running ------------------------------------------------------------- */

static void
go_to_rest(void)
{
    while (tp_simulation_step(runtime->scheduler, UINT64_MAX)) {
    }
}

static void
begin(void)
{
    struct troupe_self *self;

    memset(parts, 0, sizeof(parts));
    CHECK(troupe_runtime_create(&TROUPE_OPTIONS(.simulate = true, .seed = 1,
                                    .actors_count_max = 64),
              &runtime) == TROUPE_OK);
    self = troupe_thread_self(runtime);
    for (int i = 0; i < program->actors_count; i++) {
        struct part part = {i};
        struct troupe_spawn_options options =
            TROUPE_SPAWN_OPTIONS(.state = &part);

        CHECK(troupe_spawn_behaviour(self,
                  program->traps[i] ? &trapper_behaviour : &plain_behaviour,
                  &options, &pids[i]) == TROUPE_OK);
    }
    CHECK(troupe_runtime_start(runtime) == TROUPE_OK);
    order.is_open = false;
    go_to_rest();
    order.is_open = true;
    for (int i = 0; i < program->actors_count; i++) {
        if (program->cues[i][0].verb != 0) {
            CHECK(troupe_tell(self, pids[i], act, .place = 0) == TROUPE_OK);
        }
    }
}

static void
ignore_line(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static void
run_all(const struct program *wanted)
{
    unsigned orders_count = 0;

    program = wanted;
    order.given = 0;
    do {
        order.count = 0;
        begin();
        runtime->log = (struct tp_log){ignore_line, NULL, TROUPE_LOG_INFO};
        go_to_rest();
        look_at_all();
        troupe_runtime_destroy(&runtime);
        orders_count++;
        CHECK(orders_count < ORDERS_MAX);
    } while (go_on());
    print_message("%u orders\n", orders_count);
    assert_true(orders_count > 10);
}

/* ---- the programs -------------------------------------------------------- */

enum { A, B, C };

static void
two_that_link_with_each_other_agree(void **state)
{
    static const struct program programs[] = {
        {2, {true, true},
            {{{LINK, B}, {UNLINK, B}, {LINK, B}}, {{LINK, A}, {UNLINK, A}}}},
        {2, {true, true}, {{{LINK, B}, {UNLINK, B}, {FAIL, A}}, {{LINK, A}}}},
        {2, {true, false},
            {{{LINK, B}, {UNLINK, B}, {LINK, B}}, {{LINK, A}, {STOP, B}}}},
        {2, {false, false},
            {{{LINK, B}, {KILL, B}, {LINK, B}}, {{LINK, A}, {FAIL, B}}}},
        {2, {true, true},
            {{{LINK, B}, {KILL, B}, {UNLINK, B}, {LINK, B}}, {{LINK, A}}}},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        run_all(&programs[i]);
    }
}

static void
a_watcher_is_told_once_or_has_looked_away(void **state)
{
    static const struct program programs[] = {
        {2, {false, false},
            {{{WATCH, B}, {LOOK_AWAY, B}, {WATCH, B}}, {{FAIL, B}}}},
        {2, {false, false},
            {{{WATCH, B}, {LOOK_AWAY, B}, {WATCH, B}, {LOOK_AWAY, B}},
                {{WATCH, A}}}},
        {2, {false, false}, {{{WATCH, B}, {KILL, B}}, {{WATCH, A}, {STOP, B}}}},
        {3, {false, false, false}, {{{WATCH, C}, {LOOK_AWAY, C}}, {{KILL, C}}}},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        run_all(&programs[i]);
    }
}

static void
three_that_fall_with_each_other_tell_each_survivor_once(void **state)
{
    static const struct program programs[] = {
        {3, {true, false, true}, {{{LINK, B}}, {{LINK, C}, {FAIL, B}}}},
        {3, {false, false, true}, {{{LINK, B}, {FAIL, A}}, {{LINK, C}}}},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        run_all(&programs[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_that_link_with_each_other_agree),
        cmocka_unit_test(a_watcher_is_told_once_or_has_looked_away),
        cmocka_unit_test(
            three_that_fall_with_each_other_tell_each_survivor_once),
    };

    return cmocka_run_group_tests_name("bonds", tests, NULL, NULL);
}
