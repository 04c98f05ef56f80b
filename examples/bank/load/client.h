/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * client: the actor at one end of one connection, which asks and waits.
 *
 * It connects, greets (examples/bank/greeting/greeting.h), says to the
 * conductor that it is let in, and does what that tells it: a list or the run
 * (source.h). The bytes of one turn are read to the end before anything is
 * asked anew, and what is asked in one turn is one write. The clock is read
 * once a turn, when it begins: a request that waits for its turn in this
 * process waits on the server's account, which is why the generator has to be
 * faster than what it measures.
 *
 * How long requests took goes to the conductor in handfuls, at the latest after
 * 100 ms if there are answers. A connection keeps no buffer: what is left of an
 * answer that has not come whole is kept until it has.
 *
 * What is no answer, or the answer to nothing, fails the actor; so does the end
 * of the connection: the conductor, with which it is linked, is told.
 */
#ifndef TROUPE_BANK_LOAD_CLIENT_H
#define TROUPE_BANK_LOAD_CLIENT_H

#include "examples/bank/load/flights.h"
#include "examples/bank/load/source.h"
#include "troupe/troupe.h"

enum { BANK_CLIENT_WAITS_COUNT = 32 };

/* It fails with this code if the server does not let it in. No error of the
 * system has it, with which connections fail. */
enum { BANK_CLIENT_NOT_LET_IN = -1 };

/* What the answers of a list or a run come to. */
struct bank_tally {
    int64_t changed_cents;
    int64_t uncertain_up_cents;
    int64_t uncertain_down_cents;
    int64_t answered_cents;
};

struct bank_client {
    /* What it is spawned with. */
    const struct bank_plan *plan;
    troupe_pid conductor;
    uint32_t index;

    struct bank_flights flights;
    struct bank_source source;
    bool is_let_in;
    bool is_working;
    bool has_timer; /* for the next request of an open loop */
    struct bank_tally tally;

    /* The beginning of an answer, and how much of it there must be before it
     * is looked at again. */
    uint8_t *rest;
    size_t rest_size;
    size_t rest_wanted;

    uint64_t waits[BANK_CLIENT_WAITS_COUNT];
    uint32_t waits_count;
    uint64_t told_ns;
    uint64_t last_ns; /* the last answer */
};

TROUPE_BEHAVIOUR_DECLARE(bank_client);

#endif
