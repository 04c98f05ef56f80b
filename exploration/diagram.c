/* SPDX-License-Identifier: BSD-2-Clause */
#include "exploration/diagram.h"

#include "actors/pid_text.h"
#include "actors/start.h"
#include "base/memory.h"
#include "mailbox/printed_form.h"
#include "mailbox/shared.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    COLUMN_CHARS = 14,
    MARGIN_CHARS = 9, /* to the first column's line of life */
    ROW_BYTES = MARGIN_CHARS + COLUMN_CHARS * TP_DIAGRAM_COLUMNS_MAX + 8,
    FORM_BYTES = 96,
};

/* ---- columns ------------------------------------------------------------- */

/* Columns that there is no place for are TP_DIAGRAM_COLUMNS_MAX. */
static size_t
column_of(const struct tp_diagram *diagram, troupe_pid pid)
{
    for (size_t i = 0; i < diagram->columns_count; i++) {
        if (diagram->columns[i].pid == pid) {
            return i;
        }
    }
    return TP_DIAGRAM_COLUMNS_MAX;
}

static void
add_column(struct tp_diagram *diagram, troupe_pid pid, const char *name)
{
    struct tp_diagram_column *column =
        &diagram->columns[diagram->columns_count];

    if (diagram->columns_count == TP_DIAGRAM_COLUMNS_MAX ||
        column_of(diagram, pid) < TP_DIAGRAM_COLUMNS_MAX) {
        return;
    }
    diagram->columns_count++;
    column->pid = pid;
    snprintf(
        column->name, sizeof(column->name), "%.*s", COLUMN_CHARS - 1, name);
}

/* ---- when things were sent ----------------------------------------------- */

/* Room for one more of size bytes; NULL: no memory. */
static void *
make_room(void *items, size_t count, size_t *room, size_t size)
{
    size_t wanted = *room == 0 ? 64 : 2 * *room;
    void *larger;

    if (count < *room) {
        return items;
    }
    larger = tp_memory_realloc(items, wanted * size);
    if (larger != NULL) {
        *room = wanted;
    }
    return larger;
}

static const struct tp_diagram_sent *
find_sent(
    const struct tp_diagram *diagram, const struct troupe_message *message)
{
    for (size_t i = 0; i < diagram->sent_count; i++) {
        if (diagram->sent[i].message == message) {
            return &diagram->sent[i];
        }
    }
    return NULL;
}

static void
note_sent(struct tp_diagram *diagram, const struct troupe_message *list)
{
    for (; list != NULL; list = list->next) {
        struct tp_diagram_sent *sent;

        if (find_sent(diagram, list) != NULL) {
            continue;
        }
        sent = make_room(diagram->sent, diagram->sent_count,
            &diagram->sent_room, sizeof(*sent));
        if (sent == NULL) {
            return;
        }
        diagram->sent = sent;
        diagram->sent[diagram->sent_count++] =
            (struct tp_diagram_sent){list, diagram->lines_count};
    }
}

/* Its block may be another message soon. */
static void
forget_sent(struct tp_diagram *diagram, const struct troupe_message *message)
{
    const struct tp_diagram_sent *sent = find_sent(diagram, message);

    if (sent != NULL) {
        diagram->sent[sent - diagram->sent] =
            diagram->sent[--diagram->sent_count];
    }
}

void
tp_diagram_look(struct tp_diagram *diagram)
{
    struct tp_registry *registry = &diagram->runtime->registry;

    for (uint32_t i = 0; i < tp_registry_count(registry); i++) {
        struct tp_actor *actor = tp_registry_at(registry, i);
        const struct troupe_message *start = actor->mailbox.control;

        if (actor->table != NULL) {
            add_column(diagram, actor->pid, actor->table->name);
        } else if (start != NULL && start->kind == TP_MESSAGE_START) {
            add_column(diagram,
                tp_registry_pid(registry, actor, start->incarnation),
                ((const struct tp_start *)(const void *)start->payload)
                    ->table->name);
        }
        note_sent(diagram, actor->mailbox.control);
        note_sent(diagram, actor->mailbox.oldest);
    }
}

void
tp_diagram_begin(struct tp_diagram *diagram, struct troupe_runtime *runtime,
    const struct troupe_self *self)
{
    diagram->runtime = runtime;
    add_column(diagram, self->pid, "thread");
    tp_diagram_look(diagram);
}

/* ---- lines --------------------------------------------------------------- */

static const char *
name_of(const struct troupe_message *message)
{
    switch ((enum tp_message_kind)message->kind) {
    case TP_MESSAGE_EXPIRED:
        return "its ask is timed out";
    case TP_MESSAGE_TIMER:
        return "its timer is due";
    case TP_MESSAGE_NAMED:
        return "a name that it waits for is taken";
    case TP_MESSAGE_EXIT:
    case TP_MESSAGE_DOWN:
    case TP_MESSAGE_ENDED:
        return "(has ended)";
    case TP_MESSAGE_START:
    case TP_MESSAGE_RUN:
        return "(start)";
    case TP_MESSAGE_STOP:
        return "(stop)";
    case TP_MESSAGE_KILL:
        return "(kill)";
    case TP_MESSAGE_RESUME:
        return "(go on)";
    default:
        return "(of the runtime)";
    }
}

static bool
has_payload(const struct troupe_message *message)
{
    return tp_message_is_limited(message) ||
           (message->kind == TP_MESSAGE_REPLY && message->err == TROUPE_OK);
}

