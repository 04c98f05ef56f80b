/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/call/caller.h"

#include "mailbox/scan.h"
#include "rpc/message.h"
#include "troupe/net.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_SIZE_MAX = 64 << 20 };

static void
on_late(struct troupe_self *self, void *state, uint64_t context)
{
    struct bank_caller *caller = state;

    (void)context;
    troupe_fail(self, 1,
        "no answer for %" PRIu64 " s; --timeout says how long to wait",
        caller->call->timeout_ns / TROUPE_SECONDS(1));
}

static void
write_out(struct troupe_self *self, const void *bytes, size_t size)
{
    if (troupe_net_write(self, bytes, size) != TROUPE_OK) {
        troupe_fail(self, 1, "%s", troupe_err_detail());
    }
}

static void
ask(struct troupe_self *self, struct bank_caller *caller)
{
    caller->is_let_in = true;
    write_out(self, caller->call->request, caller->call->request_size);
}

static void
on_start(struct troupe_self *self, void *state)
{
    struct bank_caller *caller = state;
    const struct bank_call *call = caller->call;
    const struct bank_greeting *greeting = call->greeting;

    TROUPE_CHECK(troupe_after(self, call->timeout_ns, on_late, 0, NULL));
    if (troupe_net_connect(self, call->address,
            &TROUPE_NET_OPTIONS(.connect_ns = call->timeout_ns,
                .tls = greeting->tls)) != TROUPE_OK) {
        troupe_fail(self, 1, "%s", troupe_err_detail());
    } else if (greeting->size > 0) {
        write_out(self, greeting->request, greeting->size);
    } else {
        ask(self, caller);
    }
}

/* Whether it is what is waited for. */
static bool
is_answer(
    const struct bank_caller *caller, const struct tp_rpc_message *message)
{
    return message->kind == TP_RPC_RESPONSE &&
           (caller->is_let_in ? message->id == BANK_CALL_ID
                              : message->id == BANK_GREETING_ID);
}

/* Whether more may follow: what is there is whole, and not the answer. */
static bool
pass_over(struct troupe_self *self, struct bank_caller *caller)
{
    struct bank_call *call = caller->call;
    const struct tp_scan_bounds bounds = {
        TP_SCAN_DEPTH_DEFAULT, ANSWER_SIZE_MAX};
    const uint8_t *at = call->bytes + call->answer_at;
    size_t left = call->size - call->answer_at;
    struct tp_rpc_message message;
    size_t size;

    if (left == 0) {
        return false;
    }
    if (tp_scan_value(at, left, &bounds, &size) != TROUPE_OK) {
        if (size <= left) {
            troupe_fail(self, 1, "it sent what is no MessagePack");
        }
        return false;
    }
    if (tp_rpc_message_read(at, size, &message) != TROUPE_OK) {
        troupe_fail(self, 1, "it sent what is no MessagePack-RPC");
        return false;
    }
    if (is_answer(caller, &message)) {
        if (caller->is_let_in || !tp_rpc_message_is_ok(&message)) {
            call->answer_size = size;
            (void)troupe_net_close(self);
            return false;
        }
        ask(self, caller);
    }
    call->answer_at += size;
    return true;
}

static void
on_bytes(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    struct bank_caller *caller = state;
    struct bank_call *call = caller->call;
    uint8_t *bytes;

    if (call->answer_size > 0) {
        return;
    }
    bytes = realloc(call->bytes, call->size + got->bytes.size);
    if (bytes == NULL) {
        troupe_fail(self, 1, "out of memory");
        return;
    }
    memcpy(bytes + call->size, got->bytes.data, got->bytes.size);
    call->bytes = bytes;
    call->size += got->bytes.size;
    while (pass_over(self, caller)) {
    }
}

static void
on_stop(struct troupe_self *self, void *state, const struct troupe_exit *why)
{
    struct bank_call *call = ((struct bank_caller *)state)->call;

    if (call->answer_size == 0) {
        snprintf(call->why, sizeof(call->why), "%s",
            why->text[0] != '\0' ? why->text
                                 : "it has closed the connection without an "
                                   "answer");
    }
    troupe_runtime_quit(self);
}

TROUPE_BEHAVIOUR(bank_caller, sizeof(struct bank_caller),
    TROUPE_ON_START(on_start), TROUPE_ON_STOP(on_stop),
    TROUPE_ON(troupe_net_bytes, on_bytes));
