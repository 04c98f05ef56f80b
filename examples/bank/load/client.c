/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/load/client.h"

#include "base/clock.h"
#include "examples/bank/load/messages.h"
#include "troupe/net.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    WAITS_DELAY_NS = 100000000,
    BATCH_SIZE = 16384,
    /* Codes from here on do not say whether it was done. */
    CODE_UNCERTAIN = 500,
};

/* What is to be written when the turn ends. */
struct batch {
    size_t size;
    uint8_t bytes[BATCH_SIZE];
};

static uint64_t
now_ns(void)
{
    struct tp_clock clock = tp_clock_monotonic();

    return tp_clock_now_ns(&clock);
}

/* ---- what was answered --------------------------------------------------- */

static void
tell_waits(struct troupe_self *self, struct bank_client *client, uint64_t now)
{
    TROUPE_CHECK(troupe_tell(self, client->conductor, bank_load_waits,
        .nanoseconds = {client->waits,
            (uint32_t)(client->waits_count * sizeof(client->waits[0]))}));
    client->waits_count = 0;
    client->told_ns = now;
}

/* How long a list's took is told to nobody, but that there was an answer is. */
static void
keep_wait(struct troupe_self *self, struct bank_client *client, uint64_t now,
    const struct bank_flight *flight)
{
    client->last_ns = now;
    if (!client->source.is_list) {
        client->waits[client->waits_count++] = now - flight->due_ns;
    }
    if (client->waits_count == BANK_CLIENT_WAITS_COUNT ||
        now - client->told_ns >= WAITS_DELAY_NS) {
        tell_waits(self, client, now);
    }
}

/* By how much the bank has more when such a request is done. */
static int64_t
change_of(const struct bank_flight *flight)
{
    switch ((enum bank_request_kind)flight->kind) {
    case BANK_REQUEST_OPEN:
    case BANK_REQUEST_DEPOSIT:
        return flight->cents;
    case BANK_REQUEST_WITHDRAW:
        return -flight->cents;
    default:
        return 0;
    }
}

static void
count_refusal(struct troupe_self *self, struct bank_client *client,
    const struct bank_flight *flight, const struct bank_answer *answer)
{
    int64_t change = change_of(flight);

    if (answer->code >= CODE_UNCERTAIN && change > 0) {
        client->tally.uncertain_up_cents += change;
    } else if (answer->code >= CODE_UNCERTAIN) {
        client->tally.uncertain_down_cents -= change;
    }
    TROUPE_CHECK(troupe_tell(self, client->conductor, bank_load_refusal,
        .kind = flight->kind, .code = answer->code,
        .text = {answer->text, (uint32_t)answer->text_length}));
}

static void
take_answer(struct troupe_self *self, struct bank_client *client, uint64_t now,
    const struct bank_answer *answer)
{
    uint32_t id = client->plan->protocol->is_in_order
                      ? bank_flights_first(&client->flights)
                      : answer->id;
    struct bank_flight flight;

    if (!bank_flights_end(&client->flights, id, &flight)) {
        troupe_fail(self, 1, "the server answered what nobody had asked");
        return;
    }
    if (answer->is_refused) {
        count_refusal(self, client, &flight, answer);
    } else {
        client->tally.changed_cents += change_of(&flight);
    }
    keep_wait(self, client, now, &flight);
    if (answer->is_number) {
        client->tally.answered_cents += answer->cents;
    } else if (client->source.is_list && !answer->is_refused &&
               flight.kind != BANK_REQUEST_OPEN) {
        troupe_fail(self, 1, "the server answered no whole number of cents");
    }
}

/* ---- what is asked ------------------------------------------------------- */

static void
write_out(struct troupe_self *self, struct batch *batch)
{
    if (batch->size > 0 &&
        troupe_net_write(self, batch->bytes, batch->size) != TROUPE_OK) {
        troupe_fail(self, 1, "%s", troupe_err_detail());
    }
    batch->size = 0;
}

