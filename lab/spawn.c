/* SPDX-License-Identifier: BSD-2-Clause */
/* spawn: what it costs to have somebody do one small thing. */
#include "lab/lab.h"
#include "lab/system.h"
#include "lab/threads.h"
#include "lab/timing.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { POOL_THREADS_COUNT = 2 };

struct done {
    uint64_t tasks_count; /* that have been done */
    uint64_t made_count;  /* threads, processes or actors made for it */
    double ns_each;
};

/* ---- broken: a thread a task --------------------------------------------- */

static void *
do_task(void *tasks_count)
{
    __atomic_fetch_add((uint64_t *)tasks_count, 1, __ATOMIC_RELAXED);
    return NULL;
}

static struct done
by_thread_each(uint64_t count)
{
    struct done done = {.made_count = count};
    uint64_t start_ns = timing_now_ns();

    for (uint64_t i = 0; i < count; i++) {
        pthread_t thread;

        if (pthread_create(&thread, NULL, do_task, &done.tasks_count) == 0) {
            pthread_join(thread, NULL);
        }
    }
    done.ns_each = (double)(timing_now_ns() - start_ns) / (double)count;
    return done;
}

/* ---- mended: a few threads for all tasks --------------------------------- */

struct pool {
    uint64_t next; /* task to be taken */
    uint64_t count;
    uint64_t tasks_count;
};

static void
take_tasks(void *context, unsigned index)
{
    struct pool *pool = context;

    (void)index;
    while (__atomic_fetch_add(&pool->next, 1, __ATOMIC_RELAXED) < pool->count) {
        (void)do_task(&pool->tasks_count);
    }
}

static struct done
by_pool(uint64_t count)
{
    struct pool pool = {.count = count};
    uint64_t start_ns = timing_now_ns();

    (void)threads_run(POOL_THREADS_COUNT, take_tasks, &pool);
    return (struct done){.tasks_count = pool.tasks_count,
        .made_count = POOL_THREADS_COUNT,
        .ns_each = (double)(timing_now_ns() - start_ns) / (double)count};
}

/* ---- a process a task ---------------------------------------------------- */

static struct done
by_process_each(uint64_t count)
{
    struct done done = {.made_count = count};
    uint64_t start_ns = timing_now_ns();

    for (uint64_t i = 0; i < count; i++) {
        pid_t child = fork();
        int status = 1;

        if (child == 0) {
            _exit(0);
        }
        done.tasks_count += waitpid(child, &status, 0) == child && status == 0;
    }
    done.ns_each = (double)(timing_now_ns() - start_ns) / (double)count;
    return done;
}

/* ---- actors: an actor a task, of either style ---------------------------- */

