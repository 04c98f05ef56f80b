/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: however many transfers run, the bank's total is the same at each
 * moment at which it is asked, and in the end.
 *
 * Method: the service on threads, with accounts that rest as soon as they can.
 * Clients transfer at random between them, several at a time each; one asks for
 * the total all the while, again as soon as it is answered. A million transfers
 * in a release build, fewer where checks take their time.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "examples/bank/service/messages.h"
#include "examples/bank/service/service.h"
#include "tests/support/check.h"
#include "tests/support/sanitized.h"

enum {
    ACCOUNTS = 100,
    CENTS_EACH = 1000,
    CLIENTS = 16,
    IN_FLIGHT = 8, /* of a client */
};

#if IS_SANITIZED
static const unsigned transfers_count = FEWER(20000);
#elif defined(NDEBUG)
static const unsigned transfers_count = 1000000;
#else
static const unsigned transfers_count = 100000;
#endif

TROUPE_MESSAGE(work, TROUPE_NO_FIELDS)

static troupe_pid bank;
static atomic_uint begun_count;
static atomic_uint ended_count;
static atomic_uint refused_count;
static atomic_uint totals_count;

static void
print_name(char *out, unsigned number)
{
    snprintf(out, 16, "account %u", number);
}

/* ---- clients ------------------------------------------------------------- */

static void go_on(struct troupe_self *self);

static void
on_moved(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct moved moved;
    struct troupe_rpc_error error;

    (void)state, (void)context;
    if (moved_from(answer, &moved) != TROUPE_OK) {
        CHECK(troupe_rpc_error_from(answer, &error) == TROUPE_OK);
        CHECK(error.code == 409); /* insufficient funds */
        atomic_fetch_add(&refused_count, 1);
    }
    if (atomic_fetch_add(&ended_count, 1) + 1 == transfers_count) {
        troupe_runtime_quit(self);
    }
    go_on(self);
}

static void
go_on(struct troupe_self *self)
{
    unsigned from = (unsigned)troupe_random_below(self, ACCOUNTS);
    unsigned to =
        (from + 1 + (unsigned)troupe_random_below(self, ACCOUNTS - 1)) %
        ACCOUNTS;
    char from_name[16];
    char to_name[16];

    if (atomic_fetch_add(&begun_count, 1) >= transfers_count) {
        return;
    }
    print_name(from_name, from);
    print_name(to_name, to);
    CHECK(troupe_ask_then(self, bank, TROUPE_SECONDS(60), on_moved, 0, transfer,
              .from = troupe_str_of(from_name), .to = troupe_str_of(to_name),
              .amount_cents = 1 + (int64_t)troupe_random_below(
                                      self, CENTS_EACH)) == TROUPE_OK);
}

static void
on_work(struct troupe_self *self, void *state, const struct work *work)
{
    (void)state, (void)work;
    for (int i = 0; i < IN_FLIGHT; i++) {
        go_on(self);
    }
}

TROUPE_BEHAVIOUR(client, 0, TROUPE_ON(work, on_work));

/* ---- who asks for the total ---------------------------------------------- */

static void ask_for_total(struct troupe_self *self);

static void
on_total(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct money money;

    (void)state, (void)context;
    CHECK(money_from(answer, &money) == TROUPE_OK);
    CHECK(money.cents == (int64_t)ACCOUNTS * CENTS_EACH);
    atomic_fetch_add(&totals_count, 1);
    if (atomic_load(&ended_count) < transfers_count) {
        ask_for_total(self);
    }
}

static void
ask_for_total(struct troupe_self *self)
{
    CHECK(troupe_ask_then(self, bank, TROUPE_SECONDS(60), on_total, 0, total) ==
          TROUPE_OK);
}

static void
on_work_of_auditor(
    struct troupe_self *self, void *state, const struct work *work)
{
    (void)state, (void)work;
    ask_for_total(self);
}

TROUPE_BEHAVIOUR(auditor, 0, TROUPE_ON(work, on_work_of_auditor));

/* ---- the stage ----------------------------------------------------------- */

static void
begin(struct troupe_self *self)
{
    struct money money;
    troupe_pid pid;
    char name[16];

    for (unsigned i = 0; i < ACCOUNTS; i++) {
        print_name(name, i);
        CHECK(troupe_ask(self, bank, TROUPE_SECONDS(60), money, &money, open,
                  .account = troupe_str_of(name),
                  .amount_cents = CENTS_EACH) == TROUPE_OK);
    }
    CHECK(troupe_spawn(self, auditor, &pid) == TROUPE_OK);
    CHECK(troupe_tell(self, pid, work) == TROUPE_OK);
    for (unsigned i = 0; i < CLIENTS; i++) {
        CHECK(troupe_spawn(self, client, &pid) == TROUPE_OK);
        CHECK(troupe_tell(self, pid, work) == TROUPE_OK);
    }
}

int
main(void)
{
    struct bank_journal *journal = bank_journal_memory_create();
    struct tp_clock clock = tp_clock_monotonic();
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    struct money money;
    uint64_t began_ns;
    double seconds;

    CHECK(journal != NULL);
    CHECK(troupe_runtime_create(
              &TROUPE_OPTIONS(.workers_count = 2), &runtime) == TROUPE_OK);
    CHECK(troupe_runtime_start(runtime) == TROUPE_OK);
    self = troupe_thread_self(runtime);
    CHECK(bank_service_start(self,
              &(struct bank_service_options){
                  .journal = journal, .rest_ns = TROUPE_MS(1)},
              &bank) == TROUPE_OK);
    began_ns = tp_clock_now_ns(&clock);
    begin(self);
    troupe_runtime_wait(runtime);
    seconds = (double)(tp_clock_now_ns(&clock) - began_ns) / 1e9;
    CHECK(troupe_ask(self, bank, TROUPE_SECONDS(60), money, &money, total) ==
          TROUPE_OK);
    CHECK(money.cents == (int64_t)ACCOUNTS * CENTS_EACH);
    printf("%u transfers, %u of them refused, and %u totals in %.1f s\n",
        transfers_count, atomic_load(&refused_count),
        atomic_load(&totals_count), seconds);
    CHECK(atomic_load(&totals_count) > 0);
    (void)troupe_runtime_stop(runtime, TROUPE_SECONDS(60), NULL);
    troupe_runtime_destroy(&runtime);
    bank_journal_destroy(&journal);
    return 0;
}
