/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trust: what one side of TLS brings along: troupe/tls.h's struct troupe_tls.
 *
 * A context of OpenSSL's, complete when it is made and never changed after, so
 * that connections of all workers share it. It is counted: its maker, each
 * listener's door (net/listener.h) and OpenSSL for each connection hold it.
 *
 * net/absent.c is the other implementation of this and of net/tls.h, for a
 * build without OpenSSL: there it is never made, and all else is never called.
 *
 * All functions: any thread.
 */
#ifndef TROUPE_NET_TRUST_H
#define TROUPE_NET_TRUST_H

#include "troupe/tls.h"

#include <stdbool.h>
#include <stdint.h>

struct ssl_ctx_st;

struct troupe_tls {
    struct ssl_ctx_st *context;
    /*
     * Written by read-modify-writes alone, each with a release before; whoever
     * takes it to 0 acquires that, and frees. Never only read, so never stale.
     */
    uint32_t holders_count;
    bool is_server;
};

/* NULL is allowed, and stays so. */
struct troupe_tls *tp_trust_acquire(struct troupe_tls *tls);

/* NULL is allowed. */
void tp_trust_release(struct troupe_tls *tls);

/* Whether it is for that side; NULL is for both. INVALID_ARGUMENT. */
TROUPE_MUST_USE troupe_err tp_trust_check(
    const struct troupe_tls *tls, bool is_server);

#endif
