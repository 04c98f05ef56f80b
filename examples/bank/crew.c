/* SPDX-License-Identifier: BSD-2-Clause */
#include "examples/bank/crew.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct member {
    struct bank_crew *crew;
    size_t number;
    pthread_t thread;
};

struct bank_crew {
    pthread_barrier_t barrier; /* the members and whoever runs them */
    bank_crew_work work;
    void *context;
    size_t members_count;
    struct member members[];
};

static void *
work_once(void *argument)
{
    struct member *member = argument;
    struct bank_crew *crew = member->crew;

    pthread_barrier_wait(&crew->barrier);
    crew->work(crew->context, member->number);
    pthread_barrier_wait(&crew->barrier);
    return NULL;
}

static bool
start_member(struct bank_crew *crew, size_t number)
{
    struct member *member = &crew->members[number];
    int err;

    member->crew = crew;
    member->number = number;
    err = pthread_create(&member->thread, NULL, work_once, member);
    if (err != 0) {
        fprintf(stderr, "cannot start thread %zu of %zu: %s\n", number + 1,
            crew->members_count, strerror(err));
    }
    return err == 0;
}

struct bank_crew *
bank_crew_create(size_t members_count, bank_crew_work work, void *context)
{
    struct bank_crew *crew =
        calloc(1, sizeof(*crew) + members_count * sizeof(crew->members[0]));

    if (crew == NULL) {
        fputs("out of memory\n", stderr);
        return NULL;
    }
    crew->work = work;
    crew->context = context;
    crew->members_count = members_count;
    pthread_barrier_init(&crew->barrier, NULL, (unsigned)members_count + 1);
    for (size_t i = 0; i < members_count; i++) {
        if (!start_member(crew, i)) {
            return NULL;
        }
    }
    return crew;
}

void
bank_crew_run(struct bank_crew *crew)
{
    pthread_barrier_wait(&crew->barrier);
    pthread_barrier_wait(&crew->barrier);
}

void
bank_crew_destroy(struct bank_crew *crew)
{
    for (size_t i = 0; i < crew->members_count; i++) {
        pthread_join(crew->members[i].thread, NULL);
    }
    pthread_barrier_destroy(&crew->barrier);
    free(crew);
}
