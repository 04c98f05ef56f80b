/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plan: what a run of the load generator is to do.
 *
 * Made before the first actor and changed by nobody while any lives, so all of
 * them read it.
 */
#ifndef TROUPE_BANK_LOAD_PLAN_H
#define TROUPE_BANK_LOAD_PLAN_H

#include "examples/bank/greeting/greeting.h"
#include "examples/bank/load/mix.h"
#include "examples/bank/load/protocol.h"
#include "examples/bank/zipf.h"

struct bank_plan {
    const char *address;
    struct bank_greeting greeting;
    const struct bank_protocol *protocol;
    uint32_t connections_count;
    uint32_t flights_max; /* of one connection */
    uint32_t accounts_count;
    struct bank_zipf zipf; /* which of them */
    struct bank_mix mix;
    uint64_t seed;

    /* Requests a second, of all connections together. 0: a closed loop, in
     * which a connection asks again when it is answered. */
    uint64_t rate;

    /* One of the two is 0: when the run is over. */
    uint64_t requests_count;
    uint64_t duration_ns;

    uint64_t silence_ns; /* no answer for so long: it is given up */
};

#endif
