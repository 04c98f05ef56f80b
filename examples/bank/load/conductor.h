/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conductor: the actor that makes the clients and tells them what to do, step
 * by step.
 *
 *     CONNECTING   clients are spawned, at most 128 that are not connected yet,
 *                  so that the server's queue of new connections holds them
 *     BEFORE       the first client asks for the total
 *     OPENING      it opens the accounts; those that are there already may be
 *     RUNNING      all clients do the plan's run
 *     AFTER        the first client asks for the total
 *
 * Then, or when something keeps it from going on, it lets the program go on
 * (troupe_runtime_quit), and the outcome says what came of it. The clients are
 * linked with it: the end of one is a connection lost, and it gives up. So it
 * does when nobody has been answered for as long as the plan allows.
 *
 * A protocol that knows no total begins with accounts that it sets, so that
 * nothing was there before, and ends with adding up the balances.
 */
#ifndef TROUPE_BANK_LOAD_CONDUCTOR_H
#define TROUPE_BANK_LOAD_CONDUCTOR_H

#include "cli/progress.h"
#include "examples/bank/load/outcome.h"
#include "examples/bank/load/plan.h"
#include "troupe/troupe.h"

enum bank_step {
    BANK_STEP_CONNECTING,
    BANK_STEP_BEFORE,
    BANK_STEP_OPENING,
    BANK_STEP_RUNNING,
    BANK_STEP_AFTER,
    BANK_STEP_OVER,
};

struct bank_conductor {
    /* What it is spawned with. */
    const struct bank_plan *plan;
    struct bank_outcome *outcome;

    enum bank_step step;
    troupe_pid *clients;
    uint32_t spawned_count;
    uint32_t connected_count;
    uint32_t working_count; /* clients that are not done with the step */
    uint64_t begin_ns;      /* of the run */
    uint64_t last_ns;       /* the last answer of it */
    uint64_t heard_ns;      /* when a client last told anything */
    struct cli_progress progress;
};

TROUPE_BEHAVIOUR_DECLARE(bank_conductor);

#endif
