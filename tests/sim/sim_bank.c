/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: whatever crashes, the bank's money is all there at each cut and in the
 * end, and each change that was acknowledged has been made, once.
 *
 * Method: the bank service by many seeds. Clients transfer between few accounts
 * and ask again by the same key whenever they do not hear what became of it;
 * one asks for the total all the while. Actors are killed, the bank and the
 * journal among them, requests for memory fail, and turns take so long that
 * deadlines pass. Accounts rest as soon as they can. What the journal has in
 * the end is compared with what clients have been told.
 *
 * Then the same seeds without an end or a failure, and mail of different
 * senders overtakes instead. Not both: what the bank forwards to an account
 * keeps its order, also that of different senders, and the service relies on
 * that when an account is started anew. A credit of the old actor must not come
 * behind the forget of the new one.
 */
#include <string.h>

#include "examples/bank/service/account.h"
#include "examples/bank/service/service.h"
#include "tests/support/seeds.h"

#define ASK_NS TROUPE_MS(50)
#define AGAIN_NS TROUPE_MS(5)

TROUPE_MESSAGE(work, TROUPE_NO_FIELDS)

enum {
    ACCOUNTS = 4,
    CENTS_EACH = 100,
    CLIENTS = 3,
    TRANSFERS = 12, /* of a client */
    TRIES = 200,    /* to hear of one */
    TOTALS = 20,
};

/* What became of a transfer that a client asked for. */
enum outcome { UNKNOWN, MOVED, REFUSED };

struct client {
    unsigned number;
    unsigned done_count;
    unsigned from, to, cents; /* of the one under way */
    unsigned tries_count;
};

static struct stage {
    struct bank_journal *journal;
    troupe_pid bank;
    unsigned totals_count;
    enum outcome outcomes[CLIENTS][TRANSFERS];
} stage;

static const char *const names[ACCOUNTS] = {"ann", "bob", "cid", "dee"};

static uint64_t
key_number(const struct client *client)
{
    return client->number * 1000 + client->done_count;
}

/* ---- clients --------------------------------------------------------------
 */

static void
ask_again(struct troupe_self *self, void *state, uint64_t context)
{
    (void)state, (void)context;
    (void)troupe_tell(self, troupe_self_pid(self), work);
}

static void
wait_and_go_on(struct troupe_self *self)
{
    if (troupe_after(self, AGAIN_NS, ask_again, 0, NULL) != TROUPE_OK) {
        ask_again(self, NULL, 0);
    }
}

static void
on_moved(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct client *client = state;
    enum outcome *outcome = &stage.outcomes[client->number][client->done_count];
    struct moved moved;
    struct troupe_rpc_error error;

    (void)context;
    if (moved_from(answer, &moved) == TROUPE_OK) {
        *outcome = MOVED;
    } else if (troupe_rpc_error_from(answer, &error) == TROUPE_OK &&
               error.code == 409) {
        *outcome = REFUSED;
    }
    if (*outcome != UNKNOWN) {
        client->done_count++;
        client->cents = 0;
        client->tries_count = 0;
    }
    wait_and_go_on(self);
}

static void
on_work(struct troupe_self *self, void *state, const struct work *work)
{
    struct client *client = state;
    uint8_t key[9];

    (void)work;
    if (client->done_count == TRANSFERS || client->tries_count++ == TRIES) {
        return; /* the whole bank may have been ended */
    }
    if (client->cents == 0) {
        client->from = (unsigned)troupe_random_below(self, ACCOUNTS);
        client->to = (client->from + 1 +
                         (unsigned)troupe_random_below(self, ACCOUNTS - 1)) %
                     ACCOUNTS;
        client->cents = 1 + (unsigned)troupe_random_below(self, CENTS_EACH);
    }
    if (troupe_ask_then(self, stage.bank, ASK_NS, on_moved, 0, transfer,
            .from = troupe_str_of(names[client->from]),
            .to = troupe_str_of(names[client->to]),
            .amount_cents = client->cents,
            .key = {key,
                (uint32_t)(troupe_wire_put_uint64(key, key_number(client)) -
                           key)}) != TROUPE_OK) {
        wait_and_go_on(self);
    }
}

TROUPE_BEHAVIOUR(client, sizeof(struct client), TROUPE_ON(work, on_work));

/* ---- who asks for the total -----------------------------------------------
 */

static void
on_total(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    unsigned *asked_count = state;
    struct money money;

    (void)context;
    if (money_from(answer, &money) == TROUPE_OK) {
        stage.totals_count++;
        if (money.cents != ACCOUNTS * CENTS_EACH) {
            fprintf(stderr, "a total of %d cents, not %d\n", (int)money.cents,
                ACCOUNTS * CENTS_EACH);
            CHECK(money.cents == ACCOUNTS * CENTS_EACH);
        }
    }
    if (++*asked_count < TOTALS) {
        ask_again(self, NULL, 0);
    }
}

static void
on_work_of_auditor(
    struct troupe_self *self, void *state, const struct work *work)
{
    (void)state, (void)work;
    if (troupe_ask_then(self, stage.bank, ASK_NS, on_total, 0, total) !=
        TROUPE_OK) {
        wait_and_go_on(self);
    }
}

TROUPE_BEHAVIOUR(
    auditor, sizeof(unsigned), TROUPE_ON(work, on_work_of_auditor));

/* ---- the bank -------------------------------------------------------------
 */

