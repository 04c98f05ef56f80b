/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timing: how long something takes, what the process takes up, and how often
 * the system switched away from it.
 *
 *     every function    any thread
 */
#ifndef TROUPE_LAB_TIMING_H
#define TROUPE_LAB_TIMING_H

#include <stdint.h>

/* Now, on the monotonic clock. */
uint64_t timing_now_ns(void);

/* The time that the processors have worked for this process. */
uint64_t timing_processor_ns(void);

/* The memory of this process: that is there, and the addresses taken. */
uint64_t timing_resident_bytes(void);
uint64_t timing_virtual_bytes(void);

/* Context switches of this process: it waited, or its time was up. */
uint64_t timing_switches_count(void);

/* Processors that this process may run on. */
unsigned timing_processors_count(void);

#endif
