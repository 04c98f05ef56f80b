/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/runtime.h"

#include "actors/answer.h"
#include "actors/delayed.h"
#include "actors/io.h"
#include "actors/isolation.h"
#include "actors/observer.h"
#include "actors/options.h"
#include "actors/outside.h"
#include "actors/post.h"
#include "actors/runtime_table.h"
#include "actors/shutdown.h"
#include "base/assert.h"
#include "base/err.h"
#include "base/memory.h"
#include "scheduler/simulation.h"

#include <stdlib.h>
#include <string.h>

/* ---- making -------------------------------------------------------------- */

/* Whose timeout it is, its purpose says. */
static void
expire_timeout(struct tp_worker *worker, struct tp_timeout *timeout)
{
    if (timeout->purpose == TP_MESSAGE_TIMER) {
        tp_timers_expire(worker, timeout);
    } else if (timeout->purpose == TP_MESSAGE_IO) {
        ((struct troupe_self *)worker->local)
            ->runtime->io->expire(worker, timeout);
    } else if (timeout->purpose == TP_MESSAGE_DELAYED) {
        tp_delayed_expire(worker, timeout);
    } else {
        tp_answer_expire(worker, timeout);
    }
}

static void
release_timeout(struct tp_worker *worker, struct tp_timeout *timeout)
{
    if (timeout->purpose == TP_MESSAGE_TIMER) {
        tp_timers_release(worker, timeout);
    } else if (timeout->purpose == TP_MESSAGE_DELAYED) {
        tp_delayed_release(worker, timeout);
    } else if (timeout->purpose != TP_MESSAGE_IO) { /* that is its socket's */
        tp_answer_release(worker, timeout);
    }
}

static void
enter_worker(struct tp_worker *worker)
{
    struct troupe_self *self = worker->local;

    /* So that a call from a handler is told from one outside. */
    (void)pthread_setspecific(self->runtime->key, self);
    if (self->signal_stack.pages != NULL) {
        tp_signal_stack_put_on(&self->signal_stack);
    }
    if (!self->worker->is_lone) {
        tp_watchdog_enter(&self->runtime->watchdog);
    }
}

static void
leave_worker(struct tp_worker *worker)
{
    struct troupe_self *self = worker->local;

    tp_signal_stack_take_off(&self->signal_stack);
}

static troupe_err
create_scheduler(
    struct troupe_runtime *runtime, const struct troupe_options *options)
{
    struct tp_scheduler_options wanted = {
        .workers_count = options->workers_count,
        .lone_max = options->simulate ? 0 : options->own_threads_max,
        .pin_workers = options->pin_workers,
        .simulate = options->simulate,
        .seed = options->seed,
        .parking = &tp_parking_futex,
        .io = runtime->io == NULL ? NULL : runtime->io->loop,
        .hooks =
            {
                .run = tp_actor_run,
                .expire = expire_timeout,
                .release = release_timeout,
                .enter = enter_worker,
                .leave = leave_worker,
                .enclose =
                    options->crash_ends_process ? NULL : tp_containment_enclose,
                .park = options->observer == NULL ? NULL : tp_observer_park,
                .unpark = options->observer == NULL ? NULL : tp_observer_unpark,
            },
    };

    return tp_scheduler_create(&wanted, &runtime->scheduler);
}

static troupe_err
create_profiles(
    struct troupe_runtime *runtime, const struct troupe_options *options)
{
    troupe_err err = tp_profiles_init(
        &runtime->profiles, &runtime->registry, &options->mailbox);

    if (err == TROUPE_OK) {
        runtime->marks =
            tp_profiles_at(&runtime->profiles, TP_PROFILE_USUAL)->marks;
    }
    return err;
}

/* How many messages may be pushed together, or come off a limit late: so few
 * that the low mark still means something. */
static uint32_t
late_max(const struct troupe_runtime *runtime)
{
    uint64_t quarter = runtime->marks.messages_low / 4;
    uint64_t in_bytes = runtime->marks.bytes_low / 4 / TP_POST_CHAINED_BYTES;

    if (in_bytes < quarter) {
        quarter = in_bytes;
    }
    return quarter < 1 ? 1 : quarter > 64 ? 64 : (uint32_t)quarter;
}

