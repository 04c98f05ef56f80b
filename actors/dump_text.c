/* SPDX-License-Identifier: BSD-2-Clause */
/* A dump for people: children below their supervisors, cycles at the end. */
#include "actors/dump.h"
#include "actors/pid_text.h"
#include "actors/supervised.h"
#include "actors/wait_graph.h"
#include "mailbox/schema.h"

enum { INDENT = 4, INDENT_MAX = 40 };

static void
print_pid(FILE *stream, troupe_pid pid)
{
    char text[TP_PID_TEXT_BYTES];

    fputs(tp_pid_text(text, pid), stream);
}

static void
indent(FILE *stream, unsigned depth)
{
    unsigned columns = depth * INDENT;

    fprintf(
        stream, "%*s", (int)(columns < INDENT_MAX ? columns : INDENT_MAX), "");
}

static void
print_seconds(FILE *stream, uint64_t span_ns)
{
    fprintf(stream, "%" PRIu64 ".%03" PRIu64 " s", span_ns / TROUPE_SECONDS(1),
        span_ns / TROUPE_MS(1) % 1000);
}

static void
print_left(FILE *stream, uint64_t time_ns, uint64_t now_ns)
{
    if (time_ns == UINT64_MAX) {
        fputs("without a deadline", stream);
    } else {
        print_seconds(stream, time_ns > now_ns ? time_ns - now_ns : 0);
        fputs(" left", stream);
    }
}

static void
print_ask(FILE *stream, const struct tp_dump *dump, troupe_pid to,
    uint32_t schema, uint64_t deadline_ns)
{
    const struct troupe_schema *known = troupe_schema_by_number_view(schema);

    fputs("waits for ", stream);
    print_pid(stream, to);
    fprintf(stream, ": %s, ", known == NULL ? "?" : known->name);
    print_left(stream, deadline_ns, dump->now_ns);
}

/* ---- runtime, workers, threads ------------------------------------------- */

static void
print_pid_and_behaviour(
    FILE *stream, const struct tp_dump *dump, troupe_pid pid)
{
    const struct tp_dump_actor *actor = tp_dump_find(dump, pid);

    print_pid(stream, pid);
    if (actor != NULL && actor->behaviour != NULL) {
        fprintf(stream, " (%s)", actor->behaviour);
    }
}

static void
print_workers(FILE *stream, const struct tp_dump *dump)
{
    for (unsigned i = 0; i < dump->workers_count; i++) {
        const struct tp_dump_worker *worker = &dump->workers[i];

        fprintf(stream, worker->is_own ? "own thread %u: " : "worker %u: ", i);
        if (worker->runs != TROUPE_NO_PID) {
            fputs("runs ", stream);
            print_pid_and_behaviour(stream, dump, worker->runs);
            fputc('\n', stream);
        } else {
            fputs(worker->is_asleep ? "asleep\n" : "between actors\n", stream);
        }
    }
}

static void
print_threads(FILE *stream, const struct tp_dump *dump)
{
    for (size_t i = 0; i < dump->threads_count; i++) {
        const struct tp_dump_thread *thread = &dump->threads[i];

        fputs("thread ", stream);
        print_pid(stream, thread->pid);
        fputs(": ", stream);
        if (thread->to == TROUPE_NO_PID) {
            fputs("waits for no answer\n", stream);
        } else {
            print_ask(
                stream, dump, thread->to, thread->schema, thread->deadline_ns);
            fputc('\n', stream);
        }
    }
}

/* ---- one actor ----------------------------------------------------------- */

static void
print_item(FILE *stream, const struct tp_dump *dump,
    const struct tp_portrait_item *item)
{
    switch (item->kind) {
    case TP_PORTRAIT_ASK:
        print_ask(stream, dump, item->pid, item->number, item->time_ns);
        return;
    case TP_PORTRAIT_TIMER:
        fputs("timer: ", stream);
        print_left(stream, item->time_ns, dump->now_ns);
        if (item->period_ns > 0) {
            fputs(", then every ", stream);
            print_seconds(stream, item->period_ns);
        }
        return;
    case TP_PORTRAIT_LINK:
        fputs("linked with ", stream);
        break;
    case TP_PORTRAIT_WATCHES:
        fputs("watches ", stream);
        break;
    case TP_PORTRAIT_WATCHED:
        fputs("watched by ", stream);
        break;
    case TP_PORTRAIT_CHILD:
    case TP_PORTRAIT_KINDS_COUNT:
        fprintf(stream, "child %s ", item->name);
        break;
    }
    print_pid(stream, item->pid);
}

static uint64_t
total_of(const struct tp_portrait *portrait)
{
    uint64_t total = 0;

    for (unsigned kind = 0; kind < TP_PORTRAIT_KINDS_COUNT; kind++) {
        total += portrait->totals[kind];
    }
    return total;
}

/* A child that is in the dump has lines of its own. */
static void
print_kind(FILE *stream, const struct tp_dump *dump,
    const struct tp_portrait *portrait, enum tp_portrait_item_kind kind,
    unsigned depth)
{
    for (uint32_t i = 0; i < portrait->items_count; i++) {
        const struct tp_portrait_item *item = &portrait->items[i];

        if (item->kind == kind && (kind != TP_PORTRAIT_CHILD ||
                                      tp_dump_find(dump, item->pid) == NULL)) {
            indent(stream, depth);
            print_item(stream, dump, item);
            fputc('\n', stream);
        }
    }
}

