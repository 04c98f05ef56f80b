/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does an actor cost in a tree that grows by chance, and is then visited?
 *
 * Each new node asks the root whether it may have children, ten or none. The
 * root draws that, and how long each of them will have to compute, until there
 * is no room for ten more. When all have asked, every node is visited from its
 * parent, computes, and tells the root. Half of the families have a child that
 * is urgent, which its visit says and nothing else comes of.
 *
 * Who asks first is chance, but not how often the root says yes: so the size of
 * the tree is known, and what all compute together.
 */
#include "base/random.h"
#include "bench/savina/play.h"
#include "bench/sequence.h"

enum {
    CHILDREN_COUNT = 10,
    STEPS_TO_ASK = 100,
    STEPS_MEAN = 500,
    STEPS_DEVIATION = 100,
    URGENT_PERCENT = 50,
    NOBODY = CHILDREN_COUNT, /* is urgent */
    SEED = 2,
};

#define GRANT(FIELD)                                                           \
    FIELD(uint64, first) FIELD(uint32, steps) FIELD(uint8, urgent)
#define VISIT(FIELD) FIELD(boolean, is_urgent)
#define VISITED(FIELD) FIELD(uint64, sum)
TROUPE_MESSAGE(cobweb_may_i, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(cobweb_grant, GRANT)
TROUPE_MESSAGE(cobweb_visit, VISIT)
TROUPE_MESSAGE(cobweb_visited, VISITED)

/* ---- how a tree grows ---------------------------------------------------- */

struct growth {
    uint64_t size_max;
    uint64_t size;  /* nodes, the root among them */
    uint64_t asked; /* so many of the others */
    struct tp_random random;
};

/* Near enough to normal: a sum of twelve. At least one. */
static uint32_t
draw_steps(struct tp_random *random)
{
    uint32_t offset = 6 * STEPS_DEVIATION; /* the mean of the twelve */
    uint32_t sum = STEPS_MEAN;

    for (int i = 0; i < 12; i++) {
        sum += (uint32_t)tp_random_below(random, STEPS_DEVIATION);
    }
    return sum > offset ? sum - offset : 1;
}

/* What a node comes to. */
static uint64_t
work(uint64_t number, uint32_t steps)
{
    return number + bench_sequence_after(number, steps);
}

static struct cobweb_grant
grow(struct growth *growth)
{
    struct cobweb_grant grant = {
        growth->size, draw_steps(&growth->random), NOBODY};

    if (tp_random_below(&growth->random, 100) < URGENT_PERCENT) {
        grant.urgent =
            (uint8_t)tp_random_below(&growth->random, CHILDREN_COUNT);
    }
    growth->size += CHILDREN_COUNT;
    return grant;
}

/* One more has asked: may it have children, and which? */
static bool
consider(struct growth *growth, struct cobweb_grant *grant)
{
    growth->asked++;
    if (growth->size + CHILDREN_COUNT > growth->size_max ||
        tp_random_below(&growth->random, 2) == 0) {
        return false;
    }
    *grant = grow(growth);
    return true;
}

static bool
is_grown(const struct growth *growth)
{
    return growth->asked == growth->size - 1;
}

/* ---- a node -------------------------------------------------------------- */

struct node {
    troupe_pid root;
    uint64_t number;
    uint64_t sum; /* what it has come to; at first by asking */
    uint32_t steps;
    uint8_t urgent;
    bool has_children;
    troupe_pid children[CHILDREN_COUNT];
};

TROUPE_BEHAVIOUR_DECLARE(cobweb_node);

static void
spawn_children(struct troupe_self *self, troupe_pid root,
    const struct cobweb_grant *grant, troupe_pid *children)
{
    for (unsigned i = 0; i < CHILDREN_COUNT; i++) {
        const struct node node = {
            .root = root, .number = grant->first + i, .steps = grant->steps};

        TROUPE_CHECK(troupe_spawn_with(self, cobweb_node,
            &TROUPE_SPAWN_OPTIONS(.state = &node), &children[i]));
    }
}

static void
visit_children(
    struct troupe_self *self, const troupe_pid *children, uint8_t urgent)
{
    for (uint8_t i = 0; i < CHILDREN_COUNT; i++) {
        (void)troupe_tell(
            self, children[i], cobweb_visit, .is_urgent = i == urgent);
    }
}

static void
on_node_start(struct troupe_self *self, void *state)
{
    struct node *node = state;

    node->sum = bench_sequence_after(node->number, STEPS_TO_ASK);
    (void)troupe_tell(self, node->root, cobweb_may_i);
}

static void
on_grant(
    struct troupe_self *self, void *state, const struct cobweb_grant *grant)
{
    struct node *node = state;

    node->has_children = true;
    node->urgent = grant->urgent;
    spawn_children(self, node->root, grant, node->children);
}

static void
on_visit(
    struct troupe_self *self, void *state, const struct cobweb_visit *visit)
{
    struct node *node = state;

    (void)visit;
    node->sum += work(node->number, node->steps);
    if (node->has_children) {
        visit_children(self, node->children, node->urgent);
    }
    (void)troupe_tell(self, node->root, cobweb_visited, .sum = node->sum);
    (void)troupe_stop(self, troupe_self_pid(self));
}

TROUPE_BEHAVIOUR(cobweb_node, sizeof(struct node),
    TROUPE_ON_START(on_node_start), TROUPE_ON(cobweb_grant, on_grant),
    TROUPE_ON(cobweb_visit, on_visit));

/* ---- the root ------------------------------------------------------------ */

struct root {
    troupe_pid collector;
    uint64_t visited;
    uint64_t sum;
    struct growth growth;
    uint8_t urgent;
    troupe_pid children[CHILDREN_COUNT];
};

static void
on_start(struct troupe_self *self, void *state)
{
    struct root *root = state;
    struct cobweb_grant grant = grow(&root->growth);

    root->urgent = grant.urgent;
    spawn_children(self, troupe_self_pid(self), &grant, root->children);
}

static void
on_may_i(
    struct troupe_self *self, void *state, const struct cobweb_may_i *may_i)
{
    struct root *root = state;
    struct cobweb_grant grant;

    (void)may_i;
    if (consider(&root->growth, &grant)) {
        (void)troupe_tell(self, troupe_sender(self), cobweb_grant,
            .first = grant.first, .steps = grant.steps, .urgent = grant.urgent);
    }
    if (is_grown(&root->growth)) {
        visit_children(self, root->children, root->urgent);
    }
}

static void
on_visited(
    struct troupe_self *self, void *state, const struct cobweb_visited *told)
{
    struct root *root = state;

    root->sum += told->sum;
    if (++root->visited == root->growth.size - 1) {
        (void)troupe_tell(self, root->collector, outcome, .value = root->sum);
    }
}

TROUPE_BEHAVIOUR(cobweb_root, sizeof(struct root), TROUPE_ON_START(on_start),
    TROUPE_ON(cobweb_may_i, on_may_i), TROUPE_ON(cobweb_visited, on_visited));

/* ---- the same without actors --------------------------------------------- */

static uint64_t
sum_of_family(const struct cobweb_grant *grant)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < CHILDREN_COUNT; i++) {
        uint64_t number = grant->first + i;

        sum += bench_sequence_after(number, STEPS_TO_ASK) +
               work(number, grant->steps);
    }
    return sum;
}

/* Grows the whole tree; the sum that its nodes come to. */
static uint64_t
grow_all(struct growth *growth)
{
    struct cobweb_grant grant = grow(growth);
    uint64_t sum = sum_of_family(&grant);

    while (!is_grown(growth)) {
        if (consider(growth, &grant)) {
            sum += sum_of_family(&grant);
        }
    }
    return sum;
}

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    struct growth all = {.size_max = bench->count, .size = 1};
    struct root root = {.collector = bench_collector_spawn(bench, 1)};
    uint64_t sum;

    tp_random_init(&all.random, SEED);
    root.growth = all;
    sum = grow_all(&all);
    return bench_play(bench,
        &(struct bench_play){
            .first = &cobweb_root_behaviour,
            .state = &root,
            .collector = root.collector,
            .sum = sum,
            .units_count = all.size,
        },
        result);
}

const struct bench bench_cobweb = {
    .name = "cobweb",
    .group = "savina",
    .question = "a tree grows by chance and is visited",
    .unit = "ns/actor",
    .count = 200000,
    .run = run,
};
