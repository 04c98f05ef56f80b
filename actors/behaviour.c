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
    return TROUPE_OK;
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
    struct tp_behaviour_table *table = tp_memory_alloc_zeroed(
        1, sizeof(*table) + lines * sizeof(table->lines[0]));
    troupe_err err;

    if (table == NULL) {
        return tp_err_set(TROUPE_E_NO_MEMORY,
            "no memory to register behaviour %s", behaviour->name);
    }
    table->name = behaviour->name;
    table->state_size = behaviour->state_size;
    table->mask = lines - 1;
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
