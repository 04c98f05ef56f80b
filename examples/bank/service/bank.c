/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/service/bank.h"

#include "examples/bank/service/journal_actor.h"

#include <string.h>

#define JOURNAL_NS TROUPE_SECONDS(10)

/* ---- answers ------------------------------------------------------------- */

static void
refuse(struct troupe_self *self, uint32_t code, const char *text)
{
    (void)troupe_reply(
        self, troupe_rpc_error, .code = code, .text = troupe_str_of(text));
}

static void
refuse_for_now(struct troupe_self *self, const char *text)
{
    (void)troupe_reply(self, troupe_rpc_error, .code = 503,
        .text = troupe_str_of(text), .retry_ms = 100);
}

/* ---- branches ------------------------------------------------------------ */

static void *
alloc_owned(void *context, size_t bytes)
{
    return troupe_alloc(context, bytes);
}

static void
free_owned(void *context, void *memory)
{
    troupe_free(context, memory);
}

static struct bank_branch *
find(const struct bank *bank, struct troupe_str account)
{
    return (struct bank_branch *)bank_names_find(
        &bank->branches, account.data, account.length);
}

/* One at rest, or not open yet; NULL: there is no memory. */
static struct bank_branch *
add(struct troupe_self *self, struct bank *bank, struct troupe_str account)
{
    struct bank_memory memory = {alloc_owned, free_owned, self};
    struct bank_branch *branch = troupe_alloc(self, sizeof(*branch));

    if (branch != NULL && !bank_names_add(&bank->branches, &memory,
                              &branch->name, account.data, account.length)) {
        troupe_free(self, branch);
        branch = NULL;
    }
    return branch;
}

static void
drop(struct troupe_self *self, struct bank *bank, struct bank_branch *branch)
{
    bank_names_remove(&bank->branches, &branch->name);
    troupe_free(self, branch);
}

static bool start_account(
    struct troupe_self *self, struct bank *bank, struct bank_branch *branch);

/* It may have left transfers under way, so it is started again. */
static void
on_down(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_down *down)
{
    struct bank *bank = state;
    struct bank_branch *branch = (struct bank_branch *)(uintptr_t)context;

    (void)down;
    branch->pid = TROUPE_NO_PID;
    branch->monitor = 0;
    if (branch->is_retiring) {
        branch->is_retiring = false;
        troupe_unstash(self);
    }
    if (!start_account(self, bank, branch)) {
        troupe_fail(self, 1, "no memory to start an account again");
    }
}

/* false: there is no memory. */
static bool
start_account(
    struct troupe_self *self, struct bank *bank, struct bank_branch *branch)
{
    struct bank_account begins = {.bank = troupe_self_pid(self),
        .journal = bank->journal,
        .term = bank->term,
        .heard = bank->total.number,
        .rest_ns = bank->rest_ns,
        .length = branch->name.length};

    memcpy(begins.name, branch->name.text, branch->name.length);
    if (troupe_spawn_with(self, bank_account,
            &TROUPE_SPAWN_OPTIONS(.state = &begins),
            &branch->pid) != TROUPE_OK) {
        branch->pid = TROUPE_NO_PID;
        return false;
    }
    if (troupe_monitor(self, branch->pid, on_down, (uint64_t)(uintptr_t)branch,
            &branch->monitor) != TROUPE_OK) {
        (void)troupe_kill(self, branch->pid);
        branch->pid = TROUPE_NO_PID;
        return false;
    }
    return true;
}

/* ---- handing on ---------------------------------------------------------- */

/* Puts the message in hand aside. */
static void
put_aside(struct troupe_self *self)
{
    if (troupe_stash(self) != TROUPE_OK) {
        refuse_for_now(self, "the bank has too much to do");
    }
}

/* At work, or started; else the request in hand is refused. */
static bool
is_at_work(
    struct troupe_self *self, struct bank *bank, struct bank_branch *branch)
{
    if (branch->pid == TROUPE_NO_PID && !start_account(self, bank, branch)) {
        refuse_for_now(self, "no memory to start the account");
        return false;
    }
    return true;
}

/* Hands the request in hand to the account, which is started if it rests. What
 * was told and not asked goes no further. */
