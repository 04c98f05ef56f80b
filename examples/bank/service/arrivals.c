/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/service/arrivals.h"

#include "examples/bank/service/account.h"
#include "examples/bank/service/array.h"
#include "examples/bank/service/change.h"
#include "examples/bank/service/cut.h"
#include "examples/bank/service/due.h"

#include <string.h>

#define ASK_NS TROUPE_SECONDS(2)

static struct bank_applied *
find_applied(
    struct bank_account *account, struct troupe_str from, uint64_t transfer)
{
    for (size_t i = 0; i < account->applied_count; i++) {
        struct bank_applied *applied = &account->applied[i];

        if (applied->transfer == transfer &&
            applied->from_length == from.length &&
            memcmp(applied->from, from.data, from.length) == 0) {
            return applied;
        }
    }
    return NULL;
}

bool
bank_arrivals_reserve(
    struct troupe_self *self, struct bank_account *account, size_t count)
{
    void *applied = account->applied;
    bool is_reserved = bank_array_reserve(self, &applied,
        &account->applied_room, count, sizeof(*account->applied));

    account->applied = applied;
    return is_reserved;
}

static void
answer_credited(struct troupe_self *self, struct bank_account *account,
    const struct bank_due *due)
{
    struct troupe_request *request = due->request;

    if (request != NULL) {
        (void)troupe_reply_to(self, &request, credited, .balance = due->balance,
            .heard = account->heard);
        troupe_request_release(self, &request);
    }
}

static void
apply(struct troupe_self *self, struct bank_account *account,
    const struct credit *credit, int64_t balance)
{
    struct bank_due *due = NULL;
    struct bank_applied *applied;

    if (!bank_arrivals_reserve(self, account, account->applied_count + 1) ||
        (due = bank_due_take_request(self, answer_credited)) == NULL) {
        return; /* it will be sent again */
    }
    applied = &account->applied[account->applied_count++];
    *applied = (struct bank_applied){.transfer = credit->transfer,
        .cents = credit->cents,
        .from_length = (uint8_t)credit->from.length};
    memcpy(applied->from, credit->from.data, credit->from.length);
    due->balance = balance;
    due->event.transfer = credit->transfer;
    due->event.other_length = applied->from_length;
    memcpy(due->event.other, applied->from, applied->from_length);
    bank_change_make(account, &due->event, BANK_IN, credit->cents, balance);
    bank_due_append(self, account, due);
}

void
bank_on_credit(
    struct troupe_self *self, void *state, const struct credit *credit)
{
    struct bank_account *account = state;
    struct bank_due *due;
    int64_t balance;

    if (!bank_account_is_ready(self, account) ||
        !bank_cut_hear(self, account, credit->heard)) {
        return;
    }
    if (find_applied(account, credit->from, credit->transfer) != NULL) {
        due = bank_due_take_request(self, answer_credited);
        if (due != NULL) {
            due->balance = account->balance;
            bank_due_when_kept(self, account, due);
        }
    } else if (__builtin_add_overflow(
                   account->balance, credit->cents, &balance)) {
        bank_refuse(self, 409, "the balance has no room for it");
    } else {
        apply(self, account, credit, balance);
    }
}

static void
do_nothing(struct troupe_self *self, struct bank_account *account,
    const struct bank_due *due)
{
    (void)self, (void)account, (void)due;
}

static void
forget_applied(struct troupe_self *self, struct bank_account *account,
    struct troupe_str from, uint64_t transfer)
{
    struct bank_applied *applied = find_applied(account, from, transfer);
    struct bank_due *due;

    if (applied == NULL || (due = bank_due_make(self, do_nothing)) == NULL) {
        return; /* it will ask about it */
    }
    *applied = account->applied[--account->applied_count];
    due->event.kind = BANK_FORGET;
    due->event.transfer = transfer;
    due->event.other_length = (uint8_t)from.length;
    memcpy(due->event.other, from.data, from.length);
    bank_due_append(self, account, due);
}

void
bank_on_forget(
    struct troupe_self *self, void *state, const struct forget *forget)
{
    struct bank_account *account = state;

    if (bank_account_is_ready(self, account) &&
        bank_cut_hear(self, account, forget->heard)) {
        forget_applied(self, account, forget->from, forget->transfer);
    }
}

/* ---- what may be forgotten ----------------------------------------------- */

/* This answer does not pass the bank, so it may come before a cut that the other
 * account has heard of: its part has the transfer in its outbox, and the money
 * would be counted twice if this one's had it forgotten. */
static void
on_settlement(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct bank_applied *asked = (struct bank_applied *)(uintptr_t)context;
    struct settlement settlement;

    if (settlement_from(answer, &settlement) == TROUPE_OK &&
        settlement.is_settled && bank_cut_hear(self, state, settlement.heard)) {
        forget_applied(self, state,
            (struct troupe_str){asked->from, asked->from_length},
            asked->transfer);
    }
    troupe_free(self, asked);
}

void
bank_arrivals_ask(struct troupe_self *self, struct bank_account *account)
{
    struct bank_applied *asked = troupe_alloc(self, sizeof(*asked));

    if (asked == NULL) {
        return; /* it will look again */
    }
    *asked = account->applied[0];
    if (troupe_ask_then(self, account->bank, ASK_NS, on_settlement,
            (uint64_t)(uintptr_t)asked, settled,
            .account = {asked->from, asked->from_length},
            .transfer = asked->transfer) != TROUPE_OK) {
        troupe_free(self, asked);
    }
}
