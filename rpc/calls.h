/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * calls: what the peer was asked and has not answered yet, by id.
 *
 * A table of a power of two, in memory of the actor. An id is chosen so that
 * its place is free: the lower bits are the place, the upper ones make ids of
 * one place differ, so that a late answer to a call that was given up is not
 * taken for another's. When half of the table is taken it grows; two ids that
 * had different places have different ones in a larger table.
 *
 * All functions are for the handlers of the connection.
 */
#ifndef TROUPE_RPC_CALLS_H
#define TROUPE_RPC_CALLS_H

#include "troupe/actor.h"

struct tp_rpc_call {
    struct troupe_request *request; /* NULL: the place is free */
    struct troupe_schema *answer;   /* NULL: a troupe_rpc_result */
    uint64_t deadline_ns;
    uint32_t id;
};

/* Zeroed memory is an empty one. */
struct tp_rpc_calls {
    struct tp_rpc_call *places;
    uint32_t capacity;
    uint32_t count;
    uint32_t next_id;
};

/* A place for one more, with an id; its request is for the caller to set, who
 * has it then. NULL: no memory. */
struct tp_rpc_call *tp_rpc_calls_add(
    struct troupe_self *self, struct tp_rpc_calls *calls);

/* Takes the call of that id out. False: there is none. */
bool tp_rpc_calls_take(
    struct tp_rpc_calls *calls, uint32_t id, struct tp_rpc_call *call);

/* Takes one whose deadline has passed. False: there is none. */
bool tp_rpc_calls_take_late(
    struct tp_rpc_calls *calls, uint64_t now_ns, struct tp_rpc_call *call);

#endif
