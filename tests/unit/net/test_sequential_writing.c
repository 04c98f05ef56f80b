/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets of processes: a body waits where it writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>

#include "tests/support/sequential_echo.h"

TROUPE_MESSAGE(go, TROUPE_NO_FIELDS)

static uint8_t
byte_at(uint64_t place)
{
    return (uint8_t)(place * 2654435761u >> 13);
}

/* ---- echo ---------------------------------------------------------------- */

enum {
    HIGH = 20000,
    MANY_BYTES = 8 << 20,
};

static const struct troupe_net_options narrow = {
    .size = sizeof(narrow), .write_high = HIGH, .write_hard = HIGH};

static struct troupe_net_listen echo_listen = {.size = sizeof(echo_listen),
    .behaviour = &echo_behaviour,
    .connection = &narrow};

static void *
send_many(void *arg)
{
    static uint8_t bytes[MANY_BYTES];
    int fd = *(int *)arg;

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = byte_at(i);
    }
    send_all(fd, bytes, sizeof(bytes));
    CHECK(shutdown(fd, SHUT_WR) == 0);
    return NULL;
}

static void
expect_many(int fd)
{
    static uint8_t bytes[MANY_BYTES];

    receive_all(fd, bytes, sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++) {
        CHECK(bytes[i] == byte_at(i));
    }
}

/* More than the system keeps: so the body waits in its writes again and again,
 * with the bytes in hand. */
static void
run_many(const char *address)
{
    pthread_t thread;
    int fd;

    begin_at(address, &echo_listen);
    fd = connect_peer();
    CHECK(pthread_create(&thread, NULL, send_many, &fd) == 0);
    expect_many(fd);
    assert_true(is_at_end(fd));
    CHECK(pthread_join(thread, NULL) == 0);
    assert_int_equal(next_end().kind, TROUPE_EXIT_NORMAL);
    close(fd);
    finish_runtime();
    assert_true(net.report.is_drained);
}

static void
what_is_sent_comes_back_and_the_last_byte_ends_the_process(void **state)
{
    (void)state;
    run_many("127.0.0.1:0");
}

static void
the_same_over_a_unix_socket(void **state)
{
    char address[64];

    (void)state;
    snprintf(address, sizeof(address), "unix:/tmp/troupe-sequential-%d",
        (int)getpid());
    run_many(address);
}

/* They share a worker, and so the memory that is read to. */
static void
bytes_in_hand_are_the_bodys_own_while_it_waits(void **state)
{
    enum { PEERS = 20 };
    int fds[PEERS];

    (void)state;
    begin_runtime(&TROUPE_OPTIONS(.workers_count = 1));
    begin_listener("127.0.0.1:0", &echo_listen);
    for (int i = 0; i < PEERS; i++) {
        static char large[2 * HIGH];

        fds[i] = connect_narrow_peer();
        memset(large, 'a' + i, sizeof(large));
        send_all(fds[i], large, sizeof(large));
    }
    for (int i = 0; i < PEERS; i++) {
        static char back[2 * HIGH];

        receive_all(fds[i], back, sizeof(back));
        for (size_t at = 0; at < sizeof(back); at++) {
            CHECK(back[at] == 'a' + i);
        }
        close(fds[i]);
    }
    finish_runtime();
}

/* ---- writing ------------------------------------------------------------- */

static _Atomic(size_t) most_waited;

static void
write_many(struct troupe_self *self)
{
    static uint8_t bytes[HIGH * 3 / 2];
    size_t count;

    for (size_t at = 0; at < MANY_BYTES; at += count) {
        size_t left = MANY_BYTES - at;

        count = left < sizeof(bytes) ? left : sizeof(bytes);
        for (size_t i = 0; i < count; i++) {
            bytes[i] = byte_at(at + i);
        }
        CHECK(troupe_net_write(self, bytes, count) == TROUPE_OK);
        if (troupe_net_unwritten(self) > most_waited) {
            most_waited = troupe_net_unwritten(self);
        }
    }
}

