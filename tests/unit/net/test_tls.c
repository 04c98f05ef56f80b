/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections with TLS: all that holds without it, who is trusted, and what
 * the peer may do wrong. The peers are OpenSSL's own, on the test's thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/ioctl.h>

#include "tests/support/certificates.h"
#include "tests/support/network.h"
#include "tests/support/networked.h"

static struct troupe_tls *server_tls;
static struct troupe_tls *client_tls;
static struct troupe_tls *strangers_tls; /* trusts another authority */

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

static void
begin_server(struct troupe_net_listen *listen)
{
    server_options = troupe_net_options_default();
    server_options.tls = server_tls;
    begin_at("127.0.0.1:0", listen);
}

static void
begin_echo(void)
{
    begin_server(&echo_listen);
}

static void
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
static struct peer
begin_peer(int version)
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

static struct peer
connect_tls_peer(int version)
{
    struct peer peer = begin_peer(version);

    CHECK(SSL_connect(peer.ssl) == 1);
    return peer;
}

static void
write_peer(struct peer *peer, const void *bytes, size_t count)
{
    size_t written;

    CHECK(SSL_write_ex(peer->ssl, bytes, count, &written) == 1);
    CHECK(written == count);
}

static void
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

static void
expect_echo(struct peer *peer, const char *text)
{
    char back[64] = "";

    write_peer(peer, text, strlen(text));
    read_peer(peer, back, strlen(text));
    assert_string_equal(back, text);
}

/* The other side has said that it sends no more. */
static bool
is_peer_told(struct peer *peer)
{
    char byte;
    size_t got;

    return SSL_read_ex(peer->ssl, &byte, 1, &got) != 1 &&
           SSL_get_error(peer->ssl, 0) == SSL_ERROR_ZERO_RETURN;
}

static void
free_peer(struct peer *peer)
{
    SSL_free(peer->ssl);
    close(peer->fd);
}

/* ---- bytes --------------------------------------------------------------- */

static void
run_echo(int version)
{
    struct peer peer;

    begin_echo();
    peer = connect_tls_peer(version);
    expect_echo(&peer, "hello");
    expect_echo(&peer, "again");
    assert_int_equal(SSL_shutdown(peer.ssl), 0);
    assert_true(is_peer_told(&peer));
    expect_end(TROUPE_EXIT_NORMAL, 0, "");
    free_peer(&peer);
    finish_runtime();
}

static void
what_is_sent_comes_back_sealed_and_the_last_word_ends_the_actor(void **state)
{
    (void)state;
    run_echo(TLS1_3_VERSION);
    run_echo(TLS1_2_VERSION);
}

/* Hands the socket what the peer has to say, byte by byte. */
static void
trickle(int fd, BIO *said)
{
    char byte;

    while (BIO_read(said, &byte, 1) == 1) {
        send_all(fd, &byte, 1);
    }
}

static void
hear(int fd, BIO *heard)
{
    char byte;

    receive_all(fd, &byte, 1);
    CHECK(BIO_write(heard, &byte, 1) == 1);
}

static void
a_handshake_and_bytes_may_come_one_byte_at_a_time(void **state)
{
    BIO *heard = BIO_new(BIO_s_mem());
    BIO *said = BIO_new(BIO_s_mem());
    struct peer peer;
    char back[6] = "";
    int one = 1;

    (void)state;
    begin_echo();
    peer = begin_peer(TLS1_3_VERSION);
    assert_int_equal(
        setsockopt(peer.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)), 0);
    SSL_set_bio(peer.ssl, heard, said);
    while (SSL_connect(peer.ssl) != 1) {
        trickle(peer.fd, said);
        hear(peer.fd, heard);
    }
    write_peer(&peer, "hello", 5);
    trickle(peer.fd, said);
    while (SSL_read(peer.ssl, back, 5) != 5) {
        hear(peer.fd, heard);
    }
    assert_string_equal(back, "hello");
    free_peer(&peer);
    expect_end(TROUPE_EXIT_FAILED, ECONNRESET, "");
    finish_runtime();
}

enum { MANY_BYTES = 4 << 20 };

static uint8_t sent[MANY_BYTES];
static uint8_t received[MANY_BYTES];

