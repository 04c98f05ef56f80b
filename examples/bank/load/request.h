/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * request: what is asked of a bank, whatever it is asked in.
 */
#ifndef TROUPE_BANK_LOAD_REQUEST_H
#define TROUPE_BANK_LOAD_REQUEST_H

#include <stdint.h>

enum bank_request_kind {
    /* Those that a mix is made of, */
    BANK_REQUEST_DEPOSIT,
    BANK_REQUEST_WITHDRAW,
    BANK_REQUEST_TRANSFER,
    BANK_REQUEST_BALANCE,
    BANK_REQUEST_MIXED_COUNT,
    /* and those before and after. */
    BANK_REQUEST_OPEN = BANK_REQUEST_MIXED_COUNT,
    BANK_REQUEST_TOTAL,
};

struct bank_request {
    enum bank_request_kind kind;
    uint32_t account; /* from 0 on */
    uint32_t to;      /* TRANSFER */
    int64_t cents;    /* not of BALANCE and TOTAL */
};

#endif
