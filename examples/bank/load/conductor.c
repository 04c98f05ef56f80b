/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/load/conductor.h"

#include "base/clock.h"
#include "examples/bank/load/client.h"
#include "examples/bank/load/messages.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONNECTING_MAX = 128,
    CODE_CONFLICT = 409, /* the account is there already */
};

#define LOOK_PERIOD_NS TROUPE_MS(100)

static uint64_t
now_ns(void)
{
    struct tp_clock clock = tp_clock_monotonic();

    return tp_clock_now_ns(&clock);
}

/* ---- the end ------------------------------------------------------------- */

static void
leave(struct troupe_self *self, struct bank_conductor *conductor)
{
    conductor->step = BANK_STEP_OVER;
    cli_progress_fini(&conductor->progress);
    troupe_runtime_quit(self);
}

/* The first reason counts. */
static void __attribute__((format(printf, 3, 4)))
give_up(struct troupe_self *self, struct bank_conductor *conductor,
    const char *format, ...)
{
    va_list arguments;

    if (conductor->step != BANK_STEP_OVER) {
        va_start(arguments, format);
        vsnprintf(conductor->outcome->why, sizeof(conductor->outcome->why),
            format, arguments);
        va_end(arguments);
        leave(self, conductor);
    }
}

/* Until the first answer it may be no such server at all. */
static const char *
hint(const struct bank_conductor *conductor)
{
    return conductor->step <= BANK_STEP_BEFORE
               ? bank_greeting_hint(&conductor->plan->greeting)
               : "";
}

static void
on_client_exit(struct troupe_self *self, void *state, troupe_pid client,
    const struct troupe_exit *why)
{
    struct bank_conductor *conductor = state;
    const char *address = conductor->plan->address;
    const char *text = why->text[0] != '\0'
                           ? why->text
                           : "the server has closed the connection";

    (void)client;
    if (why->code == BANK_CLIENT_NOT_LET_IN) {
        give_up(self, conductor, "%s lets nobody in: %s", address, text);
    } else if (conductor->connected_count == 0) {
        give_up(self, conductor, "there is no connection to %s: %s%s", address,
            text, hint(conductor));
    } else if (conductor->step == BANK_STEP_CONNECTING) {
        give_up(self, conductor,
            "there is no connection to %s any more when there are %" PRIu32
            " of %" PRIu32 ": %s",
            address, conductor->connected_count,
            conductor->plan->connections_count, text);
    } else {
        give_up(self, conductor, "a connection to %s was lost: %s%s", address,
            text, hint(conductor));
    }
}

/* ---- the steps ----------------------------------------------------------- */

static void
tell_first(struct troupe_self *self, struct bank_conductor *conductor,
    enum bank_request_kind kind, uint64_t count)
{
    conductor->working_count = 1;
    TROUPE_CHECK(troupe_tell(self, conductor->clients[0], bank_load_list,
        .kind = (uint8_t)kind, .count = count));
}

static void
add_up(struct troupe_self *self, struct bank_conductor *conductor)
{
    bool has_total = conductor->plan->protocol->has_total;

    tell_first(self, conductor,
        has_total ? BANK_REQUEST_TOTAL : BANK_REQUEST_BALANCE,
        has_total ? 1 : conductor->plan->accounts_count);
}

static void
run(struct troupe_self *self, struct bank_conductor *conductor)
{
    const struct bank_plan *plan = conductor->plan;

    cli_progress_fini(&conductor->progress);
    cli_progress_init(&conductor->progress, "running",
        plan->requests_count != 0 ? plan->requests_count : plan->duration_ns);
    conductor->working_count = plan->connections_count;
    conductor->begin_ns = now_ns();
    conductor->last_ns = conductor->begin_ns;
    for (uint32_t i = 0; i < plan->connections_count; i++) {
        TROUPE_CHECK(troupe_tell(self, conductor->clients[i], bank_load_run,
            .begin_ns = conductor->begin_ns));
    }
}

