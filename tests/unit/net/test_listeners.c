/* SPDX-License-Identifier: BSD-2-Clause */
/* What a listener does: thousands of connections, shared evenly, and what
 * happens when it or the runtime ends, or the system has no more to give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <semaphore.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/support/network.h"

/* ---- what its connections do --------------------------------------------- */

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

static void
expect_echo(int fd)
{
    char back = 0;

    send_all(fd, "e", 1);
    receive_all(fd, &back, 1);
    assert_int_equal(back, 'e');
}

/* ---- many ---------------------------------------------------------------- */

/* On which worker an actor runs, its thread's name says: troupe/0, ... */
static void
on_where_opened(struct troupe_self *self, void *state,
    const struct troupe_net_opened *opened)
{
    char name[16];

    (void)state, (void)opened;
    CHECK(pthread_getname_np(pthread_self(), name, sizeof(name)) == 0);
    CHECK(troupe_net_write(self, name, sizeof(name)) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(where, 0, TROUPE_ON(troupe_net_opened, on_where_opened),
    TROUPE_ON(troupe_net_bytes, on_echo_bytes));

static void
a_thousand_connections_are_served_and_shared_evenly(void **state)
{
    enum { COUNT = 1000 };
    static struct troupe_net_listen listen = {
        .size = sizeof(listen), .behaviour = &where_behaviour};
    static int fds[COUNT];
    int on_first = 0;

    (void)state;
    assert_int_equal(troupe_net_raise_files(2 * COUNT + 100, NULL), TROUPE_OK);
    begin_at("127.0.0.1:0", &listen);
    for (int i = 0; i < COUNT; i++) {
        char name[16];

        fds[i] = connect_peer();
        receive_all(fds[i], name, sizeof(name));
        on_first += strcmp(name, "troupe/0") == 0;
    }
    for (int i = 0; i < COUNT; i++) {
        expect_echo(fds[i]);
    }
    assert_in_range(on_first, COUNT / 2 - 2, COUNT / 2 + 2);
    assert_int_equal(troupe_runtime_actors_count(net.runtime), COUNT + 2);
    for (int i = 0; i < COUNT; i++) {
        close(fds[i]);
    }
    finish_runtime();
}

static void
more_than_a_listener_wants_wait_until_one_is_gone(void **state)
{
    static struct troupe_net_listen listen = {.size = sizeof(listen),
        .behaviour = &echo_behaviour,
        .connections_max = 2};
    int fds[3];

    (void)state;
    begin_at("127.0.0.1:0", &listen);
    for (int i = 0; i < 3; i++) {
        fds[i] = connect_peer();
    }
    expect_echo(fds[0]);
    expect_echo(fds[1]);
    assert_int_equal(troupe_runtime_actors_count(net.runtime), 2 + 2);
    close(fds[0]);
    expect_echo(fds[2]);
    close(fds[1]);
    close(fds[2]);
    finish_runtime();
}

/* ---- nothing left to accept by ------------------------------------------- */

static sem_t warned;

static void
note_warning(void *context, enum troupe_log_level level, const char *line)
{
    (void)context;
    if (level == TROUPE_LOG_WARNING &&
        strstr(line,
            "takes no more connections for now: Too many open files") != NULL) {
        sem_post(&warned);
    }
}

static void
without_descriptors_a_listener_says_so_and_lives_on(void **state)
{
    enum { LIMIT = 64 };
    struct rlimit before;
    struct rlimit low;
    int spare[LIMIT];
    int count = 0;
    int fd;

    (void)state;
    assert_int_equal(sem_init(&warned, 0, 0), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = before;
    low.rlim_cur = LIMIT;
    begin_runtime(&TROUPE_OPTIONS(.workers_count = 2, .log = note_warning));
    begin_listener("127.0.0.1:0", &echo_listen);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    while (count < LIMIT && (spare[count] = dup(0)) >= 0) {
        count++;
    }
    close(spare[--count]);
    fd = connect_peer(); /* the last one; it waits in the system */
    while (sem_wait(&warned) != 0) {
    }
    assert_int_equal(troupe_runtime_actors_count(net.runtime), 2);
    while (count > 0) {
        close(spare[--count]);
    }
    expect_echo(fd);
    close(fd);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    finish_runtime();
    sem_destroy(&warned);
}

static void
the_limit_of_files_is_raised_as_far_as_it_may_be(void **state)
{
    struct rlimit before;
    struct rlimit low;
    uint64_t limit;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = before;
    low.rlim_cur = 50;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    assert_int_equal(troupe_net_raise_files(60, &limit), TROUPE_OK);
    assert_int_equal(limit, 60);
    assert_int_equal(troupe_net_raise_files(40, &limit), TROUPE_OK);
    assert_int_equal(limit, 60);
    if (before.rlim_max != RLIM_INFINITY) {
        assert_int_equal(troupe_net_raise_files(before.rlim_max + 1, &limit),
            TROUPE_E_SYSTEM);
        assert_int_equal(limit, before.rlim_max);
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

/* ---- Unix sockets -------------------------------------------------------- */

static void
on_owner_opened(struct troupe_self *self, void *state,
    const struct troupe_net_opened *opened)
{
    struct troupe_net_credentials peer;

    (void)state, (void)opened;
    CHECK(troupe_net_credentials_of_peer(self, &peer) == TROUPE_OK);
    CHECK(peer.pid == getpid() && peer.uid == getuid() && peer.gid == getgid());
}

TROUPE_BEHAVIOUR(owner, 0, TROUPE_ON(troupe_net_opened, on_owner_opened),
    TROUPE_ON(troupe_net_bytes, on_echo_bytes));

static void
a_unix_socket_is_its_owners_and_knows_its_peers(void **state)
{
    static struct troupe_net_listen listen = {
        .size = sizeof(listen), .behaviour = &owner_behaviour};
    char folder[] = "/tmp/troupe-test-XXXXXX";
    char address[64];
    struct sockaddr_un stale = {.sun_family = AF_UNIX};
    struct stat file;
    int fd;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(address, sizeof(address), "unix:%s/socket", folder);
    /* What somebody has left there. */
    snprintf(stale.sun_path, sizeof(stale.sun_path), "%s/socket", folder);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&stale, sizeof(stale)), 0);
    close(fd);
    begin_at(address, &listen);
    assert_string_equal(net.address, address);
    assert_int_equal(stat(stale.sun_path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    fd = connect_peer();
    expect_echo(fd);
    close(fd);
    finish_runtime();
    assert_int_equal(stat(stale.sun_path, &file), -1);
    assert_int_equal(rmdir(folder), 0);
}

/* ---- ends of the listener ------------------------------------------------ */

TROUPE_MESSAGE(fail_now, TROUPE_NO_FIELDS)

static void
on_fail_now(struct troupe_self *self, void *state, const struct fail_now *fail)
{
    (void)state, (void)fail;
    troupe_fail(self, 1, "as it was told");
}

TROUPE_BEHAVIOUR(failing_listener, sizeof(struct listening),
    TROUPE_ON_START(on_listening_start), TROUPE_ON(fail_now, on_fail_now),
    TROUPE_ON(get_address, on_get_address));

static void
a_supervised_listener_listens_again_and_its_connections_live_on(void **state)
{
    static char address[TROUPE_NET_ADDRESS_MAX];
    static const struct listening again = {address, &echo_listen};
    static const struct troupe_child children[] = {
        TROUPE_CHILD(.name = "listener",
            .behaviour = &failing_listener_behaviour, .state = &again)};
    static const struct troupe_supervisor tree =
        TROUPE_SUPERVISOR(TROUPE_CHILDREN(children));
    troupe_pid listener;
    int early;
    int late;

    (void)state;
    /* One that is free, and most likely still is in a moment. */
    begin_at("127.0.0.1:0", &echo_listen);
    memcpy(address, net.address, sizeof(address));
    finish_runtime();
    begin_runtime(&TROUPE_OPTIONS(.workers_count = 2));
    assert_int_equal(
        troupe_supervise(net.self, &tree, NULL, &listener), TROUPE_OK);
    ask_address(listener);
    assert_string_equal(net.address, address);
    early = connect_peer();
    expect_echo(early);
    assert_int_equal(troupe_tell(net.self, listener, fail_now), TROUPE_OK);
    ask_address(listener); /* it listens again when it answers */
    late = connect_peer();
    expect_echo(late);
    expect_echo(early);
    close(early);
    close(late);
    finish_runtime();
}

static void
who_cannot_listen_is_told_why(void **state)
{
    struct listening taken = {net.address, &echo_listen};
    struct address_is is;
    troupe_pid second;

    (void)state;
    begin_at("127.0.0.1:0", &echo_listen);
    assert_int_equal(troupe_spawn_with(net.self, listening,
                         &TROUPE_SPAWN_OPTIONS(.state = &taken), &second),
        TROUPE_OK);
    assert_int_equal(
        troupe_ask(net.self, second, long_ns, address_is, &is, get_address),
        TROUPE_E_NO_SUCH_ACTOR); /* its start has failed */
    finish_runtime();
}

/* ---- the end of the runtime ---------------------------------------------- */

enum { MUCH = 8 << 20 }; /* more than the system keeps */

static void
on_giver_bytes(
    struct troupe_self *self, void *state, const struct troupe_net_bytes *got)
{
    static char much[MUCH];

    (void)state, (void)got;
    memset(much, 'm', sizeof(much));
    CHECK(troupe_net_write(self, much, sizeof(much)) == TROUPE_OK);
    be_watched(self); /* so that it is known to have written */
}

TROUPE_BEHAVIOUR(giver, 0, TROUPE_ON(troupe_net_bytes, on_giver_bytes));

static const struct troupe_net_options roomy = {
    .size = sizeof(roomy), .write_hard = 5 * MUCH};
static struct troupe_net_listen giver_listen = {.size = sizeof(giver_listen),
    .behaviour = &giver_behaviour,
    .connection = &roomy};

static void *
read_to_the_end(void *arg)
{
    int fd = *(int *)arg;
    static char much[MUCH];

    receive_all(fd, much, sizeof(much));
    for (size_t i = 0; i < sizeof(much); i++) {
        CHECK(much[i] == 'm');
    }
    CHECK(is_at_end(fd));
    return NULL;
}

static void
a_stop_writes_what_waits_and_then_closes(void **state)
{
    pthread_t reader;
    int fd;

    (void)state;
    begin_at("127.0.0.1:0", &giver_listen);
    fd = connect_narrow_peer();
    send_all(fd, "x", 1);
    (void)next_open();
    CHECK(pthread_create(&reader, NULL, read_to_the_end, &fd) == 0);
    finish_runtime();
    pthread_join(reader, NULL);
    assert_true(net.report.is_drained);
    close(fd);
}

static void
a_stop_does_not_wait_for_a_peer_that_does_not_read(void **state)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    int fd;

    (void)state;
    begin_at("127.0.0.1:0", &giver_listen);
    fd = connect_narrow_peer();
    send_all(fd, "x", 1);
    (void)next_open();
    assert_int_equal(
        troupe_runtime_stop(net.runtime, TROUPE_MS(5), &report), TROUPE_OK);
    assert_false(report.is_drained);
    troupe_runtime_destroy(&net.runtime);
    close(fd);
}

/* Whoever connects and writes meanwhile holds up nothing. */
static void
a_stop_takes_nothing_more_in(void **state)
{
    int fds[2];

    (void)state;
    begin_at("127.0.0.1:0", &echo_listen);
    fds[0] = connect_peer();
    expect_echo(fds[0]);
    assert_int_equal(
        troupe_runtime_stop(net.runtime, long_ns, NULL), TROUPE_OK);
    fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    troupe_runtime_destroy(&net.runtime);
    assert_true(is_at_end(fds[0]));
    close(fds[0]);
    close(fds[1]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_connections_are_served_and_shared_evenly),
        cmocka_unit_test(more_than_a_listener_wants_wait_until_one_is_gone),
        cmocka_unit_test(without_descriptors_a_listener_says_so_and_lives_on),
        cmocka_unit_test(the_limit_of_files_is_raised_as_far_as_it_may_be),
        cmocka_unit_test(a_unix_socket_is_its_owners_and_knows_its_peers),
        cmocka_unit_test(
            a_supervised_listener_listens_again_and_its_connections_live_on),
        cmocka_unit_test(who_cannot_listen_is_told_why),
        cmocka_unit_test(a_stop_writes_what_waits_and_then_closes),
        cmocka_unit_test(a_stop_does_not_wait_for_a_peer_that_does_not_read),
        cmocka_unit_test(a_stop_takes_nothing_more_in),
    };
    return cmocka_run_group_tests_name("listeners", tests, NULL, NULL);
}
