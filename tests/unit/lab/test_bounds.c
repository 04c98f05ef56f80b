/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/bounds.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

enum { LIMIT_S = 60 };

static void
exit_with(void *context)
{
    exit(*(const int *)context);
}

static void
end_by_signal(void *context)
{
    (void)context;
    signal(SIGUSR1, SIG_DFL);
    raise(SIGUSR1);
}

static void
never_end(void *context)
{
    (void)context;
    for (;;) {
        pause();
    }
}

/* Leaves another behind, which has the pipe. */
static void
leave_another(void *context)
{
    if (fork() == 0) {
        never_end(context);
    }
}

static void
look_at_limits(void *context)
{
    struct rlimit core;
    struct rlimit file;

    (void)context;
    getrlimit(RLIMIT_CORE, &core);
    getrlimit(RLIMIT_FSIZE, &file);
    exit(core.rlim_cur == 0 && file.rlim_cur <= BOUNDS_FILE_BYTES ? 0 : 1);
}

static void
what_exit_was_given_is_told(void **state)
{
    int given = 7;
    int status = 0;

    (void)state;
    assert_int_equal(
        bounds_run(exit_with, &given, LIMIT_S, &status), BOUNDS_RETURNED);
    assert_int_equal(status, 7);
}

static void
a_signal_is_told(void **state)
{
    int status = 0;

    (void)state;
    assert_int_equal(
        bounds_run(end_by_signal, NULL, LIMIT_S, &status), BOUNDS_KILLED);
    assert_int_equal(status, SIGUSR1);
}

static void
who_does_not_end_is_ended(void **state)
{
    int status = 0;

    (void)state;
    assert_int_equal(bounds_run(never_end, NULL, 1, &status), BOUNDS_LATE);
}

static void
who_is_left_behind_is_ended(void **state)
{
    int ends[2];
    int status = 0;
    char byte;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(
        bounds_run(leave_another, NULL, LIMIT_S, &status), BOUNDS_RETURNED);
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 0); /* nobody has the other end */
    close(ends[0]);
}

static void
there_are_limits(void **state)
{
    int status = 1;

    (void)state;
    assert_int_equal(
        bounds_run(look_at_limits, NULL, LIMIT_S, &status), BOUNDS_RETURNED);
    assert_int_equal(status, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_exit_was_given_is_told),
        cmocka_unit_test(a_signal_is_told),
        cmocka_unit_test(who_does_not_end_is_ended),
        cmocka_unit_test(who_is_left_behind_is_ended),
        cmocka_unit_test(there_are_limits),
    };

    return cmocka_run_group_tests_name("bounds", tests, NULL, NULL);
}
