/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/tls.h"

#include "base/memory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
    RECORD_BYTES = 16384,     /* the most that TLS puts into one */
    SEALED_BYTES = 32768,     /* at a time */
    TALK_BYTES_MAX = 1 << 18, /* of OpenSSL's own, while the peer reads none */
};

struct tp_tls {
    SSL *ssl;
    BIO *in;
    BIO *out;
    struct tp_outgoing sealed;
    int failure;    /* errno; 0: none */
    bool has_begun; /* something has come */
    bool is_shaken;
    bool has_more;
    bool is_told; /* the peer, that nothing comes after */
    char why[TP_TLS_WHY_BYTES];
};

/* ---- making -------------------------------------------------------------- */

static bool
is_number(const char *name)
{
    struct in6_addr number;

    return inet_pton(AF_INET, name, &number) == 1 ||
           inet_pton(AF_INET6, name, &number) == 1;
}

/* The peer has to be called so. A number has no place in SNI. */
static bool
expect_name(SSL *ssl, const char *name)
{
    if (is_number(name)) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1;
    }
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, name) == 1 &&
           SSL_set_tlsext_host_name(ssl, name) == 1;
}

static bool
set_up(struct tp_tls *tls, const struct troupe_tls *trust, const char *name)
{
    tls->ssl = SSL_new(trust->context);
    tls->in = BIO_new(BIO_s_mem());
    tls->out = BIO_new(BIO_s_mem());
    if (tls->ssl == NULL || tls->in == NULL || tls->out == NULL) {
        BIO_free(tls->in);
        BIO_free(tls->out);
        return false;
    }
    SSL_set_bio(tls->ssl, tls->in, tls->out); /* which are its own now */
    if (trust->is_server) {
        SSL_set_accept_state(tls->ssl);
    } else {
        SSL_set_connect_state(tls->ssl);
    }
    return name == NULL || expect_name(tls->ssl, name);
}

struct tp_tls *
tp_tls_create(const struct troupe_tls *trust, const char *name)
{
    struct tp_tls *tls = tp_memory_alloc_zeroed(1, sizeof(*tls));

    if (tls != NULL && !set_up(tls, trust, name)) {
        tp_tls_destroy(tls);
        tls = NULL;
    }
    ERR_clear_error();
    return tls;
}

void
tp_tls_destroy(struct tp_tls *tls)
{
    if (tls != NULL) {
        SSL_free(tls->ssl);
        tp_outgoing_fini(&tls->sealed);
        tp_memory_free(tls);
    }
}

/* ---- failing ------------------------------------------------------------- */

static void __attribute__((format(printf, 3, 4)))
fail(struct tp_tls *tls, int failure, const char *format, ...)
{
    va_list arguments;

    if (tls->failure != 0) {
        return;
    }
    tls->failure = failure;
    va_start(arguments, format);
    (void)vsnprintf(tls->why, sizeof(tls->why), format, arguments);
    va_end(arguments);
}

static void
fail_untrusted(struct tp_tls *tls, long verdict)
{
    if (verdict == X509_V_ERR_HOSTNAME_MISMATCH ||
        verdict == X509_V_ERR_IP_ADDRESS_MISMATCH) {
        fail(tls, EPROTO,
            "the peer's certificate is for another host: connect by the name "
            "that is in it, or give that as .tls_name");
    } else if (verdict == X509_V_ERR_CERT_HAS_EXPIRED ||
               verdict == X509_V_ERR_CERT_NOT_YET_VALID) {
        fail(tls, EPROTO,
            "the peer's certificate does not hold today: %s; it needs a new "
            "one",
            X509_verify_cert_error_string(verdict));
    } else {
        fail(tls, EPROTO,
            "the peer's certificate is not trusted: %s; give the file of "
            "its authority",
            X509_verify_cert_error_string(verdict));
    }
}

/* What people get to see when there is no TLS at the other end. */
static bool
is_foreign(int reason)
{
    return reason == SSL_R_WRONG_VERSION_NUMBER ||
           reason == SSL_R_HTTP_REQUEST ||
           reason == SSL_R_HTTPS_PROXY_REQUEST ||
           reason == SSL_R_UNEXPECTED_MESSAGE ||
           reason == SSL_R_PACKET_LENGTH_TOO_LONG ||
           reason == SSL_R_RECORD_LENGTH_MISMATCH ||
           reason == SSL_R_UNKNOWN_PROTOCOL;
}

