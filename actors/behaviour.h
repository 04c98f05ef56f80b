/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * behaviour: which handler takes which schema, ready for dispatch.
 *
 * A program's behaviour is a list in the order it was written. Registering it,
 * at the first spawn in the process, interns its schemas and makes a hash table
 * from schema number to handler, which is kept for the life of the process.
 * Numbers are dense, so a look-up is nearly always one probe.
 *
 *     tp_behaviour_register   any thread; takes a lock the first time
 *     tp_behaviour_find       any thread
 */
#ifndef TROUPE_ACTORS_BEHAVIOUR_H
#define TROUPE_ACTORS_BEHAVIOUR_H

#include "troupe/actor.h"

struct tp_behaviour_line {
    uint32_t schema; /* 0: empty */
    troupe_dispatch *dispatch;
    troupe_handler *handler;
};

/* When a line's messages are handled. */
struct tp_behaviour_mark {
    enum troupe_mark_kind kind;
    enum troupe_type key_type; /* TROUPE_TYPE_nothing: there is no key */
    size_t key_offset;
    troupe_pick *pick;
};

struct tp_behaviour_table {
    const char *name;
    size_t state_size;
    troupe_start_handler *start;     /* may be NULL */
    troupe_any_handler *any;         /* may be NULL */
    troupe_stop_handler *stop;       /* may be NULL */
    troupe_exit_handler *exit;       /* may be NULL; else exits are trapped */
    troupe_start_handler *body;      /* of a process; NULL: it has handlers */
    struct tp_behaviour_mark *marks; /* one a line; NULL: none is marked */
    uint32_t mask;
    struct tp_behaviour_line lines[]; /* mask + 1, at most half full */
};

/* NO_MEMORY, SCHEMA_CONFLICT, INVALID_ARGUMENT (one schema twice, a process
 * with handlers, a key that cannot be one). */
TROUPE_MUST_USE troupe_err tp_behaviour_register(
    struct troupe_behaviour *behaviour,
    const struct tp_behaviour_table **table);

/* The line for schema; NULL if there is none. */
static inline const struct tp_behaviour_line *
tp_behaviour_find(const struct tp_behaviour_table *table, uint32_t schema)
{
    uint32_t i = schema & table->mask;

    while (table->lines[i].schema != schema) {
        if (table->lines[i].schema == 0) {
            return NULL;
        }
        i = (i + 1) & table->mask;
    }
    return &table->lines[i];
}

/* How messages of schema are marked; NULL: they are not. */
static inline const struct tp_behaviour_mark *
tp_behaviour_find_mark(const struct tp_behaviour_table *table, uint32_t schema)
{
    const struct tp_behaviour_line *line =
        table->marks == NULL ? NULL : tp_behaviour_find(table, schema);
    const struct tp_behaviour_mark *mark =
        line == NULL ? NULL : &table->marks[line - table->lines];

    return mark == NULL || mark->kind == TROUPE_IN_TURN ? NULL : mark;
}

#endif
