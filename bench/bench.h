/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench: one question, asked several times, and its answer checked.
 *
 * A benchmark is a file with one of these. Its run makes a system of actors,
 * measures it once and says whether the result was right. The harness runs it
 * several times, each in a process of its own, and reports the median and the
 * spread (measurement.h).
 * All of them use the options that a program gets by default; the number of
 * workers is the only one that the harness sets.
 *
 * Most have one figure, and so one row. One with an axis has a row for each of
 * its points, which are runs of their own; one with parts measures several
 * things in a run and has a row for each.
 *
 * The floor of a figure is what the least that it could be made of costs on
 * this machine (floor.h). Most say of how many messages that is; a run that
 * knows better says so in its result.
 */
#ifndef TROUPE_BENCH_BENCH_H
#define TROUPE_BENCH_BENCH_H

#include "troupe/troupe.h"

#include <stdbool.h>
#include <stdint.h>

enum { BENCH_PARTS_MAX = 16 };

struct bench_floor;

struct bench_case {
    struct troupe_runtime *runtime; /* started, empty */
    struct troupe_self *self;       /* of the measuring thread */
    uint64_t count;                 /* how much; see struct bench */
    uint64_t at;   /* the point of the axis; 0: there is none */
    uint64_t seed; /* for those that draw by chance */
    const struct bench_floor *floor;
};

struct bench_value {
    double value;
    double floor;
};

struct bench_result {
    double value; /* in the benchmark's unit */
    double floor; /* the same; 0: struct bench says, or there is none */
    bool is_right;
    struct bench_value parts[BENCH_PARTS_MAX]; /* instead, if it has parts */
};

/* What a figure is measured against. */
struct bench_axis {
    const char *name;
    const uint64_t *points; /* growing, 0 at the end; NULL: numbers of workers,
                               as many as there are processors */
    bool is_scaled;         /* --scale leaves out the large ones */
};

enum bench_workers {
    BENCH_WORKERS_SEVERAL, /* with one, and with two */
    BENCH_WORKERS_ONE,     /* more would make no difference */
};

struct bench {
    const char *name;
    const char *group; /* NULL: run when none is named; else by this name too */
    const char *question;
    const char *unit;
    uint64_t count;              /* of what the unit is per: messages, actors */
    double floor_messages_count; /* what the unit is per takes at least; 0: the
                                    floor is not made of messages */
    const struct bench_axis *axis;
    const char *const *parts; /* NULL at the end */
    enum bench_workers workers;
    bool is_random; /* draws from its seed */
    bool (*run)(const struct bench_case *bench, struct bench_result *result);
};

/* Now, on the monotonic clock. */
uint64_t bench_now_ns(void);

/* What this process keeps in memory, in bytes. */
uint64_t bench_resident_bytes(void);

/* The addresses that it has taken, in bytes. */
uint64_t bench_virtual_bytes(void);

/* Waits until an actor has called troupe_runtime_quit(); nanoseconds since. */
double bench_wait_ns(const struct bench_case *bench, uint64_t since_ns);

#endif
