/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * thread: how the scheduler's threads are made.
 *
 * Each has a name, for `top -H` and gdb. Signals are the program's: a thread of
 * the scheduler takes only those that it raises itself. A new thread inherits
 * the processors of the one that makes it, which may be a worker that is bound
 * to one, so those that it may use are said each time.
 *
 *     tp_thread_processors    any thread
 *     tp_thread_start         any thread
 *     tp_thread_name, _pin, _spread   the new thread
 */
#ifndef TROUPE_SCHEDULER_THREAD_H
#define TROUPE_SCHEDULER_THREAD_H

#include <pthread.h>
#include <sched.h>

/* Those that the calling thread may use; none: the system does not say. */
void tp_thread_processors(cpu_set_t *allowed);

/* 0, or why the system refused, as an errno. */
int tp_thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg);

/* Names the calling thread "troupe/", then kind and number. */
void tp_thread_name(const char *kind, unsigned number);

/* Binds the calling thread to the index-th of these processors. */
void tp_thread_pin(const cpu_set_t *allowed, unsigned index);

/* Lets the calling thread run on any of them. */
void tp_thread_spread(const cpu_set_t *allowed);

#endif
