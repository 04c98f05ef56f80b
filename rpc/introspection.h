/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * introspection: what a server says about its services to whoever asks, made
 * from their schemas when it is asked, as one MessagePack value.
 *
 *     troupe.actors      [{"name": "bank", "actor": "<0.5.1>" or nil}, ...]
 *     troupe.describe    [{"name": "bank", "methods": [{"name": "deposit",
 *                          "params": [{"name": ..., "type": ...}, ...],
 *                          "result": [{"name": ..., "type": ...}, ...]}, ...]},
 *                         ...]
 *
 * *size bytes in memory of the actor, which the caller frees; NULL: there is
 * none. For handlers.
 */
#ifndef TROUPE_RPC_INTROSPECTION_H
#define TROUPE_RPC_INTROSPECTION_H

#include "rpc/services.h"

uint8_t *tp_rpc_actors(struct troupe_self *self,
    const struct tp_rpc_services *services, size_t *size);
uint8_t *tp_rpc_description(struct troupe_self *self,
    const struct tp_rpc_services *services, size_t *size);

#endif
