/* SPDX-License-Identifier: BSD-2-Clause */
/* Work on the pool: it is done apart, and answered once, or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <semaphore.h>

#include "tests/support/network.h"
#include "troupe/sequential.h"
#include "troupe/work.h"

#define FIELDS_ASKED(FIELD) FIELD(int64, what) FIELD(uint64, timeout_ns)
#define FIELDS_GOT(FIELD) FIELD(int64, err) FIELD(bin, bytes)
TROUPE_MESSAGE(do_work, FIELDS_ASKED)
TROUPE_MESSAGE(work_got, FIELDS_GOT)
TROUPE_MESSAGE(begin_wait, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(do_cancel, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(cancelled, TROUPE_NO_FIELDS)

enum { REVERSE, REFUSE, WAIT, NO_ANSWER };

static sem_t began;
static sem_t may_end;
static bool saw_cancelled;
static unsigned runs_count; /* of WAIT; by the semaphores */

static pthread_t ran_on;

static troupe_err
reverse(struct troupe_work *work, const void *input, size_t count)
{
    const char *text = input;
    char back[16];

    CHECK(count <= sizeof(back));
    for (size_t i = 0; i < count; i++) {
        back[i] = text[count - 1 - i];
    }
    ran_on = pthread_self();
    return troupe_work_answer(work, back, count);
}

static troupe_err
refuse(struct troupe_work *work, const void *input, size_t count)
{
    (void)input, (void)count;
    CHECK(troupe_work_answer(work, "x", 1) == TROUPE_OK);
    return TROUPE_E_SYSTEM;
}

static void
wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0) {
    }
}

static troupe_err
wait_to_end(struct troupe_work *work, const void *input, size_t count)
{
    (void)input, (void)count;
    runs_count++;
    sem_post(&began);
    wait_for(&may_end);
    saw_cancelled = troupe_work_is_over(work);
    return TROUPE_OK;
}

static troupe_err
say_nothing(struct troupe_work *work, const void *input, size_t count)
{
    (void)work;
    CHECK(input != NULL && count == 0);
    return TROUPE_OK;
}

struct asker {
    struct troupe_request *asked;
    struct troupe_work_id id;
};

static void
on_answer(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    struct asker *asker = state;
    struct troupe_work_done done = {.bytes = {"", 0}};
    troupe_err err = troupe_work_done_from(answer, &done);

    CHECK(context == 4711);
    CHECK(troupe_reply_to(self, &asker->asked, work_got, .err = err,
              .bytes = done.bytes) == TROUPE_OK);
}

static troupe_work_function *const functions[] = {
    reverse, refuse, wait_to_end, say_nothing};

static void
on_do_work(struct troupe_self *self, void *state, const struct do_work *wanted)
{
    struct asker *asker = state;
    size_t count = wanted->what == REVERSE ? 5 : 0;

    CHECK(troupe_request_keep(self, &asker->asked) == TROUPE_OK);
    CHECK(troupe_work(self, functions[wanted->what], "hello", count,
              wanted->timeout_ns, on_answer, 4711, &asker->id) == TROUPE_OK);
}

/* Whoever cancels is not answered. */
static void
on_unwanted(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    (void)self, (void)state, (void)context;
    CHECK(answer == NULL); /* it does not run at all */
}

static void
on_begin_wait(
    struct troupe_self *self, void *state, const struct begin_wait *begin)
{
    struct asker *asker = state;

    (void)begin;
    CHECK(troupe_work(self, wait_to_end, NULL, 0, long_ns, on_unwanted, 0,
              &asker->id) == TROUPE_OK);
}

static void
on_do_cancel(struct troupe_self *self, void *state, const struct do_cancel *c)
{
    struct asker *asker = state;
    const struct troupe_work_id none = {0, 0};

    (void)c;
    troupe_work_cancel(self, &none);
    troupe_work_cancel(self, &asker->id);
    troupe_work_cancel(self, &asker->id);
    CHECK(troupe_reply(self, cancelled) == TROUPE_OK);
}

#define FIELDS_FILE(FIELD) FIELD(str, path) FIELD(uint64, size_max)
TROUPE_MESSAGE(read_it, FIELDS_FILE)