/* That it has drained it is not told. */
static void
run_source(struct troupe_self *self, void *state)
{
    const struct troupe_message *message;
    struct troupe_net_bytes got;

    (void)state;
    write_many(self);
    CHECK(troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK);
    CHECK(troupe_net_opened_in(message, &(struct troupe_net_opened){0}));
    CHECK(troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK);
    CHECK(troupe_net_bytes_in(message, &got) && got.bytes.size == 1);
    write_many(self);
}
TROUPE_PROCESS(source, 0, run_source, TROUPE_ON_STOP(tell_why));

static struct troupe_net_listen source_listen = {.size = sizeof(source_listen),
    .behaviour = &source_behaviour,
    .connection = &narrow};

/* It has long returned when the last bytes go. */
static void
a_body_waits_where_it_writes_and_all_of_it_arrives(void **state)
{
    int fd;

    (void)state;
    most_waited = 0;
    begin_at("127.0.0.1:0", &source_listen);
    fd = connect_narrow_peer();
    expect_many(fd);
    send_all(fd, "?", 1);
    expect_many(fd);
    assert_true(is_at_end(fd));
    assert_int_equal(next_end().kind, TROUPE_EXIT_NORMAL);
    assert_true(most_waited > 0);
    assert_true(most_waited < HIGH);
    close(fd);
    finish_runtime();
}

static void
pour_for_ever(struct troupe_self *self)
{
    static const char bytes[1000];

    while (troupe_net_write(self, bytes, sizeof(bytes)) == TROUPE_OK) {
    }
    CHECK(false);
}

static void
run_fountain(struct troupe_self *self, void *state)
{
    (void)state;
    be_watched(self);
    pour_for_ever(self);
}
TROUPE_PROCESS(fountain, 0, run_fountain);

static struct troupe_net_listen fountain_listen = {
    .size = sizeof(fountain_listen), .behaviour = &fountain_behaviour};

/* However busy it is: who watches it is heard, and its end is found. */
static void
a_body_that_only_writes_ends_with_its_peer(void **state)
{
    char bytes[100000];
    struct end_note end;
    int fd;

    (void)state;
    begin_runtime(&TROUPE_OPTIONS(.workers_count = 1));
    begin_listener("127.0.0.1:0", &fountain_listen);
    fd = connect_peer();
    (void)next_open();
    receive_all(fd, bytes, sizeof(bytes));
    reset(fd);
    end = next_end();
    assert_int_equal(end.kind, TROUPE_EXIT_FAILED);
    assert_true(end.code == ECONNRESET || end.code == EPIPE);
    finish_runtime();
}

static void
run_sleeping_fountain(struct troupe_self *self, void *state)
{
    (void)state;
    CHECK(troupe_sleep(self, TROUPE_MS(20)) == TROUPE_OK);
    pour_for_ever(self);
}
TROUPE_PROCESS(
    sleeping_fountain, 0, run_sleeping_fountain, TROUPE_ON_STOP(tell_why));

static struct troupe_net_listen sleeping_listen = {
    .size = sizeof(sleeping_listen), .behaviour = &sleeping_fountain_behaviour};

/* It most often is before the first byte is written. */
static void
a_body_that_writes_to_nobody_ends(void **state)
{
    (void)state;
    begin_at("127.0.0.1:0", &sleeping_listen);
    reset(connect_peer());
    assert_int_equal(next_end().kind, TROUPE_EXIT_FAILED);
    finish_runtime();
}

static void
run_gated_fountain(struct troupe_self *self, void *state)
{
    struct go go;

    (void)state;
    be_watched(self);
    CHECK(troupe_receive_only(self, go, &go, TROUPE_FOREVER) == TROUPE_OK);
    pour_for_ever(self);
}
TROUPE_PROCESS(gated_fountain, 0, run_gated_fountain);

static struct troupe_net_listen gated_listen = {
    .size = sizeof(gated_listen), .behaviour = &gated_fountain_behaviour};

