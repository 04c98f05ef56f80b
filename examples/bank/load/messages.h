/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * messages: what the conductor and the clients of a load tell each other.
 */
#ifndef TROUPE_BANK_LOAD_MESSAGES_H
#define TROUPE_BANK_LOAD_MESSAGES_H

#include "troupe/troupe.h"

/* ---- the conductor to a client ------------------------------------------- */

/* So many requests of one kind, for the accounts from the first on. */
#define BANK_LOAD_LIST(FIELD) FIELD(uint8, kind) FIELD(uint64, count)
TROUPE_MESSAGE(bank_load_list, BANK_LOAD_LIST)

/* The plan's run, which has begun. */
#define BANK_LOAD_RUN(FIELD) FIELD(uint64, begin_ns)
TROUPE_MESSAGE(bank_load_run, BANK_LOAD_RUN)

/* ---- a client to the conductor ------------------------------------------- */

TROUPE_MESSAGE(bank_load_connected, TROUPE_NO_FIELDS)

/* How long requests of a run took: an array of uint64_t. */
#define BANK_LOAD_WAITS(FIELD) FIELD(bin, nanoseconds)
TROUPE_MESSAGE(bank_load_waits, BANK_LOAD_WAITS)

/* A request was answered by an error. */
#define BANK_LOAD_REFUSAL(FIELD)                                               \
    FIELD(uint8, kind) FIELD(uint32, code) FIELD(str, text)
TROUPE_MESSAGE(bank_load_refusal, BANK_LOAD_REFUSAL)

/*
 * The list or the run is over, and all is answered. By those answers the bank
 * has changed_cents more, and perhaps up to uncertain_up_cents more or
 * uncertain_down_cents less: errors that do not say whether it was done.
 * answered_cents is the sum of what was answered to a list.
 */
#define BANK_LOAD_DONE(FIELD)                                                  \
    FIELD(uint64, unsent_count)                                                \
    FIELD(uint64, last_ns)                                                     \
    FIELD(int64, changed_cents)                                                \
    FIELD(int64, uncertain_up_cents)                                           \
    FIELD(int64, uncertain_down_cents)                                         \
    FIELD(int64, answered_cents)
TROUPE_MESSAGE(bank_load_done, BANK_LOAD_DONE)

#endif
