/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/service/due.h"

#include "examples/bank/service/account.h"

#define JOURNAL_NS TROUPE_SECONDS(10)

/* ---- answers ------------------------------------------------------------- */

void
bank_refuse(struct troupe_self *self, uint32_t code, const char *text)
{
    (void)troupe_reply(
        self, troupe_rpc_error, .code = code, .text = troupe_str_of(text));
}

void
bank_refuse_for_memory(struct troupe_self *self)
{
    (void)troupe_reply(self, troupe_rpc_error, .code = 503,
        .text = troupe_str_of("no memory"), .retry_ms = 100);
}

void
bank_answer_money(struct troupe_self *self, struct bank_account *account,
    const struct bank_due *due)
{
    struct troupe_request *request = due->request;

    (void)account;
    if (request != NULL) {
        (void)troupe_reply_to(self, &request, money, .cents = due->balance);
        troupe_request_release(self, &request);
    }
}

void
bank_answer_transfer(struct troupe_self *self, struct troupe_request *request,
    const struct bank_due *due)
{
    if (request == NULL) {
        return;
    }
    if (due->is_refunded) {
        (void)troupe_reply_to(self, &request, troupe_rpc_error, .code = 409,
            .text = troupe_str_of("the balance of the other account has no "
                                  "room for it"));
    } else {
        (void)troupe_reply_to(self, &request, moved,
            .from_balance = due->balance, .to_balance = due->other_balance);
    }
    troupe_request_release(self, &request);
}

void
bank_answer_moved(struct troupe_self *self, struct bank_account *account,
    const struct bank_due *due)
{
    (void)account;
    bank_answer_transfer(self, due->request, due);
}

/* ---- the journal --------------------------------------------------------- */

/* From here on this actor knows less than the journal. */
void
bank_give_up(struct troupe_self *self, const char *why)
{
    troupe_fail(self, 1, "%s", why);
}

static void
on_kept(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct bank_account *account = state;
    struct bank_due *due = (struct bank_due *)(uintptr_t)context;
    struct kept kept;

    account->appends_due--;
    if (kept_from(answer, &kept) != TROUPE_OK) {
        bank_give_up(self, "the journal did not answer");
        return;
    }
    due->then(self, account, due);
    troupe_free(self, due);
}

/* A place for what is to be done; NULL: there is no memory. */
struct bank_due *
bank_due_make(struct troupe_self *self, bank_then *then)
{
    struct bank_due *due = troupe_alloc(self, sizeof(*due));

    if (due != NULL) {
        due->then = then;
    }
    return due;
}

/* Appends due->event; the account shows it already. */
void
bank_due_append(struct troupe_self *self, struct bank_account *account,
    struct bank_due *due)
{
    const struct bank_event *event = &due->event;
    troupe_err err = troupe_ask_then(self, account->journal, JOURNAL_NS,
        on_kept, (uint64_t)(uintptr_t)due, append,
        .account = {account->name, account->length},
        .kind = (uint8_t)event->kind, .number = ++account->last_number,
        .id = event->id, .cents = event->cents, .balance = event->balance,
        .other_balance = event->other_balance, .transfer = event->transfer,
        .other = {event->other, event->other_length},
        .key = {event->key.bytes, event->key.size});

    if (err != TROUPE_OK) {
        bank_give_up(self, troupe_err_text(err));
        return;
    }
    account->appends_due++;
}

void
bank_due_when_kept(struct troupe_self *self, struct bank_account *account,
    struct bank_due *due)
{
    if (account->appends_due == 0) {
        due->then(self, account, due);
        troupe_free(self, due);
        return;
    }
    if (troupe_ask_then(self, account->journal, JOURNAL_NS, on_kept,
            (uint64_t)(uintptr_t)due, flush) != TROUPE_OK) {
        bank_give_up(self, "the journal cannot be asked");
        return;
    }
    account->appends_due++;
}

struct bank_due *
bank_due_take_request(struct troupe_self *self, bank_then *then)
{
    struct bank_due *due = bank_due_make(self, then);
    troupe_err err;

    if (due == NULL) {
        bank_refuse_for_memory(self);
        return NULL;
    }
    err = troupe_request_keep(self, &due->request);
    if (err != TROUPE_OK && err != TROUPE_E_NO_REQUEST) {
        troupe_free(self, due);
        bank_refuse_for_memory(self);
        return NULL;
    }
    return due;
}