void
tp_runtime_init_self(
    struct troupe_runtime *runtime, struct troupe_self *self, unsigned number)
{
    self->runtime = runtime;
    tp_block_cache_init(&self->blocks, &runtime->depot);
    self->chained_class_max = TP_POST_CHAINED_CLASS_MAX;
    self->chain_held_max = TP_LIMIT_OF(late_max(runtime), 0);
    self->settle_max = late_max(runtime) << TP_ACTOR_UNSETTLED_BITS;
    tp_random_init(&self->random, runtime->seed ^ number);
    tp_observer_watch(self);
}

static troupe_err
create_selves(struct troupe_runtime *runtime)
{
    unsigned count = runtime->scheduler->workers_count;
    size_t bytes = count * sizeof(runtime->workers[0]);

    runtime->workers =
        tp_memory_alloc_aligned(_Alignof(struct troupe_self), bytes);
    if (runtime->workers == NULL) {
        return tp_err_set(
            TROUPE_E_NO_MEMORY, "no memory for %u workers", count);
    }
    memset(runtime->workers, 0, bytes);
    for (unsigned i = 0; i < count; i++) {
        struct troupe_self *self = &runtime->workers[i];

        tp_runtime_init_self(runtime, self, i);
        self->worker = &runtime->scheduler->workers[i];
        self->worker->local = self;
    }
    return TROUPE_OK;
}

/* What a crash is contained with. */
static troupe_err
create_containment(struct troupe_runtime *runtime)
{
    unsigned count = runtime->scheduler->workers_count;

    for (unsigned i = 0; i < count; i++) {
        if (!tp_signal_stack_create(&runtime->workers[i].signal_stack)) {
            return tp_err_set(TROUPE_E_NO_MEMORY,
                "no memory for the signal stacks of %u workers", count);
        }
    }
    if (runtime->is_simulated) {
        tp_signal_stack_put_on(&runtime->workers[0].signal_stack);
    }
    tp_containment_install();
    return TROUPE_OK;
}

/* A simulation's stack is left to a thread that still has it on. */
static void
destroy_containment(struct troupe_runtime *runtime)
{
    unsigned count = runtime->scheduler->workers_count;

    if (runtime->is_simulated) {
        if (!pthread_equal(runtime->creator, pthread_self())) {
            return;
        }
        tp_signal_stack_take_off(&runtime->workers[0].signal_stack);
    }
    for (unsigned i = 0; i < count; i++) {
        tp_signal_stack_destroy(&runtime->workers[i].signal_stack);
    }
}

/* Those of own threads go with these (own_thread.h). */
static void
destroy_stacks(struct troupe_runtime *runtime)
{
    for (unsigned i = 0; i < runtime->scheduler->workers_count; i++) {
        tp_stack_pool_fini(&runtime->workers[i].stacks);
    }
}

static troupe_err
create_key(struct troupe_runtime *runtime)
{
    if (pthread_key_create(&runtime->key, tp_outside_put_back) != 0) {
        return tp_err_set(
            TROUPE_E_SYSTEM, "the process has no thread-specific key left");
    }
    runtime->has_key = true;
    return TROUPE_OK;
}

static troupe_err
fill(struct troupe_runtime *runtime, struct troupe_options *options)
{
    uint32_t number = 0;
    troupe_err err = tp_runtime_table_add(runtime, &number);

    if (err != TROUPE_OK) {
        return err;
    }
    runtime->registry.runtime_number = number;
    err = tp_dead_letters_init(&runtime->dead_letters, options);
    if (err == TROUPE_OK) {
        err = tp_registry_init(
            &runtime->registry, number, options->actors_count_max);
    }
    if (err == TROUPE_OK) {
        err = create_profiles(runtime, options);
    }
    if (err == TROUPE_OK) {
        tp_options_choose_workers(&runtime->log, options);
        err = create_scheduler(runtime, options);
    }
    if (err == TROUPE_OK) {
        err = create_selves(runtime);
    }
    if (err == TROUPE_OK && !options->crash_ends_process) {
        err = create_containment(runtime);
    }
    if (err == TROUPE_OK) {
        err = tp_watchdog_init(runtime, options);
    }
    if (err == TROUPE_OK && options->simulate) {
        tp_faults_init(runtime, options);
    }
    return err == TROUPE_OK ? create_key(runtime) : err;
}

