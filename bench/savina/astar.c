/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does it cost to search a grid of nodes, cut into parts, for a way?
 *
 * Each of 20 workers has a part of a grid in three dimensions, and knows for
 * each of its nodes from where it was first reached. It goes on from all that
 * is reached, oldest first, at most 1,024 nodes before it yields; what lies in
 * another part it tells that part's worker. A node is some work. When the
 * target is reached the parts are put together, and the way back is walked.
 *
 * The edges are drawn from a seed: by chance, or the last of six if none of the
 * others was drawn. They never lead back, so a way is as long as the target is
 * far in steps, at most. run() takes the first seed by which the target can be
 * reached.
 */
#include "base/random.h"
#include "bench/savina/fifo.h"
#include "bench/savina/memory.h"
#include "bench/savina/play.h"
#include "bench/sequence.h"

enum {
    WORKERS_COUNT = 20,
    NODES_PER_TURN = 1024,
    STEPS_PER_NODE = 100,
    EDGES_COUNT = 6,
    SIDE_MIN = 5, /* so that the target is not the origin's neighbour */
};

#define WORKERS(FIELD) FIELD(bin, pids)
#define EDGE(FIELD) FIELD(uint32, node) FIELD(uint32, from)
#define PART(FIELD)                                                            \
    FIELD(uint32, first)                                                       \
    FIELD(uint64, explored) FIELD(uint64, work) FIELD(bin, reached_from)
