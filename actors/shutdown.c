/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/shutdown.h"

#include "actors/life.h"
#include "actors/outside.h"
#include "actors/waits.h"
#include "base/clock.h"
#include "base/err.h"

#include <inttypes.h>
#include <string.h>

/* How long handlers that run on threads of their own may go on when the time
 * for draining is up. */
static const uint64_t patience_ns = TROUPE_SECONDS(1);

static uint32_t
slots_count(const struct troupe_runtime *runtime)
{
    return tp_registry_count(&runtime->registry);
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
        struct tp_actor *actor = tp_registry_at(&runtime->registry, slot);

        if (!tp_own_threads_has_abandoned(runtime, actor)) {
            tp_life_end_last(self, actor, &runtime->remains);
        }
    }
}

static void
note_waits(struct troupe_runtime *runtime, struct troupe_stop_report *report)
{
    for (uint32_t i = 0; i < slots_count(runtime); i++) {
        struct tp_actor *actor = tp_registry_at(&runtime->registry, i);

        if (!tp_own_threads_has_abandoned(runtime, actor)) {
            tp_waits_note(actor, report);
        }
    }
}

/* A thread outside looks into its slot by itself, while it is there; so does
 * one that has been abandoned. */
static bool
is_ours(
    struct troupe_runtime *runtime, struct tp_actor *actor, bool has_threads)
{
    return (!has_threads ||
               ck_pr_load_32(&actor->task.bound) != TP_TASK_ELSEWHERE) &&
           !tp_own_threads_has_abandoned(runtime, actor);
}

void
tp_shutdown_sweep(struct troupe_runtime *runtime, bool has_threads,
    struct troupe_stop_report *report)
{
    struct troupe_self *self = &runtime->workers[0];

    note_waits(runtime, report);
    runtime->ended_count = 0;
    runtime->remains = (struct tp_life_remains){0, 0};
    tp_worker_enclose(self->worker, end_actors);
    report->actors_alive_count += runtime->remains.alive_count;
    report->actors_waiting_count += runtime->remains.waiting_count;
    for (uint32_t i = 0; i < slots_count(runtime); i++) {
        struct tp_actor *actor = tp_registry_at(&runtime->registry, i);

        if (is_ours(runtime, actor, has_threads)) {
            report->actors_alive_count += tp_life_sweep(self, actor);
        }
    }
    for (unsigned i = 0; i < tp_scheduler_all_count(runtime->scheduler); i++) {
        if (!tp_own_threads_has_abandoned_worker(runtime, i)) {
            tp_worker_release_timeouts(
                tp_scheduler_worker_at(runtime->scheduler, i));
        }
    }
}

static void
count_up(struct troupe_runtime *runtime, struct troupe_stop_report *report)
{
    for (unsigned i = 0; i < tp_scheduler_all_count(runtime->scheduler); i++) {
        if (!tp_own_threads_has_abandoned_worker(runtime, i)) {
            const struct troupe_self *self = tp_runtime_self_at(runtime, i);

            report->messages_handled_count += self->handled_count;
            report->messages_replaced_count += self->replaced_count;
        }
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
void
tp_shutdown_release_answers(struct troupe_runtime *runtime)
{
    struct troupe_self *self;

    for (self = runtime->outside; self != NULL; self = self->next_outside) {
        troupe_message_release(self, &self->answer);
    }
}

static uint64_t
deadline_in(const struct troupe_runtime *runtime, uint64_t span_ns)
{
    return tp_clock_after_ns(
        tp_clock_now_ns(&runtime->scheduler->clock), span_ns);
}

/* First what waits, by all who are there to handle it; then the trees. */
static bool
drain(struct troupe_runtime *runtime, uint64_t deadline_ns)
{
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

void
tp_shutdown_ask(struct troupe_runtime *runtime)
{
    ck_pr_fence_release(); /* pairs with the acquire in troupe_runtime_wait() */
    ck_pr_store_32(&runtime->is_quitting, 1);
    tp_parker_wake(&runtime->waiter);
}

void
tp_shutdown_hurry(struct troupe_runtime *runtime)
{
    tp_scheduler_hurry(runtime->scheduler);
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
    made.is_drained = drain(runtime, deadline_in(runtime, drain_ns));
    tp_own_threads_close(runtime);
    tp_watchdog_stop(&runtime->watchdog);
    tp_scheduler_halt(runtime->scheduler);
    tp_own_threads_abandon(runtime, deadline_in(runtime, patience_ns), &made);
    ck_pr_store_32(&runtime->state, TP_RUNTIME_STOPPED);
    tp_faults_fini(&runtime->faults);
    wake_outside(runtime);
    tp_shutdown_sweep(runtime, true, &made);
    count_up(runtime, &made);
    if (report != NULL) {
        size_t size = report->size < sizeof(made) ? report->size : sizeof(made);

        made.size = size;
        memcpy(report, &made, size);
    }
    return TROUPE_OK;
}

static void
print_blocked(FILE *stream, const struct troupe_stop_report *report)
{
    char text[TP_PID_TEXT_BYTES];

    if (report->blocked_count == 0) {
        return;
    }
    fprintf(stream, "%-64s %u\n", "own threads that were blocked",
        report->blocked_count);
    for (unsigned i = 0;
         i < report->blocked_count && i < TROUPE_STOP_BLOCKED_MAX; i++) {
        fprintf(stream, "actor %s (%s) had not returned from its handler\n",
            tp_pid_text(text, report->blocked[i].actor),
            report->blocked[i].behaviour);
    }
}

void
troupe_stop_report_print(FILE *stream, const struct troupe_stop_report *report)
{
    fprintf(stream, "%-64s %s\n", "drained before the deadline",
        report->is_drained ? "yes" : "no");
    fprintf(stream, "%-64s %" PRIu64 "\n", "messages handled",
        report->messages_handled_count);
    if (report->messages_replaced_count > 0) {
        fprintf(stream, "%-64s %" PRIu64 "\n",
            "messages replaced by later ones", report->messages_replaced_count);
    }
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
    print_blocked(stream, report);
}