/* All clients are done with the step: the next one. */
static void
go_on(struct troupe_self *self, struct bank_conductor *conductor)
{
    bool has_total = conductor->plan->protocol->has_total;

    conductor->step++;
    if (conductor->step == BANK_STEP_BEFORE && !has_total) {
        conductor->step++;
    }
    switch (conductor->step) {
    case BANK_STEP_BEFORE:
    case BANK_STEP_AFTER:
        add_up(self, conductor);
        break;
    case BANK_STEP_OPENING:
        tell_first(self, conductor, BANK_REQUEST_OPEN,
            conductor->plan->accounts_count);
        break;
    case BANK_STEP_RUNNING:
        run(self, conductor);
        break;
    default:
        leave(self, conductor);
    }
}

static void
spawn_client(struct troupe_self *self, struct bank_conductor *conductor)
{
    uint32_t index = conductor->spawned_count++;
    struct bank_client client = {
        .plan = conductor->plan,
        .conductor = troupe_self_pid(self),
        .index = index,
    };

    TROUPE_CHECK(troupe_spawn_with(self, bank_client,
        &TROUPE_SPAWN_OPTIONS(.state = &client, .link = true),
        &conductor->clients[index]));
}

static void
spawn_some(struct troupe_self *self, struct bank_conductor *conductor)
{
    while (conductor->spawned_count < conductor->plan->connections_count &&
           conductor->spawned_count - conductor->connected_count <
               CONNECTING_MAX) {
        spawn_client(self, conductor);
    }
}

/* ---- what the clients tell ----------------------------------------------- */

static void
on_connected(struct troupe_self *self, void *state,
    const struct bank_load_connected *connected)
{
    struct bank_conductor *conductor = state;

    (void)connected;
    conductor->heard_ns = now_ns();
    conductor->connected_count++;
    cli_progress_update(&conductor->progress, conductor->connected_count);
    spawn_some(self, conductor);
    if (conductor->connected_count == conductor->plan->connections_count) {
        go_on(self, conductor);
    }
}

static void
on_waits(
    struct troupe_self *self, void *state, const struct bank_load_waits *told)
{
    struct bank_conductor *conductor = state;
    const uint8_t *at = told->nanoseconds.data;

    (void)self;
    conductor->heard_ns = now_ns();
    for (uint32_t i = 0; i < told->nanoseconds.size; i += sizeof(uint64_t)) {
        uint64_t wait_ns;

        memcpy(&wait_ns, at + i, sizeof(wait_ns));
        bank_histogram_add(&conductor->outcome->waits, wait_ns);
    }
}

/* The line of that code; where there is none left, the last one. */
static struct bank_refusal *
find_refusal(struct bank_outcome *outcome, uint32_t code)
{
    size_t i = 0;

    while (i < BANK_REFUSALS_COUNT - 1 && outcome->refusals[i].count > 0 &&
           outcome->refusals[i].code != code) {
        i++;
    }
    return &outcome->refusals[i];
}

static void
count_refusal(
    struct bank_outcome *outcome, const struct bank_load_refusal *told)
{
    struct bank_refusal *refusal = find_refusal(outcome, told->code);

    if (refusal->count == 0) {
        refusal->code = told->code;
        snprintf(refusal->text, sizeof(refusal->text), "%.*s",
            (int)told->text.length, told->text.data);
    }
    refusal->count++;
    outcome->refused_count++;
}

static void
on_refusal(
    struct troupe_self *self, void *state, const struct bank_load_refusal *told)
{
    struct bank_conductor *conductor = state;

