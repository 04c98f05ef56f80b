/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets of processes: a body reads by receiving. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>

#include "tests/support/sequential_echo.h"

TROUPE_MESSAGE(go, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(wait_is_over, TROUPE_NO_FIELDS)

/* ---- receiving what it wants --------------------------------------------- */

static void
reply_over(struct troupe_self *self)
{
    CHECK(troupe_reply(self, wait_is_over) == TROUPE_OK);
}

/* First what others tell it, then what the peer has sent meanwhile. */
static void
run_choosy(struct troupe_self *self, void *state)
{
    const struct troupe_message *message;
    struct troupe_net_opened opened;
    struct troupe_net_bytes got;
    struct go go;

    (void)state;
    be_watched(self);
    CHECK(troupe_receive_only(self, go, &go, TROUPE_FOREVER) == TROUPE_OK);
    reply_over(self);
    CHECK(troupe_receive_only(self, troupe_net_bytes, &got, TROUPE_FOREVER) ==
          TROUPE_OK);
    CHECK(troupe_sender(self) == TROUPE_NO_PID);
    CHECK(got.bytes.size == 5 && memcmp(got.bytes.data, "early", 5) == 0);
    CHECK(troupe_receive_only(self, troupe_net_bytes, &got, 0) ==
          TROUPE_E_TIMED_OUT);
    CHECK(troupe_receive_only(self, troupe_net_bytes, &got, TROUPE_MS(1)) ==
          TROUPE_E_TIMED_OUT);
    CHECK(troupe_receive_only(
              self, troupe_net_opened, &opened, TROUPE_FOREVER) == TROUPE_OK);
    CHECK(troupe_net_write(self, "ready", 5) == TROUPE_OK);
    CHECK(troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK);
    CHECK(troupe_net_bytes_in(message, &got));
    CHECK(got.bytes.size == 4 && memcmp(got.bytes.data, "late", 4) == 0);
    CHECK(troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK);
    CHECK(troupe_net_ended_in(message, &(struct troupe_net_ended){0}));
    CHECK(troupe_net_write(self, "done", 4) == TROUPE_OK);
}
TROUPE_PROCESS(choosy, 0, run_choosy);

static struct troupe_net_listen choosy_listen = {
    .size = sizeof(choosy_listen), .behaviour = &choosy_behaviour};

static void
what_a_body_does_not_want_yet_waits(void **state)
{
    struct wait_is_over over;
    char bytes[5];
    troupe_pid pid;
    int fd;

    (void)state;
    begin_at("127.0.0.1:0", &choosy_listen);
    fd = connect_peer();
    pid = next_open();
    send_all(fd, "early", 5);
    CHECK(troupe_ask(net.self, pid, long_ns, wait_is_over, &over, go) ==
          TROUPE_OK);
    receive_all(fd, bytes, 5);
    assert_memory_equal(bytes, "ready", 5);
    send_all(fd, "late", 4);
    CHECK(shutdown(fd, SHUT_WR) == 0);
    receive_all(fd, bytes, 4);
    assert_memory_equal(bytes, "done", 4);
    assert_true(is_at_end(fd));
    assert_int_equal(next_end().kind, TROUPE_EXIT_NORMAL);
    close(fd);
    finish_runtime();
}

static void
run_deaf(struct troupe_self *self, void *state)
{
    struct troupe_net_ended ended;

    (void)state;
    CHECK(troupe_receive_only(self, troupe_net_ended, &ended, TROUPE_FOREVER) ==
          TROUPE_OK);
}
TROUPE_PROCESS(deaf, 0, run_deaf, TROUPE_ON_STOP(tell_why));

static struct troupe_net_listen deaf_listen = {
    .size = sizeof(deaf_listen), .behaviour = &deaf_behaviour};

static void
a_body_that_waits_for_the_end_alone_gets_it(void **state)
{
    int fd;

    (void)state;
    begin_at("127.0.0.1:0", &deaf_listen);
    fd = connect_peer();
    CHECK(shutdown(fd, SHUT_WR) == 0);
    assert_true(is_at_end(fd));
    assert_int_equal(next_end().kind, TROUPE_EXIT_NORMAL);
    close(fd);
    finish_runtime();
}

static void
bytes_that_come_instead_of_the_end_are_a_fault(void **state)
{
    struct end_note end;
    int fd;

    (void)state;
    begin_at("127.0.0.1:0", &deaf_listen);
    fd = connect_peer();
    send_all(fd, "?", 1);
    end = next_end();
    assert_int_equal(end.kind, TROUPE_EXIT_FAILED);
    assert_int_equal(end.code, EPROTO);
    assert_non_null(strstr(end.text, "deaf waits for the end of the peer"));
    close(fd);
    finish_runtime();
}

/* ---- a peer that is gone ------------------------------------------------- */

enum meanwhile { ASKS, SLEEPS, RECEIVES_OTHER, RECEIVES_BYTES };

static troupe_pid keeper;

/* Whatever it is at when the peer goes, it does not survive its next receive.
 * What had come before is still there. */
static void
run_left(struct troupe_self *self, void *state)
{
    const enum meanwhile *meanwhile = state;
    struct troupe_net_bytes got;
    struct wait_is_over over;
    struct go go;

    be_watched(self);
    switch (*meanwhile) {
    case ASKS:
        CHECK(troupe_ask(self, keeper, TROUPE_FOREVER, wait_is_over, &over,
                  go) == TROUPE_OK);
        break;
    case SLEEPS:
        CHECK(troupe_sleep(self, TROUPE_MS(20)) == TROUPE_OK);
        break;
    case RECEIVES_OTHER:
        CHECK(troupe_receive_only(self, go, &go, TROUPE_FOREVER) == TROUPE_OK);
        break;
    case RECEIVES_BYTES:
        break;
    }
    for (;;) {
        CHECK(troupe_receive_only(
                  self, troupe_net_bytes, &got, TROUPE_FOREVER) == TROUPE_OK);
    }
}
TROUPE_PROCESS(left, sizeof(enum meanwhile), run_left);

/* Holds a request until it is told to go on, and answers it. */
static void
run_patient_keeper(struct troupe_self *self, void *state)
{
    struct troupe_request *request;
    struct wait_is_over over;
    struct go go;

    (void)state;
    CHECK(troupe_receive_only(self, go, &go, TROUPE_FOREVER) == TROUPE_OK);
    CHECK(troupe_request_keep(self, &request) == TROUPE_OK);
    CHECK(troupe_receive_only(self, wait_is_over, &over, TROUPE_FOREVER) ==
          TROUPE_OK);
    CHECK(troupe_reply_to(self, &request, wait_is_over) == TROUPE_OK);
}
TROUPE_PROCESS(patient_keeper, 0, run_patient_keeper);

static void
expect_loss(enum meanwhile meanwhile)
{
    struct troupe_net_listen listen = {.size = sizeof(listen),
        .behaviour = &left_behaviour,
        .spawn = &TROUPE_SPAWN_OPTIONS(.state = &meanwhile)};
    struct end_note end;
    int fd;

    begin_runtime(&TROUPE_OPTIONS(.workers_count = 2));
    CHECK(troupe_spawn(net.self, patient_keeper, &keeper) == TROUPE_OK);
    begin_listener("127.0.0.1:0", &listen);
    fd = connect_peer();
    (void)next_open();
    reset(fd);
    if (meanwhile == ASKS) {
        CHECK(troupe_tell(net.self, keeper, wait_is_over) == TROUPE_OK);
    }
    end = next_end();
    assert_int_equal(end.kind, TROUPE_EXIT_FAILED);
    assert_int_equal(end.code, ECONNRESET);
    finish_runtime();
}

static void
a_body_whose_peer_is_gone_ends_at_its_next_receive(void **state)
{
    (void)state;
    for (enum meanwhile i = ASKS; i <= RECEIVES_BYTES; i++) {
        expect_loss(i);
    }
}

static struct troupe_net_listen echo_listen = {
    .size = sizeof(echo_listen), .behaviour = &echo_behaviour};

static void
time_that_is_up_ends_it_too(void **state)
{
    const struct troupe_net_options idle = {
        .size = sizeof(idle), .idle_ns = TROUPE_MS(20)};
    struct troupe_net_listen listen = echo_listen;
    struct end_note end;
    int fd;

    (void)state;
    listen.connection = &idle;
    begin_at("127.0.0.1:0", &listen);
    fd = connect_peer();
    end = next_end();
    assert_int_equal(end.kind, TROUPE_EXIT_FAILED);
    assert_int_equal(end.code, ETIMEDOUT);
    close(fd);
    finish_runtime();
}

/* ---- clients ------------------------------------------------------------- */

struct client {
    bool returns_at_once;
};

/* It writes before it is connected, which waits. */
static void
run_client(struct troupe_self *self, void *state)
{
    const struct client *client = state;
    const struct troupe_message *message;
    struct troupe_net_bytes got;
    size_t count = 0;

    CHECK(troupe_net_connect(self, net.address, NULL) == TROUPE_OK);
    CHECK(troupe_net_pause(self) == TROUPE_OK);
    CHECK(troupe_net_write(self, "hello", 5) == TROUPE_OK);
    CHECK(troupe_net_resume(self) == TROUPE_OK);
    if (client->returns_at_once) {
        return;
    }
    CHECK(troupe_net_shut(self) == TROUPE_OK);
    CHECK(troupe_net_write(self, "more", 4) == TROUPE_E_NOT_CONNECTED);
    do {
        CHECK(troupe_receive_any_of(self, &message, TROUPE_FOREVER,
                  troupe_net_bytes, troupe_net_ended) == TROUPE_OK);
        count += troupe_net_bytes_in(message, &got) ? got.bytes.size : 0;
    } while (!troupe_net_ended_in(message, &(struct troupe_net_ended){0}));
    CHECK(count == 5);
    CHECK(troupe_net_close(self) == TROUPE_OK);
}
TROUPE_PROCESS(
    client, sizeof(struct client), run_client, TROUPE_ON_STOP(tell_why));

static void
spawn_client(bool returns_at_once)
{
    struct client state = {returns_at_once};
    troupe_pid pid;

    CHECK(troupe_spawn_with(net.self, client,
              &TROUPE_SPAWN_OPTIONS(.state = &state), &pid) == TROUPE_OK);
}

static void
a_body_connects_and_both_ends_return(void **state)
{
    (void)state;
    begin_at("127.0.0.1:0", &echo_listen);
    spawn_client(false);
    assert_int_equal(next_end().kind, TROUPE_EXIT_NORMAL);
    assert_int_equal(next_end().kind, TROUPE_EXIT_NORMAL);
    finish_runtime();
}

static int
listen_plainly(void)
{
    struct sockaddr_in where = {
        .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(where);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    CHECK(fd >= 0);
    CHECK(bind(fd, (struct sockaddr *)&where, sizeof(where)) == 0);
    CHECK(listen(fd, 1) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&where, &size) == 0);
    snprintf(net.address, sizeof(net.address), "127.0.0.1:%u",
        ntohs(where.sin_port));
    return fd;
}

static void
what_is_written_before_it_is_connected_arrives_after_the_return(void **state)
{
    char bytes[5];
    int listener;
    int fd;

    (void)state;
    begin_runtime(&TROUPE_OPTIONS(.workers_count = 2));
    listener = listen_plainly();
    spawn_client(true);
    fd = accept(listener, NULL, NULL);
    CHECK(fd >= 0);
    receive_all(fd, bytes, 5);
    assert_memory_equal(bytes, "hello", 5);
    assert_true(is_at_end(fd));
    assert_int_equal(next_end().kind, TROUPE_EXIT_NORMAL);
    close(fd);
    close(listener);
    finish_runtime();
}

static void
whoever_returns_and_was_never_connected_has_failed(void **state)
{
    struct end_note end;

    (void)state;
    begin_runtime(&TROUPE_OPTIONS(.workers_count = 2));
    close(listen_plainly());
    spawn_client(true);
    end = next_end();
    assert_int_equal(end.kind, TROUPE_EXIT_FAILED);
    assert_int_equal(end.code, ECONNREFUSED);
    assert_non_null(strstr(end.text, "cannot connect to 127.0.0.1:"));
    finish_runtime();
}

/* ---- listeners ----------------------------------------------------------- */

static void
run_listener(struct troupe_self *self, void *state)
{
    char address[TROUPE_NET_ADDRESS_MAX];
    struct get_address get;
    struct go go;

    (void)state;
    be_watched(self);
    CHECK(troupe_net_listen(self, "127.0.0.1:0", &echo_listen) == TROUPE_OK);
    CHECK(troupe_receive_only(self, get_address, &get, TROUPE_FOREVER) ==
          TROUPE_OK);
    CHECK(troupe_net_address(self, address, sizeof(address)) == TROUPE_OK);
    CHECK(troupe_reply(self, address_is, .address = troupe_str_of(address)) ==
          TROUPE_OK);
    CHECK(troupe_receive_only(self, go, &go, TROUPE_FOREVER) == TROUPE_OK);
}
TROUPE_PROCESS(sequential_listener, 0, run_listener);

static void
a_body_listens_until_it_returns(void **state)
{
    troupe_pid listener;
    char byte;
    int fd;

    (void)state;
    begin_runtime(&TROUPE_OPTIONS(.workers_count = 2));
    CHECK(troupe_spawn(net.self, sequential_listener, &listener) == TROUPE_OK);
    ask_address(listener);
    CHECK(next_open() == listener);
    fd = connect_peer();
    send_all(fd, "?", 1);
    receive_all(fd, &byte, 1);
    CHECK(troupe_tell(net.self, listener, go) == TROUPE_OK);
    assert_int_equal(next_end().kind, TROUPE_EXIT_NORMAL);
    send_all(fd, "!", 1);
    receive_all(fd, &byte, 1);
    assert_int_equal(byte, '!');
    close(fd);
    assert_int_equal(next_end().kind, TROUPE_EXIT_NORMAL);
    finish_runtime();
}

enum { SHARED_OUT = 4 };

static pthread_t threads[SHARED_OUT];
static _Atomic(unsigned) threads_count;

static void
run_noting(struct troupe_self *self, void *state)
{
    struct troupe_net_ended ended;

    (void)state;
    be_watched(self);
    threads[threads_count++] = pthread_self();
    CHECK(troupe_receive_only(self, troupe_net_ended, &ended, TROUPE_FOREVER) ==
          TROUPE_OK);
}
TROUPE_PROCESS(noting, 0, run_noting);

static struct troupe_net_listen noting_listen = {
    .size = sizeof(noting_listen), .behaviour = &noting_behaviour};

static void
accepted_ones_are_shared_out_among_the_workers(void **state)
{
    unsigned like_the_first = 0;
    int fds[SHARED_OUT];

    (void)state;
    threads_count = 0;
    begin_at("127.0.0.1:0", &noting_listen);
    for (int i = 0; i < SHARED_OUT; i++) {
        fds[i] = connect_peer();
        (void)next_open();
    }
    for (int i = 0; i < SHARED_OUT; i++) {
        like_the_first += pthread_equal(threads[i], threads[0]) != 0;
        close(fds[i]);
    }
    finish_runtime();
    assert_true(like_the_first < SHARED_OUT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_body_does_not_want_yet_waits),
        cmocka_unit_test(a_body_that_waits_for_the_end_alone_gets_it),
        cmocka_unit_test(bytes_that_come_instead_of_the_end_are_a_fault),
        cmocka_unit_test(a_body_whose_peer_is_gone_ends_at_its_next_receive),
        cmocka_unit_test(time_that_is_up_ends_it_too),
        cmocka_unit_test(a_body_connects_and_both_ends_return),
        cmocka_unit_test(
            what_is_written_before_it_is_connected_arrives_after_the_return),
        cmocka_unit_test(whoever_returns_and_was_never_connected_has_failed),
        cmocka_unit_test(a_body_listens_until_it_returns),
        cmocka_unit_test(accepted_ones_are_shared_out_among_the_workers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
