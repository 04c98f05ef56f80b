/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/service/outbox.h"

#include "examples/bank/service/account.h"
#include "examples/bank/service/change.h"
#include "examples/bank/service/cut.h"
#include "examples/bank/service/due.h"
#include "examples/bank/service/keys.h"

#include <string.h>

#define CREDIT_NS TROUPE_SECONDS(2)
#define RETRY_NS TROUPE_MS(10)

struct bank_transfer **
bank_outbox_find(struct bank_account *account, uint64_t transfer)
{
    struct bank_transfer **place = &account->outbox;

    while (*place != NULL && (*place)->outgoing.transfer != transfer) {
        place = &(*place)->next;
    }
    return place;
}

static void
end_transfer(struct troupe_self *self, struct bank_account *account,
    const struct bank_due *due)
{
    struct bank_transfer **place = bank_outbox_find(account, due->transfer);
    struct bank_transfer *transfer = *place;

    *place = transfer->next;
    bank_keys_close(account, due);
    while (transfer->waiters != NULL) {
        struct bank_waiter *waiter = transfer->waiters;

        transfer->waiters = waiter->next;
        bank_answer_transfer(self, waiter->request, due);
        troupe_free(self, waiter);
    }
    if (!due->is_refunded) {
        (void)troupe_tell(self, account->bank, forget,
            .to = {transfer->outgoing.to, transfer->outgoing.to_length},
            .from = {account->name, account->length}, .transfer = due->transfer,
            .heard = account->heard);
    }
    troupe_free(self, transfer);
}

/* `to` has it, or has no room for it. */
static void
close_transfer(struct troupe_self *self, struct bank_account *account,
    struct bank_transfer *transfer, bool is_refunded, int64_t other_balance)
{
    struct bank_due *due = bank_due_make(self, end_transfer);
    struct bank_event *event;

    if (due == NULL) {
        bank_give_up(self, "no memory");
        return;
    }
    event = &due->event;
    transfer->is_closing = true;
    transfer->is_refunded = is_refunded;
    due->transfer = transfer->outgoing.transfer;
    due->is_refunded = is_refunded;
    due->balance = transfer->outgoing.balance;
    due->other_balance = other_balance;
    event->transfer = due->transfer;
    event->other_balance = other_balance;
    event->other_length = transfer->outgoing.to_length;
    memcpy(event->other, transfer->outgoing.to, event->other_length);
    if (is_refunded) {
        bank_change_make(account, event, BANK_REFUND, transfer->outgoing.cents,
            account->balance + transfer->outgoing.cents);
    } else {
        event->kind = BANK_DONE;
    }
    bank_due_append(self, account, due);
}

static void
on_retry(struct troupe_self *self, void *state, uint64_t context)
{
    struct bank_account *account = state;
    struct bank_transfer *transfer = *bank_outbox_find(account, context);

    if (transfer != NULL && !transfer->is_closing) {
        bank_outbox_send(self, account, transfer);
    }
}

static void
on_credited(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct bank_account *account = state;
    struct bank_transfer *transfer = *bank_outbox_find(account, context);
    struct credited credited;
    struct troupe_rpc_error error;

    if (transfer == NULL || transfer->is_closing) {
        return;
    }
    if (credited_from(answer, &credited) == TROUPE_OK) {
        if (bank_cut_hear(self, account, credited.heard)) {
            close_transfer(self, account, transfer, false, credited.balance);
        }
    } else if (troupe_rpc_error_from(answer, &error) == TROUPE_OK &&
               error.code == 409) {
        close_transfer(self, account, transfer, true, 0);
    } else if (troupe_after(self, RETRY_NS, on_retry, context, NULL) !=
               TROUPE_OK) {
        bank_give_up(self, "no memory");
    }
}

