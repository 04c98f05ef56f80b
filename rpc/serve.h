/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * serve: what the peer asks for, as messages to the actors that it is for.
 *
 * The parameters become the payload of the message that the method is
 * (rpc/params.h) where that lies to be sent: they are copied once. Who holds
 * the service's name is looked up for each call, for it may have changed; the
 * answer's way back is the ask's.
 *
 * Until the peer has said the token, if one is set, it is let do nothing else.
 */
#ifndef TROUPE_RPC_SERVE_H
#define TROUPE_RPC_SERVE_H

#include "rpc/connection.h"

/* A request, or a notification. */
void tp_rpc_serve(struct troupe_self *self,
    struct tp_rpc_connection *connection, const struct tp_rpc_message *message);

#endif
