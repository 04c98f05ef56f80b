/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"

#include "base/assert.h"

#include <stddef.h>
#include <time.h>

#define NS_PER_SECOND 1000000000u

struct tp_clock
tp_clock_monotonic(void)
{
    return (struct tp_clock){NULL};
}

struct tp_clock
tp_clock_virtual(const uint64_t *now_ns)
{
    TP_ASSERT(now_ns != NULL);
    return (struct tp_clock){now_ns};
}

static uint64_t
monotonic_now_ns(void)
{
    struct timespec now;
    int failed = clock_gettime(CLOCK_MONOTONIC, &now);

    TP_ASSERT(!failed);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

uint64_t
tp_clock_now_ns(const struct tp_clock *clock)
{
    return clock->virtual_now_ns != NULL ? *clock->virtual_now_ns
                                         : monotonic_now_ns();
}
