/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/waits.h"

#include "actors/outside.h"
#include "actors/post.h"
#include "actors/probes.h"
#include "actors/wait_graph.h"
#include "base/err.h"

/* So long a thousand actors have to answer. */
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
    const struct tp_extension *extension = tp_actor_extension(actor);

    return extension == NULL ? 0 : extension->asks.open_count;
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

struct troupe_message *
tp_waits_report(struct troupe_self *self, struct tp_actor *actor,
    struct troupe_message *probe)
{
    uint32_t count = open_count(actor);
    struct troupe_message *report = tp_probes_make_report(self, &probe,
        sizeof(struct tp_waits_report) + count * sizeof(struct tp_wait));
    bool is_whole = report != NULL;

    report = is_whole ? report : probe;
    *report_of(report) = (struct tp_waits_report){
        .pid = actor->pid,
        .name = actor->table == NULL ? NULL : actor->table->name,
        .missing_count = is_whole ? 0 : count,
    };
    if (is_whole && count > 0) {
        list_waits(&actor->extension->asks, report_of(report));
    }
    return report;
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

    if (open_count(actor) == 0 ||
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

/* Who asks, and the graph that the answers make. */
struct asking {
    struct troupe_self *self;
    struct tp_wait_graph graph;
};

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

static troupe_err
take(void *context, struct troupe_message **message)
{
    struct asking *asking = context;
    troupe_err err = add_report(&asking->graph, report_of(*message));

    tp_post_free(asking->self, *message);
    *message = NULL;
    return err;
}

static troupe_err
miss(void *context, troupe_pid pid)
{
    struct asking *asking = context;

    return tp_wait_graph_add_actor(&asking->graph, pid, TP_WAITER_BUSY, NULL);
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

troupe_err
troupe_waits_print(struct troupe_self *self, FILE *stream)
{
    TP_RUNTIME_CALL();
    struct asking asking = {.self = self};
    struct tp_probes_taker taker = {&asking, take, miss};
    troupe_err err = tp_probes_check(self, "troupe_waits_print");

    if (err == TROUPE_OK) {
        err = tp_probes_ask_all(self, TP_PROBES_WAITS, patience_ns, &taker);
    }
    if (err == TROUPE_OK) {
        err = add_threads(self->runtime, &asking.graph);
    }
    if (err == TROUPE_OK) {
        err = tp_wait_graph_print(stream, &asking.graph, troupe_now_ns(self));
    }
    tp_wait_graph_fini(&asking.graph);
    return err;
}
