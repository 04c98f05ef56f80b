/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pid: the name of one life of one actor, by value.
 *
 * 64 bits: the high 32 are the incarnation, then 4 bits of runtime, then 28
 * bits of slot. An incarnation is never 0, so no actor has the pid 0. A pid
 * stays safe to send to for as long as its runtime exists: when the actor is
 * dead, the incarnation no longer fits and the message is a dead letter.
 *
 * Take pids as opaque: compare them with ==, copy them, send them. The parts
 * are for printing.
 */
#ifndef TROUPE_PID_H
#define TROUPE_PID_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An actor's address. Plain data: copied freely, by any thread. */
typedef uint64_t troupe_pid;

/** No actor. */
#define TROUPE_NO_PID ((troupe_pid)0)

/** Which of the slot's lives pid names; 0 only in TROUPE_NO_PID. */
static inline uint32_t
troupe_pid_incarnation(troupe_pid pid)
{
    return (uint32_t)(pid >> 32);
}

/** Which of the process's runtimes made pid: 0 to 15. */
static inline uint32_t
troupe_pid_runtime(troupe_pid pid)
{
    return (uint32_t)(pid >> 28) & 0xf;
}

/** The actor's place in its runtime: 0 to 2^28 - 1. */
static inline uint32_t
troupe_pid_slot(troupe_pid pid)
{
    return (uint32_t)pid & 0xfffffff;
}

#ifdef __cplusplus
}
#endif

#endif
