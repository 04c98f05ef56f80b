/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/service/cut.h"

#include "examples/bank/service/account.h"
#include "examples/bank/service/change.h"
#include "examples/bank/service/due.h"
#include "examples/bank/service/outbox.h"

#include <string.h>

/* What this account says of a cut. */
struct bank_part {
    int64_t balance;
    struct bank_outgoing *outbox;
    size_t outbox_count;
    struct bank_applied *applied;
    size_t applied_count;
};

static void
answer_part(struct troupe_self *self, struct bank_account *account,
    const struct bank_due *due)
{
    struct bank_part *part = due->part;
    struct troupe_request *request = due->request;

    if (request != NULL) {
        (void)troupe_reply_to(self, &request, part,
            .account = {account->name, account->length},
            .balance = part->balance,
            .outbox = {part->outbox,
                (uint32_t)(part->outbox_count * sizeof(*part->outbox))},
            .applied = {part->applied,
                (uint32_t)(part->applied_count * sizeof(*part->applied))});
        troupe_request_release(self, &request);
    }
    troupe_free(self, part);
}

/* What has left and not come back: the next of these from transfer on. */
static const struct bank_transfer *
next_outgoing(const struct bank_transfer *transfer)
{
    while (transfer != NULL && transfer->is_refunded) {
        transfer = transfer->next;
    }
    return transfer;
}

/* One piece of memory; NULL: there is none. */
static struct bank_part *
make_part(struct troupe_self *self, const struct bank_account *account)
{
    const struct bank_transfer *transfer = next_outgoing(account->outbox);
    size_t count = 0;
    struct bank_part *part;

    for (; transfer != NULL; transfer = next_outgoing(transfer->next)) {
        count++;
    }
    part =
        troupe_alloc(self, sizeof(*part) + count * sizeof(*part->outbox) +
                               account->applied_count * sizeof(*part->applied));
    if (part == NULL) {
        return NULL;
    }
    part->balance = account->balance;
    part->outbox = (struct bank_outgoing *)(void *)(part + 1);
    part->applied = (struct bank_applied *)(void *)(part->outbox + count);
    part->applied_count = account->applied_count;
    transfer = next_outgoing(account->outbox);
    for (; transfer != NULL; transfer = next_outgoing(transfer->next)) {
        part->outbox[part->outbox_count++] = transfer->outgoing;
    }
    if (account->applied_count > 0) {
        memcpy(part->applied, account->applied,
            account->applied_count * sizeof(*part->applied));
    }
    return part;
}

bool
bank_cut_hear(
    struct troupe_self *self, struct bank_account *account, uint64_t number)
{
    if (number <= account->heard) {
        return true;
    }
    troupe_free(self, account->early);
    account->early = make_part(self, account);
    if (account->early == NULL) {
        bank_give_up(self, "no memory");
        return false;
    }
    account->heard = number;
    return true;
}

void
bank_on_cut(struct troupe_self *self, void *state, const struct cut *cut)
{
    struct bank_account *account = state;
    struct bank_due *due;

    if (!bank_account_is_ready(self, account)) {
        return;
    }
    if (!bank_cut_hear(self, account, cut->number)) {
        return;
    }
    if (cut->number < account->heard || account->early == NULL) {
        bank_refuse(self, 503, "another cut has been made");
        return;
    }
    due = bank_due_take_request(self, answer_part);
    if (due == NULL) {
        return;
    }
    due->part = account->early;
    account->early = NULL;
    bank_due_when_kept(self, account, due);
}
