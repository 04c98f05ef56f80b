/* SPDX-License-Identifier: BSD-2-Clause */
#include "scheduler/lone.h"

#include "base/assert.h"
#include "base/err.h"
#include "base/memory.h"
#include "scheduler/scheduler.h"
#include "scheduler/thread.h"

#include <ck_pr.h>
#include <string.h>

/* ---- making -------------------------------------------------------------- */

troupe_err
tp_lone_init(struct tp_scheduler *scheduler, unsigned count_max)
{
    struct tp_lone *lone = &scheduler->lone;

    TP_ASSERT(count_max <= TP_LONE_COUNT_MAX);
    lone->count_max = count_max;
    if (count_max == 0) {
        return TROUPE_OK;
    }
    lone->workers = tp_memory_alloc_zeroed(count_max, sizeof(*lone->workers));
    return lone->workers != NULL
               ? TROUPE_OK
               : tp_err_set(TROUPE_E_NO_MEMORY,
                     "no memory for %u threads beside the workers", count_max);
}

void
tp_lone_fini(struct tp_scheduler *scheduler)
{
    struct tp_lone *lone = &scheduler->lone;

    for (unsigned i = 0; i < ck_pr_load_32(&lone->count); i++) {
        tp_memory_free(lone->workers[i]);
    }
    tp_memory_free(lone->workers);
}

troupe_err
tp_lone_add(
    struct tp_scheduler *scheduler, void *local, struct tp_worker **worker)
{
    struct tp_lone *lone = &scheduler->lone;
    unsigned place = ck_pr_load_32(&lone->count);
    struct tp_worker *made;

    TP_ASSERT(place < lone->count_max);
    made = tp_memory_alloc_aligned(64, sizeof(*made));
    if (made == NULL) {
        return tp_err_set(
            TROUPE_E_NO_MEMORY, "no memory for one more thread's worker");
    }
    tp_scheduler_init_worker(scheduler, made, scheduler->workers_count + place);
    made->is_lone = true;
    made->hands_on = true;
    made->local = local;
    *worker = made;
    ck_pr_store_ptr(&lone->workers[place], made);
    ck_pr_fence_release(); /* the place before the count */
    ck_pr_store_32(&lone->count, place + 1);
    return TROUPE_OK;
}

/* ---- running ------------------------------------------------------------- */

void
tp_lone_count_awake(struct tp_worker *worker)
{
    ck_pr_add_64(
        &worker->scheduler->lone.awake, TP_LONE_WAKE_UP + TP_LONE_AWAKE);
}

void
tp_lone_count_asleep(struct tp_worker *worker)
{
    ck_pr_sub_64(&worker->scheduler->lone.awake, TP_LONE_AWAKE);
}

troupe_err
tp_lone_start(struct tp_worker *worker)
{
    int refused;

    if (worker->has_thread) {
        return TROUPE_OK;
    }
    tp_lone_count_awake(worker); /* so that no drain ends before it looks */
    refused = tp_thread_start(&worker->thread, tp_scheduler_run_worker, worker);
    if (refused != 0) {
        tp_lone_count_asleep(worker);
        return tp_err_set(TROUPE_E_SYSTEM,
            "no thread could be made beside the workers: %s",
            strerror(refused));
    }
    worker->has_thread = true;
    return TROUPE_OK;
}

troupe_err
tp_lone_start_all(struct tp_scheduler *scheduler)
{
    struct tp_lone *lone = &scheduler->lone;
    troupe_err err = TROUPE_OK;

    for (unsigned i = 0; i < ck_pr_load_32(&lone->count) && err == TROUPE_OK;
         i++) {
        err = tp_lone_start(lone->workers[i]);
    }
    return err;
}

/* ---- ending -------------------------------------------------------------- */

void
tp_lone_leave(struct tp_worker *worker)
{
    tp_lone_count_asleep(worker);
    ck_pr_fence_release(); /* all that it did; pairs with have_all_left() */
    ck_pr_store_32(&worker->has_left, 1);
    tp_parker_wake(&worker->scheduler->drainer);
}

static bool
have_all_left(struct tp_lone *lone)
{
    bool have_left = true;

    for (unsigned i = 0; i < ck_pr_load_32(&lone->count); i++) {
        struct tp_worker *worker = lone->workers[i];

        have_left &=
            !worker->has_thread || ck_pr_load_32(&worker->has_left) != 0;
    }
    ck_pr_fence_acquire(); /* pairs with the release in tp_lone_leave() */
    return have_left;
}

/* One that has left is joined at once. */
static bool
try_join(struct tp_worker *worker)
{
    if (worker->has_thread && ck_pr_load_32(&worker->has_left) != 0) {
        pthread_join(worker->thread, NULL);
        ck_pr_store_32(&worker->has_left, 0);
        worker->has_thread = false;
    }
    return !worker->has_thread;
}

bool
tp_lone_join(struct tp_scheduler *scheduler, uint64_t deadline_ns)
{
    struct tp_lone *lone = &scheduler->lone;
    bool are_joined = true;

    while (!have_all_left(lone) &&
           tp_clock_now_ns(&scheduler->clock) < deadline_ns) {
        tp_parker_park(&scheduler->drainer, deadline_ns);
    }
    for (unsigned i = 0; i < ck_pr_load_32(&lone->count); i++) {
        are_joined &= try_join(lone->workers[i]);
    }
    return are_joined;
}
