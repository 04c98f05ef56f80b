/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/serve.h"
#include "lab/system.h"

#include <stdlib.h>
#include <string.h>
#include <troupe/net.h>
#include <troupe/rpc.h>
#include <troupe/sequential.h>
#include <troupe/work.h>
#include <unistd.h>

/* What has been released, and nothing else of it. */
static struct ledger *shared;

TROUPE_MESSAGE(where_are_you, TROUPE_NO_FIELDS)
#define PLACE(FIELD) FIELD(str, address)
TROUPE_MESSAGE(here_i_am, PLACE)

/* Asks the server for its address, and writes the port. */
static void
tell_port(struct troupe_self *self, troupe_pid server, int tell)
{
    struct here_i_am place;
    char text[TROUPE_NET_ADDRESS_MAX];
    uint16_t port;

    TROUPE_CHECK(troupe_ask(
        self, server, TROUPE_SECONDS(30), here_i_am, &place, where_are_you));
    snprintf(text, sizeof(text), "%.*s", (int)place.address.length,
        place.address.data);
    port = (uint16_t)atoi(strrchr(text, ':') + 1);
    if (write(tell, &port, sizeof(port)) != sizeof(port)) {
        _exit(1);
    }
}

static void
run_until_ended(void)
{
    for (;;) {
        pause();
    }
}

/* ---- accounts ------------------------------------------------------------ */

#define CENTS(FIELD) FIELD(int64, cents)
TROUPE_MESSAGE(add_cents, CENTS)
TROUPE_MESSAGE(has_cents, CENTS)

static void
on_add_cents(
    struct troupe_self *self, void *state, const struct add_cents *add_cents)
{
    int64_t *cents = state;

    *cents += add_cents->cents;
    (void)troupe_reply(self, has_cents, .cents = *cents);
}

TROUPE_BEHAVIOUR(
    served_account, sizeof(int64_t), TROUPE_ON(add_cents, on_add_cents));

/* Made before the server listens, and not changed afterwards. */
static troupe_pid accounts[FRAMES_ACCOUNTS_MAX];

static void
open_accounts(struct troupe_self *self)
{
    for (int i = 0; i < FRAMES_ACCOUNTS_MAX; i++) {
        TROUPE_CHECK(troupe_spawn(self, served_account, &accounts[i]));
    }
}

/* ---- in sequential style: a body for each connection --------------------- */

static troupe_err
make_trouble(struct troupe_work *work, const void *input, size_t size)
{
    enum frames_kind kind;

    (void)work;
    (void)size;
    memcpy(&kind, input, sizeof(kind));
    frames_make_trouble(shared, kind);
    return TROUPE_OK;
}

static int64_t
ask_account(struct troupe_self *self, uint32_t account, int64_t cents)
{
    struct has_cents has = {0};

    TROUPE_CHECK(troupe_ask(self, accounts[account], TROUPE_SECONDS(30),
        has_cents, &has, add_cents, .cents = cents));
    return has.cents;
}

/* Reads as if there were nobody else: whoever waits here lets others run. */
static int64_t
do_request(struct troupe_self *self, const struct frame *frame)
{
    struct troupe_work_done done;
    int64_t sum = 0;

    switch (frame->kind) {
    case FRAMES_OPEN:
    case FRAMES_DEPOSIT:
        return ask_account(self, frame->account, frame->cents);
    case FRAMES_TOTAL:
        for (uint32_t i = 0; i < FRAMES_ACCOUNTS_MAX; i++) {
            sum += ask_account(self, i, 0);
        }
        return sum;
    case FRAMES_CRASH:
        frames_make_trouble(shared, FRAMES_CRASH);
        return 0;
    case FRAMES_BLOCK:
    case FRAMES_COMPUTE:
        TROUPE_CHECK(troupe_work_wait(self, make_trouble, &frame->kind,
            sizeof(frame->kind), TROUPE_SECONDS(30), &done));
        return 0;
    default:
        return 0;
    }
}

static void
serve_peer(struct troupe_self *self, void *state)
{
    struct frames *frames = state;
    struct troupe_net_bytes got;
    struct frame frame;
    uint8_t out[FRAMES_BYTES_MAX];
    bool is_fault = false;

    while (!is_fault && troupe_receive_only(self, troupe_net_bytes, &got,
                            TROUPE_FOREVER) == TROUPE_OK) {
        (void)frames_add(
            frames, (const uint8_t *)got.bytes.data, got.bytes.size);
        while (frames_take(frames, &frame, &is_fault)) {
            size_t size =
                frames_answer(out, frame.id, do_request(self, &frame));

            if (troupe_net_write(self, out, size) != TROUPE_OK) {
                return;
            }
        }
    }
}

TROUPE_PROCESS(served_peer, sizeof(struct frames), serve_peer);

static void
listen_for_peers(struct troupe_self *self, void *state)
{
    char text[TROUPE_NET_ADDRESS_MAX];
    struct where_are_you where;

    (void)state;
    TROUPE_CHECK(troupe_net_listen(self, "127.0.0.1:0",
        TROUPE_NET_LISTEN(.behaviour = &served_peer_behaviour,
            .connections_max = 20000)));
    for (;;) {
        TROUPE_CHECK(
            troupe_receive_only(self, where_are_you, &where, TROUPE_FOREVER));
        TROUPE_CHECK(troupe_net_address(self, text, sizeof(text)));
        TROUPE_CHECK(
            troupe_reply(self, here_i_am, .address = troupe_str_of(text)));
    }
}