static void
hand_on(struct troupe_self *self, struct bank *bank, struct bank_branch *branch)
{
    struct troupe_request *request = NULL;

    if (branch->is_retiring) {
        put_aside(self);
        return;
    }
    if (!is_at_work(self, bank, branch) ||
        troupe_request_keep(self, &request) != TROUPE_OK) {
        return;
    }
    if (troupe_request_forward(self, &request, branch->pid) == TROUPE_OK) {
        return;
    }
    (void)troupe_reply_to(self, &request, troupe_rpc_error, .code = 503,
        .text = troupe_str_of("the account has too much to do"),
        .retry_ms = 100);
    troupe_request_release(self, &request);
}

/* Whether the bank knows all accounts; if not, the message is put aside. */
static bool
is_ready(struct troupe_self *self, const struct bank *bank)
{
    if (bank->is_listed) {
        return true;
    }
    put_aside(self);
    return false;
}

/* To an account that exists, or is about to. */
static void
hand_to(struct troupe_self *self, struct bank *bank, struct troupe_str account)
{
    struct bank_branch *branch;

    if (!is_ready(self, bank)) {
        return;
    }
    branch = find(bank, account);
    if (branch == NULL) {
        refuse(self, 404, "no such account");
        return;
    }
    hand_on(self, bank, branch);
}

static void
on_open(struct troupe_self *self, void *state, const struct open *open)
{
    struct bank *bank = state;
    struct bank_branch *branch;

    if (!is_ready(self, bank)) {
        return;
    }
    branch = find(bank, open->account);
    if (branch == NULL) {
        if (!bank_name_is_fit(open->account.data, open->account.length)) {
            refuse(self, 400,
                "bad account: a name has 1 to 64 bytes of UTF-8, and no "
                "control characters");
            return;
        }
        branch = add(self, bank, open->account);
    }
    if (branch == NULL) {
        refuse_for_now(self, "no memory for another account");
        return;
    }
    hand_on(self, bank, branch);
    if (branch->pid == TROUPE_NO_PID && !branch->is_open) {
        drop(self, bank, branch);
    }
}

#define HANDED(message, field)                                                 \
    static void on_##message(                                                  \
        struct troupe_self *self, void *state, const struct message *message)  \
    {                                                                          \
        hand_to(self, state, message->field);                                  \
    }
HANDED(deposit, account)
HANDED(withdraw, account)
HANDED(balance, account)
HANDED(history, account)
HANDED(settled, account)

static bool
is_ours(struct troupe_self *self, const struct bank_branch *branch)
{
    return branch != NULL && branch->pid == troupe_sender(self);
}

/*
 * Only from who has the account now. One that worked for a bank that has
 * crashed may still think that a transfer is under way; should its successor
 * have finished that, it would be applied again.
 */
static void
on_credit(struct troupe_self *self, void *state, const struct credit *credit)
{
    struct bank *bank = state;

    if (!is_ready(self, bank)) {
        return;
    }
    if (is_ours(self, find(bank, credit->from))) {
        hand_to(self, bank, credit->to);
    } else {
        (void)troupe_kill(self, troupe_sender(self));
    }
}

/* Behind all the credits of that transfer: what is forwarded keeps its order.
 * An account at rest has nothing to forget; one that misses this will ask. */
static void
on_forget(struct troupe_self *self, void *state, const struct forget *told)
{
    struct bank *bank = state;
    const struct bank_branch *branch = find(bank, told->to);

    if (branch == NULL || branch->pid == TROUPE_NO_PID ||
        !is_ours(self, find(bank, told->from))) {
        return;
    }
    if (branch->is_retiring) {
        put_aside(self);
    } else if (troupe_forward(self, branch->pid) != TROUPE_OK) {
        return; /* it will ask */
    }
}

static void
on_transfer(
    struct troupe_self *self, void *state, const struct transfer *transfer)
{
    struct bank *bank = state;
    const struct bank_branch *to;

    if (!is_ready(self, bank)) {
        return;
    }
    to = find(bank, transfer->to);
    if (to == NULL || !to->is_open) {
        refuse(self, 404, "no such account to transfer to");
    } else if (find(bank, transfer->from) == to) {
        refuse(self, 400, "bad account: both are the same");
    } else {
        hand_to(self, bank, transfer->from);
    }
}