troupe_err
troupe_runtime_create_abi(unsigned abi, const struct troupe_options *given,
    struct troupe_runtime **runtime)
{
    TP_RUNTIME_CALL();
    struct troupe_options options;
    struct troupe_runtime *made;
    troupe_err err;

    if (abi != TROUPE_ABI) {
        return tp_err_set(TROUPE_E_ABI_MISMATCH,
            "the program was compiled for ABI %u, the library has %u", abi,
            TROUPE_ABI);
    }
    err = tp_options_resolve(given, &options);
    if (err != TROUPE_OK) {
        return err;
    }
    made =
        tp_memory_alloc_aligned(_Alignof(struct troupe_runtime), sizeof(*made));
    if (made == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory for a runtime");
    }
    memset(made, 0, sizeof(*made));
    tp_log_init(&made->log, &options);
    made->observer = options.observer;
    made->seed = options.seed;
    made->is_simulated = options.simulate;
    made->io = options.io;
    made->creator = pthread_self();
    pthread_mutex_init(&made->outside_mutex, NULL);
    tp_roots_init(&made->roots);
    tp_directory_init(&made->directory);
    tp_own_threads_init(made, &options);
    tp_parker_init(&made->waiter, &tp_parking_futex);
    tp_block_depot_init(&made->depot);
    err = fill(made, &options);
    if (err != TROUPE_OK) {
        troupe_runtime_destroy(&made);
        return err;
    }
    tp_isolation_watch(made);
    *runtime = made;
    return TROUPE_OK;
}

troupe_err
troupe_runtime_start(struct troupe_runtime *runtime)
{
    TP_RUNTIME_CALL();
    troupe_err err;
    uint32_t state = TP_RUNTIME_CREATED;

    if (!ck_pr_cas_32_value(
            &runtime->state, TP_RUNTIME_CREATED, TP_RUNTIME_RUNNING, &state)) {
        if (state == TP_RUNTIME_FORKED) {
            return tp_err_set(TROUPE_E_NOT_RUNNING,
                "the runtime belongs to the parent of this process");
        }
        return tp_err_set(TROUPE_E_ALREADY_STARTED,
            "a runtime is started once; make another one");
    }
    err = tp_watchdog_start(runtime);
    if (err == TROUPE_OK) {
        err = tp_own_threads_start(runtime);
    }
    if (err == TROUPE_OK) {
        tp_watchdog_look(&runtime->watchdog);
    } else {
        tp_watchdog_stop(&runtime->watchdog);
    }
    if (err != TROUPE_OK) {
        ck_pr_store_32(&runtime->state, TP_RUNTIME_CREATED);
    }
    return err;
}

/* It would be a thread without memory under its feet. */
static void
leave_behind(struct troupe_runtime *runtime)
{
    tp_log_write(&runtime->log, TROUPE_LOG_ERROR,
        "the runtime is left in memory: an actor has not returned from its "
        "handler on a thread of its own");
}