TROUPE_PROCESS(peers_listener, 0, listen_for_peers);

void
serve_bodies(struct ledger *ledger, int tell)
{
    struct troupe_self *self =
        system_begin(&TROUPE_OPTIONS(.io = troupe_net()));
    troupe_pid pid;

    shared = ledger;
    open_accounts(self);
    TROUPE_CHECK(troupe_spawn(self, peers_listener, &pid));
    tell_port(self, pid, tell);
    run_until_ended();
}

/* ---- handlers: MessagePack-RPC as troupe has it -------------------------- */

#define OPENING(FIELD) FIELD(str, account) FIELD(int64, cents)
TROUPE_MESSAGE(open, OPENING)
TROUPE_MESSAGE(deposit, OPENING)
TROUPE_MESSAGE(total, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(result, CENTS)
TROUPE_MESSAGE(crash, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(block, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(compute, TROUPE_NO_FIELDS)

TROUPE_RPC_SERVICE(bank, TROUPE_RPC_METHOD(open, result),
    TROUPE_RPC_METHOD(deposit, result), TROUPE_RPC_METHOD(total, result));
TROUPE_RPC_SERVICE(lab, TROUPE_RPC_METHOD(crash, result),
    TROUPE_RPC_METHOD(block, result), TROUPE_RPC_METHOD(compute, result));

struct served_bank {
    int64_t cents[FRAMES_ACCOUNTS_MAX];
    int64_t sum;
};

static int64_t
change(struct served_bank *bank, struct troupe_str account, int64_t cents)
{
    uint32_t number = 0;

    for (uint32_t i = 4; i < account.length; i++) {
        number = number * 10 + (uint32_t)(account.data[i] - '0') % 10;
    }
    bank->sum += cents;
    return bank->cents[(number - 1) % FRAMES_ACCOUNTS_MAX] += cents;
}

static void
on_open(struct troupe_self *self, void *state, const struct open *open)
{
    (void)troupe_reply(
        self, result, .cents = change(state, open->account, open->cents));
}

static void
on_deposit(struct troupe_self *self, void *state, const struct deposit *deposit)
{
    (void)troupe_reply(
        self, result, .cents = change(state, deposit->account, deposit->cents));
}

static void
on_total(struct troupe_self *self, void *state, const struct total *total)
{
    const struct served_bank *bank = state;

    (void)total;
    (void)troupe_reply(self, result, .cents = bank->sum);
}

TROUPE_BEHAVIOUR(served_bank, sizeof(struct served_bank),
    TROUPE_ON(open, on_open), TROUPE_ON(deposit, on_deposit),
    TROUPE_ON(total, on_total));

/* On a thread of its own, so that it may block and compute. */
static void
on_crash(struct troupe_self *self, void *state, const struct crash *crash)
{
    (void)self, (void)state, (void)crash;
    frames_make_trouble(shared, FRAMES_CRASH);
}

static void
on_block(struct troupe_self *self, void *state, const struct block *block)
{
    (void)state, (void)block;
    frames_make_trouble(shared, FRAMES_BLOCK);
    (void)troupe_reply(self, result, .cents = 0);
}

static void
on_compute(struct troupe_self *self, void *state, const struct compute *compute)
{
    (void)state, (void)compute;
    frames_make_trouble(shared, FRAMES_COMPUTE);
    (void)troupe_reply(self, result, .cents = 0);
}

TROUPE_BEHAVIOUR(troublemaker, 0, TROUPE_ON(crash, on_crash),
    TROUPE_ON(block, on_block), TROUPE_ON(compute, on_compute));

static void
on_listener_start(struct troupe_self *self, void *state)
{
    static const struct troupe_rpc_service services[2] = {
        {"bank", bank_methods_, 3}, {"lab", lab_methods_, 3}};

    (void)state;
    TROUPE_CHECK(troupe_rpc_listen(self, "127.0.0.1:0",
        TROUPE_RPC_OPTIONS(.services = services, .services_count = 2,
            .connections_max = 20000)));
}

static void
on_where_are_you(
    struct troupe_self *self, void *state, const struct where_are_you *where)
{
    char text[TROUPE_NET_ADDRESS_MAX];

    (void)state;
    (void)where;
    TROUPE_CHECK(troupe_net_address(self, text, sizeof(text)));
    (void)troupe_reply(self, here_i_am, .address = troupe_str_of(text));
}

TROUPE_BEHAVIOUR(rpc_listener, 0, TROUPE_ON_START(on_listener_start),
    TROUPE_ON(where_are_you, on_where_are_you));

void
serve_handlers(struct ledger *ledger, int tell)
{
    struct troupe_self *self =
        system_begin(&TROUPE_OPTIONS(.io = troupe_net()));
    troupe_pid pid;

    shared = ledger;
    TROUPE_CHECK(troupe_spawn_with(
        self, served_bank, &TROUPE_SPAWN_OPTIONS(.name = "bank"), &pid));
    TROUPE_CHECK(troupe_spawn_with(self, troublemaker,
        &TROUPE_SPAWN_OPTIONS(.name = "lab", .own_thread = true), &pid));
    TROUPE_CHECK(troupe_spawn(self, rpc_listener, &pid));
    tell_port(self, pid, tell);
    run_until_ended();
}