    conductor->heard_ns = now_ns();
    if (conductor->step == BANK_STEP_RUNNING) {
        count_refusal(conductor->outcome, told);
    } else if (told->kind != BANK_REQUEST_OPEN || told->code != CODE_CONFLICT) {
        give_up(self, conductor,
            "the server refused to %s: %" PRIu32 ", %.*s%s",
            told->kind == BANK_REQUEST_OPEN ? "open an account"
                                            : "say how much there is",
            told->code, (int)told->text.length, told->text.data,
            bank_greeting_remedy(told->code));
    }
}

static void
count_done(struct bank_conductor *conductor, const struct bank_load_done *done)
{
    struct bank_outcome *outcome = conductor->outcome;

    if (conductor->step == BANK_STEP_AFTER) {
        outcome->total_cents = done->answered_cents;
        return;
    }
    outcome->expected_least_cents +=
        done->changed_cents - done->uncertain_down_cents;
    outcome->expected_most_cents +=
        done->changed_cents + done->uncertain_up_cents;
    if (conductor->step == BANK_STEP_BEFORE) {
        outcome->expected_least_cents += done->answered_cents;
        outcome->expected_most_cents += done->answered_cents;
    }
    if (conductor->step == BANK_STEP_RUNNING) {
        outcome->unsent_count += done->unsent_count;
        if (done->last_ns > conductor->last_ns) {
            conductor->last_ns = done->last_ns;
        }
        outcome->elapsed_ns = conductor->last_ns - conductor->begin_ns;
    }
}

static void
on_done(
    struct troupe_self *self, void *state, const struct bank_load_done *done)
{
    struct bank_conductor *conductor = state;

    if (conductor->step == BANK_STEP_OVER) {
        return;
    }
    conductor->heard_ns = now_ns();
    count_done(conductor, done);
    if (--conductor->working_count == 0) {
        go_on(self, conductor);
    }
}

/* ---- time ---------------------------------------------------------------- */

static void
show_progress(struct bank_conductor *conductor, uint64_t now)
{
    bool is_counted = conductor->plan->requests_count != 0;

    if (conductor->step == BANK_STEP_RUNNING) {
        cli_progress_update(
            &conductor->progress, is_counted ? conductor->outcome->waits.count
                                             : now - conductor->begin_ns);
    }
}

static void
on_look(struct troupe_self *self, void *state, uint64_t context)
{
    struct bank_conductor *conductor = state;
    uint64_t now = now_ns();

    (void)context;
    if (conductor->step == BANK_STEP_OVER) {
        return;
    }
    show_progress(conductor, now);
    if (now - conductor->heard_ns > conductor->plan->silence_ns) {
        give_up(self, conductor,
            "%s has answered nothing for %" PRIu64 " s; --timeout says how "
            "long to wait%s",
            conductor->plan->address,
            conductor->plan->silence_ns / TROUPE_SECONDS(1), hint(conductor));
    }
}

static void
on_start(struct troupe_self *self, void *state)
{
    struct bank_conductor *conductor = state;

    conductor->clients =
        calloc(conductor->plan->connections_count, sizeof(*conductor->clients));
    if (conductor->clients == NULL) {
        give_up(self, conductor, "out of memory");
        return;
    }
    conductor->heard_ns = now_ns();
    cli_progress_init(
        &conductor->progress, "connecting", conductor->plan->connections_count);
    TROUPE_CHECK(troupe_every(self, LOOK_PERIOD_NS, on_look, 0, NULL));
    spawn_some(self, conductor);
}

static void
on_stop(struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    struct bank_conductor *conductor = state;

    (void)self, (void)why;
    free(conductor->clients);
}

TROUPE_BEHAVIOUR(bank_conductor, sizeof(struct bank_conductor),
    TROUPE_ON_START(on_start), TROUPE_ON_STOP(on_stop),
    TROUPE_ON_EXIT(on_client_exit),
    TROUPE_ON(bank_load_connected, on_connected),
    TROUPE_ON(bank_load_waits, on_waits),
    TROUPE_ON(bank_load_refusal, on_refusal),
    TROUPE_ON(bank_load_done, on_done));