static void
megabytes_come_back_in_order_whatever_their_records(void **state)
{
    struct peer peer;
    uint32_t seed = 3;
    size_t at = 0;

    (void)state;
    for (size_t i = 0; i < MANY_BYTES; i++) {
        seed = seed * 1664525 + 1013904223;
        sent[i] = (uint8_t)(seed >> 24);
    }
    begin_echo();
    peer = connect_tls_peer(TLS1_3_VERSION);
    while (at < MANY_BYTES) {
        size_t count;

        seed = seed * 1664525 + 1013904223;
        count = (seed >> 8) % 60000 + 1;
        count = count < MANY_BYTES - at ? count : MANY_BYTES - at;
        write_peer(&peer, sent + at, count);
        read_peer(&peer, received + at, count);
        at += count;
    }
    assert_memory_equal(sent, received, MANY_BYTES);
    free_peer(&peer);
    finish_runtime();
}

/* ---- peers that do not read ---------------------------------------------- */

#define FIELDS_COUNT(FIELD) FIELD(uint64, count)
TROUPE_MESSAGE(pour, FIELDS_COUNT)

enum { HIGH = 100000, HARD = 400000, POURED_BYTES = 1000 };

struct source {
    uint64_t poured;
};

/* It is told to go on by itself, and is held by what waits. */
static void
on_pour(struct troupe_self *self, void *state, const struct pour *pour)
{
    static const uint8_t bytes[POURED_BYTES];
    struct source *source = state;

    CHECK(troupe_net_unwritten(self) < HIGH + 2 * POURED_BYTES);
    CHECK(troupe_net_write(self, bytes, sizeof(bytes)) == TROUPE_OK);
    source->poured++;
    if (source->poured == pour->count) {
        CHECK(troupe_net_close(self) == TROUPE_OK);
    } else {
        CHECK(troupe_tell(self, troupe_self_pid(self), pour,
                  .count = pour->count) == TROUPE_OK);
    }
}

static void
on_source_bytes(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    (void)state, (void)got;
    CHECK(troupe_tell(self, troupe_self_pid(self), pour, .count = 20000) ==
          TROUPE_OK);
}

TROUPE_BEHAVIOUR(source, sizeof(struct source), TROUPE_ON_STOP(tell_why),
    TROUPE_ON(pour, on_pour), TROUPE_ON(troupe_net_bytes, on_source_bytes));

static void
a_peer_that_does_not_read_holds_the_actor_and_gets_all_in_the_end(void **state)
{
    static struct troupe_net_listen listen = {.size = sizeof(listen),
        .behaviour = &source_behaviour,
        .connection = &server_options};
    static uint8_t bytes[20000 * POURED_BYTES];
    struct peer peer;

    (void)state;
    server_options = troupe_net_options_default();
    server_options.tls = server_tls;
    server_options.write_high = HIGH;
    server_options.write_hard = HARD;
    begin_at("127.0.0.1:0", &listen);
    peer = connect_tls_peer(TLS1_3_VERSION);
    write_peer(&peer, "x", 1);
    read_peer(&peer, bytes, sizeof(bytes));
    assert_true(is_peer_told(&peer));
    expect_end(TROUPE_EXIT_NORMAL, 0, "");
    free_peer(&peer);
    finish_runtime();
}

enum { FULL_BYTES = 32768 };

static int peer_fd;

/* What the peer's socket keeps is all that the system has, and of each byte of
 * it at most one was written: all the others wait here. */