static void
on_read_it(struct troupe_self *self, void *state, const struct read_it *file)
{
    struct asker *asker = state;
    char path[64];

    snprintf(
        path, sizeof(path), "%.*s", (int)file->path.length, file->path.data);
    CHECK(troupe_request_keep(self, &asker->asked) == TROUPE_OK);
    CHECK(troupe_read_file(self, path, file->size_max, long_ns, on_answer,
              4711) == TROUPE_OK);
}

TROUPE_BEHAVIOUR(asker, sizeof(struct asker), TROUPE_ON(do_work, on_do_work),
    TROUPE_ON(begin_wait, on_begin_wait), TROUPE_ON(do_cancel, on_do_cancel),
    TROUPE_ON(read_it, on_read_it));

static troupe_pid
begin_asker(void)
{
    troupe_pid pid;

    CHECK(troupe_spawn(net.self, asker, &pid) == TROUPE_OK);
    return pid;
}

static void
reply_got(struct troupe_self *self, troupe_err err,
    const struct troupe_work_done *done)
{
    CHECK(troupe_reply(self, work_got, .err = err, .bytes = done->bytes) ==
          TROUPE_OK);
}

/* Does the same as an asker, one after the other. */
static void
run_body(struct troupe_self *self, void *state)
{
    const struct troupe_message *message;
    struct do_work wanted;
    struct read_it file;

    (void)state;
    CHECK(troupe_work(self, reverse, NULL, 0, long_ns, on_answer, 0, NULL) ==
          TROUPE_E_WRONG_THREAD);
    CHECK(troupe_read_file(self, "/", 1, long_ns, on_answer, 0) ==
          TROUPE_E_WRONG_THREAD);
    while (troupe_receive(self, &message, TROUPE_FOREVER) == TROUPE_OK) {
        struct troupe_work_done done = {.bytes = {"", 0}};
        troupe_err err = TROUPE_OK;
        char path[64];

        if (do_work_in(message, &wanted)) {
            err = troupe_work_wait(self, functions[wanted.what], "hello",
                wanted.what == REVERSE ? 5 : 0, wanted.timeout_ns, &done);
        } else if (read_it_in(message, &file)) {
            snprintf(path, sizeof(path), "%.*s", (int)file.path.length,
                file.path.data);
            err = troupe_read_file_wait(
                self, path, file.size_max, long_ns, &done);
        }
        reply_got(self, err, &done);
    }
}
TROUPE_PROCESS(body, 0, run_body);

static troupe_pid
begin_body(void)
{
    troupe_pid pid;

    CHECK(troupe_spawn(net.self, body, &pid) == TROUPE_OK);
    return pid;
}

static int
setup(void **state)
{
    (void)state;
    runs_count = 0;
    sem_init(&began, 0, 0);
    sem_init(&may_end, 0, 0);
    begin_runtime(&TROUPE_OPTIONS(.workers_count = 2));
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    sem_destroy(&began);
    sem_destroy(&may_end);
    return 0;
}

static void
work_is_done_on_another_thread_and_answered(void **state)
{
    troupe_pid pid = begin_asker();
    struct work_got got;

    (void)state;
    assert_int_equal(troupe_ask(net.self, pid, long_ns, work_got, &got, do_work,
                         .what = REVERSE, .timeout_ns = long_ns),
        TROUPE_OK);
    assert_int_equal(got.err, TROUPE_OK);
    assert_int_equal(got.bytes.size, 5);
    assert_memory_equal(got.bytes.data, "olleh", 5);
    assert_false(pthread_equal(ran_on, pthread_self()));
    assert_int_equal(troupe_ask(net.self, pid, long_ns, work_got, &got, do_work,
                         .what = REFUSE, .timeout_ns = long_ns),
        TROUPE_OK);
    assert_int_equal(got.err, TROUPE_E_SYSTEM);
    assert_int_equal(troupe_ask(net.self, pid, long_ns, work_got, &got, do_work,
                         .what = NO_ANSWER, .timeout_ns = long_ns),
        TROUPE_OK);
    assert_int_equal(got.err, TROUPE_OK);
    assert_int_equal(got.bytes.size, 0);
    finish_runtime();
}

