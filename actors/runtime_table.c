/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/runtime_table.h"

#include "base/err.h"

enum { RUNTIMES_MAX = 16 };

static pthread_mutex_t runtimes_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct troupe_runtime *runtimes[RUNTIMES_MAX]; /* by the mutex */
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

/* The child has this thread only: its runtimes answer NOT_RUNNING. */
static void
forget_runtimes(void)
{
    for (int i = 0; i < RUNTIMES_MAX; i++) {
        if (runtimes[i] != NULL) {
            ck_pr_store_32(&runtimes[i]->state, TP_RUNTIME_FORKED);
            runtimes[i] = NULL;
        }
    }
    pthread_mutex_unlock(&runtimes_mutex);
}

static void
lock_runtimes(void)
{
    pthread_mutex_lock(&runtimes_mutex);
}

static void
unlock_runtimes(void)
{
    pthread_mutex_unlock(&runtimes_mutex);
}

static void
watch_forks(void)
{
    pthread_atfork(lock_runtimes, unlock_runtimes, forget_runtimes);
}

troupe_err
tp_runtime_table_add(struct troupe_runtime *runtime, uint32_t *number)
{
    troupe_err err = TROUPE_E_TOO_MANY_RUNTIMES;

    pthread_once(&fork_once, watch_forks);
    lock_runtimes();
    for (uint32_t i = 0; i < RUNTIMES_MAX; i++) {
        if (runtimes[i] == NULL) {
            runtimes[i] = runtime;
            *number = i;
            err = TROUPE_OK;
            break;
        }
    }
    unlock_runtimes();
    if (err != TROUPE_OK) {
        return tp_err_set(
            err, "%d runtimes live in this process; destroy one", RUNTIMES_MAX);
    }
    return TROUPE_OK;
}

void
tp_runtime_table_remove(struct troupe_runtime *runtime)
{
    lock_runtimes();
    if (runtimes[runtime->registry.runtime_number] == runtime) {
        runtimes[runtime->registry.runtime_number] = NULL;
    }
    unlock_runtimes();
}
