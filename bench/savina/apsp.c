/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does it cost to find all shortest paths of a graph, with its matrix cut
 * into blocks?
 *
 * An actor for each of 6 x 6 blocks of the matrix of distances, after Floyd and
 * Warshall. For each node k in turn a block needs column k of the block in its
 * row that has it, and row k of the one in its column. Every block sends itself
 * to all others of its row and its column, each time, and goes on when it has
 * heard from all of them: so of its ten messages most are not needed, and the
 * time is that of moving them.
 *
 * A neighbour may be one node ahead, not two: for that it needs this block. So
 * there is room for what is needed now and for what is needed next.
 */
#include "bench/savina/memory.h"
#include "bench/savina/play.h"
#include "bench/sequence.h"

enum {
    BLOCKS_PER_SIDE = 6,
    BLOCKS_COUNT = BLOCKS_PER_SIDE * BLOCKS_PER_SIDE,
    NEIGHBOURS_COUNT = 2 * (BLOCKS_PER_SIDE - 1),
    WEIGHT_MAX = 100,
};

#define BLOCKS(FIELD) FIELD(bin, pids)
#define DISTANCES(FIELD)                                                       \
    FIELD(uint32, node)                                                        \
    FIELD(uint8, row) FIELD(uint8, column) FIELD(bin, distances)
TROUPE_MESSAGE(apsp_blocks, BLOCKS)
TROUPE_MESSAGE(apsp_distances, DISTANCES)

/* Of the edge between two nodes, the same both ways. */
static uint32_t
weight(uint64_t from, uint64_t to)
{
    uint64_t low = from < to ? from : to;
    uint64_t high = from < to ? to : from;

    return from == to
               ? 0
               : 1 + (uint32_t)(bench_sequence_after(1000 * low + high, 2) %
                                WEIGHT_MAX);
}

/* Each distance counts by its place. */
static uint64_t
weigh(uint64_t from, uint64_t to, uint32_t distance)
{
    return (1009 * from + to + 1) * distance;
}

/* ---- a block ------------------------------------------------------------- */

struct block {
    troupe_pid collector;
    uint8_t row; /* of blocks */
    uint8_t column;
    uint32_t size; /* of a side */
    uint32_t node; /* that paths may go by next */
    bool has_begun;
    unsigned heard_counts[2]; /* for this node and the next, by parity */
    uint32_t *columns[2];     /* distances to the node */
    uint32_t *rows[2];        /* distances from the node */
    uint32_t *distances;
    troupe_pid blocks[BLOCKS_COUNT];
};

/* What of a block's distances is needed for the node, if anything. */
static void
keep_needed(struct block *block, const struct apsp_distances *told)
{
    uint32_t size = block->size;
    uint32_t pivot = told->node / size;
    uint32_t inside = told->node % size;
    const uint8_t *distances = told->distances.data;
    unsigned parity = told->node % 2;

    if (told->row == pivot && told->column == block->column) {
        memcpy(block->rows[parity],
            distances + inside * size * sizeof(uint32_t),
            size * sizeof(uint32_t));
    }
    if (told->column == pivot && told->row == block->row) {
        for (uint32_t i = 0; i < size; i++) {
            memcpy(&block->columns[parity][i],
                distances + (i * size + inside) * sizeof(uint32_t),
                sizeof(uint32_t));
        }
    }
}

/* The block as its neighbours see it. */
static struct apsp_distances
view(const struct block *block)
{
    uint32_t count = block->size * block->size;

    return (struct apsp_distances){
        .node = block->node,
        .row = block->row,
        .column = block->column,
        .distances = {block->distances, (uint32_t)(count * sizeof(uint32_t))},
    };
}

static void
tell_neighbours(struct troupe_self *self, const struct block *block)
{
    struct apsp_distances mine = view(block);

    for (unsigned i = 0; i < BLOCKS_COUNT; i++) {
        bool is_in_row = i / BLOCKS_PER_SIDE == block->row;
        bool is_in_column = i % BLOCKS_PER_SIDE == block->column;

        if (is_in_row != is_in_column) {
            (void)troupe_tell(self, block->blocks[i], apsp_distances,
                .node = mine.node, .row = mine.row, .column = mine.column,
                .distances = mine.distances);
        }
    }
}

static void
shorten(struct block *block)
{
    struct apsp_distances mine = view(block);
    const uint32_t *column = block->columns[block->node % 2];
    const uint32_t *row = block->rows[block->node % 2];

    keep_needed(block, &mine);
    for (uint32_t i = 0; i < block->size; i++) {
        for (uint32_t j = 0; j < block->size; j++) {
            uint32_t *distance = &block->distances[i * block->size + j];

            if (column[i] + row[j] < *distance) {
                *distance = column[i] + row[j];
            }
        }
    }
}

static void
tell_outcome(struct troupe_self *self, const struct block *block)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < block->size; i++) {
        for (uint32_t j = 0; j < block->size; j++) {
            sum += weigh(block->row * block->size + i,
                block->column * block->size + j,
                block->distances[i * block->size + j]);
        }
    }
    (void)troupe_tell(self, block->collector, outcome, .value = sum);
}

