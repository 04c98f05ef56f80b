/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does it cost to multiply matrices by recursion, block by block?
 *
 * A master has the matrices and 20 workers. A product of two blocks that is too
 * large for one worker comes back to the master as eight products of quarters;
 * one that is small enough goes out with its two blocks, and its product comes
 * back to be added to the result.
 *
 * The numbers are small integers, so that sums are exact in any order. The
 * result times a vector is compared with the factors times that vector.
 */
#include "base/random.h"
#include "bench/savina/memory.h"
#include "bench/savina/play.h"

enum {
    WORKERS_COUNT = 20,
    BLOCK_SIZE_MAX = 128, /* 16,384 elements */
    PARTS_MIN = 8,        /* blocks a side, also when the matrices are small */
    NUMBERS_BELOW = 16,
    SEED = 1024,
};

/* The product of size rows of A from row on, columns from middle on, and of as
 * many rows of B from middle on, columns from column on. */
#define PLACE(FIELD)                                                           \
    FIELD(uint32, row)                                                         \
    FIELD(uint32, column) FIELD(uint32, middle) FIELD(uint32, size)
#define FACTORS(FIELD)                                                         \
    FIELD(uint32, row)                                                         \
    FIELD(uint32, column)                                                      \
    FIELD(uint32, middle) FIELD(uint32, size) FIELD(bin, left) FIELD(bin, right)
#define PRODUCT(FIELD)                                                         \
    FIELD(uint32, row)                                                         \
    FIELD(uint32, column) FIELD(uint32, size) FIELD(bin, product)
TROUPE_MESSAGE(matmul_split, PLACE)
TROUPE_MESSAGE(matmul_work, PLACE)
TROUPE_MESSAGE(matmul_done, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(matmul_multiply, FACTORS)
TROUPE_MESSAGE(matmul_product, PRODUCT)

static struct troupe_bin
view(const double *numbers, size_t count)
{
    return (struct troupe_bin){numbers, (uint32_t)(count * sizeof(numbers[0]))};
}

/* ---- a worker ------------------------------------------------------------ */

static void
on_split(struct troupe_self *self, void *state, const struct matmul_split *told)
{
    uint32_t half = told->size / 2;

    (void)state;
    for (uint32_t i = 0; i < 8; i++) {
        (void)troupe_tell(self, troupe_sender(self), matmul_work,
            .row = told->row + (i & 1) * half,
            .column = told->column + (i >> 1 & 1) * half,
            .middle = told->middle + (i >> 2) * half, .size = half);
    }
    (void)troupe_tell(self, troupe_sender(self), matmul_done);
}

/* Three blocks in one piece of memory: left, right, product. In the message
 * they need not be aligned. */
static void
multiply(const double *left, const double *right, double *product, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        for (size_t k = 0; k < size; k++) {
            double factor = left[i * size + k];

            for (size_t j = 0; j < size; j++) {
                product[i * size + j] += factor * right[k * size + j];
            }
        }
    }
}

static void
on_multiply(
    struct troupe_self *self, void *state, const struct matmul_multiply *told)
{
    size_t count = (size_t)told->size * told->size;
    double *blocks = bench_memory(3 * count, sizeof(double));

    (void)state;
    memcpy(blocks, told->left.data, told->left.size);
    memcpy(blocks + count, told->right.data, told->right.size);
    multiply(blocks, blocks + count, blocks + 2 * count, told->size);
    (void)troupe_tell(self, troupe_sender(self), matmul_product,
        .row = told->row, .column = told->column, .size = told->size,
        .product = view(blocks + 2 * count, count));
    free(blocks);
}

TROUPE_BEHAVIOUR(matmul_worker, 0, TROUPE_ON(matmul_split, on_split),
    TROUPE_ON(matmul_multiply, on_multiply));

/* ---- the master ---------------------------------------------------------- */

struct master {
    troupe_pid collector;
    uint32_t size;
    uint32_t block_size;
    uint64_t sent;
    uint64_t completed;
    double *left; /* the master's own from its start on */
    double *right;
    double *result;
    double *block; /* room for two */
    troupe_pid workers[WORKERS_COUNT];
};

static void
copy_block(const struct master *master, const double *matrix, size_t row,
    size_t column, double *block)
{
    size_t size = master->block_size;

    for (size_t i = 0; i < size; i++) {
        memcpy(block + i * size, matrix + (row + i) * master->size + column,
            size * sizeof(block[0]));
    }
}

static void
send_work(
    struct troupe_self *self, struct master *master, struct matmul_work work)
{
    troupe_pid worker = master->workers[master->sent++ % WORKERS_COUNT];
    size_t count = (size_t)work.size * work.size;