static void
work_that_is_not_done_in_time_is_answered_so(void **state)
{
    troupe_pid pid = begin_asker();
    struct work_got got;

    (void)state;
    assert_int_equal(troupe_ask(net.self, pid, long_ns, work_got, &got, do_work,
                         .what = WAIT, .timeout_ns = TROUPE_MS(2)),
        TROUPE_OK);
    assert_int_equal(got.err, TROUPE_E_TIMED_OUT);
    sem_post(&may_end);
    finish_runtime();
    assert_true(runs_count == 0 || saw_cancelled);
}

static void
cancel(troupe_pid pid)
{
    struct cancelled done;

    assert_int_equal(
        troupe_ask(net.self, pid, long_ns, cancelled, &done, do_cancel),
        TROUPE_OK);
}

static void
expect_none_late(void)
{
    assert_int_equal(
        net.report.dead_letters_count[TROUPE_DEAD_LETTER_LATE_REPLY], 0);
}

/* The function runs on, but nobody is told of it. */
static void
work_that_is_cancelled_is_not_answered_and_may_find_out(void **state)
{
    troupe_pid pid = begin_asker();

    (void)state;
    assert_int_equal(troupe_tell(net.self, pid, begin_wait), TROUPE_OK);
    wait_for(&began);
    cancel(pid);
    sem_post(&may_end);
    finish_runtime();
    assert_true(saw_cancelled);
    expect_none_late();
}

/* The pool has one thread here, and somebody else's work has it. */
static void
work_that_has_not_begun_when_it_is_cancelled_never_runs(void **state)
{
    troupe_pid first = begin_asker();
    troupe_pid second = begin_asker();
    struct work_got got;

    (void)state;
    assert_int_equal(troupe_tell(net.self, first, begin_wait), TROUPE_OK);
    wait_for(&began);
    assert_int_equal(troupe_tell(net.self, second, begin_wait), TROUPE_OK);
    cancel(second);
    cancel(first);
    sem_post(&may_end);
    assert_int_equal(troupe_ask(net.self, second, long_ns, work_got, &got,
                         do_work, .what = REVERSE, .timeout_ns = long_ns),
        TROUPE_OK);
    finish_runtime();
    assert_int_equal(runs_count, 1);
    expect_none_late();
}

static void
work_of_an_actor_that_has_ended_is_answered_to_nobody(void **state)
{
    troupe_pid pid = begin_asker();

    (void)state;
    assert_int_equal(troupe_tell(net.self, pid, begin_wait), TROUPE_OK);
    wait_for(&began);
    assert_int_equal(troupe_kill(net.self, pid), TROUPE_OK);
    while (troupe_runtime_actors_count(net.runtime) > 1) {
        sched_yield();
    }
    sem_post(&may_end);
    finish_runtime();
}

static void
a_runtime_that_is_destroyed_waits_for_work_that_runs(void **state)
{
    troupe_pid pid = begin_asker();

    (void)state;
    assert_int_equal(troupe_tell(net.self, pid, begin_wait), TROUPE_OK);
    wait_for(&began);
    assert_int_equal(troupe_runtime_stop(net.runtime, 0, NULL), TROUPE_OK);
    sem_post(&may_end);
    troupe_runtime_destroy(&net.runtime);
}

static void
expect_file(troupe_pid pid, const char *path, uint64_t size_max, troupe_err err,
    const char *text)
{
    struct work_got got;

    assert_int_equal(troupe_ask(net.self, pid, long_ns, work_got, &got, read_it,
                         .path = troupe_str_of(path), .size_max = size_max),
        TROUPE_OK);
    assert_int_equal(got.err, err);
    assert_int_equal(got.bytes.size, strlen(text));
    assert_memory_equal(got.bytes.data, text, strlen(text));
}

static void
a_file_is_read_by_the_pool(void **state)
{
    char path[] = "/tmp/troupe-test-XXXXXX";
    int fd = mkstemp(path);
    troupe_pid pid = begin_asker();

    (void)state;
    assert_int_equal(write(fd, "seven b", 7), 7);
    close(fd);
    expect_file(pid, path, 100, TROUPE_OK, "seven b");
    expect_file(pid, path, 7, TROUPE_OK, "seven b");
    expect_file(pid, path, 6, TROUPE_E_MESSAGE_TOO_LARGE, "");
    unlink(path);
    expect_file(pid, path, 100, TROUPE_E_SYSTEM, "");
    finish_runtime();
}

