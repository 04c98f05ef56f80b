/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frames: requests to the bank as five servers of one lab read them, and the
 * ledger that those with shared memory change.
 *
 * MessagePack-RPC (rpc/message.h), of which these know bank.open, bank.deposit
 * and bank.total, as troupe-bank load asks them; and three that make trouble:
 * lab.crash follows a NULL pointer, lab.block sleeps and lab.compute computes,
 * both until somebody releases them (or for FRAMES_PATIENCE_NS, so that nothing
 * hangs).
 *
 *     every function    any thread; the bytes are the caller's
 */
#ifndef TROUPE_LAB_FRAMES_H
#define TROUPE_LAB_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAMES_ACCOUNTS_MAX = 1000, FRAMES_BYTES_MAX = 512 };

#define FRAMES_PATIENCE_NS UINT64_C(5000000000)

enum frames_kind {
    FRAMES_OPEN,
    FRAMES_DEPOSIT,
    FRAMES_TOTAL,
    FRAMES_CRASH,
    FRAMES_BLOCK,
    FRAMES_COMPUTE,
    FRAMES_UNKNOWN,
};

struct frame {
    uint32_t id;
    enum frames_kind kind;
    uint32_t account; /* below FRAMES_ACCOUNTS_MAX */
    int64_t cents;
};

/* In memory that a server and those who made it share. */
struct ledger {
    /* Changed by any, atomically; they order nothing. */
    int64_t cents[FRAMES_ACCOUNTS_MAX];
    /* Written by the lab, with release; read by who blocks or computes. */
    bool is_released;
    bool has_begun; /* the other way round */
};

/* Bytes of a connection until a whole request is there. Zeroed: empty. */
struct frames {
    uint8_t bytes[FRAMES_BYTES_MAX];
    size_t count;
};

/* Adds as many of the bytes as there is room for, and returns how many. */
size_t frames_add(struct frames *frames, const uint8_t *bytes, size_t count);

/* Takes the next request; false: it is not whole yet. *is_fault: never will. */
bool frames_take(struct frames *frames, struct frame *frame, bool *is_fault);

/* What is waited for, or computed, until it is released. */
void frames_make_trouble(struct ledger *ledger, enum frames_kind kind);

/* Does what is asked, and returns the result. */
int64_t frames_do(struct ledger *ledger, const struct frame *frame);

/* Writes the answer to out, of FRAMES_BYTES_MAX bytes, and returns its size. */
size_t frames_answer(uint8_t *out, uint32_t id, int64_t result);

/* Writes a request for one account, or of trouble. */
size_t frames_request(uint8_t *out, uint32_t id, enum frames_kind kind);

#endif
