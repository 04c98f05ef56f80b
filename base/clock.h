/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock: what time it is, on the machine or in a simulation.
 *
 * All of troupe reads time here and nowhere else, so that a simulation that
 * owns the clock owns time. The monotonic clock counts nanoseconds from an
 * arbitrary start and never goes back. The virtual one is a word of whoever
 * made it, which moves when its owner writes it.
 *
 * A clock is a value: copy it freely; it holds nothing to give back.
 *
 * Who may call what. A monotonic clock: any thread. A virtual one: the thread
 * that writes its word, since a simulation has only one.
 *
 * Reading the monotonic clock costs 15 to 20 ns. Callers that need time often
 * read it once in a while and keep the answer.
 */
#ifndef TROUPE_BASE_CLOCK_H
#define TROUPE_BASE_CLOCK_H

#include <stdint.h>

struct tp_clock {
    /* NULL: the monotonic clock. Otherwise borrowed for the clock's life. */
    const uint64_t *virtual_now_ns;
};

struct tp_clock tp_clock_monotonic(void);

struct tp_clock tp_clock_virtual(const uint64_t *now_ns);

uint64_t tp_clock_now_ns(const struct tp_clock *clock);

/* The time that is a span after another; UINT64_MAX, which is never, if that
 * lies beyond all time. */
static inline uint64_t
tp_clock_after_ns(uint64_t since_ns, uint64_t span_ns)
{
    return span_ns > UINT64_MAX - since_ns ? UINT64_MAX : since_ns + span_ns;
}

#endif
