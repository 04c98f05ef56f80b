/* SPDX-License-Identifier: BSD-2-Clause */
#include "rpc/settings.h"

#include "base/err.h"
#include "net/address.h"

static const struct troupe_rpc_options defaults = {.size = sizeof(defaults)};

static troupe_err
check(const struct troupe_rpc_options *given)
{
    if (given->size != sizeof(*given)) {
        return tp_err_set(TROUPE_E_ABI_MISMATCH,
            "struct troupe_rpc_options has %zu bytes here, and %zu where the "
            "program was compiled",
            sizeof(*given), given->size);
    }
    if (given->depth_max > TP_SCAN_DEPTH_LIMIT) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "depth_max is %u, and %d at most", given->depth_max,
            TP_SCAN_DEPTH_LIMIT);
    }
    if (given->frame_bytes_max > TROUPE_PAYLOAD_BYTES_MAX) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "frame_bytes_max is %zu, and a message of an actor has %u at most",
            given->frame_bytes_max, TROUPE_PAYLOAD_BYTES_MAX);
    }
    return TROUPE_OK;
}

/* Who waits for an answer is silent, and must not be taken for one who sleeps.
 */
static troupe_err
check_idle(const struct troupe_rpc_options *given, uint64_t request_ns)
{
    uint64_t idle_ns =
        given->connection == NULL ? 0 : given->connection->idle_ns;

    if (idle_ns != 0 && idle_ns <= request_ns) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "connection->idle_ns is %.3f s: it has to be more than request_ns, "
            "%.3f s, for who waits for an answer is silent",
            (double)idle_ns / 1e9, (double)request_ns / 1e9);
    }
    return TROUPE_OK;
}

troupe_err
tp_rpc_settings_read(
    const struct troupe_rpc_options *given, struct tp_rpc_settings *settings)
{
    troupe_err err;

    given = given == NULL ? &defaults : given;
    err = check(given);
    if (err != TROUPE_OK) {
        return err;
    }
    *settings = (struct tp_rpc_settings){
        .services = {given->services, given->services_count},
        .peer = given->peer,
        .token = given->token,
        .allow_other_users = given->allow_other_users,
        .bounds = {given->depth_max, given->frame_bytes_max},
        .requests_max = given->requests_max == 0 ? 256 : given->requests_max,
        .calls_max = given->calls_max == 0 ? 1024 : given->calls_max,
        .request_ns =
            given->request_ns == 0 ? TROUPE_SECONDS(30) : given->request_ns,
        .call_ns = given->call_ns == 0 ? TROUPE_SECONDS(60) : given->call_ns,
    };
    if (settings->bounds.depth_max == 0) {
        settings->bounds.depth_max = TP_SCAN_DEPTH_DEFAULT;
    }
    if (settings->bounds.bytes_max == 0) {
        settings->bounds.bytes_max = (size_t)1 << 20;
    }
    err = check_idle(given, settings->request_ns);
    return err != TROUPE_OK ? err : tp_rpc_services_check(&settings->services);
}

static bool
is_loopback(const struct tp_address *address)
{
    static const struct in6_addr loopback = IN6ADDR_LOOPBACK_INIT;
    const union tp_sockaddr *where = &address->where;

    if (address->is_name) {
        return false;
    }
    switch (where->any.sa_family) {
    case AF_UNIX:
        return true;
    case AF_INET:
        return ntohl(where->v4.sin_addr.s_addr) >> 24 == 127;
    case AF_INET6:
        return memcmp(&where->v6.sin6_addr, &loopback, sizeof(loopback)) == 0;
    default:
        return false;
    }
}

troupe_err
tp_rpc_settings_check_address(
    const struct troupe_rpc_options *given, const char *address)
{
    struct tp_address read;
    troupe_err err = tp_address_read(address, &read);

    if (err != TROUPE_OK || given->allow_remote || is_loopback(&read)) {
        return err;
    }
    return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
        "at \"%.100s\" other machines could call: say 127.0.0.1, or set "
        "allow_remote, and a token",
        address);
}
