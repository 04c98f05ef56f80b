/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a program that runs out of memory anywhere is told so, loses no message
 * that was taken, and leaves nothing behind.
 *
 * Method: a program that does everything (tests/support/everything.h) is run
 * with its first request for memory failing, then its second, and so on until
 * it has made no more. Simulated, where each run asks in the same order; on
 * threads, where another request fails each time; and in processes in which it
 * is the first time that anything is done, so that schemas and behaviours are
 * registered in vain, too.
 *
 * In a build that ships, blocks come 64 at a time; this file is built once more
 * with each block a request of its own (tests/CMakeLists.txt), as sanitizers
 * have it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/wait.h>
#include <unistd.h>

#include "actors/isolation.h"
#include "base/memory.h"
#include "tests/support/everything.h"

/* Runs it with its n-th request failing. True: it made that many. */
static bool
run_failing_at(bool simulate, uint64_t n)
{
    troupe_err err;
    bool has_failed;

    tp_memory_fail_at(n);
    err = everything_run(simulate);
    has_failed = tp_memory_fails_in() == 0;
    tp_memory_fail_at(0);
    CHECK(err == TROUPE_OK || (has_failed && err == TROUPE_E_NO_MEMORY));
    tally_check();
    return has_failed;
}

/* In a process of its own. */
static bool
run_failing_at_first_use(uint64_t n)
{
    int status;
    pid_t child = fork();

    CHECK(child >= 0);
    if (child == 0) {
        bool has_failed = run_failing_at(true, n);

        CHECK(everything_run(true) == TROUPE_OK);
        tally_check();
        _exit(has_failed ? 0 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
    return WEXITSTATUS(status) == 0;
}

static void
each_request_for_memory_of_a_first_use_may_fail(void **state)
{
    uint64_t n = 0;

    (void)state;
    while (run_failing_at_first_use(n + 1)) {
        n++;
    }
    print_message("%llu requests\n", (unsigned long long)n);
    assert_true(n >= 50);
}

/* Most failures are told. Some are not, and need not be: what can do without
 * the memory does. Where messages move (actors/isolation.h) a copy of each is
 * one of these. */
static uint64_t
refusals_expected(uint64_t requests_count)
{
    return requests_count / (tp_isolation_moves() ? 3 : 2);
}

static void
fail_in_turn(bool simulate)
{
    uint64_t refused_count = 0;
    uint64_t blocks;
    uint64_t mappings;
    uint64_t n = 0;

    assert_int_equal(everything_run(simulate), TROUPE_OK);
    tally_check();
    blocks = tp_memory_blocks_count(); /* what stays for ever is there now */
    mappings = tp_memory_mappings_count();
    while (run_failing_at(simulate, n + 1)) {
        n++;
        refused_count += seen.first_err != TROUPE_OK;
        assert_int_equal(tp_memory_blocks_count(), blocks);
        assert_int_equal(tp_memory_mappings_count(), mappings);
    }
    print_message("%llu requests\n", (unsigned long long)n);
    assert_true(n >= 30);
    assert_true(refused_count >= refusals_expected(n));
}

static void
each_request_for_memory_may_fail(void **state)
{
    (void)state;
    fail_in_turn(true);
}

static void
each_request_for_memory_on_threads_may_fail(void **state)
{
    (void)state;
    fail_in_turn(false);
}

static void
a_runtime_without_any_memory_says_so(void **state)
{
    struct troupe_runtime *runtime = NULL;

    (void)state;
    tp_memory_fail_every(true);
    assert_int_equal(troupe_runtime_create(NULL, &runtime), TROUPE_E_NO_MEMORY);
    tp_memory_fail_every(false);
    assert_null(runtime);
}

static void
a_message_larger_than_a_message_may_be_is_refused(void **state)
{
    struct troupe_runtime *runtime = NULL;
    struct troupe_stop_report report = TROUPE_STOP_REPORT;
    struct troupe_self *self;
    troupe_pid pid;
    volatile uint32_t too_many = TROUPE_PAYLOAD_BYTES_MAX + 1;

    (void)state;
    assert_int_equal(
        troupe_runtime_create(&TROUPE_OPTIONS(.log = keep_quiet), &runtime),
        TROUPE_OK);
    assert_int_equal(troupe_runtime_start(runtime), TROUPE_OK);
    self = troupe_thread_self(runtime);
    assert_int_equal(troupe_spawn(self, small, &pid), TROUPE_OK);
    assert_int_equal(troupe_tell(self, pid, blob, .bytes = {"", too_many}),
        TROUPE_E_MESSAGE_TOO_LARGE);
    assert_int_equal(
        troupe_runtime_stop(runtime, TROUPE_SECONDS(60), &report), TROUPE_OK);
    assert_int_equal(report.dead_letters_count[TROUPE_DEAD_LETTER_REFUSED], 1);
    troupe_runtime_destroy(&runtime);
}

/* Puts the signal handlers on that cmocka would hide, and registers nothing
 * else. */
static void
save_handlers(void)
{
    struct troupe_runtime *runtime = NULL;

    TROUPE_CHECK(troupe_runtime_create(NULL, &runtime));
    fault_save_handlers();
    troupe_runtime_destroy(&runtime);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_for_memory_of_a_first_use_may_fail),
        cmocka_unit_test(each_request_for_memory_may_fail),
        cmocka_unit_test(each_request_for_memory_on_threads_may_fail),
        cmocka_unit_test(a_runtime_without_any_memory_says_so),
        cmocka_unit_test(a_message_larger_than_a_message_may_be_is_refused),
    };

    save_handlers();
    return cmocka_run_group_tests_name("failing_memory", tests, NULL, NULL);
}
