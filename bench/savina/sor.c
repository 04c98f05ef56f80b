/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does a message cost between the neighbours of a grid of actors?
 *
 * Successive over-relaxation: each cell is an actor, red or black as on a
 * chessboard. A red cell tells its neighbours its value; a cell that has heard
 * from all of its neighbours computes a new value of theirs and its own, and
 * tells it to them in turn, until it has told so often. So nobody is ever more
 * than one value ahead of a neighbour, and the result is that of a computation
 * without actors, to the last bit.
 */
#include "base/random.h"
#include "bench/savina/memory.h"
#include "bench/savina/play.h"

enum { ITERATIONS_COUNT = 100, SIDES_COUNT = 4, SEED = 10101010 };

static const double omega = 1.25;

/* Sides as the receiver sees them: north, east, south, west. */
#define NEIGHBOURS(FIELD)                                                      \
    FIELD(pid, north) FIELD(pid, east) FIELD(pid, south) FIELD(pid, west)
#define VALUE(FIELD) FIELD(uint8, side) FIELD(double, value)
TROUPE_MESSAGE(sor_neighbours, NEIGHBOURS)
TROUPE_MESSAGE(sor_value, VALUE)

/* values: of the neighbours; 0 where there is none. */
static double
relax(double value, const double *values)
{
    double sum = 0;

    for (int i = 0; i < SIDES_COUNT; i++) {
        sum += values[i];
    }
    return 0.25 * omega * sum + (1 - omega) * value;
}

/* ---- a cell -------------------------------------------------------------- */

struct cell {
    troupe_pid collector;
    double value;
    bool is_red;
    bool has_begun;
    uint8_t neighbours_count;
    uint8_t heard_count;
    unsigned told_count;
    double values[SIDES_COUNT];
    troupe_pid neighbours[SIDES_COUNT];
};

static void
tell_neighbours(struct troupe_self *self, struct cell *cell)
{
    for (unsigned i = 0; i < SIDES_COUNT; i++) {
        if (cell->neighbours[i] != TROUPE_NO_PID) {
            (void)troupe_tell(self, cell->neighbours[i], sor_value,
                .side = (uint8_t)((i + 2) % SIDES_COUNT), .value = cell->value);
        }
    }
    if (++cell->told_count == ITERATIONS_COUNT) {
        (void)troupe_tell(self, cell->collector, outcome,
            .value = bench_play_bits(cell->value));
    }
}

static void
relax_if_ready(struct troupe_self *self, struct cell *cell)
{
    if (!cell->has_begun || cell->heard_count < cell->neighbours_count ||
        cell->told_count == ITERATIONS_COUNT) {
        return;
    }
    cell->heard_count = 0;
    cell->value = relax(cell->value, cell->values);
    tell_neighbours(self, cell);
}

static void
on_neighbours(
    struct troupe_self *self, void *state, const struct sor_neighbours *told)
{
    struct cell *cell = state;
    const troupe_pid neighbours[SIDES_COUNT] = {
        told->north, told->east, told->south, told->west};

    memcpy(cell->neighbours, neighbours, sizeof(neighbours));
    for (int i = 0; i < SIDES_COUNT; i++) {
        if (neighbours[i] != TROUPE_NO_PID) {
            cell->neighbours_count++;
        }
    }
    cell->has_begun = true;
    if (cell->is_red) {
        tell_neighbours(self, cell);
    }
    relax_if_ready(self, cell);
}

/* May come before the cell knows its neighbours. */
static void
on_value(struct troupe_self *self, void *state, const struct sor_value *told)
{
    struct cell *cell = state;

    cell->values[told->side] = told->value;
    cell->heard_count++;
    relax_if_ready(self, cell);
}

TROUPE_BEHAVIOUR(sor_cell, sizeof(struct cell), TROUPE_ON(sor_value, on_value),
    TROUPE_ON(sor_neighbours, on_neighbours));

/* ---- the grid ------------------------------------------------------------ */

struct grid {
    troupe_pid collector;
    size_t side;
};

