/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a handler that does not return is named in the log, with its message
 * and its stack, once; others are not.
 *
 * Method: an actor computes on until the hook of the log has got the line that
 * the watchdog writes. So no test depends on how long anything takes: one in
 * which the watchdog is silent does not end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/check.h"
#include "troupe/troupe.h"

TROUPE_MESSAGE(compute, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(step, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(await_last, TROUPE_NO_FIELDS)

enum { STEPS_COUNT = 20000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int overruns_count; /* by the mutex, as all here */
static int frames_count;
static int last_overruns_count; /* of who is called "last" */
static char overrun[512];

static void
note_line(void *context, enum troupe_log_level level, const char *line)
{
    (void)context, (void)level;
    pthread_mutex_lock(&mutex);
    if (strstr(line, " has not returned from its handler") != NULL) {
        overruns_count++;
        last_overruns_count += strstr(line, "\"last\"") != NULL;
        snprintf(overrun, sizeof(overrun), "%s", line);
    }
    frames_count += strstr(line, "    at ") == line;
    pthread_mutex_unlock(&mutex);
}

static int
count(const int *what)
{
    int value;

    pthread_mutex_lock(&mutex);
    value = *what;
    pthread_mutex_unlock(&mutex);
    return value;
}

static void
on_compute(struct troupe_self *self, void *state, const struct compute *message)
{
    int before = count(&overruns_count);

    (void)state, (void)message;
    while (count(&overruns_count) == before || count(&frames_count) == 0) {
        sched_yield(); /* a mutex is not fair */
    }
    troupe_runtime_quit(self);
}

/* Goes on after it has been told of. */
static void
on_await_last(
    struct troupe_self *self, void *state, const struct await_last *message)
{
    (void)self, (void)state, (void)message;
    while (count(&last_overruns_count) == 0) {
        sched_yield();
    }
}

/* A long turn, or many, of short handlers. */
static void
on_step(struct troupe_self *self, void *state, const struct step *message)
{
    uint64_t *steps_count = state;

    (void)message;
    if (++*steps_count == STEPS_COUNT) {
        troupe_runtime_quit(self);
    } else {
        CHECK(troupe_tell(self, troupe_self_pid(self), step) == TROUPE_OK);
    }
}

TROUPE_BEHAVIOUR(computer, sizeof(uint64_t), TROUPE_ON(compute, on_compute),
    TROUPE_ON(step, on_step), TROUPE_ON(await_last, on_await_last));

static struct troupe_runtime *
create(uint64_t watchdog_ns, troupe_pid *pid)
{
    struct troupe_runtime *runtime;

    overruns_count = 0;
    frames_count = 0;
    last_overruns_count = 0;
    TROUPE_CHECK(
        troupe_runtime_create(&TROUPE_OPTIONS(.workers_count = 2,
                                  .log = note_line, .watchdog_ns = watchdog_ns),
            &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    TROUPE_CHECK(troupe_spawn(troupe_thread_self(runtime), computer, pid));
    return runtime;
}

static void
finish(struct troupe_runtime *runtime)
{
    troupe_runtime_wait(runtime);
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(10), NULL));
    troupe_runtime_destroy(&runtime);
}

static void
a_handler_that_overruns_is_named_with_its_message_and_stack(void **state)
{
    troupe_pid pid;
    struct troupe_runtime *runtime = create(TROUPE_MS(10), &pid);
    struct troupe_self *self = troupe_thread_self(runtime);

    (void)state;
    TROUPE_CHECK(troupe_register(self, "abacus", pid));
    TROUPE_CHECK(troupe_tell(self, pid, compute));
    finish(runtime);
    assert_int_equal(overruns_count, 1);
    assert_true(frames_count > 0);
    assert_non_null(strstr(overrun, " (computer \"abacus\") has not returned"));
    assert_non_null(strstr(overrun, ": compute; "));
}

static void
each_overrun_is_told_of_once(void **state)
{
    troupe_pid pid;
    struct troupe_runtime *runtime = create(TROUPE_MS(5), &pid);
    struct troupe_self *self = troupe_thread_self(runtime);

    (void)state;
    for (int i = 0; i < 5; i++) {
        TROUPE_CHECK(troupe_tell(self, pid, compute));
    }
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(100), NULL));
    troupe_runtime_destroy(&runtime);
    assert_int_equal(overruns_count, 5);
}

/* The watchdog looks at the first all the while until it tells of the last. */
static void
an_overrun_that_goes_on_is_not_told_of_again(void **state)
{
    troupe_pid pid;
    troupe_pid last;
    struct troupe_runtime *runtime = create(TROUPE_MS(5), &pid);
    struct troupe_self *self = troupe_thread_self(runtime);

    (void)state;
    TROUPE_CHECK(troupe_spawn(self, computer, &last));
    TROUPE_CHECK(troupe_register(self, "last", last));
    TROUPE_CHECK(troupe_tell(self, pid, await_last));
    while (count(&overruns_count) == 0) {
        sched_yield();
    }
    TROUPE_CHECK(troupe_tell(self, last, await_last));
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(100), NULL));
    troupe_runtime_destroy(&runtime);
    assert_int_equal(overruns_count, 2);
}

/* The limit is one that no handler here reaches, but looks come all the time:
 * what interrupts a busy actor does it no harm. */
static void
short_handlers_of_a_busy_actor_are_not(void **state)
{
    troupe_pid pid;
    struct troupe_runtime *runtime = create(TROUPE_SECONDS(20), &pid);

    (void)state;
    TROUPE_CHECK(troupe_tell(troupe_thread_self(runtime), pid, step));
    finish(runtime);
    assert_int_equal(overruns_count, 0);
}

/* volatile: a compiler may think that raise() calls nothing of this file. */
static volatile sig_atomic_t strangers_count;

static void
on_stranger(int signal)
{
    strangers_count += signal == SIGURG;
}

static void
the_programs_own_handler_of_the_signal_goes_on(void **state)
{
    (void)state;
    strangers_count = 0;
    raise(SIGURG);
    assert_int_equal(strangers_count, 1);
}

static void
a_simulation_has_none(void **state)
{
    struct troupe_runtime *runtime;

    (void)state;
    TROUPE_CHECK(troupe_runtime_create(
        &TROUPE_OPTIONS(.simulate = true, .watchdog_ns = 1), &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    TROUPE_CHECK(troupe_runtime_stop(runtime, 0, NULL));
    troupe_runtime_destroy(&runtime);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_handler_that_overruns_is_named_with_its_message_and_stack),
        cmocka_unit_test(each_overrun_is_told_of_once),
        cmocka_unit_test(an_overrun_that_goes_on_is_not_told_of_again),
        cmocka_unit_test(short_handlers_of_a_busy_actor_are_not),
        cmocka_unit_test(the_programs_own_handler_of_the_signal_goes_on),
        cmocka_unit_test(a_simulation_has_none),
    };

    unsetenv("TROUPE_SIM");
    signal(SIGURG, on_stranger);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
