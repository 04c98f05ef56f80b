/* SPDX-License-Identifier: BSD-2-Clause */
/* lifecycle: the states of a thread, read from the system while it lives. */
#include "lab/lab.h"
#include "lab/system.h"
#include "lab/task_state.h"
#include "lab/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

struct subject {
    pthread_mutex_t gate;
    /* Both: written by the thread, read by whoever looks; order nothing. */
    pid_t number;     /* the system's; 0: it has not begun */
    const char *told; /* what it says of itself */
    bool may_stop;
};

static void *
live(void *arg)
{
    struct subject *subject = arg;

    __atomic_store_n(&subject->told, "running", __ATOMIC_RELAXED);
    __atomic_store_n(&subject->number, task_number(), __ATOMIC_RELEASE);
    while (!__atomic_load_n(&subject->may_stop, __ATOMIC_ACQUIRE)) {
    }
    pthread_mutex_lock(&subject->gate); /* whoever looks has it */
    pthread_mutex_unlock(&subject->gate);
    return NULL;
}

/* ---- broken: ask a variable of the thread's own -------------------------- */

static const char *
ask_thread(struct subject *subject, const char *wanted)
{
    (void)wanted;
    return __atomic_load_n(&subject->told, __ATOMIC_RELAXED);
}

/* ---- mended: ask the system ---------------------------------------------- */

static const char *
ask_system(struct subject *subject, const char *wanted)
{
    return task_await(subject->number, wanted);
}

/* ---- a thread's life ----------------------------------------------------- */

typedef const char *ask_function(struct subject *subject, const char *wanted);

static char seen[512]; /* a line a moment */

static void
tell(struct lab_report *report, const char *when, const char *expected,
    const char *observed)
{
    char *end = seen + strlen(seen);

    snprintf(end, sizeof(seen) - strlen(seen), "%-34s %s\n", when, observed);
    lab_expect_text(report, when, expected, observed);
}

static void
watch_thread(struct lab_report *report, ask_function *ask)
{
    struct subject subject = {.gate = PTHREAD_MUTEX_INITIALIZER, .told = "new"};
    pthread_t thread;

    tell(report, "before pthread_create()", "new",
        subject.number == 0 ? "new" : "running");
    pthread_mutex_lock(&subject.gate);
    if (pthread_create(&thread, NULL, live, &subject) != 0) {
        abort();
    }
    while (__atomic_load_n(&subject.number, __ATOMIC_ACQUIRE) == 0) {
        sched_yield();
    }
    tell(report, "it counts in a loop", "running", ask(&subject, "running"));
    __atomic_store_n(&subject.may_stop, true, __ATOMIC_RELEASE);
    tell(report, "it wants a mutex that another has", "blocked",
        ask(&subject, "blocked"));
    pthread_mutex_unlock(&subject.gate);
    pthread_join(thread, NULL);
    tell(report, "after pthread_join()", "terminated",
        ask(&subject, "terminated"));
}

/* ---- runnable: two that run, on one processor ---------------------------- */

struct spinners {
    pid_t numbers[2];
    bool may_stop;
};

static void
spin(void *context, unsigned index)
{
    struct spinners *spinners = context;

    threads_bind(0);
    __atomic_store_n(
        &spinners->numbers[index], task_number(), __ATOMIC_RELEASE);
    while (!__atomic_load_n(&spinners->may_stop, __ATOMIC_ACQUIRE)) {
    }
}

static void
watch_two_on_one_processor(struct lab_report *report)
{
    struct spinners spinners = {.may_stop = false};
    struct threads *threads =
        threads_start(2, THREADS_STACK_BYTES, spin, &spinners);
    uint64_t running_count = 0;

    if (threads == NULL) {
        abort();
    }
    for (int i = 0; i < 2; i++) {
        while (__atomic_load_n(&spinners.numbers[i], __ATOMIC_ACQUIRE) == 0) {
            sched_yield();
        }
    }
    for (int i = 0; i < 2; i++) {
        running_count +=
            strcmp(task_state(spinners.numbers[i]), "running") == 0;
    }
    __atomic_store_n(&spinners.may_stop, true, __ATOMIC_RELEASE);
    threads_join(threads);
    lab_expect_equal(report,
        "threads the system calls running, of two on one processor", 2,
        running_count);
}

/* ---- actors -------------------------------------------------------------- */

TROUPE_MESSAGE(question, TROUPE_NO_FIELDS)
TROUPE_MESSAGE(answer, TROUPE_NO_FIELDS)

static void
on_answer(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_answer *answer)
{
    (void)self;
    (void)state;
    (void)context;
    (void)answer;
}

static troupe_pid silent;

static void
on_start(struct troupe_self *self, void *state)
{
    (void)state;
    TROUPE_CHECK(troupe_ask_then(
        self, silent, TROUPE_SECONDS(600), on_answer, 0, question));
}

TROUPE_BEHAVIOUR(asker, 0, TROUPE_ON_START(on_start));

/* It keeps the question, and never answers. */
static void
on_question(
    struct troupe_self *self, void *state, const struct question *question)
{
    struct troupe_request *request;

    (void)state;
    (void)question;
    TROUPE_CHECK(troupe_request_keep(self, &request));
}

TROUPE_BEHAVIOUR(mute, 0, TROUPE_ON(question, on_question));

static void
watch_actors(struct lab_report *report)
{
    struct troupe_self *self = system_begin(NULL);
    char *dump;
    size_t size;
    FILE *stream = open_memstream(&dump, &size);
    troupe_pid pid;

    if (stream == NULL) {
        abort();
    }
    TROUPE_CHECK(troupe_spawn(self, mute, &silent));
    TROUPE_CHECK(troupe_spawn(self, asker, &pid));
    TROUPE_CHECK(troupe_dump(system_runtime(), NULL, stream));
    fclose(stream);
    lab_say(report,
        "Actors have the same states, and no thread for any of them: one that "
        "has nothing to do is idle, one that asked waits for an answer, which "
        "does not keep it from handling other messages. The runtime says so "
        "itself, by troupe_dump():");
    lab_show(report, dump);
    lab_expect_equal(report, "the dump names the actor that waits", 1,
        strstr(dump, "asker") != NULL);
    lab_expect_equal(report, "and the one that it waits for", 1,
        strstr(dump, "mute") != NULL);
    free(dump);
    system_end(NULL);
}

static void
run(struct lab_report *report)
{
    lab_say(report, "A thread, and what the system says of it at each moment:");
    watch_thread(report, lab_is_fixed(report) ? ask_system : ask_thread);
    watch_two_on_one_processor(report);
    lab_show(report, seen);
    lab_say(report,
        "Runnable and running are one state for the system, R: of two threads "
        "that compute on one processor it calls both running, though only one "
        "is. A variable in which a thread says what it does says \"running\" "
        "all the time that it is blocked: it cannot say anything then.");
    watch_actors(report);
    lab_conclude(report, LAB_PARTLY,
        "New, running, blocked and terminated were seen live; runnable and "
        "running are one state here.");
}

const struct lab lab_lifecycle = {
    .name = "lifecycle",
    .claim = "A thread is new, runnable, running, blocked or terminated.",
    .duration_s = 1,
    .run = run,
};
