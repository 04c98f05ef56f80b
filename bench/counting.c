/* SPDX-License-Identifier: BSD-2-Clause */
/* What does a message cost when one actor floods another? */
#include "bench/flood.h"

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    return bench_flood(bench, 1, result);
}

const struct bench bench_counting = {
    .name = "counting",
    .question = "one fast sender, one receiver",
    .unit = "ns/message",
    .count = 5000000,
    .floor_messages_count = 1,
    .run = run,
};