static void
fail_foreign(struct tp_tls *tls)
{
    fail(tls, EPROTO, "what came is no TLS: does the peer speak it here?");
}

static void
fail_by_openssl(struct tp_tls *tls)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = ERR_reason_error_string(code);
    int number = ERR_GET_REASON(code);

    if (number == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        fail_untrusted(tls, SSL_get_verify_result(tls->ssl));
    } else if (ERR_GET_LIB(code) == ERR_LIB_SSL && is_foreign(number)) {
        fail_foreign(tls);
    } else if (number == ERR_R_MALLOC_FAILURE) {
        fail(tls, ENOMEM, "no memory for TLS");
    } else if (number >= SSL_AD_REASON_OFFSET) {
        fail(tls, EPROTO, "the peer refuses, and says: %s", reason);
    } else {
        fail(tls, EPROTO, "TLS failed: %s",
            reason == NULL ? "OpenSSL does not say why" : reason);
    }
}

bool
tp_tls_is_shaken(const struct tp_tls *tls)
{
    return tls->is_shaken;
}

const char *
tp_tls_why(const struct tp_tls *tls)
{
    return tls->why;
}

void
tp_tls_be_late(struct tp_tls *tls)
{
    fail(tls, ETIMEDOUT, "the handshake of TLS was not over in time");
}

/* ---- sealed bytes -------------------------------------------------------- */

size_t
tp_tls_unsent(const struct tp_tls *tls)
{
    return tp_outgoing_count(&tls->sealed);
}

/* Takes over what OpenSSL has written. */
static void
collect(struct tp_tls *tls)
{
    char *bytes;
    long count = BIO_get_mem_data(tls->out, &bytes);

    if (count <= 0) {
        return;
    }
    if (!tp_outgoing_append(&tls->sealed, bytes, (size_t)count)) {
        fail(tls, ENOMEM, "no memory for TLS");
    }
    (void)BIO_reset(tls->out);
    if (tp_tls_unsent(tls) > TALK_BYTES_MAX) {
        fail(tls, EPROTO, "the peer asks for answers and reads none of them");
    }
}

static bool
has_sealed_enough(const struct tp_tls *tls, const struct tp_outgoing *plain)
{
    return !tls->is_shaken || tls->failure != 0 ||
           tp_outgoing_count(plain) == 0 || tp_tls_unsent(tls) >= SEALED_BYTES;
}

static void
seal(struct tp_tls *tls, struct tp_outgoing *plain)
{
    while (!has_sealed_enough(tls, plain)) {
        size_t count = tp_outgoing_count(plain);
        size_t sealed = 0;

        count = count < RECORD_BYTES ? count : RECORD_BYTES;
        ERR_clear_error();
        if (SSL_write_ex(
                tls->ssl, plain->bytes + plain->begin, count, &sealed) != 1) {
            fail_by_openssl(tls);
            return;
        }
        tp_outgoing_take(plain, sealed);
        collect(tls);
    }
}

static void
tell_last(struct tp_tls *tls)
{
    tls->is_told = true;
    ERR_clear_error();
    (void)SSL_shutdown(tls->ssl);
    collect(tls);
}

static bool
should_tell_last(const struct tp_tls *tls, const struct tp_outgoing *plain)
{
    return tls->is_shaken && tls->failure == 0 && !tls->is_told &&
           tp_outgoing_count(plain) == 0;
}

static enum tp_outgoing_flushed
refuse(const struct tp_tls *tls)
{
    errno = tls->failure;
    return TP_OUTGOING_FAILED;
}

enum tp_outgoing_flushed
tp_tls_flush(
    struct tp_tls *tls, struct tp_outgoing *plain, int fd, bool is_last)
{
    enum tp_outgoing_flushed flushed;

    do {
        seal(tls, plain);
        if (is_last && should_tell_last(tls, plain)) {
            tell_last(tls);
        }
        flushed = tp_outgoing_flush(&tls->sealed, fd);
        if (tls->failure != 0) {
            return refuse(tls);
        }
    } while (flushed == TP_OUTGOING_ALL && tls->is_shaken &&
             tp_outgoing_count(plain) > 0);
    return flushed;
}

/* ---- bytes that have come ------------------------------------------------ */

enum come { SOME, ALL_FOR_NOW, END, LOST };

/* OpenSSL takes 94 00 01, as a request of MessagePack-RPC may begin, for a
 * hello of SSL 2, and would wait for the five thousand bytes that it announces.
 */
