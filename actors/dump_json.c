/* SPDX-License-Identifier: BSD-2-Clause */
/* A dump for programs: one object, in which pids are texts and times are what
 * is left, in nanoseconds; null: without an end. */
#include "actors/dump.h"
#include "actors/pid_text.h"
#include "mailbox/schema.h"

static void
print_text(FILE *stream, const char *text)
{
    fputc('"', stream);
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;

        if (byte == '"' || byte == '\\') {
            fprintf(stream, "\\%c", byte);
        } else if (byte < ' ') {
            fprintf(stream, "\\u%04x", byte);
        } else {
            fputc(byte, stream);
        }
    }
    fputc('"', stream);
}

static void
print_pid(FILE *stream, troupe_pid pid)
{
    char text[TP_PID_TEXT_BYTES];

    if (pid == TROUPE_NO_PID) {
        fputs("null", stream);
    } else {
        print_text(stream, tp_pid_text(text, pid));
    }
}

static void
print_left(FILE *stream, uint64_t time_ns, uint64_t now_ns)
{
    if (time_ns == UINT64_MAX) {
        fputs("null", stream);
    } else {
        fprintf(stream, "%" PRIu64, time_ns > now_ns ? time_ns - now_ns : 0);
    }
}

static void
print_ask(FILE *stream, const struct tp_dump *dump, troupe_pid to,
    uint32_t schema, uint64_t deadline_ns)
{
    const struct troupe_schema *known = troupe_schema_by_number_view(schema);

    fputs("{\"to\":", stream);
    print_pid(stream, to);
    fputs(",\"message\":", stream);
    print_text(stream, known == NULL ? "?" : known->name);
    fputs(",\"left_ns\":", stream);
    print_left(stream, deadline_ns, dump->now_ns);
    fputc('}', stream);
}

static void
print_child(FILE *stream, const struct tp_portrait_item *item)
{
    fputs("{\"name\":", stream);
    print_text(stream, item->name);
    fputs(",\"pid\":", stream);
    print_pid(stream, item->pid);
    fprintf(stream, ",\"restarts\":%" PRIu64 "}",
        item->lives_count > 0 ? item->lives_count - 1 : 0);
}

static void
print_timer(FILE *stream, const struct tp_dump *dump,
    const struct tp_portrait_item *item)
{
    fputs("{\"left_ns\":", stream);
    print_left(stream, item->time_ns, dump->now_ns);
    fprintf(stream, ",\"period_ns\":%" PRIu64 "}", item->period_ns);
}

static void
print_item(FILE *stream, const struct tp_dump *dump,
    const struct tp_portrait_item *item)
{
    switch (item->kind) {
    case TP_PORTRAIT_CHILD:
        print_child(stream, item);
        break;
    case TP_PORTRAIT_ASK:
        print_ask(stream, dump, item->pid, item->number, item->time_ns);
        break;
    case TP_PORTRAIT_TIMER:
        print_timer(stream, dump, item);
        break;
    default:
        print_pid(stream, item->pid);
        break;
    }
}

static void
print_items(FILE *stream, const struct tp_dump *dump,
    const struct tp_portrait *portrait, enum tp_portrait_item_kind kind)
{
    static const char *const names[TP_PORTRAIT_KINDS_COUNT] = {
        "children", "asks", "timers", "links", "watches", "watched_by"};
    const char *separator = "";

    fprintf(stream, ",\"%s_count\":%" PRIu32 ",\"%s\":[", names[kind],
        portrait->totals[kind], names[kind]);
    for (uint32_t i = 0; i < portrait->items_count; i++) {
        if (portrait->items[i].kind == kind) {
            fputs(separator, stream);
            print_item(stream, dump, &portrait->items[i]);
            separator = ",";
        }
    }
    fputc(']', stream);
}

static void
print_portrait(FILE *stream, const struct tp_dump *dump,
    const struct tp_portrait *portrait)
{
    fputs(",\"paused_on\":", stream);
    print_pid(stream, portrait->paused_on);
    fprintf(stream,
        ",\"requests_kept_count\":%" PRIu32 ",\"stashed_count\":%" PRIu64,
        portrait->kept_count, portrait->stashed_count);
    for (unsigned kind = 0; kind < TP_PORTRAIT_KINDS_COUNT; kind++) {
        print_items(stream, dump, portrait, (enum tp_portrait_item_kind)kind);
    }
}

static void
print_name(FILE *stream, const struct tp_dump *dump, troupe_pid pid)
{
    char name[TP_DUMP_NAME_BYTES];

    fputs(",\"name\":", stream);
    if (tp_dump_find_name(dump, pid, name)) {
        print_text(stream, name);
    } else {
        fputs("null", stream);
    }
}

static void
print_actor(
    FILE *stream, const struct tp_dump *dump, const struct tp_dump_actor *actor)
{
    fputs("{\"pid\":", stream);
    print_pid(stream, actor->pid);
    print_name(stream, dump, actor->pid);
    fputs(",\"behaviour\":", stream);
    print_text(stream, actor->behaviour == NULL ? "" : actor->behaviour);
    fprintf(stream,
        ",\"state\":\"%s\",\"answered\":%s,\"messages_count\":%" PRIu64
        ",\"bytes_count\":%" PRIu64 ",\"congested\":%s,\"supervisor\":",
        tp_dump_state_name(actor), actor->portrait == NULL ? "false" : "true",
        actor->messages_count, actor->bytes_count,
        actor->is_congested ? "true" : "false");
    print_pid(stream, actor->parent);
    if (actor->portrait != NULL) {
        print_portrait(stream, dump, actor->portrait);
    }
    fputc('}', stream);
}

static void
print_workers(FILE *stream, const struct tp_dump *dump)
{
    for (unsigned i = 0; i < dump->workers_count; i++) {
        fprintf(stream,
            "%s{\"own\":%s,\"asleep\":%s,\"runs\":", i == 0 ? "" : ",",
            dump->workers[i].is_own ? "true" : "false",
            dump->workers[i].is_asleep ? "true" : "false");
        print_pid(stream, dump->workers[i].runs);
        fputc('}', stream);
    }
}

static void
print_threads(FILE *stream, const struct tp_dump *dump)
{
    for (size_t i = 0; i < dump->threads_count; i++) {
        const struct tp_dump_thread *thread = &dump->threads[i];

        fprintf(stream, "%s{\"pid\":", i == 0 ? "" : ",");
        print_pid(stream, thread->pid);
        fputs(",\"asks\":", stream);
        if (thread->to == TROUPE_NO_PID) {
            fputs("null", stream);
        } else {
            print_ask(
                stream, dump, thread->to, thread->schema, thread->deadline_ns);
        }
        fputc('}', stream);
    }
}

void
tp_dump_print_json(FILE *stream, const struct tp_dump *dump)
{
    fprintf(stream, "{\"runtime\":%" PRIu32 ",\"now_ns\":%" PRIu64,
        dump->runtime_number, dump->now_ns);
    fputs(",\"workers\":[", stream);
    print_workers(stream, dump);
    fputs("],\"threads\":[", stream);
    print_threads(stream, dump);
    fputs("],\"actors\":[", stream);
    for (size_t i = 0; i < dump->actors_count; i++) {
        fputs(i == 0 ? "" : ",", stream);
        print_actor(stream, dump, &dump->actors[i]);
    }
    fputs("]}\n", stream);
}