static bool
is_red(size_t row, size_t column)
{
    return (row + column) % 2 == 0;
}

static double
draw(struct tp_random *random)
{
    return (double)(tp_random_u64(random) >> 11) * 0x1p-53 * 1e-6;
}

static troupe_pid *
spawn_cells(struct troupe_self *self, const struct grid *grid)
{
    troupe_pid *cells = bench_memory(grid->side * grid->side, sizeof(cells[0]));
    struct tp_random random;

    tp_random_init(&random, SEED);
    for (size_t i = 0; i < grid->side * grid->side; i++) {
        const struct cell cell = {
            .collector = grid->collector,
            .value = draw(&random),
            .is_red = is_red(i / grid->side, i % grid->side),
        };

        TROUPE_CHECK(troupe_spawn_with(
            self, sor_cell, &TROUPE_SPAWN_OPTIONS(.state = &cell), &cells[i]));
    }
    return cells;
}

static void
on_start(struct troupe_self *self, void *state)
{
    const struct grid *grid = state;
    size_t side = grid->side;
    troupe_pid *cells = spawn_cells(self, grid);

    for (size_t row = 0; row < side; row++) {
        for (size_t column = 0; column < side; column++) {
            const troupe_pid *cell = &cells[row * side + column];

            (void)troupe_tell(self, *cell, sor_neighbours,
                .north = row > 0 ? *(cell - side) : TROUPE_NO_PID,
                .east = column + 1 < side ? *(cell + 1) : TROUPE_NO_PID,
                .south = row + 1 < side ? *(cell + side) : TROUPE_NO_PID,
                .west = column > 0 ? *(cell - 1) : TROUPE_NO_PID);
        }
    }
    free(cells);
}

TROUPE_BEHAVIOUR(sor_grid, sizeof(struct grid), TROUPE_ON_START(on_start));

/* ---- the same without actors --------------------------------------------- */

static void
relax_colour(double *values, size_t side, bool are_red)
{
    for (size_t row = 0; row < side; row++) {
        for (size_t column = 0; column < side; column++) {
            double *at = &values[row * side + column];
            const double around[SIDES_COUNT] = {
                row > 0 ? *(at - side) : 0,
                column + 1 < side ? *(at + 1) : 0,
                row + 1 < side ? *(at + side) : 0,
                column > 0 ? *(at - 1) : 0,
            };

            if (is_red(row, column) == are_red) {
                *at = relax(*at, around);
            }
        }
    }
}

/* The red ones tell first what they begin with, so they relax once less. */
static uint64_t
expected_sum(size_t side)
{
    double *values = bench_memory(side * side, sizeof(values[0]));
    struct tp_random random;
    uint64_t sum = 0;

    tp_random_init(&random, SEED);
    for (size_t i = 0; i < side * side; i++) {
        values[i] = draw(&random);
    }
    for (int i = 1; i < 2 * ITERATIONS_COUNT; i++) {
        relax_colour(values, side, i % 2 == 0);
    }
    for (size_t i = 0; i < side * side; i++) {
        sum += bench_play_bits(values[i]);
    }
    free(values);
    return sum;
}

/* Every cell tells each of its neighbours so many values. */
static uint64_t
messages_of(uint64_t side)
{
    return 4 * side * (side - 1) * ITERATIONS_COUNT;
}

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    struct grid grid = {.side = 2};

    while (messages_of(grid.side + 1) <= bench->count) {
        grid.side++;
    }
    grid.collector = bench_collector_spawn(bench, grid.side * grid.side);
    return bench_play(bench,
        &(struct bench_play){
            .first = &sor_grid_behaviour,
            .state = &grid,
            .collector = grid.collector,
            .sum = expected_sum(grid.side),
            .units_count = messages_of(grid.side),
        },
        result);
}

const struct bench bench_sor = {
    .name = "sor",
    .group = "savina",
    .question = "a grid of actors tells its neighbours",
    .unit = "ns/message",
    .count = 2528000,
    .floor_messages_count = 1,
    .run = run,
};