    if (work.size > master->block_size) {
        (void)troupe_tell(self, worker, matmul_split, .row = work.row,
            .column = work.column, .middle = work.middle, .size = work.size);
        return;
    }
    copy_block(master, master->left, work.row, work.middle, master->block);
    copy_block(
        master, master->right, work.middle, work.column, master->block + count);
    (void)troupe_tell(self, worker, matmul_multiply, .row = work.row,
        .column = work.column, .middle = work.middle, .size = work.size,
        .left = view(master->block, count),
        .right = view(master->block + count, count));
}

/* Each element counts by its place: sum over i, j of (i+1) (j+1) C(i,j). */
static uint64_t
weigh(const double *matrix, size_t size)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < size; i++) {
        for (size_t j = 0; j < size; j++) {
            sum += (i + 1) * (j + 1) * (uint64_t)matrix[i * size + j];
        }
    }
    return sum;
}

static void
complete(struct troupe_self *self, struct master *master)
{
    if (++master->completed == master->sent) {
        (void)troupe_tell(self, master->collector, outcome,
            .value = weigh(master->result, master->size));
    }
}

static void
on_work(struct troupe_self *self, void *state, const struct matmul_work *work)
{
    send_work(self, state, *work);
}

static void
on_done(struct troupe_self *self, void *state, const struct matmul_done *done)
{
    (void)done;
    complete(self, state);
}

static void
on_product(
    struct troupe_self *self, void *state, const struct matmul_product *told)
{
    struct master *master = state;

    memcpy(master->block, told->product.data, told->product.size);
    for (size_t i = 0; i < told->size; i++) {
        for (size_t j = 0; j < told->size; j++) {
            master->result[(told->row + i) * master->size + told->column + j] +=
                master->block[i * told->size + j];
        }
    }
    complete(self, master);
}

static void
on_start(struct troupe_self *self, void *state)
{
    struct master *master = state;

    master->result =
        bench_memory((size_t)master->size * master->size, sizeof(double));
    master->block = bench_memory(
        2 * (size_t)master->block_size * master->block_size, sizeof(double));
    for (int i = 0; i < WORKERS_COUNT; i++) {
        TROUPE_CHECK(troupe_spawn(self, matmul_worker, &master->workers[i]));
    }
    send_work(self, master, (struct matmul_work){.size = master->size});
}

static void
on_stop(struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    struct master *master = state;

    (void)self, (void)why;
    free(master->left);
    free(master->right);
    free(master->result);
    free(master->block);
}

TROUPE_BEHAVIOUR(matmul_master, sizeof(struct master),
    TROUPE_ON_START(on_start), TROUPE_ON(matmul_work, on_work),
    TROUPE_ON(matmul_done, on_done), TROUPE_ON(matmul_product, on_product),
    TROUPE_ON_STOP(on_stop));

/* ---- the matrices -------------------------------------------------------- */

static double *
draw_matrix(size_t size, struct tp_random *random)
{
    double *matrix = bench_memory(size * size, sizeof(double));

    for (size_t i = 0; i < size * size; i++) {
        matrix[i] = (double)tp_random_below(random, NUMBERS_BELOW);
    }
    return matrix;
}

/* What weigh() says of the product of both: it is row * left * right * column,
 * whatever comes first. */
static uint64_t
weigh_product(const double *left, const double *right, size_t size)
{
    uint64_t sum = 0;

    for (size_t k = 0; k < size; k++) {
        uint64_t column_of_left = 0;
        uint64_t row_of_right = 0;

        for (size_t i = 0; i < size; i++) {
            column_of_left += (i + 1) * (uint64_t)left[i * size + k];
            row_of_right += (i + 1) * (uint64_t)right[k * size + i];
        }
        sum += column_of_left * row_of_right;
    }
    return sum;
}

static uint32_t
size_of(uint64_t elements)
{
    uint32_t size = PARTS_MIN;

    while (4 * (uint64_t)size * size <= elements) {
        size *= 2;
    }
    return size;
}

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    uint32_t size = size_of(bench->count);
    uint32_t block_size = size / PARTS_MIN;
    struct tp_random random;
    struct master master = {
        .collector = bench_collector_spawn(bench, 1),
        .size = size,
        .block_size = block_size < BLOCK_SIZE_MAX ? block_size : BLOCK_SIZE_MAX,
    };

    tp_random_init(&random, SEED);
    master.left = draw_matrix(size, &random);
    master.right = draw_matrix(size, &random);
    return bench_play(bench,
        &(struct bench_play){
            .first = &matmul_master_behaviour,
            .state = &master,
            .collector = master.collector,
            .sum = weigh_product(master.left, master.right, size),
            .units_count = (uint64_t)size * size,
        },
        result);
}

const struct bench bench_matmul = {
    .name = "matmul",
    .group = "savina",
    .question = "matrices multiplied, block by block",
    .unit = "ns/element",
    .count = 1 << 20,
    .run = run,
};
