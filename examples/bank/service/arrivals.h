/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arrivals: the transfers that an account has applied, until it may forget them
 * (step 3 of account.h).
 *
 * All functions are for the handlers of the account.
 */
#ifndef TROUPE_BANK_SERVICE_ARRIVALS_H
#define TROUPE_BANK_SERVICE_ARRIVALS_H

#include "examples/bank/service/event.h"
#include "examples/bank/service/messages.h"

struct bank_account;

/* Room for so many in all. false: there is no memory. */
bool bank_arrivals_reserve(
    struct troupe_self *self, struct bank_account *account, size_t count);

/* Asks whether the oldest may be forgotten, and forgets it then. */
void bank_arrivals_ask(struct troupe_self *self, struct bank_account *account);

/* Lines of the account's behaviour. */
void bank_on_credit(
    struct troupe_self *self, void *state, const struct credit *credit);
void bank_on_forget(
    struct troupe_self *self, void *state, const struct forget *forget);

#endif
