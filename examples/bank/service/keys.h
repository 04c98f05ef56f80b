/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keys: the names that clients gave to changes, with what became of them.
 *
 * Those of the last 1,000 changes at least are remembered. They are looked up
 * by their hashes, newest first: a client that asks again does so soon.
 *
 * All functions are for the handlers of the account.
 */
#ifndef TROUPE_BANK_SERVICE_KEYS_H
#define TROUPE_BANK_SERVICE_KEYS_H

#include "examples/bank/service/event.h"
#include "examples/bank/service/messages.h"

struct bank_account;
struct bank_due;

/* nil, a text, bytes or an integer. false: the request in hand is refused. */
bool bank_key_read(
    struct troupe_self *self, struct troupe_raw raw, struct bank_key *key);
uint32_t bank_key_hash(const struct bank_key *key);

/* NULL: it is new, or none. */
struct bank_keyed *bank_keys_find(
    const struct bank_account *account, const struct bank_key *key);

/* Room for so many in all. false: there is no memory. */
bool bank_keys_reserve(
    struct troupe_self *self, struct bank_account *account, size_t count);

/* Those that are too old go together, when they are as many as the others. */
void bank_keys_drop_old(struct bank_account *account);

/* In room that was reserved. */
void bank_keys_remember(
    struct bank_account *account, const struct bank_event *event);

/* The key of a transfer, if it has one, has its result. */
void bank_keys_close(struct bank_account *account, const struct bank_due *due);

#endif
