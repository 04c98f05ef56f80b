/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger_file: the ledger that a command line names, or the default one.
 *
 * The build makes a default ledger and puts it beside the program; an installed
 * program finds it in the data directory. Both are looked for from where the
 * program lies, not from the working directory, so a moved tree still works.
 *
 *     bank_ledger_load    one thread
 */
#ifndef TROUPE_BANK_LEDGER_FILE_H
#define TROUPE_BANK_LEDGER_FILE_H

#include "examples/bank/ledger.h"

/*
 * Reads and checks a ledger that has just been initialised. name "-" is the
 * standard input, NULL the default ledger. False: the reason is on stderr, as
 * FILE:LINE:COLUMN: sentence where there is a place to name.
 */
bool bank_ledger_load(struct bank_ledger *ledger, const char *name);

#endif