static void
check_first(struct tp_tls *tls, unsigned char first)
{
    if (!tls->has_begun && first != SSL3_RT_HANDSHAKE &&
        first != SSL3_RT_ALERT) {
        fail_foreign(tls);
    }
    tls->has_begun = true;
}

/* Has OpenSSL have what the descriptor has. LOST sets errno. */
static enum come
feed(struct tp_tls *tls, int fd, unsigned char *room)
{
    ssize_t count = recv(fd, room, TP_TLS_RECEIVED_BYTES, MSG_DONTWAIT);

    if (count == 0) {
        return END;
    }
    if (count < 0) {
        return errno == EAGAIN || errno == EINTR ? ALL_FOR_NOW : LOST;
    }
    check_first(tls, room[0]);
    if (BIO_write(tls->in, room, (int)count) != (int)count) {
        fail(tls, ENOMEM, "no memory for TLS");
    }
    return count == TP_TLS_RECEIVED_BYTES ? SOME : ALL_FOR_NOW;
}

/* The last word to the peer, an alert, goes out if the system takes it. */
static ssize_t
give_up(struct tp_tls *tls, int fd)
{
    collect(tls);
    (void)tp_outgoing_flush(&tls->sealed, fd);
    errno = tls->failure;
    return -1;
}

static enum tp_tls_step
judge_handshake(struct tp_tls *tls, int outcome, enum come come)
{
    if (outcome == 1) {
        tls->is_shaken = true;
        return TP_TLS_DONE;
    }
    if (SSL_get_error(tls->ssl, outcome) != SSL_ERROR_WANT_READ) {
        fail_by_openssl(tls);
    } else if (come == END) {
        fail(tls, EPROTO,
            "the peer has gone in the middle of the handshake of TLS");
    }
    return tls->failure == 0 ? TP_TLS_WAITS : TP_TLS_FAILED;
}

enum tp_tls_step
tp_tls_shake(struct tp_tls *tls, int fd, unsigned char *room)
{
    enum come come = feed(tls, fd, room);
    int lost = errno;
    enum tp_tls_step step;

    ERR_clear_error();
    step = judge_handshake(tls, SSL_do_handshake(tls->ssl), come);
    collect(tls);
    if (tls->failure != 0) {
        (void)give_up(tls, fd);
        return TP_TLS_FAILED;
    }
    if (come == LOST ||
        tp_outgoing_flush(&tls->sealed, fd) == TP_OUTGOING_FAILED) {
        errno = come == LOST ? lost : errno;
        return TP_TLS_FAILED;
    }
    return step;
}

/* How many bytes were opened; 0: no more can be for now. */
static size_t
open_all(struct tp_tls *tls, unsigned char *room, size_t room_size)
{
    size_t opened = 0;
    size_t count = 0;

    ERR_clear_error();
    while (opened < room_size && SSL_read_ex(tls->ssl, room + opened,
                                     room_size - opened, &count) == 1) {
        opened += count;
    }
    tls->has_more = opened == room_size;
    if (!tls->has_more && SSL_get_error(tls->ssl, 0) == SSL_ERROR_SSL) {
        fail_by_openssl(tls);
    }
    collect(tls);
    return opened;
}

static bool
has_been_told(const struct tp_tls *tls)
{
    return (SSL_get_shutdown(tls->ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
}

/* Nothing has been opened. */
static ssize_t
say_why_none(struct tp_tls *tls, int fd, enum come come, int lost)
{
    if (tls->failure == 0 && has_been_told(tls)) {
        return 0;
    }
    if (come == END) {
        fail(tls, ECONNRESET,
            "the peer has gone without the word of TLS that it is done");
    }
    if (tls->failure != 0) {
        return give_up(tls, fd);
    }
    errno = come == LOST ? lost : EAGAIN;
    return -1;
}

ssize_t
tp_tls_receive(
    struct tp_tls *tls, int fd, unsigned char *room, size_t room_size)
{
    enum come come = feed(tls, fd, room);
    int lost = errno;
    size_t opened = 0;

    if (tls->failure == 0) {
        opened = open_all(tls, room, room_size);
    }
    if (opened == 0) {
        tls->has_more = tls->has_more || come == SOME;
        return say_why_none(tls, fd, come, lost);
    }
    tls->has_more = tls->has_more || come != ALL_FOR_NOW || tls->failure != 0 ||
                    has_been_told(tls);
    return (ssize_t)opened;
}

bool
tp_tls_has_more(const struct tp_tls *tls)
{
    return tls->has_more;
}