static void
a_body_that_waits_in_a_write_can_be_stopped(void **state)
{
    char bytes[10000];
    troupe_pid pid;
    int fd;

    (void)state;
    begin_at("127.0.0.1:0", &gated_listen);
    fd = connect_narrow_peer();
    pid = next_open();
    CHECK(troupe_tell(net.self, pid, go) == TROUPE_OK);
    receive_all(fd, bytes, sizeof(bytes));
    CHECK(troupe_kill(net.self, pid) == TROUPE_OK);
    assert_int_equal(next_end().kind, TROUPE_EXIT_KILLED);
    close(fd);
    finish_runtime();
}

static const struct troupe_net_options impatient = {
    .size = sizeof(impatient), .idle_ns = TROUPE_MS(100)};

static void
pour_to_all(struct troupe_self *self, void *state)
{
    const bool *is_client = state;

    if (*is_client) {
        CHECK(troupe_net_connect(self, net.address, &impatient) == TROUPE_OK);
    }
    pour_for_ever(self);
}
TROUPE_PROCESS(pourer, sizeof(bool), pour_to_all, TROUPE_ON_STOP(tell_why));

static struct troupe_net_listen pourer_listen = {.size = sizeof(pourer_listen),
    .behaviour = &pourer_behaviour,
    .connection = &impatient};

/* The first to be lost takes the other along. */
static void
two_that_only_write_are_lost_in_time(void **state)
{
    struct end_note ends[2];
    bool is_client = true;
    troupe_pid pid;

    (void)state;
    begin_at("127.0.0.1:0", &pourer_listen);
    CHECK(troupe_spawn_with(net.self, pourer,
              &TROUPE_SPAWN_OPTIONS(.state = &is_client), &pid) == TROUPE_OK);
    for (int i = 0; i < 2; i++) {
        ends[i] = next_end();
        assert_int_equal(ends[i].kind, TROUPE_EXIT_FAILED);
    }
    assert_true(ends[0].code == ETIMEDOUT || ends[1].code == ETIMEDOUT);
    finish_runtime();
}

static _Atomic(bool) is_poured;
static troupe_pid bystander;

/* The system takes all of it at once. */
static void
run_bucket(struct troupe_self *self, void *state)
{
    static const char bytes[5 * HIGH];

    (void)state;
    CHECK(troupe_tell(self, bystander, go) == TROUPE_OK);
    CHECK(troupe_net_write(self, bytes, sizeof(bytes)) == TROUPE_OK);
    is_poured = true;
}
TROUPE_PROCESS(bucket, 0, run_bucket);

static void
run_bystander(struct troupe_self *self, void *state)
{
    struct go go;

    (void)state;
    be_watched(self);
    CHECK(troupe_receive_only(self, go, &go, TROUPE_FOREVER) == TROUPE_OK);
    CHECK(!is_poured);
}
TROUPE_PROCESS(bystander_of, 0, run_bystander);

static struct troupe_net_listen bucket_listen = {.size = sizeof(bucket_listen),
    .behaviour = &bucket_behaviour,
    .connection = &narrow};

static void
others_have_their_turns_while_a_body_writes(void **state)
{
    int fd;

    (void)state;
    is_poured = false;
    begin_runtime(&TROUPE_OPTIONS(.workers_count = 1));
    CHECK(troupe_spawn(net.self, bystander_of, &bystander) == TROUPE_OK);
    (void)next_open();
    begin_listener("127.0.0.1:0", &bucket_listen);
    fd = connect_peer();
    assert_int_equal(next_end().kind, TROUPE_EXIT_NORMAL);
    while (!is_at_end(fd)) {
    }
    assert_true(is_poured);
    close(fd);
    finish_runtime();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            what_is_sent_comes_back_and_the_last_byte_ends_the_process),
        cmocka_unit_test(the_same_over_a_unix_socket),
        cmocka_unit_test(bytes_in_hand_are_the_bodys_own_while_it_waits),
        cmocka_unit_test(a_body_waits_where_it_writes_and_all_of_it_arrives),
        cmocka_unit_test(a_body_that_only_writes_ends_with_its_peer),
        cmocka_unit_test(a_body_that_writes_to_nobody_ends),
        cmocka_unit_test(a_body_that_waits_in_a_write_can_be_stopped),
        cmocka_unit_test(two_that_only_write_are_lost_in_time),
        cmocka_unit_test(others_have_their_turns_while_a_body_writes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
