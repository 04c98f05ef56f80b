/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cut: what an account has of the total, at one moment (total.h).
 *
 * It is put together when the account hears of the cut, from the bank or before
 * that from another account; it is told when the bank has asked for it and all
 * that it shows is kept.
 */
#ifndef TROUPE_BANK_SERVICE_CUT_H
#define TROUPE_BANK_SERVICE_CUT_H

#include "examples/bank/service/messages.h"

struct bank_account;

/* To be called before the account handles anything of another one, which had
 * heard of this cut. false: there was no memory, and it ends. */
bool bank_cut_hear(
    struct troupe_self *self, struct bank_account *account, uint64_t number);

/* A line of the account's behaviour. */
void bank_on_cut(struct troupe_self *self, void *state, const struct cut *cut);

#endif
