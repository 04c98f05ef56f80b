/* SPDX-License-Identifier: BSD-2-Clause */
/* Do more workers handle more, where actors share nothing but the runtime? */
#include "bench/carousel.h"
#include "bench/floor.h"

enum { PAIRS_COUNT = 64 };

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    result->floor = bench_floor_message_ns(bench->floor) / (double)bench->at;
    return bench_carousel_run(bench,
        &(struct bench_carousel){
            .rings_count = PAIRS_COUNT, .members_count = 2, .tokens_count = 1},
        result);
}

static const struct bench_axis axis = {.name = "workers"};

const struct bench bench_grow_workers = {
    .name = "grow-workers",
    .question = "64 pairs of actors take turns",
    .unit = "ns/message",
    .count = 4000000,
    .axis = &axis,
    .run = run,
};