static void
go_on(struct troupe_self *self, struct block *block)
{
    uint32_t nodes_count = BLOCKS_PER_SIDE * block->size;

    while (block->has_begun && block->node < nodes_count &&
           block->heard_counts[block->node % 2] == NEIGHBOURS_COUNT) {
        block->heard_counts[block->node % 2] = 0;
        shorten(block);
        if (++block->node < nodes_count) {
            tell_neighbours(self, block);
        } else {
            tell_outcome(self, block);
        }
    }
}

static void
on_blocks(struct troupe_self *self, void *state, const struct apsp_blocks *told)
{
    struct block *block = state;

    memcpy(block->blocks, told->pids.data, sizeof(block->blocks));
    block->has_begun = true;
    tell_neighbours(self, block);
    go_on(self, block);
}

/* May come before the block knows the others. */
static void
on_distances(
    struct troupe_self *self, void *state, const struct apsp_distances *told)
{
    struct block *block = state;

    keep_needed(block, told);
    block->heard_counts[told->node % 2]++;
    go_on(self, block);
}

static void
on_block_start(struct troupe_self *self, void *state)
{
    struct block *block = state;
    uint32_t size = block->size;

    (void)self;
    for (int i = 0; i < 2; i++) {
        block->columns[i] = bench_memory(size, sizeof(uint32_t));
        block->rows[i] = bench_memory(size, sizeof(uint32_t));
    }
    block->distances = bench_memory((size_t)size * size, sizeof(uint32_t));
    for (uint32_t i = 0; i < size; i++) {
        for (uint32_t j = 0; j < size; j++) {
            block->distances[i * size + j] =
                weight(block->row * size + i, block->column * size + j);
        }
    }
}

static void
on_block_stop(
    struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    struct block *block = state;

    (void)self, (void)why;
    for (int i = 0; i < 2; i++) {
        free(block->columns[i]);
        free(block->rows[i]);
    }
    free(block->distances);
}

TROUPE_BEHAVIOUR(apsp_block, sizeof(struct block),
    TROUPE_ON_START(on_block_start), TROUPE_ON(apsp_distances, on_distances),
    TROUPE_ON(apsp_blocks, on_blocks), TROUPE_ON_STOP(on_block_stop));

/* ---- the matrix ---------------------------------------------------------- */

struct matrix {
    troupe_pid collector;
    uint32_t block_size;
};

static void
on_start(struct troupe_self *self, void *state)
{
    const struct matrix *matrix = state;
    troupe_pid blocks[BLOCKS_COUNT];

    for (unsigned i = 0; i < BLOCKS_COUNT; i++) {
        const struct block block = {
            .collector = matrix->collector,
            .row = (uint8_t)(i / BLOCKS_PER_SIDE),
            .column = (uint8_t)(i % BLOCKS_PER_SIDE),
            .size = matrix->block_size,
        };

        TROUPE_CHECK(troupe_spawn_with(self, apsp_block,
            &TROUPE_SPAWN_OPTIONS(.state = &block), &blocks[i]));
    }
    for (unsigned i = 0; i < BLOCKS_COUNT; i++) {
        (void)troupe_tell(
            self, blocks[i], apsp_blocks, .pids = {blocks, sizeof(blocks)});
    }
}

TROUPE_BEHAVIOUR(apsp_matrix, sizeof(struct matrix), TROUPE_ON_START(on_start));

/* ---- the same without actors --------------------------------------------- */

static void
shorten_all(uint32_t *distances, size_t size)
{
    for (size_t k = 0; k < size; k++) {
        for (size_t i = 0; i < size; i++) {
            for (size_t j = 0; j < size; j++) {
                uint32_t by_k =
                    distances[i * size + k] + distances[k * size + j];

                if (by_k < distances[i * size + j]) {
                    distances[i * size + j] = by_k;
                }
            }
        }
    }
}

static uint64_t
expected_sum(size_t size)
{
    uint32_t *distances = bench_memory(size * size, sizeof(distances[0]));
    uint64_t sum = 0;

    for (size_t i = 0; i < size * size; i++) {
        distances[i] = weight(i / size, i % size);
    }
    shorten_all(distances, size);
    for (size_t i = 0; i < size * size; i++) {
        sum += weigh(i / size, i % size, distances[i]);
    }
    free(distances);
    return sum;
}

/* Every block tells each of its neighbours once for each node. */
static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    uint64_t nodes = bench->count / (BLOCKS_COUNT * NEIGHBOURS_COUNT);
    struct matrix matrix = {
        .collector = bench_collector_spawn(bench, BLOCKS_COUNT),
        .block_size = (uint32_t)bench_play_at_least(nodes / BLOCKS_PER_SIDE, 1),
    };

    nodes = matrix.block_size * BLOCKS_PER_SIDE;
    return bench_play(bench,
        &(struct bench_play){
            .first = &apsp_matrix_behaviour,
            .state = &matrix,
            .collector = matrix.collector,
            .sum = expected_sum(nodes),
            .units_count = nodes * BLOCKS_COUNT * NEIGHBOURS_COUNT,
        },
        result);
}

const struct bench bench_apsp = {
    .name = "apsp",
    .group = "savina",
    .question = "all shortest paths, in 36 blocks",
    .unit = "ns/message",
    .count = 108000,
    .run = run,
};
