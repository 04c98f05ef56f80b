/* SPDX-License-Identifier: BSD-2-Clause */
/* How a connection becomes one, from this side; and who may call what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/network.h"

/* ---- an actor that connects, says hello and is answered -------------------
 */

#define FIELDS_TEXT(FIELD) FIELD(str, text)
TROUPE_MESSAGE(get_text, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(text_is, FIELDS_TEXT)

struct client {
    const char *address;
    const struct troupe_net_options *options;
    size_t count;
    char text[32];
    struct troupe_request *asked;
};

static void
on_client_start(struct troupe_self *self, void *state)
{
    struct client *client = state;

    if (troupe_net_connect(self, client->address, client->options) !=
        TROUPE_OK) {
        troupe_fail(self, 1, "%s", troupe_err_detail());
        return;
    }
    CHECK(troupe_net_write(self, "hel", 3) == TROUPE_OK); /* it waits */
}

static void
on_client_opened(struct troupe_self *self, void *state,
    const struct troupe_net_opened *opened)
{
    (void)state, (void)opened;
    CHECK(troupe_net_write(self, "lo", 2) == TROUPE_OK);
}

static void
answer(struct troupe_self *self, struct client *client)
{
    if (client->asked != NULL && client->count == 5) {
        CHECK(troupe_reply_to(self, &client->asked, text_is,
                  .text = troupe_str_of(client->text)) == TROUPE_OK);
    }
}

static void
on_client_bytes(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    struct client *client = state;

    CHECK(client->count + got->bytes.size < sizeof(client->text));
    memcpy(client->text + client->count, got->bytes.data, got->bytes.size);
    client->count += got->bytes.size;
    answer(self, client);
}

static void
on_get_text(struct troupe_self *self, void *state, const struct get_text *get)
{
    struct client *client = state;

    (void)get;
    CHECK(troupe_request_keep(self, &client->asked) == TROUPE_OK);
    answer(self, client);
}

TROUPE_BEHAVIOUR(client, sizeof(struct client),
    TROUPE_ON_START(on_client_start), TROUPE_ON_STOP(tell_why),
    TROUPE_ON(troupe_net_opened, on_client_opened),
    TROUPE_ON(troupe_net_bytes, on_client_bytes),
    TROUPE_ON(get_text, on_get_text));

static void
on_echo_bytes(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    (void)state;
    CHECK(
        troupe_net_write(self, got->bytes.data, got->bytes.size) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(echo, 0, TROUPE_ON(troupe_net_bytes, on_echo_bytes));

static struct troupe_net_listen echo_listen = {
    .size = sizeof(echo_listen), .behaviour = &echo_behaviour};

static troupe_pid
begin_client(const char *address, const struct troupe_net_options *options)
{
    struct client state = {.address = address, .options = options};
    troupe_pid pid;

    CHECK(troupe_spawn_with(net.self, client,
              &TROUPE_SPAWN_OPTIONS(.state = &state), &pid) == TROUPE_OK);
    return pid;
}

static void
expect_hello(const char *address)
{
    troupe_pid pid = begin_client(address, NULL);
    struct text_is is;

    assert_int_equal(
        troupe_ask(net.self, pid, long_ns, text_is, &is, get_text), TROUPE_OK);
    assert_int_equal(is.text.length, 5);
    assert_memory_equal(is.text.data, "hello", 5);
}

static void
two_actors_connect_and_what_was_written_early_is_not_lost(void **state)
{
    (void)state;
    begin_at("127.0.0.1:0", &echo_listen);
    expect_hello(net.address);
    expect_hello(net.address);
    finish_runtime();
    assert_true(net.report.is_drained);
}

/* "127.1" is no number to us: the system's own reader of names knows it. */
static void
a_name_is_looked_up_by_the_pool(void **state)
{
    char name[64];

    (void)state;
    begin_at("127.0.0.1:0", &echo_listen);
    snprintf(name, sizeof(name), "127.1:%u", port_of(net.address));
    expect_hello(name);
    snprintf(name, sizeof(name), "localhost:%u", port_of(net.address));
    expect_hello(name);
    finish_runtime();
}

static void
expect_failure(const char *address, const struct troupe_net_options *options,
    int code, const char *text)
{
    struct end_note end;

    (void)begin_client(address, options);
    end = next_end();
    assert_int_equal(end.kind, TROUPE_EXIT_FAILED);
    assert_int_equal(end.code, code);
    assert_string_equal(end.text, text);
}

static void
who_cannot_connect_fails_and_says_where_and_why(void **state)
{
    char text[200];
    char address[TROUPE_NET_ADDRESS_MAX];

    (void)state;
    begin_at("127.0.0.1:0", &echo_listen);
    memcpy(address, net.address, sizeof(address));
    assert_int_equal(troupe_stop(net.self, net.listener), TROUPE_OK);
    while (troupe_runtime_actors_count(net.runtime) > 1) {
        sched_yield();
    }
    snprintf(text, sizeof(text), "cannot connect to %s: connection refused",
        address);
    expect_failure(address, NULL, ECONNREFUSED, text);
    expect_failure("unix:/nowhere/at/all", NULL, ENOENT,
        "cannot connect to unix:/nowhere/at/all: no such file or directory");
    expect_failure("nowhere", NULL, 1,
        "\"nowhere\" is no address: there is no port; write HOST:PORT or "
        "unix:PATH");
    finish_runtime();
}

/* A listener that accepts nothing, whose queue is full: the system answers no
 * more. */
static void
who_is_not_answered_in_time_fails(void **state)
{
    static const struct troupe_net_options impatient = {
        .size = sizeof(impatient), .connect_ns = TROUPE_MS(5)};
    struct sockaddr_in where = {
        .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(where);
    int deaf = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char text[200];
    int queued;

    (void)state;
    assert_int_equal(bind(deaf, (struct sockaddr *)&where, size), 0);
    assert_int_equal(listen(deaf, 0), 0);
    assert_int_equal(getsockname(deaf, (struct sockaddr *)&where, &size), 0);
    begin_runtime(&TROUPE_OPTIONS(.workers_count = 1));
    snprintf(net.address, sizeof(net.address), "127.0.0.1:%u",
        ntohs(where.sin_port));
    queued = connect_peer();
    snprintf(text, sizeof(text), "cannot connect to %s: connection timed out",
        net.address);
    expect_failure(net.address, &impatient, ETIMEDOUT, text);
    close(queued);
    close(deaf);
    finish_runtime();
}

/* ---- who may not --------------------------------------------------------- */

static void
no_thread_has_a_socket(void **state)
{
    char address[8];

    (void)state;
    begin_at("127.0.0.1:0", &echo_listen);
    assert_int_equal(troupe_net_connect(net.self, "127.0.0.1:1", NULL),
        TROUPE_E_WRONG_THREAD);
    assert_int_equal(troupe_net_listen(net.self, "127.0.0.1:0", &echo_listen),
        TROUPE_E_WRONG_THREAD);
    assert_int_equal(troupe_net_write(net.self, "x", 1), TROUPE_E_WRONG_THREAD);
    assert_int_equal(troupe_net_close(net.self), TROUPE_E_WRONG_THREAD);
    assert_int_equal(troupe_net_shut(net.self), TROUPE_E_WRONG_THREAD);
    assert_int_equal(troupe_net_pause(net.self), TROUPE_E_WRONG_THREAD);
    assert_int_equal(troupe_net_address(net.self, address, sizeof(address)),
        TROUPE_E_WRONG_THREAD);
    assert_int_equal(troupe_net_unwritten(net.self), 0);
    finish_runtime();
}

#define FIELDS_ERR(FIELD) FIELD(int64, err)
TROUPE_MESSAGE(try_all, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(err_is, FIELDS_ERR)

static void
on_try_all(struct troupe_self *self, void *state, const struct try_all *try)
{
    char address[8];
    struct troupe_net_credentials peer;

    (void)state, (void)try;
    CHECK(troupe_net_write(self, "x", 1) == TROUPE_E_NOT_CONNECTED);
    CHECK(troupe_net_close(self) == TROUPE_E_NOT_CONNECTED);
    CHECK(troupe_net_peer(self, address, sizeof(address)) ==
          TROUPE_E_NOT_CONNECTED);
    CHECK(
        troupe_net_credentials_of_peer(self, &peer) == TROUPE_E_NOT_CONNECTED);
    CHECK(
        troupe_reply(self, err_is,
            .err = troupe_net_connect(self, "127.0.0.1:1", NULL)) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(trier, 0, TROUPE_ON(try_all, on_try_all));

static void
a_runtime_without_a_network_says_so(void **state)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    struct err_is is;
    troupe_pid pid;

    (void)state;
    assert_int_equal(troupe_runtime_create(NULL, &runtime), TROUPE_OK);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    self = troupe_thread_self(runtime);
    assert_int_equal(troupe_spawn(self, trier, &pid), TROUPE_OK);
    assert_int_equal(
        troupe_ask(self, pid, long_ns, err_is, &is, try_all), TROUPE_OK);
    assert_int_equal(is.err, TROUPE_E_NO_NETWORK);
    troupe_runtime_destroy(&runtime);
}

static void
a_simulation_refuses_a_network(void **state)
{
    struct troupe_runtime *runtime;

    (void)state;
    assert_int_equal(troupe_runtime_create(&TROUPE_OPTIONS(.simulate = true,
                                               .seed = 1, .io = troupe_net()),
                         &runtime),
        TROUPE_E_INVALID_ARGUMENT);
    assert_non_null(strstr(troupe_err_detail(), "a simulation has no network"));
}

/* What a connection would say can be told, to an actor in a simulation, say. */
static void
on_notes_bytes(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    (void)state;
    CHECK(got->bytes.size == 2 && memcmp(got->bytes.data, "hi", 2) == 0);
    CHECK(troupe_net_write(self, "x", 1) == TROUPE_E_NOT_CONNECTED);
    troupe_runtime_quit(self);
}

TROUPE_BEHAVIOUR(notes, 0, TROUPE_ON(troupe_net_bytes, on_notes_bytes));

static void
a_test_may_tell_what_a_connection_would_say(void **state)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid pid;

    (void)state;
    assert_int_equal(
        troupe_runtime_create(
            &TROUPE_OPTIONS(.simulate = true, .seed = 1), &runtime),
        TROUPE_OK);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    self = troupe_thread_self(runtime);
    assert_int_equal(troupe_spawn(self, notes, &pid), TROUPE_OK);
    assert_int_equal(troupe_tell(self, pid, troupe_net_bytes,
                         .bytes = {.data = "hi", .size = 2}),
        TROUPE_OK);
    troupe_runtime_wait(runtime);
    troupe_runtime_destroy(&runtime);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            two_actors_connect_and_what_was_written_early_is_not_lost),
        cmocka_unit_test(a_name_is_looked_up_by_the_pool),
        cmocka_unit_test(who_cannot_connect_fails_and_says_where_and_why),
        cmocka_unit_test(who_is_not_answered_in_time_fails),
        cmocka_unit_test(no_thread_has_a_socket),
        cmocka_unit_test(a_runtime_without_a_network_says_so),
        cmocka_unit_test(a_simulation_refuses_a_network),
        cmocka_unit_test(a_test_may_tell_what_a_connection_would_say),
    };
    return cmocka_run_group_tests_name("connecting", tests, NULL, NULL);
}