TROUPE_MESSAGE(astar_workers, WORKERS)
TROUPE_MESSAGE(astar_reach, EDGE)
TROUPE_MESSAGE(astar_go_on, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(astar_found, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(astar_report, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(astar_part, PART)

/* ---- the grid ------------------------------------------------------------ */

struct grid {
    uint32_t side;
    uint64_t seed;
};

static uint32_t
nodes_of(const struct grid *grid)
{
    return grid->side * grid->side * grid->side;
}

static uint32_t
target_of(const struct grid *grid)
{
    uint32_t at = grid->side * 4 / 5;

    return (at * grid->side + at) * grid->side + at;
}

/* Which of its edges a node has, a bit each. */
static unsigned
edges_of(const struct grid *grid, uint32_t node)
{
    uint64_t mixed = (grid->seed + node + 1) * UINT64_C(0x9e3779b97f4a7c15);
    unsigned edges;

    mixed = (mixed ^ mixed >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    edges = (unsigned)(mixed >> 58);
    return edges != 0 ? edges : 1u << (EDGES_COUNT - 1);
}

/* Where edge 0 .. 5 of a node leads: one further in one dimension or in two,
 * as far as the grid goes. May be the node itself. */
static uint32_t
neighbour_of(const struct grid *grid, uint32_t node, unsigned edge)
{
    uint32_t side = grid->side;
    unsigned dimensions = edge + 1;
    uint32_t i = node / side / side;
    uint32_t j = node / side % side;
    uint32_t k = node % side;

    i += (dimensions & 4) != 0 && i + 1 < side;
    j += (dimensions & 2) != 0 && j + 1 < side;
    k += (dimensions & 1) != 0 && k + 1 < side;
    return (i * side + j) * side + k;
}

static bool
is_edge(const struct grid *grid, uint32_t from, uint32_t node)
{
    for (unsigned edge = 0; edge < EDGES_COUNT; edge++) {
        if ((edges_of(grid, from) >> edge & 1) != 0 &&
            neighbour_of(grid, from, edge) == node) {
            return true;
        }
    }
    return false;
}

/* From 0 to the target; reached_from[] holds 1 + the node, 0 for none. */
static bool
is_way(const struct grid *grid, const uint32_t *reached_from)
{
    uint32_t node = target_of(grid);

    for (uint32_t i = 0; node != 0 && i < nodes_of(grid); i++) {
        uint32_t from = reached_from[node] - 1;

        if (reached_from[node] == 0 || !is_edge(grid, from, node)) {
            return false;
        }
        node = from;
    }
    return node == 0;
}

/* Which worker's a node is, and which is its first: planes next to each other.
 */
static uint32_t
worker_of(const struct grid *grid, uint32_t node)
{
    return (uint32_t)((uint64_t)node * WORKERS_COUNT / nodes_of(grid));
}

static uint32_t
first_node_of(const struct grid *grid, uint32_t worker)
{
    return (uint32_t)(((uint64_t)worker * nodes_of(grid) + WORKERS_COUNT - 1) /
                      WORKERS_COUNT);
}

/* ---- a worker ------------------------------------------------------------ */

struct worker {
    troupe_pid master;
    struct grid grid;
    uint32_t number;
    uint32_t first; /* its nodes: from here, */
    uint32_t count; /* so many */
    bool has_begun;
    bool is_to_go_on; /* it has told itself so */
    bool is_over;
    uint64_t explored;
    uint64_t work;          /* each node takes it some steps further */
    uint32_t *reached_from; /* of each of its nodes: 1 + the node, or 0 */
    struct bench_fifo open; /* reached, and not explored */
    troupe_pid workers[WORKERS_COUNT];
};

static void
reach(struct troupe_self *self, struct worker *worker, uint32_t node,
    uint32_t from)
{
    uint32_t *reached_from = &worker->reached_from[node - worker->first];

    if (*reached_from != 0) {
        return;
    }
    *reached_from = 1 + from;
    bench_fifo_push(&worker->open, node);
    if (node == target_of(&worker->grid)) {
        (void)troupe_tell(self, worker->master, astar_found);
    }
}

static void
explore_node(struct troupe_self *self, struct worker *worker, uint32_t node)
{
    unsigned edges = edges_of(&worker->grid, node);

    worker->explored++;
    worker->work = bench_sequence_after(worker->work, STEPS_PER_NODE);
    for (unsigned edge = 0; edge < EDGES_COUNT; edge++) {
        uint32_t next = neighbour_of(&worker->grid, node, edge);
        uint32_t owner = worker_of(&worker->grid, next);

        if ((edges >> edge & 1) == 0 || next == node) {
            continue;
        }
        if (owner == worker->number) {
            reach(self, worker, next, node);
        } else {
            (void)troupe_tell(self, worker->workers[owner], astar_reach,
                .node = next, .from = node);
        }
    }
}

static void
explore(struct troupe_self *self, struct worker *worker)
{
    uint64_t node;

    if (!worker->has_begun || worker->is_over) {
        return;
    }
    for (int i = 0; i < NODES_PER_TURN; i++) {
        if (!bench_fifo_pop(&worker->open, &node)) {
            return;
        }
        explore_node(self, worker, (uint32_t)node);
    }
    if (!worker->is_to_go_on) {
        worker->is_to_go_on = true;
        (void)troupe_tell(self, troupe_self_pid(self), astar_go_on);
    }
}

/* May come before the worker knows the others. */
static void
on_reach(struct troupe_self *self, void *state, const struct astar_reach *told)
{
    struct worker *worker = state;

    reach(self, worker, told->node, told->from);
    if (!worker->is_to_go_on) {
        explore(self, worker);
    }
}

static void
on_go_on(struct troupe_self *self, void *state, const struct astar_go_on *go_on)
{
    struct worker *worker = state;

    (void)go_on;
    worker->is_to_go_on = false;
    explore(self, worker);
}

static void
on_workers(
    struct troupe_self *self, void *state, const struct astar_workers *told)
{
    struct worker *worker = state;

    memcpy(worker->workers, told->pids.data, sizeof(worker->workers));
    worker->has_begun = true;
    explore(self, worker);
}

static void
on_report(
    struct troupe_self *self, void *state, const struct astar_report *report)
{
    struct worker *worker = state;

    (void)report;
    worker->is_over = true;
    (void)troupe_tell(self, worker->master, astar_part, .first = worker->first,
        .explored = worker->explored, .work = worker->work,
        .reached_from = {worker->reached_from,
            (uint32_t)(worker->count * sizeof(uint32_t))});
}

static void
on_worker_start(struct troupe_self *self, void *state)
{
    struct worker *worker = state;

    (void)self;
    worker->reached_from = bench_memory(worker->count, sizeof(uint32_t));
}

static void
on_worker_stop(
    struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    struct worker *worker = state;

    (void)self, (void)why;
    free(worker->reached_from);
    bench_fifo_fini(&worker->open);
}

TROUPE_BEHAVIOUR(astar_worker, sizeof(struct worker),
    TROUPE_ON_START(on_worker_start), TROUPE_ON(astar_reach, on_reach),
    TROUPE_ON(astar_go_on, on_go_on), TROUPE_ON(astar_workers, on_workers),
    TROUPE_ON(astar_report, on_report), TROUPE_ON_STOP(on_worker_stop));

/* ---- the master ---------------------------------------------------------- */

struct master {
    troupe_pid collector;
    struct grid grid;
    unsigned parts_left;
    bool is_all_worked;
    uint32_t *reached_from; /* of all nodes */
    troupe_pid workers[WORKERS_COUNT];
};

static void
on_found(struct troupe_self *self, void *state, const struct astar_found *found)
{
    const struct master *master = state;

    (void)found;
    for (int i = 0; i < WORKERS_COUNT; i++) {
        (void)troupe_tell(self, master->workers[i], astar_report);
    }
}

/* Where so many nodes lead to. The sequence begins again after 65,536. */
static uint64_t
work_of(uint64_t nodes)
{
    return bench_sequence_after(0, nodes * STEPS_PER_NODE % 65536);
}

/* 1 if there is a way and all that was explored was worked on. */
static void
on_part(struct troupe_self *self, void *state, const struct astar_part *part)
{
    struct master *master = state;

    memcpy(master->reached_from + part->first, part->reached_from.data,
        part->reached_from.size);
    master->is_all_worked &= part->work == work_of(part->explored);
    if (--master->parts_left > 0) {
        return;
    }
    (void)troupe_tell(self, master->collector, outcome,
        .value = master->is_all_worked &&
                 is_way(&master->grid, master->reached_from));
}

static void
on_start(struct troupe_self *self, void *state)
{
    struct master *master = state;

    master->reached_from =
        bench_memory(nodes_of(&master->grid), sizeof(uint32_t));
    master->parts_left = WORKERS_COUNT;
    master->is_all_worked = true;
    for (uint32_t i = 0; i < WORKERS_COUNT; i++) {
        struct worker worker = {
            .master = troupe_self_pid(self),
            .grid = master->grid,
            .number = i,
            .first = first_node_of(&master->grid, i),
        };

        worker.count = first_node_of(&master->grid, i + 1) - worker.first;
        TROUPE_CHECK(troupe_spawn_with(self, astar_worker,
            &TROUPE_SPAWN_OPTIONS(.state = &worker), &master->workers[i]));
    }
    for (int i = 0; i < WORKERS_COUNT; i++) {
        (void)troupe_tell(self, master->workers[i], astar_workers,
            .pids = {master->workers, sizeof(master->workers)});
    }
    (void)troupe_tell(
        self, master->workers[0], astar_reach, .node = 0, .from = 0);
}

static void
on_stop(struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    struct master *master = state;

    (void)self, (void)why;
    free(master->reached_from);
}

TROUPE_BEHAVIOUR(astar_master, sizeof(struct master), TROUPE_ON_START(on_start),
    TROUPE_ON(astar_part, on_part), TROUPE_ON(astar_found, on_found),
    TROUPE_ON_STOP(on_stop));

/* ---- the same without actors --------------------------------------------- */

/* Edges lead to higher nodes only, so one pass finds all. */
static bool
is_reachable(const struct grid *grid)
{
    char *is_reached = bench_memory(nodes_of(grid), 1);
    bool is_target_reached;

    is_reached[0] = 1;
    for (uint32_t node = 0; node < nodes_of(grid); node++) {
        unsigned edges = is_reached[node] ? edges_of(grid, node) : 0;

        for (unsigned edge = 0; edge < EDGES_COUNT; edge++) {
            if ((edges >> edge & 1) != 0) {
                is_reached[neighbour_of(grid, node, edge)] = 1;
            }
        }
    }
    is_target_reached = is_reached[target_of(grid)] != 0;
    free(is_reached);
    return is_target_reached;
}

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    struct master master = {
        .collector = bench_collector_spawn(bench, 1),
        .grid = {.side = SIDE_MIN, .seed = 1},
    };
    uint64_t next = SIDE_MIN + 1;

    while (next * next * next <= bench->count) {
        master.grid.side = (uint32_t)next++;
    }
    while (!is_reachable(&master.grid)) {
        master.grid.seed++;
    }
    return bench_play(bench,
        &(struct bench_play){
            .first = &astar_master_behaviour,
            .state = &master,
            .collector = master.collector,
            .sum = 1,
            .units_count = nodes_of(&master.grid),
        },
        result);
}

const struct bench bench_astar = {
    .name = "astar",
    .group = "savina",
    .question = "a way through a grid, cut into 20 parts",
    .unit = "ns/node",
    .count = 1000000,
    .run = run,
};
