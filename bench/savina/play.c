/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/savina/play.h"

bool
bench_play(const struct bench_case *bench, const struct bench_play *play,
    struct bench_result *result)
{
    uint64_t start_ns = bench_now_ns();
    troupe_pid first;

    TROUPE_CHECK(troupe_spawn_behaviour(bench->self, play->first,
        &TROUPE_SPAWN_OPTIONS(.state = play->state), &first));
    result->value = bench_wait_ns(bench, start_ns) / (double)play->units_count;
    result->is_right = bench_collector_sum(bench, play->collector) == play->sum;
    return true;
}
