/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * event: what happened to an account, as its journal has it.
 *
 * An account is what its events make of it. Changes have ids, 1, 2, 3, ...;
 * they are what an owner sees in the history. DONE and FORGET are none: they
 * close the two halves of a transfer.
 *
 *     from:   OUT -----------------------------> DONE        (or REFUND)
 *               \   credit            credited /    \ forget
 *     to:        +-----------> IN ------------+      +----------> FORGET
 *
 * OUT puts the transfer into the outbox of `from`, where it stays until DONE or
 * REFUND. IN puts it among the applied ones of `to`, where it stays until
 * FORGET. Whoever finds it in the outbox sends the credit, again if need be;
 * whoever finds it applied does not apply it again. So money that has left one
 * account is in an outbox, or applied, or both, until both sides are done with
 * it, and comes to the other once.
 */
#ifndef TROUPE_BANK_SERVICE_EVENT_H
#define TROUPE_BANK_SERVICE_EVENT_H

#include "examples/bank/service/names.h"

enum {
    BANK_KEY_BYTES_MAX = 64,
    /* The last changes of an account that its history shows, and whose keys are
     * remembered. */
    BANK_CHANGES_KEPT = 1000,
};

enum bank_event_kind {
    BANK_OPEN,
    BANK_DEPOSIT,
    BANK_WITHDRAW,
    BANK_OUT,
    BANK_IN,
    BANK_REFUND,
    BANK_DONE,
    BANK_FORGET,
};

/* A client's own name for a change, as MessagePack; size 0: none. */
struct bank_key {
    uint8_t size;
    uint8_t bytes[BANK_KEY_BYTES_MAX];
};

struct bank_event {
    enum bank_event_kind kind;
    uint64_t number; /* among all that its owner has appended */
    uint64_t id;     /* of a change */
    int64_t cents;
    int64_t balance;       /* of the account, after it */
    int64_t other_balance; /* DONE: of `to`, after its IN */
    uint64_t transfer;     /* OUT to FORGET: a number that `from` gave */
    uint8_t other_length;
    char other[BANK_NAME_BYTES_MAX]; /* the other account */
    struct bank_key key;
};

/* A change that a client has named, with its result. */
struct bank_keyed {
    struct bank_key key;
    enum bank_event_kind kind;
    uint32_t other_hash;
    uint64_t id;
    uint64_t transfer; /* OUT */
    int64_t cents;
    int64_t balance;
    int64_t other_balance; /* OUT, once is_done */
    bool is_done;
    bool is_refunded;
};

/* A transfer that has left. */
struct bank_outgoing {
    uint64_t transfer;
    int64_t cents;
    int64_t balance; /* of this account, after it left */
    uint8_t to_length;
    char to[BANK_NAME_BYTES_MAX];
};

/* A transfer that has arrived. */
struct bank_applied {
    uint64_t transfer;
    int64_t cents;
    uint8_t from_length;
    char from[BANK_NAME_BYTES_MAX];
};

#endif