void
bank_outbox_send(struct troupe_self *self, struct bank_account *account,
    const struct bank_transfer *transfer)
{
    const struct bank_outgoing *outgoing = &transfer->outgoing;

    if (troupe_ask_then(self, account->bank, CREDIT_NS, on_credited,
            outgoing->transfer, credit,
            .to = {outgoing->to, outgoing->to_length},
            .from = {account->name, account->length},
            .transfer = outgoing->transfer, .cents = outgoing->cents,
            .heard = account->heard) != TROUPE_OK &&
        troupe_after(self, RETRY_NS, on_retry, outgoing->transfer, NULL) !=
            TROUPE_OK) {
        bank_give_up(self, "no memory");
    }
}

/* OUT is kept. */
static void
begin_credit(struct troupe_self *self, struct bank_account *account,
    const struct bank_due *due)
{
    bank_outbox_send(self, account, *bank_outbox_find(account, due->transfer));
}

/* Into the outbox; NULL: there is no memory. */
struct bank_transfer *
bank_outbox_add(struct troupe_self *self, struct bank_account *account,
    const struct bank_outgoing *outgoing)
{
    struct bank_transfer *transfer = troupe_alloc(self, sizeof(*transfer));

    if (transfer != NULL) {
        transfer->outgoing = *outgoing;
        transfer->next = account->outbox;
        account->outbox = transfer;
    }
    return transfer;
}

static void
leave(struct troupe_self *self, struct bank_account *account,
    const struct transfer *asked, const struct bank_key *key)
{
    struct bank_outgoing outgoing = {.transfer = account->last_transfer + 1,
        .cents = asked->amount_cents,
        .balance = account->balance - asked->amount_cents,
        .to_length = (uint8_t)asked->to.length};
    struct bank_waiter *waiter = troupe_alloc(self, sizeof(*waiter));
    struct bank_transfer *transfer;
    struct bank_due *due;

    memcpy(outgoing.to, asked->to.data, asked->to.length);
    bank_keys_drop_old(account);
    if (waiter == NULL ||
        !bank_keys_reserve(self, account, account->keyed_count + 1)) {
        troupe_free(self, waiter);
        bank_refuse_for_memory(self);
        return;
    }
    due = bank_due_take_request(self, begin_credit);
    if (due == NULL) {
        troupe_free(self, waiter);
        return;
    }
    transfer = bank_outbox_add(self, account, &outgoing);
    if (transfer == NULL) {
        bank_give_up(self, "no memory");
        return;
    }
    account->last_transfer = outgoing.transfer;
    waiter->request = due->request;
    transfer->waiters = waiter;
    due->transfer = outgoing.transfer;
    due->event.transfer = outgoing.transfer;
    due->event.other_length = outgoing.to_length;
    memcpy(due->event.other, outgoing.to, outgoing.to_length);
    due->event.key = *key;
    bank_change_make(
        account, &due->event, BANK_OUT, outgoing.cents, outgoing.balance);
    bank_due_append(self, account, due);
}

void
bank_on_transfer(
    struct troupe_self *self, void *state, const struct transfer *transfer)
{
    struct bank_account *account = state;
    struct bank_key key;

    if (!bank_account_is_ready(self, account) ||
        !bank_account_exists(self, account) ||
        !bank_key_read(self, transfer->key, &key) ||
        !bank_change_is_new(self, account, &key, BANK_OUT,
            transfer->amount_cents, transfer->to)) {
        return;
    }
    if (transfer->amount_cents <= 0) {
        bank_refuse(self, 400, "bad amount: it is not above 0");
    } else if (transfer->amount_cents > account->balance) {
        bank_refuse(self, 409, "insufficient funds");
    } else {
        leave(self, account, transfer, &key);
    }
}

/* Whether the other account may forget a transfer. */
void
bank_on_settled(
    struct troupe_self *self, void *state, const struct settled *settled)
{
    struct bank_account *account = state;

    if (bank_account_is_ready(self, account)) {
        (void)troupe_reply(self, settlement,
            .is_settled = *bank_outbox_find(account, settled->transfer) == NULL,
            .heard = account->heard);
    }
}
