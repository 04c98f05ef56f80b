/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * diagram: a run as people see it, in text: a column an actor, a line a step.
 *
 *     step   thread        teller        account
 *                            <0.1.1>       <0.2.1>
 *       1      '------------->o             |         pay{cents: 30}
 *       2      |              '------------>o         get{}, sent in step 1
 *
 * The arrow goes from who sent the message to who takes it in this step. When
 * it was sent is said, if it was not in the setup: between the two lines the
 * message was under way, and that is what races are about.
 *
 * To know when a message was sent, all mailboxes are looked through after each
 * step: what is new was sent in it. That is slow, and only done in the one run
 * that is drawn.
 *
 * A line is kept until the end, since the columns are known only then. Without
 * memory a line is left out.
 *
 * One thread.
 */
#ifndef TROUPE_EXPLORATION_DIAGRAM_H
#define TROUPE_EXPLORATION_DIAGRAM_H

#include "exploration/choices.h"

#include <stdio.h>

enum {
    TP_DIAGRAM_COLUMNS_MAX = 24,
    TP_DIAGRAM_NAME_BYTES = 16,
    TP_DIAGRAM_TEXT_BYTES = 160,
};

struct tp_diagram_column {
    troupe_pid pid;
    char name[TP_DIAGRAM_NAME_BYTES];
};

struct tp_diagram_line {
    troupe_pid from; /* TROUPE_NO_PID: no arrow */
    troupe_pid to;
    bool is_end; /* of the actor `to` */
    char text[TP_DIAGRAM_TEXT_BYTES];
};

/* A message under way. */
struct tp_diagram_sent {
    const struct troupe_message *message;
    size_t step;
};

struct tp_diagram {
    struct troupe_runtime *runtime;
    struct tp_diagram_column columns[TP_DIAGRAM_COLUMNS_MAX];
    size_t columns_count;
    struct tp_diagram_line *lines;
    size_t lines_count;
    size_t lines_room;
    struct tp_diagram_sent *sent;
    size_t sent_count;
    size_t sent_room;
};

/* Begins with the setup, which has been done; self did it. Zeroed memory. */
void tp_diagram_begin(struct tp_diagram *diagram,
    struct troupe_runtime *runtime, const struct troupe_self *self);

/* What the line of such a step would be. */
void tp_diagram_describe(const struct tp_diagram *diagram,
    const struct tp_offer *offer, struct tp_diagram_line *line);

/* The next step will be this one. Before it is taken. */
void tp_diagram_note(struct tp_diagram *diagram, const struct tp_offer *offer);

/* It has been taken. */
void tp_diagram_look(struct tp_diagram *diagram);

void tp_diagram_print(const struct tp_diagram *diagram, FILE *stream);

void tp_diagram_fini(struct tp_diagram *diagram);

#endif
