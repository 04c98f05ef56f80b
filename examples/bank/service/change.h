/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * change: what makes an account another one, once.
 *
 * All functions are for the handlers of the account.
 */
#ifndef TROUPE_BANK_SERVICE_CHANGE_H
#define TROUPE_BANK_SERVICE_CHANGE_H

#include "examples/bank/service/event.h"
#include "examples/bank/service/messages.h"

struct bank_account;

/* A change of this account: its number and the balance after it. */
void bank_change_make(struct bank_account *account, struct bank_event *event,
    enum bank_event_kind kind, int64_t cents, int64_t balance);

/* Whether the key is new. If not, the request in hand has been seen to: no
 * change, and the same answer as before. */
bool bank_change_is_new(struct troupe_self *self, struct bank_account *account,
    const struct bank_key *key, enum bank_event_kind kind, int64_t cents,
    struct troupe_str other);

#endif
