/* SPDX-License-Identifier: BSD-2-Clause */
/* What a connection does: bytes come and go in order, nothing grows without
 * bound, and its end is its actor's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>

#include "tests/support/network.h"

static void
fill(uint8_t *bytes, size_t count, uint32_t seed)
{
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(seed >> 24);
    }
}

/* ---- echo ---------------------------------------------------------------- */

static void
on_echo_start(struct troupe_self *self, void *state)
{
    (void)state;
    be_watched(self);
}

static void
on_echo_bytes(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    (void)state;
    CHECK(
        troupe_net_write(self, got->bytes.data, got->bytes.size) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(echo, 0, TROUPE_ON_START(on_echo_start),
    TROUPE_ON(troupe_net_bytes, on_echo_bytes));

static struct troupe_net_listen echo_listen = {
    .size = sizeof(echo_listen), .behaviour = &echo_behaviour};

static void
expect_echo(int fd, const char *text)
{
    char back[64] = "";

    send_all(fd, text, strlen(text));
    receive_all(fd, back, strlen(text));
    assert_string_equal(back, text);
}

static void
what_is_sent_comes_back_and_the_last_byte_ends_the_actor(void **state)
{
    int fd;

    (void)state;
    begin_at("127.0.0.1:0", &echo_listen);
    fd = connect_peer();
    expect_echo(fd, "hello");
    expect_echo(fd, "again");
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    assert_true(is_at_end(fd));
    assert_int_equal(next_end().kind, TROUPE_EXIT_NORMAL);
    close(fd);
    finish_runtime();
    assert_true(net.report.is_drained);
    assert_int_equal(net.report.actors_alive_count, 2);
}

enum { MANY_BYTES = 4 << 20 };

static uint8_t sent[MANY_BYTES];
static uint8_t received[MANY_BYTES];

static void *
send_in_chunks(void *arg)
{
    int fd = *(int *)arg;
    size_t at = 0;
    uint32_t seed = 7;

    while (at < MANY_BYTES) {
        size_t count;

        seed = seed * 1664525 + 1013904223;
        count = (seed >> 8) % 40000 + 1;
        count = count < MANY_BYTES - at ? count : MANY_BYTES - at;
        send_all(fd, sent + at, count);
        at += count;
    }
    CHECK(shutdown(fd, SHUT_WR) == 0);
    return NULL;
}

static void
run_chunks(const char *address)
{
    pthread_t thread;
    int fd;

    begin_at(address, &echo_listen);
    fd = connect_peer();
    fill(sent, sizeof(sent), 1);
    memset(received, 0, sizeof(received));
    CHECK(pthread_create(&thread, NULL, send_in_chunks, &fd) == 0);
    receive_all(fd, received, sizeof(received));
    assert_true(is_at_end(fd));
    pthread_join(thread, NULL);
    assert_memory_equal(sent, received, sizeof(sent));
    close(fd);
    assert_int_equal(next_end().kind, TROUPE_EXIT_NORMAL);
    finish_runtime();
}

static void
megabytes_in_random_chunks_come_back_in_order(void **state)
{
    (void)state;
    run_chunks("127.0.0.1:0");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            what_is_sent_comes_back_and_the_last_byte_ends_the_actor),
        cmocka_unit_test(megabytes_in_random_chunks_come_back_in_order),
    };
    return cmocka_run_group_tests_name("connections", tests, NULL, NULL);
}