static void
on_fill(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    static const uint8_t bytes[POURED_BYTES];
    size_t poured = 0;
    int kept;

    (void)state, (void)got;
    while (troupe_net_write(self, bytes, sizeof(bytes)) == TROUPE_OK) {
        poured += sizeof(bytes);
    }
    CHECK(ioctl(peer_fd, FIONREAD, &kept) == 0 && kept > 0);
    CHECK(poured <= (size_t)kept + FULL_BYTES);
    CHECK(troupe_stop(self, troupe_self_pid(self)) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(
    filler, 0, TROUPE_ON_STOP(tell_why), TROUPE_ON(troupe_net_bytes, on_fill));

/* Over a socket of which the peer knows how much the system has. */
static void
what_is_sealed_and_not_taken_counts_as_waiting(void **state)
{
    static struct troupe_net_listen listen = {.size = sizeof(listen),
        .behaviour = &filler_behaviour,
        .connection = &server_options};
    char address[64];
    struct peer peer;

    (void)state;
    server_options = troupe_net_options_default();
    server_options.tls = server_tls;
    server_options.write_low = 0;
    server_options.write_high = FULL_BYTES / 2;
    server_options.write_hard = FULL_BYTES;
    (void)snprintf(
        address, sizeof(address), "unix:/tmp/troupe-tls-%d", (int)getpid());
    begin_at(address, &listen);
    peer = connect_tls_peer(TLS1_3_VERSION);
    peer_fd = peer.fd;
    write_peer(&peer, "x", 1);
    expect_end(TROUPE_EXIT_NORMAL, 0, "");
    free_peer(&peer);
    finish_runtime();
}

/* ---- halves -------------------------------------------------------------- */

static void
on_half_ended(
    struct troupe_self *self, void *state, const struct troupe_net_ended *ended)
{
    (void)state, (void)ended;
    CHECK(troupe_net_write(self, "bye", 3) == TROUPE_OK);
    CHECK(troupe_net_close(self) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(half, 0, TROUPE_ON_STOP(tell_why),
    TROUPE_ON(troupe_net_bytes, on_echo_bytes),
    TROUPE_ON(troupe_net_ended, on_half_ended));

static void
who_has_said_its_last_word_is_still_written_to(void **state)
{
    static struct troupe_net_listen listen = {.size = sizeof(listen),
        .behaviour = &half_behaviour,
        .connection = &server_options};
    struct peer peer;
    char bye[4] = "";

    (void)state;
    begin_server(&listen);
    peer = connect_tls_peer(TLS1_3_VERSION);
    assert_int_equal(SSL_shutdown(peer.ssl), 0);
    read_peer(&peer, bye, 3);
    assert_string_equal(bye, "bye");
    assert_true(is_peer_told(&peer));
    expect_end(TROUPE_EXIT_NORMAL, 0, "");
    free_peer(&peer);
    finish_runtime();
}

static void
who_goes_without_a_last_word_is_lost(void **state)
{
    struct peer peer;

    (void)state;
    begin_echo();
    peer = connect_tls_peer(TLS1_3_VERSION);
    expect_echo(&peer, "hello");
    assert_int_equal(shutdown(peer.fd, SHUT_WR), 0);
    expect_end(TROUPE_EXIT_FAILED, ECONNRESET, "without the word of TLS");
    free_peer(&peer);
    finish_runtime();
}

/* ---- handshakes that fail ------------------------------------------------ */

static void
who_stops_in_the_middle_of_the_handshake_is_ended_in_time(void **state)
{
    static const char beginning[] = {22, 3, 1, 1};
    int fd;

    (void)state;
    server_options = troupe_net_options_default();
    server_options.tls = server_tls;
    server_options.connect_ns = TROUPE_MS(20);
    begin_at("127.0.0.1:0", &echo_listen);
    fd = connect_peer();
    send_all(fd, beginning, sizeof(beginning));
    expect_end(TROUPE_EXIT_FAILED, ETIMEDOUT, "not over in time");
    assert_true(is_at_end(fd));
    close(fd);
    finish_runtime();
}

static void
who_goes_in_the_middle_of_the_handshake_fails(void **state)
{
    int fd;

    (void)state;
    begin_echo();
    fd = connect_peer();
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    expect_end(TROUPE_EXIT_FAILED, EPROTO, "gone in the middle");
    close(fd);
    finish_runtime();
}

static void
expect_foreign(const char *bytes, size_t count)
{
    int fd = connect_peer();

    send_all(fd, bytes, count);
    expect_end(TROUPE_EXIT_FAILED, EPROTO, "what came is no TLS");
    close(fd);
}

/* The second begins as a hello of SSL 2 does, of which more is to come. */
static void
a_client_without_tls_fails_and_the_server_says_why(void **state)
{
    (void)state;
    begin_echo();
    expect_foreign("GET / HTTP/1.1\r\n\r\n", 18);
    expect_foreign("\x94\x00\x01\xaa"
                   "bank.total\x90",
        15);
    finish_runtime();
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

static void
spawn_client_of(const char *address, struct troupe_tls *tls, const char *name,
    size_t early_bytes)
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

/* More than the high mark holds the actor before it is open. */
static void
what_is_written_before_the_handshake_is_not_lost(void **state)
{
    (void)state;
    begin_echo();
    spawn_client_of(net.address, client_tls, NULL, 3);
    expect_end(TROUPE_EXIT_NORMAL, 0, "");
    expect_end(TROUPE_EXIT_NORMAL, 0, "");
    spawn_client_of(net.address, client_tls, "bank.test", HIGH + 1);
    expect_end(TROUPE_EXIT_NORMAL, 0, "");
    expect_end(TROUPE_EXIT_NORMAL, 0, "");
    finish_runtime();
}

/* Both sides end, in any order. */
static void
expect_both(const char *client, const char *server)
{
    struct end_note ends[2] = {next_end(), next_end()};
    bool is_swapped = strstr(ends[0].text, "cannot connect") == NULL;
    const char *texts[2] = {ends[is_swapped].text, ends[!is_swapped].text};

    if (strstr(texts[0], client) == NULL || strstr(texts[1], server) == NULL) {
        fail_msg("\"%s\", \"%s\"", texts[0], texts[1]);
    }
    assert_int_equal(ends[0].code, EPROTO);
    assert_int_equal(ends[1].code, EPROTO);
}

static void
a_server_that_no_authority_of_the_clients_has_signed_is_refused(void **state)
{
    (void)state;
    begin_echo();
    spawn_client_of(net.address, strangers_tls, NULL, 1);
    expect_both("is not trusted", "the peer refuses");
    finish_runtime();
}

static void
a_server_that_is_called_otherwise_is_refused(void **state)
{
    (void)state;
    begin_echo();
    spawn_client_of(net.address, client_tls, "robber.test", 1);
    expect_both("for another host", "the peer refuses");
    finish_runtime();
}

/* ---- servers of the test's own ------------------------------------------- */

static int
listen_alone(char *address, size_t size)
{
    struct sockaddr_in where = {
        .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t where_size = sizeof(where);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&where, where_size) == 0 &&
          listen(fd, 8) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&where, &where_size) == 0);
    (void)snprintf(address, size, "127.0.0.1:%u", ntohs(where.sin_port));
    return fd;
}

static void
a_server_whose_certificate_has_expired_is_refused(void **state)
{
    SSL_CTX *context = create_peer_context(true, "stale");
    SSL *ssl = SSL_new(context);
    char address[64];
    int listening = listen_alone(address, sizeof(address));
    int fd;

    (void)state;
    begin_runtime(&TROUPE_OPTIONS(.workers_count = 1));
    spawn_client_of(address, client_tls, NULL, 1);
    fd = accept(listening, NULL, NULL);
    assert_true(fd >= 0 && SSL_set_fd(ssl, fd) == 1);
    assert_int_not_equal(SSL_accept(ssl), 1);
    expect_end(TROUPE_EXIT_FAILED, EPROTO, "does not hold today");
    SSL_free(ssl);
    SSL_CTX_free(context);
    close(fd);
    close(listening);
    finish_runtime();
}

static void
a_server_without_tls_is_refused(void **state)
{
    char address[64];
    int listening = listen_alone(address, sizeof(address));
    int fd;

    (void)state;
    begin_runtime(&TROUPE_OPTIONS(.workers_count = 1));
    spawn_client_of(address, client_tls, NULL, 1);
    fd = accept(listening, NULL, NULL);
    send_all(fd, "220 hello, this is mail\r\n", 25);
    expect_end(TROUPE_EXIT_FAILED, EPROTO, "what came is no TLS");
    close(fd);
    close(listening);
    finish_runtime();
}

static void
who_resets_in_the_middle_of_the_handshake_fails(void **state)
{
    char address[64];
    int listening = listen_alone(address, sizeof(address));

    (void)state;
    begin_echo();
    reset(connect_peer());
    expect_end(TROUPE_EXIT_FAILED, ECONNRESET, "connection reset");
    spawn_client_of(address, client_tls, NULL, 1);
    reset(accept(listening, NULL, NULL));
    expect_end(TROUPE_EXIT_FAILED, ECONNRESET, "cannot connect to 127.0.0.1");
    close(listening);
    finish_runtime();
}

/* ---- files and options --------------------------------------------------- */

static void
expect_refused(troupe_err err, troupe_err wanted, const char *part)
{
    assert_int_equal(err, wanted);
    if (strstr(troupe_err_detail(), part) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", part, troupe_err_detail());
    }
}

static troupe_err
create_of(const char *certificate, const char *key)
{
    struct troupe_tls *tls = NULL;
    troupe_err err =
        troupe_tls_create_server(certificates_path(certificate, "pem"),
            certificates_path(key, "key"), &tls);

    assert_true(err == TROUPE_OK || tls == NULL);
    troupe_tls_destroy(&tls);
    return err;
}

static void
files_that_are_wrong_are_refused_by_name(void **state)
{
    struct troupe_tls *tls;

    (void)state;
    assert_int_equal(create_of("bank", "bank"), TROUPE_OK);
    expect_refused(
        create_of("none", "bank"), TROUPE_E_SYSTEM, "none.pem cannot be read");
    expect_refused(
        create_of("bank", "none"), TROUPE_E_SYSTEM, "none.key cannot be read");
    expect_refused(create_of("nothing", "bank"), TROUPE_E_INVALID_ARGUMENT,
        "nothing.pem is no certificate in PEM");
    expect_refused(create_of("bank", "stranger"), TROUPE_E_INVALID_ARGUMENT,
        "stranger.key is not that of the certificate");
    expect_refused(create_of("stale", "stale"), TROUPE_E_INVALID_ARGUMENT,
        "stale.pem has expired at 20");
    expect_refused(
        troupe_tls_create_client(certificates_path("nothing", "pem"), &tls),
        TROUPE_E_INVALID_ARGUMENT, "nothing.pem is no certificate");
    assert_int_equal(troupe_tls_create_client(NULL, &tls), TROUPE_OK);
    troupe_tls_destroy(&tls);
    troupe_tls_destroy(&tls);
}

static void
what_is_made_for_one_side_is_refused_on_the_other(void **state)
{
    (void)state;
    begin_echo();
    spawn_client_of(net.address, server_tls, NULL, 1);
    expect_end(TROUPE_EXIT_FAILED, 1, "troupe_tls_create_client()");
    spawn_client_of("unix:/tmp/nobody", client_tls, NULL, 1);
    expect_end(TROUPE_EXIT_FAILED, 1, "give the name as .tls_name");
    finish_runtime();
}

/* The listener holds it, and its connections do. */
static void
whoever_has_it_keeps_it_when_its_maker_does_not(void **state)
{
    uint64_t blocks = tp_memory_blocks_count();
    struct troupe_tls *tls;
    struct peer peer;

    (void)state;
    assert_int_equal(troupe_tls_create_server(certificates_path("bank", "pem"),
                         certificates_path("bank", "key"), &tls),
        TROUPE_OK);
    server_options = troupe_net_options_default();
    server_options.tls = tls;
    begin_at("127.0.0.1:0", &echo_listen);
    troupe_tls_destroy(&tls);
    peer = connect_tls_peer(TLS1_3_VERSION);
    expect_echo(&peer, "hello");
    assert_int_equal(troupe_stop(net.self, net.listener), TROUPE_OK);
    expect_echo(&peer, "again");
    free_peer(&peer);
    finish_runtime();
    assert_int_equal(tp_memory_blocks_count(), blocks);
}

/* ---- memory -------------------------------------------------------------- */

static void
each_request_for_memory_of_a_network_with_tls_may_fail(void **state)
{
    (void)state;
    networked.server_tls = server_tls;
    networked.client_tls = client_tls;
    networked_fail_in_turn();
    networked.server_tls = NULL;
    networked.client_tls = NULL;
}

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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            what_is_sent_comes_back_sealed_and_the_last_word_ends_the_actor),
        cmocka_unit_test(a_handshake_and_bytes_may_come_one_byte_at_a_time),
        cmocka_unit_test(megabytes_come_back_in_order_whatever_their_records),
        cmocka_unit_test(
            a_peer_that_does_not_read_holds_the_actor_and_gets_all_in_the_end),
        cmocka_unit_test(what_is_sealed_and_not_taken_counts_as_waiting),
        cmocka_unit_test(who_has_said_its_last_word_is_still_written_to),
        cmocka_unit_test(who_goes_without_a_last_word_is_lost),
        cmocka_unit_test(
            who_stops_in_the_middle_of_the_handshake_is_ended_in_time),
        cmocka_unit_test(who_goes_in_the_middle_of_the_handshake_fails),
        cmocka_unit_test(who_resets_in_the_middle_of_the_handshake_fails),
        cmocka_unit_test(a_client_without_tls_fails_and_the_server_says_why),
        cmocka_unit_test(what_is_written_before_the_handshake_is_not_lost),
        cmocka_unit_test(
            a_server_that_no_authority_of_the_clients_has_signed_is_refused),
        cmocka_unit_test(a_server_that_is_called_otherwise_is_refused),
        cmocka_unit_test(a_server_whose_certificate_has_expired_is_refused),
        cmocka_unit_test(a_server_without_tls_is_refused),
        cmocka_unit_test(files_that_are_wrong_are_refused_by_name),
        cmocka_unit_test(what_is_made_for_one_side_is_refused_on_the_other),
        cmocka_unit_test(whoever_has_it_keeps_it_when_its_maker_does_not),
        cmocka_unit_test(
            each_request_for_memory_of_a_network_with_tls_may_fail),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
