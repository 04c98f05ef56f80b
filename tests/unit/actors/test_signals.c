/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a program that runs until a signal drains, prints what it should, and
 * ends; a second signal hurries it, a third ends the process.
 *
 * Method: each test is a child process, whose output comes by a pipe. The
 * parent sends a signal when it has read the line that says it is time: nothing
 * waits for a while.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "troupe/troupe.h"

TROUPE_MESSAGE(again, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(leave, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(hang, TROUPE_NO_FIELDS)

static FILE *output; /* of the child */

static void
on_again(struct troupe_self *self, void *state, const struct again *message)
{
    (void)state, (void)message;
    (void)troupe_tell(self, troupe_self_pid(self), again);
}

static void
on_leave(struct troupe_self *self, void *state, const struct leave *message)
{
    (void)state, (void)message;
    troupe_runtime_quit(self);
}

static void
on_hang(struct troupe_self *self, void *state, const struct hang *message)
{
    (void)self, (void)state, (void)message;
    for (;;) {
        pause();
    }
}

TROUPE_BEHAVIOUR(servant, 0, TROUPE_ON(again, on_again),
    TROUPE_ON(leave, on_leave), TROUPE_ON(hang, on_hang));

/* ---- the child ----------------------------------------------------------- */

typedef void told(struct troupe_self *self, troupe_pid servant);

static void
tell_nothing(struct troupe_self *self, troupe_pid servant)
{
    (void)self, (void)servant;
}

static void
tell_again(struct troupe_self *self, troupe_pid servant)
{
    TROUPE_CHECK(troupe_tell(self, servant, again));
}

static void
tell_leave(struct troupe_self *self, troupe_pid servant)
{
    TROUPE_CHECK(troupe_tell(self, servant, leave));
}

static void
tell_hang(struct troupe_self *self, troupe_pid servant)
{
    TROUPE_CHECK(troupe_tell(self, servant, hang));
}

static int
serve(told *tell)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    sigset_t after;
    troupe_pid pid;

    troupe_signals_block();
    TROUPE_CHECK(
        troupe_runtime_create(&TROUPE_OPTIONS(.workers_count = 2), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, servant, &pid));
    TROUPE_CHECK(troupe_register(self, "james", pid));
    tell(self, pid);
    fprintf(output, "ready\n");
    fflush(output);
    TROUPE_CHECK(troupe_run_until_signal(runtime,
        &TROUPE_SIGNAL_OPTIONS(.drain_ns = TROUPE_SECONDS(3600),
            .stream = output),
        &report));
    troupe_runtime_destroy(&runtime);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    fprintf(output, "ended, drained %d, blocked %d\n", report.is_drained,
        sigismember(&after, SIGTERM));
    return 7;
}

struct child {
    pid_t pid;
    FILE *lines;
    char line[256];
};

static struct child
begin(told *tell)
{
    struct child child = {.pid = -1};
    int ends[2];
    int code;

    assert_int_equal(pipe(ends), 0);
    child.pid = fork();
    assert_true(child.pid >= 0);
    if (child.pid == 0) {
        close(ends[0]);
        output = fdopen(ends[1], "w");
        code = serve(tell);
        fclose(output);
        _exit(code);
    }
    close(ends[1]);
    child.lines = fdopen(ends[0], "r");
    return child;
}

/* Reads on to a line with this in it. */
static void
await_line(struct child *child, const char *part)
{
    do {
        if (fgets(child->line, sizeof(child->line), child->lines) == NULL) {
            fail_msg("the child has ended without a line \"%s\"", part);
        }
    } while (strstr(child->line, part) == NULL);
}

/* How the child has ended. */
static int
reap(struct child *child)
{
    int status = 0;

    while (fgets(child->line, sizeof(child->line), child->lines) != NULL) {
    }
    fclose(child->lines);
    assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
    return status;
}

static void
check_ended_well(struct child *child)
{
    int status = reap(child);

    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
}

/* ---- the tests ----------------------------------------------------------- */

static void
a_signal_stops_the_runtime_and_the_report_is_printed(void **state)
{
    static const int signals[] = {SIGTERM, SIGINT};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct child child = begin(tell_nothing);

        await_line(&child, "ready");
        kill(child.pid, signals[i]);
        await_line(&child, i == 0 ? "SIGTERM: stopping" : "SIGINT: stopping");
        await_line(&child, "drained before the deadline");
        assert_non_null(strstr(child.line, "yes"));
        await_line(&child, "ended, drained 1, blocked 1");
        check_ended_well(&child);
    }
}

