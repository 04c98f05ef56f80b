/* SPDX-License-Identifier: BSD-2-Clause */
/* isolation: one of ten tasks follows a NULL pointer. */
#include "lab/bounds.h"
#include "lab/lab.h"
#include "lab/system.h"
#include "lab/threads.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TASKS_COUNT = 10, BAD_TASK = 3, LIMIT_S = 60 };

struct form {
    uint64_t answer;
};

static const struct form good_form = {42};

static const volatile struct form *
find_form(unsigned task)
{
    return task == BAD_TASK ? NULL : &good_form;
}

/* Sanitizers would stop at the NULL before the processor does. */
__attribute__((
    no_sanitize("undefined"), no_sanitize("address"))) static uint64_t
do_task(unsigned task)
{
    return find_form(task)->answer;
}

/* Counted in memory that survives whoever counts. */
static uint64_t *done_count;

static void
count_done(unsigned task)
{
    if (do_task(task) == good_form.answer) {
        __atomic_fetch_add(done_count, 1, __ATOMIC_RELAXED);
    }
}

/* ---- broken: a thread a task --------------------------------------------- */

static void
run_task(void *context, unsigned index)
{
    (void)index;
    count_done(*(const unsigned *)context);
}

static void
by_threads(void *context)
{
    (void)context;
    for (unsigned task = 0; task < TASKS_COUNT; task++) {
        (void)threads_run(1, run_task, &task);
    }
}

/* ---- mended: a process a task -------------------------------------------- */

static void
by_processes(void *context)
{
    (void)context;
    for (unsigned task = 0; task < TASKS_COUNT; task++) {
        pid_t child = fork();

        if (child == 0) {
            count_done(task);
            _exit(0);
        }
        (void)waitpid(child, NULL, 0);
    }
}

/* ---- actors: an actor a task --------------------------------------------- */

#define TASK(FIELD) FIELD(uint32, number)
TROUPE_MESSAGE(task, TASK)
TROUPE_MESSAGE(task_done, TROUPE_NO_FIELDS)

static void
on_task(struct troupe_self *self, void *state, const struct task *task)
{
    (void)state;
    count_done(task->number);
    (void)troupe_reply(self, task_done);
}

TROUPE_BEHAVIOUR(clerk, 0, TROUPE_ON(task, on_task));

static void
by_actors(void *context)
{
    struct troupe_self *self =
        system_begin(&TROUPE_OPTIONS(.crash_ends_process = context != NULL));
    struct task_done done;
    troupe_pid pid;

    for (uint32_t number = 0; number < TASKS_COUNT; number++) {
        TROUPE_CHECK(troupe_spawn(self, clerk, &pid));
        (void)troupe_ask(self, pid, TROUPE_SECONDS(30), task_done, &done, task,
            .number = number);
    }
    system_end(NULL);
}

/* ---- who survives -------------------------------------------------------- */

struct attempt {
    void (*run)(void *context);
    void *context;
};

/* What a crash has to say is not for the reader of this. */
static void
run_quietly(void *context)
{
    const struct attempt *attempt = context;
    int nowhere = open("/dev/null", O_WRONLY);

    (void)dup2(nowhere, STDERR_FILENO);
    attempt->run(attempt->context);
}

static bool
try(struct lab_report *report, const char *who, void (*run)(void *),
    void *context)
{
    struct attempt attempt = {run, context};
    int status;
    bool is_alive;

    *done_count = 0;
    is_alive = bounds_run(run_quietly, &attempt, LIMIT_S, &status) ==
                   BOUNDS_RETURNED &&
               status == 0;
    lab_measured(report, who, "tasks done of ten", "", (double)*done_count);
    lab_measured(report, who, "main survives", "", is_alive);
    return is_alive;
}

static void
run(struct lab_report *report)
{
    bool is_alive;

    done_count = mmap(NULL, sizeof(*done_count), PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (done_count == MAP_FAILED) {
        abort();
    }
    lab_say(report,
        "Ten tasks, one after the other, and the fourth follows a NULL "
        "pointer.");
    is_alive = try(report, "a thread each", by_threads, NULL);
    lab_expect_equal(
        report, "main survives a thread that crashes", 0, is_alive);
    lab_expect_equal(report, "tasks done by threads", BAD_TASK, *done_count);
    is_alive = try(report, "a process each", by_processes, NULL);
    lab_expect_equal(
        report, "main survives a process that crashes", 1, is_alive);
    lab_expect_equal(
        report, "tasks done by processes", TASKS_COUNT - 1, *done_count);
    is_alive = try(report, "an actor each", by_actors,
        lab_is_fixed(report) ? NULL : report);
    lab_expect_equal(
        report, "main survives an actor that crashes", 1, is_alive);
    lab_expect_equal(
        report, "tasks done by actors", TASKS_COUNT - 1, *done_count);
    lab_say(report,
        "The processor faults, the system sends a signal, and what nobody "
        "handles ends the whole process: the threads after the fourth never "
        "came to be. troupe handles it: the handler is left, the actor ends, "
        "who asked is told, and the others go on. What the bad handler had "
        "half done to other memory stays done, as in any process: between "
        "processes even that is impossible.");
    lab_conclude(report, LAB_HOLDS,
        "A NULL pointer in a thread ended the process with three of ten tasks "
        "done; of processes, and of actors, only the one that crashed.");
}

const struct lab lab_isolation = {
    .name = "isolation",
    .claim = "A thread that crashes takes the whole process with it.",
    .duration_s = 1,
    .run = run,
};
