/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings: struct troupe_rpc_options, looked through and with nothing left to
 * default, as each connection has them.
 */
#ifndef TROUPE_RPC_SETTINGS_H
#define TROUPE_RPC_SETTINGS_H

#include "mailbox/scan.h"
#include "rpc/services.h"

struct tp_rpc_settings {
    struct tp_rpc_services services;
    const struct troupe_rpc_service *peer; /* NULL: not known */
    const char *token;                     /* NULL: none */
    bool allow_other_users;
    struct tp_scan_bounds bounds; /* of what is read */
    uint32_t requests_max;
    uint32_t calls_max;
    uint64_t request_ns;
    uint64_t call_ns;
};

/* given may be NULL. INVALID_ARGUMENT, ABI_MISMATCH. Any thread. */
TROUPE_MUST_USE troupe_err tp_rpc_settings_read(
    const struct troupe_rpc_options *given, struct tp_rpc_settings *settings);

/* May be listened at without allow_remote? INVALID_ARGUMENT: no, and why. */
TROUPE_MUST_USE troupe_err tp_rpc_settings_check_address(
    const struct troupe_rpc_options *given, const char *address);

#endif
