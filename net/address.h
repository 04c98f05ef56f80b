/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * address: where a socket is, as text and as the system has it.
 *
 *     HOST:PORT  [HOST]:PORT  unix:PATH
 *
 * A HOST is a number of IPv4 or IPv6, "localhost" (127.0.0.1), empty or "*" for
 * all of this machine's, or a name that somebody has to look up.
 */
#ifndef TROUPE_NET_ADDRESS_H
#define TROUPE_NET_ADDRESS_H

#include "troupe/net.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { TP_ADDRESS_HOST_MAX = 256 };

union tp_sockaddr {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un local;
};

struct tp_address {
    union tp_sockaddr where;
    socklen_t size;
    bool is_name; /* `host` is to be looked up; where holds nothing yet */
    uint16_t port;
    char host[TP_ADDRESS_HOST_MAX];
};

/* INVALID_ARGUMENT, and what is wrong with it. */
TROUPE_MUST_USE troupe_err tp_address_read(
    const char *text, struct tp_address *address);

/* As snprintf does; empty for a kind that is not ours. */
void tp_address_print(char *out, size_t size, const union tp_sockaddr *where,
    socklen_t where_size);

#endif
