/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections with TLS: who is trusted, and what the peer may do wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "tests/support/tls.h"

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

/* ---- whom a client trusts ---------------------------------------------------
 */

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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            who_stops_in_the_middle_of_the_handshake_is_ended_in_time),
        cmocka_unit_test(who_goes_in_the_middle_of_the_handshake_fails),
        cmocka_unit_test(who_resets_in_the_middle_of_the_handshake_fails),
        cmocka_unit_test(a_client_without_tls_fails_and_the_server_says_why),
        cmocka_unit_test(
            a_server_that_no_authority_of_the_clients_has_signed_is_refused),
        cmocka_unit_test(a_server_that_is_called_otherwise_is_refused),
        cmocka_unit_test(a_server_whose_certificate_has_expired_is_refused),
        cmocka_unit_test(a_server_without_tls_is_refused),
        cmocka_unit_test(files_that_are_wrong_are_refused_by_name),
        cmocka_unit_test(what_is_made_for_one_side_is_refused_on_the_other),
        cmocka_unit_test(whoever_has_it_keeps_it_when_its_maker_does_not),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
