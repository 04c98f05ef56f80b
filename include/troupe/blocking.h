/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blocking: calls that wait where an actor must not.
 *
 * A handler that waits holds its worker up, and all who are to run there. In
 * tests such calls can be found: a program that is linked with troupe-blocking
 * (target troupe::blocking, or -Wl,-u,troupe_blocking_is_linked
 * -ltroupe-blocking) has versions of read(), nanosleep(), poll() and others
 * that report before they call the system's. Not for production: each such call
 * takes longer.
 */
#ifndef TROUPE_BLOCKING_H
#define TROUPE_BLOCKING_H

#include "troupe/err.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Says that the calling thread is about to wait in `function`, called at
 * `place`, an address in the caller. If it is in a handler of an actor that
 * shares its worker, a warning in the log names the actor, the function and the
 * stack, once for each place; else nothing happens. A program may call it from
 * functions of its own that wait. errno is left as it is.
 *
 * Handlers are known where crashes are contained, as they are by default. Any
 * thread.
 */
TROUPE_API void troupe_blocking_report(const char *function, const void *place);

#ifdef __cplusplus
}
#endif

#endif
