/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a call that waits in a handler is reported, once for each place, with
 * the actor; calls that do not wait, or wait where they may, are not.
 *
 * Method: an actor in a simulation makes each call, in a way that returns at
 * once; a hook of the log counts the reports.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/check.h"
#include "troupe/blocking.h"
#include "troupe/troupe.h"

TROUPE_MESSAGE(act, TROUPE_NO_FIELDS)

static void (*script)(void);
static char reports[2000]; /* a line each; written by one thread at a time */
static int reports_count;
static int frames_count;

static void
note_line(void *context, enum troupe_log_level level, const char *line)
{
    size_t length = strlen(reports);

    (void)context, (void)level;
    frames_count += strncmp(line, "    at ", 7) == 0;
    if (strstr(line, " waits in ") != NULL) {
        reports_count++;
        snprintf(reports + length, sizeof(reports) - length, "%s\n", line);
    }
}

static void
on_act(struct troupe_self *self, void *state, const struct act *message)
{
    (void)state, (void)message;
    script();
    troupe_runtime_quit(self);
}

TROUPE_BEHAVIOUR(doer, 0, TROUPE_ON(act, on_act));

static void
play(const struct troupe_options *options, bool own_thread, void (*then)(void))
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    troupe_pid pid;

    script = then;
    reports[0] = '\0';
    reports_count = 0;
    frames_count = 0;
    TROUPE_CHECK(troupe_runtime_create(options, &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn_with(
        self, doer, &TROUPE_SPAWN_OPTIONS(.own_thread = own_thread), &pid));
    TROUPE_CHECK(troupe_tell(self, pid, act));
    troupe_runtime_wait(runtime);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(10), NULL));
    troupe_runtime_destroy(&runtime);
}

static void
play_simulated(void (*then)(void))
{
    play(&TROUPE_OPTIONS(.simulate = true, .seed = 1, .log = note_line), false,
        then);
}

/* There is no child. */
static void
await_child(void)
{
    errno = EDOM;
    CHECK(waitpid(-1, NULL, 0) == -1 && errno == ECHILD);
}

static void
await_child_thrice_at_one_place(void)
{
    for (int i = 0; i < 3; i++) {
        CHECK(waitpid(-1, NULL, 0) == -1);
    }
}

static void
a_call_that_waits_names_its_actor_once_for_each_place(void **state)
{
    (void)state;
    play_simulated(await_child_thrice_at_one_place);
    assert_int_equal(reports_count, 1);
    assert_memory_equal(reports, "actor <", 7);
    assert_non_null(strstr(reports, " (doer) waits in waitpid(),"));
    assert_true(frames_count > 0);
}

static void
use_pipes(void)
{
    char byte = 'x';
    int ends[2];
    struct pollfd file;

    CHECK(pipe(ends) == 0);
    file = (struct pollfd){.fd = ends[0], .events = POLLIN};
    CHECK(write(ends[1], &byte, 1) == 1);
    CHECK(poll(&file, 1, -1) == 1);
    CHECK(read(ends[0], &byte, 1) == 1);
    close(ends[0]);
    close(ends[1]);
}

/* By pairs that are connected. Nobody is waited for: what would be wrong is
 * refused, and what is to come is there. */
static void
use_sockets(void)
{
    char byte = 'x';
    struct iovec piece = {&byte, 1};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    int ends[2];

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    CHECK(sendmsg(ends[0], &message, 0) == 1);
    CHECK(recvmsg(ends[1], &message, 0) == 1);
    CHECK(sendto(ends[0], &byte, 1, 0, NULL, 0) == 1);
    CHECK(recvfrom(ends[1], &byte, 1, 0, NULL, NULL) == 1);
    CHECK(send(ends[0], &byte, 1, 0) == 1);
    CHECK(recv(ends[1], &byte, 1, 0) == 1);
    CHECK(accept(ends[0], NULL, NULL) == -1);
    CHECK(accept4(ends[0], NULL, NULL, 0) == -1);
    CHECK(connect(ends[0], NULL, 0) == -1);
    close(ends[0]);
    close(ends[1]);
}

/* For a pipe that has a byte. */
static void
watch_files(void)
{
    static const struct timespec minute = {.tv_sec = 60};
    struct timeval also_minute = {.tv_sec = 60};
    struct epoll_event event = {.events = EPOLLIN};
    int ends[2];
    int set = epoll_create1(0);
    struct pollfd file;
    fd_set files;

    CHECK(set >= 0 && pipe2(ends, O_NONBLOCK) == 0);
    CHECK(write(ends[1], "x", 1) == 1);
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event) == 0);
    FD_ZERO(&files);
    FD_SET(ends[0], &files);
    CHECK(select(ends[0] + 1, &files, NULL, NULL, &also_minute) == 1);
    CHECK(pselect(ends[0] + 1, &files, NULL, NULL, &minute, NULL) == 1);
    file = (struct pollfd){.fd = ends[0], .events = POLLIN};
    CHECK(ppoll(&file, 1, NULL, NULL) == 1);
    CHECK(epoll_wait(set, &event, 1, -1) == 1);
    CHECK(epoll_pwait(set, &event, 1, 60000, NULL) == 1);
    close(set);
    close(ends[0]);
    close(ends[1]);
}

