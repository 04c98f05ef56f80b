/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections with TLS: all that holds without it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include "tests/support/networked.h"
#include "tests/support/tls.h"

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

/* ---- peers that do not read ---------------------------------------------- */

#define FIELDS_COUNT(FIELD) FIELD(uint64, count)
TROUPE_MESSAGE(pour, FIELDS_COUNT)

enum { POURED_BYTES = 1000 };

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
        cmocka_unit_test(what_is_written_before_the_handshake_is_not_lost),
        cmocka_unit_test(
            each_request_for_memory_of_a_network_with_tls_may_fail),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
