/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What does a message cost in transfers between accounts, by ask?
 *
 * A teller tells the paying account of each transfer. The account asks the
 * other one to take the amount, and tells the teller when that has answered.
 * Until then it serves nothing else: what comes meanwhile is stashed, requests
 * among it, and served afterwards in the order in which it came. Accounts pay
 * only to accounts of a higher number, so that no ring of them waits.
 *
 * In the end the balances are those of a replay without actors.
 */
#include "bench/bench.h"
#include "bench/sequence.h"

#include <stdlib.h>
#include <string.h>

enum {
    ACCOUNTS_COUNT = 1000,
    PAYERS_COUNT = ACCOUNTS_COUNT / 10 * 8, /* the first so many pay */
    BALANCE_AT_FIRST = 1000000,
    AMOUNT_MAX = 1000,
    SEED = 123456,
    STEP = 1000,
};

#define AMOUNT(FIELD) FIELD(int64, amount)
#define NUMBER(FIELD) FIELD(uint64, value)
#define CREDIT(FIELD) FIELD(int64, amount) FIELD(pid, to)
#define BOOKS(FIELD) FIELD(int64, sum) FIELD(int64, weighted)
#define BALANCE(FIELD) FIELD(uint64, account) FIELD(int64, amount)
TROUPE_MESSAGE(open_account, NUMBER)
TROUPE_MESSAGE(credit, CREDIT)
TROUPE_MESSAGE(credit_done, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(debit, AMOUNT)
TROUPE_MESSAGE(debit_done, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(close_account, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(balance, BALANCE)
TROUPE_MESSAGE(transfer_all, NUMBER)
TROUPE_MESSAGE(transfer_on, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(get_books, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(books, BOOKS)

/* ---- what is transferred ------------------------------------------------- */

struct transfer {
    unsigned from;
    unsigned to;
    int64_t amount;
};

static struct transfer
draw_transfer(uint64_t *sequence)
{
    struct transfer it;
    unsigned further;

    it.from = (unsigned)bench_sequence_below(sequence, PAYERS_COUNT);
    further =
        (unsigned)bench_sequence_below(sequence, ACCOUNTS_COUNT - it.from);
    it.to = it.from + (further > 0 ? further : 1);
    it.amount = 1 + (int64_t)bench_sequence_below(sequence, AMOUNT_MAX);
    return it;
}

/* Tells apart who has what, which the plain sum does not. */
static int64_t
weigh(uint64_t account, int64_t amount)
{
    return ((int64_t)account + 1) * amount;
}

static struct books
replay(uint64_t transfers_count)
{
    struct books books = {0};
    uint64_t sequence = SEED;

    for (uint64_t i = 0; i < ACCOUNTS_COUNT; i++) {
        books.sum += BALANCE_AT_FIRST;
        books.weighted += weigh(i, BALANCE_AT_FIRST);
    }
    for (uint64_t i = 0; i < transfers_count; i++) {
        struct transfer it = draw_transfer(&sequence);

        books.weighted += weigh(it.to, it.amount) - weigh(it.from, it.amount);
    }
    return books;
}

/* ---- what an account could not serve yet --------------------------------- */

struct stashed {
    int64_t amount;
    troupe_pid to;                  /* of a credit */
    struct troupe_request *request; /* of a debit; NULL: a credit */
};

/* first .. end of capacity are in use, oldest first. */
struct stash {
    struct stashed *items;
    size_t first;
    size_t end;
    size_t capacity;
};

static void
make_room(struct stash *stash)
{
    size_t count = stash->end - stash->first;

    if (stash->first >= stash->capacity / 2 && count > 0) {
        memmove(stash->items, stash->items + stash->first,
            count * sizeof(stash->items[0]));
        stash->first = 0;
        stash->end = count;
        return;
    }
    stash->capacity = stash->capacity > 0 ? 2 * stash->capacity : 16;
    stash->items =
        realloc(stash->items, stash->capacity * sizeof(stash->items[0]));
    if (stash->items == NULL) {
        abort();
    }
}

static void
stash_push(struct stash *stash, struct stashed item)
{
    if (stash->end == stash->capacity) {
        make_room(stash);
    }
    stash->items[stash->end++] = item;
}

static bool
stash_pop(struct stash *stash, struct stashed *item)
{
    if (stash->first == stash->end) {
        return false;
    }
    *item = stash->items[stash->first++];
    if (stash->first == stash->end) {
        stash->first = stash->end = 0;
    }
    return true;
}

/* ---- accounts ------------------------------------------------------------ */

struct account {
    uint64_t account; /* which one this is */
    int64_t balance;
    troupe_pid teller;
    bool is_waiting; /* for the answer to its debit */
    struct stash stash;
};

static void on_answer(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer);

static void
pay(struct troupe_self *self, struct account *account, int64_t amount,
    troupe_pid to)
{
    account->balance -= amount;
    account->is_waiting = true;
    TROUPE_CHECK(troupe_ask_then(
        self, to, TROUPE_SECONDS(60), on_answer, 0, debit, .amount = amount));
}

static void
serve_stash(struct troupe_self *self, struct account *account)
{
    struct stashed item;

    while (!account->is_waiting && stash_pop(&account->stash, &item)) {
        if (item.request == NULL) {
            pay(self, account, item.amount, item.to);
        } else {
            account->balance += item.amount;
            TROUPE_CHECK(troupe_reply_to(self, &item.request, debit_done));
        }
    }
}

/* Without the debit the books will not agree: the run is over. */
static void
on_answer(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct account *account = state;

    (void)context;
    if (troupe_answer_err(answer) != TROUPE_OK) {
        troupe_runtime_quit(self);
        return;
    }
    account->is_waiting = false;
    (void)troupe_tell(self, account->teller, credit_done);
    serve_stash(self, account);
}

/* Debits of other accounts may come before the teller's open_account. */
static void
on_account_start(struct troupe_self *self, void *state)
{
    struct account *account = state;

    (void)self;
    account->balance = BALANCE_AT_FIRST;
}

static void
on_open_account(struct troupe_self *self, void *state,
    const struct open_account *open_account)
{
    struct account *account = state;

    account->account = open_account->value;
    account->teller = troupe_sender(self);
}

static void
on_credit(struct troupe_self *self, void *state, const struct credit *credit)
{
    struct account *account = state;

    if (account->is_waiting) {
        stash_push(&account->stash,
            (struct stashed){credit->amount, credit->to, NULL});
    } else {
        pay(self, account, credit->amount, credit->to);
    }
}

static void
on_debit(struct troupe_self *self, void *state, const struct debit *debit)
{
    struct account *account = state;
    struct stashed item = {debit->amount, TROUPE_NO_PID, NULL};

    if (account->is_waiting) {
        TROUPE_CHECK(troupe_request_keep(self, &item.request));
        stash_push(&account->stash, item);
    } else {
        account->balance += debit->amount;
        (void)troupe_reply(self, debit_done);
    }
}

static void
on_close_account(struct troupe_self *self, void *state,
    const struct close_account *close_account)
{
    struct account *account = state;

    (void)close_account;
    free(account->stash.items);
    (void)troupe_tell(self, account->teller, balance,
        .account = account->account, .amount = account->balance);
    (void)troupe_stop(self, troupe_self_pid(self));
}

TROUPE_BEHAVIOUR(bench_account, sizeof(struct account),
    TROUPE_ON_START(on_account_start), TROUPE_ON(credit, on_credit),
    TROUPE_ON(debit, on_debit), TROUPE_ON(open_account, on_open_account),
    TROUPE_ON(close_account, on_close_account));

/* ---- the teller ---------------------------------------------------------- */

struct teller {
    troupe_pid accounts[ACCOUNTS_COUNT];
    uint64_t sequence;
    uint64_t to_send;
    uint64_t to_finish;
    unsigned to_close;
    struct books books;
};

static void
transfer_step(struct troupe_self *self, struct teller *teller)
{
    for (int i = 0; i < STEP && teller->to_send > 0; i++) {
        struct transfer it = draw_transfer(&teller->sequence);

        teller->to_send--;
        (void)troupe_tell(self, teller->accounts[it.from], credit,
            .amount = it.amount, .to = teller->accounts[it.to]);
    }
    if (teller->to_send > 0) {
        (void)troupe_tell(self, troupe_self_pid(self), transfer_on);
    }
}

static void
on_transfer_all(struct troupe_self *self, void *state,
    const struct transfer_all *transfer_all)
{
    struct teller *teller = state;

    teller->sequence = SEED;
    teller->to_send = transfer_all->value;
    teller->to_finish = transfer_all->value;
    teller->to_close = ACCOUNTS_COUNT;
    for (unsigned i = 0; i < ACCOUNTS_COUNT; i++) {
        TROUPE_CHECK(troupe_spawn(self, bench_account, &teller->accounts[i]));
        (void)troupe_tell(self, teller->accounts[i], open_account, .value = i);
    }
    transfer_step(self, teller);
}

static void
on_transfer_on(struct troupe_self *self, void *state,
    const struct transfer_on *transfer_on)
{
    (void)transfer_on;
    transfer_step(self, state);
}

static void
on_credit_done(struct troupe_self *self, void *state,
    const struct credit_done *credit_done)
{
    struct teller *teller = state;

    (void)credit_done;
    if (--teller->to_finish > 0) {
        return;
    }
    for (unsigned i = 0; i < ACCOUNTS_COUNT; i++) {
        (void)troupe_tell(self, teller->accounts[i], close_account);
    }
}

static void
on_balance(struct troupe_self *self, void *state, const struct balance *balance)
{
    struct teller *teller = state;

    teller->books.sum += balance->amount;
    teller->books.weighted += weigh(balance->account, balance->amount);
    if (--teller->to_close == 0) {
        troupe_runtime_quit(self);
    }
}

static void
on_get_books(
    struct troupe_self *self, void *state, const struct get_books *get_books)
{
    struct teller *teller = state;

    (void)get_books;
    (void)troupe_reply(self, books, .sum = teller->books.sum,
        .weighted = teller->books.weighted);
}

TROUPE_BEHAVIOUR(teller, sizeof(struct teller),
    TROUPE_ON(credit_done, on_credit_done),
    TROUPE_ON(transfer_on, on_transfer_on),
    TROUPE_ON(transfer_all, on_transfer_all), TROUPE_ON(balance, on_balance),
    TROUPE_ON(get_books, on_get_books));

/* A transfer is four messages: credit, debit, the answer, and the news. */
static bool
run(const struct bench_case *bench, struct bench_result *result)
{
    uint64_t transfers_count = bench->count / 4;
    struct books expected = replay(transfers_count);
    struct books books = {0};
    troupe_pid pid;
    uint64_t start_ns;

    TROUPE_CHECK(troupe_spawn(bench->self, teller, &pid));
    start_ns = bench_now_ns();
    TROUPE_CHECK(
        troupe_tell(bench->self, pid, transfer_all, .value = transfers_count));
    result->value =
        bench_wait_ns(bench, start_ns) / (double)(4 * transfers_count);
    TROUPE_CHECK(troupe_ask(
        bench->self, pid, TROUPE_SECONDS(60), books, &books, get_books));
    result->is_right =
        books.sum == expected.sum && books.weighted == expected.weighted;
    return true;
}

const struct bench bench_banking = {
    .name = "banking",
    .question = "transfers between 1,000 accounts, by ask",
    .unit = "ns/message",
    .count = 2000000,
    .floor_messages_count = 1,
    .run = run,
};
