/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MessagePack-RPC: actors that programs in other languages call, and servers
 * that actors call. Part of the library troupe-net, like troupe/net.h.
 *
 *     request   [0, id, method, params]       is answered by
 *     response  [1, id, error, result]
 *     notify    [2, method, params]           is not answered
 *
 * (https://github.com/msgpack-rpc/msgpack-rpc/blob/master/spec.md)
 *
 * A server says which messages of which actors may be called from outside, and
 * nothing else may:
 *
 *     TROUPE_RPC_SERVICE(bank, TROUPE_RPC_METHOD(deposit, balance_is),
 *         TROUPE_RPC_METHOD(close_account, troupe_rpc_done));
 *
 *     troupe_rpc_listen(self, "127.0.0.1:4242",
 *         TROUPE_RPC_OPTIONS(.services = &bank_service, .services_count = 1))
 *
 * Then the method "bank.deposit" is the message `deposit` to whatever actor has
 * the name "bank" (troupe/name.h) when the call comes: a request is asked, a
 * notification is told. Parameters come by position, [a, b], or by name,
 * [{"account": a, "amount_cents": b}]; a field of type raw may be left out. A
 * reply of one field answers that value, of several an array, of none nil. A
 * reply that is a troupe_rpc_error is the error.
 *
 * An error is [code, text] or [code, text, {"retry_ms": n}]. Codes of ours:
 *
 *     400  the parameters do not fit (the text names one), or the bytes are no
 *          message of MessagePack-RPC: after that the connection is closed
 *     401  no token, a wrong one, or another user's process: the same
 *     404  what is asked about does not exist (troupe.describe, and services)
 *     405  there is no such method
 *     410  the actor is gone
 *     500  the actor has failed, or has not answered
 *     503  its mailbox is full (with retry_ms), or there is no memory
 *     504  the deadline has passed
 *
 * What is wrong with a notification nobody is told; one that is unknown is
 * ignored. Each server also has the methods
 *
 *     troupe.auth(token)            true, if it is the right one
 *     troupe.actors()               the services, and whether they are there
 *     troupe.describe([service])    methods, their parameters and results
 *
 * A connection is an actor, and the same at both ends: whoever connects may be
 * called, too, and whoever is connected to may call. An actor that is called
 * finds the connection in troupe_sender(). To call the peer, ask the
 * connection; to notify it, tell it:
 *
 *     troupe_ask_then(self, connection, TROUPE_SECONDS(1), then, 0,
 *         troupe_rpc_call, .method = troupe_str_of("bank.deposit"),
 *         .params = params)
 *
 * and the answer is a troupe_rpc_result or a troupe_rpc_error. If the peer's
 * service is known here (.peer), its messages are asked of the connection as if
 * that were the actor, and the replies are the messages that it would send:
 *
 *     troupe_ask(self, connection, TROUPE_SECONDS(1), balance_is, &balance,
 *         deposit, .account = account, .amount_cents = 500)
 *
 * Nothing grows without bound: all limits are options. Answers go out in the
 * order in which they are ready.
 *
 * A connection that ends answers what it was asked NO_SUCH_ACTOR, and ends as
 * troupe/net.h says; who watches it is told. To connect again is its user's.
 */
#ifndef TROUPE_RPC_H
#define TROUPE_RPC_H

#include "troupe/net.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- services ------------------------------------------------------------ */

/** A message that may be called, and the message that answers it. */
struct troupe_rpc_method {
    struct troupe_schema *call;
    struct troupe_schema *answer;
};

/** The messages that may be sent from outside to the actor of that name. */
struct troupe_rpc_service {
    const char *name;
    const struct troupe_rpc_method *methods;
    size_t methods_count;
};

/** In a service: the message type `call`, which `answer` answers. */
#define TROUPE_RPC_METHOD(call, answer)                                        \
    {                                                                          \
        &call##_schema, &answer##_schema                                       \
    }

/** Defines `service_name`_service, of the actor of that name. Belongs at file
 * scope. */
#define TROUPE_RPC_SERVICE(service_name, ...)                                  \
    static TROUPE_UNUSED const struct troupe_rpc_method                        \
        service_name##_methods_[] = {__VA_ARGS__};                             \
    static TROUPE_UNUSED const struct troupe_rpc_service                       \
        service_name##_service = {#service_name, service_name##_methods_,      \
            sizeof(service_name##_methods_) /                                  \
                sizeof(service_name##_methods_[0])}

/* ---- messages ------------------------------------------------------------ */

/** The answer of a method that has none. */
TROUPE_MESSAGE(troupe_rpc_done, TROUPE_NO_FIELDS)

#define TROUPE_RPC_ERROR_FIELDS(FIELD)                                         \
    FIELD(uint32, code) FIELD(str, text) FIELD(uint64, retry_ms)
/** A reply that is an error. retry_ms: it may go well after so long; 0: nothing
 * is said about that. */
TROUPE_MESSAGE(troupe_rpc_error, TROUPE_RPC_ERROR_FIELDS)

#define TROUPE_RPC_CALL_FIELDS(FIELD) FIELD(str, method) FIELD(raw, params)
/** To a connection: asked, a request to the peer; told, a notification. params
 * is an array, and nil the empty one. */
TROUPE_MESSAGE(troupe_rpc_call, TROUPE_RPC_CALL_FIELDS)

#define TROUPE_RPC_RESULT_FIELDS(FIELD) FIELD(raw, value)
/** The answer to a troupe_rpc_call that went well. */
TROUPE_MESSAGE(troupe_rpc_result, TROUPE_RPC_RESULT_FIELDS)

/* ---- connections --------------------------------------------------------- */

/** What is 0 is default. Made by TROUPE_RPC_OPTIONS(.field = value, ...). What
 * pointers lead to must stay valid as long as the listener and its connections
 * live, and is usually static; `connection` is copied. */
struct troupe_rpc_options {
    size_t size;
    /** What the peer may call. */
    const struct troupe_rpc_service *services;
    size_t services_count;
    /** What the peer offers: its messages may be asked of the connection. */
    const struct troupe_rpc_service *peer;
    /** A listener: the peer's first request has to be troupe.auth(token). To
     * connect: it is. NULL: none. */
    const char *token;
    /** A listener: other machines may connect, if the address lets them. */
    bool allow_remote;
    /** A listener at a Unix socket: other users' processes may connect. */
    bool allow_other_users;
    /** A listener: connections at a time; 0: as troupe_net_listen(). */
    uint32_t connections_max;
    /** The largest message that is read, in bytes; 0: 1 MiB. */
    size_t frame_bytes_max;
    /** How deep its values may nest; 0: 32; 128 at most. */
    uint32_t depth_max;
    /** Requests of the peer that are not answered yet; reading stops there. 0:
     * 256. */
    uint32_t requests_max;
    /** Calls to the peer that are not answered yet; more are answered 503. 0:
     * 1,024. */
    uint32_t calls_max;
    /** How long an actor may take to answer the peer; 0: 30 s. */
    uint64_t request_ns;
    /** How long the peer may take to answer; the asker's own deadline is the
     * earlier one, most often. 0: 60 s. */
    uint64_t call_ns;
    /** Of the socket: how long it may be silent, how much may wait to be
     * written; NULL: the defaults. An idle_ns is to be longer than request_ns:
     * who waits for an answer is silent. */
    const struct troupe_net_options *connection;
    /** To connect: link the connection with its spawner, a handler. */
    bool link;
};

/** The defaults, for those who would rather set fields afterwards (C++). */
static inline struct troupe_rpc_options
troupe_rpc_options_default(void)
{
    struct troupe_rpc_options options;

    __builtin_memset(&options, 0, sizeof(options));
    options.size = sizeof(options);
    return options;
}

#ifndef __cplusplus
#define TROUPE_RPC_OPTIONS(...)                                                \
    (&(struct troupe_rpc_options){                                             \
        .size = sizeof(struct troupe_rpc_options), __VA_ARGS__})
#endif

/**
 * The actor that calls listens for peers, as by troupe_net_listen(), from which
 * connections_max and the behaviour of an address come; troupe_net_address()
 * says which port it is. Other machines' addresses, all addresses among them,
 * are refused unless allow_remote is set.
 *
 * Errors: as troupe_net_listen(), and INVALID_ARGUMENT for options that
 * contradict each other.
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_rpc_listen(
    struct troupe_self *self, const char *address,
    const struct troupe_rpc_options *options);

/**
 * Starts an actor that connects to that address, and sets *connection. It may
 * be asked at once: what is written before it is open waits. If it cannot
 * connect it ends FAILED. For handlers and threads; options may be NULL.
 *
 * Errors: as troupe_spawn(), and INVALID_ARGUMENT for options that contradict
 * each other, or an address that is longer than TROUPE_NET_ADDRESS_MAX; what
 * troupe_net_connect() finds wrong ends the connection.
 */
TROUPE_API TROUPE_MUST_USE troupe_err troupe_rpc_connect(
    struct troupe_self *self, const char *address,
    const struct troupe_rpc_options *options, troupe_pid *connection);

#ifdef __cplusplus
}
#endif

#endif
