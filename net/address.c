/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/address.h"

#include "base/err.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char local_prefix[] = "unix:";

static troupe_err
refuse(const char *text, const char *why)
{
    return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
        "\"%s\" is no address: %s; write HOST:PORT or unix:PATH", text, why);
}

static troupe_err
read_local(const char *text, const char *path, struct tp_address *address)
{
    size_t length = strlen(path);
    struct sockaddr_un *local = &address->where.local;

    if (length == 0 || length >= sizeof(local->sun_path)) {
        return refuse(text, length == 0 ? "the path is empty"
                                        : "the path is too long for a socket");
    }
    local->sun_family = AF_UNIX;
    memcpy(local->sun_path, path, length + 1);
    address->size = sizeof(*local);
    return TROUPE_OK;
}

/* False: it is no port. */
static bool
read_port(const char *text, uint16_t *port)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    *port = (uint16_t)value;
    return *text >= '0' && *text <= '9' && *end == '\0' && value <= 65535;
}

static void
fill_v4(struct tp_address *address, struct in_addr number)
{
    address->where.v4 = (struct sockaddr_in){.sin_family = AF_INET,
        .sin_port = htons(address->port),
        .sin_addr = number};
    address->size = sizeof(address->where.v4);
}

static void
fill_v6(struct tp_address *address, struct in6_addr number)
{
    address->where.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
        .sin6_port = htons(address->port),
        .sin6_addr = number};
    address->size = sizeof(address->where.v6);
}

static void
read_host(struct tp_address *address, bool is_v6)
{
    struct in6_addr v6;
    struct in_addr v4;

    if (is_v6) {
        if (inet_pton(AF_INET6, address->host, &v6) == 1) {
            fill_v6(address, v6);
        }
        return;
    }
    if (strcmp(address->host, "localhost") == 0) {
        fill_v4(address, (struct in_addr){htonl(INADDR_LOOPBACK)});
    } else if (*address->host == '\0' || strcmp(address->host, "*") == 0) {
        fill_v4(address, (struct in_addr){htonl(INADDR_ANY)});
    } else if (inet_pton(AF_INET, address->host, &v4) == 1) {
        fill_v4(address, v4);
    } else {
        address->is_name = true;
    }
}

troupe_err
tp_address_read(const char *text, struct tp_address *address)
{
    const char *colon = strrchr(text, ':');
    const char *host = text;
    size_t length;
    bool is_v6;

    memset(address, 0, sizeof(*address));
    if (strncmp(text, local_prefix, sizeof(local_prefix) - 1) == 0) {
        return read_local(text, text + sizeof(local_prefix) - 1, address);
    }
    if (colon == NULL || !read_port(colon + 1, &address->port)) {
        return refuse(text, colon == NULL ? "there is no port"
                                          : "the port is none of 0 to 65535");
    }
    length = (size_t)(colon - text);
    is_v6 = length >= 2 && *text == '[' && colon[-1] == ']';
    if (is_v6) {
        host++;
        length -= 2;
    }
    if (length >= sizeof(address->host)) {
        return refuse(text, "the host is too long");
    }
    memcpy(address->host, host, length);
    read_host(address, is_v6);
    return address->size > 0 || address->is_name
               ? TROUPE_OK
               : refuse(text, "the host is no number of IPv6");
}

static void
print_local(char *out, size_t size, const struct sockaddr_un *local,
    socklen_t local_size)
{
    bool has_path = local_size > offsetof(struct sockaddr_un, sun_path);

    snprintf(out, size, "%s%s", local_prefix, has_path ? local->sun_path : "");
}

void
tp_address_print(char *out, size_t size, const union tp_sockaddr *where,
    socklen_t where_size)
{
    char host[INET6_ADDRSTRLEN] = "";

    if (size > 0) {
        *out = '\0';
    }
    switch (where->any.sa_family) {
    case AF_INET:
        inet_ntop(AF_INET, &where->v4.sin_addr, host, sizeof(host));
        snprintf(out, size, "%s:%u", host, ntohs(where->v4.sin_port));
        break;
    case AF_INET6:
        inet_ntop(AF_INET6, &where->v6.sin6_addr, host, sizeof(host));
        snprintf(out, size, "[%s]:%u", host, ntohs(where->v6.sin6_port));
        break;
    case AF_UNIX:
        print_local(out, size, &where->local, where_size);
        break;
    default:
        break;
    }
}
