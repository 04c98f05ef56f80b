/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * caller: the actor that sends one request and waits for its answer.
 *
 * It connects, greets (examples/bank/greeting/greeting.h), writes when it is
 * let in, and reads until the answer to its request is whole; if it is not let
 * in, that is the answer. What else the server sends on the connection is
 * passed over. Then, or when something keeps it from getting there, it ends,
 * and lets the program go on (troupe_runtime_quit).
 */
#ifndef TROUPE_BANK_CALL_CALLER_H
#define TROUPE_BANK_CALL_CALLER_H

#include "examples/bank/greeting/greeting.h"
#include "troupe/troupe.h"

enum { BANK_CALL_ID = 1, BANK_CALL_WHY_SIZE = 320 };

/* Written by the actor until it lets the program go on. */
struct bank_call {
    const char *address;
    const struct bank_greeting *greeting;
    const char *request; /* its bytes */
    size_t request_size;
    uint64_t timeout_ns;

    /* All that was read; the answer begins at answer_at. The program frees. */
    uint8_t *bytes;
    size_t size;
    size_t answer_at;
    size_t answer_size; /* 0: there is none, and why says why */
    char why[BANK_CALL_WHY_SIZE];
};

struct bank_caller {
    struct bank_call *call;
    bool is_let_in;
};

TROUPE_BEHAVIOUR_DECLARE(bank_caller);

#endif