static void
put(struct troupe_self *self, struct bank_client *client, struct batch *batch,
    const struct bank_request *request, uint64_t due_ns)
{
    uint32_t id = bank_flights_begin(&client->flights, request, due_ns);

    if (batch->size > BATCH_SIZE - BANK_PROTOCOL_REQUEST_MAX) {
        write_out(self, batch);
    }
    batch->size +=
        client->plan->protocol->put(batch->bytes + batch->size, id, request);
}

static void
finish(struct troupe_self *self, struct bank_client *client, uint64_t now)
{
    client->is_working = false;
    tell_waits(self, client, now);
    TROUPE_CHECK(troupe_tell(self, client->conductor, bank_load_done,
        .unsent_count = bank_source_unsent_count(&client->source),
        .last_ns = client->last_ns,
        .changed_cents = client->tally.changed_cents,
        .uncertain_up_cents = client->tally.uncertain_up_cents,
        .uncertain_down_cents = client->tally.uncertain_down_cents,
        .answered_cents = client->tally.answered_cents));
}

static void ask(struct troupe_self *self, struct bank_client *client);

static void
on_due(struct troupe_self *self, void *state, uint64_t context)
{
    struct bank_client *client = state;

    (void)context;
    client->has_timer = false;
    ask(self, client);
}

static void
wait_until(struct troupe_self *self, struct bank_client *client, uint64_t now,
    uint64_t due_ns)
{
    if (!client->has_timer) {
        TROUPE_CHECK(troupe_after(self, due_ns - now, on_due, 0, NULL));
        client->has_timer = true;
    }
}

/* Asks all that is due and that there is room for. */
static void
ask(struct troupe_self *self, struct bank_client *client)
{
    uint64_t now = now_ns();
    enum bank_due due = BANK_DUE_NOW;
    struct bank_request request;
    struct batch batch;
    uint64_t due_ns;

    batch.size = 0;
    while (client->is_working && due == BANK_DUE_NOW &&
           client->flights.free_count > 0) {
        due = bank_source_next(&client->source, now, &request, &due_ns);
        if (due == BANK_DUE_NOW) {
            put(self, client, &batch, &request, due_ns);
        } else if (due == BANK_DUE_LATER) {
            wait_until(self, client, now, due_ns);
        } else if (bank_flights_count(&client->flights) == 0) {
            finish(self, client, now);
        }
    }
    write_out(self, &batch);
}

static void
on_list(
    struct troupe_self *self, void *state, const struct bank_load_list *list)
{
    struct bank_client *client = state;

    client->tally = (struct bank_tally){0};
    client->is_working = true;
    bank_source_list(
        &client->source, (enum bank_request_kind)list->kind, list->count);
    ask(self, client);
}

static void
on_run(struct troupe_self *self, void *state, const struct bank_load_run *run)
{
    struct bank_client *client = state;

    client->tally = (struct bank_tally){0};
    client->is_working = true;
    client->told_ns = run->begin_ns;
    bank_source_run(&client->source, run->begin_ns);
    ask(self, client);
}

/* ---- the connection ------------------------------------------------------ */

static void
on_start(struct troupe_self *self, void *state)
{
    struct bank_client *client = state;

    bank_source_init(&client->source, client->plan, client->index);
    if (!bank_flights_init(&client->flights, client->plan->flights_max)) {
        troupe_fail(self, 1, "out of memory");
    } else if (troupe_net_connect(self, client->plan->address,
                   &TROUPE_NET_OPTIONS(.connect_ns = client->plan->silence_ns,
                       .tls = client->plan->greeting.tls)) != TROUPE_OK) {
        troupe_fail(self, 1, "%s", troupe_err_detail());
    }
}

static void
go_in(struct troupe_self *self, struct bank_client *client)
{
    client->is_let_in = true;
    TROUPE_CHECK(troupe_tell(self, client->conductor, bank_load_connected));
}

