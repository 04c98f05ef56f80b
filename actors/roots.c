/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors/roots.h"

#include "actors/post.h"
#include "base/memory.h"

struct tp_root {
    struct tp_root *older;
    troupe_pid supervisor;
    struct troupe_message *stop; /* NULL: sent */
    struct tp_restarts restarts;
};

void
tp_roots_init(struct tp_roots *roots)
{
    pthread_mutex_init(&roots->mutex, NULL);
    roots->youngest = NULL;
}

void
tp_roots_fini(struct troupe_self *self)
{
    struct tp_roots *roots = &self->runtime->roots;

    while (roots->youngest != NULL) {
        struct tp_root *root = roots->youngest;

        roots->youngest = root->older;
        tp_root_free(self, root);
    }
}

struct tp_root *
tp_root_make(
    struct troupe_self *self, const struct troupe_supervisor *description)
{
    struct tp_root *root = tp_memory_alloc_zeroed(1, sizeof(*root));

    if (root == NULL) {
        return NULL;
    }
    root->stop = tp_post_block(self, 0);
    if (root->stop == NULL || !tp_restarts_init(&root->restarts, description)) {
        tp_root_free(self, root);
        return NULL;
    }
    root->stop->kind = TP_MESSAGE_STOP;
    root->stop->err = TROUPE_EXIT_SHUTDOWN;
    return root;
}

void
tp_root_free(struct troupe_self *self, struct tp_root *root)
{
    if (root->stop != NULL) {
        tp_post_free(self, root->stop);
    }
    tp_restarts_fini(&root->restarts);
    tp_memory_free(root);
}

const struct tp_restarts *
tp_root_restarts_view(const struct tp_root *root)
{
    return &root->restarts;
}

void
tp_roots_add(
    struct troupe_self *self, struct tp_root *root, troupe_pid supervisor)
{
    struct tp_roots *roots = &self->runtime->roots;

    root->supervisor = supervisor;
    pthread_mutex_lock(&roots->mutex);
    root->older = roots->youngest;
    roots->youngest = root;
    pthread_mutex_unlock(&roots->mutex);
}

void
tp_roots_remove(struct troupe_self *self, troupe_pid supervisor)
{
    struct tp_roots *roots = &self->runtime->roots;
    struct tp_root **place = &roots->youngest;
    struct tp_root *root;

    pthread_mutex_lock(&roots->mutex);
    while (*place != NULL && (*place)->supervisor != supervisor) {
        place = &(*place)->older;
    }
    root = *place;
    if (root != NULL) {
        *place = root->older;
    }
    pthread_mutex_unlock(&roots->mutex);
    if (root != NULL) {
        tp_root_free(self, root);
    }
}

/* The stop of the youngest root that has not been told; NULL: all have. */
static struct troupe_message *
take_stop(struct tp_roots *roots, troupe_pid *supervisor)
{
    struct troupe_message *stop = NULL;

    pthread_mutex_lock(&roots->mutex);
    for (struct tp_root *root = roots->youngest; root != NULL && stop == NULL;
         root = root->older) {
        stop = root->stop;
        root->stop = NULL;
        *supervisor = root->supervisor;
    }
    pthread_mutex_unlock(&roots->mutex);
    return stop;
}

bool
tp_roots_stop_all(struct troupe_runtime *runtime, uint64_t deadline_ns)
{
    struct troupe_self nobody = {.runtime = runtime};
    struct troupe_message *stop;
    troupe_pid supervisor = TROUPE_NO_PID;
    bool in_time = true;

    while ((stop = take_stop(&runtime->roots, &supervisor)) != NULL) {
        tp_post_from(&nobody, TROUPE_NO_PID, supervisor, stop);
        in_time &= tp_scheduler_drain(runtime->scheduler, deadline_ns);
    }
    return in_time;
}
