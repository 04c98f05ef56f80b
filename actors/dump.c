/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/dump.h"

#include "actors/directory.h"
#include "actors/outside.h"
#include "actors/post.h"
#include "actors/probes.h"
#include "base/err.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t patience_ns_default = TROUPE_SECONDS(1);

/* ---- the list of actors -------------------------------------------------- */

static troupe_err
no_memory(void)
{
    return tp_err_set(TROUPE_E_NO_MEMORY, "no memory for a dump of all actors");
}

static troupe_err
add(struct tp_dump *dump, const struct tp_dump_actor *actor)
{
    if (dump->actors_count == dump->actors_capacity) {
        size_t wanted =
            dump->actors_capacity == 0 ? 64 : 2 * dump->actors_capacity;
        struct tp_dump_actor *larger =
            tp_memory_realloc(dump->actors, wanted * sizeof(*larger));

        if (larger == NULL) {
            return no_memory();
        }
        dump->actors = larger;
        dump->actors_capacity = wanted;
    }
    dump->actors[dump->actors_count++] = *actor;
    return TROUPE_OK;
}

/* By slot, then by life: as people count. */
static int
compare(const void *a, const void *b)
{
    troupe_pid one = ((const struct tp_dump_actor *)a)->pid;
    troupe_pid other = ((const struct tp_dump_actor *)b)->pid;
    uint64_t left = one << 32 | one >> 32;
    uint64_t right = other << 32 | other >> 32;

    return left < right ? -1 : left > right;
}

struct tp_dump_actor *
tp_dump_find(const struct tp_dump *dump, troupe_pid pid)
{
    struct tp_dump_actor key = {.pid = pid};

    return dump->actors_count == 0
               ? NULL
               : bsearch(&key, dump->actors, dump->actors_count, sizeof(key),
                     compare);
}

bool
tp_dump_find_name(const struct tp_dump *dump, troupe_pid pid, char *name)
{
    return tp_directory_may_have(&dump->self->runtime->directory, pid) &&
           tp_directory_name_of(dump->self, pid, name, TP_DUMP_NAME_BYTES) > 0;
}

const char *
tp_dump_state_name(const struct tp_dump_actor *actor)
{
    unsigned flags = actor->portrait == NULL ? 0 : actor->portrait->flags;

    if ((flags & TP_ACTOR_IS_SUSPENDED) != 0) {
        return "suspended";
    }
    if ((flags & TP_ACTOR_IS_STOPPING) != 0) {
        return "stopping";
    }
    if ((flags & TP_ACTOR_IS_PAUSED) != 0) {
        return "paused";
    }
    if (actor->is_running) {
        return "running";
    }
    if (actor->portrait != NULL && actor->portrait->in_line != NULL) {
        return actor->portrait->in_line;
    }
    return actor->portrait == NULL || actor->messages_count > 0 ? "ready"
                                                                : "asleep";
}

/* ---- asking the actors --------------------------------------------------- */

struct asking {
    struct troupe_self *self;
    struct tp_dump *dump;
};

/* Takes *report. One that was too large for the memory that there was has only
 * its first fields, and is read no further. */
static troupe_err
take(void *context, struct troupe_message **report)
{
    struct asking *asking = context;
    const struct tp_portrait *portrait = tp_portrait_of(*report);
    troupe_err err = TROUPE_OK;

    if (portrait->pid != TROUPE_NO_PID && portrait->is_short) {
        err = no_memory();
    } else if (portrait->pid != TROUPE_NO_PID) {
        err = add(asking->dump, &(struct tp_dump_actor){.pid = portrait->pid,
                                    .behaviour = portrait->behaviour,
                                    .report = *report,
                                    .portrait = portrait,
                                    .messages_count = portrait->messages_count,
                                    .bytes_count = portrait->bytes_count,
                                    .is_congested = portrait->is_congested});
        if (err == TROUPE_OK) {
            *report = NULL;
        }
    }
    if (*report != NULL) {
        tp_post_free(asking->self, *report);
        *report = NULL;
    }
    return err;
}

/* What can be seen from outside. */
static troupe_err
miss(void *context, troupe_pid pid)
{
    struct asking *asking = context;
    struct tp_actor *actor =
        tp_registry_find(&asking->self->runtime->registry, pid);
    const struct tp_behaviour_table *table = ck_pr_load_ptr(&actor->table);
    uint64_t held = ck_pr_load_64(&actor->limit.held);

    return add(asking->dump,
        &(struct tp_dump_actor){.pid = pid,
            .behaviour = table == NULL ? NULL : table->name,
            .messages_count =
                (held & ~TP_LIMIT_CONGESTED) >> TP_LIMIT_BYTES_BITS,
            .bytes_count = held & (TP_LIMIT_OF(1, 0) - 1),
            .is_congested = (held & TP_LIMIT_CONGESTED) != 0});
}

