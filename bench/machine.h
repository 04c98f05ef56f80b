/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine: on what a figure was measured, and how much of it others took.
 *
 * A figure without the machine says nothing, and one that was measured beside
 * other work says less than it seems to. So both are printed with every table.
 */
#ifndef TROUPE_BENCH_MACHINE_H
#define TROUPE_BENCH_MACHINE_H

#include <stdint.h>

enum { BENCH_MACHINE_TEXT_SIZE = 256 };

/* Processors that this process may run on, at least 1. */
unsigned bench_machine_processors_count(void);

/* "2 x Intel(R) Xeon(R) ..., Linux 6.1.0". Returns text. */
const char *bench_machine_name(char text[BENCH_MACHINE_TEXT_SIZE]);

/* "troupe 0.1.0, gcc 12.2.0, glibc 2.36, CK 0.7.1, optimized". The same. */
const char *bench_machine_versions(char text[BENCH_MACHINE_TEXT_SIZE]);

/* What the processors have done since the machine started. */
struct bench_machine_load {
    uint64_t all_ticks;
    uint64_t busy_ticks; /* of any process */
    uint64_t own_ticks;  /* of this one and its children */
};

struct bench_machine_load bench_machine_load_now(void);

/* The share of the processors, 0 to 1, that other processes have had since. */
double bench_machine_others_since(const struct bench_machine_load *before);

#endif
