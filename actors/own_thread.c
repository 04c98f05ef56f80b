/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/own_thread.h"

#include "actors/observer.h"
#include "actors/pid_text.h"
#include "actors/runtime.h"
#include "base/err.h"
#include "base/memory.h"

#include <string.h>

/* ---- making -------------------------------------------------------------- */

void
tp_own_threads_init(
    struct troupe_runtime *runtime, const struct troupe_options *options)
{
    struct tp_own_threads *own = &runtime->own_threads;

    pthread_mutex_init(&own->mutex, NULL);
    own->count_max = options->own_threads_max;
    own->contains_crashes = !options->crash_ends_process;
}

void
tp_own_threads_fini(struct troupe_runtime *runtime)
{
    struct tp_own_threads *own = &runtime->own_threads;

    for (unsigned i = 0; i < own->count; i++) {
        struct troupe_self *self = own->threads[i].self;

        if (self != NULL) {
            tp_stack_pool_fini(&self->stacks);
            tp_signal_stack_destroy(&self->signal_stack);
            tp_memory_free(self);
        }
    }
    tp_memory_free(own->threads);
    pthread_mutex_destroy(&own->mutex);
}

static struct troupe_self *
make_self(struct troupe_runtime *runtime, unsigned number)
{
    struct troupe_self *self =
        tp_memory_alloc_aligned(_Alignof(struct troupe_self), sizeof(*self));

    if (self == NULL) {
        return NULL;
    }
    memset(self, 0, sizeof(*self));
    tp_runtime_init_self(runtime, self, number);
    /* What a handler has sent does not wait for it: it may block. */
    self->chained_class_max = 0;
    tp_observer_watch(self);
    if (runtime->own_threads.contains_crashes &&
        !tp_signal_stack_create(&self->signal_stack)) {
        tp_memory_free(self);
        return NULL;
    }
    return self;
}

/* The self and the worker of a new thread. */
static troupe_err
equip(struct troupe_runtime *runtime, struct tp_own_thread *thread,
    unsigned place)
{
    unsigned number = runtime->scheduler->workers_count + place;
    struct troupe_self *self;
    troupe_err err;

    if (runtime->is_simulated || thread->self != NULL) {
        return TROUPE_OK;
    }
    self = make_self(runtime, number);
    if (self == NULL) {
        return tp_err_set(
            TROUPE_E_NO_MEMORY, "no memory for an actor's own thread");
    }
    err = tp_lone_add(runtime->scheduler, self, &self->worker);
    if (err != TROUPE_OK) {
        tp_signal_stack_destroy(&self->signal_stack);
        tp_memory_free(self);
        return err;
    }
    thread->self = self;
    return TROUPE_OK;
}

/* ---- giving out ---------------------------------------------------------- */

static troupe_err
make_room(struct tp_own_threads *own)
{
    if (own->threads == NULL && own->count_max > 0) {
        own->threads =
            tp_memory_alloc_zeroed(own->count_max, sizeof(own->threads[0]));
        if (own->threads == NULL) {
            return tp_err_set(TROUPE_E_NO_MEMORY,
                "no memory for a list of %u own threads", own->count_max);
        }
    }
    return TROUPE_OK;
}

/* The place of one that nobody has, or the next one. */
static troupe_err
find_free(struct tp_own_threads *own, unsigned *place)
{
    troupe_err err = make_room(own);

    if (err != TROUPE_OK) {
        return err;
    }
    *place = 0;
    while (*place < own->count && own->threads[*place].is_taken) {
        ++*place;
    }
    if (*place == own->count_max) {
        return tp_err_set(TROUPE_E_TOO_MANY_THREADS,
            "all %u own threads are taken; own_threads_max sets how many",
            own->count_max);
    }
    return TROUPE_OK;
}

/* With the mutex. */
static troupe_err
take(struct troupe_runtime *runtime, unsigned *place)
{
    struct tp_own_threads *own = &runtime->own_threads;
    struct tp_own_thread *thread;
    troupe_err err;

    if (own->is_closed) {
        return tp_err_set(TROUPE_E_NOT_RUNNING,
            "the runtime has been stopped, and makes no thread");
    }
    err = find_free(own, place);
    if (err != TROUPE_OK) {
        return err;
    }
    thread = &own->threads[*place];
    err = equip(runtime, thread, *place);
    if (err == TROUPE_OK && *place == own->count) {
        own->count++;
    }
    if (err == TROUPE_OK && own->is_running && thread->self != NULL) {
        err = tp_lone_start(thread->self->worker);
    }
    thread->is_taken = err == TROUPE_OK;
    return err;
}

