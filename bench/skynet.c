/* SPDX-License-Identifier: BSD-2-Clause */
/* What does an actor cost in a tree of a million that adds up its leaves? */
#include "bench/bench.h"

enum { FANOUT = 10 };

#define GROW(FIELD)                                                            \
    FIELD(pid, parent) FIELD(uint64, first) FIELD(uint64, leaves)
#define NUMBER(FIELD) FIELD(uint64, value)
TROUPE_MESSAGE(grow, GROW)
TROUPE_MESSAGE(leaf_sum, NUMBER)
TROUPE_MESSAGE(get_sum, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(tree_sum, NUMBER)

struct node {
    troupe_pid parent;
    uint64_t sum;
    uint64_t left;
};

TROUPE_BEHAVIOUR_DECLARE(node);

static void
hand_up(struct troupe_self *self, troupe_pid parent, uint64_t sum)
{
    (void)troupe_tell(self, parent, leaf_sum, .value = sum);
    (void)troupe_stop(self, troupe_self_pid(self));
}

static void
on_grow(struct troupe_self *self, void *state, const struct grow *grow)
{
    struct node *node = state;
    uint64_t leaves = grow->leaves / FANOUT;

    node->parent = grow->parent;
    if (grow->leaves == 1) {
        hand_up(self, node->parent, grow->first);
        return;
    }
    node->left = FANOUT;
    for (uint64_t i = 0; i < FANOUT; i++) {
        troupe_pid child;

        TROUPE_CHECK(troupe_spawn(self, node, &child));
        (void)troupe_tell(self, child, grow, .parent = troupe_self_pid(self),
            .first = grow->first + i * leaves, .leaves = leaves);
    }
}

static void
on_leaf_sum(
    struct troupe_self *self, void *state, const struct leaf_sum *leaf_sum)
{
    struct node *node = state;

    node->sum += leaf_sum->value;
    if (--node->left > 0) {
        return;
    }
    if (node->parent == TROUPE_NO_PID) {
        troupe_runtime_quit(self);
    } else {
        hand_up(self, node->parent, node->sum);
    }
}

static void
on_get_sum(struct troupe_self *self, void *state, const struct get_sum *get_sum)
{
    struct node *node = state;

    (void)get_sum;
    (void)troupe_reply(self, tree_sum, .value = node->sum);
}

TROUPE_BEHAVIOUR(node, sizeof(struct node), TROUPE_ON(grow, on_grow),
    TROUPE_ON(leaf_sum, on_leaf_sum), TROUPE_ON(get_sum, on_get_sum));

/* In a full tree with so many leaves, a power of FANOUT. */
static uint64_t
actors_of(uint64_t leaves)
{
    return (leaves * FANOUT - 1) / (FANOUT - 1);
}

/* Of the largest full tree that has no more actors than that. */
static uint64_t
leaves_of(uint64_t actors_count)
{
    uint64_t leaves = 1;

    while (actors_of(leaves * FANOUT) <= actors_count) {
        leaves *= FANOUT;
    }
    return leaves;
}

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    uint64_t leaves = leaves_of(bench->count);
    struct tree_sum sum = {0};
    troupe_pid root;
    uint64_t start_ns;

    TROUPE_CHECK(troupe_spawn(bench->self, node, &root));
    start_ns = bench_now_ns();
    TROUPE_CHECK(troupe_tell(bench->self, root, grow, .parent = TROUPE_NO_PID,
        .first = 0, .leaves = leaves));
    result->value = bench_wait_ns(bench, start_ns) / (double)actors_of(leaves);
    TROUPE_CHECK(troupe_ask(
        bench->self, root, TROUPE_SECONDS(60), tree_sum, &sum, get_sum));
    result->is_right = sum.value == leaves * (leaves - 1) / 2;
    return true;
}

const struct bench bench_skynet = {
    .name = "skynet",
    .question = "a tree of actors adds up its leaves",
    .unit = "ns/actor",
    .count = 1111111,
    .floor_messages_count = 3,
    .run = run,
};
