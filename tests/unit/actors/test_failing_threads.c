/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a runtime for which the system has no thread, no thread-specific key,
 * no room for its value or no file descriptor says so, leaves nothing behind,
 * and may be started again; without alternate signal stacks it runs all the
 * same.
 *
 * Method: the linker's --wrap puts this file's functions in the place of the
 * system's for all that troupe calls; each refuses the n-th call from when it
 * is told to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include "base/memory.h"
#include "tests/support/check.h"
#include "troupe/troupe.h"

enum { WORKERS_COUNT = 3, ACTORS_COUNT = 20, TELLS_COUNT = 20 };

/* ---- what the system refuses ----------------------------------------------
 */

/* So many calls from now; 0: none. Atomic: the last two are workers' as well.
 */
static atomic_int refused_thread, refused_key, refused_value, refused_stack;
static atomic_int refused_file;
static atomic_int refusals_count;
static atomic_int threads_count;

/* These are the linker's names. */
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
    void *(*run)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
    void *(*run)(void *), void *arg);
int __real_pthread_join(pthread_t thread, void **result);
int __wrap_pthread_join(pthread_t thread, void **result);
int __real_pthread_key_create(pthread_key_t *key, void (*destroy)(void *));
int __wrap_pthread_key_create(pthread_key_t *key, void (*destroy)(void *));
int __real_pthread_setspecific(pthread_key_t key, const void *value);
int __wrap_pthread_setspecific(pthread_key_t key, const void *value);
int __real_sigaltstack(const stack_t *stack, stack_t *before);
int __wrap_sigaltstack(const stack_t *stack, stack_t *before);
int __real_signalfd(int fd, const sigset_t *signals, int flags);
int __wrap_signalfd(int fd, const sigset_t *signals, int flags);
int __real_eventfd(unsigned count, int flags);
int __wrap_eventfd(unsigned count, int flags);

static bool
is_refused(atomic_int *plan)
{
    bool is_now = atomic_load(plan) != 0 && atomic_fetch_sub(plan, 1) == 1;

    atomic_fetch_add(&refusals_count, is_now);
    return is_now;
}

int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
    void *(*run)(void *), void *arg)
{
    int refused = is_refused(&refused_thread)
                      ? EAGAIN
                      : __real_pthread_create(thread, attributes, run, arg);

    atomic_fetch_add(&threads_count, refused == 0);
    return refused;
}

int
__wrap_pthread_join(pthread_t thread, void **result)
{
    atomic_fetch_sub(&threads_count, 1);
    return __real_pthread_join(thread, result);
}

int
__wrap_pthread_key_create(pthread_key_t *key, void (*destroy)(void *))
{
    return is_refused(&refused_key) ? EAGAIN
                                    : __real_pthread_key_create(key, destroy);
}

int
__wrap_pthread_setspecific(pthread_key_t key, const void *value)
{
    return is_refused(&refused_value) ? ENOMEM
                                      : __real_pthread_setspecific(key, value);
}

int
__wrap_sigaltstack(const stack_t *stack, stack_t *before)
{
    if (is_refused(&refused_stack)) {
        errno = ENOMEM;
        return -1;
    }
    return __real_sigaltstack(stack, before);
}

int
__wrap_signalfd(int fd, const sigset_t *signals, int flags)
{
    if (is_refused(&refused_file)) {
        errno = EMFILE;
        return -1;
    }
    return __real_signalfd(fd, signals, flags);
}

int
__wrap_eventfd(unsigned count, int flags)
{
    if (is_refused(&refused_file)) {
        errno = EMFILE;
        return -1;
    }
    return __real_eventfd(count, flags);
}

/* ---- a program ------------------------------------------------------------
 */

#define NUMBER(FIELD) FIELD(int64, value)
TROUPE_MESSAGE(add, NUMBER)

static atomic_int handled_count;

static void
on_add(struct troupe_self *self, void *state, const struct add *add)
{
    int64_t *next = state;

    (void)self;
    CHECK(add->value == *next);
    ++*next;
    atomic_fetch_add(&handled_count, 1);
}

TROUPE_BEHAVIOUR(counter, sizeof(int64_t), TROUPE_ON(add, on_add));

static struct troupe_runtime *runtime;
static uint64_t blocks_before, mappings_before;

