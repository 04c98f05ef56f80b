/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dumping: what all actors of a running program do just now, in words.
 *
 * The twin of a dump of all threads: every living actor with its behaviour,
 * what waits in its mailbox, whom it waits for, its links, timers and children,
 * and every worker with what it runs. Nothing is stopped for it. Each actor is
 * asked for its own lines and answers between two of its messages; so the lines
 * of one actor are of one moment, and those of two actors of two. An actor that
 * does not return from its handler says nothing: of it there is what can be
 * seen from outside.
 */
#ifndef TROUPE_DUMP_H
#define TROUPE_DUMP_H

#include "troupe/runtime.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

enum troupe_dump_format {
    TROUPE_DUMP_TEXT, /**< for people; children below their supervisors */
    TROUPE_DUMP_JSON, /**< one object, and a line feed */
};

/** Made by TROUPE_DUMP_OPTIONS(.field = value, ...); what is not named is
 * default. */
struct troupe_dump_options {
    size_t size;
    enum troupe_dump_format format;
    /** So long a thousand actors may take to answer; 0: a second. */
    uint64_t patience_ns;
};

/** The defaults, for those who would rather set fields afterwards (C++). */
static inline struct troupe_dump_options
troupe_dump_options_default(void)
{
    struct troupe_dump_options options;

    __builtin_memset(&options, 0, sizeof(options));
    options.size = sizeof(options);
    return options;
}

#ifndef __cplusplus
#define TROUPE_DUMP_OPTIONS(...)                                               \
    ((struct troupe_dump_options){                                             \
        .size = sizeof(struct troupe_dump_options), __VA_ARGS__})
#endif

/**
 * Writes what all actors of a running runtime do. options may be NULL: text.
 * Any ordinary thread, at any time: not a handler, which would wait for itself,
 * and not a signal handler. In a simulation: its thread, and no actor runs
 * meanwhile.
 *
 * Each actor answers in a turn of its own, with the first thousand of its
 * children, asks, timers and bonds.
 *
 * Errors: WRONG_THREAD, NOT_RUNNING, NO_MEMORY, ABI_MISMATCH, and
 * INVALID_ARGUMENT for an unknown format.
 */
TROUPE_API troupe_err troupe_dump(struct troupe_runtime *runtime,
    const struct troupe_dump_options *options, FILE *stream);

#ifdef __cplusplus
}
#endif

#endif
