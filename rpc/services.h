/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * services: which method is which message to whom.
 *
 * A method is found by looking at all of them, lengths first: services are as
 * long as a programmer writes, and a table would have to live as long as the
 * last connection that uses it.
 *
 *     every function    any thread; reads what is const
 */
#ifndef TROUPE_RPC_SERVICES_H
#define TROUPE_RPC_SERVICES_H

#include "troupe/rpc.h"

struct tp_rpc_services {
    const struct troupe_rpc_service *items;
    size_t count;
};

/* Are the names fit, and is none there twice? INVALID_ARGUMENT, and the detail
 * says which. */
TROUPE_MUST_USE troupe_err tp_rpc_services_check(
    const struct tp_rpc_services *services);

/* "bank.deposit"; NULL: there is no such method. */
const struct troupe_rpc_method *tp_rpc_services_find(
    const struct tp_rpc_services *services, struct troupe_str method,
    const struct troupe_rpc_service **service);

/* NULL: there is none of that name. */
const struct troupe_rpc_service *tp_rpc_services_named(
    const struct tp_rpc_services *services, struct troupe_str name);

/* The method of that message; NULL: there is none. */
const struct troupe_rpc_method *tp_rpc_service_find(
    const struct troupe_rpc_service *service, const char *message);

#endif
