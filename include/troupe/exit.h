/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exits: why an actor ended.
 */
#ifndef TROUPE_EXIT_H
#define TROUPE_EXIT_H

#include "troupe/err.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The longest text of an exit, in bytes without the NUL; more is cut off. */
#define TROUPE_EXIT_TEXT_MAX 199

#define TROUPE_EXIT_MAP(X)                                                     \
    X(NORMAL, "stopped")                                                       \
    X(SHUTDOWN, "was shut down")                                               \
    X(KILLED, "was killed")                                                    \
    X(FAILED, "failed")                                                        \
    X(CRASHED, "crashed")                                                      \
    X(DECODE, "got a message that does not fit its schema")                    \
    X(NO_SUCH_ACTOR, "had ended before")

enum troupe_exit_kind {
#define X(name, text) TROUPE_EXIT_##name,
    TROUPE_EXIT_MAP(X)
#undef X
};

/** Why an actor ended. Valid until the handler that was given it returns. */
struct troupe_exit {
    enum troupe_exit_kind kind;
    /** FAILED: what troupe_fail() was given. */
    int code;
    /** CRASHED: the signal, and the address that it names. */
    int signal;
    uint64_t address;
    /** FAILED: what troupe_fail() was given; DECODE: what did not fit; CRASHED:
     * that a stack has overflowed; else empty. Never NULL. */
    const char *text;
};

/** True for what is no fault: NORMAL and SHUTDOWN. */
static inline int
troupe_exit_is_orderly(const struct troupe_exit *why)
{
    return why->kind == TROUPE_EXIT_NORMAL || why->kind == TROUPE_EXIT_SHUTDOWN;
}

/**
 * Writes the exit as a person reads it, such as "failed with code 3: disk
 * full", to out, at most size bytes with the final NUL. Returns the length of
 * the whole, as snprintf does. Any thread that has the exit.
 */
TROUPE_API size_t troupe_exit_print(
    char *out, size_t size, const struct troupe_exit *why);

#ifdef __cplusplus
}
#endif

#endif
