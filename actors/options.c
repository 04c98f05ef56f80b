/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/options.h"

#include "actors/observer.h"
#include "actors/registry.h"
#include "base/err.h"
#include "base/random.h"
#include "scheduler/cpu_count.h"
#include "scheduler/lone.h"

#include <stdlib.h>
#include <string.h>

enum { WORKERS_MAX = 1024, OWN_THREADS_COUNT = 64 };

/* TROUPE_SIM=seed turns a program into a simulation of itself. */
static troupe_err
read_environment(struct troupe_options *options)
{
    const char *text = getenv("TROUPE_SIM");
    char *end;

    if (text == NULL) {
        return TROUPE_OK;
    }
    options->simulate = true;
    options->seed = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0') {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "TROUPE_SIM is \"%s\"; it must be a seed, a whole number", text);
    }
    return TROUPE_OK;
}

/* TROUPE_CONTAIN=0 lets a crash end the process. */
static troupe_err
read_contain(struct troupe_options *options)
{
    const char *text = getenv("TROUPE_CONTAIN");

    if (text == NULL || strcmp(text, "1") == 0) {
        return TROUPE_OK;
    }
    options->crash_ends_process = true;
    if (strcmp(text, "0") != 0) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "TROUPE_CONTAIN is \"%s\"; it must be 0 (a crash ends the process) "
            "or 1",
            text);
    }
    return TROUPE_OK;
}

/* TROUPE_LOG=debug shows all that a program has to say. */
static troupe_err
read_log_level(struct troupe_options *options)
{
    const char *text = getenv("TROUPE_LOG");
    int level = TROUPE_LOG_ERROR;

    if (options->log_level > TROUPE_LOG_DEBUG) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "log_level is %u, which is no level of troupe/log.h",
            (unsigned)options->log_level);
    }
    if (text == NULL) {
        return TROUPE_OK;
    }
    while (level <= TROUPE_LOG_DEBUG &&
           strcmp(text, troupe_log_level_name((enum troupe_log_level)level)) !=
               0) {
        level++;
    }
    if (level > TROUPE_LOG_DEBUG) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "TROUPE_LOG is \"%s\"; it must be error, warning, info or debug",
            text);
    }
    options->log_level = (enum troupe_log_level)level;
    return TROUPE_OK;
}

static bool
has_faults(const struct troupe_faults *faults)
{
    return faults->kills_count > 0 || faults->failed_allocations_count > 0 ||
           faults->reorder || faults->delay_ns_max > 0;
}

troupe_err
tp_options_resolve(
    const struct troupe_options *given, struct troupe_options *options)
{
    troupe_err err;

    *options = (struct troupe_options){.size = sizeof(*options)};
    if (given != NULL) {
        if (given->size < sizeof(size_t) || given->size > sizeof(*options)) {
            return tp_err_set(TROUPE_E_ABI_MISMATCH,
                "options of %zu bytes, this library knows %zu: make them by "
                "TROUPE_OPTIONS",
                given->size, sizeof(*options));
        }
        memcpy(options, given, given->size);
    }
    err = read_environment(options);
    if (err == TROUPE_OK) {
        err = read_contain(options);
    }
    if (err == TROUPE_OK) {
        err = read_log_level(options);
    }
    if (err != TROUPE_OK) {
        return err;
    }
    if (options->workers_count > WORKERS_MAX) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "workers_count is %u; at most %d are possible",
            options->workers_count, WORKERS_MAX);
    }
    if (options->own_threads_max > TP_LONE_COUNT_MAX) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "own_threads_max is %u; at most %d are possible",
            options->own_threads_max, TP_LONE_COUNT_MAX);
    }
    if (options->own_threads_max == 0) {
        options->own_threads_max = OWN_THREADS_COUNT;
    }
    err = tp_observer_check(options->observer);
    if (err != TROUPE_OK) {
        return err;
    }
    if (!options->simulate && has_faults(&options->faults)) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "faults are planned for a runtime of threads; only a simulation "
            "has them (.simulate = true)");
    }
    if (options->simulate && options->io != NULL) {
        return tp_err_set(TROUPE_E_INVALID_ARGUMENT,
            "a simulation has no network: nobody can replay what others send; "
            "leave .io NULL, and tell the actors what would have come");
    }
    if (options->simulate) {
        options->workers_count = 1;
    }
    if (options->actors_count_max == 0 ||
        options->actors_count_max > TP_REGISTRY_SLOTS_MAX) {
        options->actors_count_max = TP_REGISTRY_SLOTS_MAX;
    }
    if (options->seed == 0 && getenv("TROUPE_SIM") == NULL) {
        options->seed = tp_random_seed();
    }
    return TROUPE_OK;
}

void
tp_options_choose_workers(
    const struct tp_log *log, struct troupe_options *options)
{
    struct tp_cpu_count chosen;

    if (options->workers_count == 0) {
        chosen = tp_cpu_count_read(NULL);
        options->workers_count =
            chosen.count < WORKERS_MAX ? chosen.count : WORKERS_MAX;
        tp_log_write(log, TROUPE_LOG_INFO, "workers: %s", chosen.reason);
    }
}
