/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench: one question, asked several times, and its answer checked.
 *
 * A benchmark is a file with one of these. Its run makes a system of actors,
 * measures it once and says whether the result was right. The harness runs it
 * several times, each in a process of its own, and reports the median and the
 * spread.
 * All of them use the options that a program gets by default; the number of
 * workers is the only one that the harness sets.
 */
#ifndef TROUPE_BENCH_BENCH_H
#define TROUPE_BENCH_BENCH_H

#include "troupe/troupe.h"

#include <stdbool.h>
#include <stdint.h>

struct bench_case {
    struct troupe_runtime *runtime; /* started, empty */
    struct troupe_self *self;       /* of the measuring thread */
    uint64_t count;                 /* how much; see struct bench */
};

struct bench_result {
    double value; /* in the benchmark's unit */
    bool is_right;
};

struct bench {
    const char *name;
    const char *group; /* NULL: run when none is named; else by this name too */
    const char *question;
    const char *unit;
    uint64_t count; /* of what the unit is per: messages, actors */
    bool (*run)(const struct bench_case *bench, struct bench_result *result);
};

/* Now, on the monotonic clock. */
uint64_t bench_now_ns(void);

/* What this process keeps in memory, in bytes. */
uint64_t bench_resident_bytes(void);

/* Waits until an actor has called troupe_runtime_quit(); nanoseconds since. */
double bench_wait_ns(const struct bench_case *bench, uint64_t since_ns);

extern const struct bench bench_pingpong;
extern const struct bench bench_counting;
extern const struct bench bench_fanin;
extern const struct bench bench_ring;
extern const struct bench bench_fjcreate;
extern const struct bench bench_fjthrput;
extern const struct bench bench_big;
extern const struct bench bench_chameneos;
extern const struct bench bench_banking;
extern const struct bench bench_skynet;
extern const struct bench bench_idle;
extern const struct bench bench_idle_cpu;
extern const struct bench bench_timers_set;
extern const struct bench bench_timers_cancel;
extern const struct bench bench_timers_run;
extern const struct bench bench_timers_size;
extern const struct bench bench_cascade;
extern const struct bench bench_cascade_star;
/* bench/savina: group "savina" */
extern const struct bench bench_dictionary;
extern const struct bench bench_sortedlist;
extern const struct bench bench_boundedbuffer;
extern const struct bench bench_philosophers;
extern const struct bench bench_smokers;
extern const struct bench bench_barber;
extern const struct bench bench_logmap;
extern const struct bench bench_quicksort;
extern const struct bench bench_radixsort;
extern const struct bench bench_bitonicsort;
extern const struct bench bench_matmul;
extern const struct bench bench_nqueens;
extern const struct bench bench_astar;
extern const struct bench bench_apsp;
extern const struct bench bench_trapezoid;
extern const struct bench bench_pi;
extern const struct bench bench_filterbank;
extern const struct bench bench_cobweb;
extern const struct bench bench_facility;
extern const struct bench bench_sor;
extern const struct bench bench_sieve;
extern const struct bench bench_fibonacci;

#endif
