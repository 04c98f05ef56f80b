/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/pool.h"

#include "actors/exit.h"
#include "actors/forward.h"
#include "actors/post.h"
#include "actors/supervised.h"
#include "actors/supervisor.h"
#include "base/err.h"

#include <inttypes.h>
#include <string.h>

/* ---- descriptions -------------------------------------------------------- */

static const struct troupe_supervisor *
supervision_of(const struct troupe_router_options *options)
{
    static const struct troupe_supervisor plain =
        TROUPE_SUPERVISOR(.strategy = TROUPE_ONE_FOR_ONE);

    return options->supervision != NULL ? options->supervision : &plain;
}

troupe_err
tp_pool_check(const struct troupe_router_options *options)
{
    struct troupe_supervisor whole =
        TROUPE_SUPERVISOR(.children = options->worker, .children_count = 1);
    troupe_err err = tp_supervised_check(&whole);

    if (err == TROUPE_OK && options->worker->behaviour == NULL) {
        err = tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "the worker of a pool is a supervisor, which handles no messages "
            "of others; give it a behaviour");
    }
    if (err == TROUPE_OK) {
        err = tp_supervised_check(supervision_of(options));
    }
    if (err == TROUPE_OK && supervision_of(options)->children_count > 0) {
        err = tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "the supervision of a pool has children; its workers are the only "
            "ones");
    }
    if (err == TROUPE_OK && options->workers_count > TP_POOL_WORKERS_MAX) {
        err = tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "a pool of %u workers; at most %d are allowed",
            options->workers_count, TP_POOL_WORKERS_MAX);
    }
    return err;
}

/* What each worker is. Loads are compared exactly only where each message is
 * counted at once. */
static struct troupe_child
describe(const struct troupe_router_options *options)
{
    static const struct troupe_mailbox_options none;
    struct troupe_child worker;

    memset(&worker, 0, sizeof(worker));
    memcpy(&worker, options->worker, options->worker->size);
    worker.size = sizeof(worker);
    if (options->kind == TROUPE_ROUTE_LEAST_LOADED &&
        memcmp(&worker.mailbox, &none, sizeof(none)) == 0) {
        worker.mailbox.messages_high = TP_POOL_WORKER_HIGH;
    }
    return worker;
}

/* ---- more and fewer ------------------------------------------------------ */

/* One that could not be watched gets no messages, and is ended; if there is no
 * memory to say so, when the pool ends. */
static troupe_err
hire(struct troupe_self *self, struct tp_router *router)
{
    struct troupe_child worker = describe(&router->options);
    troupe_pid pid = TROUPE_NO_PID;
    troupe_err err =
        troupe_supervisor_add(self, router->supervisor, &worker, &pid);

    if (err != TROUPE_OK) {
        return err;
    }
    err = tp_router_add(self, router, pid, true);
    if (err != TROUPE_OK) {
        (void)troupe_tell(
            self, router->supervisor, troupe_end_child, .actor = pid);
        err = tp_err_set(TROUPE_E_NO_MEMORY, "no memory for a worker");
    }
    return err;
}

troupe_err
tp_pool_retire(struct troupe_self *self, struct tp_router *router, size_t index)
{
    const struct troupe_end_child end_child = {
        router->routees.items[index].pid};
    struct troupe_message *message = NULL;
    const uint8_t *end = NULL;
    troupe_err err = troupe_end_child_make(self, &end_child, &message, &end);

    if (err != TROUPE_OK) {
        return err;
    }
    troupe_message_close(message, end);
    tp_router_remove(self, router, index);
    tp_forward_by_way_of(self, end_child.actor, router->supervisor, &message);
    return TROUPE_OK;
}

static uint64_t
count_workers(const struct tp_routees *routees)
{
    uint64_t count = 0;

    for (size_t i = 0; i < routees->count; i++) {
        count += routees->items[i].is_worker;
    }
    return count;
}

static size_t
find_youngest(const struct tp_routees *routees)
{
    size_t i = routees->count - 1;

    while (!routees->items[i].is_worker) {
        i--;
    }
    return i;
}

troupe_err
tp_pool_resize(
    struct troupe_self *self, struct tp_router *router, uint64_t workers_count)
{
    uint64_t count = count_workers(&router->routees);
    troupe_err err = TROUPE_OK;

    if (router->supervisor == TROUPE_NO_PID) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "a router without workers of its own is no pool");
    }
    if (workers_count > TP_POOL_WORKERS_MAX) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "a pool of %" PRIu64 " workers; at most %d are allowed",
            workers_count, TP_POOL_WORKERS_MAX);
    }
    for (; err == TROUPE_OK && count < workers_count; count++) {
        err = hire(self, router);
    }
    for (; err == TROUPE_OK && count > workers_count; count--) {
        err = tp_pool_retire(self, router, find_youngest(&router->routees));
    }
    return err;
}

/* ---- beginning and end --------------------------------------------------- */

/* One that was stopped, as by the end of the runtime, has no workers any more,
 * and each of those has been told of. */
static void
on_supervisor_down(struct troupe_self *self, void *state, uint64_t context,
    const struct troupe_down *down)
{
    TP_RUNTIME_CALL();
    struct tp_router *router = state;
    char end[96];

    (void)context;
    router->supervisor = TROUPE_NO_PID;
    if (!troupe_exit_is_orderly(down->why)) {
        (void)troupe_exit_print(end, sizeof(end), down->why);
        troupe_fail(self, 0, "the supervisor of its workers %s", end);
    }
}

troupe_err
tp_pool_start(struct troupe_self *self, struct tp_router *router)
{
    const struct troupe_router_options *options = &router->options;
    unsigned count = options->workers_count > 0
                         ? options->workers_count
                         : troupe_runtime_workers_count(self->runtime);
    troupe_err err = tp_supervise_own(
        self, supervision_of(options), on_supervisor_down, &router->supervisor);

    return err == TROUPE_OK ? tp_pool_resize(self, router, count) : err;
}
