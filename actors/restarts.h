/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * restarts: how many a supervisor has made of late, and how long it is to wait
 * before the next.
 *
 * A restart counts for as long as the description says. If there are too many
 * at a time the supervisor gives up; the more there are, the longer it waits:
 * twice as long for each, less a random part of up to a half, so that many that
 * failed together do not come back together.
 *
 * All functions are for the supervisor.
 */
#ifndef TROUPE_ACTORS_RESTARTS_H
#define TROUPE_ACTORS_RESTARTS_H

#include "troupe/supervisor.h"

/* Zeroed memory may be given to fini. */
struct tp_restarts {
    const struct troupe_supervisor *description;
    uint64_t *times_ns; /* of those that count, oldest first */
    unsigned count;
};

/* False: there is no memory. */
TROUPE_MUST_USE bool tp_restarts_init(
    struct tp_restarts *restarts, const struct troupe_supervisor *description);

void tp_restarts_fini(struct tp_restarts *restarts);

/* What the description says, or leaves out. */
unsigned tp_restarts_max(const struct tp_restarts *restarts);
uint64_t tp_restarts_within_ns(const struct tp_restarts *restarts);

/* Counts one more. False: it is one too many, and does not count. */
bool tp_restarts_count(struct tp_restarts *restarts, uint64_t now_ns);

/* How long to wait before the one that has just been counted. */
uint64_t tp_restarts_backoff_ns(
    const struct tp_restarts *restarts, struct troupe_self *self);

#endif
