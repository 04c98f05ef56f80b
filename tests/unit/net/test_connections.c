/* SPDX-License-Identifier: BSD-2-Clause */
/* What a connection does: bytes come and go in order, nothing grows without
 * bound, and its end is its actor's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>

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
    (void)next_open(); /* it is watched */
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    assert_true(is_at_end(fd));
    assert_int_equal(next_end().kind, TROUPE_EXIT_NORMAL);
    close(fd);
    finish_runtime();
    assert_true(net.report.is_drained);
    assert_int_equal(net.report.actors_alive_count, 2);
}

enum { MANY_BYTES = 8 << 20 };

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
    (void)next_open();
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

/* ---- peers that do not read ---------------------------------------------- */

#define FIELDS_COUNT(FIELD) FIELD(uint64, count)
TROUPE_MESSAGE(pour, FIELDS_COUNT)
TROUPE_MESSAGE(get_counts, TROUPE_NO_FIELDS)
#define FIELDS_COUNTS(FIELD) FIELD(uint64, bytes) FIELD(uint64, drained)
TROUPE_MESSAGE(counts_are, FIELDS_COUNTS)

enum { HIGH = 100000, HARD = 400000 };

struct source {
    uint64_t poured;
    uint64_t drained;
    uint64_t refused;
};

static uint8_t
byte_at(uint64_t position)
{
    return (uint8_t)(position * 31 + position / 1000);
}

static troupe_err
pour_bytes(struct troupe_self *self, struct source *source, size_t count)
{
    static uint8_t bytes[MANY_BYTES];
    troupe_err err;

    for (size_t i = 0; i < count; i++) {
        bytes[i] = byte_at(source->poured + i);
    }
    err = troupe_net_write(self, bytes, count);
    source->poured += err == TROUPE_OK ? count : 0;
    return err;
}

static _Atomic(unsigned) pours_count; /* that are done */

/* An actor that is held handles nothing: so what waits is bounded by what one
 * handler writes. */
static void
on_pour(struct troupe_self *self, void *state, const struct pour *pour)
{
    CHECK(troupe_net_unwritten(self) < HIGH);
    CHECK(pour_bytes(self, state, pour->count) == TROUPE_OK);
    pours_count++;
}

static void
on_source_drained(struct troupe_self *self, void *state,
    const struct troupe_net_drained *drained)
{
    struct source *source = state;

    (void)self, (void)drained;
    source->drained++;
}

static void
on_get_counts(
    struct troupe_self *self, void *state, const struct get_counts *get)
{
    struct source *source = state;

    (void)get;
    CHECK(troupe_reply(self, counts_are, .bytes = source->poured,
              .drained = source->drained) == TROUPE_OK);
}

static void
on_source_bytes(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    (void)self, (void)state, (void)got;
}

TROUPE_BEHAVIOUR(source, sizeof(struct source), TROUPE_ON_START(on_echo_start),
    TROUPE_ON(pour, on_pour), TROUPE_ON(get_counts, on_get_counts),
    TROUPE_ON(troupe_net_drained, on_source_drained),
    TROUPE_ON(troupe_net_bytes, on_source_bytes));

static const struct troupe_net_options narrow = {
    .size = sizeof(narrow), .write_high = HIGH, .write_hard = HARD};

static const struct troupe_net_options roomy = {
    .size = sizeof(roomy), .write_high = HIGH, .write_hard = 2 * MANY_BYTES};

static struct troupe_net_listen source_listen = {.size = sizeof(source_listen),
    .behaviour = &source_behaviour,
    .connection = &roomy};

static void
expect_poured(int fd, uint64_t from, uint64_t count)
{
    static uint8_t bytes[MANY_BYTES];

    receive_all(fd, bytes, count);
    for (uint64_t i = 0; i < count; i++) {
        CHECK(bytes[i] == byte_at(from + i));
    }
}

