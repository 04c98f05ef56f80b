/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/runtime.h"

#include "actors/answer.h"
#include "actors/life.h"
#include "actors/outside.h"
#include "actors/post.h"
#include "actors/waits.h"
#include "base/assert.h"
#include "base/err.h"
#include "base/memory.h"
#include "scheduler/cpu_count.h"
#include "scheduler/simulation.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { RUNTIMES_MAX = 16, WORKERS_MAX = 1024 };

/* ---- the table of runtimes ----------------------------------------------- */

static pthread_mutex_t runtimes_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct troupe_runtime *runtimes[RUNTIMES_MAX]; /* by the mutex */
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

/* The child has this thread only: its runtimes answer NOT_RUNNING. */
static void
forget_runtimes(void)
{
    for (int i = 0; i < RUNTIMES_MAX; i++) {
        if (runtimes[i] != NULL) {
            ck_pr_store_32(&runtimes[i]->state, TP_RUNTIME_FORKED);
            runtimes[i] = NULL;
        }
    }
    pthread_mutex_unlock(&runtimes_mutex);
}

static void
lock_runtimes(void)
{
    pthread_mutex_lock(&runtimes_mutex);
}

static void
unlock_runtimes(void)
{
    pthread_mutex_unlock(&runtimes_mutex);
}

static void
watch_forks(void)
{
    pthread_atfork(lock_runtimes, unlock_runtimes, forget_runtimes);
}

/* A number for the runtime, until unlist(). */
static troupe_err
list(struct troupe_runtime *runtime, uint32_t *number)
{
    troupe_err err = TROUPE_E_TOO_MANY_RUNTIMES;

    pthread_once(&fork_once, watch_forks);
    lock_runtimes();
    for (uint32_t i = 0; i < RUNTIMES_MAX; i++) {
        if (runtimes[i] == NULL) {
            runtimes[i] = runtime;
            *number = i;
            err = TROUPE_OK;
            break;
        }
    }
    unlock_runtimes();
    if (err != TROUPE_OK) {
        return tp_err_set(
            err, "%d runtimes live in this process; destroy one", RUNTIMES_MAX);
    }
    return TROUPE_OK;
}

static void
unlist(struct troupe_runtime *runtime)
{
    lock_runtimes();
    if (runtimes[runtime->registry.runtime_number] == runtime) {
        runtimes[runtime->registry.runtime_number] = NULL;
    }
    unlock_runtimes();
}

/* ---- options ------------------------------------------------------------- */

/* TROUPE_SIM=seed turns a program into a simulation of itself. */
static troupe_err
read_environment(struct troupe_options *options)
{
    const char *text = getenv("TROUPE_SIM");
    char *end;

    if (text == NULL) {
        return TROUPE_OK;
    }
    options->simulate = true;
    options->seed = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0') {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "TROUPE_SIM is \"%s\"; it must be a seed, a whole number", text);
    }
    return TROUPE_OK;
}

/* TROUPE_CONTAIN=0 lets a crash end the process. */
static troupe_err
read_contain(struct troupe_options *options)
{
    const char *text = getenv("TROUPE_CONTAIN");

    if (text == NULL || strcmp(text, "1") == 0) {
        return TROUPE_OK;
    }
    options->crash_ends_process = true;
    if (strcmp(text, "0") != 0) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "TROUPE_CONTAIN is \"%s\"; it must be 0 (a crash ends the process) "
            "or 1",
            text);
    }
    return TROUPE_OK;
}

static troupe_err
resolve(const struct troupe_options *given, struct troupe_options *options)
{
    troupe_err err;

    *options = (struct troupe_options){.size = sizeof(*options)};
    if (given != NULL) {
        if (given->size < sizeof(size_t) || given->size > sizeof(*options)) {
            return tp_err_set(TROUPE_E_ABI_MISMATCH,
                "options of %zu bytes, this library knows %zu: make them by "
                "TROUPE_OPTIONS",
                given->size, sizeof(*options));
        }
        memcpy(options, given, given->size);
    }
    err = read_environment(options);
    if (err == TROUPE_OK) {
        err = read_contain(options);
    }
    if (err != TROUPE_OK) {
        return err;
    }
    if (options->workers_count > WORKERS_MAX) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "workers_count is %u; at most %d are possible",
            options->workers_count, WORKERS_MAX);
    }
    if (options->simulate) {
        options->workers_count = 1;
    }
    if (options->actors_count_max == 0 ||
        options->actors_count_max > TP_REGISTRY_SLOTS_MAX) {
        options->actors_count_max = TP_REGISTRY_SLOTS_MAX;
    }
    if (options->seed == 0 && getenv("TROUPE_SIM") == NULL) {
        options->seed = tp_random_seed();
    }
    return TROUPE_OK;
}