/* The actor draws itself by the hand of this thread. */
static troupe_err
draw(struct asking *asking, struct tp_actor *actor)
{
    struct troupe_message *probe;

    if (actor->table == NULL) {
        return TROUPE_OK;
    }
    probe = tp_post_block(asking->self, TP_PROBES_SHORT_BYTES);
    if (probe == NULL) {
        return no_memory();
    }
    probe = tp_portrait_report(asking->self, actor, probe);
    return take(asking, &probe);
}

static troupe_err
draw_all(struct asking *asking)
{
    struct tp_registry *registry = &asking->self->runtime->registry;
    uint32_t count = tp_registry_count(registry);
    troupe_err err = TROUPE_OK;

    for (uint32_t i = 0; err == TROUPE_OK && i < count; i++) {
        err = draw(asking, tp_registry_at(registry, i));
    }
    return err;
}

static troupe_err
ask_all(struct asking *asking, uint64_t patience_ns)
{
    struct tp_probes_taker taker = {asking, take, miss};

    return tp_probes_ask_all(asking->self, TP_PROBES_PORTRAIT,
        patience_ns == 0 ? patience_ns_default : patience_ns, &taker);
}

/* ---- workers and threads ------------------------------------------------- */

static troupe_pid
running_on(struct troupe_runtime *runtime, struct troupe_self *worker)
{
    const struct tp_actor *actor = ck_pr_load_ptr(&worker->actor);

    return actor == NULL ? TROUPE_NO_PID
                         : tp_registry_pid(&runtime->registry, actor,
                               ck_pr_load_32(&actor->issued));
}

static struct tp_dump_worker
look_at(struct troupe_runtime *runtime, struct troupe_self *worker)
{
    return (struct tp_dump_worker){
        .is_asleep = ck_pr_load_32(&worker->worker->asleep) != 0,
        .runs = running_on(runtime, worker),
    };
}

/* With the mutex of own threads. */
static troupe_err
list_workers(struct troupe_runtime *runtime, struct tp_dump *dump)
{
    const struct tp_own_threads *own = &runtime->own_threads;
    unsigned count = runtime->scheduler->workers_count;

    dump->workers =
        tp_memory_alloc_zeroed(count + own->count, sizeof(dump->workers[0]));
    if (dump->workers == NULL) {
        return no_memory();
    }
    for (unsigned i = 0; i < count; i++) {
        dump->workers[dump->workers_count++] =
            look_at(runtime, &runtime->workers[i]);
    }
    for (unsigned i = 0; i < own->count; i++) {
        if (own->threads[i].is_taken && own->threads[i].self != NULL) {
            struct tp_dump_worker *worker =
                &dump->workers[dump->workers_count++];

            *worker = look_at(runtime, own->threads[i].self);
            worker->is_own = true;
        }
    }
    return TROUPE_OK;
}

static troupe_err
look_at_workers(struct troupe_runtime *runtime, struct tp_dump *dump)
{
    troupe_err err;

    pthread_mutex_lock(&runtime->own_threads.mutex);
    err = list_workers(runtime, dump);
    pthread_mutex_unlock(&runtime->own_threads.mutex);
    return err;
}

/* With the mutex. */
static troupe_err
list_threads(struct troupe_runtime *runtime, struct tp_dump *dump)
{
    size_t count = 0;

    for (struct troupe_self *thread = runtime->outside; thread != NULL;
         thread = thread->next_outside) {
        count += thread->is_taken;
    }
    if (count == 0) {
        return TROUPE_OK;
    }
    dump->threads = tp_memory_alloc_zeroed(count, sizeof(dump->threads[0]));
    if (dump->threads == NULL) {
        return no_memory();
    }
    for (struct troupe_self *thread = runtime->outside; thread != NULL;
         thread = thread->next_outside) {
        if (thread->is_taken) {
            dump->threads[dump->threads_count++] = (struct tp_dump_thread){
                thread->pid,
                ck_pr_load_64(&thread->asked.to),
                ck_pr_load_64(&thread->asked.deadline_ns),
                ck_pr_load_32(&thread->asked.schema),
            };
        }
    }
    return TROUPE_OK;
}

