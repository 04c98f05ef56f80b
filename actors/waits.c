/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/waits.h"

#include "actors/outside.h"
#include "actors/post.h"
#include "actors/wait_graph.h"
#include "base/err.h"
#include "base/memory.h"

enum { BATCH_COUNT = 1024 };

/* So long the actors of a batch have to answer. */
static const uint64_t patience_ns = TROUPE_SECONDS(1);

/* ---- the actor's side ---------------------------------------------------- */

static struct tp_waits_report *
report_of(struct troupe_message *message)
{
    return (struct tp_waits_report *)(void *)message->payload;
}

static uint32_t
open_count(const struct tp_actor *actor)
{
    return actor->extension == NULL ? 0 : actor->extension->asks.open_count;
}

static struct tp_wait
wait_of(const struct tp_ask *ask)
{
    return (struct tp_wait){ask->to, ask->deadline_ns, ask->schema};
}

static void
list_waits(const struct tp_asks *asks, struct tp_waits_report *report)
{
    for (uint32_t i = 0; i < asks->capacity; i++) {
        if (asks->items[i].then != NULL) {
            report->waits[report->count++] = wait_of(&asks->items[i]);
        }
    }
}

void
tp_waits_answer(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *probe)
{
    uint32_t count = open_count(actor);
    struct troupe_message *answer = NULL;
    troupe_pid prober = probe->sender;

    if (count > 0) {
        answer = tp_post_block(self,
            sizeof(struct tp_waits_report) + count * sizeof(struct tp_wait));
    }
    if (answer != NULL) {
        answer->request = probe->request;
        answer->schema = probe->schema;
        tp_post_free(self, probe);
    } else {
        answer = probe;
    }
    answer->kind = TP_MESSAGE_WAITS;
    *report_of(answer) = (struct tp_waits_report){
        .pid = actor->pid,
        .name = actor->table == NULL ? NULL : actor->table->name,
    };
    if (answer == probe) {
        report_of(answer)->missing_count = count;
    } else {
        list_waits(&actor->extension->asks, report_of(answer));
    }
    if (tp_post(self, prober, &answer) != TROUPE_OK) {
        tp_post_free(self, answer);
    }
}

/* ---- at the end ---------------------------------------------------------- */

/* One of the open asks, of which there is at least one. */
static struct tp_wait
first_wait(const struct tp_asks *asks)
{
    uint32_t i = 0;

    while (asks->items[i].then == NULL) {
        i++;
    }
    return wait_of(&asks->items[i]);
}

void
tp_waits_note(const struct tp_actor *actor, struct troupe_stop_report *report)
{
    struct tp_wait wait;

    if (actor->table == NULL || open_count(actor) == 0 ||
        report->waits_count == TROUPE_STOP_WAITS_MAX) {
        return;
    }
    wait = first_wait(&actor->extension->asks);
    report->waits[report->waits_count++] = (struct troupe_stop_wait){
        .actor = actor->pid,
        .behaviour = actor->table->name,
        .waits_for = wait.to,
        .message = troupe_schema_by_number_view(wait.schema)->name,
    };
}

void
tp_waits_print_stopped(FILE *stream, const struct troupe_stop_report *report)
{
    for (unsigned i = 0; i < report->waits_count; i++) {
        const struct troupe_stop_wait *wait = &report->waits[i];
        char actor[TP_PID_TEXT_BYTES];
        char waits_for[TP_PID_TEXT_BYTES];

        fprintf(stream, "%s (%s) waited for %s: %s\n",
            tp_pid_text(actor, wait->actor), wait->behaviour,
            tp_pid_text(waits_for, wait->waits_for), wait->message);
    }
}

/* ---- asking all ---------------------------------------------------------- */

static troupe_err
add_report(struct tp_wait_graph *graph, const struct tp_waits_report *report)
{
    troupe_err err;

    if (report->pid == TROUPE_NO_PID) {
        return TROUPE_OK;
    }
    graph->missing_count += report->missing_count;
    err = tp_wait_graph_add_actor(
        graph, report->pid, TP_WAITER_ALIVE, report->name);
    for (uint32_t i = 0; err == TROUPE_OK && i < report->count; i++) {
        err = tp_wait_graph_add(graph, report->pid, report->waits[i]);
    }
    return err;
}

struct batch {
    troupe_pid probed[BATCH_COUNT]; /* TROUPE_NO_PID: nobody, or answered */
    uint32_t count;
};

/* Who lived last in that slot; TROUPE_NO_PID: nobody, or a thread. */
static troupe_pid
last_in(struct tp_registry *registry, uint32_t slot)
{
    struct tp_actor *actor = tp_registry_at(registry, slot);
    uint32_t issued = ck_pr_load_32(&actor->issued);

    ck_pr_fence_load(); /* pairs with tp_registry_issue() */
    if (issued == 0 || ck_pr_load_32(&actor->task.bound) == TP_TASK_ELSEWHERE) {
        return TROUPE_NO_PID;
    }
    return (uint64_t)issued << 32 | (uint64_t)registry->runtime_number << 28 |
           slot;
}