static void
open_accounts(struct bank_journal *journal)
{
    struct bank_event event = {.kind = BANK_OPEN,
        .number = 1,
        .id = 1,
        .cents = CENTS_EACH,
        .balance = CENTS_EACH};
    struct bank_owner owner = {1, 0};
    struct bank_image image;

    for (int i = 0; i < ACCOUNTS; i++) {
        CHECK(journal->calls->load(
            journal, names[i], strlen(names[i]), &owner, &image));
        CHECK(journal->calls->append(
            journal, names[i], strlen(names[i]), 1, &event));
    }
}

static void
set_up(struct troupe_self *self, void *context)
{
    troupe_pid pid;

    (void)context;
    bank_journal_destroy(&stage.journal);
    memset(&stage, 0, sizeof(stage));
    stage.journal = bank_journal_memory_create();
    CHECK(stage.journal != NULL);
    open_accounts(stage.journal);
    TROUPE_CHECK(bank_service_start(self,
        &(struct bank_service_options){
            .journal = stage.journal, .rest_ns = TROUPE_MS(20)},
        &stage.bank));
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct client begins = {.number = i};

        TROUPE_CHECK(troupe_spawn_with(
            self, client, &TROUPE_SPAWN_OPTIONS(.state = &begins), &pid));
        TROUPE_CHECK(troupe_tell(self, pid, work));
    }
    TROUPE_CHECK(troupe_spawn(self, auditor, &pid));
    TROUPE_CHECK(troupe_tell(self, pid, work));
}

/* ---- what the journal has -------------------------------------------------
 */

static bool
is_applied(const struct bank_outgoing *outgoing, const char *from)
{
    struct bank_image image;

    CHECK(stage.journal->calls->load(
        stage.journal, outgoing->to, outgoing->to_length, NULL, &image));
    for (size_t i = 0; i < image.applied_count; i++) {
        if (image.applied[i].transfer == outgoing->transfer &&
            image.applied[i].from_length == strlen(from) &&
            memcmp(image.applied[i].from, from, strlen(from)) == 0) {
            return true;
        }
    }
    return false;
}

static int64_t
count_cents(struct troupe_explored *run)
{
    int64_t cents = 0;

    for (int i = 0; i < ACCOUNTS; i++) {
        struct bank_image image;
        struct bank_outgoing outgoing[CLIENTS * TRANSFERS];

        CHECK(stage.journal->calls->load(
            stage.journal, names[i], strlen(names[i]), NULL, &image));
        TROUPE_EXPLORED_CHECK(run, image.balance >= 0);
        cents += image.balance;
        for (size_t j = 0; j < image.outbox_count; j++) {
            outgoing[j] = image.outbox[j];
            cents += is_applied(&outgoing[j], names[i]) ? 0 : outgoing[j].cents;
        }
    }
    return cents;
}

/* How often the journal has this key, and how it ended. */
static unsigned
count_key(uint64_t number, enum outcome *outcome)
{
    unsigned count = 0;

    for (int i = 0; i < ACCOUNTS; i++) {
        struct bank_image image;

        CHECK(stage.journal->calls->load(
            stage.journal, names[i], strlen(names[i]), NULL, &image));
        for (size_t j = 0; j < image.keyed_count; j++) {
            const struct bank_keyed *keyed = &image.keyed[j];
            uint64_t value = 0;

            CHECK(troupe_wire_get_uint64(keyed->key.bytes,
                      keyed->key.bytes + keyed->key.size, &value) != NULL);
            if (value == number) {
                count++;
                *outcome = !keyed->is_done      ? UNKNOWN
                           : keyed->is_refunded ? REFUSED
                                                : MOVED;
            }
        }
    }
    return count;
}

static void
each_change_is_made_once(struct troupe_explored *run)
{
    for (unsigned i = 0; i < CLIENTS; i++) {
        for (unsigned j = 0; j < TRANSFERS; j++) {
            enum outcome outcome = UNKNOWN;
            unsigned count = count_key(i * 1000 + j, &outcome);

            TROUPE_EXPLORED_CHECK(run, count <= 1);
            if (stage.outcomes[i][j] == MOVED) {
                TROUPE_EXPLORED_CHECK(run, count == 1 && outcome == MOVED);
            }
            if (stage.outcomes[i][j] == REFUSED) {
                TROUPE_EXPLORED_CHECK(run, count == 0);
            }
        }
    }
}

static void
nothing_is_lost(struct troupe_explored *run, void *context)
{
    (void)context;
    if (count_cents(run) != ACCOUNTS * CENTS_EACH) {
        troupe_explored_fail(run, "there are %d cents, not %d",
            (int)count_cents(run), ACCOUNTS * CENTS_EACH);
    }
    each_change_is_made_once(run);
}

static void
run_with(struct troupe_faults faults)
{
    struct troupe_options runtime = TROUPE_OPTIONS(.faults = faults);

    seeds_run(&TROUPE_EXPLORE_OPTIONS(.setup = set_up,
        .at_end = nothing_is_lost, .runtime = &runtime, .steps_max = 100000,
        .errors_are_allowed = true));
    bank_journal_destroy(&stage.journal);
}

int
main(void)
{
    run_with((struct troupe_faults){.kills_count = 4,
        .failed_allocations_count = 3,
        .turns_count = 2000,
        .delay_ns_max = TROUPE_MS(2)});
    run_with((struct troupe_faults){.kills_count = 4,
        .failed_allocations_count = 3,
        .turns_count = 2000,
        .reorder = true,
        .delay_ns_max = TROUPE_MS(2)});
}
