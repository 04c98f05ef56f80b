/* SPDX-License-Identifier: BSD-2-Clause */
/* Does a message cost more when there are more actors? */
#include "bench/carousel.h"

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    return bench_carousel_run(bench,
        &(struct bench_carousel){
            .rings_count = 1, .members_count = bench->at, .tokens_count = 1},
        result);
}

static const struct bench_axis axis = {
    .name = "actors",
    .points = (const uint64_t[]){10, 100, 1000, 10000, 100000, 1000000, 0},
    .is_scaled = true,
};

const struct bench bench_grow_actors = {
    .name = "grow-actors",
    .question = "a token goes round",
    .unit = "ns/message",
    .count = 2000000,
    .floor_messages_count = 1,
    .axis = &axis,
    .run = run,
};
