/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * play: one run of a program of the suite, from its first actor to its check.
 *
 * A program begins with one actor that makes all others when it starts, and
 * ends when all outcomes have come to a collector (bench/collector.h). The time
 * between is what is measured. What is checked is the sum of the outcomes,
 * modulo 2^64, so that it does not matter in which order they come: a program
 * puts into them what it has found, and run() says beforehand what that is.
 *
 * Not chosen: a check in an actor, which could only print; a master in each
 * program that waits for all others to stop, as the suite has it: here the
 * runtime ends whoever is left.
 */
#ifndef TROUPE_BENCH_SAVINA_PLAY_H
#define TROUPE_BENCH_SAVINA_PLAY_H

#include "bench/collector.h"

#include <string.h>

struct bench_play {
    struct troupe_behaviour *first;
    const void *state;    /* which the first actor begins with */
    troupe_pid collector; /* to which all outcomes go */
    uint64_t sum;         /* of them, if the run is right */
    uint64_t units_count; /* by which the time is divided */
};

/* Plays and fills result. Always true: whether it went well is in there. */
bool bench_play(const struct bench_case *bench, const struct bench_play *play,
    struct bench_result *result);

/* A number as an outcome: equal bits, equal numbers. */
static inline uint64_t
bench_play_bits(double number)
{
    uint64_t bits;

    memcpy(&bits, &number, sizeof(bits));
    return bits;
}

/* At least one of whatever --scale has left. */
static inline uint64_t
bench_play_at_least(uint64_t count, uint64_t least)
{
    return count < least ? least : count;
}

#endif