#define TASK(FIELD) FIELD(pid, boss)
TROUPE_MESSAGE(task, TASK)
TROUPE_MESSAGE(task_done, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(are_you_there, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(here, TROUPE_NO_FIELDS)

static void
on_task(struct troupe_self *self, void *state, const struct task *task)
{
    (void)state;
    (void)troupe_tell(self, task->boss, task_done);
    (void)troupe_stop(self, troupe_self_pid(self));
}

static void
on_are_you_there(
    struct troupe_self *self, void *state, const struct are_you_there *are)
{
    (void)state;
    (void)are;
    (void)troupe_reply(self, here);
}

TROUPE_BEHAVIOUR(handler, 0, TROUPE_ON(task, on_task),
    TROUPE_ON(are_you_there, on_are_you_there));

static void
do_one_task(struct troupe_self *self, void *state)
{
    const struct troupe_message *message;
    struct task task;

    (void)state;
    TROUPE_CHECK(troupe_receive(self, &message, TROUPE_FOREVER));
    if (task_in(message, &task)) {
        (void)troupe_tell(self, task.boss, task_done);
    } else { /* are_you_there */
        (void)troupe_reply(self, here);
        TROUPE_CHECK(troupe_receive_only(self, task, &task, TROUPE_FOREVER));
    }
}

TROUPE_PROCESS(sequential, 0, do_one_task);

struct boss {
    struct troupe_behaviour *behaviour;
    uint64_t left;
    uint64_t *tasks_count;
};

static void
hire(struct troupe_self *self, const struct boss *boss)
{
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn_behaviour(self, boss->behaviour, NULL, &pid));
    TROUPE_CHECK(troupe_tell(self, pid, task, .boss = troupe_self_pid(self)));
}

static void
on_task_done(
    struct troupe_self *self, void *state, const struct task_done *done)
{
    struct boss *boss = state;

    (void)done;
    ++*boss->tasks_count;
    if (--boss->left == 0) {
        troupe_runtime_quit(self);
    } else {
        hire(self, boss);
    }
}

static void
on_start(struct troupe_self *self, void *state)
{
    hire(self, state);
}

TROUPE_BEHAVIOUR(boss, sizeof(struct boss), TROUPE_ON_START(on_start),
    TROUPE_ON(task_done, on_task_done));

static struct done
by_actor_each(uint64_t count, struct troupe_behaviour *behaviour)
{
    struct done done = {.made_count = count};
    struct boss boss = {behaviour, count, &done.tasks_count};
    struct troupe_self *self = system_begin(NULL);
    uint64_t start_ns = timing_now_ns();
    troupe_pid pid;

    TROUPE_CHECK(troupe_spawn_with(
        self, boss, &TROUPE_SPAWN_OPTIONS(.state = &boss), &pid));
    system_wait();
    done.ns_each = (double)(timing_now_ns() - start_ns) / (double)count;
    system_end(NULL);
    return done;
}

/* ---- memory -------------------------------------------------------------- */

/* Of so many that have begun, and wait. */
static double
measure_actors(struct troupe_behaviour *behaviour, uint64_t count)
{
    struct troupe_self *self = system_begin(NULL);
    uint64_t before = timing_resident_bytes();
    struct here is_here;
    double each;

    for (uint64_t i = 0; i < count; i++) {
        troupe_pid pid;

        TROUPE_CHECK(troupe_spawn_behaviour(self, behaviour, NULL, &pid));
        TROUPE_CHECK(troupe_ask(
            self, pid, TROUPE_SECONDS(60), here, &is_here, are_you_there));
    }
    each = (double)(timing_resident_bytes() - before) / (double)count;
    system_end(NULL);
    return each;
}

/* ---- the lab ------------------------------------------------------------- */

static void
tell(struct lab_report *report, const char *who, const struct done *done)
{
    lab_measured(report, who, "one task", "ns", done->ns_each);
}

static void
run(struct lab_report *report)
{
    uint64_t threads_count = lab_size(report, 5000, 50);
    uint64_t processes_count = lab_size(report, 500, 10);
    uint64_t actors_count = lab_size(report, 300000, 2000);
    uint64_t waiting_count = lab_size(report, 20000, 500);
    struct done thread = by_thread_each(threads_count);
    struct done pool = lab_is_fixed(report) ? by_pool(threads_count)
                                            : by_thread_each(threads_count);
    struct done process = by_process_each(processes_count);
    struct done actor = by_actor_each(actors_count, &handler_behaviour);
    struct done sequential = by_actor_each(actors_count, &sequential_behaviour);

    tell(report, "a process each", &process);
    tell(report, "a thread each", &thread);
    tell(report, "two threads for all", &pool);
    tell(report, "an actor each", &actor);
    tell(report, "a sequential actor each", &sequential);
    lab_expect_equal(
        report, "tasks done, a thread each", threads_count, thread.tasks_count);
    lab_expect_equal(report, "tasks done, two threads for all", threads_count,
        pool.tasks_count);
    lab_expect_at_most(
        report, "threads made for them", POOL_THREADS_COUNT, pool.made_count);
    lab_expect_equal(
        report, "tasks done, an actor each", actors_count, actor.tasks_count);
    lab_expect_equal(report, "tasks done, a sequential actor each",
        actors_count, sequential.tasks_count);
    lab_say(report,
        "Somebody is made for a task, does it, and is gone again. A thread is "
        "made by the kernel; an actor is a message to a place that is there.");
    lab_measured(report, "actor", "memory of one that waits", "bytes",
        measure_actors(&handler_behaviour, waiting_count));
    lab_measured(report, "sequential actor", "memory of one that waits",
        "bytes", measure_actors(&sequential_behaviour, waiting_count));
    lab_say(report, "What threads take up shows the lab stacks.");
    lab_conclude(report, LAB_HOLDS,
        "Made and gone: a process %.0f us, a thread %.0f us, an actor %.2f us, "
        "a sequential one %.2f us.",
        process.ns_each / 1000, thread.ns_each / 1000, actor.ns_each / 1000,
        sequential.ns_each / 1000);
}

const struct lab lab_spawn = {
    .name = "spawn",
    .claim = "Threads are light and processes heavy; actors are lighter "
             "still.",
    .drawn = "ns",
    .duration_s = 3,
    .run = run,
};
