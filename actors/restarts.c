/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/restarts.h"

#include "base/memory.h"

#include <string.h>

enum { COUNT_MAX_DEFAULT = 3 };

static const uint64_t within_ns_default = TROUPE_SECONDS(5);
static const uint64_t backoff_ns_max_default = TROUPE_SECONDS(60);

bool
tp_restarts_init(
    struct tp_restarts *restarts, const struct troupe_supervisor *description)
{
    restarts->description = description;
    restarts->count = 0;
    restarts->times_ns = tp_memory_alloc(
        (tp_restarts_max(restarts) + 1) * sizeof(restarts->times_ns[0]));
    return restarts->times_ns != NULL;
}

void
tp_restarts_fini(struct tp_restarts *restarts)
{
    tp_memory_free(restarts->times_ns);
    restarts->times_ns = NULL;
}

unsigned
tp_restarts_max(const struct tp_restarts *restarts)
{
    unsigned given = restarts->description->restarts_max;

    return given == TROUPE_NO_RESTARTS ? 0
           : given == 0                ? COUNT_MAX_DEFAULT
                                       : given;
}

uint64_t
tp_restarts_within_ns(const struct tp_restarts *restarts)
{
    uint64_t given = restarts->description->restarts_within_ns;

    return given == 0 ? within_ns_default : given;
}

/* The clock of another worker, where the last restart was, may have been a
 * little ahead. */
static bool
is_old(uint64_t time_ns, uint64_t now_ns, uint64_t within_ns)
{
    return now_ns > time_ns && now_ns - time_ns > within_ns;
}

static void
forget_old(struct tp_restarts *restarts, uint64_t now_ns)
{
    uint64_t within_ns = tp_restarts_within_ns(restarts);
    unsigned old = 0;

    while (old < restarts->count &&
           is_old(restarts->times_ns[old], now_ns, within_ns)) {
        old++;
    }
    restarts->count -= old;
    memmove(restarts->times_ns, restarts->times_ns + old,
        restarts->count * sizeof(restarts->times_ns[0]));
}

bool
tp_restarts_count(struct tp_restarts *restarts, uint64_t now_ns)
{
    forget_old(restarts, now_ns);
    if (restarts->count >= tp_restarts_max(restarts)) {
        return false;
    }
    restarts->times_ns[restarts->count++] = now_ns;
    return true;
}

uint64_t
tp_restarts_backoff_ns(
    const struct tp_restarts *restarts, struct troupe_self *self)
{
    const struct troupe_supervisor *description = restarts->description;
    uint64_t max_ns = description->backoff_ns_max == 0
                          ? backoff_ns_max_default
                          : description->backoff_ns_max;
    uint64_t span_ns = description->backoff_ns;

    for (unsigned i = 1; i < restarts->count && span_ns != 0; i++) {
        if (span_ns > max_ns / 2) {
            span_ns = max_ns;
            break;
        }
        span_ns *= 2;
    }
    if (span_ns > max_ns) {
        span_ns = max_ns;
    }
    return span_ns - troupe_random_below(self, span_ns / 2 + 1);
}
