/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of runtimes: many, forked, stopped, refused, simulated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/check.h"
#include "troupe/troupe.h"

#define NUMBER(FIELD) FIELD(int64, value)
#define PEER(FIELD) FIELD(pid, to) FIELD(int64, value)
TROUPE_MESSAGE(add, NUMBER)
TROUPE_MESSAGE(get, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(sum, NUMBER)
TROUPE_MESSAGE(hold, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(pass, PEER)
TROUPE_MESSAGE(quit, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(stop_all, TROUPE_NO_FIELDS)

static const uint64_t long_ns = TROUPE_SECONDS(60);

struct counter {
    int64_t sum;
};

static void
on_add(struct troupe_self *self, void *state, const struct add *add)
{
    struct counter *counter = state;

    (void)self;
    counter->sum += add->value;
}

static void
on_get(struct troupe_self *self, void *state, const struct get *get)
{
    struct counter *counter = state;

    (void)get;
    CHECK(troupe_reply(self, sum, .value = counter->sum) == TROUPE_OK);
}

static void
on_never(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    (void)self, (void)state, (void)context;
    CHECK(troupe_answer_err(answer) == TROUPE_E_NO_REPLY);
}

static void
on_hold(struct troupe_self *self, void *state, const struct hold *hold)
{
    (void)state, (void)hold;
    CHECK(troupe_ask_then(self, troupe_self_pid(self), long_ns, on_never, 0,
              add, .value = 1) == TROUPE_OK);
}

static void
on_pass(struct troupe_self *self, void *state, const struct pass *pass)
{
    struct counter *counter = state;

    counter->sum++;
    if (pass->value > 0) {
        (void)troupe_tell(self, pass->to, pass, .to = troupe_self_pid(self),
            .value = pass->value - 1);
    }
}

static void
on_quit(struct troupe_self *self, void *state, const struct quit *quit)
{
    (void)state, (void)quit;
    troupe_runtime_quit(self);
}

static struct troupe_runtime *stoppable;

static void
on_stop_all(
    struct troupe_self *self, void *state, const struct stop_all *stop_all)
{
    struct sum sum;

    (void)state, (void)stop_all;
    CHECK(troupe_runtime_stop(stoppable, 0, NULL) == TROUPE_E_WRONG_THREAD);
    CHECK(troupe_ask(self, troupe_self_pid(self), 1, sum, &sum, get) ==
          TROUPE_E_WRONG_THREAD);
}

TROUPE_BEHAVIOUR(counter, sizeof(struct counter), TROUPE_ON(add, on_add),
    TROUPE_ON(get, on_get), TROUPE_ON(hold, on_hold), TROUPE_ON(pass, on_pass),
    TROUPE_ON(quit, on_quit), TROUPE_ON(stop_all, on_stop_all));

static struct troupe_runtime *
start(const struct troupe_options *options)
{
    struct troupe_runtime *runtime = NULL;

    assert_int_equal(troupe_runtime_create(options, &runtime), TROUPE_OK);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    return runtime;
}

static troupe_pid
spawn(struct troupe_runtime *runtime)
{
    troupe_pid pid = TROUPE_NO_PID;

    assert_int_equal(
        troupe_spawn(troupe_thread_self(runtime), counter, &pid), TROUPE_OK);
    return pid;
}

static int64_t
sum_of(struct troupe_runtime *runtime, troupe_pid pid)
{
    struct sum sum = {-1};

    assert_int_equal(
        troupe_ask(troupe_thread_self(runtime), pid, long_ns, sum, &sum, get),
        TROUPE_OK);
    return sum.value;
}

/* ---- starting ------------------------------------------------------------ */

static void
a_runtime_starts_once(void **state)
{
    struct troupe_runtime *runtime = start(NULL);

    (void)state;
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_E_ALREADY_STARTED);
    assert_true(troupe_runtime_workers_count(runtime) >= 1);
    assert_int_equal(troupe_runtime_stop(runtime, 0, NULL), TROUPE_OK);
    assert_int_equal(
        troupe_runtime_stop(runtime, 0, NULL), TROUPE_E_NOT_RUNNING);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_E_ALREADY_STARTED);
    troupe_runtime_destroy(&runtime);
    troupe_runtime_destroy(&runtime);
}

static void
actors_may_be_spawned_and_told_before_the_start(void **state)
{
    struct troupe_runtime *runtime = NULL;
    struct troupe_self *self;
    troupe_pid pid = TROUPE_NO_PID;

    (void)state;
    assert_int_equal(troupe_runtime_create(NULL, &runtime), TROUPE_OK);
    self = troupe_thread_self(runtime);
    assert_int_equal(troupe_spawn(self, counter, &pid), TROUPE_OK);
    assert_int_equal(troupe_tell(self, pid, add, .value = 3), TROUPE_OK);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    assert_int_equal(sum_of(runtime, pid), 3);
    troupe_runtime_destroy(&runtime);
}

/* Virtual time stands still unless the scheduler runs, as it does for a thread
 * that is paused. */
static void
a_thread_is_paused_by_what_it_congests_once_the_runtime_runs(void **state)
{
    enum { TELLS_COUNT = 2000 };
    struct troupe_runtime *runtime = NULL;
    struct troupe_self *self;
    uint64_t before_ns;
    troupe_pid pid = TROUPE_NO_PID;

    (void)state;
    assert_int_equal(
        troupe_runtime_create(&TROUPE_OPTIONS(.simulate = true), &runtime),
        TROUPE_OK);
    self = troupe_thread_self(runtime);
    assert_int_equal(troupe_spawn(self, counter, &pid), TROUPE_OK);
    before_ns = troupe_now_ns(self);
    for (int i = 0; i < TELLS_COUNT; i++) {
        assert_int_equal(troupe_tell(self, pid, add, .value = 1), TROUPE_OK);
    }
    assert_int_equal(troupe_now_ns(self), before_ns);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    /* The answer stays with the thread, and must not stand for a resume. */
    assert_int_equal(sum_of(runtime, pid), TELLS_COUNT);
    before_ns = troupe_now_ns(self);
    for (int i = 0; i < TELLS_COUNT; i++) {
        assert_int_equal(troupe_tell(self, pid, add, .value = 1), TROUPE_OK);
    }
    assert_true(troupe_now_ns(self) > before_ns);
    assert_int_equal(sum_of(runtime, pid), 2 * TELLS_COUNT);
    troupe_runtime_destroy(&runtime);
}

static void
a_runtime_that_never_started_is_destroyed_with_all_it_holds(void **state)
{
    struct troupe_runtime *runtime = NULL;
    struct troupe_self *self;
    troupe_pid pid = TROUPE_NO_PID;

    (void)state;
    assert_int_equal(troupe_runtime_create(NULL, &runtime), TROUPE_OK);
    self = troupe_thread_self(runtime);
    assert_int_equal(troupe_spawn(self, counter, &pid), TROUPE_OK);
    assert_int_equal(troupe_tell(self, pid, add, .value = 3), TROUPE_OK);
    troupe_runtime_destroy(&runtime);
    assert_null(runtime);
}

static void
wrong_options_are_refused_with_a_sentence(void **state)
{
    struct troupe_runtime *runtime = NULL;
    struct troupe_options options = TROUPE_OPTIONS(.workers_count = 5000);

    (void)state;
    assert_int_equal(
        troupe_runtime_create(&options, &runtime), TROUPE_E_INVALID_ARGUMENT);
    assert_non_null(strstr(troupe_err_detail(), "5000"));
    options = TROUPE_OPTIONS(.workers_count = 1);
    options.size = 4096;
    assert_int_equal(
        troupe_runtime_create(&options, &runtime), TROUPE_E_ABI_MISMATCH);
    assert_int_equal(troupe_runtime_create_abi(TROUPE_ABI + 1, NULL, &runtime),
        TROUPE_E_ABI_MISMATCH);
    assert_null(runtime);
}

static void
sixteen_runtimes_live_in_one_process(void **state)
{
    struct troupe_runtime *runtimes[17] = {NULL};

    (void)state;
    for (int i = 0; i < 16; i++) {
        assert_int_equal(troupe_runtime_create(
                             &TROUPE_OPTIONS(.workers_count = 1), &runtimes[i]),
            TROUPE_OK);
    }
    assert_int_equal(
        troupe_runtime_create(NULL, &runtimes[16]), TROUPE_E_TOO_MANY_RUNTIMES);
    for (int i = 0; i < 17; i++) {
        troupe_runtime_destroy(&runtimes[i]);
    }
}

static void
two_runtimes_know_nothing_of_each_other(void **state)
{
    struct troupe_runtime *one = start(&TROUPE_OPTIONS(.workers_count = 1));
    struct troupe_runtime *two = start(&TROUPE_OPTIONS(.workers_count = 1));
    troupe_pid pid_of_one = spawn(one);
    troupe_pid pid_of_two = spawn(two);

    (void)state;
    (void)troupe_tell(troupe_thread_self(one), pid_of_one, add, .value = 1);
    (void)troupe_tell(troupe_thread_self(two), pid_of_two, add, .value = 2);
    assert_int_equal(
        troupe_tell(troupe_thread_self(two), pid_of_one, add, .value = 9),
        TROUPE_E_NO_SUCH_ACTOR);
    assert_int_equal(sum_of(one, pid_of_one), 1);
    troupe_runtime_destroy(&one);
    assert_int_equal(sum_of(two, pid_of_two), 2);
    troupe_runtime_destroy(&two);
}

/* ---- stopping ------------------------------------------------------------ */

static void
a_stop_drains_and_counts(void **state)
{
    struct troupe_runtime *runtime = start(NULL);
    struct troupe_self *self = troupe_thread_self(runtime);
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    troupe_pid pid = spawn(runtime);

    (void)state;
    (void)troupe_tell(self, pid, hold);
    for (int i = 0; i < 1000; i++) {
        (void)troupe_tell(self, pid, add, .value = 1);
    }
    assert_int_equal(troupe_runtime_stop(runtime, long_ns, &report), TROUPE_OK);
    assert_true(report.is_drained);
    assert_int_equal(report.messages_handled_count, 1002);
    assert_int_equal(report.actors_alive_count, 1);
    assert_int_equal(report.actors_waiting_count, 0);
    assert_int_equal(
        troupe_tell(self, pid, add, .value = 1), TROUPE_E_NOT_RUNNING);
    assert_null(troupe_thread_self(runtime));
    assert_int_equal(
        troupe_tell(NULL, pid, add, .value = 1), TROUPE_E_NOT_RUNNING);
    assert_int_equal(troupe_spawn(NULL, counter, &pid), TROUPE_E_NOT_RUNNING);
    troupe_runtime_destroy(&runtime);
}

static void
a_handler_may_neither_stop_the_runtime_nor_wait(void **state)
{
    struct troupe_self *self;
    troupe_pid pid;

    (void)state;
    stoppable = start(NULL);
    self = troupe_thread_self(stoppable);
    pid = spawn(stoppable);
    (void)troupe_tell(self, pid, stop_all);
    (void)troupe_tell(self, pid, quit);
    troupe_runtime_wait(stoppable);
    troupe_runtime_destroy(&stoppable);
}

/* ---- threads outside ----------------------------------------------------- */

enum { THREADS = 4, TELLS = 2000 };

struct outsider {
    struct troupe_runtime *runtime;
    troupe_pid pid;
};

static void *
tell_and_ask(void *arg)
{
    struct outsider *outsider = arg;
    struct troupe_self *self = troupe_thread_self(outsider->runtime);
    struct sum sum;

    CHECK(self != NULL);
    for (int i = 0; i < TELLS; i++) {
        CHECK(troupe_tell(self, outsider->pid, add, .value = 1) == TROUPE_OK);
        if (i % 100 == 0) {
            CHECK(troupe_ask(self, outsider->pid, long_ns, sum, &sum, get) ==
                  TROUPE_OK);
            CHECK(sum.value > i);
        }
    }
    return NULL;
}

static void
threads_outside_tell_and_ask_at_once(void **state)
{
    struct troupe_runtime *runtime = start(NULL);
    struct outsider outsider = {runtime, spawn(runtime)};
    pthread_t threads[THREADS];

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < THREADS; i++) {
            assert_int_equal(
                pthread_create(&threads[i], NULL, tell_and_ask, &outsider), 0);
        }
        for (int i = 0; i < THREADS; i++) {
            pthread_join(threads[i], NULL);
        }
    }
    assert_int_equal(sum_of(runtime, outsider.pid), 3 * THREADS * TELLS);
    troupe_runtime_destroy(&runtime);
}

