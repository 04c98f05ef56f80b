/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * floor: what the primitives cost that a message cannot do without.
 *
 * A message between two actors needs at least a block, taken and given back;
 * one read-modify-write that hands it over (a compare-and-swap) and one that
 * takes it (a swap); and its number encoded and decoded. All of that on one
 * core, with every line in its cache, is the floor of a message: local plus
 * codec. What is a multiple of it is what else the runtime does: limits,
 * dispatch, finding the next actor, crashes contained; and what it waits for:
 * lines that another core or the memory has.
 *
 * With two workers the floor stays the same. A runtime may keep both ends of a
 * conversation on one core, so no hand-over is due; and it may use both, so a
 * figure can be half of what one worker gives.
 *
 * The least of several short series is taken: these are costs of the machine,
 * and whatever else it does meanwhile only adds to them.
 */
#ifndef TROUPE_BENCH_FLOOR_H
#define TROUPE_BENCH_FLOOR_H

#include "bench/bench.h"

#define BENCH_FLOOR_PARTS(X)                                                   \
    X(CAS, "cas", "a compare-and-swap")                                        \
    X(SWAP, "swap", "a swap")                                                  \
    X(XADD, "xadd", "an exchange-and-add")                                     \
    X(BLOCK, "block", "a block taken and given back")                          \
    X(LOCAL, "local", "the block, the compare-and-swap and the swap")          \
    X(CODEC, "codec", "a number encoded and decoded")                          \
    X(HANDOVER, "hand-over", "a line handed from core to core")                \
    X(WAKE, "wake", "a thread woken by a futex, until it runs")                \
    X(CLOCK, "clock", "clock_gettime")                                         \
    X(SIGSETJMP, "sigsetjmp", "sigsetjmp without the signal mask")

enum bench_floor_part {
#define X(name, label, what) BENCH_FLOOR_##name,
    BENCH_FLOOR_PARTS(X)
#undef X
        BENCH_FLOOR_PARTS_COUNT
};

struct bench_floor {
    double part_ns[BENCH_FLOOR_PARTS_COUNT]; /* 0: could not be measured */
};

extern const struct bench bench_floor;

static inline double
bench_floor_message_ns(const struct bench_floor *floor)
{
    return floor->part_ns[BENCH_FLOOR_LOCAL] +
           floor->part_ns[BENCH_FLOOR_CODEC];
}

/* What one of the `count` equal steps takes that `steps` makes, in ns; the
 * least of a hundred calls. */
double bench_floor_least_ns(void (*steps)(void *context, uint64_t count),
    void *context, uint64_t count);

#endif
