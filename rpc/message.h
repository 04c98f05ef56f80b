/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message: MessagePack-RPC's three kinds of message, in bytes.
 *
 *     request   [0, id, method, params]
 *     response  [1, id, error, result]
 *     notify    [2, method, params]
 *
 * (https://github.com/msgpack-rpc/msgpack-rpc/blob/master/spec.md). Ids are
 * chosen by whoever asks and are good on one connection. A method is a str by
 * the specification; packers of languages that know no difference write bin,
 * and both are taken. Integers are taken in any encoding.
 *
 * Reading wants one whole value that the scan has accepted (mailbox/scan.h) and
 * gives views into it. What cannot be read is a fault of the protocol, after
 * which nothing that follows on the connection can be trusted.
 *
 * Errors that we send are [code, text], or [code, text, {"retry_ms": n}] for
 * what may go well later. The codes are those that people know from HTTP.
 *
 *     every function    any thread; touches only the bytes given
 *
 * Not chosen: msgpack-c's unpacker, for the reason that scan.h gives.
 */
#ifndef TROUPE_RPC_MESSAGE_H
#define TROUPE_RPC_MESSAGE_H

#include "troupe/wire.h"

enum tp_rpc_kind {
    TP_RPC_REQUEST = 0,
    TP_RPC_RESPONSE = 1,
    TP_RPC_NOTIFY = 2,
};

enum tp_rpc_code {
    TP_RPC_BAD_PARAMETERS = 400,
    TP_RPC_UNAUTHORIZED = 401,
    TP_RPC_NOT_FOUND = 404,
    TP_RPC_NO_SUCH_METHOD = 405,
    TP_RPC_CONFLICT = 409,
    TP_RPC_GONE = 410,
    TP_RPC_FAILED = 500,
    TP_RPC_UNAVAILABLE = 503,
    TP_RPC_TIMED_OUT = 504,
};

struct tp_rpc_message {
    enum tp_rpc_kind kind;
    bool has_id; /* a fault may come before the id, or behind it */
    uint32_t id;
    struct troupe_str method; /* REQUEST, NOTIFY */
    struct troupe_raw params; /* any one value */
    struct troupe_raw error;  /* RESPONSE */
    struct troupe_raw result;
};

/* What an answer that is no result says. */
struct tp_rpc_error {
    uint32_t code;
    struct troupe_str text;
    uint64_t retry_ms; /* 0: nothing is said of trying again */
};

/*
 * Reads the message in bytes, one whole value of size bytes. MALFORMED: the
 * detail says what is wrong; kind and id are as far as they were read.
 */
TROUPE_MUST_USE troupe_err tp_rpc_message_read(
    const uint8_t *bytes, size_t size, struct tp_rpc_message *message);

/* Whether the response's error says that there is none. */
bool tp_rpc_message_is_ok(const struct tp_rpc_message *response);

/* An error as we send it; false: it is another's, of another form. */
bool tp_rpc_error_read(struct troupe_raw raw, struct tp_rpc_error *error);

/* ---- writing: out has room for so many bytes ------------------------------
 */

/* What comes before the params of a request or a notify. */
size_t tp_rpc_request_head_size_max(struct troupe_str method);
uint8_t *tp_rpc_request_head_put(
    uint8_t *out, uint32_t id, struct troupe_str method);
uint8_t *tp_rpc_notify_head_put(uint8_t *out, struct troupe_str method);

/* What comes before the result of a response. */
enum { TP_RPC_RESULT_HEAD_SIZE_MAX = 8 };
uint8_t *tp_rpc_result_head_put(uint8_t *out, uint32_t id);

/* A whole response. id NULL: to what, could not be read; it has the id nil. */
size_t tp_rpc_error_size_max(const struct tp_rpc_error *error);
uint8_t *tp_rpc_error_put(
    uint8_t *out, const uint32_t *id, const struct tp_rpc_error *error);

#endif