static void
a_peer_that_does_not_read_holds_the_actor_that_writes(void **state)
{
    enum { FIRST = MANY_BYTES, POURS = 200, EACH = 64000 };
    struct counts_are counts;
    troupe_pid source;
    int fd;

    (void)state;
    begin_at("127.0.0.1:0", &source_listen);
    fd = connect_narrow_peer();
    source = next_open();
    /* More than the system takes: the actor is held from here on. */
    assert_int_equal(
        troupe_tell(net.self, source, pour, .count = FIRST), TROUPE_OK);
    for (int i = 0; i < POURS; i++) {
        assert_int_equal(
            troupe_tell(net.self, source, pour, .count = EACH), TROUPE_OK);
    }
    expect_poured(fd, 0, FIRST);
    for (uint64_t i = 0; i < POURS; i++) {
        expect_poured(fd, FIRST + i * EACH, EACH);
    }
    assert_int_equal(
        troupe_ask(net.self, source, long_ns, counts_are, &counts, get_counts),
        TROUPE_OK);
    assert_int_equal(counts.bytes, FIRST + POURS * EACH);
    assert_true(counts.drained > 0); /* it has been held */
    close(fd);
    finish_runtime();
}

/* ---- what one handler writes --------------------------------------------- */

static void
on_flood_opened(struct troupe_self *self, void *state,
    const struct troupe_net_opened *opened)
{
    struct source *source = state;
    troupe_err err = TROUPE_OK;

    (void)opened;
    CHECK(pour_bytes(self, source, HARD + 1) == TROUPE_E_INVALID_ARGUMENT);
    while (err == TROUPE_OK) {
        err = pour_bytes(self, source, 10000);
        CHECK(troupe_net_unwritten(self) <= HARD);
        CHECK(source->poured < UINT64_C(1) << 30);
    }
    CHECK(err == TROUPE_E_WRITE_FULL);
}

static void
on_flood_drained(struct troupe_self *self, void *state,
    const struct troupe_net_drained *drained)
{
    struct source *source = state;

    on_source_drained(self, state, drained);
    if (source->drained == 1) {
        CHECK(pour_bytes(self, source, 1000) == TROUPE_OK);
    }
}

TROUPE_BEHAVIOUR(flood, sizeof(struct source), TROUPE_ON_START(on_echo_start),
    TROUPE_ON(troupe_net_opened, on_flood_opened),
    TROUPE_ON(troupe_net_drained, on_flood_drained),
    TROUPE_ON(get_counts, on_get_counts),
    TROUPE_ON(troupe_net_bytes, on_source_bytes));

static struct troupe_net_listen flood_listen = {.size = sizeof(flood_listen),
    .behaviour = &flood_behaviour,
    .connection = &narrow};

static void
above_the_hard_mark_a_write_is_refused_until_it_is_drained(void **state)
{
    struct counts_are counts = {0, 0};
    uint64_t got = 0;
    troupe_pid flood;
    int fd;

    (void)state;
    begin_at("127.0.0.1:0", &flood_listen);
    fd = connect_peer();
    flood = next_open();
    while (counts.drained == 0) {
        expect_poured(fd, got, 10000); /* there is at least as much */
        got += 10000;
        if (troupe_ask(net.self, flood, TROUPE_MS(1), counts_are, &counts,
                get_counts) != TROUPE_OK) {
            counts.drained = 0;
        }
    }
    expect_poured(fd, got, counts.bytes - got);
    close(fd);
    finish_runtime();
}

/* ---- actors that do not read --------------------------------------------- */

TROUPE_MESSAGE(go_on, TROUPE_NO_FIELDS)

static void
on_sink_opened(struct troupe_self *self, void *state,
    const struct troupe_net_opened *opened)
{
    (void)state, (void)opened;
    CHECK(troupe_net_pause(self) == TROUPE_OK);
    be_watched(self);
}