troupe_err
tp_own_threads_take(struct troupe_runtime *runtime, uint32_t *bound)
{
    struct tp_own_threads *own = &runtime->own_threads;
    unsigned place = 0;
    troupe_err err;

    pthread_mutex_lock(&own->mutex);
    err = take(runtime, &place);
    pthread_mutex_unlock(&own->mutex);
    *bound = 1 + runtime->scheduler->workers_count + place;
    return err;
}

static struct tp_own_thread *
thread_of(struct troupe_runtime *runtime, uint32_t bound)
{
    return &runtime->own_threads
                .threads[bound - 1 - runtime->scheduler->workers_count];
}

void
tp_own_threads_settle(struct troupe_runtime *runtime, uint32_t bound,
    troupe_pid pid, const char *behaviour)
{
    struct tp_own_thread *thread = thread_of(runtime, bound);

    pthread_mutex_lock(&runtime->own_threads.mutex);
    thread->pid = pid;
    thread->behaviour = behaviour;
    pthread_mutex_unlock(&runtime->own_threads.mutex);
}

bool
tp_own_threads_has(const struct troupe_runtime *runtime, uint32_t bound)
{
    return bound > runtime->scheduler->workers_count &&
           bound != TP_TASK_ELSEWHERE;
}

void
tp_own_threads_put_back(struct troupe_runtime *runtime, uint32_t bound)
{
    pthread_mutex_lock(&runtime->own_threads.mutex);
    thread_of(runtime, bound)->is_taken = false;
    pthread_mutex_unlock(&runtime->own_threads.mutex);
}

/* ---- the runtime's life -------------------------------------------------- */

troupe_err
tp_own_threads_start(struct troupe_runtime *runtime)
{
    struct tp_own_threads *own = &runtime->own_threads;
    troupe_err err;

    pthread_mutex_lock(&own->mutex);
    err = tp_scheduler_start(runtime->scheduler);
    own->is_running = err == TROUPE_OK;
    pthread_mutex_unlock(&own->mutex);
    return err;
}

void
tp_own_threads_close(struct troupe_runtime *runtime)
{
    pthread_mutex_lock(&runtime->own_threads.mutex);
    runtime->own_threads.is_closed = true;
    pthread_mutex_unlock(&runtime->own_threads.mutex);
}

static bool
still_runs(const struct tp_own_thread *thread)
{
    return thread->self != NULL && thread->self->worker->has_thread;
}

static void
note_abandoned(struct troupe_runtime *runtime,
    const struct tp_own_thread *thread, struct troupe_stop_report *report)
{
    char text[TP_PID_TEXT_BYTES];

    tp_log_write(&runtime->log, TROUPE_LOG_ERROR,
        "actor %s (%s) has not returned from its handler: its own thread is "
        "left to itself",
        tp_pid_text(text, thread->pid), thread->behaviour);
    if (report->blocked_count < TROUPE_STOP_BLOCKED_MAX) {
        report->blocked[report->blocked_count] =
            (struct troupe_stop_blocked){thread->pid, thread->behaviour};
    }
    report->blocked_count++;
}

void
tp_own_threads_abandon(struct troupe_runtime *runtime, uint64_t deadline_ns,
    struct troupe_stop_report *report)
{
    struct tp_own_threads *own = &runtime->own_threads;

    if (tp_lone_join(runtime->scheduler, deadline_ns)) {
        return;
    }
    pthread_mutex_lock(&own->mutex);
    for (unsigned i = 0; i < own->count; i++) {
        struct tp_own_thread *thread = &own->threads[i];

        thread->is_abandoned = still_runs(thread);
        if (thread->is_abandoned) {
            note_abandoned(runtime, thread, report);
        }
    }
    pthread_mutex_unlock(&own->mutex);
}

bool
tp_own_threads_reclaim(struct troupe_runtime *runtime)
{
    struct tp_own_threads *own = &runtime->own_threads;
    bool are_all = tp_lone_join(runtime->scheduler, 0);

    for (unsigned i = 0; i < own->count; i++) {
        own->threads[i].is_abandoned &= still_runs(&own->threads[i]);
    }
    return are_all;
}

/* These two words of a thread that is abandoned do not change any more. */
bool
tp_own_threads_has_abandoned(
    const struct troupe_runtime *runtime, const struct tp_actor *actor)
{
    const struct tp_own_threads *own = &runtime->own_threads;

    for (unsigned i = 0; i < own->count; i++) {
        if (own->threads[i].is_abandoned &&
            troupe_pid_slot(own->threads[i].pid) == actor->index) {
            return true;
        }
    }
    return false;
}

bool
tp_own_threads_has_abandoned_worker(
    const struct troupe_runtime *runtime, unsigned index)
{
    unsigned workers_count = runtime->scheduler->workers_count;

    return index >= workers_count &&
           runtime->own_threads.threads[index - workers_count].is_abandoned;
}
