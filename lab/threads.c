/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

struct member {
    struct threads *threads;
    unsigned index;
    pthread_t thread;
};

enum state { GATHERING, GO, GIVEN_UP };

struct threads {
    threads_body *body;
    void *context;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    enum state state;
    unsigned count;
    struct member members[];
};

static void *
run(void *arg)
{
    const struct member *member = arg;
    struct threads *threads = member->threads;
    enum state state;

    pthread_mutex_lock(&threads->mutex);
    while (threads->state == GATHERING) {
        pthread_cond_wait(&threads->changed, &threads->mutex);
    }
    state = threads->state;
    pthread_mutex_unlock(&threads->mutex);
    if (state == GO) {
        threads->body(threads->context, member->index);
    }
    return NULL;
}

static void
say(struct threads *threads, enum state state)
{
    pthread_mutex_lock(&threads->mutex);
    threads->state = state;
    pthread_cond_broadcast(&threads->changed);
    pthread_mutex_unlock(&threads->mutex);
}

/* How many the system gave. */
static unsigned
create(struct threads *threads, unsigned count, size_t stack_bytes)
{
    pthread_attr_t attributes;
    unsigned made = 0;

    pthread_attr_init(&attributes);
    if (stack_bytes > 0) {
        pthread_attr_setstacksize(&attributes, stack_bytes);
    }
    for (; made < count; made++) {
        struct member *member = &threads->members[made];

        *member = (struct member){.threads = threads, .index = made};
        if (pthread_create(&member->thread, &attributes, run, member) != 0) {
            break;
        }
    }
    pthread_attr_destroy(&attributes);
    return made;
}

struct threads *
threads_gather(
    unsigned count, size_t stack_bytes, threads_body *body, void *context)
{
    struct threads *threads =
        count > THREADS_MAX
            ? NULL
            : malloc(sizeof(*threads) + count * sizeof(threads->members[0]));

    if (threads == NULL) {
        return NULL;
    }
    threads->body = body;
    threads->context = context;
    threads->state = GATHERING;
    pthread_mutex_init(&threads->mutex, NULL);
    pthread_cond_init(&threads->changed, NULL);
    threads->count = create(threads, count, stack_bytes);
    if (threads->count < count) {
        say(threads, GIVEN_UP);
        threads_join(threads);
        return NULL;
    }
    return threads;
}

void
threads_go(struct threads *threads)
{
    say(threads, GO);
}

struct threads *
threads_start(
    unsigned count, size_t stack_bytes, threads_body *body, void *context)
{
    struct threads *threads = threads_gather(count, stack_bytes, body, context);

    if (threads != NULL) {
        threads_go(threads);
    }
    return threads;
}

void
threads_join(struct threads *threads)
{
    for (unsigned i = 0; i < threads->count; i++) {
        pthread_join(threads->members[i].thread, NULL);
    }
    pthread_cond_destroy(&threads->changed);
    pthread_mutex_destroy(&threads->mutex);
    free(threads);
}

bool
threads_run(unsigned count, threads_body *body, void *context)
{
    struct threads *threads =
        threads_start(count, THREADS_STACK_BYTES, body, context);

    if (threads == NULL) {
        return false;
    }
    threads_join(threads);
    return true;
}

void
threads_bind(unsigned index)
{
    cpu_set_t allowed;
    cpu_set_t one;
    unsigned rest;

    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) {
        return;
    }
    rest = index % (unsigned)CPU_COUNT(&allowed);
    for (size_t i = 0; i < CPU_SETSIZE; i++) {
        if (CPU_ISSET(i, &allowed) && rest-- == 0) {
            CPU_ZERO(&one);
            CPU_SET(i, &one);
            (void)sched_setaffinity(0, sizeof(one), &one);
            return;
        }
    }
}