static void
on_opened(struct troupe_self *self, void *state,
    const struct troupe_net_opened *opened)
{
    struct bank_client *client = state;
    const struct bank_greeting *greeting = &client->plan->greeting;

    (void)opened;
    if (greeting->size == 0) {
        go_in(self, client);
    } else if (troupe_net_write(self, greeting->request, greeting->size) !=
               TROUPE_OK) {
        troupe_fail(self, 1, "%s", troupe_err_detail());
    }
}

/* Of the greeting. */
static void
take_first_answer(struct troupe_self *self, struct bank_client *client,
    const struct bank_answer *answer)
{
    if (answer->id != BANK_GREETING_ID) {
        troupe_fail(self, 1, "the server answered what nobody had asked");
    } else if (answer->is_refused) {
        troupe_fail(self, BANK_CLIENT_NOT_LET_IN, "%" PRIu32 ", %.*s%s",
            answer->code, (int)answer->text_length, answer->text,
            bank_greeting_remedy(answer->code));
    } else {
        go_in(self, client);
    }
}

/* Takes all answers that are whole, and returns how many bytes they were. */
static size_t
take_all(struct troupe_self *self, struct bank_client *client,
    const uint8_t *bytes, size_t size)
{
    uint64_t now = now_ns();
    size_t at = 0;

    client->rest_wanted = 1;
    while (at < size) {
        struct bank_answer answer;
        size_t taken = size - at;

        switch (client->plan->protocol->take(bytes + at, &taken, &answer)) {
        case BANK_TAKEN_NOTHING:
            client->rest_wanted = taken;
            return at;
        case BANK_TAKEN_FAULT:
            troupe_fail(self, 1, "%s", answer.text);
            return size;
        default:
            if (client->is_let_in) {
                take_answer(self, client, now, &answer);
            } else {
                take_first_answer(self, client, &answer);
            }
            at += taken;
        }
    }
    return at;
}

/* Keeps these bytes alone, which may be a part of what is kept now. */
static void
keep_rest(struct troupe_self *self, struct bank_client *client,
    const uint8_t *bytes, size_t size)
{
    uint8_t *kept = size == 0 ? NULL : malloc(size);

    if (kept != NULL) {
        memcpy(kept, bytes, size);
    } else if (size > 0) {
        troupe_fail(self, 1, "out of memory");
    }
    free(client->rest);
    client->rest = kept;
    client->rest_size = kept == NULL ? 0 : size;
}

static void
add_to_rest(struct troupe_self *self, struct bank_client *client,
    const struct troupe_bin *bytes)
{
    uint8_t *rest = realloc(client->rest, client->rest_size + bytes->size);

    if (rest == NULL) {
        troupe_fail(self, 1, "out of memory");
        return;
    }
    memcpy(rest + client->rest_size, bytes->data, bytes->size);
    client->rest = rest;
    client->rest_size += bytes->size;
}

static void
on_bytes(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    struct bank_client *client = state;
    size_t taken;

    if (client->rest == NULL) {
        taken = take_all(self, client, got->bytes.data, got->bytes.size);
        if (taken < got->bytes.size) {
            keep_rest(self, client, (const uint8_t *)got->bytes.data + taken,
                got->bytes.size - taken);
        }
    } else {
        add_to_rest(self, client, &got->bytes);
        if (client->rest_size < client->rest_wanted) {
            return;
        }
        taken = take_all(self, client, client->rest, client->rest_size);
        keep_rest(
            self, client, client->rest + taken, client->rest_size - taken);
    }
    ask(self, client);
}

static void
on_stop(struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    struct bank_client *client = state;

    (void)self, (void)why;
    bank_flights_fini(&client->flights);
    free(client->rest);
}

TROUPE_BEHAVIOUR(bank_client, sizeof(struct bank_client),
    TROUPE_ON_START(on_start), TROUPE_ON_STOP(on_stop),
    TROUPE_ON(troupe_net_opened, on_opened),
    TROUPE_ON(troupe_net_bytes, on_bytes), TROUPE_ON(bank_load_list, on_list),
    TROUPE_ON(bank_load_run, on_run));
