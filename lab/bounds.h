/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bounds: a process of its own for what might not end, or take too much.
 *
 * The child cannot have more than BOUNDS_DATA_BYTES of private memory (but for
 * builds with address sanitizer, which reserve far more), files of more than
 * BOUNDS_FILE_BYTES, or a core file. After so many seconds it is killed, and
 * all that it has started with it. It also ends when its parent does.
 *
 * The first thread of a process that has no other.
 */
#ifndef TROUPE_LAB_BOUNDS_H
#define TROUPE_LAB_BOUNDS_H

#include <stdint.h>

#define BOUNDS_DATA_BYTES ((uint64_t)24 << 30)
#define BOUNDS_FILE_BYTES ((uint64_t)256 << 20)

enum bounds_end {
    BOUNDS_RETURNED, /* run() has, or has called exit() */
    BOUNDS_KILLED,   /* by a signal of its own making */
    BOUNDS_LATE,     /* it took too long */
    BOUNDS_REFUSED,  /* there is no process for it */
};

/* Calls run(context) in a child and waits for its end. *status: what exit() was
 * given, or the signal. */
enum bounds_end bounds_run(
    void (*run)(void *context), void *context, unsigned limit_s, int *status);

#endif
