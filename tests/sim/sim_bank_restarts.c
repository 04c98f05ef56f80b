/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: the whole program may end at any moment. When it begins again with the
 * same journal, what was acknowledged is there, each change has been made once,
 * and no cent is lost or made.
 *
 * Method: the bank service by many seeds. Clients, whom we take for programs of
 * their own that go on, deposit, withdraw and transfer, and ask again by the
 * same key until they hear what became of it. After some turns all actors are
 * gone at once. The journal is looked at, the service begins anew in another
 * runtime, and its total is compared; a few times, and the last one may end its
 * work. TROUPE_SIM=seed runs that seed alone.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "examples/bank/service/messages.h"
#include "examples/bank/service/service.h"
#include "tests/support/check.h"
#include "tests/support/sanitized.h"

#define ASK_NS TROUPE_MS(50)
#define AGAIN_NS TROUPE_MS(5)
#define LAST_NS TROUPE_SECONDS(60)

TROUPE_MESSAGE(work, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(stay_silent, TROUPE_NO_FIELDS)

enum {
    ACCOUNTS = 4,
    CENTS_EACH = 100,
    CLIENTS = 3,
    CHANGES = 10, /* of a client */
    LIVES = 4,
    LIFE_MS_MAX = 150,
    SEEDS_COUNT = IS_SANITIZED ? 50 : 300,
    SEEDS_COUNT_FULL = 5000,
};

enum outcome { UNKNOWN, MADE, REFUSED };

/* A change that a client wants. */
struct wish {
    enum bank_event_kind kind; /* DEPOSIT, WITHDRAW or OUT */
    unsigned account, other;
    int64_t cents;
    enum outcome outcome; /* as the client has heard */
    unsigned kept_count;  /* as often the journal has it */
    bool is_refunded;
};

static struct stage {
    uint64_t seed;
    struct bank_journal *journal;
    troupe_pid bank;
    struct wish wishes[CLIENTS][CHANGES];
} stage;

static const char *const names[ACCOUNTS] = {"ann", "bob", "cid", "dee"};

/* ---- clients ------------------------------------------------------------- */

struct client {
    unsigned number;
};

static struct wish *
next_wish(unsigned client)
{
    for (unsigned i = 0; i < CHANGES; i++) {
        if (stage.wishes[client][i].outcome == UNKNOWN) {
            return &stage.wishes[client][i];
        }
    }
    return NULL;
}

static void
ask_again(struct troupe_self *self, void *state, uint64_t context)
{
    (void)state, (void)context;
    TROUPE_CHECK(troupe_tell(self, troupe_self_pid(self), work));
}

static void
on_heard(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct wish *wish = (struct wish *)(uintptr_t)context;
    struct money money;
    struct moved moved;
    struct troupe_rpc_error error;

    (void)state;
    if (money_from(answer, &money) == TROUPE_OK ||
        moved_from(answer, &moved) == TROUPE_OK) {
        wish->outcome = MADE;
    } else if (troupe_rpc_error_from(answer, &error) == TROUPE_OK &&
               error.code == 409) {
        wish->outcome = REFUSED;
    }
    TROUPE_CHECK(troupe_after(self, AGAIN_NS, ask_again, 0, NULL));
}

static void
on_work(struct troupe_self *self, void *state, const struct work *work)
{
    const struct client *client = state;
    const struct wish *wish = next_wish(client->number);
    uint64_t context = (uint64_t)(uintptr_t)wish;
    struct troupe_str account;
    uint8_t bytes[9];
    struct troupe_raw key = {bytes, 0};

    (void)work;
    if (wish == NULL) {
        return;
    }
    account = troupe_str_of(names[wish->account]);
    key.size = (uint32_t)(troupe_wire_put_uint64(
                              bytes, (uint64_t)(wish - &stage.wishes[0][0])) -
                          bytes);
    if (wish->kind == BANK_DEPOSIT) {
        TROUPE_CHECK(troupe_ask_then(self, stage.bank, ASK_NS, on_heard,
            context, deposit, .account = account, .amount_cents = wish->cents,
            .key = key));
    } else if (wish->kind == BANK_WITHDRAW) {
        TROUPE_CHECK(troupe_ask_then(self, stage.bank, ASK_NS, on_heard,
            context, withdraw, .account = account, .amount_cents = wish->cents,
            .key = key));
    } else {
        TROUPE_CHECK(troupe_ask_then(self, stage.bank, ASK_NS, on_heard,
            context, transfer, .from = account,
            .to = troupe_str_of(names[wish->other]),
            .amount_cents = wish->cents, .key = key));
    }
}

TROUPE_BEHAVIOUR(client, sizeof(struct client), TROUPE_ON(work, on_work));

static void
on_stay_silent(
    struct troupe_self *mute, void *state, const struct stay_silent *message)
{
    (void)message;
    TROUPE_CHECK(troupe_request_keep(mute, state));
}

TROUPE_BEHAVIOUR(mute, sizeof(struct troupe_request *),
    TROUPE_ON(stay_silent, on_stay_silent));

/* ---- what the journal has ------------------------------------------------ */

static void
count_kept(const struct bank_image *image)
{
    for (size_t i = 0; i < image->keyed_count; i++) {
        const struct bank_keyed *keyed = &image->keyed[i];
        uint64_t number = 0;
        struct wish *wish;

        CHECK(troupe_wire_get_uint64(keyed->key.bytes,
                  keyed->key.bytes + keyed->key.size, &number) != NULL);
        CHECK(number < CLIENTS * CHANGES);
        wish = &stage.wishes[number / CHANGES][number % CHANGES];
        CHECK(keyed->kind == wish->kind && keyed->cents == wish->cents);
        CHECK(keyed->is_done || wish->outcome == UNKNOWN);
        wish->kept_count++;
        wish->is_refunded = keyed->is_refunded;
    }
}

/* What has been acknowledged is there, once; returns how much money that is. */
static int64_t
check_journal(void)
{
    int64_t cents = ACCOUNTS * CENTS_EACH;
    struct wish *wishes = &stage.wishes[0][0];

    for (unsigned i = 0; i < CLIENTS * CHANGES; i++) {
        wishes[i].kept_count = 0;
    }
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        struct bank_image image;

        CHECK(stage.journal->calls->load(
            stage.journal, names[i], strlen(names[i]), NULL, &image));
        CHECK(image.balance >= 0);
        count_kept(&image);
    }
    for (unsigned i = 0; i < CLIENTS * CHANGES; i++) {
        const struct wish *wish = &wishes[i];

        CHECK(wish->kept_count <= 1);
        CHECK(wish->outcome != MADE || wish->kept_count == 1);
        CHECK(wish->outcome != REFUSED || wish->kept_count == 0);
        CHECK(!wish->is_refunded);
        cents += wish->kept_count == 0         ? 0
                 : wish->kind == BANK_DEPOSIT  ? wish->cents
                 : wish->kind == BANK_WITHDRAW ? -wish->cents
                                               : 0;
    }
    return cents;
}

