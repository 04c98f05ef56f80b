/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mix: how often each kind of request is made.
 *
 * Written as NAME=SHARE,NAME=SHARE: "deposit=1,transfer=2" is one deposit to
 * two transfers. Kinds that are not named are not made.
 *
 *     every function    any thread
 */
#ifndef TROUPE_BANK_LOAD_MIX_H
#define TROUPE_BANK_LOAD_MIX_H

#include "examples/bank/load/request.h"

#include <stdbool.h>
#include <stddef.h>

#define BANK_MIX_SHARE_MAX 1000000

struct bank_mix {
    uint32_t shares[BANK_REQUEST_MIXED_COUNT];
    uint32_t sum; /* at least 1 */
};

/* False: what is wrong is in `why`. */
enum { BANK_MIX_WHY_SIZE = 160 };
bool bank_mix_parse(
    struct bank_mix *mix, const char *text, char why[BANK_MIX_WHY_SIZE]);

/* A kind, out of a random number of 64 bits. */
enum bank_request_kind bank_mix_draw(
    const struct bank_mix *mix, uint64_t random);

#endif