static troupe_err
probe(struct troupe_self *self, struct batch *batch, troupe_pid pid)
{
    struct troupe_message *message =
        tp_post_block(self, sizeof(struct tp_waits_report));

    if (message == NULL) {
        return tp_err_set(
            TROUPE_E_NO_MEMORY, "no memory to ask who waits for whom");
    }
    message->kind = TP_MESSAGE_PROBE;
    message->request = self->probe;
    message->schema = batch->count;
    if (tp_post(self, pid, &message) != TROUPE_OK) {
        tp_post_free(self, message);
        return TROUPE_OK;
    }
    batch->probed[batch->count++] = pid;
    self->reports_due++;
    return TROUPE_OK;
}

/* What has been reported, and who has not answered. */
static troupe_err
take_reports(
    struct troupe_self *self, struct batch *batch, struct tp_wait_graph *graph)
{
    troupe_err err = TROUPE_OK;

    while (self->reports != NULL) {
        struct troupe_message *message = self->reports;

        self->reports = message->next;
        batch->probed[message->schema] = TROUPE_NO_PID;
        if (err == TROUPE_OK) {
            err = add_report(graph, report_of(message));
        }
        tp_post_free(self, message);
    }
    for (uint32_t i = 0; err == TROUPE_OK && i < batch->count; i++) {
        if (batch->probed[i] != TROUPE_NO_PID) {
            err = tp_wait_graph_add_actor(
                graph, batch->probed[i], TP_WAITER_BUSY, NULL);
        }
    }
    return err;
}

/* Asks the slots from *slot on, as many as fit a batch. */
static troupe_err
ask_batch(struct troupe_self *self, struct batch *batch,
    struct tp_wait_graph *graph, uint32_t *slot, uint32_t slots_count)
{
    struct tp_registry *registry = &self->runtime->registry;
    troupe_err err = TROUPE_OK;
    troupe_err taken;

    batch->count = 0;
    self->probe++;
    self->reports_due = 0;
    for (;
         err == TROUPE_OK && *slot < slots_count && batch->count < BATCH_COUNT;
         ++*slot) {
        troupe_pid pid = last_in(registry, *slot);

        if (pid != TROUPE_NO_PID) {
            err = probe(self, batch, pid);
        }
    }
    tp_outside_await_reports(self, patience_ns);
    taken = take_reports(self, batch, graph);
    return err != TROUPE_OK ? err : taken;
}

static troupe_err
ask_all(struct troupe_self *self, struct tp_wait_graph *graph)
{
    uint32_t slots_count = tp_registry_count(&self->runtime->registry);
    struct batch *batch = tp_memory_alloc(sizeof(*batch));
    uint32_t slot = 0;
    troupe_err err = TROUPE_OK;

    if (batch == NULL) {
        return tp_err_set(
            TROUPE_E_NO_MEMORY, "no memory to ask who waits for whom");
    }
    while (err == TROUPE_OK && slot < slots_count) {
        err = ask_batch(self, batch, graph, &slot, slots_count);
    }
    tp_memory_free(batch);
    return err;
}

static troupe_err
add_threads(struct troupe_runtime *runtime, struct tp_wait_graph *graph)
{
    troupe_err err = TROUPE_OK;

    pthread_mutex_lock(&runtime->outside_mutex);
    for (struct troupe_self *thread = runtime->outside;
         err == TROUPE_OK && thread != NULL; thread = thread->next_outside) {
        struct tp_wait wait = {
            ck_pr_load_64(&thread->asked.to),
            ck_pr_load_64(&thread->asked.deadline_ns),
            ck_pr_load_32(&thread->asked.schema),
        };

        err =
            tp_wait_graph_add_actor(graph, thread->pid, TP_WAITER_THREAD, NULL);
        if (err == TROUPE_OK && wait.to != TROUPE_NO_PID) {
            err = tp_wait_graph_add(graph, thread->pid, wait);
        }
    }
    pthread_mutex_unlock(&runtime->outside_mutex);
    return err;
}

/* ---- the public call
 * ----------------------------------------------------------- */

static troupe_err
check(struct troupe_self *self)
{
    troupe_err err = tp_outside_check(self);

    if (err != TROUPE_OK) {
        return err;
    }
    if (self->worker != NULL) {
        return tp_err_set(TROUPE_E_WRONG_THREAD,
            "troupe_waits_print() waits for all actors; it is for threads "
            "outside");
    }
    if (tp_runtime_state_of(self->runtime) == TP_RUNTIME_CREATED) {
        return tp_err_set(
            TROUPE_E_NOT_RUNNING, "the runtime has not been started");
    }
    return TROUPE_OK;
}

troupe_err
troupe_waits_print(struct troupe_self *self, FILE *stream)
{
    TP_RUNTIME_CALL();
    struct tp_wait_graph graph = {0};
    troupe_err err = check(self);

    if (err == TROUPE_OK) {
        err = ask_all(self, &graph);
    }
    if (err == TROUPE_OK) {
        err = add_threads(self->runtime, &graph);
    }
    if (err == TROUPE_OK) {
        err = tp_wait_graph_print(stream, &graph, troupe_now_ns(self));
    }
    tp_wait_graph_fini(&graph);
    return err;
}