static void
on_sink_bytes(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    struct source *sink = state;
    const uint8_t *bytes = got->bytes.data;

    (void)self;
    CHECK(got->bytes.size > 0);
    for (uint32_t i = 0; i < got->bytes.size; i++) {
        CHECK(bytes[i] == byte_at(sink->poured + i));
    }
    sink->poured += got->bytes.size;
}

static void
on_go_on(struct troupe_self *self, void *state, const struct go_on *go)
{
    (void)state, (void)go;
    CHECK(troupe_net_resume(self) == TROUPE_OK);
}

/* The sum of what has come is the answer. */
static void
on_sink_ended(
    struct troupe_self *self, void *state, const struct troupe_net_ended *ended)
{
    struct source *sink = state;

    (void)ended;
    CHECK(troupe_net_write(self, &sink->poured, sizeof(sink->poured)) ==
          TROUPE_OK);
    CHECK(troupe_net_close(self) == TROUPE_OK);
    CHECK(troupe_net_write(self, "x", 1) == TROUPE_E_NOT_CONNECTED);
}

TROUPE_BEHAVIOUR(sink, sizeof(struct source),
    TROUPE_ON(troupe_net_opened, on_sink_opened), TROUPE_ON(go_on, on_go_on),
    TROUPE_ON(troupe_net_bytes, on_sink_bytes),
    TROUPE_ON(troupe_net_ended, on_sink_ended),
    TROUPE_ON(get_counts, on_get_counts));

static struct troupe_net_listen sink_listen = {
    .size = sizeof(sink_listen), .behaviour = &sink_behaviour};

