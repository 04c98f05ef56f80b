/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bank: the actor that clients ask. It knows where each account is.
 *
 * An account that exists is at work, an actor of its own, or at rest, a balance
 * in the bank's table. A request for it is handed on to its actor, which
 * answers the client itself; an account at rest is started first. What is asked
 * of an account that does not exist is refused here, so that names cost no
 * memory; only `open` starts an actor for a new one.
 *
 *             request                      started, loads itself
 *     AT REST ------------------> AT WORK <-----------------+
 *        ^                         |   |                    |
 *        +--------- rested --------+   +------ crashed -----+
 *
 * To rest is agreed. An account asks, the bank answers, and hands nothing to it
 * from then on: what comes is put aside. The answer comes to the account behind
 * all that was handed to it, so it knows whether it has nothing to do, and says
 * so. So nothing is lost. (To compare how much was handed and handled would not
 * do: a request may end on its way, by its deadline.)
 *
 * What accounts tell each other goes by way of the bank, too. It costs a
 * message more, finds the other one wherever it is, and keeps out accounts of a
 * bank that has crashed.
 */
#ifndef TROUPE_BANK_SERVICE_BANK_H
#define TROUPE_BANK_SERVICE_BANK_H

#include "examples/bank/service/account.h"
#include "examples/bank/service/names.h"
#include "examples/bank/service/total.h"

/* An account that exists, or may soon. */
struct bank_branch {
    struct bank_name name;
    troupe_pid pid; /* TROUPE_NO_PID: at rest */
    troupe_monitor_id monitor;
    int64_t balance; /* at rest */
    bool is_open;
    bool is_retiring; /* its word is awaited */
};

/* An actor's state. The first part is what it is started with. */
struct bank {
    troupe_pid journal;
    uint64_t rest_ns; /* an account without work for so long rests */

    uint64_t term;  /* of this life, in the journal */
    bool is_listed; /* it knows all accounts that exist */
    struct bank_names branches;
    struct bank_total total;
};

TROUPE_BEHAVIOUR_DECLARE(bank);

#endif