static void
print_message(char *text, size_t size, const struct troupe_message *message)
{
    if (has_payload(message)) {
        (void)tp_printed_form_write(text, size, message->schema,
            tp_message_payload_view(message), message->payload_size);
    } else if (message->kind == TP_MESSAGE_REPLY) {
        snprintf(text, size, "no answer: %s",
            troupe_err_text((troupe_err)message->err));
    } else {
        snprintf(text, size, "%s", name_of(message));
    }
}

static void
describe_message(const struct tp_diagram *diagram,
    struct tp_diagram_line *line, const struct tp_offer *offer)
{
    const struct tp_diagram_sent *sent = find_sent(diagram, offer->message);
    char form[FORM_BYTES];

    print_message(form, sizeof(form), offer->message);
    line->from = offer->message->sender;
    line->to = tp_registry_pid(
        &diagram->runtime->registry, offer->actor, offer->message->incarnation);
    if (offer->message->kind == TP_MESSAGE_EXPIRED ||
        offer->message->kind == TP_MESSAGE_TIMER) {
        line->from = line->to; /* nobody has sent it */
    }
    if (sent != NULL && sent->step > 0) {
        snprintf(line->text, sizeof(line->text), "%s, sent in step %zu", form,
            sent->step);
    } else {
        snprintf(line->text, sizeof(line->text), "%s", form);
    }
    if (offer->choice.kind == TP_CHOICE_REPLACE) {
        size_t used = strlen(line->text);

        snprintf(line->text + used, sizeof(line->text) - used,
            ", replaced by a later one");
    }
}

void
tp_diagram_describe(const struct tp_diagram *diagram,
    const struct tp_offer *offer, struct tp_diagram_line *line)
{
    *line = (struct tp_diagram_line){.from = TROUPE_NO_PID};
    if (offer->choice.kind == TP_CHOICE_TIME) {
        snprintf(line->text, sizeof(line->text), "(time passes)");
    } else if (offer->choice.kind == TP_CHOICE_KILL) {
        line->to = offer->actor->pid;
        line->is_end = true;
        snprintf(line->text, sizeof(line->text), "(is killed)");
    } else {
        describe_message(diagram, line, offer);
    }
}

void
tp_diagram_note(struct tp_diagram *diagram, const struct tp_offer *offer)
{
    struct tp_diagram_line *lines = make_room(diagram->lines,
        diagram->lines_count, &diagram->lines_room, sizeof(*lines));

    if (lines == NULL) {
        return;
    }
    diagram->lines = lines;
    tp_diagram_describe(diagram, offer, &lines[diagram->lines_count++]);
    if (offer->message != NULL) {
        forget_sent(diagram, offer->message);
    }
}

/* ---- printing ------------------------------------------------------------ */

static size_t
place_of(size_t column)
{
    return MARGIN_CHARS + column * COLUMN_CHARS;
}

/* The lines of life. */
static void
begin_row(const struct tp_diagram *diagram, char *row)
{
    size_t length = place_of(diagram->columns_count) - MARGIN_CHARS;

    memset(row, ' ', length);
    row[length] = '\0';
    for (size_t i = 0; i < diagram->columns_count; i++) {
        row[place_of(i)] = '|';
    }
}

static void
draw_arrow(char *row, size_t from, size_t to)
{
    size_t left = from < to ? from : to;
    size_t right = from < to ? to : from;

    for (size_t i = left + 1; i < right; i++) {
        row[i] = '-';
    }
    if (from < to) {
        row[to - 1] = '>';
    } else if (from > to) {
        row[to + 1] = '<';
    }
    row[from] = '\'';
}

static void
print_line(const struct tp_diagram *diagram, size_t index, FILE *stream)
{
    const struct tp_diagram_line *line = &diagram->lines[index];
    size_t from = column_of(diagram, line->from);
    size_t to = column_of(diagram, line->to);
    char row[ROW_BYTES];

    begin_row(diagram, row);
    if (to < TP_DIAGRAM_COLUMNS_MAX) {
        if (from < TP_DIAGRAM_COLUMNS_MAX) {
            draw_arrow(row, place_of(from), place_of(to));
        }
        row[place_of(to)] = line->is_end ? 'X' : 'o';
    }
    fprintf(stream, "%4zu%s %s\n", index + 1, row + 4, line->text);
}

/* What is in the last column is not filled up with blanks. */
static void
print_head(const struct tp_diagram *diagram, size_t column, const char *text,
    FILE *stream)
{
    if (column + 1 == diagram->columns_count) {
        fprintf(stream, "%s\n", text);
    } else {
        fprintf(stream, "%-*s", COLUMN_CHARS, text);
    }
}

static void
print_heads(const struct tp_diagram *diagram, FILE *stream)
{
    char text[TP_PID_TEXT_BYTES];

    fprintf(stream, "%-*s", MARGIN_CHARS - 3, "step");
    for (size_t i = 0; i < diagram->columns_count; i++) {
        print_head(diagram, i, diagram->columns[i].name, stream);
    }
    fprintf(stream, "%-*s", MARGIN_CHARS - 3, "");
    for (size_t i = 0; i < diagram->columns_count; i++) {
        print_head(diagram, i,
            i == 0 ? "" : tp_pid_text(text, diagram->columns[i].pid), stream);
    }
}

void
tp_diagram_print(const struct tp_diagram *diagram, FILE *stream)
{
    print_heads(diagram, stream);
    for (size_t i = 0; i < diagram->lines_count; i++) {
        print_line(diagram, i, stream);
    }
}

void
tp_diagram_fini(struct tp_diagram *diagram)
{
    tp_memory_free(diagram->lines);
    tp_memory_free(diagram->sent);
    diagram->lines = NULL;
    diagram->sent = NULL;
}