static void
choose_workers_count(
    struct troupe_runtime *runtime, struct troupe_options *options)
{
    struct tp_cpu_count chosen;

    if (options->workers_count == 0) {
        chosen = tp_cpu_count_read(NULL);
        options->workers_count =
            chosen.count < WORKERS_MAX ? chosen.count : WORKERS_MAX;
        tp_log_write(
            &runtime->log, TROUPE_LOG_INFO, "workers: %s", chosen.reason);
    }
}

/* ---- life ---------------------------------------------------------------- */

/* Whose timeout it is, its purpose says. */
static void
expire_timeout(struct tp_worker *worker, struct tp_timeout *timeout)
{
    if (timeout->purpose == TP_MESSAGE_TIMER) {
        tp_timers_expire(worker, timeout);
    } else {
        tp_answer_expire(worker, timeout);
    }
}

static void
release_timeout(struct tp_worker *worker, struct tp_timeout *timeout)
{
    if (timeout->purpose == TP_MESSAGE_TIMER) {
        tp_timers_release(worker, timeout);
    } else {
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
        .pin_workers = options->pin_workers,
        .simulate = options->simulate,
        .seed = options->seed,
        .parking = &tp_parking_futex,
        .hooks =
            {
                .run = tp_actor_run,
                .expire = expire_timeout,
                .release = release_timeout,
                .enter = enter_worker,
                .leave = leave_worker,
                .enclose =
                    options->crash_ends_process ? NULL : tp_containment_enclose,
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

        self->runtime = runtime;
        self->worker = &runtime->scheduler->workers[i];
        self->worker->local = self;
        tp_block_cache_init(&self->blocks, &runtime->depot);
        self->chain_held_max = TP_LIMIT_OF(late_max(runtime), 0);
        self->settle_max = late_max(runtime) << TP_ACTOR_UNSETTLED_BITS;
        tp_random_init(&self->random, runtime->seed ^ i);
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
    troupe_err err = list(runtime, &number);

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
        choose_workers_count(runtime, options);
        err = create_scheduler(runtime, options);
    }
    if (err == TROUPE_OK) {
        err = create_selves(runtime);
    }
    if (err == TROUPE_OK && !options->crash_ends_process) {
        err = create_containment(runtime);
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
    err = resolve(given, &options);
    if (err != TROUPE_OK) {
        return err;
    }
    made =
        tp_memory_alloc_aligned(_Alignof(struct troupe_runtime), sizeof(*made));
    if (made == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY, "no memory for a runtime");
    }
    memset(made, 0, sizeof(*made));
    made->log = (struct tp_log){options.log, options.log_context};
    made->seed = options.seed;
    made->is_simulated = options.simulate;
    made->creator = pthread_self();
    pthread_mutex_init(&made->outside_mutex, NULL);
    tp_roots_init(&made->roots);
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
    err = tp_scheduler_start(runtime->scheduler);
    if (err != TROUPE_OK) {
        ck_pr_store_32(&runtime->state, TP_RUNTIME_CREATED);
    }
    return err;
}

/* ---- the end ------------------------------------------------------------- */

static uint32_t
slots_count(struct troupe_runtime *runtime)
{
    return ck_pr_load_32(&runtime->registry.slots_count);
}

/* Ends what is left to end; called once more when a stop handler has crashed.
 */
static void
end_actors(struct tp_worker *worker)
{
    struct troupe_self *self = worker->local;
    struct troupe_runtime *runtime = self->runtime;

    while (runtime->ended_count < slots_count(runtime)) {
        uint32_t slot = runtime->ended_count++;

        tp_life_end_last(
            self, tp_registry_at(&runtime->registry, slot), &runtime->remains);
    }
}

static void
note_waits(struct troupe_runtime *runtime, struct troupe_stop_report *report)
{
    for (uint32_t i = 0; i < slots_count(runtime); i++) {
        tp_waits_note(tp_registry_at(&runtime->registry, i), report);
    }
}

/* Ends all actors, then empties all slots, as the last ones may have sent; when
 * no worker runs. */
static void
sweep(struct troupe_runtime *runtime, struct troupe_stop_report *report)
{
    struct troupe_self *self = &runtime->workers[0];

    note_waits(runtime, report);
    runtime->ended_count = 0;
    runtime->remains = (struct tp_life_remains){0, 0};
    tp_worker_enclose(self->worker, end_actors);
    report->actors_alive_count += runtime->remains.alive_count;
    report->actors_waiting_count += runtime->remains.waiting_count;
    for (uint32_t i = 0; i < slots_count(runtime); i++) {
        report->actors_alive_count +=
            tp_life_sweep(self, tp_registry_at(&runtime->registry, i));
    }
    for (unsigned i = 0; i < runtime->scheduler->workers_count; i++) {
        tp_worker_release_timeouts(&runtime->scheduler->workers[i]);
    }
}

static void
count_up(struct troupe_runtime *runtime, struct troupe_stop_report *report)
{
    for (unsigned i = 0; i < runtime->scheduler->workers_count; i++) {
        report->messages_handled_count += runtime->workers[i].handled_count;
    }
    for (int i = 0; i < TROUPE_DEAD_LETTER_CAUSES_COUNT; i++) {
        report->dead_letters_count[i] = tp_dead_letters_count(
            &runtime->dead_letters, (enum troupe_dead_letter_cause)i);
    }
}

static void
wake_outside(struct troupe_runtime *runtime)
{
    struct troupe_self *self;

    pthread_mutex_lock(&runtime->outside_mutex);
    for (self = runtime->outside; self != NULL; self = self->next_outside) {
        tp_parker_wake(&self->parker);
    }
    pthread_mutex_unlock(&runtime->outside_mutex);
    tp_parker_wake(&runtime->waiter);
}

/* Nobody waits for an answer any more, so the last one is nobody's. */
static void
release_answers(struct troupe_runtime *runtime)
{
    struct troupe_self *self;

    for (self = runtime->outside; self != NULL; self = self->next_outside) {
        troupe_message_release(self, &self->answer);
    }
}

/* First what waits, by all who are there to handle it; then the trees. */
static bool
drain(struct troupe_runtime *runtime, uint64_t drain_ns)
{
    uint64_t now_ns = tp_clock_now_ns(&runtime->scheduler->clock);
    uint64_t deadline_ns =
        drain_ns > UINT64_MAX - now_ns ? UINT64_MAX : now_ns + drain_ns;
    bool in_time = tp_scheduler_drain(runtime->scheduler, deadline_ns);

    return tp_roots_stop_all(runtime, deadline_ns) && in_time;
}

static troupe_err
begin_stop(struct troupe_runtime *runtime)
{
    struct troupe_self *self = pthread_getspecific(runtime->key);

    if (self != NULL && self->worker != NULL) {
        return tp_err_set(TROUPE_E_WRONG_THREAD,
            "a handler cannot wait for its own end; troupe_runtime_quit() "
            "asks the program to stop");
    }
    if (!ck_pr_cas_32(
            &runtime->state, TP_RUNTIME_RUNNING, TP_RUNTIME_STOPPING)) {
        return tp_err_set(TROUPE_E_NOT_RUNNING, "the runtime is not running");
    }
    return TROUPE_OK;
}

static bool
is_simulator(const struct troupe_runtime *runtime)
{
    return !runtime->is_simulated ||
           pthread_equal(runtime->creator, pthread_self());
}

troupe_err
troupe_runtime_stop(struct troupe_runtime *runtime, uint64_t drain_ns,
    struct troupe_stop_report *report)
{
    TP_RUNTIME_CALL();
    struct troupe_stop_report made = TROUPE_STOP_REPORT;
    troupe_err err;

    if (!is_simulator(runtime)) {
        return tp_err_set(TROUPE_E_WRONG_THREAD,
            "under simulation only the thread that made the runtime may call");
    }
    err = begin_stop(runtime);
    if (err != TROUPE_OK) {
        return err;
    }
    wake_outside(runtime);
    made.is_drained = drain(runtime, drain_ns);
    tp_scheduler_halt(runtime->scheduler);
    ck_pr_store_32(&runtime->state, TP_RUNTIME_STOPPED);
    wake_outside(runtime);
    sweep(runtime, &made);
    count_up(runtime, &made);
    if (report != NULL) {
        size_t size = report->size < sizeof(made) ? report->size : sizeof(made);

        made.size = size;
        memcpy(report, &made, size);
    }
    return TROUPE_OK;
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
    if (dying->workers != NULL) {
        sweep(dying, &unread); /* what came between stop and here */
        release_answers(dying);
        tp_roots_fini(&dying->workers[0]);
        destroy_containment(dying);
    }
    tp_isolation_forget(dying);
    tp_outside_destroy_all(dying);
    if (dying->has_key) {
        pthread_key_delete(dying->key);
    }
    unlist(dying);
    tp_profiles_fini(&dying->profiles);
    tp_registry_fini(&dying->registry);
    tp_dead_letters_fini(&dying->dead_letters);
    tp_block_depot_fini(&dying->depot);
    tp_memory_free(dying->workers);
    if (dying->scheduler != NULL) {
        tp_scheduler_destroy(&dying->scheduler);
    }
    pthread_mutex_destroy(&dying->outside_mutex);
    pthread_mutex_destroy(&dying->roots.mutex);
    tp_memory_free(dying);
}

/* ---- quitting ------------------------------------------------------------ */

void
troupe_runtime_quit(struct troupe_self *self)
{
    TP_RUNTIME_CALL();
    ck_pr_store_32(&self->runtime->is_quitting, 1);
    ck_pr_fence_memory();
    tp_parker_wake(&self->runtime->waiter);
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
}

/* ---- questions ----------------------------------------------------------- */

unsigned
troupe_runtime_workers_count(const struct troupe_runtime *runtime)
{
    return runtime->scheduler->workers_count;
}

static uint64_t
alive_by(const struct troupe_self *self)
{
    return ck_pr_load_64(&self->born_count) - ck_pr_load_64(&self->died_count);
}

uint64_t
troupe_runtime_actors_count(const struct troupe_runtime *runtime)
{
    struct troupe_runtime *mutable =
        (struct troupe_runtime *)(uintptr_t)runtime;
    uint64_t count = 0;

    for (unsigned i = 0; i < runtime->scheduler->workers_count; i++) {
        count += alive_by(&runtime->workers[i]);
    }
    pthread_mutex_lock(&mutable->outside_mutex);
    for (const struct troupe_self *self = runtime->outside; self != NULL;
         self = self->next_outside) {
        count += alive_by(self);
    }
    pthread_mutex_unlock(&mutable->outside_mutex);
    return count;
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
troupe_stop_report_print(FILE *stream, const struct troupe_stop_report *report)
{
    fprintf(stream, "%-64s %s\n", "drained before the deadline",
        report->is_drained ? "yes" : "no");
    fprintf(stream, "%-64s %" PRIu64 "\n", "messages handled",
        report->messages_handled_count);
    for (int i = 0; i < TROUPE_DEAD_LETTER_CAUSES_COUNT; i++) {
        if (report->dead_letters_count[i] > 0) {
            fprintf(stream, "dead letters: %-50s %" PRIu64 "\n",
                troupe_dead_letter_cause_text((enum troupe_dead_letter_cause)i),
                report->dead_letters_count[i]);
        }
    }
    fprintf(stream, "%-64s %" PRIu64 "\n", "actors alive at the end",
        report->actors_alive_count);
    fprintf(stream, "%-64s %" PRIu64 "\n", "of them waiting for an answer",
        report->actors_waiting_count);
    tp_waits_print_stopped(stream, report);
}

void
troupe_check_failed(const char *call, troupe_err err)
{
    fprintf(stderr, "%s failed: %s (%s: %s)\n", call, troupe_err_detail(),
        troupe_err_name(err), troupe_err_text(err));
    exit(1);
}
