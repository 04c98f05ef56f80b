/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/load/protocol.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Commands go out as inline ones do not: an array of bulk strings, which is
 * what clients of Redis send. */
static size_t
put(uint8_t *out, uint32_t id, const struct bank_request *request)
{
    static const char *const commands[] = {
        [BANK_REQUEST_DEPOSIT] = "INCRBY",
        [BANK_REQUEST_WITHDRAW] = "DECRBY",
        [BANK_REQUEST_BALANCE] = "GET",
        [BANK_REQUEST_OPEN] = "SET",
    };
    const char *command = commands[request->kind];
    bool has_cents = request->kind != BANK_REQUEST_BALANCE;
    char account[32];
    char cents[32];
    int account_length = snprintf(
        account, sizeof(account), "troupe-bank:%" PRIu32, request->account + 1);
    int cents_length =
        snprintf(cents, sizeof(cents), "%" PRId64, request->cents);
    int length = snprintf((char *)out, BANK_PROTOCOL_REQUEST_MAX,
        "*%d\r\n$%zu\r\n%s\r\n$%d\r\n%s\r\n", has_cents ? 3 : 2,
        strlen(command), command, account_length, account);

    (void)id;
    if (has_cents) {
        length += snprintf((char *)out + length,
            (size_t)(BANK_PROTOCOL_REQUEST_MAX - length), "$%d\r\n%s\r\n",
            cents_length, cents);
    }
    return (size_t)length;
}

static enum bank_taken
fault(struct bank_answer *answer)
{
    answer->text = "the server sent what is no answer of Redis";
    return BANK_TAKEN_FAULT;
}

/* The digits up to the end; false: there are others. */
static bool
read_number(const char *at, const char *end, int64_t *number)
{
    bool is_negative = at < end && *at == '-';
    uint64_t read = 0;

    at += is_negative;
    if (at == end || end - at > 19) {
        return false;
    }
    for (; at < end; at++) {
        if (*at < '0' || *at > '9') {
            return false;
        }
        read = read * 10 + (uint64_t)(*at - '0');
    }
    if (read > INT64_MAX) {
        return false;
    }
    *number = is_negative ? -(int64_t)read : (int64_t)read;
    return true;
}

/* A bulk string: its length, up to end, is read; its bytes follow. */
static enum bank_taken
take_bulk(const char *begin, const char *end, size_t *size,
    struct bank_answer *answer)
{
    size_t head_size = (size_t)(end - begin) + 2;
    int64_t length;

    if (!read_number(begin + 1, end, &length) || length < -1 ||
        length > BANK_PROTOCOL_ANSWER_MAX) {
        return fault(answer);
    }
    if (length >= 0 && *size < head_size + (size_t)length + 2) {
        *size = head_size + (size_t)length + 2;
        return BANK_TAKEN_NOTHING;
    }
    *size = length < 0 ? head_size : head_size + (size_t)length + 2;
    answer->is_number =
        length >= 0 && read_number(end + 2, end + 2 + length, &answer->cents);
    return BANK_TAKEN_ANSWER;
}

static enum bank_taken
take(const uint8_t *bytes, size_t *size, struct bank_answer *answer)
{
    const char *begin = (const char *)bytes;
    const char *end = memmem(begin, *size, "\r\n", 2);

    *answer = (struct bank_answer){.code = 0};
    if (end == NULL) {
        bool is_too_long = *size > BANK_PROTOCOL_ANSWER_MAX;

        *size += 1;
        return is_too_long ? fault(answer) : BANK_TAKEN_NOTHING;
    }
    switch (*begin) {
    case '$':
        return take_bulk(begin, end, size, answer);
    case ':':
        answer->is_number = read_number(begin + 1, end, &answer->cents);
        break;
    case '-':
        answer->is_refused = true;
        answer->text = begin + 1;
        answer->text_length = (size_t)(end - begin) - 1;
        break;
    case '+':
        break;
    default:
        return fault(answer);
    }
    *size = (size_t)(end - begin) + 2;
    return BANK_TAKEN_ANSWER;
}

const struct bank_protocol bank_protocol_redis = {
    .name = "redis",
    .is_in_order = true,
    .put = put,
    .take = take,
};