void
troupe_runtime_destroy(struct troupe_runtime **runtime)
{
    TP_RUNTIME_CALL();
    struct troupe_runtime *dying = *runtime;
    struct troupe_stop_report unread = TROUPE_STOP_REPORT;

    *runtime = NULL;
    if (dying == NULL || tp_runtime_state_of(dying) == TP_RUNTIME_FORKED) {
        return;
    }
    if (tp_runtime_state_of(dying) == TP_RUNTIME_RUNNING) {
        (void)troupe_runtime_stop(dying, 0, NULL);
    }
    if (dying->scheduler != NULL && !tp_own_threads_reclaim(dying)) {
        leave_behind(dying);
        return;
    }
    if (dying->workers != NULL) {
        /* What came between stop and here; or all, if it never started. */
        ck_pr_store_32(&dying->state, TP_RUNTIME_STOPPED);
        tp_shutdown_sweep(dying, false, &unread);
        tp_scheduler_close_io(dying->scheduler); /* it has blocks of ours */
        tp_shutdown_release_answers(dying);
        tp_roots_fini(&dying->workers[0]);
        destroy_stacks(dying);
        destroy_containment(dying);
    }
    tp_isolation_forget(dying);
    tp_outside_destroy_all(dying);
    if (dying->has_key) {
        pthread_key_delete(dying->key);
    }
    tp_runtime_table_remove(dying);
    tp_directory_fini(&dying->directory);
    tp_profiles_fini(&dying->profiles);
    tp_watchdog_fini(&dying->watchdog);
    tp_registry_fini(&dying->registry);
    tp_dead_letters_fini(&dying->dead_letters);
    tp_block_depot_fini(&dying->depot);
    tp_memory_free(dying->workers);
    if (dying->scheduler != NULL) {
        tp_scheduler_destroy(&dying->scheduler);
    }
    pthread_mutex_destroy(&dying->outside_mutex);
    pthread_mutex_destroy(&dying->roots.mutex);
    tp_own_threads_fini(dying);
    tp_memory_free(dying);
}

/* ---- quitting ------------------------------------------------------------ */

void
troupe_runtime_quit(struct troupe_self *self)
{
    TP_RUNTIME_CALL();
    if (self->chain.newest != NULL) {
        tp_post_flush(self); /* so that whoever wakes finds it sent */
    }
    tp_shutdown_ask(self->runtime);
}

void
troupe_runtime_wait(struct troupe_runtime *runtime)
{
    TP_RUNTIME_CALL();
    while (ck_pr_load_32(&runtime->is_quitting) == 0 &&
           tp_runtime_state_of(runtime) == TP_RUNTIME_RUNNING) {
        if (!runtime->is_simulated) {
            tp_parker_park(&runtime->waiter, UINT64_MAX);
        } else if (!tp_simulation_step(runtime->scheduler, UINT64_MAX)) {
            return;
        }
    }
    ck_pr_fence_acquire();
}

/* ---- questions ----------------------------------------------------------- */

unsigned
troupe_runtime_workers_count(const struct troupe_runtime *runtime)
{
    return runtime->scheduler->workers_count;
}

/* With the mutex. */
static uint64_t
born_count(const struct troupe_runtime *runtime)
{
    uint64_t count = 0;

    for (unsigned i = 0; i < tp_scheduler_all_count(runtime->scheduler); i++) {
        struct troupe_self *self = tp_runtime_self_at(runtime, i);

        count += ck_pr_load_64(&self->born_count);
    }
    for (const struct troupe_self *self = runtime->outside; self != NULL;
         self = self->next_outside) {
        count += ck_pr_load_64(&self->born_count);
    }
    return count;
}

/* By workers only: threads outside end nobody. */
static uint64_t
died_count(const struct troupe_runtime *runtime)
{
    uint64_t count = 0;

    for (unsigned i = 0; i < tp_scheduler_all_count(runtime->scheduler); i++) {
        struct troupe_self *self = tp_runtime_self_at(runtime, i);

        count += ck_pr_load_64(&self->died_count);
    }
    return count;
}

uint64_t
troupe_runtime_actors_count(const struct troupe_runtime *runtime)
{
    struct troupe_runtime *mutable =
        (struct troupe_runtime *)(uintptr_t)runtime;
    uint64_t died;
    uint64_t born;

    pthread_mutex_lock(&mutable->outside_mutex);
    died = died_count(runtime);
    ck_pr_fence_load(); /* who has died was born before: never less than 0 */
    born = born_count(runtime);
    pthread_mutex_unlock(&mutable->outside_mutex);
    return born - died;
}

uint64_t
troupe_runtime_seed(const struct troupe_runtime *runtime)
{
    return runtime->seed;
}

uint64_t
troupe_runtime_order_signature(const struct troupe_runtime *runtime)
{
    return runtime->is_simulated
               ? runtime->scheduler->simulation->order_signature
               : 0;
}

void
troupe_check_failed(const char *call, troupe_err err)
{
    fprintf(stderr, "%s failed: %s (%s: %s)\n", call, troupe_err_detail(),
        troupe_err_name(err), troupe_err_text(err));
    exit(1);
}
