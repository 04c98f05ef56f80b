/* SPDX-License-Identifier: BSD-2-Clause */
/* What does a message cost that takes the way through a router? As counting,
 * with a router of one routee in between. */
#include "bench/flood.h"

static troupe_pid
spawn_router(const struct bench_case *bench, troupe_pid consumer)
{
    troupe_pid router;

    TROUPE_CHECK(troupe_router_spawn(bench->self,
        &TROUPE_ROUTER_OPTIONS(.routees = &consumer, .routees_count = 1),
        &router));
    return router;
}

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    return bench_flood_by_way_of(bench, 1, spawn_router, result);
}

const struct bench bench_router = {
    .name = "router",
    .question = "counting, by way of a router",
    .unit = "ns/message",
    .count = 2000000,
    .floor_messages_count = 1,
    .run = run,
};