static void
print_items(FILE *stream, const struct tp_dump *dump,
    const struct tp_portrait *portrait, unsigned depth)
{
    uint64_t total = total_of(portrait);

    for (unsigned kind = 0; kind < TP_PORTRAIT_KINDS_COUNT; kind++) {
        print_kind(
            stream, dump, portrait, (enum tp_portrait_item_kind)kind, depth);
    }
    if (total > portrait->items_count) {
        indent(stream, depth);
        fprintf(stream, "and %" PRIu64 " more children, asks, timers, bonds\n",
            total - portrait->items_count);
    }
    if (portrait->stashed_count > 0) {
        indent(stream, depth);
        fprintf(stream, "put aside: %" PRIu64 "\n", portrait->stashed_count);
    }
    if (portrait->kept_count > 0) {
        indent(stream, depth);
        fprintf(stream, "requests kept for later: %" PRIu32 "\n",
            portrait->kept_count);
    }
}

static void
print_child(FILE *stream, const struct tp_dump_actor *actor)
{
    uint64_t lives_count = actor->as_child->lives_count;

    fprintf(stream, "%s, ", actor->as_child->name);
    if (lives_count > 1) {
        fprintf(stream, "restarts: %" PRIu64 ", ", lives_count - 1);
    }
}

/* The name under which it is registered, if it is. */
static void
print_name(FILE *stream, const struct tp_dump *dump, troupe_pid pid)
{
    char name[TP_DUMP_NAME_BYTES];

    if (tp_dump_find_name(dump, pid, name)) {
        fprintf(stream, " \"%s\"", name);
    }
}

static void
print_head(FILE *stream, const struct tp_dump *dump,
    const struct tp_dump_actor *actor, unsigned depth)
{
    indent(stream, depth);
    print_pid(stream, actor->pid);
    print_name(stream, dump, actor->pid);
    fprintf(stream, " %s: ",
        actor->behaviour == NULL ? "(not born yet)" : actor->behaviour);
    if (actor->as_child != NULL) {
        print_child(stream, actor);
    }
    fputs(tp_dump_state_name(actor), stream);
    if (actor->portrait != NULL && actor->portrait->paused_on != 0) {
        fputs(" on ", stream);
        print_pid(stream, actor->portrait->paused_on);
    }
    if (actor->messages_count > 0) {
        fprintf(stream, ", waiting: %" PRIu64 " (%" PRIu64 " bytes)%s",
            actor->messages_count, actor->bytes_count,
            actor->is_congested ? ", congested" : "");
    }
    fputs(actor->portrait == NULL ? ", did not answer\n" : "\n", stream);
}

static void
print_actor(FILE *stream, const struct tp_dump *dump,
    struct tp_dump_actor *actor, unsigned depth)
{
    const struct tp_portrait *portrait = actor->portrait;

    actor->is_printed = true;
    print_head(stream, dump, actor, depth);
    if (portrait == NULL) {
        return;
    }
    print_items(stream, dump, portrait, depth + 1);
    for (uint32_t i = 0; i < portrait->items_count; i++) {
        struct tp_dump_actor *child =
            portrait->items[i].kind == TP_PORTRAIT_CHILD
                ? tp_dump_find(dump, portrait->items[i].pid)
                : NULL;

        if (child != NULL && !child->is_printed) {
            print_actor(stream, dump, child, depth + 1);
        }
    }
}

/* ---- cycles -------------------------------------------------------------- */

static troupe_err
add_waits(struct tp_wait_graph *graph, const struct tp_dump_actor *actor)
{
    const struct tp_portrait *portrait = actor->portrait;
    troupe_err err = tp_wait_graph_add_actor(graph, actor->pid,
        portrait == NULL ? TP_WAITER_BUSY : TP_WAITER_ALIVE, actor->behaviour);

    for (uint32_t i = 0;
         err == TROUPE_OK && portrait != NULL && i < portrait->items_count;
         i++) {
        const struct tp_portrait_item *item = &portrait->items[i];

        if (item->kind == TP_PORTRAIT_ASK) {
            err = tp_wait_graph_add(graph, actor->pid,
                (struct tp_wait){item->pid, item->time_ns, item->number});
        }
    }
    return err;
}

static troupe_err
print_cycles(FILE *stream, const struct tp_dump *dump)
{
    struct tp_wait_graph graph = {0};
    troupe_err err = TROUPE_OK;

    for (size_t i = 0; err == TROUPE_OK && i < dump->actors_count; i++) {
        err = add_waits(&graph, &dump->actors[i]);
    }
    if (err == TROUPE_OK && graph.edges_count > 0) {
        err = tp_wait_graph_print_cycles(stream, &graph);
    }
    tp_wait_graph_fini(&graph);
    return err;
}

/* ---- the whole ----------------------------------------------------------- */

troupe_err
tp_dump_print_text(FILE *stream, struct tp_dump *dump)
{
    fprintf(stream, "runtime %" PRIu32 ": %zu actors, %u workers\n",
        dump->runtime_number, dump->actors_count, dump->workers_count);
    print_workers(stream, dump);
    print_threads(stream, dump);
    for (size_t i = 0; i < dump->actors_count; i++) {
        if (dump->actors[i].as_child == NULL && !dump->actors[i].is_printed) {
            print_actor(stream, dump, &dump->actors[i], 0);
        }
    }
    return print_cycles(stream, dump);
}
