/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Goal: a line of the log says who wrote it, and only the lines that are asked
 * for are written.
 *
 * Method: an actor in a simulation writes; a hook keeps the lines. What goes to
 * standard error is read back from a file that takes its place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/fault.h"
#include "troupe/troupe.h"

TROUPE_MESSAGE(write_lines, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(break_down, TROUPE_NO_FIELDS)

enum { LINES_MAX = 16, LINE_BYTES = 600 };

static struct {
    int count;
    enum troupe_log_level levels[LINES_MAX];
    char lines[LINES_MAX][LINE_BYTES];
} seen;

static void
keep_line(void *context, enum troupe_log_level level, const char *line)
{
    assert_ptr_equal(context, &seen);
    assert_true(seen.count < LINES_MAX);
    seen.levels[seen.count] = level;
    snprintf(seen.lines[seen.count++], LINE_BYTES, "%s", line);
}

static void
on_write(
    struct troupe_self *self, void *state, const struct write_lines *message)
{
    (void)state, (void)message;
    errno = EDOM;
    troupe_log(self, TROUPE_LOG_DEBUG, "%d sheets", 4);
    troupe_log(self, TROUPE_LOG_INFO, "%d sheets", 3);
    troupe_log(self, TROUPE_LOG_WARNING, "%d sheets", 2);
    troupe_log(self, TROUPE_LOG_ERROR, "%d sheets", 1);
    assert_int_equal(errno, EDOM);
}

static void
on_break(
    struct troupe_self *self, void *state, const struct break_down *message)
{
    (void)self, (void)state, (void)message;
    fault_do(FAULT_NULL);
}

TROUPE_BEHAVIOUR(clerk, 0, TROUPE_ON(write_lines, on_write),
    TROUPE_ON(break_down, on_break));

/* A clerk in a simulation, with that name if it is not NULL. */
static struct troupe_runtime *
create(const struct troupe_options *options, const char *name, troupe_pid *pid)
{
    struct troupe_runtime *runtime;
    struct troupe_self *self;

    memset(&seen, 0, sizeof(seen));
    TROUPE_CHECK(troupe_runtime_create(options, &runtime));
    TROUPE_CHECK(troupe_runtime_start(runtime));
    self = troupe_thread_self(runtime);
    TROUPE_CHECK(troupe_spawn(self, clerk, pid));
    if (name != NULL) {
        TROUPE_CHECK(troupe_register(self, name, *pid));
    }
    return runtime;
}

static void
finish(struct troupe_runtime *runtime)
{
    TROUPE_CHECK(troupe_runtime_stop(runtime, TROUPE_SECONDS(1), NULL));
    troupe_runtime_destroy(&runtime);
}

static void
write_with(enum troupe_log_level level, const char *name)
{
    troupe_pid pid;
    struct troupe_runtime *runtime =
        create(&TROUPE_OPTIONS(.simulate = true, .seed = 1, .log = keep_line,
                   .log_context = &seen, .log_level = level),
            name, &pid);

    assert_int_equal(
        troupe_tell(troupe_thread_self(runtime), pid, write_lines), TROUPE_OK);
    finish(runtime);
}

static void
a_line_names_the_actor_and_its_registered_name(void **state)
{
    (void)state;
    write_with(TROUPE_LOG_WARNING, "anna");
    assert_int_equal(seen.count, 2);
    assert_non_null(strstr(seen.lines[0], " (clerk \"anna\"): 2 sheets"));
    assert_memory_equal(seen.lines[0], "actor <", 7);
    assert_int_equal(seen.levels[0], TROUPE_LOG_WARNING);
    assert_int_equal(seen.levels[1], TROUPE_LOG_ERROR);
    write_with(TROUPE_LOG_ERROR, NULL);
    assert_int_equal(seen.count, 1);
    assert_non_null(strstr(seen.lines[0], " (clerk): 1 sheets"));
}

static void
a_hook_gets_all_but_debugging_lines_unless_told_otherwise(void **state)
{
    (void)state;
    write_with((enum troupe_log_level)0, NULL);
    assert_int_equal(seen.count, 3);
    write_with(TROUPE_LOG_DEBUG, NULL);
    assert_int_equal(seen.count, 4);
}

static void
the_environment_goes_before_the_option(void **state)
{
    (void)state;
    setenv("TROUPE_LOG", "error", 1);
    write_with(TROUPE_LOG_DEBUG, NULL);
    unsetenv("TROUPE_LOG");
    assert_int_equal(seen.count, 1);
}

static void
a_level_that_is_none_is_refused(void **state)
{
    struct troupe_runtime *runtime = NULL;

    (void)state;
    setenv("TROUPE_LOG", "loud", 1);
    assert_int_equal(
        troupe_runtime_create(NULL, &runtime), TROUPE_E_INVALID_ARGUMENT);
    assert_non_null(strstr(troupe_err_detail(), "TROUPE_LOG is \"loud\""));
    unsetenv("TROUPE_LOG");
    assert_int_equal(
        troupe_runtime_create(
            &TROUPE_OPTIONS(.log_level = (enum troupe_log_level)5), &runtime),
        TROUPE_E_INVALID_ARGUMENT);
    assert_string_equal(troupe_log_level_name((enum troupe_log_level)5), "?");
}

static void
a_crash_is_reported_under_the_registered_name(void **state)
{
    troupe_pid pid;
    struct troupe_runtime *runtime =
        create(&TROUPE_OPTIONS(.simulate = true, .seed = 1, .log = keep_line,
                   .log_context = &seen, .log_level = TROUPE_LOG_ERROR),
            "anna", &pid);

    (void)state;
    fault_put_handlers_back();
    assert_int_equal(
        troupe_tell(troupe_thread_self(runtime), pid, break_down), TROUPE_OK);
    finish(runtime);
    assert_int_equal(seen.count, 1);
    assert_non_null(
        strstr(seen.lines[0], " (clerk \"anna\") crashed: SIGSEGV"));
}

static void
a_thread_outside_writes_too_and_a_long_line_is_cut(void **state)
{
    char words[LINE_BYTES];
    troupe_pid pid;
    struct troupe_runtime *runtime =
        create(&TROUPE_OPTIONS(.simulate = true, .seed = 1, .log = keep_line,
                   .log_context = &seen),
            NULL, &pid);
    struct troupe_self *self = troupe_thread_self(runtime);

    (void)state;
    memset(words, 'x', sizeof(words) - 1);
    words[sizeof(words) - 1] = '\0';
    assert_false(troupe_log_takes(self, TROUPE_LOG_DEBUG));
    assert_true(troupe_log_takes(self, TROUPE_LOG_INFO));
    seen.count = 0;
    troupe_log(self, TROUPE_LOG_INFO, "%s", words);
    assert_int_equal(seen.count, 1);
    assert_int_equal(strlen(seen.lines[0]), 511);
    assert_memory_equal(seen.lines[0], "thread <", 8);
    finish(runtime);
}

/* Standard error, while a clerk writes. The file is the caller's to close. */
static FILE *
written_to_stderr(void)
{
    FILE *file = tmpfile();
    int before = dup(STDERR_FILENO);
    troupe_pid pid;
    struct troupe_runtime *runtime;

    assert_non_null(file);
    dup2(fileno(file), STDERR_FILENO);
    runtime = create(&TROUPE_OPTIONS(.simulate = true, .seed = 1), NULL, &pid);
    TROUPE_CHECK(troupe_tell(troupe_thread_self(runtime), pid, write_lines));
    finish(runtime);
    dup2(before, STDERR_FILENO);
    close(before);
    rewind(file);
    return file;
}

static void
without_a_hook_a_line_has_time_and_level(void **state)
{
    FILE *file = written_to_stderr();
    char line[LINE_BYTES];
    int day[3];
    double second;
    int hour[2];
    int length = 0;

    (void)state;
    assert_non_null(fgets(line, sizeof(line), file));
    assert_int_equal(sscanf(line, "%d-%d-%dT%d:%d:%lfZ %n", &day[0], &day[1],
                         &day[2], &hour[0], &hour[1], &second, &length),
        6);
    assert_memory_equal(line + length, "warning: actor <", 16);
    assert_non_null(fgets(line, sizeof(line), file));
    assert_non_null(strstr(line, "Z error: actor <"));
    assert_null(fgets(line, sizeof(line), file));
    fclose(file);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_names_the_actor_and_its_registered_name),
        cmocka_unit_test(
            a_hook_gets_all_but_debugging_lines_unless_told_otherwise),
        cmocka_unit_test(the_environment_goes_before_the_option),
        cmocka_unit_test(a_level_that_is_none_is_refused),
        cmocka_unit_test(a_crash_is_reported_under_the_registered_name),
        cmocka_unit_test(a_thread_outside_writes_too_and_a_long_line_is_cut),
        cmocka_unit_test(without_a_hook_a_line_has_time_and_level),
    };

    struct troupe_runtime *first;

    unsetenv("TROUPE_SIM");
    TROUPE_CHECK(troupe_runtime_create(NULL, &first));
    troupe_runtime_destroy(&first);
    fault_save_handlers();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
