/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * task_state: what the system says a thread of this process does.
 *
 *     every function    any thread
 */
#ifndef TROUPE_LAB_TASK_STATE_H
#define TROUPE_LAB_TASK_STATE_H

#include <sys/types.h>

/* The system's number of the calling thread. */
pid_t task_number(void);

/* "running" (or would, if there were a processor), "blocked" or "terminated".
 */
const char *task_state(pid_t number);

/* Waits until it is so, and returns the state: the system needs a moment. The
 * lab's limit is the bound. */
const char *task_await(pid_t number, const char *wanted);

#endif