static void
a_thread_takes_replies_only_and_errno_is_kept(void **state)
{
    struct troupe_runtime *runtime = start(NULL);
    struct troupe_self *self = troupe_thread_self(runtime);
    struct sum sum = {0};
    troupe_pid pid = spawn(runtime);

    (void)state;
    errno = 4711;
    assert_int_equal(troupe_tell(self, troupe_self_pid(self), add, .value = 1),
        TROUPE_E_NO_HANDLER);
    assert_int_equal(troupe_tell(self, pid, add, .value = 1), TROUPE_OK);
    assert_int_equal(troupe_ask(self, pid, long_ns, sum, &sum, get), TROUPE_OK);
    assert_int_equal(
        troupe_ask(self, pid, 0, sum, &sum, get) == TROUPE_E_TIMED_OUT ||
            sum.value == 1,
        1);
    assert_int_equal(errno, 4711);
    troupe_runtime_destroy(&runtime);
}

/* ---- fork ---------------------------------------------------------------- */

static void
the_child_of_a_fork_is_told_that_nothing_runs(void **state)
{
    struct troupe_runtime *runtime = start(NULL);
    struct troupe_self *self = troupe_thread_self(runtime);
    troupe_pid pid = spawn(runtime);
    int status = -1;
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        struct sum sum;
        bool is_right =
            troupe_tell(self, pid, add, .value = 1) == TROUPE_E_NOT_RUNNING &&
            troupe_ask(self, pid, 1, sum, &sum, get) == TROUPE_E_NOT_RUNNING &&
            troupe_spawn(self, counter, &pid) == TROUPE_E_NOT_RUNNING &&
            troupe_thread_self(runtime) == NULL &&
            troupe_runtime_stop(runtime, 0, NULL) == TROUPE_E_NOT_RUNNING &&
            troupe_runtime_start(runtime) == TROUPE_E_NOT_RUNNING;

        troupe_runtime_destroy(&runtime);
        _exit(is_right && runtime == NULL ? 0 : 1);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(sum_of(runtime, pid), 0);
    troupe_runtime_destroy(&runtime);
}