static troupe_err
look_at_threads(struct troupe_runtime *runtime, struct tp_dump *dump)
{
    troupe_err err;

    pthread_mutex_lock(&runtime->outside_mutex);
    err = list_threads(runtime, dump);
    pthread_mutex_unlock(&runtime->outside_mutex);
    return err;
}

/* ---- the whole ----------------------------------------------------------- */

static void
know_children(struct tp_dump *dump, const struct tp_dump_actor *parent)
{
    const struct tp_portrait *portrait = parent->portrait;

    for (uint32_t i = 0; portrait != NULL && i < portrait->items_count; i++) {
        const struct tp_portrait_item *item = &portrait->items[i];
        struct tp_dump_actor *child = item->kind == TP_PORTRAIT_CHILD
                                          ? tp_dump_find(dump, item->pid)
                                          : NULL;

        if (child != NULL) {
            child->as_child = item;
            child->parent = parent->pid;
        }
    }
}

static void
join(struct tp_dump *dump)
{
    if (dump->actors_count > 0) {
        qsort(
            dump->actors, dump->actors_count, sizeof(dump->actors[0]), compare);
    }
    for (size_t i = 0; i < dump->actors_count; i++) {
        know_children(dump, &dump->actors[i]);
    }
    for (unsigned i = 0; i < dump->workers_count; i++) {
        struct tp_dump_actor *actor = tp_dump_find(dump, dump->workers[i].runs);

        if (actor != NULL && actor->portrait == NULL) {
            actor->is_running = true;
        }
    }
}

static troupe_err
collect(struct troupe_self *self, uint64_t patience_ns, struct tp_dump *dump)
{
    struct asking asking = {self, dump};
    troupe_err err = self->runtime->is_simulated
                         ? draw_all(&asking)
                         : ask_all(&asking, patience_ns);

    dump->self = self;
    dump->runtime_number = self->runtime->registry.runtime_number;
    dump->now_ns = troupe_now_ns(self);
    if (err == TROUPE_OK) {
        err = look_at_workers(self->runtime, dump);
    }
    if (err == TROUPE_OK) {
        err = look_at_threads(self->runtime, dump);
    }
    if (err == TROUPE_OK) {
        join(dump);
    }
    return err;
}

static void
fini(struct troupe_self *self, struct tp_dump *dump)
{
    for (size_t i = 0; i < dump->actors_count; i++) {
        if (dump->actors[i].report != NULL) {
            tp_post_free(self, dump->actors[i].report);
        }
    }
    tp_memory_free(dump->actors);
    tp_memory_free(dump->workers);
    tp_memory_free(dump->threads);
}

static troupe_err
resolve(const struct troupe_dump_options *given,
    struct troupe_dump_options *options)
{
    *options = troupe_dump_options_default();
    if (given == NULL) {
        return TROUPE_OK;
    }
    if (given->size < sizeof(size_t) || given->size > sizeof(*options)) {
        return tp_err_set(TROUPE_E_ABI_MISMATCH,
            "dump options of %zu bytes, this library knows %zu: make them by "
            "TROUPE_DUMP_OPTIONS",
            given->size, sizeof(*options));
    }
    memcpy(options, given, given->size);
    if (options->format > TROUPE_DUMP_JSON) {
        return tp_err_set(
            TROUPE_E_INVALID_ARGUMENT, "there is no such format of a dump");
    }
    return TROUPE_OK;
}

static troupe_err
print(FILE *stream, enum troupe_dump_format format, struct tp_dump *dump)
{
    if (format == TROUPE_DUMP_JSON) {
        tp_dump_print_json(stream, dump);
        return TROUPE_OK;
    }
    return tp_dump_print_text(stream, dump);
}

troupe_err
troupe_dump(struct troupe_runtime *runtime,
    const struct troupe_dump_options *given, FILE *stream)
{
    TP_RUNTIME_CALL();
    struct troupe_dump_options options;
    struct tp_dump dump = {0};
    struct troupe_self *self;
    troupe_err err = resolve(given, &options);

    if (err != TROUPE_OK) {
        return err;
    }
    self = troupe_thread_self(runtime);
    if (self == NULL) {
        return TROUPE_E_NOT_RUNNING; /* or no memory: the detail says which */
    }
    err = tp_probes_check(self, "troupe_dump");
    if (err == TROUPE_OK) {
        err = collect(self, options.patience_ns, &dump);
        if (err == TROUPE_OK) {
            err = print(stream, options.format, &dump);
        }
        fini(self, &dump);
    }
    return err;
}
