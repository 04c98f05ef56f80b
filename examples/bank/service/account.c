/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/service/account.h"

#include "examples/bank/service/arrivals.h"
#include "examples/bank/service/change.h"
#include "examples/bank/service/cut.h"
#include "examples/bank/service/due.h"
#include "examples/bank/service/keys.h"
#include "examples/bank/service/outbox.h"

#include <string.h>

#define BANK_NS TROUPE_SECONDS(10)

/* ---- changes ------------------------------------------------------------- */

static const struct troupe_str nobody = {"", 0};

/* A change by amounts of this account alone. */
static void
change(struct troupe_self *self, struct bank_account *account,
    enum bank_event_kind kind, int64_t cents, int64_t balance,
    const struct bank_key *key,
    void (*then)(struct troupe_self *self, struct bank_account *account,
        const struct bank_due *due))
{
    struct bank_due *due;

    bank_keys_drop_old(account);
    if (!bank_keys_reserve(self, account, account->keyed_count + 1)) {
        bank_refuse_for_memory(self);
        return;
    }
    due = bank_due_take_request(self, then);
    if (due == NULL) {
        return;
    }
    due->event.key = *key;
    due->balance = balance;
    bank_change_make(account, &due->event, kind, cents, balance);
    bank_due_append(self, account, due);
}

/* Loaded, or the message is put aside; and counted. */
bool
bank_account_is_ready(struct troupe_self *self, struct bank_account *account)
{
    if (!account->is_loaded) {
        if (troupe_stash(self) != TROUPE_OK) {
            bank_refuse_for_memory(self);
        }
        return false;
    }
    account->has_worked = true;
    return true;
}

bool
bank_account_exists(
    struct troupe_self *self, const struct bank_account *account)
{
    if (account->last_id == 0) {
        bank_refuse(self, 404, "no such account");
        return false;
    }
    return true;
}

/* ---- what clients ask ---------------------------------------------------- */

static void
on_noted(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct bank_account *account = state;
    struct bank_due *due = (struct bank_due *)(uintptr_t)context;
    struct noted noted;

    if (noted_from(answer, &noted) != TROUPE_OK) {
        bank_give_up(self, "the bank did not answer");
        return;
    }
    account->is_open = true;
    if (due != NULL) {
        bank_answer_money(self, account, due);
        troupe_free(self, due);
    }
}

/* So that the bank knows before the client can hand on what it has heard. */
static void
tell_open(struct troupe_self *self, struct bank_account *account,
    const struct bank_due *due)
{
    struct bank_due *copy = NULL;

    if (due != NULL) {
        copy = bank_due_make(self, bank_answer_money);
        if (copy == NULL) {
            bank_give_up(self, "no memory");
            return;
        }
        *copy = *due;
    }
    if (troupe_ask_then(self, account->bank, BANK_NS, on_noted,
            (uint64_t)(uintptr_t)copy, opened,
            .account = {account->name, account->length}) != TROUPE_OK) {
        bank_give_up(self, "the bank cannot be asked");
    }
}

static void
on_open(struct troupe_self *self, void *state, const struct open *open)
{
    struct bank_account *account = state;
    struct bank_key key;

    if (!bank_account_is_ready(self, account) ||
        !bank_key_read(self, open->key, &key) ||
        !bank_change_is_new(
            self, account, &key, BANK_OPEN, open->amount_cents, nobody)) {
        return;
    }
    if (account->last_id > 0) {
        bank_refuse(self, 409, "the account exists already");
    } else if (open->amount_cents < 0) {
        bank_refuse(self, 400, "bad amount: it is below 0");
    } else {
        change(self, account, BANK_OPEN, open->amount_cents, open->amount_cents,
            &key, tell_open);
    }
}

