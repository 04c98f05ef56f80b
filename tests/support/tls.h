/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tls: a server that sends back, clients, and peers for tests of connections
 * with TLS. The peers are OpenSSL's own, on the test's thread.
 */
#ifndef TROUPE_TESTS_SUPPORT_TLS_H
#define TROUPE_TESTS_SUPPORT_TLS_H

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tests/support/certificates.h"
#include "tests/support/network.h"

static struct troupe_tls *server_tls;
static struct troupe_tls *client_tls;
static struct troupe_tls *strangers_tls; /* trusts another authority */

enum { HIGH = 100000, HARD = 400000 };

static struct troupe_net_options server_options = {
    .size = sizeof(server_options)};

/* ---- what the server's connections do ------------------------------------ */

static void
on_echo_bytes(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    (void)state;
    CHECK(
        troupe_net_write(self, got->bytes.data, got->bytes.size) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(echo, 0, TROUPE_ON_STOP(tell_why),
    TROUPE_ON(troupe_net_bytes, on_echo_bytes));

static struct troupe_net_listen echo_listen = {.size = sizeof(echo_listen),
    .behaviour = &echo_behaviour,
    .connection = &server_options};

static void __attribute__((unused))
begin_server(struct troupe_net_listen *listen)
{
    server_options = troupe_net_options_default();
    server_options.tls = server_tls;
    begin_at("127.0.0.1:0", listen);
}

static void __attribute__((unused)) begin_echo(void)
{
    begin_server(&echo_listen);
}

static void __attribute__((unused))
expect_end(int64_t kind, int64_t code, const char *part)
{
    struct end_note end = next_end();

    if (strstr(end.text, part) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", part, end.text);
    }
    assert_int_equal(end.kind, kind);
    assert_int_equal(end.code, code);
}

/* ---- peers --------------------------------------------------------------- */

struct peer {
    SSL *ssl;
    int fd;
};

static SSL_CTX *
create_peer_context(bool is_server, const char *name)
{
    SSL_CTX *context =
        SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());

    CHECK(context != NULL);
    if (is_server) {
        CHECK(SSL_CTX_use_certificate_chain_file(
                  context, certificates_path(name, "pem")) == 1);
        CHECK(SSL_CTX_use_PrivateKey_file(context,
                  certificates_path(name, "key"), SSL_FILETYPE_PEM) == 1);
    } else {
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
        CHECK(SSL_CTX_load_verify_file(
                  context, certificates_path(name, "pem")) == 1);
    }
    return context;
}

/* Its handshake is still to come. */
static struct peer __attribute__((unused)) begin_peer(int version)
{
    SSL_CTX *context = create_peer_context(false, "authority");
    struct peer peer;

    CHECK(SSL_CTX_set_max_proto_version(context, version) == 1);
    peer.ssl = SSL_new(context);
    peer.fd = connect_peer();
    CHECK(peer.ssl != NULL && SSL_set_fd(peer.ssl, peer.fd) == 1);
    SSL_CTX_free(context);
    return peer;
}

static struct peer __attribute__((unused)) connect_tls_peer(int version)
{
    struct peer peer = begin_peer(version);

    CHECK(SSL_connect(peer.ssl) == 1);
    return peer;
}

static void __attribute__((unused))
write_peer(struct peer *peer, const void *bytes, size_t count)
{
    size_t written;

    CHECK(SSL_write_ex(peer->ssl, bytes, count, &written) == 1);
    CHECK(written == count);
}

static void __attribute__((unused))
read_peer(struct peer *peer, void *bytes, size_t count)
{
    char *at = bytes;

    while (count > 0) {
        size_t got = 0;

        CHECK(SSL_read_ex(peer->ssl, at, count, &got) == 1);
        at += got;
        count -= got;
    }
}

static void __attribute__((unused))
expect_echo(struct peer *peer, const char *text)
{
    char back[64] = "";

    write_peer(peer, text, strlen(text));
    read_peer(peer, back, strlen(text));
    assert_string_equal(back, text);
}

/* The other side has said that it sends no more. */
static bool __attribute__((unused)) is_peer_told(struct peer *peer)
{
    char byte;
    size_t got;

    return SSL_read_ex(peer->ssl, &byte, 1, &got) != 1 &&
           SSL_get_error(peer->ssl, 0) == SSL_ERROR_ZERO_RETURN;
}

static void __attribute__((unused)) free_peer(struct peer *peer)
{
    SSL_free(peer->ssl);
    close(peer->fd);
}

/* ---- clients ------------------------------------------------------------- */

struct client {
    struct troupe_net_options options;
    char address[TROUPE_NET_ADDRESS_MAX];
    size_t early_bytes;
    size_t back_bytes;
};

static void
on_client_start(struct troupe_self *self, void *state)
{
    static const uint8_t zeros[HARD];
    struct client *client = state;

    if (troupe_net_connect(self, client->address, &client->options) !=
        TROUPE_OK) {
        troupe_fail(self, 1, "%s", troupe_err_detail());
        return;
    }
    CHECK(troupe_net_write(self, zeros, client->early_bytes) == TROUPE_OK);
}

static void
on_client_bytes(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    struct client *client = state;

    client->back_bytes += got->bytes.size;
    if (client->back_bytes == client->early_bytes) {
        CHECK(troupe_net_close(self) == TROUPE_OK);
    }
}

TROUPE_BEHAVIOUR(client, sizeof(struct client),
    TROUPE_ON_START(on_client_start), TROUPE_ON_STOP(tell_why),
    TROUPE_ON(troupe_net_bytes, on_client_bytes));

static void __attribute__((unused)) spawn_client_of(const char *address,
    struct troupe_tls *tls, const char *name, size_t early_bytes)
{
    struct client client = {.options = troupe_net_options_default()};
    troupe_pid pid;

    client.options.tls = tls;
    client.options.tls_name = name;
    client.options.write_high = HIGH;
    client.options.write_hard = HARD;
    client.early_bytes = early_bytes;
    (void)snprintf(client.address, sizeof(client.address), "%s", address);
    CHECK(troupe_spawn_with(net.self, client,
              &TROUPE_SPAWN_OPTIONS(.state = &client), &pid) == TROUPE_OK);
}

/* ---- before the tests, and after --------------------------------------------
 */

static int
set_up(void **state)
{
    (void)state;
    make_certificates();
    CHECK(troupe_tls_create_server(certificates_path("bank", "pem"),
              certificates_path("bank", "key"), &server_tls) == TROUPE_OK);
    CHECK(troupe_tls_create_client(
              certificates_path("authority", "pem"), &client_tls) == TROUPE_OK);
    CHECK(troupe_tls_create_client(certificates_path("stranger", "pem"),
              &strangers_tls) == TROUPE_OK);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    troupe_tls_destroy(&server_tls);
    troupe_tls_destroy(&client_tls);
    troupe_tls_destroy(&strangers_tls);
    remove_certificates();
    return 0;
}

#endif
