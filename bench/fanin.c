/* SPDX-License-Identifier: BSD-2-Clause */
/* What does a message cost when eight actors flood one? */
#include "bench/flood.h"

static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    return bench_flood(bench, 8, result);
}

const struct bench bench_fanin = {
    .name = "fanin",
    .question = "eight senders, one receiver",
    .unit = "ns/message",
    .count = 4000000,
    .floor_messages_count = 1,
    .run = run,
};
