/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does a solution cost of the first so many ways to place n queens?
 *
 * A master deals boards to 20 workers in turn. A worker places a queen in the
 * next row wherever it can and hands each new board to the master; from the
 * fourth row on it searches on by itself. Each solution is a message. The
 * search ends when there are as many as are wanted, or no work is left.
 */
#include "bench/savina/play.h"

#include <stdlib.h>

enum { WORKERS_COUNT = 20, ROWS_MAX = 16, ROWS_TO_SHARE = 4 };

/* How many there are for a board of so many rows. */
static const uint64_t solutions_counts[ROWS_MAX + 1] = {1, 1, 0, 0, 2, 10, 4,
    40, 92, 352, 724, 2680, 14200, 73712, 365596, 2279184, 14772512};

/* A byte for each row that has a queen: its column. */
#define BOARD(FIELD) FIELD(bin, columns)
TROUPE_MESSAGE(queens_work, BOARD)
TROUPE_MESSAGE(queens_done, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(queens_solution, BOARD)

struct board {
    uint32_t rows;
    uint8_t columns[ROWS_MAX];
};

static bool
may_place(const struct board *board, uint8_t column)
{
    for (uint32_t i = 0; i < board->rows; i++) {
        int distance = (int)(board->rows - i);
        int aside = (int)column - (int)board->columns[i];

        if (aside == 0 || aside == distance || aside == -distance) {
            return false;
        }
    }
    return true;
}

/* ---- a worker ------------------------------------------------------------ */

struct worker {
    troupe_pid master;
    uint32_t size;
};

/* Recursive: one call for each row. */
static void
search(
    struct troupe_self *self, const struct worker *worker, struct board *board)
{
    if (board->rows == worker->size) {
        (void)troupe_tell(self, worker->master, queens_solution,
            .columns = {board->columns, board->rows});
        return;
    }
    for (uint8_t i = 0; i < worker->size; i++) {
        if (may_place(board, i)) {
            board->columns[board->rows++] = i;
            search(self, worker, board);
            board->rows--;
        }
    }
}

static void
share(
    struct troupe_self *self, const struct worker *worker, struct board *board)
{
    for (uint8_t i = 0; i < worker->size; i++) {
        if (may_place(board, i)) {
            board->columns[board->rows] = i;
            (void)troupe_tell(self, worker->master, queens_work,
                .columns = {board->columns, board->rows + 1});
        }
    }
}

static void
on_work(struct troupe_self *self, void *state, const struct queens_work *work)
{
    const struct worker *worker = state;
    struct board board = {(uint32_t)work->columns.size, {0}};

    memcpy(board.columns, work->columns.data, work->columns.size);
    if (board.rows < ROWS_TO_SHARE && board.rows < worker->size) {
        share(self, worker, &board);
    } else {
        search(self, worker, &board);
    }
    (void)troupe_tell(self, worker->master, queens_done);
}

TROUPE_BEHAVIOUR(
    queens_worker, sizeof(struct worker), TROUPE_ON(queens_work, on_work));

/* ---- the master ---------------------------------------------------------- */

struct master {
    troupe_pid collector;
    uint64_t wanted;
    uint64_t found;
    uint64_t sent;
    uint64_t completed;
    uint32_t size;
    bool is_over;
    bool has_wrong_one;
    troupe_pid workers[WORKERS_COUNT];
};

static void
send_work(
    struct troupe_self *self, struct master *master, struct troupe_bin columns)
{
    (void)troupe_tell(self, master->workers[master->sent++ % WORKERS_COUNT],
        queens_work, .columns = columns);
}

/* Boards that still wait for a worker are searched in vain. */
static void
finish(struct troupe_self *self, struct master *master)
{
    master->is_over = true;
    (void)troupe_tell(self, master->collector, outcome,
        .value = master->has_wrong_one ? 0 : master->found);
}

static void
on_shared(struct troupe_self *self, void *state, const struct queens_work *work)
{
    struct master *master = state;

    if (!master->is_over) {
        send_work(self, master, work->columns);
    }
}

/* Looks at all pairs of queens, as the workers do not. */
static bool
is_solution(uint32_t size, struct troupe_bin columns)
{
    const uint8_t *at = columns.data;

    for (int i = 0; i < (int)columns.size; i++) {
        for (int k = 0; k < i; k++) {
            if (at[i] == at[k] || abs(at[i] - at[k]) == i - k) {
                return false;
            }
        }
    }
    return columns.size == size;
}

static void
on_solution(struct troupe_self *self, void *state,
    const struct queens_solution *solution)
{
    struct master *master = state;

    master->found++;
    master->has_wrong_one |= !is_solution(master->size, solution->columns);
    if (master->found == master->wanted && !master->is_over) {
        finish(self, master);
    }
}

static void
on_done(struct troupe_self *self, void *state, const struct queens_done *done)
{
    struct master *master = state;

    (void)done;
    master->completed++;
    if (master->completed == master->sent && !master->is_over) {
        finish(self, master);
    }
}

static void
on_start(struct troupe_self *self, void *state)
{
    struct master *master = state;
    const struct worker worker = {troupe_self_pid(self), master->size};

    for (int i = 0; i < WORKERS_COUNT; i++) {
        TROUPE_CHECK(troupe_spawn_with(self, queens_worker,
            &TROUPE_SPAWN_OPTIONS(.state = &worker), &master->workers[i]));
    }
    send_work(self, master, (struct troupe_bin){"", 0});
}

TROUPE_BEHAVIOUR(queens_master, sizeof(struct master),
    TROUPE_ON_START(on_start), TROUPE_ON(queens_work, on_shared),
    TROUPE_ON(queens_solution, on_solution), TROUPE_ON(queens_done, on_done));

/* The smallest board with so many solutions. If they are all that it has, the
 * search goes to its end, so that one too many would be noticed. */
static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    uint64_t count = bench_play_at_least(bench->count, 1);
    struct master master = {
        .collector = bench_collector_spawn(bench, 1), .size = 1};

    while (solutions_counts[master.size] < count && master.size < ROWS_MAX) {
        master.size++;
    }
    master.wanted = solutions_counts[master.size] > count ? count : UINT64_MAX;
    return bench_play(bench,
        &(struct bench_play){
            .first = &queens_master_behaviour,
            .state = &master,
            .collector = master.collector,
            .sum = count,
            .units_count = count,
        },
        result);
}

const struct bench bench_nqueens = {
    .name = "nqueens",
    .group = "savina",
    .question = "the first ways to place n queens",
    .unit = "ns/solution",
    .count = 14200,
    .run = run,
};
