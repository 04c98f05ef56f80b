/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source: which request a connection makes next, and when it is due.
 *
 * A list is one request of a kind for each account, or for none, made as fast
 * as they are answered: to open, to add up. A run is drawn: kind by the mix,
 * accounts by zipf.h, up to 1,000 cents.
 *
 * In a closed loop a request is due when there is room for it. In an open loop
 * the k-th of all is due k / rate after the begin, whatever became of those
 * before; connection i of n makes the k of which k mod n is i. Who measures
 * from when it was due counts the time in which a slow server kept it from
 * being sent. What is due when a run by time is over and could not be sent,
 * 100 ms later still, is not made: it is counted as unsent. Since timers have
 * ticks, one is made up to a tick early, and is due when it is made.
 *
 * A source's numbers come from the plan's seed and the connection's index, so
 * the same connection draws the same requests in each run.
 *
 *     every function    one thread at a time; time is a parameter
 */
#ifndef TROUPE_BANK_LOAD_SOURCE_H
#define TROUPE_BANK_LOAD_SOURCE_H

#include "base/random.h"
#include "examples/bank/load/plan.h"

struct bank_source {
    const struct bank_plan *plan;
    struct tp_random random;
    uint32_t index; /* of the connection */
    bool is_list;
    enum bank_request_kind kind; /* of a list's */
    uint64_t made_count;         /* of this list or run */
    uint64_t count;              /* to be made; UINT64_MAX: time says */
    uint64_t begin_ns;           /* of a run */
};

enum {
    BANK_SOURCE_GRACE_NS = 100000000,
    BANK_SOURCE_EARLY_NS = 1 << 19, /* a tick of troupe's timers */
    BANK_SOURCE_CENTS_MAX = 1000,
};

enum bank_due {
    BANK_DUE_NOW,
    BANK_DUE_LATER,
    BANK_DUE_NEVER, /* it was the last */
};

/* Makes nothing, until it is told what. */
void bank_source_init(
    struct bank_source *source, const struct bank_plan *plan, uint32_t index);

/* count requests of that kind, for the accounts from 0 on. */
void bank_source_list(
    struct bank_source *source, enum bank_request_kind kind, uint64_t count);

/* The plan's run. */
void bank_source_run(struct bank_source *source, uint64_t begin_ns);

/* NOW: *request is to be sent, and *due_ns is when it was due. LATER: not
 * before *due_ns. */
enum bank_due bank_source_next(struct bank_source *source, uint64_t now_ns,
    struct bank_request *request, uint64_t *due_ns);

/* What was due before the end of a run that is over, and was not made. */
uint64_t bank_source_unsent_count(const struct bank_source *source);

#endif