/* ---- simulation ---------------------------------------------------------- */

static uint64_t
signature_of(uint64_t seed)
{
    struct troupe_runtime *runtime =
        start(&TROUPE_OPTIONS(.simulate = true, .seed = seed));
    struct troupe_self *self = troupe_thread_self(runtime);
    troupe_pid pids[4];
    uint64_t signature;

    for (int i = 0; i < 4; i++) {
        pids[i] = spawn(runtime);
    }
    for (int i = 0; i < 4; i++) {
        (void)troupe_tell(
            self, pids[i], pass, .to = pids[(i + 1) % 4], .value = 50);
    }
    assert_int_equal(troupe_runtime_stop(runtime, long_ns, NULL), TROUPE_OK);
    signature = troupe_runtime_order_signature(runtime);
    assert_int_equal(troupe_runtime_seed(runtime), seed);
    troupe_runtime_destroy(&runtime);
    return signature;
}

static void
equal_seeds_give_equal_runs_and_others_do_not(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 20; seed++) {
        assert_int_equal(signature_of(seed), signature_of(seed));
        assert_int_not_equal(signature_of(seed), signature_of(seed + 1));
    }
}

static void
the_environment_turns_a_program_into_a_simulation(void **state)
{
    struct troupe_runtime *runtime;

    (void)state;
    setenv("TROUPE_SIM", "123", 1);
    runtime = start(NULL);
    assert_int_equal(troupe_runtime_seed(runtime), 123);
    assert_int_equal(troupe_runtime_workers_count(runtime), 1);
    troupe_runtime_destroy(&runtime);
    setenv("TROUPE_SIM", "12x", 1);
    assert_int_equal(
        troupe_runtime_create(NULL, &runtime), TROUPE_E_INVALID_ARGUMENT);
    unsetenv("TROUPE_SIM");
}

