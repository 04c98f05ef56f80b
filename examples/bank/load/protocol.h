/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * protocol: how requests are written and answers read.
 *
 * `rpc` is the bank's own, MessagePack-RPC: a call of bank.deposit and its kin
 * with its parameters by position. `redis` is RESP2, in which an account is a
 * key that is counted up and down, so that another server of numbers is driven
 * by the same generator. It knows no transfer, and no total: that is the sum of
 * the balances.
 *
 * Accounts are called by their numbers from 1 on.
 *
 *     every function    any thread; touches only the bytes given
 */
#ifndef TROUPE_BANK_LOAD_PROTOCOL_H
#define TROUPE_BANK_LOAD_PROTOCOL_H

#include "examples/bank/load/request.h"

#include <stdbool.h>
#include <stddef.h>

/* No request is longer, and no answer may be. */
enum { BANK_PROTOCOL_REQUEST_MAX = 160, BANK_PROTOCOL_ANSWER_MAX = 1 << 20 };

struct bank_answer {
    /* Which request's; not where answers come in the order of the requests. */
    uint32_t id;

    bool is_refused;
    bool is_number; /* then it is in cents; of a pair the first */
    int64_t cents;

    /* REFUSED: what is said, in the bytes given. The code is 0 where there are
     * none. */
    uint32_t code;
    const char *text;
    size_t text_length;
};

enum bank_taken {
    BANK_TAKEN_ANSWER,
    BANK_TAKEN_NOTHING, /* more bytes are needed */
    BANK_TAKEN_FAULT,   /* it is no answer; `text` says why, for ever */
};

struct bank_protocol {
    const char *name;
    bool is_in_order; /* the answers */
    bool has_transfer;
    bool has_total;
    bool has_token;

    /* Writes at most BANK_PROTOCOL_REQUEST_MAX bytes; returns how many. */
    size_t (*put)(
        uint8_t *out, uint32_t id, const struct bank_request *request);

    /* Reads the first answer in the bytes. *size becomes what it took, or what
     * is needed at the least. */
    enum bank_taken (*take)(
        const uint8_t *bytes, size_t *size, struct bank_answer *answer);
};

extern const struct bank_protocol bank_protocol_rpc;
extern const struct bank_protocol bank_protocol_redis;

#endif
