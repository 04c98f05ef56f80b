/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/frames.h"

#include "lab/timing.h"
#include "mailbox/scan.h"
#include "rpc/message.h"

#include <string.h>
#include <time.h>

static const char *const methods[] = {
    [FRAMES_OPEN] = "bank.open",
    [FRAMES_DEPOSIT] = "bank.deposit",
    [FRAMES_TOTAL] = "bank.total",
    [FRAMES_CRASH] = "lab.crash",
    [FRAMES_BLOCK] = "lab.block",
    [FRAMES_COMPUTE] = "lab.compute",
};

/* ---- reading ------------------------------------------------------------- */

size_t
frames_add(struct frames *frames, const uint8_t *bytes, size_t count)
{
    size_t room = sizeof(frames->bytes) - frames->count;

    count = count < room ? count : room;
    memcpy(frames->bytes + frames->count, bytes, count);
    frames->count += count;
    return count;
}

static enum frames_kind
kind_of(struct troupe_str method)
{
    for (int kind = 0; kind < FRAMES_UNKNOWN; kind++) {
        if (strlen(methods[kind]) == method.length &&
            memcmp(methods[kind], method.data, method.length) == 0) {
            return (enum frames_kind)kind;
        }
    }
    return FRAMES_UNKNOWN;
}

/* The number behind "acct", from 1 on. */
static uint32_t
account_of(struct troupe_str name)
{
    uint32_t number = 0;

    for (uint32_t i = 4; i < name.length; i++) {
        number = number * 10 + (uint32_t)(name.data[i] - '0') % 10;
    }
    return (number - 1) % FRAMES_ACCOUNTS_MAX;
}

/* Parameters that are missing stay 0. */
static void
read_params(struct frame *frame, struct troupe_raw params)
{
    const uint8_t *end = params.data + params.size;
    struct troupe_str name;
    uint32_t count;
    const uint8_t *at = troupe_wire_get_array_header(params.data, end, &count);

    if (at != NULL && count > 0) {
        at = troupe_wire_get_str(at, end, &name);
        frame->account = at != NULL ? account_of(name) : 0;
    }
    if (at != NULL && count > 1) {
        (void)troupe_wire_get_int64(at, end, &frame->cents);
    }
}

bool
frames_take(struct frames *frames, struct frame *frame, bool *is_fault)
{
    const struct tp_scan_bounds bounds = {
        TP_SCAN_DEPTH_DEFAULT, FRAMES_BYTES_MAX};
    struct tp_rpc_message message;
    size_t size;

    *is_fault = false;
    if (frames->count == 0) {
        return false;
    }
    if (tp_scan_value(frames->bytes, frames->count, &bounds, &size) !=
        TROUPE_OK) {
        *is_fault = size <= frames->count;
        return false;
    }
    if (tp_rpc_message_read(frames->bytes, size, &message) != TROUPE_OK ||
        message.kind != TP_RPC_REQUEST) {
        *is_fault = true;
        return false;
    }
    *frame = (struct frame){.id = message.id, .kind = kind_of(message.method)};
    read_params(frame, message.params);
    frames->count -= size;
    memmove(frames->bytes, frames->bytes + size, frames->count);
    return true;
}

/* ---- doing --------------------------------------------------------------- */

struct pocket {
    int64_t cents;
};

static const volatile struct pocket *
find_pocket(void)
{
    return NULL;
}

/* Sanitizers would stop at the NULL before the processor does. */
__attribute__((no_sanitize("undefined"), no_sanitize("address"))) static void
crash(void)
{
    (void)find_pocket()->cents;
}

void
frames_make_trouble(struct ledger *ledger, enum frames_kind kind)
{
    uint64_t until_ns = timing_now_ns() + FRAMES_PATIENCE_NS;

    __atomic_store_n(&ledger->has_begun, true, __ATOMIC_RELEASE);
    if (kind == FRAMES_CRASH) {
        crash();
    }
    while (!__atomic_load_n(&ledger->is_released, __ATOMIC_ACQUIRE) &&
           timing_now_ns() < until_ns) {
        if (kind == FRAMES_BLOCK) {
            struct timespec span = {0, 1000000};

            (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &span, NULL);
        }
    }
}

static int64_t
sum_of(struct ledger *ledger)
{
    int64_t sum = 0;

    for (int i = 0; i < FRAMES_ACCOUNTS_MAX; i++) {
        sum += __atomic_load_n(&ledger->cents[i], __ATOMIC_RELAXED);
    }
    return sum;
}

int64_t
frames_do(struct ledger *ledger, const struct frame *frame)
{
    switch (frame->kind) {
    case FRAMES_OPEN:
    case FRAMES_DEPOSIT:
        return __atomic_add_fetch(
            &ledger->cents[frame->account], frame->cents, __ATOMIC_RELAXED);
    case FRAMES_TOTAL:
        return sum_of(ledger);
    case FRAMES_CRASH:
    case FRAMES_BLOCK:
    case FRAMES_COMPUTE:
        frames_make_trouble(ledger, frame->kind);
        return 0;
    default:
        return 0;
    }
}

/* ---- writing ------------------------------------------------------------- */

size_t
frames_answer(uint8_t *out, uint32_t id, int64_t result)
{
    return (
        size_t)(troupe_wire_put_int64(tp_rpc_result_head_put(out, id), result) -
                out);
}

size_t
frames_request(uint8_t *out, uint32_t id, enum frames_kind kind)
{
    uint8_t *at =
        tp_rpc_request_head_put(out, id, troupe_str_of(methods[kind]));

    if (kind == FRAMES_OPEN || kind == FRAMES_DEPOSIT) {
        at = troupe_wire_put_array_header(at, 2);
        at = troupe_wire_put_str(at, troupe_str_of("acct1"));
        at = troupe_wire_put_int64(at, 1);
    } else {
        at = troupe_wire_put_array_header(at, 0);
    }
    return (size_t)(at - out);
}