static void
wait_for_others(void)
{
    pthread_mutexattr_t checking;
    pthread_mutex_t mutex;
    sem_t semaphore;

    pthread_mutexattr_init(&checking);
    pthread_mutexattr_settype(&checking, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&mutex, &checking);
    CHECK(pthread_mutex_lock(&mutex) == 0);
    CHECK(pthread_mutex_lock(&mutex) == EDEADLK); /* reported */
    CHECK(pthread_mutex_unlock(&mutex) == 0);
    CHECK(sem_init(&semaphore, 0, 1) == 0);
    CHECK(sem_wait(&semaphore) == 0);
    sem_destroy(&semaphore);
    CHECK(fsync(-1) == -1);                          /* reported */
    CHECK(waitpid(-1, NULL, 0) == -1);               /* reported */
    CHECK(getaddrinfo(NULL, NULL, NULL, NULL) != 0); /* reported */
}

/* Each of these, and no other. */
static void
check_reported(void (*by)(void), const char *const *names, int names_count)
{
    char wanted[64];

    play_simulated(by);
    assert_int_equal(reports_count, names_count);
    for (int i = 0; i < names_count; i++) {
        snprintf(wanted, sizeof(wanted), " waits in %s(), ", names[i]);
        assert_non_null(strstr(reports, wanted));
    }
}

#define CHECK_REPORTED(by, ...)                                                \
    check_reported(by, (const char *const[]){__VA_ARGS__},                     \
        (int)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)))

static void
calls_of_all_kinds_are_reported(void **state)
{
    (void)state;
    CHECK_REPORTED(use_pipes, "write", "poll", "read");
    CHECK_REPORTED(use_sockets, "sendmsg", "recvmsg", "sendto", "recvfrom",
        "send", "recv", "accept", "accept4", "connect");
    CHECK_REPORTED(
        watch_files, "select", "pselect", "ppoll", "epoll_wait", "epoll_pwait");
    CHECK_REPORTED(wait_for_others, "pthread_mutex_lock", "fsync", "waitpid",
        "getaddrinfo");
}

/* Sockets that are O_NONBLOCK, or MSG_DONTWAIT is said. */
static void
use_sockets_without_waiting(void)
{
    char byte = 'x';
    struct iovec piece = {&byte, 1};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    int ends[2];

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    CHECK(sendmsg(ends[0], &message, MSG_DONTWAIT) == 1);
    CHECK(recvmsg(ends[1], &message, MSG_DONTWAIT) == 1);
    CHECK(sendto(ends[0], &byte, 1, MSG_DONTWAIT, NULL, 0) == 1);
    CHECK(recvfrom(ends[1], &byte, 1, MSG_DONTWAIT, NULL, NULL) == 1);
    CHECK(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    CHECK(sendmsg(ends[0], &message, 0) == 1);
    CHECK(recvmsg(ends[0], &message, 0) == -1);
    CHECK(sendto(ends[0], &byte, 1, 0, NULL, 0) == 1);
    CHECK(recvfrom(ends[0], &byte, 1, 0, NULL, NULL) == -1);
    CHECK(accept4(ends[0], NULL, NULL, 0) == -1);
    close(ends[0]);
    close(ends[1]);
}

static void
watch_files_for_no_time(void)
{
    static const struct timespec none = {0};
    struct timeval also_none = {0};
    struct epoll_event event;
    int set = epoll_create1(0);

    CHECK(set >= 0);
    CHECK(select(0, NULL, NULL, NULL, &also_none) == 0);
    CHECK(pselect(0, NULL, NULL, NULL, &none, NULL) == 0);
    CHECK(ppoll(NULL, 0, &none, NULL) == 0);
    CHECK(epoll_wait(set, &event, 1, 0) == 0);
    CHECK(epoll_pwait(set, &event, 1, 0, NULL) == 0);
    close(set);
}

static void
wait_for_nothing(void)
{
    char byte = 'x';
    int ends[2];
    struct pollfd file;
    FILE *regular = tmpfile();

    CHECK(pipe2(ends, O_NONBLOCK) == 0);
    file = (struct pollfd){.fd = ends[0], .events = POLLIN};
    CHECK(poll(&file, 1, 0) == 0);
    CHECK(read(ends[0], &byte, 1) == -1);
    CHECK(write(ends[1], &byte, 1) == 1);
    CHECK(waitpid(-1, NULL, WNOHANG) == -1);
    CHECK(regular != NULL && write(fileno(regular), &byte, 1) == 1);
    fclose(regular);
    close(ends[0]);
    close(ends[1]);
}

static void
what_does_not_wait_is_not_reported(void **state)
{
    (void)state;
    play_simulated(wait_for_nothing);
    assert_int_equal(reports_count, 0);
    play_simulated(use_sockets_without_waiting);
    assert_int_equal(reports_count, 0);
    play_simulated(watch_files_for_no_time);
    assert_int_equal(reports_count, 0);
}

static void
who_has_a_thread_may_wait(void **state)
{
    (void)state;
    play(&TROUPE_OPTIONS(.workers_count = 1, .log = note_line), true,
        await_child);
    assert_int_equal(reports_count, 0);
    await_child(); /* outside */
    play_simulated(await_child);
    assert_int_equal(reports_count, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_that_waits_names_its_actor_once_for_each_place),
        cmocka_unit_test(calls_of_all_kinds_are_reported),
        cmocka_unit_test(what_does_not_wait_is_not_reported),
        cmocka_unit_test(who_has_a_thread_may_wait),
    };

    unsetenv("TROUPE_SIM");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
