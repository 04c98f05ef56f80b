/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * roots: the supervisors of a runtime that nobody supervises.
 *
 * The end of the runtime stops them, the youngest first, so that each tree is
 * stopped in the reverse order of its start. The message that does so is made
 * with the root, so that a stop needs no memory.
 *
 * A mutex guards the list: a root comes and goes seldom, and not on the way of
 * a message.
 *
 *     tp_roots_add, tp_roots_remove   any thread
 *     tp_roots_stop_all               who stops the runtime, while workers run
 */
#ifndef TROUPE_ACTORS_ROOTS_H
#define TROUPE_ACTORS_ROOTS_H

#include "actors/restarts.h"
#include "mailbox/message.h"

#include <pthread.h>
#include <stdbool.h>

struct troupe_runtime;
struct troupe_self;
struct tp_root;

struct tp_roots {
    pthread_mutex_t mutex;
    struct tp_root *youngest; /* by the mutex */
};

void tp_roots_init(struct tp_roots *roots);

/* Frees what is left: a root that ended before it was added. */
void tp_roots_fini(struct troupe_self *self);

/* Room for one more root, and for its restarts; NULL: no memory. */
struct tp_root *tp_root_make(
    struct troupe_self *self, const struct troupe_supervisor *description);

/* To be copied: what the root begins with. Its memory stays this one's, which
 * is there as long as the root is. */
const struct tp_restarts *tp_root_restarts_view(const struct tp_root *root);

/* Takes root. */
void tp_root_free(struct troupe_self *self, struct tp_root *root);

/* The supervisor is a root from here on. Takes root. */
void tp_roots_add(
    struct troupe_self *self, struct tp_root *root, troupe_pid supervisor);

/* It has ended. */
void tp_roots_remove(struct troupe_self *self, troupe_pid supervisor);

/*
 * Stops one after the other and waits until nothing more happens, or until
 * deadline_ns. True: in time.
 */
bool tp_roots_stop_all(struct troupe_runtime *runtime, uint64_t deadline_ns);

#endif
