/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * outbox: the transfers that have left an account and not arrived, as far as it
 * knows (steps 1, 2 and 4 of account.h).
 *
 * All functions are for the handlers of the account.
 */
#ifndef TROUPE_BANK_SERVICE_OUTBOX_H
#define TROUPE_BANK_SERVICE_OUTBOX_H

#include "examples/bank/service/event.h"
#include "examples/bank/service/messages.h"

struct bank_account;

/* A request that waits for the end of a transfer. */
struct bank_waiter {
    struct bank_waiter *next;
    struct troupe_request *request;
};

/* In the outbox. */
struct bank_transfer {
    struct bank_transfer *next;
    struct bank_outgoing outgoing;
    struct bank_waiter *waiters;
    bool is_closing;  /* DONE or REFUND is on its way to the journal; */
    bool is_refunded; /* REFUND: it is in the balance again */
};

/* Its place, or the end of the list: *place is NULL. */
struct bank_transfer **bank_outbox_find(
    struct bank_account *account, uint64_t transfer);

/* NULL: there is no memory. */
struct bank_transfer *bank_outbox_add(struct troupe_self *self,
    struct bank_account *account, const struct bank_outgoing *outgoing);

/* Asks `to` to apply it, again and again until it answers. */
void bank_outbox_send(struct troupe_self *self, struct bank_account *account,
    const struct bank_transfer *transfer);

/* Lines of the account's behaviour. The bank has seen to it that `to` is open.
 */
void bank_on_transfer(
    struct troupe_self *self, void *state, const struct transfer *transfer);
void bank_on_settled(
    struct troupe_self *self, void *state, const struct settled *settled);

#endif
