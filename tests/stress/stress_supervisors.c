/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: while children fail, crash, stop and are killed with their supervisors,
 * each message to them is handled once or a dead letter once, and handled if
 * the child is one that comes back; each monitor fires once; nobody stands
 * still.
 *
 * Method: trees of all strategies with two thousand children on four workers.
 * Feeders tell children numbers, of which many are the end of the life that
 * handles them. Supervisors of one tree give up again and again, so that those
 * above start them anew with new children; some mailboxes are so small that
 * feeders are paused on children between two lives; one tree is stopped on the
 * way, and one killed. A watcher has a monitor for each child whose pid stays.
 */
#include <stdio.h>

#include "tests/support/check.h"
#include "tests/support/fault.h"
#include "tests/support/sanitized.h"
#include "troupe/troupe.h"

#define NUMBER(FIELD) FIELD(uint64, number)
TROUPE_MESSAGE(item, NUMBER)
TROUPE_MESSAGE(burst, NUMBER)
TROUPE_MESSAGE(greet, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(watch_all, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(watched, TROUPE_NO_FIELDS)

enum {
    LARGE_TREES = 4, /* one for one */
    SMALL_TREES = 4, /* two of each of the other strategies */
    TREES = LARGE_TREES + SMALL_TREES,
    LARGE = 480,
    SMALL = 20,
    CHILDREN = LARGE_TREES * LARGE + SMALL_TREES * SMALL,
    INNER_TREES = 4,
    INNER = 5,
    LEAVES = INNER_TREES * INNER,
    FEEDERS = 4,
    NUMBERS_EACH = FEWER(50000),
    NUMBERS = FEEDERS * NUMBERS_EACH,
    BURST = 20,
    FAIL_EVERY = 37,
    CRASH_EVERY = 211,
    STOP_EVERY = 53,
};

static unsigned char times_handled[NUMBERS]; /* atomics, all of these */
static bool is_to_be_handled[NUMBERS];       /* by its feeder */
static uint64_t ended_by[3];                 /* FAILED, CRASHED, stopped */
static unsigned char times_down[CHILDREN];
static troupe_pid leaves[LEAVES];

static struct troupe_child children[CHILDREN];
static struct troupe_supervisor trees[TREES];
static troupe_pid roots[TREES];
static troupe_pid pids[CHILDREN];

static uint64_t
add(uint64_t *count)
{
    return __atomic_add_fetch(count, 1, __ATOMIC_RELAXED);
}

/* ---- children ------------------------------------------------------------ */

struct child {
    uint64_t leaf; /* 1 + its number; 0: none */
    char is_alive;
};

static void
on_start(struct troupe_self *self, void *state)
{
    struct child *child = state;

    CHECK(!child->is_alive);
    child->is_alive = 1;
    if (child->leaf > 0) {
        __atomic_store_n(
            &leaves[child->leaf - 1], troupe_self_pid(self), __ATOMIC_RELEASE);
    }
}

static void
on_item(struct troupe_self *self, void *state, const struct item *item)
{
    struct child *child = state;

    CHECK(child->is_alive);
    CHECK(__atomic_add_fetch(
              &times_handled[item->number], 1, __ATOMIC_RELAXED) == 1);
    if (item->number % FAIL_EVERY == 0) {
        (void)add(&ended_by[0]);
        troupe_fail(self, 1, "number %d", (int)item->number);
    } else if (item->number % CRASH_EVERY == 0) {
        (void)add(&ended_by[1]);
        fault_do(FAULT_NULL);
    } else if (item->number % STOP_EVERY == 0) {
        (void)add(&ended_by[2]);
        CHECK(troupe_stop(self, troupe_self_pid(self)) == TROUPE_OK);
    }
}

static void
on_greet(struct troupe_self *self, void *state, const struct greet *greet)
{
    (void)self, (void)state, (void)greet;
}

static void
on_stop(struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    struct child *child = state;

    (void)self, (void)why;
    CHECK(child->is_alive);
    child->is_alive = 0;
}
TROUPE_BEHAVIOUR(child, sizeof(struct child), TROUPE_ON_START(on_start),
    TROUPE_ON_STOP(on_stop), TROUPE_ON(item, on_item),
    TROUPE_ON(greet, on_greet));

/* ---- who watches --------------------------------------------------------- */

static void
on_down(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_down *down)
{
    (void)self, (void)state;
    CHECK(down->actor == pids[context]);
    CHECK(down->why->kind != TROUPE_EXIT_NO_SUCH_ACTOR);
    CHECK(++times_down[context] == 1);
}

static void
on_watch_all(
    struct troupe_self *self, void *state, const struct watch_all *watch_all)
{
    (void)state, (void)watch_all;
    for (uint64_t i = 0; i < CHILDREN; i++) {
        CHECK(troupe_monitor(self, pids[i], on_down, i, NULL) == TROUPE_OK);
    }
    CHECK(troupe_reply(self, watched) == TROUPE_OK);
}
TROUPE_BEHAVIOUR(watcher, 0, TROUPE_ON(watch_all, on_watch_all));

/* ---- who feeds ----------------------------------------------------------- */

/* Whether it can end for good before the runtime does. */
static bool
is_lasting(uint64_t index)
{
    return index >= 2 * LARGE && children[index].restart == TROUPE_PERMANENT;
}

static troupe_pid
choose(struct troupe_self *self, uint64_t number)
{
    uint64_t tree = troupe_random_below(self, TREES + 1);
    uint64_t index;

    if (tree == TREES) {
        return __atomic_load_n(
            &leaves[troupe_random_below(self, LEAVES)], __ATOMIC_ACQUIRE);
    }
    index = tree < LARGE_TREES
                ? tree * LARGE + troupe_random_below(self, LARGE)
                : LARGE_TREES * LARGE + (tree - LARGE_TREES) * SMALL +
                      troupe_random_below(self, SMALL);
    is_to_be_handled[number] = is_lasting(index);
    return pids[index];
}

static void
on_burst(struct troupe_self *self, void *state, const struct burst *burst)
{
    uint64_t number = burst->number;

    (void)state;
    for (int i = 0; i < BURST; i++, number++) {
        CHECK(troupe_tell(self, choose(self, number), item, .number = number) ==
              TROUPE_OK);
    }
    if (number == NUMBERS_EACH / 2) {
        CHECK(troupe_kill(self, roots[0]) == TROUPE_OK);
    } else if (number == NUMBERS_EACH / 4 * 3) {
        CHECK(troupe_stop(self, roots[1]) == TROUPE_OK);
    }
    if (number % NUMBERS_EACH != 0) {
        CHECK(troupe_tell(self, troupe_self_pid(self), burst,
                  .number = number) == TROUPE_OK);
    }
}
TROUPE_BEHAVIOUR(feeder, 0, TROUPE_ON(burst, on_burst));

/* ---- the trees ----------------------------------------------------------- */

static void
plant(struct troupe_self *self)
{
    unsigned first = 0;

    for (unsigned i = 0; i < CHILDREN; i++) {
        struct troupe_child made =
            TROUPE_CHILD(.name = "child", .behaviour = &child_behaviour,
                .mailbox.messages_high = i % 3 == 0 ? 0 : 8,
                .restart = i % 10 == 0   ? TROUPE_TRANSIENT
                           : i % 31 == 0 ? TROUPE_TEMPORARY
                                         : TROUPE_PERMANENT);

        children[i] = made;
    }
    for (unsigned i = 0; i < TREES; i++) {
        struct troupe_supervisor made =
            TROUPE_SUPERVISOR(.strategy = i < LARGE_TREES ? TROUPE_ONE_FOR_ONE
                                          : i % 2 == 0    ? TROUPE_ONE_FOR_ALL
                                                          : TROUPE_REST_FOR_ONE,
                .restarts_max = NUMBERS, .backoff_ns = i % 2 * TROUPE_US(50),
                .backoff_ns_max = TROUPE_US(200), .children = &children[first],
                .children_count = i < LARGE_TREES ? LARGE : SMALL);

        trees[i] = made;
        TROUPE_CHECK(
            troupe_supervise(self, &trees[i], &roots[i], &pids[first]));
        first += made.children_count;
    }
}

static void
plant_nested(struct troupe_self *self)
{
    static struct child states[LEAVES];
    static struct troupe_child leaf_children[LEAVES];
    static struct troupe_supervisor inner[INNER_TREES];
    static struct troupe_child inner_children[INNER_TREES];
    static struct troupe_supervisor outer =
        TROUPE_SUPERVISOR(.restarts_max = NUMBERS);
    troupe_pid pid;

    for (unsigned i = 0; i < LEAVES; i++) {
        struct troupe_child made = TROUPE_CHILD(.name = "leaf",
            .behaviour = &child_behaviour, .state = &states[i]);

        states[i].leaf = i + 1;
        leaf_children[i] = made;
        leaves[i] = pids[i]; /* until it has started */
    }
    for (unsigned i = 0; i < INNER_TREES; i++) {
        struct troupe_supervisor made = TROUPE_SUPERVISOR(.restarts_max = i,
            .strategy = (enum troupe_strategy)(i % 3),
            .children = &leaf_children[i * INNER], .children_count = INNER);
        struct troupe_child child =
            TROUPE_CHILD(.name = "inner", .supervisor = &inner[i]);

        inner[i] = made;
        inner_children[i] = child;
    }
    outer.children = inner_children;
    outer.children_count = INNER_TREES;
    TROUPE_CHECK(troupe_supervise(self, &outer, &pid, NULL));
}

/* Until each child has started, and handled what it was sent so far. */
static void
wait_for_children(struct troupe_self *self)
{
    for (unsigned i = 0; i < CHILDREN; i++) {
        struct greet unread;

        CHECK(troupe_ask(self, pids[i], TROUPE_SECONDS(60), greet, &unread,
                  greet) == TROUPE_E_NO_REPLY);
    }
}

static void
watch(struct troupe_self *self)
{
    struct watched unread;
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn(self, watcher, &pid));
    TROUPE_CHECK(
        troupe_ask(self, pid, TROUPE_SECONDS(60), watched, &unread, watch_all));
}

static void
check(const struct troupe_stop_report *report)
{
    const uint64_t *dead = report->dead_letters_count;
    uint64_t handled_count = 0;
    uint64_t dead_count = 0;

    CHECK(report->is_drained);
    for (int i = 0; i < NUMBERS; i++) {
        CHECK(times_handled[i] == 1 || !is_to_be_handled[i]);
        handled_count += times_handled[i];
    }
    for (int i = 0; i < TROUPE_DEAD_LETTER_CAUSES_COUNT; i++) {
        dead_count += dead[i];
    }
    CHECK(dead[TROUPE_DEAD_LETTER_FAILED] == ended_by[0]);
    CHECK(dead[TROUPE_DEAD_LETTER_CRASHED] == ended_by[1]);
    /* The rest is of those who were gone for good. */
    CHECK(dead_count ==
          ended_by[0] + ended_by[1] + dead[TROUPE_DEAD_LETTER_NO_SUCH_ACTOR]);
    CHECK(handled_count + dead[TROUPE_DEAD_LETTER_NO_SUCH_ACTOR] == NUMBERS);
    for (int i = 0; i < CHILDREN; i++) {
        CHECK(times_down[i] == 1);
    }
    CHECK(report->actors_alive_count == FEEDERS + 1);
    printf("%d numbers: %d handled, %d to the dead; %d lives ended early\n",
        NUMBERS, (int)handled_count,
        (int)dead[TROUPE_DEAD_LETTER_NO_SUCH_ACTOR],
        (int)(ended_by[0] + ended_by[1] + ended_by[2]));
}

static void
ignore(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

static void
children_fail_and_only_what_they_fail_on_is_lost(void)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    struct troupe_runtime *runtime;
    struct troupe_self *self;

    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.workers_count = 4, .log = ignore), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    plant(self);
    plant_nested(self);
    watch(self);
    wait_for_children(self);
    for (uint64_t i = 0; i < FEEDERS; i++) {
        troupe_pid pid;

        TROUPE_CHECK(troupe_spawn(self, feeder, &pid));
        TROUPE_CHECK(troupe_tell(self, pid, burst, .number = i * NUMBERS_EACH));
    }
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(100), &report));
    troupe_runtime_destroy(&runtime);
    check(&report);
}

int
main(void)
{
    children_fail_and_only_what_they_fail_on_is_lost();
    return 0;
}