/* ---- lives --------------------------------------------------------------- */

static void
keep_quiet(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

/* So much time of the simulation, in which actors work. */
static void
let_work(struct troupe_self *caller, uint64_t ns)
{
    struct money money;
    troupe_pid silent;

    TROUPE_CHECK(troupe_spawn(caller, mute, &silent));
    CHECK(troupe_ask(caller, silent, ns, money, &money, stay_silent) ==
          TROUPE_E_TIMED_OUT);
}

static void
begin_clients(struct troupe_self *caller)
{
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct client begins = {.number = i};
        troupe_pid pid;

        TROUPE_CHECK(troupe_spawn_with(
            caller, client, &TROUPE_SPAWN_OPTIONS(.state = &begins), &pid));
        TROUPE_CHECK(troupe_tell(caller, pid, work));
    }
}

/* Begins with the journal, works for so long, and is gone. */
static void
live(uint64_t seed, uint64_t ns)
{
    int64_t cents = check_journal();
    struct troupe_runtime *runtime;
    struct troupe_self *caller;
    struct money money;

    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = seed, .log = keep_quiet,
            .faults = {.delay_ns_max = TROUPE_MS(2)}),
        &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    caller = troupe_thread_self(runtime);
    TROUPE_CHECK(bank_service_start(caller,
        &(struct bank_service_options){
            .journal = stage.journal, .rest_ns = TROUPE_MS(20)},
        &stage.bank));
    TROUPE_CHECK(troupe_ask(
        caller, stage.bank, TROUPE_SECONDS(10), money, &money, total));
    CHECK(money.cents == cents);
    begin_clients(caller);
    let_work(caller, ns);
    (void)troupe_runtime_stop(runtime, 0, NULL);
    troupe_runtime_destroy(&runtime);
}