static void
expect_work(troupe_pid pid, int what, uint64_t timeout_ns, troupe_err err,
    const char *answer)
{
    struct work_got got;

    assert_int_equal(troupe_ask(net.self, pid, long_ns, work_got, &got, do_work,
                         .what = what, .timeout_ns = timeout_ns),
        TROUPE_OK);
    assert_int_equal(got.err, err);
    assert_int_equal(got.bytes.size, strlen(answer));
    assert_memory_equal(got.bytes.data, answer, strlen(answer));
}

static void
a_body_waits_for_work_and_for_files(void **state)
{
    char path[] = "/tmp/troupe-test-XXXXXX";
    int fd = mkstemp(path);
    troupe_pid pid = begin_body();

    (void)state;
    assert_int_equal(write(fd, "seven b", 7), 7);
    close(fd);
    expect_work(pid, REVERSE, long_ns, TROUPE_OK, "olleh");
    expect_work(pid, REFUSE, long_ns, TROUPE_E_SYSTEM, "");
    expect_work(pid, NO_ANSWER, long_ns, TROUPE_OK, "");
    expect_work(pid, WAIT, TROUPE_MS(1), TROUPE_E_TIMED_OUT, "");
    sem_post(&may_end);
    expect_file(pid, path, 100, TROUPE_OK, "seven b");
    expect_file(pid, path, 6, TROUPE_E_MESSAGE_TOO_LARGE, "");
    unlink(path);
    expect_file(pid, path, 100, TROUPE_E_SYSTEM, "");
    finish_runtime();
}

static void
a_body_that_is_ended_while_it_waits_leaves_nothing_behind(void **state)
{
    troupe_pid pid = begin_body();

    (void)state;
    CHECK(troupe_tell(net.self, pid, do_work, .what = WAIT,
              .timeout_ns = long_ns) == TROUPE_OK);
    wait_for(&began);
    CHECK(troupe_kill(net.self, pid) == TROUPE_OK);
    sem_post(&may_end);
    finish_runtime();
    assert_int_equal(net.report.actors_alive_count, 1); /* the watcher */
}

static void
work_that_nobody_may_give_is_refused(void **state)
{
    struct troupe_work_done done;

    (void)state;
    assert_int_equal(
        troupe_work_wait(net.self, reverse, NULL, 0, long_ns, &done),
        TROUPE_E_WRONG_THREAD);
    assert_int_equal(troupe_read_file_wait(net.self, "/", 1, long_ns, &done),
        TROUPE_E_WRONG_THREAD);
    assert_int_equal(
        troupe_work(net.self, reverse, NULL, 0, long_ns, on_answer, 0, NULL),
        TROUPE_E_WRONG_THREAD);
    finish_runtime();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            work_is_done_on_another_thread_and_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(
            work_that_is_not_done_in_time_is_answered_so, setup, teardown),
        cmocka_unit_test_setup_teardown(
            work_that_is_cancelled_is_not_answered_and_may_find_out, setup,
            teardown),
        cmocka_unit_test_setup_teardown(
            work_that_has_not_begun_when_it_is_cancelled_never_runs, setup,
            teardown),
        cmocka_unit_test_setup_teardown(
            work_of_an_actor_that_has_ended_is_answered_to_nobody, setup,
            teardown),
        cmocka_unit_test_setup_teardown(
            a_runtime_that_is_destroyed_waits_for_work_that_runs, setup,
            teardown),
        cmocka_unit_test_setup_teardown(
            a_file_is_read_by_the_pool, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_body_waits_for_work_and_for_files, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_body_that_is_ended_while_it_waits_leaves_nothing_behind, setup,
            teardown),
        cmocka_unit_test_setup_teardown(
            work_that_nobody_may_give_is_refused, setup, teardown),
    };

    setenv("UV_THREADPOOL_SIZE", "1", 1);
    return cmocka_run_group_tests_name("work", tests, NULL, NULL);
}
