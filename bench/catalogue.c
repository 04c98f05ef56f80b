/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/catalogue.h"

#include <string.h>

#define BENCH_CATALOGUE(X)                                                     \
    X(floor)                                                                   \
    X(pingpong)                                                                \
    X(pingpong_seq)                                                            \
    X(switch)                                                                  \
    X(counting)                                                                \
    X(fanin)                                                                   \
    X(ring)                                                                    \
    X(fjcreate)                                                                \
    X(fjthrput)                                                                \
    X(big)                                                                     \
    X(chameneos)                                                               \
    X(banking)                                                                 \
    X(skynet)                                                                  \
    X(idle)                                                                    \
    X(idle_cpu)                                                                \
    X(seq_idle)                                                                \
    X(timers_set)                                                              \
    X(timers_cancel)                                                           \
    X(timers_run)                                                              \
    X(timers_size)                                                             \
    X(cascade)                                                                 \
    X(cascade_star)                                                            \
    X(place_bound)                                                             \
    X(place_own)                                                               \
    X(router)                                                                  \
    X(grow_actors)                                                             \
    X(grow_flight)                                                             \
    X(grow_backlog)                                                            \
    X(grow_size)                                                               \
    X(grow_fields)                                                             \
    X(grow_workers)                                                            \
    X(publish_small)                                                           \
    X(publish_small_each)                                                      \
    X(publish_large)                                                           \
    X(publish_large_each)                                                      \
    X(latency_10)                                                              \
    X(latency_50)                                                              \
    X(latency_90)                                                              \
    X(wake)                                                                    \
    X(timer_late)                                                              \
    X(fair)                                                                    \
    X(dictionary)                                                              \
    X(sortedlist)                                                              \
    X(boundedbuffer)                                                           \
    X(philosophers)                                                            \
    X(smokers)                                                                 \
    X(barber)                                                                  \
    X(logmap)                                                                  \
    X(quicksort)                                                               \
    X(radixsort)                                                               \
    X(bitonicsort)                                                             \
    X(matmul)                                                                  \
    X(nqueens)                                                                 \
    X(astar)                                                                   \
    X(apsp)                                                                    \
    X(trapezoid)                                                               \
    X(pi)                                                                      \
    X(filterbank)                                                              \
    X(cobweb)                                                                  \
    X(facility)                                                                \
    X(sor)                                                                     \
    X(sieve)                                                                   \
    X(fibonacci)

#define X(name) extern const struct bench bench_##name;
BENCH_CATALOGUE(X)
#undef X

const struct bench *const bench_catalogue[] = {
#define X(name) &bench_##name,
    BENCH_CATALOGUE(X)
#undef X
        NULL,
};

static bool
is_family(const struct bench *bench, const char *name)
{
    size_t length = strlen(name);

    if (bench->group != NULL && strcmp(bench->group, name) == 0) {
        return true;
    }
    return strncmp(bench->name, name, length) == 0 &&
           bench->name[length] == '-';
}

static bool
is_name(const char *name)
{
    for (size_t i = 0; bench_catalogue[i] != NULL; i++) {
        if (strcmp(bench_catalogue[i]->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool
means(const char *name, const struct bench *bench)
{
    return strcmp(bench->name, name) == 0 ||
           (is_family(bench, name) && !is_name(name));
}

bool
bench_catalogue_has(const char *name)
{
    for (size_t i = 0; bench_catalogue[i] != NULL; i++) {
        if (means(name, bench_catalogue[i])) {
            return true;
        }
    }
    return false;
}

bool
bench_catalogue_is_meant(
    const struct bench *bench, char *const *names, size_t names_count)
{
    for (size_t i = 0; i < names_count; i++) {
        if (means(names[i], bench)) {
            return true;
        }
    }
    return names_count == 0 && bench->group == NULL;
}

void
bench_catalogue_print(FILE *stream)
{
    for (size_t i = 0; bench_catalogue[i] != NULL; i++) {
        fprintf(stream, " %s", bench_catalogue[i]->name);
    }
}