static void
a_second_signal_ends_the_drain(void **state)
{
    struct child child = begin(tell_again);

    (void)state;
    await_line(&child, "ready");
    kill(child.pid, SIGTERM);
    await_line(&child, "SIGTERM: stopping");
    kill(child.pid, SIGTERM);
    await_line(&child, "SIGTERM: stopping at once");
    await_line(&child, "ended, drained 0");
    check_ended_well(&child);
}

static void
a_third_signal_ends_the_process(void **state)
{
    struct child child = begin(tell_hang);
    int status;

    (void)state;
    await_line(&child, "ready");
    kill(child.pid, SIGTERM);
    await_line(&child, "SIGTERM: stopping");
    kill(child.pid, SIGTERM);
    await_line(&child, "SIGTERM: stopping at once");
    kill(child.pid, SIGTERM);
    status = reap(&child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGTERM);
}

static void
a_request_for_a_dump_is_answered_and_the_program_goes_on(void **state)
{
    struct child child = begin(tell_nothing);

    (void)state;
    await_line(&child, "ready");
    for (int i = 0; i < 2; i++) {
        kill(child.pid, SIGUSR1);
        await_line(&child, "\"james\"");
    }
    kill(child.pid, SIGTERM);
    await_line(&child, "ended, drained 1");
    check_ended_well(&child);
}

static void
an_actor_that_quits_ends_it_too(void **state)
{
    struct child child = begin(tell_leave);

    (void)state;
    await_line(&child, "ready");
    await_line(&child, "messages handled");
    await_line(&child, "ended, drained 1");
    check_ended_well(&child);
}

static void
a_simulation_runs_until_it_is_quiet(void **state)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    struct troupe_runtime *runtime;
    FILE *file = tmpfile();
    troupe_pid pid;

    (void)state;
    assert_non_null(file);
    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .seed = 1), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    TROUPE_CHECK(troupe_spawn(troupe_thread_self(runtime), servant, &pid));
    TROUPE_CHECK(troupe_tell(troupe_thread_self(runtime), pid, leave));
    assert_int_equal(troupe_run_until_signal(runtime,
                         &TROUPE_SIGNAL_OPTIONS(.stream = file), &report),
        TROUPE_OK);
    assert_int_equal(report.messages_handled_count, 1);
    assert_true(ftell(file) > 0);
    assert_int_equal(
        troupe_run_until_signal(runtime, NULL, NULL), TROUPE_E_NOT_RUNNING);
    assert_int_equal(troupe_run_until_signal(runtime,
                         &(struct troupe_signal_options){.size = 1}, NULL),
        TROUPE_E_ABI_MISMATCH);
    troupe_runtime_destroy(&runtime);
    fclose(file);
}

static void
a_runtime_that_is_not_running_is_refused(void **state)
{
    struct troupe_runtime *runtime;

    (void)state;
    TROUPE_CHECK(troupe_runtime_create(NULL, &runtime));
    assert_int_equal(
        troupe_run_until_signal(runtime, NULL, NULL), TROUPE_E_NOT_RUNNING);
    assert_non_null(strstr(troupe_err_detail(), "not running"));
    troupe_runtime_destroy(&runtime);
}

int
main(void)
{
    /* No threads before the children are made. */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_stops_the_runtime_and_the_report_is_printed),
        cmocka_unit_test(a_second_signal_ends_the_drain),
        cmocka_unit_test(a_third_signal_ends_the_process),
        cmocka_unit_test(
            a_request_for_a_dump_is_answered_and_the_program_goes_on),
        cmocka_unit_test(an_actor_that_quits_ends_it_too),
        cmocka_unit_test(a_simulation_runs_until_it_is_quiet),
        cmocka_unit_test(a_runtime_that_is_not_running_is_refused),
    };

    unsetenv("TROUPE_SIM");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