static void
on_total(struct troupe_self *self, void *state, const struct total *total)
{
    struct bank *bank = state;

    if (is_ready(self, bank)) {
        bank_total_ask(self, bank, total);
    }
}

/* ---- from accounts ------------------------------------------------------- */

static void
on_opened(struct troupe_self *self, void *state, const struct opened *opened)
{
    struct bank_branch *branch = find(state, opened->account);

    if (branch != NULL) {
        branch->is_open = true;
    }
    (void)troupe_reply(self, noted);
}

static void
on_retire(struct troupe_self *self, void *state, const struct retire *retire)
{
    struct bank_branch *branch = find(state, retire->account);

    if (troupe_reply(self, rest, .is_ours = is_ours(self, branch)) ==
            TROUPE_OK &&
        is_ours(self, branch)) {
        branch->is_retiring = true;
    }
}

static void
on_rested(struct troupe_self *self, void *state, const struct rested *rested)
{
    struct bank *bank = state;
    struct bank_branch *branch = find(bank, rested->account);

    if (!is_ours(self, branch)) {
        return;
    }
    branch->is_retiring = false;
    troupe_unstash(self);
    if (!rested->does) {
        return;
    }
    troupe_demonitor(self, &branch->monitor);
    branch->pid = TROUPE_NO_PID;
    branch->balance = rested->balance;
    if (!branch->is_open) {
        drop(self, bank, branch);
    }
}

/* ---- to begin ------------------------------------------------------------ */

static void on_listed(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer);

static void
list_more(struct troupe_self *self, struct bank *bank, struct troupe_str after)
{
    if (troupe_ask_then(self, bank->journal, JOURNAL_NS, on_listed, 0, list,
            .after = after, .term = bank->term) != TROUPE_OK) {
        troupe_fail(self, 1, "the journal cannot be asked");
    }
}

static bool
take_listed(struct troupe_self *self, struct bank *bank,
    const struct bank_dormant *dormant)
{
    struct troupe_str account = {dormant->text, dormant->length};
    struct bank_branch *branch = add(self, bank, account);

    if (branch == NULL) {
        return false;
    }
    branch->is_open = true;
    branch->balance = dormant->balance;
    return !dormant->is_busy || start_account(self, bank, branch);
}

static void
on_listed(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct bank *bank = state;
    struct bank_dormant dormant = {.length = 0};
    struct accounts accounts;

    (void)context;
    if (accounts_from(answer, &accounts) != TROUPE_OK) {
        troupe_fail(self, 1, "the journal did not answer");
        return;
    }
    bank->term = accounts.term;
    for (size_t at = 0; at < accounts.dormant.size; at += sizeof(dormant)) {
        memcpy(&dormant, (const char *)accounts.dormant.data + at,
            sizeof(dormant));
        if (!take_listed(self, bank, &dormant)) {
            troupe_fail(self, 1, "no memory for the accounts");
            return;
        }
    }
    if (accounts.dormant.size > 0) {
        list_more(
            self, bank, (struct troupe_str){dormant.text, dormant.length});
    } else {
        bank->is_listed = true;
        troupe_unstash(self);
    }
}

static void
on_start(struct troupe_self *self, void *state)
{
    list_more(self, state, (struct troupe_str){"", 0});
}

TROUPE_BEHAVIOUR(bank, sizeof(struct bank), TROUPE_ON_START(on_start),
    TROUPE_ON(open, on_open), TROUPE_ON(deposit, on_deposit),
    TROUPE_ON(withdraw, on_withdraw), TROUPE_ON(transfer, on_transfer),
    TROUPE_ON(balance, on_balance), TROUPE_ON(total, on_total),
    TROUPE_ON(history, on_history), TROUPE_ON(credit, on_credit),
    TROUPE_ON(forget, on_forget), TROUPE_ON(settled, on_settled),
    TROUPE_ON(opened, on_opened), TROUPE_ON(retire, on_retire),
    TROUPE_ON(rested, on_rested));
