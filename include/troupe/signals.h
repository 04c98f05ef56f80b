/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals: how a service is told to end, and to say what it does.
 *
 *     SIGTERM, SIGINT   the runtime stops: it drains, and prints its report
 *       a second one    it drains no more
 *       a third one     ends the process, as if nobody had asked for it
 *     SIGUSR1           troupe_dump() of all actors is printed
 *
 *     troupe_signals_block();                     before any thread is made
 *     TROUPE_CHECK(troupe_runtime_create(...));
 *     TROUPE_CHECK(troupe_runtime_start(runtime));
 *     ...
 *     TROUPE_CHECK(troupe_run_until_signal(runtime, NULL, NULL));
 *     troupe_runtime_destroy(&runtime);
 *
 * No signal handler runs: the signals are blocked, and the thread that calls
 * takes them one after the other, as it would read a file. Threads of the
 * runtime block all signals anyway; a thread of the program's own must block
 * these, which it does if it is made after troupe_signals_block().
 */
#ifndef TROUPE_SIGNALS_H
#define TROUPE_SIGNALS_H

#include "troupe/runtime.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Made by TROUPE_SIGNAL_OPTIONS(.field = value, ...); what is not named is
 * default. */
struct troupe_signal_options {
    size_t size;
    /** What waits is handled for so long at most; 0: 10 s. */
    uint64_t drain_ns;
    /** Where the dump and the report go; NULL: standard error. */
    FILE *stream;
};

/** The defaults, for those who would rather set fields afterwards (C++). */
static inline struct troupe_signal_options
troupe_signal_options_default(void)
{
    struct troupe_signal_options options;

    __builtin_memset(&options, 0, sizeof(options));
    options.size = sizeof(options);
    return options;
}

#ifndef __cplusplus
#define TROUPE_SIGNAL_OPTIONS(...)                                             \
    ((struct troupe_signal_options){                                           \
        .size = sizeof(struct troupe_signal_options), __VA_ARGS__})
#endif

/** Blocks SIGTERM, SIGINT and SIGUSR1 in the thread that calls, and in those
 * that it makes: one that comes waits for troupe_run_until_signal(). Call it
 * first in main(). A process that is made by fork() and exec() inherits it. */
TROUPE_API void troupe_signals_block(void);

/**
 * Runs a started runtime until a signal or troupe_runtime_quit() ends it, stops
 * it, prints the report and fills *report, which may be NULL, as options may.
 * The signals are as they were when it returns; any that came meanwhile and had
 * nothing to do any more is dropped. A simulation takes no signals: it runs
 * until it is quiet, and stops. An ordinary thread, one at a time.
 *
 * Errors: WRONG_THREAD (inside a handler, or not the simulation's thread),
 * NOT_RUNNING, SYSTEM (no file descriptor or thread for it), ABI_MISMATCH.
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_run_until_signal(
    struct troupe_runtime *runtime, const struct troupe_signal_options *options,
    struct troupe_stop_report *report);

#ifdef __cplusplus
}
#endif

#endif
