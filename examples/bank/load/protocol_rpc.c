/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/load/protocol.h"
#include "mailbox/scan.h"
#include "rpc/message.h"

static const char *const methods[] = {
    [BANK_REQUEST_DEPOSIT] = "bank.deposit",
    [BANK_REQUEST_WITHDRAW] = "bank.withdraw",
    [BANK_REQUEST_TRANSFER] = "bank.transfer",
    [BANK_REQUEST_BALANCE] = "bank.balance",
    [BANK_REQUEST_OPEN] = "bank.open",
    [BANK_REQUEST_TOTAL] = "bank.total",
};

/* How many parameters each has. */
static const uint32_t params_counts[] = {
    [BANK_REQUEST_DEPOSIT] = 2,
    [BANK_REQUEST_WITHDRAW] = 2,
    [BANK_REQUEST_TRANSFER] = 3,
    [BANK_REQUEST_BALANCE] = 1,
    [BANK_REQUEST_OPEN] = 2,
    [BANK_REQUEST_TOTAL] = 0,
};

/* "acct" and the number from 1 on; by hand, as it is written for each request.
 */
static uint8_t *
put_account(uint8_t *out, uint32_t account)
{
    char name[16] = "acct";
    char digits[10];
    uint32_t number = account + 1;
    uint32_t count = 0;
    uint32_t length = 4;

    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0) {
        name[length++] = digits[--count];
    }
    return troupe_wire_put_str(out, (struct troupe_str){name, length});
}

static size_t
put(uint8_t *out, uint32_t id, const struct bank_request *request)
{
    uint32_t count = params_counts[request->kind];
    uint8_t *at =
        tp_rpc_request_head_put(out, id, troupe_str_of(methods[request->kind]));

    at = troupe_wire_put_array_header(at, count);
    if (count > 0) {
        at = put_account(at, request->account);
    }
    if (count > 2) {
        at = put_account(at, request->to);
    }
    if (count > 1) {
        at = troupe_wire_put_int64(at, request->cents);
    }
    return (size_t)(at - out);
}

static void
read_result(struct bank_answer *answer, struct troupe_raw result)
{
    const uint8_t *at = result.data;
    const uint8_t *end = result.data + result.size;
    uint32_t count;
    const uint8_t *first = troupe_wire_get_array_header(at, end, &count);

    answer->is_number = troupe_wire_get_int64(first == NULL ? at : first, end,
                            &answer->cents) != NULL;
}

static void
read_error(struct bank_answer *answer, struct troupe_raw raw)
{
    struct tp_rpc_error error;

    answer->is_refused = true;
    if (tp_rpc_error_read(raw, &error)) {
        answer->code = error.code;
        answer->text = error.text.data;
        answer->text_length = error.text.length;
    } else {
        answer->code = 0;
        answer->text = "an error of another form";
        answer->text_length = strlen(answer->text);
    }
}

static enum bank_taken
fault(struct bank_answer *answer, const char *text)
{
    answer->text = text;
    return BANK_TAKEN_FAULT;
}

static enum bank_taken
take(const uint8_t *bytes, size_t *size, struct bank_answer *answer)
{
    const struct tp_scan_bounds bounds = {
        TP_SCAN_DEPTH_DEFAULT, BANK_PROTOCOL_ANSWER_MAX};
    struct tp_rpc_message message;
    size_t value_size;

    if (tp_scan_value(bytes, *size, &bounds, &value_size) != TROUPE_OK) {
        bool is_cut_short = value_size > *size;

        *size = value_size;
        return is_cut_short
                   ? BANK_TAKEN_NOTHING
                   : fault(answer, "the server sent what is no MessagePack");
    }
    *size = value_size;
    if (tp_rpc_message_read(bytes, value_size, &message) != TROUPE_OK ||
        message.kind != TP_RPC_RESPONSE) {
        return fault(answer, "the server sent what is no MessagePack-RPC "
                             "response");
    }
    *answer = (struct bank_answer){.id = message.id};
    if (tp_rpc_message_is_ok(&message)) {
        read_result(answer, message.result);
    } else {
        read_error(answer, message.error);
    }
    return BANK_TAKEN_ANSWER;
}

const struct bank_protocol bank_protocol_rpc = {
    .name = "rpc",
    .has_transfer = true,
    .has_total = true,
    .has_token = true,
    .put = put,
    .take = take,
};