static void
on_deposit(struct troupe_self *self, void *state, const struct deposit *deposit)
{
    struct bank_account *account = state;
    struct bank_key key;
    int64_t balance;

    if (!bank_account_is_ready(self, account) ||
        !bank_account_exists(self, account) ||
        !bank_key_read(self, deposit->key, &key) ||
        !bank_change_is_new(
            self, account, &key, BANK_DEPOSIT, deposit->amount_cents, nobody)) {
        return;
    }
    if (deposit->amount_cents <= 0) {
        bank_refuse(self, 400, "bad amount: it is not above 0");
    } else if (__builtin_add_overflow(
                   account->balance, deposit->amount_cents, &balance)) {
        bank_refuse(self, 400, "bad amount: the balance has no room for it");
    } else {
        change(self, account, BANK_DEPOSIT, deposit->amount_cents, balance,
            &key, bank_answer_money);
    }
}

static void
on_withdraw(
    struct troupe_self *self, void *state, const struct withdraw *withdraw)
{
    struct bank_account *account = state;
    struct bank_key key;

    if (!bank_account_is_ready(self, account) ||
        !bank_account_exists(self, account) ||
        !bank_key_read(self, withdraw->key, &key) ||
        !bank_change_is_new(self, account, &key, BANK_WITHDRAW,
            withdraw->amount_cents, nobody)) {
        return;
    }
    if (withdraw->amount_cents <= 0) {
        bank_refuse(self, 400, "bad amount: it is not above 0");
    } else if (withdraw->amount_cents > account->balance) {
        bank_refuse(self, 409, "insufficient funds");
    } else {
        change(self, account, BANK_WITHDRAW, withdraw->amount_cents,
            account->balance - withdraw->amount_cents, &key, bank_answer_money);
    }
}

static void
on_balance(struct troupe_self *self, void *state, const struct balance *balance)
{
    struct bank_account *account = state;
    struct bank_due *due;

    (void)balance;
    if (!bank_account_is_ready(self, account) ||
        !bank_account_exists(self, account) ||
        (due = bank_due_take_request(self, bank_answer_money)) == NULL) {
        return;
    }
    due->balance = account->balance;
    bank_due_when_kept(self, account, due);
}

/* The journal answers, behind all that this account has appended. */
static void
on_history(struct troupe_self *self, void *state, const struct history *history)
{
    struct bank_account *account = state;
    struct troupe_request *request = NULL;

    (void)history;
    if (!bank_account_is_ready(self, account) ||
        !bank_account_exists(self, account)) {
        return;
    }
    if (troupe_request_keep(self, &request) == TROUPE_OK &&
        troupe_request_forward(self, &request, account->journal) != TROUPE_OK) {
        (void)troupe_reply_to(self, &request, troupe_rpc_error, .code = 503,
            .text = troupe_str_of("the journal is busy"), .retry_ms = 100);
        troupe_request_release(self, &request);
    }
}

/* ---- to rest ------------------------------------------------------------- */

static void on_look(struct troupe_self *self, void *state, uint64_t context);

static void
look_again(struct troupe_self *self, struct bank_account *account)
{
    if (troupe_after(self, account->rest_ns, on_look, 0, NULL) != TROUPE_OK) {
        bank_give_up(self, "no memory");
    }
}

/* Nothing of it is under way, and nothing has come since it last looked. */
static bool
is_idle(const struct bank_account *account)
{
    return account->is_loaded && !account->has_worked &&
           account->appends_due == 0 && account->outbox == NULL &&
           account->applied_count == 0;
}

/* All that was handed to it before has come by now. Without this answer it
 * does not know whether the bank waits, and begins anew. */
static void
on_rest(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct bank_account *account = state;
    struct rest rest;

    (void)context;
    if (troupe_answer_err(answer) == TROUPE_E_NO_SUCH_ACTOR ||
        (rest_from(answer, &rest) == TROUPE_OK && !rest.is_ours)) {
        (void)troupe_stop(self, troupe_self_pid(self));
        return;
    }
    if (troupe_answer_err(answer) != TROUPE_OK ||
        troupe_tell(self, account->bank, rested,
            .account = {account->name, account->length},
            .balance = account->balance,
            .does = is_idle(account)) != TROUPE_OK) {
        bank_give_up(self, "the bank cannot be told");
    } else if (is_idle(account)) {
        (void)troupe_stop(self, troupe_self_pid(self));
    } else {
        look_again(self, account);
    }
}

