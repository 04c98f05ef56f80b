/* SPDX-License-Identifier: BSD-2-Clause */
/* Does a message cost more when more are on their way? */
#include "bench/carousel.h"

enum { ACTORS_COUNT = 1000 };

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    return bench_carousel_run(bench,
        &(struct bench_carousel){.rings_count = 1,
            .members_count = ACTORS_COUNT,
            .tokens_count = bench->at},
        result);
}

static const struct bench_axis axis = {
    .name = "tokens",
    .points = (const uint64_t[]){1, 10, 100, 1000, 10000, 100000, 0},
    .is_scaled = true,
};

const struct bench bench_grow_flight = {
    .name = "grow-flight",
    .question = "round 1,000 actors go",
    .unit = "ns/message",
    .count = 2000000,
    .floor_messages_count = 1,
    .axis = &axis,
    .run = run,
};
