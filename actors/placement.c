/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/placement.h"

#include "actors/own_thread.h"
#include "actors/runtime.h"
#include "base/err.h"
#include "troupe/placement.h"

/* ---- where --------------------------------------------------------------- */

static troupe_err
find_spawners(struct troupe_self *self, uint32_t *bound)
{
    if (self->worker == NULL || self->worker->is_lone) {
        return tp_err_set(TROUPE_E_WRONG_THREAD,
            "the spawner has no worker whose place a new actor could share: it "
            "is a thread outside, or an actor with a thread of its own");
    }
    *bound = 1 + self->worker->index;
    return TROUPE_OK;
}

/* A simulation has one worker, whatever the program has on threads. */
static troupe_err
find_worker(struct troupe_self *self, unsigned worker, uint32_t *bound)
{
    unsigned workers_count = self->runtime->scheduler->workers_count;

    if (self->runtime->is_simulated) {
        *bound = 1;
        return TROUPE_OK;
    }
    if (worker == TROUPE_SPAWNERS_WORKER) {
        return find_spawners(self, bound);
    }
    if (worker > workers_count) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "an actor for worker %u; there are %u, from 0: see "
            "troupe_runtime_workers_count()",
            worker - 1, workers_count);
    }
    *bound = worker;
    return TROUPE_OK;
}

static troupe_err
find_place(struct troupe_self *self, const struct troupe_spawn_options *options,
    uint32_t *bound)
{
    if (!options->own_thread) {
        return find_worker(self, options->worker, bound);
    }
    if (options->worker != 0) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "an actor either belongs to a worker or has a thread of its own; "
            "leave out one of worker and own_thread");
    }
    return tp_own_threads_take(self->runtime, bound);
}

static void
give_place_back(struct troupe_self *self, uint32_t bound)
{
    if (tp_own_threads_has(self->runtime, bound)) {
        tp_own_threads_put_back(self->runtime, bound);
    }
}

/* ---- the slot ------------------------------------------------------------ */

troupe_err
tp_placement_take(struct troupe_self *self,
    const struct troupe_spawn_options *options, struct tp_actor **actor,
    uint32_t *bound)
{
    troupe_err err = find_place(self, options, bound);

    if (err != TROUPE_OK) {
        return err;
    }
    err = tp_registry_take_awake(&self->runtime->registry, &self->slots, actor);
    if (err != TROUPE_OK) {
        give_place_back(self, *bound);
    }
    return err;
}

/* Stale mail that has come meanwhile is run where any is. */
void
tp_placement_give_up(
    struct troupe_self *self, struct tp_actor *actor, uint32_t bound)
{
    give_place_back(self, bound);
    if (tp_inbox_try_sleep(&actor->inbox)) {
        tp_registry_give(&self->runtime->registry, &self->slots, actor);
    } else {
        actor->flags = TP_ACTOR_IS_LEAVING;
        tp_scheduler_ready(self->runtime->scheduler, &actor->task);
    }
}

void
tp_placement_settle(struct troupe_self *self, struct tp_actor *actor,
    uint32_t bound, troupe_pid pid, const char *behaviour)
{
    if (tp_own_threads_has(self->runtime, bound)) {
        tp_own_threads_settle(self->runtime, bound, pid, behaviour);
    }
    ck_pr_store_32(&actor->task.bound, bound);
    if (!tp_inbox_try_sleep(&actor->inbox)) {
        tp_scheduler_ready(self->runtime->scheduler, &actor->task);
    }
}

void
tp_placement_leave(struct troupe_self *self, struct tp_actor *actor)
{
    uint32_t bound = ck_pr_load_32(&actor->task.bound);

    ck_pr_store_32(&actor->task.bound, TP_TASK_ANYWHERE);
    give_place_back(self, bound);
}