static void
on_look(struct troupe_self *self, void *state, uint64_t context)
{
    struct bank_account *account = state;
    bool has_worked = account->has_worked;

    (void)context;
    account->has_worked = false;
    if (!has_worked && account->applied_count > 0) {
        bank_arrivals_ask(self, account);
    }
    if (has_worked || !is_idle(account)) {
        look_again(self, account);
    } else if (troupe_ask_then(self, account->bank, BANK_NS, on_rest, 0, retire,
                   .account = {account->name, account->length}) != TROUPE_OK) {
        look_again(self, account);
    }
}

/* ---- to begin ------------------------------------------------------------ */

#define COUNT_OF(bin, type) ((bin).size / sizeof(type))

/* Copies the image's lists. false: there is no memory. */
static bool
take_lists(struct troupe_self *self, struct bank_account *account,
    const struct image *image)
{
    size_t keyed_count = COUNT_OF(image->keyed, struct bank_keyed);
    size_t applied_count = COUNT_OF(image->applied, struct bank_applied);

    for (size_t i = 0; i < COUNT_OF(image->outbox, struct bank_outgoing); i++) {
        struct bank_outgoing outgoing;

        memcpy(&outgoing,
            (const char *)image->outbox.data + i * sizeof(outgoing),
            sizeof(outgoing));
        if (bank_outbox_add(self, account, &outgoing) == NULL) {
            return false;
        }
    }
    if (!bank_keys_reserve(self, account, keyed_count) ||
        !bank_arrivals_reserve(self, account, applied_count)) {
        return false;
    }
    account->keyed_count = keyed_count;
    account->applied_count = applied_count;
    if (keyed_count > 0) {
        memcpy(account->keyed, image->keyed.data, image->keyed.size);
    }
    if (applied_count > 0) {
        memcpy(account->applied, image->applied.data, image->applied.size);
    }
    for (size_t i = 0; i < keyed_count; i++) {
        account->key_hashes[i] = bank_key_hash(&account->keyed[i].key);
    }
    return true;
}

static void
on_image(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct bank_account *account = state;
    struct image image;

    (void)context;
    if (image_from(answer, &image) != TROUPE_OK ||
        !take_lists(self, account, &image)) {
        bank_give_up(self, "the account cannot be loaded");
        return;
    }
    account->last_id = image.last_id;
    account->last_transfer = image.last_transfer;
    account->balance = image.balance;
    account->is_loaded = true;
    if (account->last_id > 0) {
        tell_open(self, account, NULL);
    }
    for (const struct bank_transfer *transfer = account->outbox;
         transfer != NULL; transfer = transfer->next) {
        bank_outbox_send(self, account, transfer);
    }
    troupe_unstash(self);
    look_again(self, account);
}

/* For good: a restart is no end. Nobody else could be told anything. */
static void
on_end_of_bank(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_down *down)
{
    (void)state, (void)context, (void)down;
    (void)troupe_stop(self, troupe_self_pid(self));
}

static void
on_start(struct troupe_self *self, void *state)
{
    struct bank_account *account = state;

    if (troupe_monitor(self, account->bank, on_end_of_bank, 0, NULL) !=
            TROUPE_OK ||
        troupe_ask_then(self, account->journal, BANK_NS, on_image, 0, load,
            .account = {account->name, account->length},
            .term = account->term) != TROUPE_OK) {
        bank_give_up(self, "the journal cannot be asked");
    }
}

TROUPE_BEHAVIOUR(bank_account, sizeof(struct bank_account),
    TROUPE_ON_START(on_start), TROUPE_ON(open, on_open),
    TROUPE_ON(deposit, on_deposit), TROUPE_ON(withdraw, on_withdraw),
    TROUPE_ON(transfer, bank_on_transfer), TROUPE_ON(balance, on_balance),
    TROUPE_ON(history, on_history), TROUPE_ON(credit, bank_on_credit),
    TROUPE_ON(forget, bank_on_forget), TROUPE_ON(settled, bank_on_settled),
    TROUPE_ON(cut, bank_on_cut));
