/* SPDX-License-Identifier: BSD-2-Clause */
/* Where OpenSSL is not: net/trust.h and net/tls.h of a build without it. */
#include "base/err.h"
#include "net/tls.h"

#include <stdlib.h>

static troupe_err
refuse(struct troupe_tls **tls)
{
    *tls = NULL;
    return tp_err_set(TROUPE_E_NO_TLS,
        "this troupe-net was built where OpenSSL was not installed: install "
        "libssl-dev and build it again");
}

troupe_err
troupe_tls_create_server(
    const char *certificate_file, const char *key_file, struct troupe_tls **tls)
{
    (void)certificate_file, (void)key_file;
    return refuse(tls);
}

troupe_err
troupe_tls_create_client(const char *authorities_file, struct troupe_tls **tls)
{
    (void)authorities_file;
    return refuse(tls);
}

void
troupe_tls_destroy(struct troupe_tls **tls)
{
    *tls = NULL;
}

struct troupe_tls *
tp_trust_acquire(struct troupe_tls *tls)
{
    return tls;
}

void
tp_trust_release(struct troupe_tls *tls)
{
    (void)tls;
}

troupe_err
tp_trust_check(const struct troupe_tls *tls, bool is_server)
{
    (void)tls, (void)is_server;
    return TROUPE_OK;
}

/* ---- what only somebody with a struct troupe_tls gets to ----------------- */

struct tp_tls *
tp_tls_create(const struct troupe_tls *trust, const char *name)
{
    (void)trust, (void)name;
    return NULL;
}

void
tp_tls_destroy(struct tp_tls *tls)
{
    (void)tls;
}

enum tp_tls_step
tp_tls_shake(struct tp_tls *tls, int fd, unsigned char *room)
{
    (void)tls, (void)fd, (void)room;
    abort();
}

ssize_t
tp_tls_receive(
    struct tp_tls *tls, int fd, unsigned char *room, size_t room_size)
{
    (void)tls, (void)fd, (void)room, (void)room_size;
    abort();
}

bool
tp_tls_has_more(const struct tp_tls *tls)
{
    (void)tls;
    abort();
}

enum tp_outgoing_flushed
tp_tls_flush(
    struct tp_tls *tls, struct tp_outgoing *plain, int fd, bool is_last)
{
    (void)tls, (void)plain, (void)fd, (void)is_last;
    abort();
}

size_t
tp_tls_unsent(const struct tp_tls *tls)
{
    (void)tls;
    abort();
}

bool
tp_tls_is_shaken(const struct tp_tls *tls)
{
    (void)tls;
    abort();
}

const char *
tp_tls_why(const struct tp_tls *tls)
{
    (void)tls;
    abort();
}

void
tp_tls_be_late(struct tp_tls *tls)
{
    (void)tls;
    abort();
}
