/* SPDX-License-Identifier: BSD-2-Clause */
/* What do the primitives cost that messages are made of? */
#include "bench/floor.h"

#include "bench/handover.h"
#include "mailbox/block_cache.h"
#include "troupe/wire.h"

#include <ck_pr.h>
#include <setjmp.h>
#include <time.h>

enum { STEPS_COUNT = 1000, SERIES_COUNT = 100 };

/* What the loops work on; nobody else knows of it. */
struct ground {
    uint64_t word __attribute__((aligned(64)));
    uint8_t wire[16] __attribute__((aligned(64)));
    struct tp_block_depot depot;
    struct tp_block_cache cache;
    sigjmp_buf back;
};

double
bench_floor_least_ns(
    void (*steps)(void *context, uint64_t count), void *context, uint64_t count)
{
    double least_ns = 0;

    for (int i = 0; i < SERIES_COUNT; i++) {
        uint64_t start_ns = bench_now_ns();
        double ns;

        steps(context, count);
        ns = (double)(bench_now_ns() - start_ns) / (double)count;
        if (i == 0 || ns < least_ns) {
            least_ns = ns;
        }
    }
    return least_ns;
}

static void
compare_and_swap(void *context, uint64_t count)
{
    struct ground *ground = context;

    for (uint64_t i = 0; i < count; i++) {
        (void)ck_pr_cas_64(&ground->word, i, i + 1);
    }
    ck_pr_store_64(&ground->word, 0);
}

static void
swap(void *context, uint64_t count)
{
    struct ground *ground = context;

    for (uint64_t i = 0; i < count; i++) {
        (void)ck_pr_fas_64(&ground->word, i);
    }
}

static void
exchange_and_add(void *context, uint64_t count)
{
    struct ground *ground = context;

    for (uint64_t i = 0; i < count; i++) {
        (void)ck_pr_faa_64(&ground->word, i);
    }
}

static void *
take_block(struct ground *ground)
{
    void *block = tp_block_take(&ground->cache, 0, TP_BLOCK_BYTES_MIN);

    TROUPE_CHECK(block == NULL ? TROUPE_E_NO_MEMORY : TROUPE_OK);
    return block;
}

static void
block(void *context, uint64_t count)
{
    struct ground *ground = context;

    for (uint64_t i = 0; i < count; i++) {
        void *taken = take_block(ground);

        ck_pr_barrier(); /* or the two would cancel out */
        tp_block_give(&ground->cache, 0, taken);
    }
}

/* As a message: the block goes into the word and comes out of it. */
static void
local(void *context, uint64_t count)
{
    struct ground *ground = context;

    ck_pr_store_64(&ground->word, 0);
    for (uint64_t i = 0; i < count; i++) {
        void *sent = take_block(ground);

        (void)ck_pr_cas_64(&ground->word, 0, (uint64_t)(uintptr_t)sent);
        tp_block_give(&ground->cache, 0,
            (void *)(uintptr_t)ck_pr_fas_64(&ground->word, 0));
    }
}

static void
codec(void *context, uint64_t count)
{
    struct ground *ground = context;
    uint64_t value = 0;

    for (uint64_t i = 0; i < count; i++) {
        const uint8_t *end =
            troupe_wire_put_uint64(ground->wire, value + 100000);

        ck_pr_barrier(); /* another actor reads it */
        (void)troupe_wire_get_uint64(ground->wire, end, &value);
    }
    ck_pr_store_64(&ground->word, value);
}

static void
read_clock(void *context, uint64_t count)
{
    struct timespec now;

    (void)context;
    for (uint64_t i = 0; i < count; i++) {
        clock_gettime(CLOCK_MONOTONIC, &now);
    }
}

static void
set_jump(void *context, uint64_t count)
{
    struct ground *ground = context;

    for (volatile uint64_t i = 0; i < count; i++) {
        (void)sigsetjmp(ground->back, 0);
    }
}

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    static struct ground ground;
    static const struct {
        enum bench_floor_part part;
        void (*steps)(void *context, uint64_t count);
    } loops[] = {
        {BENCH_FLOOR_CAS, compare_and_swap},
        {BENCH_FLOOR_SWAP, swap},
        {BENCH_FLOOR_XADD, exchange_and_add},
        {BENCH_FLOOR_BLOCK, block},
        {BENCH_FLOOR_LOCAL, local},
        {BENCH_FLOOR_CODEC, codec},
        {BENCH_FLOOR_CLOCK, read_clock},
        {BENCH_FLOOR_SIGSETJMP, set_jump},
    };

    (void)bench;
    tp_block_depot_init(&ground.depot);
    tp_block_cache_init(&ground.cache, &ground.depot);
    for (size_t i = 0; i < sizeof(loops) / sizeof(loops[0]); i++) {
        result->parts[loops[i].part].value =
            bench_floor_least_ns(loops[i].steps, &ground, STEPS_COUNT);
    }
    result->parts[BENCH_FLOOR_HANDOVER].value = bench_handover_line_ns();
    result->parts[BENCH_FLOOR_WAKE].value = bench_handover_wake_ns();
    result->is_right = true;
    return true;
}

static const char *const parts[] = {
#define X(name, label, what) label,
    BENCH_FLOOR_PARTS(X)
#undef X
        NULL,
};

const struct bench bench_floor = {
    .name = "floor",
    .question = "what messages are made of",
    .unit = "ns/step",
    .count = STEPS_COUNT * SERIES_COUNT,
    .parts = parts,
    .workers = BENCH_WORKERS_ONE,
    .run = run,
};
