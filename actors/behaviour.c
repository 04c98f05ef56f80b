/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/behaviour.h"

#include "actors/process.h"
#include "base/err.h"
#include "base/memory.h"

#include <ck_pr.h>
#include <pthread.h>
#include <string.h>

static pthread_mutex_t registering = PTHREAD_MUTEX_INITIALIZER;

static uint32_t
lines_for(unsigned handlers_count)
{
    uint32_t lines = 4;

    while (lines < 2 * handlers_count) {
        lines *= 2;
    }
    return lines;
}

/* ---- marks --------------------------------------------------------------- */

static bool
is_marked(const struct troupe_behaviour *behaviour)
{
    bool found = false;

    for (unsigned i = 0; i < behaviour->handlers_count; i++) {
        found |= behaviour->handlers[i].mark.kind != TROUPE_IN_TURN;
    }
    return found;
}

/* Equal values of these have equal bytes in C, or are compared as texts. */
static bool
can_be_key(enum troupe_type type)
{
    switch (type) {
    case TROUPE_TYPE_float:
    case TROUPE_TYPE_double:
    case TROUPE_TYPE_raw:
    case TROUPE_TYPE_nothing:
        return false;
    default:
        return true;
    }
}

static const struct troupe_field *
field_at(const struct troupe_schema *schema, size_t offset)
{
    const struct troupe_field *field = schema->fields;

    while (field->offset != offset) {
        field++; /* the compiler has found it by its name */
    }
    return field;
}

static troupe_err
add_mark(const struct tp_behaviour_table *table, const struct troupe_on *on,
    struct tp_behaviour_mark *mark)
{
    const struct troupe_field *field;

    *mark = (struct tp_behaviour_mark){
        on->mark.kind, TROUPE_TYPE_nothing, 0, on->mark.pick};
    if (on->mark.kind != TROUPE_LATEST ||
        on->mark.key_offset == TROUPE_NO_KEY_) {
        return TROUPE_OK;
    }
    field = field_at(on->schema, on->mark.key_offset);
    if (!can_be_key(field->type)) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "behaviour %s wants the latest %s by %s, a %s; a key is an "
            "integer, a boolean, a pid, a str or a bin",
            table->name, on->schema->name, field->name,
            troupe_type_name(field->type));
    }
    mark->key_type = field->type;
    mark->key_offset = field->offset;
    return TROUPE_OK;
}

/* ---- lines --------------------------------------------------------------- */

static troupe_err
add_line(struct tp_behaviour_table *table, const struct troupe_on *on)
{
    uint32_t schema;
    uint32_t i;
    troupe_err err = troupe_schema_intern(on->schema);

    if (err != TROUPE_OK) {
        return err;
    }
    schema = troupe_schema_number(on->schema);
    if (tp_behaviour_find(table, schema) != NULL) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "behaviour %s has two handlers for %s; keep one", table->name,
            on->schema->name);
    }
    for (i = schema & table->mask; table->lines[i].schema != 0;) {
        i = (i + 1) & table->mask;
    }
    table->lines[i] =
        (struct tp_behaviour_line){schema, on->dispatch, on->handler};
    return table->marks == NULL ? TROUPE_OK
                                : add_mark(table, on, &table->marks[i]);
}

/* All that it is told goes to its body. */
static troupe_err
make_process(struct tp_behaviour_table *table)
{
    bool has_handlers = table->start != NULL || table->any != NULL;

    for (uint32_t i = 0; i <= table->mask; i++) {
        has_handlers |= table->lines[i].schema != 0;
    }
    if (has_handlers ||
        (table->exit != NULL && table->exit != troupe_exit_received)) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "process %s has a handler, but its body receives; beside a body "
            "stand TROUPE_ON_STOP and TROUPE_RECEIVE_EXITS",
            table->name);
    }
    table->any = tp_process_receive;
    return troupe_schema_intern(&troupe_ended_schema);
}

static troupe_err
fill(struct tp_behaviour_table *table, const struct troupe_behaviour *behaviour)
{
    for (unsigned i = 0; i < behaviour->handlers_count; i++) {
        const struct troupe_on *on = &behaviour->handlers[i];
        troupe_err err;

        if (on->start != NULL) {
            table->start = on->start;
        } else if (on->any != NULL) {
            table->any = on->any;
        } else if (on->stop != NULL) {
            table->stop = on->stop;
        } else if (on->exit != NULL) {
            table->exit = on->exit;
        } else if (on->schema == NULL) {
            table->body = (troupe_start_handler *)on->handler;
        } else if ((err = add_line(table, on)) != TROUPE_OK) {
            return err;
        }
    }
    return table->body == NULL ? TROUPE_OK : make_process(table);
}

static troupe_err
make(const struct troupe_behaviour *behaviour, struct tp_behaviour_table **made)
{
    uint32_t lines = lines_for(behaviour->handlers_count);
    size_t lines_bytes = lines * sizeof(struct tp_behaviour_line);
    size_t marks_bytes =
        is_marked(behaviour) ? lines * sizeof(struct tp_behaviour_mark) : 0;
    struct tp_behaviour_table *table =
        tp_memory_alloc_zeroed(1, sizeof(*table) + lines_bytes + marks_bytes);
    troupe_err err;

    if (table == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY,
            "no memory to register behaviour %s", behaviour->name);
    }
    table->name = behaviour->name;
    table->state_size = behaviour->state_size;
    table->mask = lines - 1;
    if (marks_bytes != 0) {
        table->marks = (void *)&table->lines[lines];
    }
    err = fill(table, behaviour);
    if (err != TROUPE_OK) {
        tp_memory_free(table);
        return err;
    }
    *made = table;
    return TROUPE_OK;
}

troupe_err
tp_behaviour_register(
    struct troupe_behaviour *behaviour, const struct tp_behaviour_table **table)
{
    struct tp_behaviour_table *made = ck_pr_load_ptr(&behaviour->table);
    troupe_err err = TROUPE_OK;

    if (made == NULL) {
        pthread_mutex_lock(&registering);
        made = ck_pr_load_ptr(&behaviour->table);
        if (made == NULL) {
            err = make(behaviour, &made);
        }
        if (err == TROUPE_OK) {
            /* Pairs with the acquire below, on a thread that takes no lock. */
            ck_pr_fence_release();
            ck_pr_store_ptr(&behaviour->table, made);
        }
        pthread_mutex_unlock(&registering);
        if (err != TROUPE_OK) {
            return err;
        }
    }
    ck_pr_fence_acquire();
    *table = made;
    return TROUPE_OK;
}
