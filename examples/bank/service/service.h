/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * service: the bank's tree of actors.
 *
 *     supervisor
 *       journal    writes and reads what outlives all of it
 *       bank       knows where each account is
 *     accounts, one actor each, started by the bank
 *
 * Should the bank crash, it begins again from the journal, as it does when the
 * program starts, and starts accounts anew that own what the journal has of
 * them; the old ones cannot change it any more, and go.
 */
#ifndef TROUPE_BANK_SERVICE_SERVICE_H
#define TROUPE_BANK_SERVICE_SERVICE_H

#include "examples/bank/service/journal.h"

#include <troupe/troupe.h>

struct bank_service_options {
    struct bank_journal *journal; /* must outlive the runtime */
    uint64_t rest_ns;             /* accounts rest after so long without work */
};

/* Starts the tree; *bank is whom clients ask. Errors: those of
 * troupe_supervise(). */
troupe_err bank_service_start(struct troupe_self *self,
    const struct bank_service_options *options, troupe_pid *bank);

#endif
