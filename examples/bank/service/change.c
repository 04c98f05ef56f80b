/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/service/change.h"

#include "examples/bank/service/account.h"
#include "examples/bank/service/due.h"
#include "examples/bank/service/keys.h"
#include "examples/bank/service/outbox.h"

#include <string.h>

void
bank_change_make(struct bank_account *account, struct bank_event *event,
    enum bank_event_kind kind, int64_t cents, int64_t balance)
{
    event->kind = kind;
    event->id = ++account->last_id;
    event->cents = cents;
    event->balance = balance;
    account->balance = balance;
    bank_keys_remember(account, event);
}

/* The same key as before: no change, the same answer. */
static void
answer_again(struct troupe_self *self, struct bank_account *account,
    const struct bank_keyed *keyed)
{
    struct bank_due *due = bank_due_take_request(
        self, keyed->kind == BANK_OUT ? bank_answer_moved : bank_answer_money);

    if (due == NULL) {
        return;
    }
    if (!keyed->is_done) {
        struct bank_transfer *transfer =
            *bank_outbox_find(account, keyed->transfer);
        struct bank_waiter *waiter = troupe_alloc(self, sizeof(*waiter));

        if (waiter == NULL) {
            bank_give_up(self, "no memory");
            return;
        }
        waiter->request = due->request;
        waiter->next = transfer->waiters;
        transfer->waiters = waiter;
        troupe_free(self, due);
        return;
    }
    due->balance = keyed->balance;
    due->other_balance = keyed->other_balance;
    due->is_refunded = keyed->is_refunded;
    bank_due_when_kept(self, account, due);
}

/* Whether the key is new. If not, the request has been seen to. */
bool
bank_change_is_new(struct troupe_self *self, struct bank_account *account,
    const struct bank_key *key, enum bank_event_kind kind, int64_t cents,
    struct troupe_str other)
{
    const struct bank_keyed *keyed = bank_keys_find(account, key);

    if (keyed == NULL) {
        return true;
    }
    if (keyed->kind != kind || keyed->cents != cents ||
        keyed->other_hash != bank_name_hash(other.data, other.length)) {
        bank_refuse(self, 409, "the key was given to another change");
    } else {
        answer_again(self, account, keyed);
    }
    return false;
}
