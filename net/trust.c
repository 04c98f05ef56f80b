/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/trust.h"

#include "base/err.h"
#include "base/memory.h"

#include <ck_pr.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

/* ---- holding ------------------------------------------------------------- */

struct troupe_tls *
tp_trust_acquire(struct troupe_tls *tls)
{
    if (tls != NULL) {
        ck_pr_inc_32(&tls->holders_count);
    }
    return tls;
}

void
tp_trust_release(struct troupe_tls *tls)
{
    if (tls == NULL) {
        return;
    }
    ck_pr_fence_release();
    if (ck_pr_faa_32(&tls->holders_count, UINT32_MAX) == 1) {
        ck_pr_fence_acquire();
        SSL_CTX_free(tls->context);
        tp_memory_free(tls);
    }
}

void
troupe_tls_destroy(struct troupe_tls **tls)
{
    tp_trust_release(*tls);
    *tls = NULL;
}

troupe_err
tp_trust_check(const struct troupe_tls *tls, bool is_server)
{
    if (tls == NULL || tls->is_server == is_server) {
        return TROUPE_OK;
    }
    return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
        is_server ? "a listener's .tls has to be made by "
                    "troupe_tls_create_server()"
                  : "the .tls of who connects has to be made by "
                    "troupe_tls_create_client()");
}

/* ---- making -------------------------------------------------------------- */

static const char *
last_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    return reason == NULL ? "OpenSSL does not say why" : reason;
}

/* A server has nobody to ask for a password. */
static int
give_no_password(char *out, int size, int is_writing, void *context)
{
    (void)out, (void)size, (void)is_writing, (void)context;
    return -1;
}

static troupe_err
set_up(struct troupe_tls *tls)
{
    SSL_CTX *context =
        SSL_CTX_new(tls->is_server ? TLS_server_method() : TLS_client_method());

    if (context == NULL ||
        SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
        SSL_CTX_free(context);
        return tp_err_set(
            TROUPE_E_NO_MEMORY, "no memory for TLS: %s", last_reason());
    }
    tls->context = context;
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_default_passwd_cb(context, give_no_password);
    return TROUPE_OK;
}

static troupe_err
create(bool is_server, struct troupe_tls **out)
{
    struct troupe_tls *tls = tp_memory_alloc_zeroed(1, sizeof(*tls));
    troupe_err err;

    *out = NULL;
    if (tls == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory for TLS");
    }
    tls->is_server = is_server;
    tls->holders_count = 1;
    ERR_clear_error();
    err = set_up(tls);
    if (err != TROUPE_OK) {
        tp_memory_free(tls);
        return err;
    }
    *out = tls;
    return TROUPE_OK;
}

/* OpenSSL's own words for a file that is not there are less clear. */
static troupe_err
check_readable(const char *what, const char *file)
{
    FILE *opened = fopen(file, "re");

    if (opened == NULL) {
        return tp_err_set(TROUPE_E_SYSTEM, "the %s %s cannot be read: %s", what,
            file, strerror(errno));
    }
    fclose(opened);
    return TROUPE_OK;
}

static troupe_err
refuse_file(const char *file, const char *what)
{
    return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
        "%s is no %s in PEM format (a block that begins with -----BEGIN): %s",
        file, what, last_reason());
}

/* ---- a server's ---------------------------------------------------------- */

static void
print_time(const ASN1_TIME *when, char *out, size_t size)
{
    struct tm broken_down;

    if (ASN1_TIME_to_tm(when, &broken_down) != 1 ||
        strftime(out, size, "%Y-%m-%d %H:%M:%S UTC", &broken_down) == 0) {
        snprintf(out, size, "an unknown time");
    }
}

static troupe_err
check_period(const struct troupe_tls *tls, const char *file)
{
    const X509 *certificate = SSL_CTX_get0_certificate(tls->context);
    const ASN1_TIME *first = X509_get0_notBefore(certificate);
    const ASN1_TIME *last = X509_get0_notAfter(certificate);
    bool is_early = X509_cmp_current_time(first) > 0;
    char when[64];

    if (!is_early && X509_cmp_current_time(last) > 0) {
        return TROUPE_OK;
    }
    print_time(is_early ? first : last, when, sizeof(when));
    return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
        is_early ? "the certificate in %s holds only from %s on: set the "
                   "clock, or wait"
                 : "the certificate in %s has expired at %s: have a new one "
                   "signed",
        file, when);
}

static troupe_err
load_key(struct troupe_tls *tls, const char *certificate, const char *key)
{
    unsigned long code;

    if (SSL_CTX_use_PrivateKey_file(tls->context, key, SSL_FILETYPE_PEM) == 1) {
        return TROUPE_OK;
    }
    code = ERR_peek_last_error();
    if (ERR_GET_LIB(code) == ERR_LIB_X509) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "the key in %s is not that of the certificate in %s: give "
            "those that were made together",
            key, certificate);
    }
    return refuse_file(key, "key without a password");
}

static troupe_err
load_server(struct troupe_tls *tls, const char *certificate, const char *key)
{
    troupe_err err = check_readable("certificate", certificate);

    if (err == TROUPE_OK) {
        err = check_readable("key", key);
    }
    if (err != TROUPE_OK) {
        return err;
    }
    if (SSL_CTX_use_certificate_chain_file(tls->context, certificate) != 1) {
        return refuse_file(certificate, "certificate");
    }
    err = check_period(tls, certificate);
    return err == TROUPE_OK ? load_key(tls, certificate, key) : err;
}

static troupe_err
finish(struct troupe_tls **tls, troupe_err err)
{
    if (err != TROUPE_OK) {
        troupe_tls_destroy(tls);
    }
    ERR_clear_error();
    return err;
}

troupe_err
troupe_tls_create_server(
    const char *certificate_file, const char *key_file, struct troupe_tls **tls)
{
    troupe_err err = create(true, tls);

    return err == TROUPE_OK
               ? finish(tls, load_server(*tls, certificate_file, key_file))
               : err;
}

/* ---- a client's ---------------------------------------------------------- */

static troupe_err
load_client(struct troupe_tls *tls, const char *authorities)
{
    troupe_err err;

    SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
    if (authorities == NULL) {
        return SSL_CTX_set_default_verify_paths(tls->context) == 1
                   ? TROUPE_OK
                   : tp_err_set(TROUPE_E_SYSTEM,
                         "the authorities that the system trusts cannot be "
                         "read: %s",
                         last_reason());
    }
    err = check_readable("authorities' file", authorities);
    if (err == TROUPE_OK &&
        SSL_CTX_load_verify_file(tls->context, authorities) != 1) {
        err = refuse_file(authorities, "certificate of an authority");
    }
    return err;
}

troupe_err
troupe_tls_create_client(const char *authorities_file, struct troupe_tls **tls)
{
    troupe_err err = create(false, tls);

    return err == TROUPE_OK ? finish(tls, load_client(*tls, authorities_file))
                            : err;
}
