/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dealing: the actors that hand a ledger's transactions to the accounts.
 *
 * A dealer stands for a thread: it takes one contiguous chunk of the ledger, in
 * order, and sends each transaction as one message to each account that it
 * touches, none batched or summed up before. It deals BANK_DEALER_BATCH at a
 * time and then sends the rest to itself, because an actor whose receivers are
 * congested is paused between two messages, not within one.
 *
 * The auditor finds out when everything has been handled, although nobody sees
 * all accounts at once. When all dealers have said how many messages they sent,
 * it asks every account how many it has handled and sent, and adds them up: an
 * audit. If no account sends any, all is over once as many are handled as were
 * sent. Otherwise it takes two audits: all is over if what had been handled by
 * the first is what has been sent by the second, for then nothing was on its
 * way in between (Mattern's four counters, 1987). Then it ends the waiting of
 * troupe_runtime_wait().
 *
 * The ledger and the accounts' pids are bank_dealing, which does not change
 * while actors run: they are the outside world to them, and no state.
 */
#ifndef TROUPE_BANK_DEALING_H
#define TROUPE_BANK_DEALING_H

#include "examples/bank/variant.h"

#include <troupe/troupe.h>

enum { BANK_DEALER_BATCH = 256, BANK_AUDIT_WINDOW = 512 };

struct bank_dealing {
    struct bank_job job;
    troupe_pid *accounts; /* by number */
    troupe_pid auditor;
};

/* Set before the runtime starts and until it is destroyed; read by actors. */
extern const struct bank_dealing *bank_dealing;

/* Told to a dealer: the transactions [begin, end) are still to be dealt. */
#define DEAL(FIELD)                                                            \
    FIELD(uint64, begin) FIELD(uint64, end) FIELD(uint64, sent_count)
TROUPE_MESSAGE(deal, DEAL)

/* Told to the auditor by each dealer, at its end. */
#define DEALT(FIELD) FIELD(uint64, sent_count)
TROUPE_MESSAGE(dealt, DEALT)

TROUPE_BEHAVIOUR_DECLARE(dealer);
TROUPE_BEHAVIOUR_DECLARE(auditor);

#endif