static void
create_with(uint64_t watchdog_ns)
{
    troupe_err err;

    atomic_store(&handled_count, 0);
    blocks_before = tp_memory_blocks_count();
    mappings_before = tp_memory_mappings_count();
    err = troupe_runtime_create(&TROUPE_OPTIONS(.workers_count = WORKERS_COUNT,
                                    .watchdog_ns = watchdog_ns),
        &runtime);
    assert_int_equal(err, TROUPE_OK);
}

static void
create(void)
{
    create_with(0);
}

static void
check_nothing_is_left(void)
{
    assert_null(runtime);
    assert_int_equal(threads_count, 0);
    assert_int_equal(tp_memory_blocks_count(), blocks_before);
    assert_int_equal(tp_memory_mappings_count(), mappings_before);
}

static void
tell_many(void)
{
    struct troupe_self *self = troupe_thread_self(runtime);

    assert_non_null(self);
    for (int i = 0; i < ACTORS_COUNT; i++) {
        troupe_pid pid;

        assert_int_equal(troupe_spawn(self, counter, &pid), TROUPE_OK);
        for (int value = 0; value < TELLS_COUNT; value++) {
            assert_int_equal(
                troupe_tell(self, pid, add, .value = value), TROUPE_OK);
        }
    }
}

static void
stop_with(int more_count)
{
    struct troupe_stop_report report = TROUPE_STOP_REPORT;

    assert_int_equal(
        troupe_runtime_stop(runtime, TROUPE_SECONDS(60), &report), TROUPE_OK);
    assert_true(report.is_drained);
    assert_int_equal(handled_count, ACTORS_COUNT * TELLS_COUNT + more_count);
    troupe_runtime_destroy(&runtime);
    check_nothing_is_left();
}

static void
stop(void)
{
    stop_with(0);
}

/* The worker's number is from 1, as a person counts. */
static void
fail_to_start_after(int others_count, int worker)
{
    char number[32];

    atomic_store(&refused_thread, others_count + worker);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_E_SYSTEM);
    assert_int_equal(refused_thread, 0);
    snprintf(number, sizeof(number), "worker %d of %d", worker, WORKERS_COUNT);
    assert_non_null(strstr(troupe_err_detail(), number));
    assert_non_null(strstr(troupe_err_detail(), strerror(EAGAIN)));
}

static void
fail_to_start(int worker)
{
    fail_to_start_after(0, worker);
}

/* ---- the tests ------------------------------------------------------------
 */

/* What has been told before may be handled by those that have started. */
static void
a_runtime_without_a_thread_may_be_started_again(void **state)
{
    (void)state;
    create();
    tell_many();
    for (int worker = 1; worker <= WORKERS_COUNT; worker++) {
        fail_to_start(worker);
    }
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    stop();
}

static void
a_runtime_without_a_thread_may_be_destroyed(void **state)
{
    (void)state;
    for (int worker = 1; worker <= WORKERS_COUNT; worker++) {
        create();
        tell_many();
        fail_to_start(worker);
        assert_int_equal(
            troupe_runtime_stop(runtime, 0, NULL), TROUPE_E_NOT_RUNNING);
        troupe_runtime_destroy(&runtime);
        check_nothing_is_left();
    }
}

static void
a_runtime_without_a_thread_takes_what_is_told_until_it_has_one(void **state)
{
    (void)state;
    create();
    fail_to_start(WORKERS_COUNT);
    tell_many();
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    stop();
}

static troupe_err
spawn_alone(void)
{
    troupe_pid pid;
    troupe_err err = troupe_spawn_with(troupe_thread_self(runtime), counter,
        &TROUPE_SPAWN_OPTIONS(.own_thread = true), &pid);

    return err == TROUPE_OK
               ? troupe_tell(troupe_thread_self(runtime), pid, add, .value = 0)
               : err;
}

/* While the runtime runs the spawn is refused; before that, the start. */
static void
an_actor_without_a_thread_of_its_own_is_not_spawned(void **state)
{
    (void)state;
    create();
    tell_many();
    assert_int_equal(spawn_alone(), TROUPE_OK);
    atomic_store(&refused_thread, WORKERS_COUNT + 1);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_E_SYSTEM);
    assert_non_null(strstr(troupe_err_detail(), "beside the workers"));
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    atomic_store(&refused_thread, 1);
    assert_int_equal(spawn_alone(), TROUPE_E_SYSTEM);
    assert_non_null(strstr(troupe_err_detail(), strerror(EAGAIN)));
    assert_int_equal(spawn_alone(), TROUPE_OK);
    stop_with(2);
}

