/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger_reader: reads a ledger file and checks it.
 *
 * The file is CSV (csv_reader.h) with the header id,kind,account,to,amount.
 *
 *     id        any text up to 64 bytes
 *     kind      open, deposit, withdraw or transfer
 *     account   UTF-8, 1 to 64 bytes; opened once, before its first use
 *     to        the other account of a transfer, otherwise empty
 *     amount    a decimal with at most two places, more than zero, or zero for
 *               an open
 *
 * Records are checked in file order and fields from left to right; the first
 * fault ends the reading. Balances may go negative, but each must stay an
 * amount (money.h) after every line.
 *
 *     bank_ledger_read    one thread a ledger
 */
#ifndef TROUPE_BANK_LEDGER_READER_H
#define TROUPE_BANK_LEDGER_READER_H

#include "cli/progress.h"
#include "examples/bank/csv_reader.h"
#include "examples/bank/ledger.h"

enum { BANK_LEDGER_NAME_MAX = 64, BANK_LEDGER_SENTENCE_SIZE = 640 };

struct bank_ledger_fault {
    struct bank_csv_position position; /* line 0: of the file as a whole */
    char sentence[BANK_LEDGER_SENTENCE_SIZE];
};

/*
 * Fills a ledger that has just been initialised. False: *fault says why, and
 * the ledger is good for nothing but fini. progress, in bytes, may be NULL.
 */
bool bank_ledger_read(struct bank_ledger *ledger, FILE *stream,
    struct cli_progress *progress, struct bank_ledger_fault *fault);

#endif