static void
open_accounts(void)
{
    struct bank_event event = {.kind = BANK_OPEN,
        .number = 1,
        .id = 1,
        .cents = CENTS_EACH,
        .balance = CENTS_EACH};
    struct bank_owner owner = {1, 0};
    struct bank_image image;

    for (int i = 0; i < ACCOUNTS; i++) {
        CHECK(stage.journal->calls->load(
            stage.journal, names[i], strlen(names[i]), &owner, &image));
        CHECK(stage.journal->calls->append(
            stage.journal, names[i], strlen(names[i]), 1, &event));
    }
}

static void
make_wishes(struct tp_random *random)
{
    static const enum bank_event_kind kinds[] = {
        BANK_DEPOSIT, BANK_WITHDRAW, BANK_OUT, BANK_OUT};
    struct wish *wishes = &stage.wishes[0][0];

    for (unsigned i = 0; i < CLIENTS * CHANGES; i++) {
        unsigned account = (unsigned)tp_random_below(random, ACCOUNTS);

        wishes[i] = (struct wish){.kind = kinds[tp_random_below(random, 4)],
            .account = account,
            .other = (account + 1 +
                         (unsigned)tp_random_below(random, ACCOUNTS - 1)) %
                     ACCOUNTS,
            .cents = 1 + (int64_t)tp_random_below(random, CENTS_EACH)};
    }
}

static void
run_seed(uint64_t seed)
{
    struct tp_random random;

    tp_random_init(&random, seed);
    stage.seed = seed;
    stage.journal = bank_journal_memory_create();
    CHECK(stage.journal != NULL);
    open_accounts();
    make_wishes(&random);
    for (unsigned i = 0; i < LIVES; i++) {
        live(seed, tp_random_below(&random, TROUPE_MS(LIFE_MS_MAX)));
    }
    live(seed, LAST_NS);
    for (unsigned i = 0; i < CLIENTS; i++) {
        CHECK(next_wish(i) == NULL);
    }
    live(seed, 1);
    bank_journal_destroy(&stage.journal);
}

/* CHECK aborts, and the seed must be known then. */
static void
print_seed(int number)
{
    (void)number;
    fprintf(stderr, "seed=%" PRIu64 "\n", stage.seed);
}

int
main(void)
{
    const char *one = getenv("TROUPE_SIM");
    uint64_t first = one == NULL ? 1 : strtoull(one, NULL, 0);
    uint64_t count = one != NULL                          ? 1
                     : getenv("TROUPE_TEST_FULL") != NULL ? SEEDS_COUNT_FULL
                                                          : SEEDS_COUNT;

    (void)signal(SIGABRT, print_seed);
    for (uint64_t seed = first; seed < first + count; seed++) {
        run_seed(seed);
    }
    printf("%" PRIu64 " seeds\n", count);
}