static void *
call_from_elsewhere(void *runtime)
{
    CHECK(troupe_thread_self(runtime) == NULL);
    CHECK(troupe_runtime_stop(runtime, 0, NULL) == TROUPE_E_WRONG_THREAD);
    return NULL;
}

static void
a_simulation_is_its_creators_alone(void **state)
{
    struct troupe_runtime *runtime = start(&TROUPE_OPTIONS(.simulate = true));
    pthread_t thread;

    (void)state;
    assert_int_equal(
        pthread_create(&thread, NULL, call_from_elsewhere, runtime), 0);
    pthread_join(thread, NULL);
    troupe_runtime_destroy(&runtime);
}

static void
time_is_virtual_in_a_simulation(void **state)
{
    struct troupe_runtime *runtime = start(&TROUPE_OPTIONS(.simulate = true));
    struct troupe_self *self = troupe_thread_self(runtime);
    troupe_pid pid = spawn(runtime);
    uint64_t before = troupe_now_ns(self);

    (void)state;
    (void)troupe_tell(self, pid, add, .value = 1);
    troupe_runtime_wait(runtime); /* returns: nothing is left to run */
    assert_true(troupe_now_ns(self) - before < TROUPE_SECONDS(1));
    assert_int_equal(sum_of(runtime, pid), 1);
    troupe_runtime_destroy(&runtime);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_runtime_starts_once),
        cmocka_unit_test(actors_may_be_spawned_and_told_before_the_start),
        cmocka_unit_test(
            a_thread_is_paused_by_what_it_congests_once_the_runtime_runs),
        cmocka_unit_test(
            a_runtime_that_never_started_is_destroyed_with_all_it_holds),
        cmocka_unit_test(wrong_options_are_refused_with_a_sentence),
        cmocka_unit_test(sixteen_runtimes_live_in_one_process),
        cmocka_unit_test(two_runtimes_know_nothing_of_each_other),
        cmocka_unit_test(a_stop_drains_and_counts),
        cmocka_unit_test(a_handler_may_neither_stop_the_runtime_nor_wait),
        cmocka_unit_test(threads_outside_tell_and_ask_at_once),
        cmocka_unit_test(a_thread_takes_replies_only_and_errno_is_kept),
        cmocka_unit_test(the_child_of_a_fork_is_told_that_nothing_runs),
        cmocka_unit_test(equal_seeds_give_equal_runs_and_others_do_not),
        cmocka_unit_test(the_environment_turns_a_program_into_a_simulation),
        cmocka_unit_test(a_simulation_is_its_creators_alone),
        cmocka_unit_test(time_is_virtual_in_a_simulation),
    };
    return cmocka_run_group_tests_name("runtime", tests, NULL, NULL);
}