/* As many as the system takes without anybody who reads. */
static uint64_t
send_until_full(int fd)
{
    uint64_t count = 0;

    for (;;) {
        uint8_t byte[1000];
        ssize_t taken;

        for (size_t i = 0; i < sizeof(byte); i++) {
            byte[i] = byte_at(count + i);
        }
        taken = send(fd, byte, sizeof(byte), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (taken < 0) {
            assert_int_equal(errno, EAGAIN);
            return count;
        }
        count += (uint64_t)taken;
        assert_true(count < UINT64_C(1) << 30);
    }
}

static void
an_actor_that_has_paused_reads_nothing_and_then_everything(void **state)
{
    struct counts_are counts;
    uint64_t poured;
    uint64_t answer;
    troupe_pid sink;
    int fd;

    (void)state;
    begin_at("127.0.0.1:0", &sink_listen);
    fd = connect_peer();
    sink = next_open();
    poured = send_until_full(fd);
    assert_int_equal(
        troupe_ask(net.self, sink, long_ns, counts_are, &counts, get_counts),
        TROUPE_OK);
    assert_int_equal(counts.bytes, 0);
    assert_int_equal(troupe_tell(net.self, sink, go_on), TROUPE_OK);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    receive_all(fd, &answer, sizeof(answer));
    assert_int_equal(answer, poured);
    assert_true(is_at_end(fd));
    assert_int_equal(next_end().kind, TROUPE_EXIT_NORMAL);
    close(fd);
    finish_runtime();
}

/* ---- half-close ---------------------------------------------------------- */

static void
on_greeter_opened(struct troupe_self *self, void *state,
    const struct troupe_net_opened *opened)
{
    (void)state, (void)opened;
    CHECK(troupe_net_write(self, "hi", 2) == TROUPE_OK);
    CHECK(troupe_net_shut(self) == TROUPE_OK);
    CHECK(troupe_net_write(self, "x", 1) == TROUPE_E_NOT_CONNECTED);
    be_watched(self);
}

static void
on_greeter_ended(
    struct troupe_self *self, void *state, const struct troupe_net_ended *ended)
{
    struct source *greeter = state;

    (void)ended;
    troupe_fail(self, (int)greeter->poured, "as it should be");
}

static void
on_greeter_bytes(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    struct source *greeter = state;

    (void)self;
    greeter->poured += got->bytes.size;
}

TROUPE_BEHAVIOUR(greeter, sizeof(struct source),
    TROUPE_ON(troupe_net_opened, on_greeter_opened),
    TROUPE_ON(troupe_net_bytes, on_greeter_bytes),
    TROUPE_ON(troupe_net_ended, on_greeter_ended));

static struct troupe_net_listen greeter_listen = {
    .size = sizeof(greeter_listen), .behaviour = &greeter_behaviour};

static void
either_side_may_say_first_that_it_writes_no_more(void **state)
{
    char hi[2];
    int fd;

    (void)state;
    begin_at("127.0.0.1:0", &greeter_listen);
    fd = connect_peer();
    receive_all(fd, hi, sizeof(hi));
    assert_memory_equal(hi, "hi", 2);
    (void)next_open();
    assert_true(is_at_end(fd));
    send_all(fd, "later", 5);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    assert_int_equal(next_end().code, 5);
    close(fd);
    finish_runtime();
}

/* ---- ends ---------------------------------------------------------------- */

static void
a_peer_that_resets_ends_the_actor_and_says_so(void **state)
{
    struct end_note end;
    int fd;

    (void)state;
    begin_at("127.0.0.1:0", &echo_listen);
    fd = connect_peer();
    expect_echo(fd, "hello");
    (void)next_open();
    reset(fd);
    end = next_end();
    assert_int_equal(end.kind, TROUPE_EXIT_FAILED);
    assert_int_equal(end.code, ECONNRESET);
    assert_non_null(strstr(end.text, "lost: connection reset by peer"));
    finish_runtime();
}

/* The only worker has looked at it meanwhile, to let the second one in. */
static void
who_has_paused_hears_of_a_reset_when_it_goes_on(void **state)
{
    struct end_note end;
    troupe_pid sink;
    int fd;

    (void)state;
    begin_runtime(&TROUPE_OPTIONS(.workers_count = 1));
    begin_listener("127.0.0.1:0", &sink_listen);
    fd = connect_peer();
    sink = next_open();
    reset(fd);
    fd = connect_peer();
    (void)next_open();
    assert_int_equal(troupe_tell(net.self, sink, go_on), TROUPE_OK);
    end = next_end();
    assert_int_equal(end.kind, TROUPE_EXIT_FAILED);
    assert_int_equal(end.code, ECONNRESET);
    close(fd);
    finish_runtime();
}

/* Held, and its peer is gone: it must not be held for ever. */
static void
a_peer_that_resets_ends_an_actor_that_is_held(void **state)
{
    troupe_pid source;
    int fd;

    (void)state;
    begin_at("127.0.0.1:0", &source_listen);
    fd = connect_narrow_peer();
    source = next_open();
    pours_count = 0;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            troupe_tell(net.self, source, pour, .count = MANY_BYTES),
            TROUPE_OK);
    }
    while (pours_count == 0) {
        sched_yield(); /* then it is held */
    }
    reset(fd);
    assert_int_equal(next_end().kind, TROUPE_EXIT_FAILED);
    finish_runtime();
}

TROUPE_MESSAGE(end_now, TROUPE_NO_FIELDS)

static void
on_end_now(struct troupe_self *self, void *state, const struct end_now *end)
{
    (void)state, (void)end;
    CHECK(troupe_net_write(self, "bye", 3) == TROUPE_OK);
    CHECK(troupe_stop(self, troupe_self_pid(self)) == TROUPE_OK);
}

static void
on_crash_bytes(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    (void)self, (void)state, (void)got;
    fault_do(FAULT_NULL);
}

TROUPE_BEHAVIOUR(mortal, sizeof(struct source), TROUPE_ON_START(on_echo_start),
    TROUPE_ON(end_now, on_end_now), TROUPE_ON(get_counts, on_get_counts),
    TROUPE_ON(troupe_net_bytes, on_crash_bytes));

