/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call: what actors here ask of the peer, and its answers.
 *
 * A message that was asked becomes a request, and is kept until the response
 * with its id comes; one that was told becomes a notification. The asker's
 * deadline is its own affair; that of the connection, call_ns, is for the place
 * in the table, and looked after by one timer that is set while there are
 * calls.
 */
#ifndef TROUPE_RPC_CALL_H
#define TROUPE_RPC_CALL_H

#include "rpc/connection.h"

/* The lines of a connection's behaviour. */
void tp_rpc_on_call(
    struct troupe_self *self, void *state, const struct troupe_rpc_call *call);
void tp_rpc_on_any(struct troupe_self *self, void *state,
    const struct troupe_message *message);

/* The first request of who connects with a token. */
void tp_rpc_call_auth(
    struct troupe_self *self, struct tp_rpc_connection *connection);

/* A response has come. */
void tp_rpc_call_answered(struct troupe_self *self,
    struct tp_rpc_connection *connection, const struct tp_rpc_message *message);

#endif
