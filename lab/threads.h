/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * threads: some threads that run one function, and are joined.
 *
 * No more than THREADS_MAX: threads that wake all the time bring a machine to
 * its knees long before its limits do.
 *
 * The thread that starts them.
 */
#ifndef TROUPE_LAB_THREADS_H
#define TROUPE_LAB_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { THREADS_MAX = 5000, THREADS_STACK_BYTES = 256 << 10 };

struct threads;

/* index: from 0. */
typedef void threads_body(void *context, unsigned index);

/* Makes so many threads, with stacks of so many bytes, or 0: the system's
 * default. NULL: the system gave fewer, and they have been ended. */
struct threads *threads_gather(
    unsigned count, size_t stack_bytes, threads_body *body, void *context);

/* Now they call body(context, index). */
void threads_go(struct threads *threads);

/* Both. */
struct threads *threads_start(
    unsigned count, size_t stack_bytes, threads_body *body, void *context);

/* Waits for all to end, and frees. */
void threads_join(struct threads *threads);

/* All of it, with small stacks. False: the system gave fewer. */
bool threads_run(unsigned count, threads_body *body, void *context);

/* Binds the calling thread to the processor of that index, of those that the
 * process may run on; more wrap around. */
void threads_bind(unsigned index);

#endif