/* Its thread is the first. */
static void
a_runtime_without_a_watchdog_may_be_started_again(void **state)
{
    (void)state;
    create_with(TROUPE_SECONDS(3600));
    tell_many();
    atomic_store(&refused_thread, 1);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_E_SYSTEM);
    assert_non_null(strstr(troupe_err_detail(), "no thread for the watchdog"));
    fail_to_start_after(1, 1);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    stop();
}

/* The runtime runs on, and the thread's signals are as they were. */
static void
fail_to_await_signals(atomic_int *refused, int call, const char *part)
{
    sigset_t blocked;

    atomic_store(refused, call);
    assert_int_equal(
        troupe_run_until_signal(runtime, NULL, NULL), TROUPE_E_SYSTEM);
    assert_int_equal(*refused, 0);
    assert_non_null(strstr(troupe_err_detail(), part));
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &blocked), 0);
    assert_false(sigismember(&blocked, SIGTERM));
}

static void
who_cannot_await_signals_is_told_and_the_runtime_runs_on(void **state)
{
    (void)state;
    create();
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    fail_to_await_signals(&refused_thread, 1, "no thread to stop");
    fail_to_await_signals(&refused_file, 1, strerror(EMFILE));
    fail_to_await_signals(&refused_file, 2, strerror(EMFILE));
    tell_many();
    stop();
}

static void
without_a_key_there_is_no_runtime(void **state)
{
    (void)state;
    create();
    troupe_runtime_destroy(&runtime);
    atomic_store(&refused_key, 1);
    assert_int_equal(troupe_runtime_create(NULL, &runtime), TROUPE_E_SYSTEM);
    assert_non_null(strstr(troupe_err_detail(), "key"));
    check_nothing_is_left();
}

static void
without_room_for_its_value_a_thread_is_no_sender(void **state)
{
    (void)state;
    create();
    atomic_store(&refused_value, 1);
    assert_null(troupe_thread_self(runtime));
    assert_non_null(strstr(troupe_err_detail(), "no memory"));
    assert_non_null(troupe_thread_self(runtime));
    tell_many();
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    stop();
}

/* It asks which stack is on, and puts its own on; and takes it off. */
static void
without_signal_stacks_actors_run(void **state)
{
    (void)state;
    for (int call = 1; call <= 4 * WORKERS_COUNT; call++) {
        atomic_store(&refused_stack, call);
        create();
        tell_many();
        assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
        stop();
        atomic_store(&refused_stack, 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_runtime_without_a_thread_may_be_started_again),
        cmocka_unit_test(a_runtime_without_a_thread_may_be_destroyed),
        cmocka_unit_test(
            a_runtime_without_a_thread_takes_what_is_told_until_it_has_one),
        cmocka_unit_test(an_actor_without_a_thread_of_its_own_is_not_spawned),
        cmocka_unit_test(a_runtime_without_a_watchdog_may_be_started_again),
        cmocka_unit_test(
            who_cannot_await_signals_is_told_and_the_runtime_runs_on),
        cmocka_unit_test(without_a_key_there_is_no_runtime),
        cmocka_unit_test(without_room_for_its_value_a_thread_is_no_sender),
        cmocka_unit_test(without_signal_stacks_actors_run),
    };
    struct troupe_runtime *first = NULL;
    struct troupe_self *self;
    troupe_pid pid;
    int failed_count;

    /* What stays for ever is there from here on. */
    TROUPE_CHECK(troupe_runtime_create(NULL, &first));
    self = troupe_thread_self(first);
    TROUPE_CHECK(troupe_spawn(self, counter, &pid));
    TROUPE_CHECK(troupe_tell(self, pid, add, .value = 0));
    troupe_runtime_destroy(&first);
    failed_count =
        cmocka_run_group_tests_name("failing_threads", tests, NULL, NULL);
    print_message("%d refusals\n", refusals_count);
    return failed_count;
}