static struct troupe_net_listen mortal_listen = {
    .size = sizeof(mortal_listen), .behaviour = &mortal_behaviour};

static void
whatever_ends_the_actor_closes_its_connection(void **state)
{
    struct counts_are counts;
    troupe_pid mortal;
    char bye[3];
    char byte;
    int fd;

    (void)state;
    fault_put_handlers_back();
    begin_at("127.0.0.1:0", &mortal_listen);
    fd = connect_peer();
    assert_int_equal(troupe_tell(net.self, next_open(), end_now), TROUPE_OK);
    receive_all(fd, bye, sizeof(bye)); /* what the system takes goes out */
    assert_true(is_at_end(fd));
    assert_int_equal(next_end().kind, TROUPE_EXIT_NORMAL);
    close(fd);
    fd = connect_peer();
    mortal = next_open();
    assert_int_equal(/* so that it is watched by then: a kill overtakes */
        troupe_ask(net.self, mortal, long_ns, counts_are, &counts, get_counts),
        TROUPE_OK);
    assert_int_equal(troupe_kill(net.self, mortal), TROUPE_OK);
    assert_true(is_at_end(fd));
    assert_int_equal(next_end().kind, TROUPE_EXIT_KILLED);
    close(fd);
    fd = connect_peer();
    (void)next_open();
    send_all(fd, "x", 1);
    assert_true(recv(fd, &byte, 1, 0) <= 0);
    assert_int_equal(next_end().kind, TROUPE_EXIT_CRASHED);
    close(fd);
    finish_runtime();
}

static void
who_has_no_line_for_bytes_fails_when_some_come(void **state)
{
    static struct troupe_net_listen listen = {
        .size = sizeof(listen), .behaviour = &listening_behaviour};
    int fd;

    (void)state;
    begin_at("127.0.0.1:0", &listen);
    fd = connect_peer();
    send_all(fd, "x", 1);
    assert_true(is_at_end(fd) || errno == ECONNRESET);
    close(fd);
    finish_runtime();
}

static void
a_connection_that_is_silent_for_too_long_is_lost(void **state)
{
    static const struct troupe_net_options impatient = {
        .size = sizeof(impatient), .idle_ns = TROUPE_MS(100)};
    static struct troupe_net_listen listen = {.size = sizeof(listen),
        .behaviour = &echo_behaviour,
        .connection = &impatient};
    struct end_note end;
    int fd;

    (void)state;
    begin_at("127.0.0.1:0", &listen);
    fd = connect_peer();
    assert_true(is_at_end(fd));
    end = next_end();
    assert_int_equal(end.kind, TROUPE_EXIT_FAILED);
    assert_int_equal(end.code, ETIMEDOUT);
    close(fd);
    finish_runtime();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            what_is_sent_comes_back_and_the_last_byte_ends_the_actor),
        cmocka_unit_test(megabytes_in_random_chunks_come_back_in_order),
        cmocka_unit_test(a_peer_that_does_not_read_holds_the_actor_that_writes),
        cmocka_unit_test(
            above_the_hard_mark_a_write_is_refused_until_it_is_drained),
        cmocka_unit_test(
            an_actor_that_has_paused_reads_nothing_and_then_everything),
        cmocka_unit_test(either_side_may_say_first_that_it_writes_no_more),
        cmocka_unit_test(a_peer_that_resets_ends_the_actor_and_says_so),
        cmocka_unit_test(who_has_paused_hears_of_a_reset_when_it_goes_on),
        cmocka_unit_test(a_peer_that_resets_ends_an_actor_that_is_held),
        cmocka_unit_test(whatever_ends_the_actor_closes_its_connection),
        cmocka_unit_test(who_has_no_line_for_bytes_fails_when_some_come),
        cmocka_unit_test(a_connection_that_is_silent_for_too_long_is_lost),
    };
    save_fault_handlers();
    return cmocka_run_group_tests_name("connections", tests, NULL, NULL);
}
