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

struct tp_behaviour_table {
    const char *name;
    size_t state_size;
    troupe_start_handler *start; /* may be NULL */
    troupe_any_handler *any;     /* may be NULL */
    troupe_stop_handler *stop;   /* may be NULL */
    troupe_exit_handler *exit;   /* may be NULL; else exits are trapped */
    troupe_start_handler *body;  /* of a process; NULL: it has handlers */
    uint32_t mask;
    struct tp_behaviour_line lines[]; /* mask + 1, at most half full */
};

/* NO_MEMORY, SCHEMA_CONFLICT, INVALID_ARGUMENT (one schema twice, a process
 * with handlers). */
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

#endif
