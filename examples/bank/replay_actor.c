/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/account_actor.h"
#include "examples/bank/interleavings.h"
#include "examples/bank/replay.h"

enum { SENDERS_COUNT = 2, OPENING_CENTS = 10000 };
enum { ADDED_CENTS = 5000, TAKEN_CENTS = 2000 };

#define PATIENCE_NS TROUPE_SECONDS(60)

static void
send(struct troupe_self *self, troupe_pid account, unsigned sender)
{
    if (sender == 0) {
        TROUPE_CHECK(troupe_tell(self, account, deposit, .cents = ADDED_CENTS));
    } else {
        TROUPE_CHECK(
            troupe_tell(self, account, withdraw, .cents = TAKEN_CENTS));
    }
}

/* What a new account holds when the messages have come in that order. */
static int64_t
run(struct troupe_self *self, const struct interleaving *order)
{
    troupe_pid account;
    struct balance balance;

    TROUPE_CHECK(troupe_spawn(self, account, &account));
    TROUPE_CHECK(troupe_ask(self, account, PATIENCE_NS, balance, &balance,
        open_account, .cents = OPENING_CENTS));
    for (size_t i = 0; i < order->length; i++) {
        send(self, account, order->threads[i]);
    }
    TROUPE_CHECK(
        troupe_ask(self, account, PATIENCE_NS, balance, &balance, get_balance));
    return balance.cents;
}

static void
print_orders(struct troupe_self *self, FILE *stream)
{
    static const char *const names[SENDERS_COUNT] = {
        "A's deposit of 50", "B's withdrawal of 20"};
    static const size_t messages_counts[SENDERS_COUNT] = {1, 1};
    struct interleaving order;

    interleaving_init(&order, messages_counts, SENDERS_COUNT);
    do {
        fprintf(stream, "  %7d  %s, then %s\n", (int)(run(self, &order) / 100),
            names[order.threads[0]], names[order.threads[1]]);
    } while (interleaving_next(&order));
}

void
bank_replay_actor(FILE *stream)
{
    struct troupe_runtime *runtime;

    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = 1), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    fputs("\nAn actor: the balance is its own, and A and B send it messages. "
          "It reads,\ncomputes and writes for one before it takes the "
          "next:\n\n  balance  in the order of arrival\n",
        stream);
    print_orders(troupe_thread_self(runtime), stream);
    fputs("\nOne outcome, whatever the order.\n", stream);
    troupe_runtime_destroy(&runtime);
}
